"""Calling the API as somebody: a bearer token, JSON there and back."""

import json
from typing import Any

from django.http import HttpResponse
from django.test import Client

from audit.clock import now
from organisations.actors import Actor
from organisations.services.tokens import issue_token

API = "/api/v1"
PROBLEM = "application/problem+json"


class Caller:
    """One actor's program. `post` and `get` answer the parsed body and check the status that is expected."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor
        token, _ = issue_token(actor=actor, at=now())
        self.client = Client(headers={"Authorization": f"Bearer {token}"})

    def get(self, path: str, *, status: int = 200, **query: Any) -> Any:
        return read(self.client.get(f"{API}/{path}", query), status)

    def post(self, path: str, body: Any = None, *, status: int = 200, **headers: str) -> Any:
        response = self.client.post(f"{API}/{path}", json.dumps(body or {}), "application/json", headers=headers)
        return read(response, status)

    def upload(self, path: str, fields: dict[str, Any], *, status: int = 200) -> Any:
        return read(self.client.post(f"{API}/{path}", fields), status)


def read(response: HttpResponse, status: int) -> Any:
    body = response.content.decode()
    assert response.status_code == status, body
    expected = "application/json" if status < 400 else PROBLEM
    assert response["Content-Type"] == expected, response["Content-Type"]
    answer = json.loads(body)
    if status >= 400:
        assert set(answer) <= {"type", "title", "status", "detail", "errors"}
        assert answer["status"] == status
        assert any("\u4e00" <= c <= "\u9fff" for c in answer["title"] + answer["detail"])
    return answer

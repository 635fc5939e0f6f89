"""`Idempotency-Key`: a request sent again is answered again, and acted on once (docs/adr/0022)."""

import hashlib
import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import HttpResponse, QueryDict
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import exceptions
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from audit.clock import now
from organisations.api_errors import Conflict, OtherBody
from organisations.services import once

HEADER = "Idempotency-Key"
UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
PARAMETER = OpenApiParameter(
    HEADER,
    OpenApiTypes.UUID,
    OpenApiParameter.HEADER,
    description="同一个键的请求只办理一次；72 小时内重复时原样答复第一次的结果，并带 Idempotent-Replayed: true",
)

Handler = Callable[..., HttpResponse]


def act_once(request: Request, handler: Handler, *args: Any, **kwargs: Any) -> HttpResponse:
    """Run the handler and keep its answer in one transaction. Only what succeeded is kept: a refusal did nothing."""
    key, digest = _key(request), _digest(request)
    account = request.user
    with transaction.atomic():
        try:
            sent = once.first_sending(account=account, key=key, digest=digest)
        except once.Busy as error:
            raise Conflict(f"使用同一个 {HEADER} 的请求正在办理，请稍后再试") from error
        except once.OtherRequest as error:
            raise OtherBody from error
        if sent is not None:
            again = HttpResponse(sent.answer, status=sent.status, content_type="application/json")
            again["Idempotent-Replayed"] = "true"
            return again
        response = handler(request, *args, **kwargs)
        if response.status_code < 300 and isinstance(response, Response):
            answer = JSONRenderer().render(response.data).decode()
            once.keep_answer(
                account=account, key=key, digest=digest, status=response.status_code, answer=answer, at=now()
            )
    return response


def _key(request: Request) -> UUID:
    try:
        return UUID(request.headers[HEADER])
    except ValueError as error:
        raise exceptions.ValidationError({HEADER: ["须是 UUID"]}) from error


def _digest(request: Request) -> str:
    """Of method, address and content. Two spellings of one JSON are one; of a file, its bytes count and not its name."""
    data = request.data
    if isinstance(data, QueryDict):
        data = {name: [_content(value) for value in data.getlist(name)] for name in data}
    text = json.dumps([request.method, request.get_full_path(), data], sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _content(value: Any) -> str:
    if not isinstance(value, UploadedFile):
        return str(value)
    total = hashlib.sha256()
    for chunk in value.chunks():
        total.update(chunk)
    value.seek(0)
    return f"sha256:{total.hexdigest()}"

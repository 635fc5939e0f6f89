"""Who calls the API: a bearer token (its digest is stored), or the browser's session with its acting post."""

from datetime import timedelta
from typing import Any

from axes.helpers import get_client_ip_address
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import authentication, exceptions
from rest_framework.request import Request

from audit.clock import local_date, now
from organisations.actors import Actor
from organisations.models import Account, ApiToken
from organisations.services.tokens import actor_of, token_digest

_NOTED_EVERY = timedelta(minutes=1)


class BearerAuthentication(authentication.BaseAuthentication):
    keyword = "Bearer"

    def authenticate(self, request: Request) -> tuple[Account, Actor] | None:
        header = authentication.get_authorization_header(request).decode("latin-1").split()
        if not header or header[0].lower() != self.keyword.lower():
            return None
        if len(header) != 2:
            raise exceptions.AuthenticationFailed("令牌格式应为 Bearer 加一个空格加令牌")
        at = now()
        row = (
            ApiToken.objects.select_related("account", "post__person", "post__unit__district", "post__unit__territory")
            .filter(digest=token_digest(header[1]))
            .first()
        )
        if (
            row is None
            or not row.is_usable_at(at)
            or not row.account.is_active
            or not row.post.is_open_on(local_date(at))
        ):
            raise exceptions.AuthenticationFailed("令牌无效或已过期，请重新取得")
        actor = actor_of(row)
        if row.used_at is None or at - row.used_at > _NOTED_EVERY:
            address = get_client_ip_address(request._request)
            ApiToken.objects.filter(pk=row.pk).update(used_at=at, used_from=address)
        request._request.api_token = row  # type: ignore[attr-defined]
        request._request.actor = actor  # type: ignore[attr-defined]
        return row.account, actor

    def authenticate_header(self, request: Request) -> str:
        return self.keyword


class ActingSessionAuthentication(authentication.SessionAuthentication):
    """The browser's session; without a chosen post there is nobody who acts."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        found = super().authenticate(request)
        if found is None:
            return None
        if found[0].must_change_password:
            raise exceptions.AuthenticationFailed("请先在网页上修改初始密码")
        actor = getattr(request._request, "actor", None)
        if actor is None:
            raise exceptions.AuthenticationFailed("请先在网页上选择岗位")
        return found[0], actor


class _BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "organisations.api_auth.BearerAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


class _SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "organisations.api_auth.ActingSessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}

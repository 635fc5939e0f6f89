"""What the apps' API views share: who acts, rows only within the scope, errors in the description."""

from typing import Any, Literal, cast

import django_filters
from django import forms
from django.conf import settings
from django.db.models import QuerySet
from drf_spectacular.drainage import set_override
from drf_spectacular.openapi import AutoSchema
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from organisations.actors import Actor
from organisations.api_errors import TooLarge
from organisations.api_once import HEADER, PARAMETER, UNSAFE, act_once
from organisations.roles import TokenScope

MAX_ID = 2**63 - 1
# Longer digits could not be an id; such an address is unknown rather than an error of the database.
ID_PATTERN = "[0-9]{1,18}"


class ProblemSerializer(serializers.Serializer[Any]):
    """RFC 9457, in Chinese."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    errors = serializers.JSONField(required=False, help_text="字段名 → 该字段的提示")  # type: ignore[assignment]


class ProblemSchema(AutoSchema):
    """Adds to every operation the problem details it may answer with."""

    def _get_response_bodies(self, direction: Literal["request", "response"] = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)  # type: ignore[no-untyped-call]
        codes = {"400", "406"} if self.method == "GET" else {"400", "406", "409", "413", "415"}
        codes |= {"429"}
        codes |= {"401", "403"} if self.view.authentication_classes else set()
        if "{" in self.path:
            codes |= {"404", "409"}
        if self._takes_key():
            codes |= {"409", "422"}
        codes |= getattr(self.view, "more_problems", set())
        for code in sorted(codes - set(bodies)):
            bodies[code] = self._get_response_for_code(  # type: ignore[no-untyped-call]
                ProblemSerializer, code, media_types=["application/problem+json"]
            )
        return bodies

    def get_override_parameters(self) -> list[Any]:
        return [*super().get_override_parameters(), *([PARAMETER] if self._takes_key() else [])]  # type: ignore[no-untyped-call]

    def _takes_key(self) -> bool:
        return self.method in UNSAFE and getattr(self.view, "takes_idempotency_key", False)


class ApiView(APIView):
    schema = ProblemSchema()
    metadata_class = None
    # `token/` gives something new each time; bulk readings are the same however often they are sent.
    takes_idempotency_key = True

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        token = getattr(request._request, "api_token", None)
        if token is not None and request.method in UNSAFE and token.scopes == [TokenScope.READ]:
            raise exceptions.PermissionDenied("这个令牌只能查询，不能办理")
        # Files go to disk as they arrive; anything else is read into memory whole, so its length is asked first.
        length = str(request.META.get("CONTENT_LENGTH") or "0")
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0
        if not request.content_type.startswith("multipart/") and length.isdigit() and int(length) > limit:
            raise TooLarge
        if request.method in UNSAFE and self.takes_idempotency_key and request.headers.get(HEADER):
            self._act_once(request.method.lower())

    def _act_once(self, method: str) -> None:
        """DRF takes the handler from the view after `initial`, so it is replaced here, behind login and permissions."""
        handler = getattr(self, method, self.http_method_not_allowed)
        setattr(self, method, lambda request, *args, **kwargs: act_once(request, handler, *args, **kwargs))

    @property
    def actor(self) -> Actor:
        return cast(Actor, self.request.auth)


class ScopedViewSet(ApiView, GenericViewSet[Any]):
    """Rows only through `rows(actor)`: what is outside the scope is not found, whatever was asked for (X3)."""

    lookup_value_regex = ID_PATTERN
    # What keyset paging goes by: unique and indexed.
    keyset: tuple[str, ...] = ("-pk",)

    def rows(self, actor: Actor) -> QuerySet[Any]:
        raise NotImplementedError

    def get_queryset(self) -> QuerySet[Any]:
        if getattr(self, "swagger_fake_view", False):
            return cast(QuerySet[Any], self.queryset)  # type: ignore[arg-type]
        return self.rows(self.actor)

    def list(self, request: Request) -> Any:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


class IdFilter(django_filters.NumberFilter):
    """An id, or a message at the filter; never a number that the database cannot hold."""

    field_class = forms.IntegerField

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, min_value=1, max_value=MAX_ID, **kwargs)
        described = {"type": "integer", "minimum": 1, "maximum": MAX_ID, "description": kwargs.get("label", "")}
        set_override(self, "field", described)  # type: ignore[no-untyped-call]

    def get_max_validator(self) -> None:
        return None


class NamedSerializer(serializers.Serializer[Any]):
    """A unit, a sector, a person: its id and how people call it."""

    id = serializers.IntegerField(source="pk")
    name = serializers.CharField(source="__str__")


class AreaSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()


def validated(kind: type[serializers.Serializer[Any]], request: Request, **context: Any) -> dict[str, Any]:
    """The request's body through `kind`; ValidationError with Chinese messages by field."""
    serializer = kind(data=request.data, context={"request": request, **context})
    serializer.is_valid(raise_exception=True)
    return cast(dict[str, Any], serializer.validated_data)

"""Tokens, territories and enterprises over HTTP (P6)."""

from datetime import UTC, datetime
from typing import Any

import django_filters
from axes.helpers import get_client_ip_address
from axes.utils import reset
from django.conf import settings
from django.contrib.auth import authenticate
from django.core.exceptions import ValidationError as ModelValidationError
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, mixins, serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from audit.clock import now
from organisations.actors import Actor
from organisations.api_base import MAX_ID, ApiView, AreaSerializer, IdFilter, NamedSerializer, ScopedViewSet, validated
from organisations.lockout import SEPARATOR
from organisations.models import Account, Enterprise, Post, Territory
from organisations.models.people import mask_phone
from organisations.roles import TokenScope
from organisations.services import second_factor
from organisations.services.logins import open_posts, record_failure
from organisations.services.passwords import is_over_age
from organisations.services.tokens import issue_token


class PostSerializer(serializers.Serializer[Post]):
    id = serializers.IntegerField(source="pk")
    unit = NamedSerializer()
    section = serializers.CharField()
    title = serializers.CharField()
    role = serializers.CharField(source="role.key")
    role_text = serializers.CharField(source="role.label")


class TokenRequestSerializer(serializers.Serializer[Any]):
    username = serializers.CharField(max_length=150)
    password = serializers.CharField(max_length=200, trim_whitespace=False)
    post = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=MAX_ID, help_text="岗位编号；不填取编号最小的在任岗位"
    )
    scopes = serializers.MultipleChoiceField(
        choices=TokenScope.choices,
        required=False,
        help_text="范围：read、file、handle、sign；不填为全部，read 总是包含",
    )
    days = serializers.IntegerField(required=False, min_value=1, max_value=365, help_text="有效天数；不填为最长")
    name = serializers.CharField(required=False, max_length=60, allow_blank=True, help_text="用途，便于日后辨认")
    code = serializers.CharField(
        required=False, max_length=20, allow_blank=True, help_text="动态口令或备用码，启用了动态口令的账号须填"
    )


class TokenAnswerSerializer(serializers.Serializer[Any]):
    token = serializers.CharField()
    expires_at = serializers.DateTimeField()
    scopes = serializers.ListField(child=serializers.CharField())
    post = PostSerializer()
    posts = PostSerializer(many=True)


class WrongPassword(exceptions.APIException):
    status_code = 401
    default_detail = "用户名或密码不对"
    auth_header = "Bearer"


class TooManyFailures(exceptions.APIException):
    status_code = 429
    default_detail = "连续输错次数过多，请 15 分钟后再试"


class TokenView(ApiView):
    """凭用户名和密码（启用动态口令的加上口令）取得令牌；令牌只显示这一次。"""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    more_problems = frozenset({"401", "403", "429"})
    takes_idempotency_key = False
    throttle_rate = "login"

    @extend_schema(
        operation_id="token", request=TokenRequestSerializer, responses=TokenAnswerSerializer, tags=["token"]
    )
    def post(self, request: Request) -> Response:
        asked = validated(TokenRequestSerializer, request)
        at = now()
        address = str(get_client_ip_address(request._request) or "")
        account = self._account(request, asked["username"], asked["password"], at=at, address=address)
        if account.must_change_password or is_over_age(account, at=at):
            raise exceptions.PermissionDenied("请先在网页上修改密码（首次密码或已到期），再取得令牌")
        self._second_factor(account, asked.get("code", ""), at=at)
        posts = sorted(open_posts(account, at=at), key=lambda post: post.pk)
        if not posts:
            raise exceptions.PermissionDenied("您现在没有在任的岗位，请联系系统管理员")
        chosen = posts[0]
        if asked.get("post"):
            found = [post for post in posts if post.pk == asked["post"]]
            if not found:
                raise exceptions.ValidationError({"post": ["这不是您在任的岗位"]})
            chosen = found[0]
        wanted = {name: asked[name] for name in ("scopes", "days", "name") if name in asked}
        try:
            token, row = issue_token(actor=Actor(account=account, post=chosen), at=at, address=address, **wanted)
        except ModelValidationError as error:
            raise exceptions.ValidationError(error.message_dict) from error
        answer = {"token": token, "expires_at": row.expires_at, "scopes": row.scopes, "post": chosen, "posts": posts}
        response = Response(TokenAnswerSerializer(answer).data)
        response["Cache-Control"] = "no-store"
        return response

    def _second_factor(self, account: Account, code: str, *, at: datetime) -> None:
        if not second_factor.is_required(account, at=at):
            return
        if not second_factor.is_enrolled(account):
            raise exceptions.PermissionDenied("请先在网页上启用动态口令，再取得令牌")
        if not code:
            raise exceptions.ValidationError({"code": ["请填写动态口令"]})
        try:
            second_factor.verify(account=account, code=code, phone_time=datetime.now(UTC), at=at)
        except second_factor.CodeRefused as refusal:
            raise exceptions.ValidationError({"code": [str(refusal)]}) from refusal

    def _account(self, request: Request, username: str, password: str, *, at: Any, address: str) -> Account:
        """Failures count towards the same lock as on the login page."""
        http = request._request
        account = authenticate(http, username=username, password=password)
        if isinstance(account, Account):
            if settings.AXES_ENABLED:
                reset(ip=address, username=username.replace(SEPARATOR, "?"))
            return account
        locked = bool(getattr(http, "axes_locked_out", False))
        # The middleware would answer a lock with the login page's HTML.
        http.axes_locked_out = False  # type: ignore[attr-defined]
        record_failure(username=username, at=at, address=address, locked=locked)
        raise TooManyFailures if locked else WrongPassword


class TerritorySerializer(serializers.ModelSerializer[Territory]):
    parent = serializers.CharField(  # type: ignore[assignment]
        source="parent.code", default=None, allow_null=True, help_text="上级区划的统计代码"
    )
    kind = serializers.CharField(help_text="district、street、township、town、community_centre")
    kind_text = serializers.CharField(source="get_kind_display")

    class Meta:
        model = Territory
        fields = ["id", "code", "name", "kind", "kind_text", "parent", "is_district_managed"]


@extend_schema(tags=["territories"])
class TerritoryViewSet(ScopedViewSet, mixins.RetrieveModelMixin):
    """本区的区划（国家统计局代码）。"""

    queryset = Territory.objects.none()
    serializer_class = TerritorySerializer
    keyset = ("code",)

    def rows(self, actor: Actor) -> QuerySet[Territory]:
        return Territory.objects.filter(district_id=actor.district_id).select_related("parent")


class EnterpriseSerializer(serializers.ModelSerializer[Enterprise]):
    id = serializers.IntegerField(source="pk", help_text="单位编号，登记风险点时作 responsible_unit")
    name = serializers.CharField(source="unit.name")
    sector = serializers.CharField(source="sector.code")
    sector_name = serializers.CharField(source="sector.name")
    township = AreaSerializer()
    scale = serializers.CharField()
    affiliation = serializers.CharField()
    operation = serializers.CharField(help_text="running、stopped、suspended、closed")
    operation_text = serializers.CharField(source="get_operation_display")
    principal_phone = serializers.SerializerMethodField(help_text="部分隐去")
    enforcement_department = NamedSerializer(allow_null=True, help_text="空即待明确")
    supervision_level = serializers.CharField()
    risk_grade = serializers.CharField(help_text="red、orange、yellow、blue，空为没有在册风险点")

    class Meta:
        model = Enterprise
        fields = [
            "id",
            "name",
            "uscc",
            "no_uscc_reason",
            "sector",
            "sector_name",
            "section",
            "scale",
            "affiliation",
            "is_key",
            "is_high_risk",
            "is_higher_managed",
            "operation",
            "operation_text",
            "township",
            "address",
            "longitude",
            "latitude",
            "principal_name",
            "principal_phone",
            "headcount",
            "enforcement_department",
            "undetermined_since",
            "supervision_level",
            "risk_grade",
        ]

    def get_principal_phone(self, enterprise: Enterprise) -> str:
        return mask_phone(enterprise.principal_phone)


class EnterpriseFilter(django_filters.FilterSet):
    name = django_filters.CharFilter("unit__name", lookup_expr="contains", label="名称包含")
    uscc = django_filters.CharFilter("uscc", label="统一社会信用代码")
    township = django_filters.CharFilter("township__code", label="乡街统计代码")
    sector = django_filters.CharFilter("sector__code", label="行业领域代码")
    enforcement_department = IdFilter(field_name="enforcement_department_id", label="日常执法部门编号")
    undetermined = django_filters.BooleanFilter("enforcement_department", lookup_expr="isnull", label="待明确")

    class Meta:
        model = Enterprise
        fields = ["operation", "is_key", "is_high_risk", "risk_grade"]


@extend_schema(tags=["enterprises"])
class EnterpriseViewSet(ScopedViewSet, mixins.RetrieveModelMixin):
    """权限范围内的企业。电话部分隐去。"""

    queryset = Enterprise.objects.none()
    serializer_class = EnterpriseSerializer
    filterset_class = EnterpriseFilter
    lookup_url_kwarg = "id"

    def rows(self, actor: Actor) -> QuerySet[Enterprise]:
        found = Enterprise.objects.for_actor(actor)
        return found.select_related("unit", "sector", "township", "enforcement_department")

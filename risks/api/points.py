"""/api/v1/risk-points/: thin views, one service call each."""

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import exceptions, mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from audit.clock import now
from deadlines.api import drawn_with
from organisations.actors import Actor
from organisations.api_auth import BearerAuthentication
from organisations.api_base import ScopedViewSet, validated
from organisations.models import Enterprise, Sector, Territory, Unit
from records.api import LetterSerializer
from records.models import Case
from records.services.confidential import note_view
from records.services.signing import Hand
from risks.api.decide import decide
from risks.api.handover import take_step
from risks.api.inputs import (
    ApplySerializer,
    DecideSerializer,
    GradeSerializer,
    HandOverSerializer,
    ProgressInputSerializer,
    ReceiveSerializer,
    RegisterSerializer,
    factors,
)
from risks.api.outputs import (
    CloseOutAnswerSerializer,
    GradeAnswerSerializer,
    ProgressSerializer,
    RiskDetailSerializer,
    RiskSerializer,
    VerificationAnswerSerializer,
    provisional_next_due,
)
from risks.filters import RiskFilter
from risks.models import Grading, Progress, RiskPoint
from risks.services.closure import apply_close_out
from risks.services.grading import conclude, self_grade
from risks.services.handover import receive_handover
from risks.services.register import DETAILS, may_register_for, register_risk
from risks.services.treatment import report_progress
from risks.workflow import KIND, assessing_official, self_grader

_NOT_FOUND = "没有找到，或不在您的权限范围内"


@extend_schema_view(
    list=extend_schema(summary="风险点台账"),
    retrieve=extend_schema(summary="一个风险点", responses=RiskDetailSerializer),
)
@extend_schema(tags=["risk-points"])
class RiskPointViewSet(ScopedViewSet, mixins.RetrieveModelMixin):
    """权限范围内的风险点；各项办理与网页走同一套规则，答复中写明由此起算的时限。"""

    queryset = Case.objects.none()
    serializer_class = RiskSerializer
    filterset_class = RiskFilter

    def rows(self, actor: Actor) -> QuerySet[Case]:
        related = ("risk", "district", "township", "sector", "responsible_unit", "lead_unit")
        provisional = provisional_next_due(OuterRef("pk")).filter(due_at=OuterRef("next_due_at"))
        mine = Case.objects.for_actor(actor).filter(kind=KIND).select_related(*related)
        return mine.annotate(next_due_provisional=Exists(provisional))

    def get_serializer_class(self) -> type[RiskSerializer]:
        return RiskDetailSerializer if self.action == "retrieve" else RiskSerializer

    def get_serializer_context(self) -> dict[str, Any]:
        context = dict(super().get_serializer_context())
        return {**context, "actor": self.actor, "at": now()} if self.action == "retrieve" else context

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        found: Case = self.get_object()
        if found.is_confidential:
            note_view(case_id=found.pk, what="接口", subject=("case", found.pk), actor=self.actor, at=now())
        return Response(self.get_serializer(found).data)

    def risk(self) -> RiskPoint:
        """404 outside the scope, before the body is even looked at."""
        found: Case = get_case(self)
        risk: RiskPoint = found.risk  # type: ignore[attr-defined]
        return risk

    def hand(self, given: dict[str, Any]) -> Hand:
        """A token was given against the password and signs by itself; a browser's session must draw and type it again."""
        by_token = isinstance(self.request.successful_authenticator, BearerAuthentication)
        if by_token and not given.get("strokes") and not given.get("password"):
            return Hand(by_token=True)
        return Hand(strokes=given.get("strokes", ""), password=given.get("password", ""))

    def changed(self, kind: type[serializers.BaseSerializer[Any]], made: Any, risk: RiskPoint, at: Any) -> Response:
        case = Case.objects.get(pk=risk.pk)
        return Response(kind(made, context=drawn_with(at) | {"case": case, "request": self.request}).data)

    @extend_schema(
        summary="登记风险点",
        request=RegisterSerializer,
        responses={201: RiskSerializer},
        filters=False,
    )
    def create(self, request: Request) -> Response:
        given = validated(RegisterSerializer, request)
        at = now()
        unit = self._responsible(given)
        sector, township = self._sector(given, unit), self._township(given, unit)
        made = register_risk(
            title=given["title"],
            responsible_unit=unit,
            sector=sector,
            township=township,
            details={name: given[name] for name in DETAILS if name in given},
            measures=given.get("measures", {}),
            photos=given.get("photos", ()),
            actor=self.actor,
            at=at,
        )
        return Response(RiskSerializer(self.rows(self.actor).get(pk=made.pk)).data, status=201)

    def _responsible(self, given: dict[str, Any]) -> Unit:
        """Among what the post may see: an enterprise outside the scope is not found, whatever its number."""
        units = Unit.objects.for_actor(self.actor).select_related(
            "enterprise__township", "enterprise__sector", "territory"
        )
        enterprises = Enterprise.objects.for_actor(self.actor).order_by()
        if given.get("uscc"):
            unit = units.filter(enterprise__in=enterprises.filter(uscc=given["uscc"].upper())).first()
            field = "uscc"
        else:
            unit, field = units.filter(pk=given["responsible_unit"]).first(), "responsible_unit"
            if unit and hasattr(unit, "enterprise") and not enterprises.filter(pk=unit.pk).exists():
                unit = None
        if unit is None:
            raise serializers.ValidationError({field: [_NOT_FOUND]})
        if not may_register_for(self.actor, unit):
            raise exceptions.PermissionDenied("您的岗位不能为这个单位登记风险点")
        return unit

    def _sector(self, given: dict[str, Any], unit: Unit) -> Sector:
        if not given.get("sector"):
            if hasattr(unit, "enterprise"):
                return unit.enterprise.sector  # type: ignore[no-any-return]
            raise serializers.ValidationError({"sector": ["请填写行业领域代码"]})
        sector = Sector.objects.filter(district_id=unit.district_id, code=given["sector"]).first()
        if sector is None:
            raise serializers.ValidationError({"sector": ["本区没有这个行业领域代码"]})
        return sector

    def _township(self, given: dict[str, Any], unit: Unit) -> Territory:
        areas = Territory.objects.filter(district_id=unit.district_id).exclude(kind=Territory.Kind.DISTRICT)
        if given.get("township"):
            area = areas.filter(code=given["township"]).first()
            if area is None:
                raise serializers.ValidationError({"township": ["本区没有这个乡街统计代码"]})
            return area
        own = unit.enterprise.township if hasattr(unit, "enterprise") else unit.territory
        if own is None:
            raise serializers.ValidationError({"township": ["请填写乡街统计代码"]})
        return own  # type: ignore[no-any-return]

    @extend_schema(
        summary="分级：责任单位自评，交办单位签署研判结论",
        request=GradeSerializer,
        responses=GradeAnswerSerializer,
        filters=False,
    )
    @action(detail=True, methods=["post"])
    def grade(self, request: Request, pk: str) -> Response:
        risk, at = self.risk(), now()
        given = validated(GradeSerializer, request)
        common: dict[str, Any] = {
            "risk": risk,
            "method": given["method"],
            "inputs": factors(given),
            "reason": given.get("reason", ""),
            "actor": self.actor,
            "at": at,
            "version": given.get("version"),
        }
        made: Grading
        if self_grader(self.actor, risk.case) and not assessing_official(self.actor, risk.case):
            made = self_grade(**common)
        else:
            made = conclude(
                participants=given.get("participants", ""),
                hand=self.hand(given),
                late_reason=given.get("late_reason", ""),
                **common,
            )
        return self.changed(GradeAnswerSerializer, made, risk, at)

    @extend_schema(
        summary="交办：拟稿、核稿、退回、签发、送达",
        request=HandOverSerializer,
        responses=LetterSerializer,
        filters=False,
    )
    @action(detail=True, methods=["post"], url_path="hand-over")
    def hand_over(self, request: Request, pk: str) -> Response:
        risk = self.risk()
        letter = take_step(risk, validated(HandOverSerializer, request), actor=self.actor, at=now())
        return _letter(letter)

    @extend_schema(summary="签收交办函", request=ReceiveSerializer, responses=LetterSerializer, filters=False)
    @action(detail=True, methods=["post"])
    def receive(self, request: Request, pk: str) -> Response:
        risk = self.risk()
        given = validated(ReceiveSerializer, request)
        letter = receive_handover(
            risk=risk, hand=self.hand(given), actor=self.actor, at=now(), version=given.get("version")
        )
        return _letter(letter)

    @extend_schema(
        summary="报送治理进展",
        request=ProgressInputSerializer,
        responses={201: ProgressSerializer},
        filters=False,
    )
    @action(detail=True, methods=["post"])
    def progress(self, request: Request, pk: str) -> Response:
        risk, at = self.risk(), now()
        given = validated(ProgressInputSerializer, request)
        made = report_progress(risk=risk, actor=self.actor, at=at, **given)
        return Response(ProgressSerializer(Progress.objects.get(pk=made.pk)).data, status=201)

    @extend_schema(
        summary="主要负责人申请销号", request=ApplySerializer, responses=CloseOutAnswerSerializer, filters=False
    )
    @action(detail=True, methods=["post"], url_path="apply-close-out")
    def apply_close_out(self, request: Request, pk: str) -> Response:
        risk, at = self.risk(), now()
        given = validated(ApplySerializer, request)
        made = apply_close_out(
            risk=risk,
            statement=given["statement"],
            method=given["method"],
            inputs=factors(given),
            hand=self.hand(given),
            photos=given.get("photos", ()),
            actor=self.actor,
            at=at,
            version=given.get("version"),
        )
        return self.changed(CloseOutAnswerSerializer, made, risk, at)

    @extend_schema(
        summary="现场核查结论：首位核查人填写并签字，列名的核查人会签",
        request=DecideSerializer,
        responses=VerificationAnswerSerializer,
        filters=False,
    )
    @action(detail=True, methods=["post"], url_path="decide-close-out")
    def decide_close_out(self, request: Request, pk: str) -> Response:
        risk, at = self.risk(), now()
        given = validated(DecideSerializer, request)
        made = decide(risk, given, hand=self.hand(given), actor=self.actor, at=at)
        return self.changed(VerificationAnswerSerializer, made, risk, at)


def get_case(view: ScopedViewSet) -> Case:
    """By the scope alone: the register's filters narrow lists, never a single case that is named."""
    case = view.get_queryset().filter(pk=view.kwargs["pk"]).first()
    if case is None:
        raise exceptions.NotFound(_NOT_FOUND)
    return case  # type: ignore[no-any-return]


def _letter(letter: Any) -> Response:
    letter.case.refresh_from_db()
    return Response(LetterSerializer(letter).data)

"""Deadlines and working days over HTTP, each date with its reasons (P6, X4, X5)."""

from datetime import date, datetime, time
from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import mixins, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from audit.clock import SHANGHAI, local_date, now
from deadlines import punctuality
from deadlines.adjusting import with_ledger
from deadlines.calendar import CalendarOutOfRange, WorkCalendar
from deadlines.explaining import told
from deadlines.models import Deadline, LedgerEntry
from deadlines.punctuality import BASES, BY, KINDS, Asked, Figures
from deadlines.terms import MAX_LENGTH, Explanation, WorkingDays, due, explain
from organisations.actors import Actor
from organisations.api_base import ApiView, IdFilter, NamedSerializer, ScopedViewSet
from records.api import CaseSerializer

STATES = (
    ("open", "在办"),
    ("met", "已办结"),
    ("overdue", "逾期未办"),
    ("suspended", "已中止"),
    ("cancelled", "已终止"),
)


class DayRowSerializer(serializers.Serializer[Any]):
    date = serializers.DateField()
    until = serializers.DateField(allow_null=True, help_text="合并的一段日子的最后一天")
    counted = serializers.BooleanField()
    count = serializers.IntegerField(allow_null=True, help_text="计为第几日")
    reason = serializers.CharField()


class LedgerEntrySerializer(serializers.ModelSerializer[LedgerEntry]):
    requested_by = serializers.CharField(source="requested_by.name")
    decided_by = serializers.CharField(source="decided_by.name")

    class Meta:
        model = LedgerEntry
        fields = [
            "kind",
            "effective_at",
            "length",
            "new_on",
            "ground",
            "reason",
            "requested_by",
            "decided_by",
            "attachment",
            "at",
        ]


class DeadlineSerializer(serializers.ModelSerializer[Deadline]):
    """With `at` and `calendar` in the context, so that a page of rows asks for neither again."""

    rule = serializers.CharField(source="rule_key")
    label = serializers.CharField(source="rule.label")  # type: ignore[assignment]
    clause = serializers.CharField(source="rule.clause")
    owner = NamedSerializer(source="owner_unit")
    case = CaseSerializer()
    due_at = serializers.DateTimeField(source="runs_to", allow_null=True, help_text="中止期间为空")
    state = serializers.SerializerMethodField(help_text="open、met、overdue、suspended、cancelled")
    is_late = serializers.SerializerMethodField()
    entries = LedgerEntrySerializer(many=True, help_text="延期、中止、恢复，按台账顺序")
    explanation = serializers.SerializerMethodField(help_text="为什么是这一天，一句话")

    class Meta:
        model = Deadline
        fields = [
            "id",
            "rule",
            "label",
            "clause",
            "terms",
            "term_basis",
            "named_on",
            "owner",
            "case",
            "started_at",
            "due_at",
            "due_on",
            "suspended_at",
            "met_at",
            "cancelled_at",
            "state",
            "is_late",
            "late_reason",
            "provisional",
            "entries",
            "explanation",
        ]

    def get_state(self, deadline: Deadline) -> str:
        state = deadline.state_at(self.context["at"])
        return "met" if state == "met_late" else state

    def get_is_late(self, deadline: Deadline) -> bool:
        return deadline.is_late_at(self.context["at"])

    def get_explanation(self, deadline: Deadline) -> str:
        explained = self.explained(deadline)
        return explained.sentence if explained else ""

    def explained(self, deadline: Deadline) -> Explanation | None:
        """None when the calendar no longer has the days; the ledger's date stands by itself."""
        try:
            return told(deadline, self.context["calendar"])
        except CalendarOutOfRange:
            return None


class DeadlineDetailSerializer(DeadlineSerializer):
    days = serializers.SerializerMethodField(help_text="逐日说明")

    class Meta(DeadlineSerializer.Meta):
        fields = [*DeadlineSerializer.Meta.fields, "days"]

    @extend_schema_field(DayRowSerializer(many=True))
    def get_days(self, deadline: Deadline) -> list[dict[str, Any]]:
        explained = self.explained(deadline)
        return [dict(DayRowSerializer(row).data) for row in explained.rows] if explained else []


def drawn_with(at: datetime) -> dict[str, Any]:
    """The context that DeadlineSerializer needs."""
    return {"at": at, "calendar": WorkCalendar.load()}


class DeadlineFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(
        choices=STATES, method="by_state", label="open、met、overdue、suspended、cancelled"
    )
    rule = django_filters.CharFilter("rule_key", label="规则，例如 risks.handover")
    case = IdFilter(field_name="case_id", label="案卷编号（id）")
    owner = IdFilter(field_name="owner_unit_id", label="义务单位编号")
    due_on_after = django_filters.DateFilter("due_on", lookup_expr="gte", label="到期日不早于")
    due_on_before = django_filters.DateFilter("due_on", lookup_expr="lte", label="到期日不晚于")

    class Meta:
        model = Deadline
        fields: list[str] = []

    def by_state(self, queryset: QuerySet[Deadline], name: str, value: str) -> QuerySet[Deadline]:
        at = now()
        unfinished = Q(met_at=None, cancelled_at=None)
        chosen = {
            "open": unfinished & Q(due_at__gt=at, suspended_at=None),
            "suspended": unfinished & Q(suspended_at__isnull=False),
            "overdue": unfinished & Q(due_at__lte=at),
            "met": Q(met_at__isnull=False),
            "cancelled": Q(cancelled_at__isnull=False),
        }
        return queryset.filter(chosen[value])


@extend_schema_view(
    list=extend_schema(summary="时限台账，每条附一句说明"),
    retrieve=extend_schema(summary="一条时限，附逐日说明", responses=DeadlineDetailSerializer),
)
@extend_schema(tags=["deadlines"])
class DeadlineViewSet(ScopedViewSet, mixins.RetrieveModelMixin):
    """权限范围内案卷的时限，只读：时限由办理动作按规则表起算和办结。"""

    queryset = Deadline.objects.none()
    filterset_class = DeadlineFilter

    def rows(self, actor: Actor) -> QuerySet[Deadline]:
        return with_ledger(Deadline.objects.for_actor(actor).select_related("case"))

    def get_serializer_class(self) -> type[DeadlineSerializer]:
        return DeadlineDetailSerializer if self.action == "retrieve" else DeadlineSerializer

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), **drawn_with(now())}


class PunctualityQuerySerializer(serializers.Serializer[Any]):
    by = serializers.ChoiceField(list(BY), default="unit", help_text="unit 按单位，rule 按规则")
    basis = serializers.ChoiceField(list(BASES), default="due", help_text="due 按到期日，started 按起算日")
    kind = serializers.ChoiceField(list(KINDS), default="all", help_text="all、authority 机关和乡街、enterprise 企业")
    first = serializers.DateField(required=False, help_text="不早于；不填为本年 1 月 1 日")
    last = serializers.DateField(required=False, help_text="不晚于；不填为今天")
    unit = serializers.IntegerField(required=False, min_value=1, max_value=2**63 - 1, help_text="只看这个义务单位")
    rule = serializers.CharField(required=False, help_text="只看这条规则，例如 risks.handover")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        today = local_date(self.context["at"])
        attrs = {"first": date(today.year, 1, 1), "last": today} | attrs
        if attrs["first"] > attrs["last"]:
            raise serializers.ValidationError({"first": ["开始日期不能晚于结束日期"]})
        return attrs


class FiguresSerializer(serializers.Serializer[Figures]):
    key = serializers.CharField(help_text="单位编号或规则的键；合计为空")
    name = serializers.CharField()
    clause = serializers.CharField()
    owed = serializers.IntegerField(help_text="应办结")
    on_time = serializers.IntegerField(help_text="按期")
    met_late = serializers.IntegerField(help_text="逾期办结")
    overdue = serializers.IntegerField(help_text="逾期未办结")
    adjustments = serializers.IntegerField(help_text="延期、中止的次数")
    rate = serializers.FloatField(allow_null=True, help_text="按期率；没有应办结的为 null")


class PunctualitySerializer(serializers.Serializer[Any]):
    rows = FiguresSerializer(many=True)
    total = FiguresSerializer()


class PunctualityView(ApiView):
    @extend_schema(
        operation_id="punctuality",
        summary="按期办结率，按单位或按规则",
        parameters=[PunctualityQuerySerializer],
        responses=PunctualitySerializer,
        tags=["deadlines"],
    )
    def get(self, request: Request) -> Response:
        at = now()
        query = PunctualityQuerySerializer(data=request.query_params, context={"at": at})
        query.is_valid(raise_exception=True)
        table = punctuality.table(Asked(**query.validated_data), self.actor, at=at)
        return Response(PunctualitySerializer({"rows": table.rows, "total": table.total}).data)


class WorkdaysQuerySerializer(serializers.Serializer[Any]):
    start = serializers.DateField(help_text="起算日，当日不计")
    days = serializers.IntegerField(min_value=1, max_value=MAX_LENGTH, help_text="第几个工作日")


class WorkdaySerializer(serializers.Serializer[Any]):
    date = serializers.DateField()
    counted = serializers.BooleanField()
    reason = serializers.CharField()


class WorkdaysSerializer(serializers.Serializer[Any]):
    due = serializers.DateField()
    provisional = serializers.BooleanField()
    days = WorkdaySerializer(many=True)


class WorkdaysView(ApiView):
    @extend_schema(
        operation_id="workdays",
        summary="某日之后第 N 个工作日，逐日说明理由",
        parameters=[WorkdaysQuerySerializer],
        responses=WorkdaysSerializer,
        tags=["workdays"],
    )
    def get(self, request: Request) -> Response:
        query = WorkdaysQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        term = WorkingDays(query.validated_data["days"])
        started_at = datetime.combine(query.validated_data["start"], time.min, tzinfo=SHANGHAI)
        try:
            calendar = WorkCalendar.load()
            when = due(term, started_at, calendar)
            told = explain(term, started_at, calendar)
        except CalendarOutOfRange as error:
            raise serializers.ValidationError({"start": [str(error)]}) from error
        answer = {"due": when.due_on, "provisional": when.provisional, "days": told.rows}
        return Response(WorkdaysSerializer(answer).data)

"""What the API answers about risk points."""

from datetime import datetime
from typing import Any

from django.db.models import OuterRef, QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from audit.clock import local_date
from deadlines.adjusting import with_ledger
from deadlines.api import DeadlineSerializer
from deadlines.models import Deadline
from organisations.actors import Actor
from organisations.api_base import AreaSerializer, NamedSerializer
from organisations.models import Post
from organisations.models.people import mask_phone
from organisations.roles import Right
from records.models import Case, Letter
from records.selectors import letters_for
from risks.models import CloseOut, Grading, Progress, Verification
from risks.selectors.changes import edits_of
from risks.services.closure import eligible_verifiers
from risks.workflow import WORKFLOW


def provisional_next_due(case: int | OuterRef) -> QuerySet[Deadline]:
    """Open provisional clocks of a case."""
    return Deadline.objects.open().filter(case=case, provisional=True)


class RiskSerializer(serializers.Serializer[Case]):
    """One row of the register, drawn from the spine; the telephone is masked."""

    id = serializers.IntegerField(source="pk")
    number = serializers.CharField()
    title = serializers.CharField()
    state = serializers.CharField()
    state_text = serializers.SerializerMethodField()
    grade = serializers.CharField(source="level", help_text="red、orange、yellow、blue，空为未定级")
    grade_text = serializers.CharField(source="risk.grade_text")
    township = AreaSerializer()
    sector = serializers.CharField(source="sector.code")
    sector_name = serializers.CharField(source="sector.name")
    responsible_unit = NamedSerializer()
    lead_unit = NamedSerializer(help_text="交办单位")
    category = serializers.CharField(source="risk.category")
    location = serializers.CharField(source="risk.location")
    longitude = serializers.DecimalField(9, 6, source="risk.longitude", allow_null=True)
    latitude = serializers.DecimalField(9, 6, source="risk.latitude", allow_null=True)
    hazard_factors = serializers.CharField(source="risk.hazard_factors")
    accident_types = serializers.CharField(source="risk.accident_types")
    monitoring = serializers.CharField(source="risk.monitoring")
    control_level = serializers.CharField(source="risk.control_level")
    check_frequency = serializers.CharField(source="risk.check_frequency")
    responsible_person = serializers.CharField(source="risk.responsible_person")
    responsible_phone = serializers.SerializerMethodField(help_text="部分隐去")
    headcount = serializers.IntegerField(source="risk.headcount", allow_null=True)
    disclosure = serializers.CharField(source="risk.disclosure", help_text="公示；空为没有填")
    source = serializers.CharField(source="risk.source")  # type: ignore[assignment]
    next_due_at = serializers.DateTimeField(allow_null=True)
    next_due_provisional = serializers.SerializerMethodField(help_text="这个到期时刻是暂定：跨到放假安排尚未公布的年份")
    opened_on = serializers.DateField()
    closed_on = serializers.DateField(allow_null=True)
    version = serializers.IntegerField(help_text="随请求带回；他人已先行办理时答复 409")

    def get_state_text(self, case: Case) -> str:
        return WORKFLOW.state_label(case.state)

    def get_next_due_provisional(self, case: Case) -> bool:
        """Annotated where there is a page of rows; asked for where there is one."""
        told = getattr(case, "next_due_provisional", None)
        if told is None:
            told = provisional_next_due(case.pk).filter(due_at=case.next_due_at).exists()
        return bool(told)

    def get_responsible_phone(self, case: Case) -> str:
        return mask_phone(case.risk.responsible_phone)  # type: ignore[attr-defined]


class MeasureSerializer(serializers.Serializer[Any]):
    kind = serializers.CharField()
    kind_text = serializers.CharField(source="get_kind_display")
    text = serializers.CharField()


class GradingSerializer(serializers.ModelSerializer[Grading]):
    basis = serializers.CharField(help_text="self 自评、official 研判结论、verified 核查结论")
    basis_text = serializers.CharField(source="get_basis_display")
    method = serializers.CharField()
    inputs = serializers.DictField(child=serializers.CharField())
    score = serializers.SerializerMethodField()
    grade = serializers.CharField()
    grade_text = serializers.CharField()

    class Meta:
        model = Grading
        fields = [
            "id",
            "basis",
            "basis_text",
            "method",
            "inputs",
            "score",
            "grade",
            "grade_text",
            "concluded_on",
            "participants",
            "reason",
        ]

    def get_score(self, grading: Grading) -> str | None:
        """Exact and plain: 540, 0.5."""
        return None if grading.score is None else f"{grading.score.normalize():f}"


class ActionSerializer(serializers.Serializer[Any]):
    action = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]


class PostChoiceSerializer(serializers.Serializer[Any]):
    post = serializers.IntegerField(source="pk")
    person = serializers.IntegerField(source="person_id")
    name = serializers.CharField(source="person.name")
    title = serializers.CharField()
    unit = serializers.CharField(source="unit.__str__")


class ChangeSerializer(serializers.Serializer[Any]):
    label = serializers.CharField(help_text="哪一项")  # type: ignore[assignment]
    old = serializers.CharField()
    new = serializers.CharField()


class EditSerializer(serializers.Serializer[Any]):
    """One edit: who changed what, from what to what. Telephones are masked."""

    at = serializers.DateTimeField()
    by = serializers.CharField(help_text="谁、以什么岗位")
    changes = ChangeSerializer(many=True)


class RiskDetailSerializer(RiskSerializer):
    """Also what its reader may do now, and whom the next act may name. Needs `actor` and `at` in the context."""

    principal_name = serializers.SerializerMethodField(help_text="责任单位主要负责人；不是企业的为空")
    handover_number = serializers.SerializerMethodField(help_text="交办文号")
    changes = serializers.SerializerMethodField(help_text="变更历史，最近的在前")
    measures = MeasureSerializer(many=True, source="risk.measures")
    gradings = GradingSerializer(many=True, source="risk.gradings")
    actions = serializers.SerializerMethodField(help_text="当前岗位现在可以办理的事项")
    checkers = serializers.SerializerMethodField(help_text="拟交办函时可选的核稿人")
    verifiers = serializers.SerializerMethodField(help_text="核查时可选的核查人")

    def get_principal_name(self, case: Case) -> str:
        enterprise = getattr(case.responsible_unit, "enterprise", None)
        return enterprise.principal_name if enterprise else ""

    def get_handover_number(self, case: Case) -> str:
        """Only of a letter that the reader may open, as in the register's export."""
        seen = letters_for(self.context["actor"]).filter(case=case, kind=Letter.Kind.RISK_HANDOVER)
        return seen.filter(state__in=Letter.NUMBERED).order_by("-pk").values_list("number", flat=True).first() or ""

    @extend_schema_field(EditSerializer(many=True))
    def get_changes(self, case: Case) -> Any:
        return EditSerializer(edits_of(case.pk), many=True).data

    @extend_schema_field(ActionSerializer(many=True))
    def get_actions(self, case: Case) -> Any:
        return ActionSerializer(WORKFLOW.actions_for(case, self.context["actor"]), many=True).data

    @extend_schema_field(PostChoiceSerializer(many=True))
    def get_checkers(self, case: Case) -> Any:
        actor = self.context["actor"]
        may_draft = not WORKFLOW.refusal(case, "draft_handover", actor)
        return PostChoiceSerializer(checkers_for(actor, at=self.context["at"]) if may_draft else [], many=True).data

    @extend_schema_field(PostChoiceSerializer(many=True))
    def get_verifiers(self, case: Case) -> Any:
        may_verify = not WORKFLOW.refusal(case, "verify", self.context["actor"])
        risk = case.risk  # type: ignore[attr-defined]
        return PostChoiceSerializer(
            eligible_verifiers(risk, at=self.context["at"]) if may_verify else [], many=True
        ).data


def checkers_for(actor: Actor, *, at: datetime) -> list[Post]:
    """Colleagues of the drafter who may check a letter."""
    posts = Post.objects.open_on(local_date(at)).filter(unit_id=actor.unit_id).exclude(person_id=actor.post.person_id)
    return [post for post in posts.select_related("person", "unit") if Right.CHECK_LETTER in post.role.rights]


class _ChangedSerializer(serializers.Serializer[Any]):
    """After an act: where the case stands, and the clocks that the act started. Needs `case`, `at` and `calendar`."""

    state = serializers.SerializerMethodField(help_text="风险点的环节")
    state_text = serializers.SerializerMethodField()
    version = serializers.SerializerMethodField()
    deadlines = serializers.SerializerMethodField(help_text="由此起算的时限")

    def get_state(self, _: Any) -> str:
        return str(self.context["case"].state)

    def get_state_text(self, _: Any) -> str:
        return WORKFLOW.state_label(self.context["case"].state)

    def get_version(self, _: Any) -> int:
        return int(self.context["case"].version)

    @extend_schema_field(DeadlineSerializer(many=True))
    def get_deadlines(self, _: Any) -> Any:
        case, at = self.context["case"], self.context["at"]
        started = with_ledger(Deadline.objects.filter(case=case, started_at=at).select_related("case"))
        return DeadlineSerializer(started.order_by("pk"), many=True, context=self.context).data


class GradeAnswerSerializer(GradingSerializer, _ChangedSerializer):
    class Meta(GradingSerializer.Meta):
        fields = [*GradingSerializer.Meta.fields, "state", "state_text", "version", "deadlines"]


class ProgressSerializer(serializers.ModelSerializer[Progress]):
    class Meta:
        model = Progress
        fields = ["id", "text", "percent", "spent", "at"]


class CloseOutAnswerSerializer(serializers.ModelSerializer[CloseOut], _ChangedSerializer):
    method = serializers.CharField()
    inputs = serializers.DictField(child=serializers.CharField())
    proposed_grade = serializers.CharField()
    proposed_text = serializers.CharField()
    outcome = serializers.CharField()

    class Meta:
        model = CloseOut
        fields = [
            "id",
            "statement",
            "method",
            "inputs",
            "proposed_grade",
            "proposed_text",
            "applied_at",
            "outcome",
            "state",
            "state_text",
            "version",
            "deadlines",
        ]


class SignerSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(source="pk")
    name = serializers.CharField()
    signed = serializers.BooleanField()


class VerificationAnswerSerializer(serializers.ModelSerializer[Verification], _ChangedSerializer):
    conclusion = serializers.CharField(source="get_state_display", help_text="等待会签、已生效、已作废")
    grade = serializers.CharField(help_text="核定等级，未通过的为空")
    signers = SignerSerializer(many=True)

    class Meta:
        model = Verification
        fields = [
            "id",
            "conclusion",
            "passed",
            "visited_on",
            "findings",
            "grade",
            "reasons",
            "new_due_on",
            "objection",
            "signers",
            "state",
            "state_text",
            "version",
            "deadlines",
        ]

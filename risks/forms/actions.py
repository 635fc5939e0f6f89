"""The small forms beside a case, one for each act."""

from typing import Any

from django import forms

from organisations.models import Post, Unit
from records.forms import LateForm, SignedForm, date_input, photos_field
from risks.forms.grading import GradingFields
from risks.models import ExitProposal, RiskPoint


def _text(
    label: str, *, rows: int = 3, max_length: int = 2000, required: bool = True, help_text: str = "", missing: str = ""
) -> forms.CharField:
    return forms.CharField(
        label=label,
        widget=forms.Textarea(attrs={"rows": rows}),
        max_length=max_length,
        required=required,
        help_text=help_text,
        error_messages={"required": missing or f"请填写{label}"},
    )


def _line(label: str, *, max_length: int = 120, required: bool = True, help_text: str = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=max_length,
        required=required,
        help_text=help_text,
        error_messages={"required": f"请填写{label}"},
    )


def _day(label: str, *, required: bool = True, help_text: str = "") -> forms.DateField:
    return forms.DateField(
        label=label,
        widget=date_input(),
        required=required,
        help_text=help_text,
        error_messages={"required": f"请填写{label}", "invalid": "日期格式应为 年-月-日"},
    )


class PostChoice(forms.ModelChoiceField):
    """陈嘉禾（分管领导）"""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.person.name}（{obj.title}）"


class VerifierChoice(forms.ModelMultipleChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.person.name}（{obj.unit}{obj.title}）"


class SelfGradeForm(GradingFields):
    reason = _text("说明", rows=2, required=False)


class ConcludeForm(GradingFields, LateForm, SignedForm):
    participants = _line("参加研判的人员", max_length=200, help_text="现场人员和专家，用顿号隔开")
    reason = _text("研判说明", rows=2, required=False)

    def conclusion(self) -> dict[str, Any]:
        """What the service takes."""
        told = {name: self.cleaned_data[name] for name in ("method", "participants", "reason")}
        return told | {"inputs": self.cleaned_inputs(), "hand": self.hand(), "late_reason": self.late()}


class ReassessForm(ConcludeForm):
    pass


class DesignateForm(forms.Form):
    unit = forms.ModelChoiceField(
        label="交办单位",
        queryset=Unit.objects.none(),
        empty_label="请选择",
        error_messages={"required": "请选择交办单位"},
    )
    reason = _text("理由", rows=2, max_length=300)

    def __init__(self, *args: Any, units: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = units


class DraftHandoverForm(forms.Form):
    copies_to = _text("抄送", rows=2, max_length=300, required=False, help_text="用顿号隔开")
    requirements = _text("治理要求", rows=8, help_text="从管控措施带出，可修改；一行一条")
    due_on = _day("治理期限")
    countersigners = forms.MultipleChoiceField(
        label="会签",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="核稿后送会签，全部同意才能签发；交办时限照常计算",
    )
    checker = PostChoice(
        label="核稿人",
        queryset=Post.objects.none(),
        required=False,
        empty_label="先存草稿",
        help_text="拟稿人不能核自己的稿",
    )

    def __init__(self, *args: Any, checkers: Any, countersigners: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["checker"].queryset = checkers
        self.fields["countersigners"].choices = countersigners


class CheckLetterForm(forms.Form):
    decision = forms.ChoiceField(
        label="核稿意见",
        choices=[("pass", "同意，转签发"), ("return", "退回修改")],
        widget=forms.RadioSelect,
        initial="pass",
    )
    note = _text("退回意见", rows=2, max_length=300, required=False)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("decision") == "return" and not cleaned.get("note", "").strip():
            self.add_error("note", "退回修改须写明意见")
        return cleaned


class IssueLetterForm(LateForm):
    number = _line("发文字号", max_length=60, help_text="按本机关公文系统编的号填写")
    dispatch = forms.BooleanField(
        label="签发后立即通过平台送达",
        required=False,
        initial=True,
        help_text="须先用印的，去掉勾选，上传盖章件后再送达",
    )

    def __init__(self, *args: Any, is_entered: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_entered:
            del self.fields["number"]


class DispatchLetterForm(LateForm):
    pass


class VoidLetterForm(forms.Form):
    reason = _text("作废原因", rows=2, max_length=300)


class ReceiveForm(SignedForm):
    pass


class LeaveForm(forms.Form):
    refusal_reason = _text("拒收或无法签收的情形", rows=2, max_length=300)
    witnesses = _line("见证人", max_length=200, help_text="两名以上，用顿号隔开")
    photos = photos_field("留置现场照片", required=True)

    def clean_witnesses(self) -> list[str]:
        raw: str = self.cleaned_data["witnesses"]
        names = [n.strip() for n in raw.replace("，", "、").replace(",", "、").split("、") if n.strip()]
        if len(set(names)) < 2:
            raise forms.ValidationError("留置送达须有两名以上见证人")
        return names


class PlanForm(forms.Form):
    goal = _line("治理目标", max_length=300)
    steps = _text("治理措施和步骤", rows=4)
    responsible = _line("治理责任人", max_length=60)
    funds = forms.DecimalField(
        label="资金（万元）",
        min_value=0,
        max_digits=10,
        decimal_places=2,
        error_messages={"required": "请填写资金，没有就填 0", "invalid": "请填数字", "min_value": "资金不能为负"},
    )
    finish_on = _day("计划完成日期")
    interim = _text("治理期间的管控措施和应急预案", rows=3)


class ProgressForm(forms.Form):
    text = _text("进展情况")
    percent = forms.IntegerField(
        label="完成比例（%）",
        min_value=0,
        max_value=100,
        error_messages={
            "required": "请填写完成比例",
            "invalid": "请填 0 到 100 的整数",
            "min_value": "不能小于 0",
            "max_value": "不能大于 100",
        },
    )
    spent = forms.DecimalField(label="已投入资金（万元）", min_value=0, max_digits=10, decimal_places=2, required=False)
    photos = photos_field("治理照片")


class ApplyForm(GradingFields, SignedForm):
    statement = _text("治理完成情况", rows=4, help_text="采取了哪些措施、效果如何")
    photos = photos_field("治理完成照片")


class AskCorrectionForm(LateForm):
    note = _text("补正要求", rows=3, max_length=500, help_text="补正只能通知一次，请一次说全")


class LapseForm(forms.Form):
    reason = _text("终止理由", rows=2, max_length=300)
    new_due_on = _day("继续治理期限")


class SupplyCorrectionForm(SignedForm):
    statement = _text("补正后的治理完成情况", rows=4)
    photos = photos_field("补正材料")


class VerifyForm(GradingFields, SignedForm):
    visited_on = _day("现场核查日期")
    findings = _text("现场核查情况", rows=4)
    passed = forms.ChoiceField(
        label="结论",
        choices=[("yes", "通过，风险已降低，予以销号"), ("no", "未通过，继续治理")],
        widget=forms.RadioSelect(attrs={"data-switch": "passed"}),
        error_messages={"required": "请选择结论"},
    )
    reasons = _text("未通过的原因和要求", rows=3, required=False)
    new_due_on = _day("继续治理期限", required=False)
    colleagues = VerifierChoice(
        label="其他核查人",
        queryset=Post.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        help_text="连同您在内不少于 2 人；申请人和治理人员不能参加。每人签字后结论生效。",
        error_messages={"required": "现场核查不少于 2 人，请再选一名核查人"},
    )
    photos = photos_field("核查照片")

    def __init__(self, *args: Any, verifiers: list[Post], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["colleagues"].queryset = Post.objects.filter(pk__in=[p.pk for p in verifiers]).select_related(
            "person", "unit"
        )
        self.fields["method"].label = "复评方法"
        self.fields["method"].required = False
        for name in ("method", "reasons", "new_due_on"):
            self.fields[name].is_conditional = True  # type: ignore[attr-defined]
        self.order_fields(["visited_on", "findings", "passed", *self.method_fields])

    def method_is_needed(self) -> bool:
        return self.cleaned_data.get("passed") == "yes"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("passed") == "no":
            if not cleaned.get("reasons", "").strip():
                self.add_error("reasons", "未通过的，须写明原因和要求")
            if not cleaned.get("new_due_on"):
                self.add_error("new_due_on", "未通过的，须定继续治理期限")
        return cleaned

    @property
    def fieldsets_for_template(self) -> list[dict[str, Any]]:
        first = {"fields": [self["visited_on"], self["findings"], self["passed"]]}
        method, *tables, last = super().fieldsets_for_template
        method |= {"when": "yes", "switch": "passed"}
        for table in tables:
            table |= {"and_when": "yes", "and_switch": "passed"}
        failing = {
            "legend": "未通过",
            "fields": [self["reasons"], self["new_due_on"]],
            "when": "no",
            "switch": "passed",
        }
        shown = {"visited_on", "findings", "passed", "reasons", "new_due_on"}
        return [first, method, *tables, failing, {"fields": [f for f in last["fields"] if f.name not in shown]}]


class CountersignForm(LateForm, SignedForm):
    pass


class ObjectForm(forms.Form):
    reason = _text("异议", rows=2, max_length=200, help_text="结论和已有签字作废，须重新填写核查结论")


class ProposeExitForm(forms.Form):
    kind = forms.ChoiceField(
        label="方式",
        choices=ExitProposal.Kind.choices,
        widget=forms.RadioSelect(attrs={"data-switch": "kind"}),
        error_messages={"required": "请选择方式"},
    )
    reason = _text("理由和依据", rows=3)
    enterprise_controller = _line("责任单位管控责任人", max_length=60, required=False)
    township_controller = _line("乡街管控责任人", max_length=60, required=False)
    department_controller = _line("部门管控责任人", max_length=60, required=False)
    merged_into = _line("并入的风险点编号", max_length=40, required=False)
    receiving_authority = _line("接收机关", max_length=80, required=False)
    evidence = photos_field("证明材料")

    def __init__(self, *args: Any, risks: Any, may_long_term: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.risks = risks
        for name in (
            "enterprise_controller",
            "township_controller",
            "department_controller",
            "merged_into",
            "receiving_authority",
        ):
            self.fields[name].is_conditional = True  # type: ignore[attr-defined]
        if not may_long_term:
            self.fields["kind"].choices = [c for c in ExitProposal.Kind.choices if c[0] != ExitProposal.Kind.LONG_TERM]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        kind = cleaned.get("kind")
        needed = {
            ExitProposal.Kind.LONG_TERM: ("enterprise_controller", "township_controller", "department_controller"),
            ExitProposal.Kind.MERGED: ("merged_into",),
            ExitProposal.Kind.TRANSFERRED: ("receiving_authority",),
        }.get(kind, ())
        for name in needed:
            if not cleaned.get(name):
                self.add_error(name, f"请填写{self.fields[name].label}")
        if kind in {ExitProposal.Kind.CEASED, ExitProposal.Kind.TRANSFERRED} and not cleaned.get("evidence"):
            self.add_error("evidence", "请上传证明材料")
        number = cleaned.pop("merged_into", "")
        cleaned["merged_risk"] = None
        if kind == ExitProposal.Kind.MERGED and number:
            found: RiskPoint | None = self.risks.filter(case__number=number.strip()).first()
            if found is None:
                self.add_error("merged_into", "没有这个编号的风险点，或不在您的权限范围内")
            cleaned["merged_risk"] = found
        return cleaned

    @property
    def fieldsets_for_template(self) -> list[dict[str, Any]]:
        def fields(*names: str) -> list[Any]:
            return [self[name] for name in names]

        return [
            {"fields": fields("kind", "reason")},
            {
                "legend": "三级管控责任人",
                "fields": fields("enterprise_controller", "township_controller", "department_controller"),
                "when": "long_term",
                "switch": "kind",
            },
            {"legend": "重复合并", "fields": fields("merged_into"), "when": "merged", "switch": "kind"},
            {"legend": "移交外区", "fields": fields("receiving_authority"), "when": "transferred", "switch": "kind"},
            {"fields": fields("evidence")},
        ]


class DecideExitForm(LateForm, SignedForm):
    decision = forms.ChoiceField(
        label="审批意见",
        choices=[("yes", "批准"), ("no", "不同意")],
        widget=forms.RadioSelect,
        error_messages={"required": "请选择审批意见"},
    )
    note = _text("意见", rows=2, max_length=300, required=False)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("decision") == "no" and not cleaned.get("note", "").strip():
            self.add_error("note", "不同意的，请写明理由")
        return cleaned


class LongTermCheckForm(forms.Form):
    text = _text("检查情况")
    is_controlled = forms.ChoiceField(
        label="管控措施",
        choices=[("yes", "有效"), ("no", "有问题")],
        widget=forms.RadioSelect,
        error_messages={"required": "请选择"},
    )
    photos = photos_field("检查照片")


class ConfidentialForm(forms.Form):
    targets = forms.MultipleChoiceField(
        label="范围",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "请选择整个案卷，或其中的附件"},
    )
    reason = _text("理由", rows=2, max_length=300)

    def __init__(self, *args: Any, choices: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["targets"].choices = choices  # type: ignore[attr-defined]

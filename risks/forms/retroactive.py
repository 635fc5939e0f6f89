"""补录: a past risk case from its papers, one form per paper. The same forms take a row of the import."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms

from records.forms import date_input
from risks.accident_types import GB6441_1986, SEPARATOR
from risks.forms.grading import GradingFields
from risks.forms.paper import refuse_if_no_scan, scan_field
from risks.forms.register import RiskForm

FIRST_DAY = date(2018, 1, 1)  # of the working calendar


def _day(label: str, help_text: str = "") -> forms.DateField:
    return forms.DateField(
        label=label,
        widget=date_input(),
        help_text=help_text,
        error_messages={"required": f"请填写{label}", "invalid": "日期格式应为 年-月-日"},
    )


def _line(label: str, max_length: int, help_text: str = "") -> forms.CharField:
    return forms.CharField(
        label=label, max_length=max_length, help_text=help_text, error_messages={"required": f"请填写{label}"}
    )


def _text(label: str, rows: int, *, required: bool = True, help_text: str = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=2000,
        required=required,
        help_text=help_text,
        widget=forms.Textarea(attrs={"rows": rows}),
        error_messages={"required": f"请填写{label}"},
    )


class StepForm(forms.Form):
    """`has_scan`: the paper of this step is kept already, another one may be added."""

    step = label = ""
    dates: tuple[str, ...] = ()

    def __init__(self, *args: Any, has_scan: bool = False, today: date, **kwargs: Any) -> None:
        self.today = today
        super().__init__(*args, **kwargs)
        self.fields["scan"] = scan_field("扫描件", required=not has_scan)
        if has_scan:
            self.fields["scan"].help_text = "已有扫描件；再选一个是补充，不替换"

    def clean_scan(self) -> Any:
        upload = self.cleaned_data["scan"]
        return refuse_if_no_scan(upload) if upload else None

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for name in self.dates:
            day = cleaned.get(name)
            if day is not None and not FIRST_DAY <= day <= self.today:
                self.add_error(name, "日期须在 2018-01-01 之后、今天之前")
        return cleaned


class FactsStep(StepForm, RiskForm):
    step, label = "facts", "登记材料"
    dates = ("found_on",)

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        # Under the former standard as well: what the papers say is not translated.
        super().__init__(*args, today=today, on=today, kept_types=SEPARATOR.join(GB6441_1986), **kwargs)
        del self.fields["photos"]
        self.fields["found_on"] = _day("查找登记日期", "纸质登记表上的日期")
        self.fields["source"].initial = "纸质台账"

    @property
    def fieldsets_for_template(self) -> list[dict[str, Any]]:
        return [*super().fieldsets_for_template, {"legend": "纸质材料", "fields": [self["found_on"], self["scan"]]}]


class GradingStep(GradingFields, StepForm):
    step, label = "grading", "研判结论"
    dates = ("concluded_on",)
    concluded_on = _day("研判结论日期")
    signer = _line("签字人", 40)
    signer_title = _line("签字人职务", 60)
    participants = _line("参加研判的人员", 200, "用顿号隔开")
    reason = _text("研判说明", 2, required=False)


class HandoverStep(StepForm):
    step, label = "handover", "交办函"
    dates = ("handed_on",)
    number = _line("发文字号", 60, "如 蚌山应急交办〔2025〕12号")
    handed_on = _day("送达日期")
    due_on = _day("治理期限")
    requirements = _text("治理要求", 5)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        handed_on, due_on = cleaned.get("handed_on"), cleaned.get("due_on")
        if handed_on and due_on and due_on <= handed_on:
            self.add_error("due_on", "治理期限须晚于送达日期")
        return cleaned


class ReceiptStep(StepForm):
    step, label = "receipt", "签收"
    dates = ("received_on",)
    received_on = _day("签收日期")
    receiver = _line("签收人", 40)
    receiver_title = _line("签收人职务", 60)


class ClosureStep(GradingFields, StepForm):
    step, label = "closure", "销号"
    dates = ("applied_on", "verified_on")
    applied_on = _day("申请销号日期")
    applicant = _line("申请签字人", 40, "责任单位主要负责人")
    statement = _text("治理完成情况", 3)
    verified_on = _day("核查通过日期")
    verifiers = _line("核查人", 200, "两人以上，用顿号隔开")
    findings = _text("现场核查情况", 3)

    def clean_verifiers(self) -> list[str]:
        raw = self.cleaned_data["verifiers"].replace("，", "、").replace(",", "、")
        names = list(dict.fromkeys(name.strip() for name in raw.split("、") if name.strip()))
        if len(names) < 2:
            raise forms.ValidationError("现场核查不少于 2 人，请填全核查人")
        return names

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        applied_on, verified_on = cleaned.get("applied_on"), cleaned.get("verified_on")
        if applied_on and verified_on and verified_on < applied_on:
            self.add_error("verified_on", "核查不能早于申请")
        return cleaned


STEPS: tuple[type[StepForm], ...] = (FactsStep, GradingStep, HandoverStep, ReceiptStep, ClosureStep)
STEP_BY_NAME = {form.step: form for form in STEPS}


def out_of_order(cleaned: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Step → why its day cannot be: each paper is dated on or after the one before it."""
    before, said = None, {}
    for form in STEPS:
        for name in form.dates:
            day = cleaned.get(form.step, {}).get(name)
            if day is None:
                continue
            if before and day < before[1]:
                said[form.step] = (
                    f"{form.base_fields[name].label if name in form.base_fields else '日期'} {day} 早于{before[0]} {before[1]}"
                )
            label = form.base_fields[name].label if name in form.base_fields else "查找登记日期"
            before = (str(label), day)
    return said


class ReasonForm(forms.Form):
    """Asked for papers from after the portal's first day: why they were not dealt with in it."""

    reason = forms.CharField(
        label="补录原因",
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="材料日期在平台启用之后的，须写明为什么当时没有在平台办理",
    )


class ImportForm(forms.Form):
    file = forms.FileField(
        label="填好的模板（xlsx）",
        widget=forms.FileInput(attrs={"accept": ".xlsx"}),
        error_messages={"required": "请选择填好的模板", "empty": "这是空文件，请重新选择"},
    )
    reason = ReasonForm.base_fields["reason"]

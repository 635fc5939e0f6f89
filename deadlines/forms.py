"""Forms beside a case: asking that a clock be extended, stopped or started again, and deciding it."""

from datetime import date
from typing import Any

from django import forms

from deadlines.terms import CalendarDays, Hours, Months, Term, WorkingDays
from records.forms import FilesField, FilesInput, SignedForm, date_input

_UNITS: dict[type, str] = {WorkingDays: "个工作日", CalendarDays: "日", Months: "个月", Hours: "小时"}


def _text(label: str, *, required: bool = True, max_length: int = 1000) -> forms.CharField:
    return forms.CharField(
        label=label,
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=max_length,
        required=required,
        error_messages={"required": f"请填写{label}"},
    )


def _files(label: str, *, required: bool) -> FilesField:
    limit = str(20 * 1024 * 1024)
    return FilesField(
        label=label,
        required=required,
        help_text="照片、PDF、Word 或 Excel，可多选，每个不超过 20 MB",
        widget=FilesInput(attrs={"accept": "image/*,application/pdf,.docx,.xlsx", "data-max-bytes": limit}),
        error_messages={"required": f"请上传{label}", "empty": "有空文件，请重新选择"},
    )


def _new_day(label: str, help_text: str, *, required: bool) -> forms.DateField:
    return forms.DateField(
        label=label,
        widget=date_input(),
        required=required,
        help_text=help_text,
        error_messages={"required": f"请填写{label}", "invalid": "日期格式应为 年-月-日"},
    )


def _amount(label: str, help_text: str, *, required: bool) -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
        required=required,
        help_text=help_text,
        error_messages={"required": f"请填写{label}", "invalid": "请填写整数"},
    )


class ExtensionForm(forms.Form):
    reason = _text("延期理由")
    evidence = _files("证明材料", required=True)

    def __init__(self, *args: Any, due_on: date, last: date | None, unit: Term, left: int, **kwargs: Any) -> None:
        """`last` is the latest day for a clock with a named day; else `left` is how much, in `unit`, is left to ask for."""
        super().__init__(*args, **kwargs)
        if last:
            said = f"现到期日 {due_on}，最迟可延至 {last}"
            self.fields["new_on"] = _new_day("延至哪一天", said, required=True)
        else:
            words = _UNITS[type(unit)]
            said = f"现到期日 {due_on}，最多还可延长 {left} {words}"
            self.fields["amount"] = _amount(f"延长多少{words.removeprefix('个')}", said, required=True)
        self.order_fields(["new_on", "amount", "reason", "evidence"])


class SuspensionForm(forms.Form):
    ground = forms.ChoiceField(
        label="中止事由", widget=forms.RadioSelect, error_messages={"required": "请选择中止事由"}
    )
    reason = _text("情况说明")
    evidence = _files("证明材料", required=True)

    def __init__(self, *args: Any, grounds: tuple[str, ...], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["ground"].choices = [(ground, ground) for ground in grounds]  # type: ignore[attr-defined]


class ResumptionForm(forms.Form):
    reason = _text("恢复理由")
    evidence = _files("证明材料", required=False)


class DecisionForm(SignedForm):
    decision = forms.ChoiceField(
        label="审批意见",
        choices=[("yes", "同意"), ("no", "不同意")],
        widget=forms.RadioSelect,
        error_messages={"required": "请选择审批意见"},
    )
    note = _text("意见", required=False, max_length=300)

    def __init__(self, *args: Any, asked_on: date | None = None, asked: Term | None = None, **kwargs: Any) -> None:
        """An extension may be granted for less than was asked: `asked_on`, or the length `asked`."""
        super().__init__(*args, **kwargs)
        if asked_on:
            field: forms.Field = _new_day("准予延至", f"申请延至 {asked_on}，可以早于这一天", required=False)
            self.fields["new_on"] = field
        elif asked:
            words = _UNITS[type(asked)]
            said = f"申请延长 {asked.n} {words}，可以少于申请的"  # type: ignore[union-attr]
            self.fields["amount"] = field = _amount(f"准予延长多少{words.removeprefix('个')}", said, required=False)
        else:
            return
        field.initial = asked_on or asked.n  # type: ignore[union-attr]
        field.is_conditional = True  # type: ignore[attr-defined]
        self.order_fields(["decision", "new_on", "amount", "note", "signature", "password"])

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("decision") == "no" and not cleaned.get("note", "").strip():
            self.add_error("note", "不同意的，请写明理由")
        return cleaned

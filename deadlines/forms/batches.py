"""What a batch asks once for everything that was picked."""

from typing import Any

from django import forms

from organisations.models import Unit
from records.forms import LateForm, SignedForm

_NOTE = {"max_length": "不超过 %(limit_value)d 字"}


def _say_when(form: forms.Form, *names: str) -> None:
    """Their help says when they are to be filled in, instead of “可不填”."""
    for name in names:
        form.fields[name].is_conditional = True  # type: ignore[attr-defined]


class LateReasons(LateForm):
    """Only what is late needs a reason, and which of it is picked the form cannot know: the act itself refuses without."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, is_late=True, **kwargs)
        self.fields["late_reason"].required = False
        self.fields["late_reason"].help_text = "所选中有本机关时限已过的才填：逐件记入，计入考核"
        _say_when(self, "late_reason")


class IssueForm(LateReasons):
    dispatch = forms.BooleanField(
        label="签发后立即通过平台送达",
        required=False,
        initial=True,
        help_text="须先用印的去掉勾选，打印、用印后再送达",
    )
    field_order = ["dispatch", "late_reason"]


class DecisionForm(forms.Form):
    """Agree, or send back with one reason for all."""

    decision = forms.ChoiceField(
        label="意见",
        widget=forms.RadioSelect(attrs={"data-switch": "decision"}),
        initial="pass",
        error_messages={"required": "请选择意见"},
    )
    note = forms.CharField(
        label="退回原因",
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=300,
        required=False,
        help_text="退回的须写明，所选各件同一原因",
        error_messages=_NOTE,
    )

    def __init__(self, *args: Any, agree: str, back: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["decision"].choices = [("pass", agree), ("return", back)]  # type: ignore[attr-defined]
        _say_when(self, "note")

    @property
    def sends_back(self) -> bool:
        return self.cleaned_data.get("decision") == "return"

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.sends_back and not cleaned.get("note", "").strip():
            self.add_error("note", "退回须写明原因")
        return cleaned

    @property
    def fieldsets_for_template(self) -> list[dict[str, Any]]:
        signing = [self[name] for name in ("signature", "password") if name in self.fields]
        shown: list[dict[str, Any]] = [
            {"fields": [self["decision"]]},
            {"fields": [self["note"]], "when": "return", "switch": "decision"},
            {"fields": signing, "when": "pass", "switch": "decision"},
        ]
        return shown if signing else shown[:2]


class SignedDecisionForm(SignedForm, DecisionForm):
    """Agreeing is signed on each; sending back is not."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("signature", "password"):
            self.fields[name].required = self.data.get("decision") != "return"
        self.fields["password"].help_text = "再输一次密码，确认是本人；签名逐件记入"


class ReassignForm(forms.Form):
    unit = forms.ModelChoiceField(
        label="改由",
        queryset=Unit.objects.none(),
        empty_label="请选择",
        error_messages={"required": "请选择交办单位", "invalid_choice": "请选择列出的单位"},
    )
    reason = forms.CharField(
        label="理由",
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=300,
        error_messages={"required": "请填写理由"} | _NOTE,
    )

    def __init__(self, *args: Any, units: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = units  # type: ignore[attr-defined]

"""Lending rights of a post, and handing a post over."""

from datetime import date, timedelta
from typing import Any

from django import forms

from organisations.forms.fields import DayField
from organisations.models import Person, Post
from organisations.services.delegations import LONGEST, colleagues, lendable


class DelegationForm(forms.Form):
    person = forms.ModelChoiceField(
        label="受托人",
        queryset=Person.objects.none(),
        empty_label="请选择",
        help_text="本单位在任的人员。",
        error_messages=dict.fromkeys(("required", "invalid_choice"), "请选择受托人"),
    )
    rights = forms.MultipleChoiceField(
        label="委托事项",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "请至少选一项可以委托的事项"},
        help_text="以主要负责人签字、以本机关主要负责人批准不能委托；确需代行的，以文件明确主持工作。",
    )
    valid_from = DayField(label="自")
    valid_to = DayField(label="至", help_text=f"最长 {LONGEST.days} 天，到期自动结束。")
    basis = forms.CharField(
        label="依据或事由",
        max_length=120,
        help_text="如“出差”“休假”，有文件的写文号。",
        error_messages={"required": "请写明依据或事由"},
    )

    def __init__(self, *args: Any, post: Post, today: date, **kwargs: Any) -> None:
        kwargs["initial"] = {"valid_from": today, "valid_to": today + timedelta(days=7)} | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        self.fields["person"].queryset = colleagues(post, on=today)  # type: ignore[attr-defined]
        self.fields["rights"].choices = [(right.value, right.label) for right in lendable(post)]  # type: ignore[attr-defined]


class DecideForm(forms.Form):
    decision = forms.ChoiceField(
        label="意见",
        choices=[("yes", "同意"), ("no", "不同意")],
        widget=forms.RadioSelect,
        error_messages={"required": "请选择同意或不同意"},
    )
    note = forms.CharField(label="说明", max_length=120, required=False, help_text="不同意的写明原因。")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("decision") == "no" and not cleaned.get("note"):
            self.add_error("note", "请写明不同意的原因")
        return cleaned


class HandOverForm(forms.Form):
    last_day = DayField(label="移交人最后一日", help_text="当日双方都可办理，次日起由接收人办理。")
    basis = forms.CharField(
        label="依据", max_length=120, help_text="免职、任职文件名称和文号。", error_messages={"required": "请写明依据"}
    )


class ConfirmForm(forms.Form):
    password = forms.CharField(
        label="登录密码",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        help_text="确认交接单所列内容。",
        error_messages={"required": "请输入登录密码"},
    )

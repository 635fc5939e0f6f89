"""Accounts, as the security administrator keeps them."""

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator

from organisations.forms.fields import FilterForm
from organisations.models import Account
from organisations.roles import TokenScope
from organisations.services.second_factor import CodeRefused, verify

STATES = [
    ("", "全部"),
    ("active", "启用"),
    ("disabled", "已停用"),
    ("never", "从未登录"),
    ("first", "待改首次密码"),
    ("stale", "久未使用"),
]


class AccountFilter(FilterForm):
    q = forms.CharField(label="姓名、用户名、单位", widget=forms.TextInput(attrs={"type": "search"}))
    state = forms.ChoiceField(label="状态", choices=STATES)


class PersonSearch(FilterForm):
    q = forms.CharField(label="姓名、单位", widget=forms.TextInput(attrs={"type": "search"}))


class OpenAccountForm(forms.Form):
    username = forms.CharField(
        label="用户名",
        max_length=40,
        help_text="小写字母开头，3 至 40 位，可用小写字母、数字、点、下划线和短横。开通后不能修改。",
        validators=[
            RegexValidator(
                r"^[a-z][a-z0-9._-]{2,39}$", "用户名须以小写字母开头，3 至 40 位，只用小写字母、数字、点、下划线和短横"
            )
        ],
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": "请填用户名"},
    )


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label="原因",
        max_length=120,
        help_text="写入审计记录，如“本人忘记密码，已当面核对身份”“调离，岗位已免去”。",
        error_messages={"required": "请写明原因"},
    )


class TokenForm(forms.Form):
    name = forms.CharField(
        label="用途", max_length=60, help_text="哪个系统用，便于日后辨认。", error_messages={"required": "请写明用途"}
    )
    scopes = forms.MultipleChoiceField(
        label="范围",
        choices=TokenScope.choices,
        initial=[TokenScope.READ],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="只选用得着的；不超出这个岗位的权限，查询总是可以。",
    )
    days = forms.IntegerField(label="有效天数", min_value=1, error_messages={"required": "请填有效天数"})
    password = forms.CharField(
        label="登录密码",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": "请输入登录密码"},
    )
    code = forms.CharField(
        label="动态口令",
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "data-nodraft": ""}),
        error_messages={"required": "请输入动态口令"},
    )

    def __init__(self, *args: Any, account: Account, enrolled: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.account, self.enrolled = account, enrolled
        longest = settings.API_TOKEN_MAX_DAYS
        self.fields["days"].initial = longest
        self.fields["days"].help_text = f"最长 {longest} 天。"
        self.fields["days"].widget.attrs["max"] = longest
        if not enrolled:
            del self.fields["code"]

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if not self.account.check_password(password):
            raise ValidationError("密码不对")
        return password

    def check_code(self, *, at: datetime) -> None:
        """Last of all, because a code is used up by looking at it."""
        if not self.enrolled:
            return
        try:
            verify(account=self.account, code=self.cleaned_data["code"], phone_time=datetime.now(UTC), at=at)
        except CodeRefused as refusal:
            raise ValidationError({"code": str(refusal)}) from refusal


class UnmaskForm(forms.Form):
    reason = forms.CharField(
        label="查看原因",
        max_length=120,
        help_text="写明办什么事要用，如“2026-10-09 现场核查，约定到场时间”。写入审计记录。",
        error_messages={"required": "请写明查看原因"},
    )

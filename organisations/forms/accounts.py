"""Accounts, as the security administrator keeps them."""

from django import forms
from django.core.validators import RegexValidator

from organisations.forms.fields import FilterForm

STATES = [("", "全部"), ("active", "启用"), ("disabled", "已停用"), ("never", "从未登录"), ("first", "待改首次密码")]


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

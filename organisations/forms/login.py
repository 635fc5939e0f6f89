"""Logging in and changing one's password."""

from typing import Any

from django import forms
from django.contrib.auth import password_validation
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator

from organisations.models import Account
from organisations.services.passwords import refuse_reuse

NAME_LENGTH = 150


class LoginForm(AuthenticationForm):
    error_messages = {
        "invalid_login": "用户名或密码不对，请重新输入。",
        "inactive": "这个账号已停用，请联系安全管理员。",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = "用户名"
        # The log of failures has no room for more.
        too_long = MaxLengthValidator(NAME_LENGTH, self.error_messages["invalid_login"])
        self.fields["username"].validators.append(too_long)
        self.fields["username"].error_messages["required"] = "请输入用户名"
        self.fields["username"].widget.attrs.update({"autocomplete": "username", "spellcheck": "false"})
        self.fields["password"].label = "密码"
        self.fields["password"].error_messages["required"] = "请输入密码"
        self.fields["password"].widget.attrs["autocomplete"] = "current-password"

    def get_invalid_login_error(self) -> ValidationError:
        """Only somebody who knows the password is told that the account is disabled."""
        if not getattr(self.request, "axes_locked_out", False):
            account = Account.objects.filter(username=self.cleaned_data["username"], is_active=False).first()
            if account is not None and account.check_password(self.cleaned_data["password"]):
                return ValidationError(self.error_messages["inactive"], code="inactive")
        return ValidationError(self.error_messages["invalid_login"], code="invalid_login")


def _password(label: str, autocomplete: str, help_text: str = "") -> forms.CharField:
    widget = forms.PasswordInput(attrs={"autocomplete": autocomplete})
    errors = {"required": f"请输入{label}"}
    return forms.CharField(label=label, strip=False, widget=widget, help_text=help_text, error_messages=errors)


class ChangePasswordForm(forms.Form):
    old = _password("现在的密码", "current-password")
    new = _password(
        "新密码",
        "new-password",
        "至少 10 个字符，含大写字母、小写字母、数字、其他符号中的三类；不能含用户名、手机号，不能用常见密码，不能与最近 5 次的相同。",
    )
    again = _password("再输入一次新密码", "new-password")

    def __init__(self, *args: Any, account: Account, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.account = account

    def clean_old(self) -> str:
        old: str = self.cleaned_data["old"]
        if not self.account.check_password(old):
            raise ValidationError("现在的密码不对")
        return old

    def clean_new(self) -> str:
        new: str = self.cleaned_data["new"]
        refuse_reuse(self.account, new)
        password_validation.validate_password(new, self.account)
        return new

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        new, again = cleaned.get("new"), cleaned.get("again")
        if new and again and new != again:
            self.add_error("again", "两次输入的新密码不一致")
        return cleaned


class CodeForm(forms.Form):
    code = forms.CharField(
        label="动态口令",
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "text", "data-nodraft": ""}),
        help_text="手机验证器上的 6 位数字；手机不在身边的，填一个备用码。",
        error_messages={"required": "请输入动态口令"},
    )


class EnrolForm(forms.Form):
    code = forms.CharField(
        label="验证器上的 6 位数字",
        max_length=10,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "data-nodraft": ""}),
        error_messages={"required": "请输入验证器上的 6 位数字"},
    )

"""Validators of new passwords beside Django's own, with the reason in words."""

import string

from django.core.exceptions import ValidationError

from organisations.models import Account

_CLASSES = (string.ascii_uppercase, string.ascii_lowercase, string.digits)


class ThreeClassesValidator:
    """Three of four: capital letters, small letters, digits, anything else."""

    def validate(self, password: str, user: Account | None = None) -> None:
        found = sum(any(c in group for c in password) for group in _CLASSES)
        found += any(all(c not in group for group in _CLASSES) for c in password)
        if found < 3:
            raise ValidationError("密码须含大写字母、小写字母、数字、其他符号四类中的三类", code="password_classes")

    def get_help_text(self) -> str:
        return "须含大写字母、小写字母、数字、其他符号四类中的三类。"


class NotOneselfValidator:
    """Neither the user name nor the telephone number, nor a part of either that gives it away."""

    def validate(self, password: str, user: Account | None = None) -> None:
        if user is None:
            return
        typed = password.lower()
        if user.username.lower() in typed:
            raise ValidationError("密码不能包含用户名", code="password_username")
        if len(user.person.phone) >= 7 and (user.person.phone in typed or user.person.phone[-8:] in typed):
            raise ValidationError("密码不能包含手机号", code="password_phone")

    def get_help_text(self) -> str:
        return "不能包含用户名和手机号。"

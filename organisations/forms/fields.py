"""Small pieces that the administration's forms share."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError


class DayField(forms.DateField):
    """A date with the browser's own date picker."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
        kwargs.setdefault("error_messages", {"invalid": "请按 2026-10-09 的写法填日期", "required": "请填日期"})
        super().__init__(**kwargs)


class FilterForm(forms.Form):
    """The search line above a register; its state is the address, so that a link can be shared."""

    def __init__(self, data: Any, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        for field in self.fields.values():
            field.required = False
        self.is_valid()

    def value(self, name: str) -> Any:
        """What was asked, or None; an unreadable value asks for nothing."""
        return self.cleaned_data.get(name) or None

    @property
    def is_active(self) -> bool:
        return any(self.value(name) for name in self.fields)


def refuse(form: forms.BaseForm, error: ValidationError) -> None:
    """Show a service's refusal at the field it names, or on top."""
    if not hasattr(error, "error_dict"):
        form.add_error(None, error)
        return
    for name, errors in error.error_dict.items():
        form.add_error(name if name in form.fields else None, errors)

"""Small pieces that the administration's forms share."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from organisations.models.people import mask_phone


class DayField(forms.DateField):
    """A date with the browser's own date picker."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
        kwargs.setdefault("error_messages", {"invalid": "请按 2026-10-09 的写法填日期", "required": "请填日期"})
        super().__init__(**kwargs)


class MaskedPhoneField(forms.CharField):
    """Shows the number that is stored masked. Sent back as it was shown, the stored one stands."""

    stored = ""

    def get_bound_field(self, form: forms.BaseForm, field_name: str) -> forms.BoundField:
        self.stored = str(form.get_initial_for_field(self, field_name) or "")
        return super().get_bound_field(form, field_name)

    def prepare_value(self, value: Any) -> Any:
        return mask_phone(self.stored) if self.stored and value == self.stored else value

    def to_python(self, value: Any) -> str:
        text: str = super().to_python(value)
        return self.stored if self.stored and text == mask_phone(self.stored) else text


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

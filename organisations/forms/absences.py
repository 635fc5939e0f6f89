"""The form of 请假与代理."""

from typing import Any

from django import forms
from django.db.models import QuerySet

from organisations.forms.fields import DayField
from organisations.models import Post


class DeputyField(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.person.name}（{obj.section}{obj.title}）"


class AbsenceForm(forms.Form):
    first_day = DayField(label="从", help_text="当日起。")
    last_day = DayField(label="到", help_text="含当日。")
    deputy = DeputyField(
        label="代理人",
        queryset=Post.objects.none(),
        empty_label="请选择",
        error_messages={"required": "请选择代理人", "invalid_choice": "这个人现在不能代理，请重新选择"},
        help_text="本单位在任、能办您所办事项的人。",
    )
    reason = forms.CharField(label="事由", max_length=60, required=False, help_text="如出差、年休假，可不填。")

    def __init__(self, *args: Any, deputies: QuerySet[Post], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["deputy"]
        field.queryset = deputies

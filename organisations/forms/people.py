"""People and posts, as the system administrator keeps them."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator

from organisations.forms.fields import DayField, FilterForm, MaskedPhoneField
from organisations.models import Person, Post, Unit
from organisations.roles import ROLE_CHOICES, ROLES, UnitKind

POST_STATES = [("", "全部"), ("in", "在任"), ("out", "没有在任岗位"), ("no_account", "没有账号")]


class PersonFilter(FilterForm):
    q = forms.CharField(label="姓名、单位、职务", widget=forms.TextInput(attrs={"type": "search"}))
    role = forms.ChoiceField(label="角色", choices=[("", "全部"), *ROLE_CHOICES])
    state = forms.ChoiceField(label="状态", choices=POST_STATES)


class UnitSearch(FilterForm):
    q = forms.CharField(label="单位名称", widget=forms.TextInput(attrs={"type": "search"}))
    kind = forms.ChoiceField(label="类型", choices=[("", "全部"), *UnitKind.choices])


class PersonForm(forms.ModelForm):
    phone = MaskedPhoneField(
        label="手机",
        required=False,
        help_text="用于催办和核对身份，名册中只显示前三位和后四位。",
        validators=[RegexValidator(r"^1[3-9]\d{9}$", "手机号应为 11 位数字")],
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )

    class Meta:
        model = Person
        fields = ["name", "phone", "email"]
        help_texts = {"email": "可不填；填了的，按本区配置另发邮件提醒。"}
        error_messages = {"email": {"invalid": "电子邮件地址写得不对，应如 zhangsan@example.gov.cn"}}

    def __init__(self, *args: Any, district_id: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.district_id = district_id
        self.fields["name"].error_messages["required"] = "请填姓名"

    def clean_name(self) -> str:
        return "".join(self.cleaned_data["name"].split())

    def clean(self) -> dict[str, Any]:
        """Somebody twice under one name would slip past "not your own act": two of one name differ by telephone."""
        cleaned: dict[str, Any] = super().clean() or {}
        same = Person.objects.filter(
            district_id=self.district_id, name=cleaned.get("name"), phone=cleaned.get("phone", "")
        ).exclude(pk=self.instance.pk)
        if "name" in cleaned and "phone" in cleaned and same.exists():
            told = "姓名、手机都相同的人员" if cleaned["phone"] else "同名人员，请填手机以便区分，"
            raise ValidationError(f"本区已登记{told}不要重复登记")
        return cleaned


class PostForm(forms.ModelForm):
    valid_from = DayField(label="任职日期")
    valid_to = DayField(label="免职日期", required=False, help_text="任期已知的可先填，如挂职、代理；到期自动失效。")

    class Meta:
        model = Post
        fields = ["role_key", "section", "title", "is_acting", "basis", "valid_from", "valid_to"]
        help_texts = {
            "section": "内设科室，没有的不填。",
            "title": "如科员、科室负责人、分管领导。",
            "is_acting": "有文件明确代行主要负责人职责的勾选，并在任职依据中写明文号。",
            "basis": "任职文件名称和文号。",
        }

    def __init__(self, *args: Any, person: Person, unit: Unit, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.person, self.instance.unit = person, unit
        choices = [(role.key, role.label) for role in ROLES if unit.kind in role.unit_kinds]
        help_text = "" if choices else "这类单位没有可设的角色。"
        self.fields["role_key"] = forms.ChoiceField(
            label="角色",
            choices=[("", "请选择"), *choices],
            help_text=help_text,
            error_messages={"required": "请选择角色"},
        )
        self.fields["title"].error_messages["required"] = "请填职务"

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("is_acting") and not cleaned.get("basis"):
            self.add_error("basis", "主持工作的须写明任职依据")
        return cleaned


class ClosePostForm(forms.Form):
    on = DayField(label="免职日期", help_text="当日仍可办理，次日起这个岗位不能再用。")
    reason = forms.CharField(label="依据或原因", max_length=120, error_messages={"required": "请写明依据或原因"})

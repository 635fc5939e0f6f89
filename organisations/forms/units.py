"""Units, territory and sectors, as the system administrator keeps them."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from organisations.forms.fields import DayField, FilterForm
from organisations.models import District, Sector, Territory, Unit
from organisations.roles import UnitKind

# Enterprises are registered in their own register, with code and sector.
KINDS = [choice for choice in UnitKind.choices if choice[0] != UnitKind.ENTERPRISE]
STATES = [("", "有效"), ("ended", "已撤销"), ("all", "全部")]


class UnitFilter(FilterForm):
    q = forms.CharField(label="名称、机关代字", widget=forms.TextInput(attrs={"type": "search"}))
    kind = forms.ChoiceField(label="类型", choices=[("", "全部"), *KINDS])
    state = forms.ChoiceField(label="状态", choices=STATES)


class UnitForm(forms.ModelForm):
    valid_from = DayField(label="成立日期", required=False, help_text="机构改革新组建的填挂牌日期。")

    class Meta:
        model = Unit
        fields = ["kind", "name", "short_name", "letterhead", "letter_code", "territory", "superior", "valid_from"]
        help_texts = {
            "name": "机构全称，用于函的主送和落款。",
            "short_name": "列表和时间线上显示的名称，如“区应急管理局”。",
            "letterhead": "函件版头上的红色字样，如“蚌埠市蚌山区应急管理局”。不发函的单位不填。",
            "letter_code": "发文字号中的机关代字，如“蚌山应急”。不发函的单位不填。",
            "territory": "乡街单位必填；同一区划同时只能有一个乡街单位。",
        }

    def __init__(self, *args: Any, district: District, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.district = district
        self.instance.district = district
        areas = Territory.objects.filter(district=district).exclude(kind=Territory.Kind.DISTRICT)
        self.fields["territory"].queryset = areas  # type: ignore[attr-defined]
        others = Unit.objects.filter(district=district, valid_to=None).exclude(pk=self.instance.pk)
        self.fields["superior"].queryset = others.exclude(kind=UnitKind.ENTERPRISE)  # type: ignore[attr-defined]
        for name in ("territory", "superior"):
            self.fields[name].empty_label = "没有"  # type: ignore[attr-defined]
        self.fields["name"].error_messages["required"] = "请填全称"
        if self.instance.pk:
            del self.fields["kind"]  # roles of its posts depend on it: a unit of another kind is another unit
        else:
            self.fields["kind"].choices = [("", "请选择"), *KINDS]  # type: ignore[attr-defined]
            self.fields["kind"].error_messages["required"] = "请选择类型"

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        kind = cleaned.get("kind") or self.instance.kind
        if kind == UnitKind.TOWNSHIP and not cleaned.get("territory"):
            self.add_error("territory", "乡街单位须选所在乡街")
        if bool(cleaned.get("letterhead")) != bool(cleaned.get("letter_code")):
            missing = "letter_code" if cleaned.get("letterhead") else "letterhead"
            self.add_error(missing, "发文机关标志和机关代字要么都填，要么都不填")
        self._refuse_twice("name", "本区已有同名的有效单位")
        self._refuse_twice("letter_code", "这个机关代字已有单位在用，发文字号会重复")
        return cleaned

    def _refuse_twice(self, name: str, message: str) -> None:
        value = self.cleaned_data.get(name)
        others = Unit.objects.filter(district=self.district, valid_to=None).exclude(pk=self.instance.pk)
        if value and others.filter(**{name: value}).exists():
            self.add_error(name, ValidationError(message))


class SucceedForm(forms.Form):
    on = DayField(label="撤销日期", help_text="当日仍有效，次日起不能再设岗位、承办事项和发函。")
    successor = forms.ModelChoiceField(
        label="职能承接单位",
        queryset=Unit.objects.none(),
        required=False,
        empty_label="没有承接单位",
        help_text="新组建的单位请先登记，再到这里选择。",
    )
    basis = forms.CharField(label="依据文件", max_length=120, error_messages={"required": "请写明依据文件"})
    close_posts = forms.BooleanField(label="同时免去在任岗位", required=False, initial=True)

    def __init__(self, *args: Any, unit: Unit, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = Unit.objects.filter(district_id=unit.district_id, valid_to=None).exclude(pk=unit.pk)
        self.fields["successor"].queryset = others.exclude(kind=UnitKind.ENTERPRISE)  # type: ignore[attr-defined]


class TerritoryForm(forms.Form):
    is_district_managed = forms.TypedChoiceField(
        label="由谁管理",
        choices=[("1", "本区管理"), ("0", "开发区管理，不在本区监管范围")],
        coerce=lambda value: value == "1",
        widget=forms.RadioSelect,
    )
    basis = forms.CharField(label="依据文件", max_length=120, error_messages={"required": "请写明依据文件"})


class SectorForm(forms.Form):
    departments = forms.ModelMultipleChoiceField(
        label="主管部门",
        queryset=Unit.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="勾选的部门看得到这个行业的全部企业和案卷。可以不止一个；一个都没有的行业，其企业的日常执法部门为待明确。",
    )
    is_high_risk = forms.BooleanField(label="高危行业", required=False)
    basis = forms.CharField(label="依据文件", max_length=120, error_messages={"required": "请写明依据文件"})

    def __init__(self, *args: Any, sector: Sector, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = [UnitKind.BUREAU, UnitKind.DEPARTMENT, UnitKind.COMMITTEE]
        self.fields["departments"].queryset = Unit.objects.filter(  # type: ignore[attr-defined]
            district_id=sector.district_id, valid_to=None, kind__in=kinds
        )

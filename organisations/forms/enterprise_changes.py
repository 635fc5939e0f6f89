"""Forms of dated changes and of the daily-enforcement department: one per kind, all with the same frame."""

from datetime import date
from typing import Any

from django import forms

from organisations.models import Enterprise, EnterpriseChange, Territory, Unit
from organisations.roles import UnitKind
from organisations.selectors import enforcing_departments, townships_that_confirm
from organisations.services.uscc import normalise

Kind = EnterpriseChange.Kind
EARLIEST = date(1949, 10, 1)


class ChangeForm(forms.Form):
    """What every change says: from which day, on what basis, why."""

    effective_on = forms.DateField(label="生效日期", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    document = forms.CharField(
        label="依据文件", max_length=120, required=False, help_text="文号，或证照变更通知书编号。"
    )
    reason = forms.CharField(label="说明", max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 3}))

    first: tuple[str, ...] = ()

    def __init__(self, *args: Any, enterprise: Enterprise, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.enterprise = enterprise
        self.fields["effective_on"].initial = today
        self.order_fields([*self.first, "effective_on", "reason", "document"])

    def clean_effective_on(self) -> date:
        day: date = self.cleaned_data["effective_on"]
        if day < EARLIEST:
            raise forms.ValidationError("请核对年份")
        return day

    def values(self) -> dict[str, Any]:
        return dict(self.cleaned_data)


class RenameForm(ChangeForm):
    first = ("name",)
    name = forms.CharField(label="新名称", max_length=120, help_text="变更后营业执照上的全称。")

    def clean_name(self) -> str:
        return " ".join(self.cleaned_data["name"].split())


class MergeForm(ChangeForm):
    first = ("to_unit",)
    to_unit = forms.CharField(
        label="承接企业", max_length=120, help_text="填统一社会信用代码或全称。未结案卷由它承接，原企业转为关闭。"
    )

    def clean_to_unit(self) -> Unit:
        text = " ".join(self.cleaned_data["to_unit"].split())
        units = Unit.objects.filter(
            district_id=self.enterprise.unit.district_id, kind=UnitKind.ENTERPRISE, valid_to=None
        ).select_related("enterprise")
        found = list(units.filter(enterprise__uscc=normalise(text))[:1] or units.filter(name=text)[:2])
        if not found:
            raise forms.ValidationError("本区没有登记这家企业，请核对代码或全称")
        if len(found) > 1:
            raise forms.ValidationError("有几家同名企业，请填统一社会信用代码")
        return found[0]


class StatusForm(ChangeForm):
    first = ("to_operation",)
    to_operation = forms.ChoiceField(label="变更为", widget=forms.RadioSelect)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        words = {Enterprise.Operation.RUNNING: "恢复经营（在营）"}
        self.fields["to_operation"].choices = [  # type: ignore[attr-defined]
            (value, words.get(Enterprise.Operation(value), label))
            for value, label in Enterprise.Operation.choices
            if value != self.enterprise.operation
        ]
        self.fields["reason"].required = True


class MoveForm(ChangeForm):
    first = ("to_township",)
    to_township = forms.ModelChoiceField(label="迁入乡街", queryset=Territory.objects.none(), empty_label="请选择")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        areas = townships_that_confirm(self.enterprise.unit.district_id).exclude(pk=self.enterprise.township_id)
        self.fields["to_township"].queryset = areas  # type: ignore[attr-defined]
        reason = self.fields["reason"]
        reason.label, reason.required = "移交说明", True
        reason.help_text = "未结案卷、监管情况和需要迁入乡街注意的事项。"
        self.fields["document"].label = "移交单编号"
        self.fields["document"].help_text = ""


class SuperiorForm(ChangeForm):
    first = ("to_unit",)
    to_unit = forms.ModelChoiceField(
        label="直管单位", queryset=Unit.objects.none(), required=False, empty_label="未在平台登记（在说明里写明）"
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.enterprise.is_higher_managed:
            del self.fields["to_unit"]
        else:
            self.fields["to_unit"].queryset = Unit.objects.filter(  # type: ignore[attr-defined]
                district_id=self.enterprise.unit.district_id, kind=UnitKind.HIGHER, valid_to=None
            )
        self.fields["document"].required = True


CHANGE_FORMS: dict[str, type[ChangeForm]] = {
    Kind.RENAME: RenameForm,
    Kind.MERGE: MergeForm,
    Kind.STATUS: StatusForm,
    Kind.MOVE: MoveForm,
    Kind.SUPERIOR: SuperiorForm,
}


class DecideForm(forms.Form):
    """Yes or no with a note; the note is required for no."""

    approve = forms.ChoiceField(label="意见", widget=forms.RadioSelect)
    note = forms.CharField(
        label="说明",
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="不同意的须写明理由。",
    )

    def __init__(self, *args: Any, yes: str = "同意", no: str = "不同意", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["approve"].choices = [("yes", yes), ("no", no)]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("approve") == "no" and not cleaned.get("note", "").strip():
            self.add_error("note", "请写明理由")
        return cleaned

    def values(self) -> dict[str, Any]:
        return {"approve": self.cleaned_data["approve"] == "yes", "note": self.cleaned_data["note"].strip()}


class ProposeEnforcerForm(forms.Form):
    department = forms.ModelChoiceField(label="建议部门", queryset=Unit.objects.none(), empty_label="请选择")
    reason = forms.CharField(
        label="理由", max_length=300, widget=forms.Textarea(attrs={"rows": 4}), help_text="职责依据和协商情况。"
    )

    def __init__(self, *args: Any, enterprise: Enterprise, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["department"]
        field.queryset = enforcing_departments(enterprise.unit.district_id, on=today)  # type: ignore[attr-defined]
        suggested = enterprise.sector.departments.valid_on(today).order_by("pk").first()  # type: ignore[attr-defined]
        if suggested is not None:
            field.initial = suggested.pk
            field.help_text = f"“{enterprise.sector}”的主管部门：{suggested}。"

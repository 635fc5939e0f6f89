"""Forms of the registry: the whole enterprise, its contact facts, the import file."""

from datetime import datetime
from typing import Any

from django import forms

from audit.clock import local_date
from organisations.actors import Actor
from organisations.forms.fields import MaskedPhoneField
from organisations.models import Enterprise, Sector, Territory, Unit
from organisations.roles import Scope
from organisations.selectors import department_choices, townships
from organisations.services import uscc
from organisations.services.enterprises import (
    CONTACT_FACTS,
    FACTS,
    RegistryRefused,
    check_enforcer,
    may_change_enforcer,
)
from organisations.services.import_cells import BOUNDS, PHONE, PHONE_ADVICE

BY_SECTOR = "sector"
UNDETERMINED = "undetermined"
IMPORT_MAX_BYTES = 10 * 1024 * 1024
SECTIONS = (
    ("A", "农、林、牧、渔业"),
    ("B", "采矿业"),
    ("C", "制造业"),
    ("D", "电力、热力、燃气及水"),
    ("E", "建筑业"),
    ("F", "批发和零售业"),
    ("G", "交通运输、仓储和邮政业"),
    ("H", "住宿和餐饮业"),
    ("I", "信息技术服务业"),
    ("J", "金融业"),
    ("K", "房地产业"),
    ("L", "租赁和商务服务业"),
    ("M", "科学研究和技术服务业"),
    ("N", "水利、环境和公共设施"),
    ("O", "居民服务和修理业"),
    ("P", "教育"),
    ("Q", "卫生和社会工作"),
    ("R", "文化、体育和娱乐业"),
    ("S", "公共管理和社会组织"),
    ("T", "国际组织"),
)
SECTION_CHOICES = [("", "不填"), *((letter, f"{letter} {name}") for letter, name in SECTIONS)]


class ContactForm(forms.Form):
    """What an enterprise keeps up to date itself."""

    address = forms.CharField(label="地址", max_length=200, help_text="门牌到号。")
    longitude = forms.DecimalField(label="经度", max_digits=9, decimal_places=6, required=False)
    latitude = forms.DecimalField(label="纬度", max_digits=9, decimal_places=6, required=False)
    principal_name = forms.CharField(label="主要负责人", max_length=40)
    principal_phone = MaskedPhoneField(
        label="主要负责人电话", max_length=20, required=False, widget=forms.TextInput(attrs={"type": "tel"})
    )
    headcount = forms.IntegerField(label="从业人数", min_value=0, max_value=999_999, required=False)

    def clean_principal_phone(self) -> str:
        phone = plain_phone(self.cleaned_data["principal_phone"])
        if phone and not PHONE.fullmatch(phone):
            raise forms.ValidationError(PHONE_ADVICE)
        return phone

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for name, (low, high, label) in BOUNDS.items():
            value = cleaned.get(name)
            if value is not None and not low <= value <= high:
                self.add_error(name, f"{label}应在 {low} 到 {high} 度之间")
        if "longitude" in cleaned and "latitude" in cleaned:
            for name, other in (("longitude", "latitude"), ("latitude", "longitude")):
                if cleaned.get(name) is None and cleaned.get(other) is not None:
                    self.add_error(name, "经度、纬度要么都填，要么都不填")
        return cleaned

    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in CONTACT_FACTS}


class EnterpriseForm(ContactForm):
    """All facts. Without `enterprise` it registers a new one, with it the dated facts are left out."""

    name = forms.CharField(label="企业名称", max_length=120, help_text="营业执照上的全称。")
    short_name = forms.CharField(label="简称", max_length=60, required=False, help_text="列表和通知里显示。")
    uscc = forms.CharField(
        label="统一社会信用代码",
        max_length=40,
        required=False,
        help_text="18 位。小写和空格会自动整理。没有代码的留空，在下一项说明。",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    uscc_confirmed = forms.BooleanField(label="已对照营业执照核对，代码无误", required=False)
    no_uscc_reason = forms.CharField(
        label="没有代码的原因", max_length=80, required=False, help_text="如：2015 年前的个体户未换照、临时摊点。"
    )
    sector = forms.ModelChoiceField(label="行业领域", queryset=Sector.objects.none(), empty_label="请选择")
    section = forms.ChoiceField(label="国民经济行业门类", choices=SECTION_CHOICES, required=False)
    scale = forms.ChoiceField(label="规模", choices=Enterprise.Scale.choices, initial=Enterprise.Scale.SMALL)
    affiliation = forms.ChoiceField(
        label="隶属关系", choices=Enterprise.Affiliation.choices, initial=Enterprise.Affiliation.PRIVATE
    )
    is_key = forms.BooleanField(label="重点企业", required=False)
    is_high_risk = forms.BooleanField(label="高危企业", required=False)
    township = forms.ModelChoiceField(label="乡街", queryset=Territory.objects.none(), empty_label="请选择")
    operation = forms.ChoiceField(
        label="经营状态", choices=Enterprise.Operation.choices, initial=Enterprise.Operation.RUNNING
    )
    enforcement_department = forms.ChoiceField(
        label="日常执法部门",
        help_text="每家企业只有一个。行业有几个主管部门、定不下来的，先选“待明确”，由安委办提出、区领导决定。",
    )
    supervision_level = forms.ChoiceField(
        label="分级监管", choices=[("district", "区级"), ("township", "乡街级")], initial="district"
    )

    def __init__(
        self, *args: Any, actor: Actor, at: datetime, enterprise: Enterprise | None = None, **kwargs: Any
    ) -> None:
        if enterprise is not None:
            kwargs["initial"] = initial_of(enterprise) | (kwargs.get("initial") or {})
        super().__init__(*args, **kwargs)
        self.actor, self.at, self.enterprise = actor, at, enterprise
        self.fields["sector"].queryset = Sector.objects.filter(district_id=actor.district_id)  # type: ignore[attr-defined]
        own = actor.unit.territory_id if actor.scope == Scope.TERRITORY else None
        areas = townships(actor.district_id)
        self.fields["township"].queryset = areas.filter(pk=own) if own else areas  # type: ignore[attr-defined]
        if own:
            self.fields["township"].initial = own
        self._offer_departments()
        if enterprise is not None:
            for name in ("name", "township", "operation"):
                del self.fields[name]
            if not may_change_enforcer(actor, enterprise):
                del self.fields["enforcement_department"]
        if not (self.is_bound and uscc.validate(self.data.get(self.add_prefix("uscc"), ""))[1]):
            del self.fields["uscc_confirmed"]

    def _offer_departments(self) -> None:
        choices = department_choices(self.actor.district_id, on=local_date(self.at))
        current = self.enterprise.enforcement_department if self.enterprise else None
        if current is not None and str(current.pk) not in dict(choices):
            choices.insert(0, (str(current.pk), str(current)))
        head = [(BY_SECTOR, "按行业主管部门（建议）")] if self.enterprise is None else []
        field = self.fields["enforcement_department"]
        field.choices = [*head, *choices, (UNDETERMINED, "待明确")]  # type: ignore[attr-defined]
        if self.enterprise is None:
            field.initial = BY_SECTOR

    @property
    def fieldsets_for_template(self) -> list[dict[str, Any]]:
        groups = (
            ("单位", ("name", "short_name", "uscc", "uscc_confirmed", "no_uscc_reason")),
            ("行业", ("sector", "section", "scale", "affiliation", "is_key", "is_high_risk")),
            ("所在地", ("township", "address", "longitude", "latitude")),
            ("联系", ("principal_name", "principal_phone", "headcount")),
            ("监管", ("operation", "enforcement_department", "supervision_level")),
        )
        return [{"legend": legend, "fields": [self[n] for n in names if n in self.fields]} for legend, names in groups]

    def clean_name(self) -> str:
        return " ".join(self.cleaned_data["name"].split())

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        self._clean_code(cleaned)
        if "enforcement_department" in self.fields:
            self._clean_department(cleaned)
        return cleaned

    def _clean_code(self, cleaned: dict[str, Any]) -> None:
        code = uscc.normalise(cleaned.get("uscc", ""))
        reason = cleaned.get("no_uscc_reason", "")
        if not code:
            if not reason and "uscc" not in self.errors:
                self.add_error("uscc", "填统一社会信用代码，或者在下一项说明没有代码的原因")
            cleaned["uscc"] = ""
            return
        errors, warnings = uscc.validate(code)
        if errors:
            self.add_error("uscc", errors[0])
            return
        if warnings and not cleaned.get("uscc_confirmed"):
            self.add_error("uscc", warnings[0])
            self.add_error("uscc_confirmed", "核对无误的，勾选后再提交")
        if reason:
            self.add_error("no_uscc_reason", "已填代码，这里应空着")
        others = Enterprise.objects.filter(uscc=code)
        if self.enterprise is not None:
            others = others.exclude(pk=self.enterprise.pk)
        known = others.select_related("unit").first()
        if known is not None:
            # Whose it is, only for those who may see that enterprise.
            seen = Enterprise.objects.for_actor(self.actor).filter(pk=known.pk).exists()
            self.add_error("uscc", f"这个代码已登记：{known.unit.name}" if seen else "这个代码已登记在其他乡街或区县")
        cleaned["uscc"] = code

    def _clean_department(self, cleaned: dict[str, Any]) -> None:
        """Turns the choice into a unit or None; the suggested one is the sector's when there is exactly one."""
        chosen, sector = cleaned.get("enforcement_department"), cleaned.get("sector")
        if not chosen or sector is None:
            return
        if chosen == UNDETERMINED:
            cleaned["enforcement_department"] = None
            return
        if chosen == BY_SECTOR:
            supervising = list(sector.departments.valid_on(local_date(self.at)).order_by("pk"))
            if len(supervising) == 1:
                cleaned["enforcement_department"] = supervising[0]
                return
            names = "、".join(str(unit) for unit in supervising)
            why = f"“{sector}”有几个主管部门（{names}）" if names else f"“{sector}”还没有主管部门"
            self.add_error("enforcement_department", f"{why}，请选定一个，或者选“待明确”")
            return
        department = Unit.objects.get(pk=int(chosen))
        current = self.enterprise
        if (
            current is not None
            and current.enforcement_department_id == department.pk
            and current.sector_id == sector.pk
        ):
            cleaned["enforcement_department"] = department
            return
        try:
            check_enforcer(department, sector, at=self.at)
        except RegistryRefused as error:
            self.add_error("enforcement_department", str(error))
        cleaned["enforcement_department"] = department

    def values(self) -> dict[str, Any]:
        names = (*FACTS, "short_name", "name", "township", "operation", "enforcement_department")
        return {name: self.cleaned_data[name] for name in names if name in self.fields}


class ImportForm(forms.Form):
    file = forms.FileField(
        label="填好的 xlsx",
        help_text="用模板填写，最多 20,000 行、10 MB。有一行不对就一行也不导入。",
        widget=forms.FileInput(
            attrs={
                "accept": ".xlsx,application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                "data-max-bytes": str(IMPORT_MAX_BYTES),
            }
        ),
        error_messages={"required": "请选择文件", "empty": "文件是空的"},
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > IMPORT_MAX_BYTES:
            raise forms.ValidationError("文件超过 10 MB，请分几个文件导入")
        return file


def initial_of(enterprise: Enterprise) -> dict[str, Any]:
    """What the form starts from."""
    start = {name: getattr(enterprise, name) for name in FACTS}
    start["sector"] = enterprise.sector_id
    start["short_name"] = enterprise.unit.short_name
    department = enterprise.enforcement_department_id
    start["enforcement_department"] = str(department) if department else UNDETERMINED
    return start


def plain_phone(text: str) -> str:
    """A telephone number as it is stored: half width, without spaces."""
    return "".join(text.split()).replace("－", "-")

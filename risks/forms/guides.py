"""Forms of guide manuals: the head, an entry (also each row of the import), and the acts."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.forms import BoundField

from organisations.forms.fields import MaskedPhoneField
from risks.accident_types import parted
from risks.forms.register import MOBILE_OR_LANDLINE, DangerForm, choice, line, text
from risks.grading import Grade, grade_text
from risks.models import GuideEntry, RiskPoint
from risks.models.guide import ENTRY_FIELDS
from risks.services.guides.registering import Pick


class HeadForm(forms.Form):
    title = line("手册名称", max_length=80)
    basis = line("编制依据", max_length=200, help_text="据以编制的文件、标准，多个用顿号隔开")


class BeginForm(HeadForm):
    """`source` is the manual whose entries an own manual may begin with."""

    take_over = forms.BooleanField(label="", required=False, initial=True)

    def __init__(self, *args: Any, source: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if source is None:
            del self.fields["take_over"]
        else:
            self.fields["take_over"].label = f"从{source}带出全部条目，再按本单位实际增减"


class EntryForm(DangerForm):
    """One entry of a manual."""

    area = line("部位、环节", max_length=60, help_text="同一部位的条目排在一起，如“卸油区”")
    title = line("风险点名称", max_length=120, help_text="部位加危险，如“卸油作业油气燃爆”；登记时带出，可改")
    category = choice("类别", RiskPoint.Category.choices)
    reference_grade = forms.ChoiceField(
        label="参考等级",
        required=False,
        choices=[("", "不给参考"), *((grade.value, grade_text(grade)) for grade in Grade)],
        help_text="供企业自评时参考；等级以研判结论为准",
        error_messages={"invalid_choice": "参考等级应是重大、较大、一般、低之一"},
    )
    clause = forms.CharField(label="依据条款", max_length=120, required=False, help_text="如“GB 50156 第 6.4 节”")

    @classmethod
    def _groups(cls) -> tuple[tuple[str, str, list[str]], ...]:
        return (
            ("查找什么", "", ["area", "title", "category"]),
            ("危险和后果", "", ["hazard_factors", "accident_types", "reference_grade"]),
            ("管控措施", "五类措施至少写一类，有几类写几类。", cls.measure_names()),
            ("监控和排查", "", ["monitoring", "control_level", "check_frequency"]),
            ("依据", "", ["clause"]),
        )

    def values(self) -> dict[str, Any]:
        """What the services take, of a valid form."""
        return {name: self.cleaned_data[name] for name in ENTRY_FIELDS}

    @staticmethod
    def initial_of(entry: GuideEntry) -> dict[str, Any]:
        return {name: getattr(entry, name) for name in ENTRY_FIELDS} | {"accident_types": parted(entry.accident_types)}


class ImportForm(forms.Form):
    file = forms.FileField(
        label="Excel 文件",
        help_text="用模板填写，或把本手册导出的文件改好；xlsx，不超过 5 MB",
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx", "data-max-bytes": str(5 * 1024 * 1024)}),
        error_messages={"required": "请选择文件", "empty": "文件是空的"},
    )

    def clean_file(self) -> Any:
        upload = self.cleaned_data["file"]
        if upload.size > 5 * 1024 * 1024:
            raise forms.ValidationError("文件超过 5 MB，请只保留要导入的工作表")
        return upload


class NoteForm(forms.Form):
    """An act that says why."""

    note = text("退回意见", rows=3, max_length=300)


class ReasonForm(forms.Form):
    reason = text("原因", rows=3, max_length=300)


class PlainForm(forms.Form):
    """An act that needs nothing but the deed."""


class PicksForm(forms.Form):
    """Step two of the wizard: for each ticked entry what it is called here, where it is, and who looks after it.

    Person and telephone are said once above; an entry may name another.
    """

    person = line("责任人", max_length=40, help_text="具体到一个人；各处不同的，在下面各处另填")
    phone = MaskedPhoneField(
        label="责任人电话",
        max_length=20,
        help_text="手机或座机",
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
        error_messages={"required": "请填写责任人电话"},
    )

    def __init__(self, *args: Any, entries: Sequence[GuideEntry], known: Mapping[int, str], **kwargs: Any) -> None:
        """`known`: entry → what is said where it is on the register already."""
        super().__init__(*args, **kwargs)
        self.entries, self.known = list(entries), known
        for entry in self.entries:
            self.fields[f"title_{entry.pk}"] = line("风险点名称", max_length=120)
            self.fields[f"location_{entry.pk}"] = line("具体位置", max_length=200, help_text="写到别人能找到的程度")
            self.fields[f"person_{entry.pk}"] = _other("责任人", max_length=40)
            self.fields[f"phone_{entry.pk}"] = _other("责任人电话", max_length=20, inputmode="tel")
            self.initial.setdefault(f"title_{entry.pk}", entry.title)
            # A second place by the same entry must be told apart from the first.
            self.initial.setdefault(f"location_{entry.pk}", "" if entry.pk in known else entry.area)

    @property
    def common_fields(self) -> list[BoundField]:
        return [self["person"], self["phone"]]

    @property
    def places(self) -> list[dict[str, Any]]:
        """One for each entry, as the page shows it; who else looks after it stays folded until it is needed."""
        shown = []
        for entry in self.entries:
            others = [self[f"{name}_{entry.pk}"] for name in ("person", "phone")]
            hints = [
                f"{entry.area}·{entry.get_category_display()}·{entry.accident_types}",
                self.known.get(entry.pk, ""),
            ]
            shown.append(
                {
                    "entry": entry,
                    "hint": "。".join(filter(None, hints)),
                    "fields": [self[f"{name}_{entry.pk}"] for name in ("title", "location")],
                    "other_fields": others,
                    "is_open": any(field.errors or field.value() for field in others),
                }
            )
        return shown

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name in ("phone", *(f"phone_{entry.pk}" for entry in self.entries)):
            phone = str(cleaned.get(name) or "").replace(" ", "")
            if phone and not MOBILE_OR_LANDLINE.fullmatch(phone):
                self.add_error(name, "电话不对，应是 11 位手机号，或带区号的座机，如 0552-3120000")
            cleaned[name] = phone
        for entry in self.entries:
            person, phone = f"person_{entry.pk}", f"phone_{entry.pk}"
            if bool(cleaned.get(person)) != bool(cleaned.get(phone)) and not {person, phone} & set(self.errors):
                missing = phone if cleaned.get(person) else person
                self.add_error(missing, "这一处另填责任人的，姓名和电话都要填")
        return cleaned

    def picks(self) -> list[Pick]:
        told = self.cleaned_data
        return [
            Pick(
                entry,
                title=told[f"title_{entry.pk}"],
                location=told[f"location_{entry.pk}"],
                responsible_person=told[f"person_{entry.pk}"] or told["person"],
                responsible_phone=told[f"phone_{entry.pk}"] or told["phone"],
            )
            for entry in self.entries
        ]


def _other(label: str, *, max_length: int, **attrs: str) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=max_length,
        required=False,
        widget=forms.TextInput(attrs={"placeholder": "同上", "autocomplete": "off", **attrs}),
    )

"""The form that registers and edits a risk point."""

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms

from organisations.forms.fields import MaskedPhoneField
from organisations.models import Sector, Territory
from records.forms import FilesField, FilesInput
from records.services.attachments import content_type
from risks.accident_types import SEPARATOR, names_on, parted, standard_on
from risks.models import ControlMeasure, RiskPoint
from risks.services.register import DETAILS

ACCIDENT_TYPES_LENGTH = 120  # of the column
MOBILE_OR_LANDLINE = re.compile(r"1[3-9]\d{9}|0\d{2,3}-?\d{7,8}|\d{7,8}", re.ASCII)
# A box around the country: catches swapped or mistyped numbers, not a wrong street.
LONGITUDES, LATITUDES = (Decimal(73), Decimal(136)), (Decimal(3), Decimal(54))
# kind → (help, height in lines)
MEASURE_HELP = {
    ControlMeasure.Kind.ENGINEERING: "如防爆、通风除尘、联锁、报警、隔离防护",
    ControlMeasure.Kind.MANAGEMENT: "如操作规程、作业许可、专人监护、定期检测",
    ControlMeasure.Kind.TRAINING: "如上岗培训、班前教育、警示标识",
    ControlMeasure.Kind.PROTECTION: "如安全帽、防静电服、防毒面具",
    ControlMeasure.Kind.EMERGENCY: "如现场处置方案、器材、演练",
}


def text(label: str, *, rows: int, max_length: int, help_text: str = "", required: bool = True) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=max_length,
        required=required,
        help_text=help_text,
        widget=forms.Textarea(attrs={"rows": rows}),
        error_messages={"required": f"请填写{label}"},
    )


def line(label: str, *, max_length: int, help_text: str = "", **attrs: str) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=max_length,
        help_text=help_text,
        widget=forms.TextInput(attrs=attrs),
        error_messages={"required": f"请填写{label}"},
    )


def choice(label: str, choices: Sequence[tuple[str, str]]) -> forms.ChoiceField:
    """A select, not buttons: on a phone the form is long enough."""
    errors = dict.fromkeys(("required", "invalid_choice"), f"请选择{label}")
    return forms.ChoiceField(label=label, choices=[("", "请选择"), *choices], error_messages=errors)


def _degrees(label: str, sample: str, help_text: str) -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        max_digits=9,
        decimal_places=6,
        required=False,
        help_text=help_text,
        widget=forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"}),
        error_messages={
            "invalid": f"{label}应是数字，如 {sample}",
            "max_decimal_places": f"{label}最多 6 位小数",
            "max_digits": f"{label}最多 3 位整数、6 位小数",
            "max_whole_digits": f"{label}最多 3 位整数",
        },
    )


class DangerForm(forms.Form):
    """What every form of a danger asks, of a risk point and of a manual's entry: which types of accident, which measures.

    `on` decides which accident standard is in force; `kept_types`, stated under a former one, stay choosable.
    """

    measure_prefix = ""  # of the five fields of measures

    hazard_factors = text("危害因素", rows=3, max_length=2000, help_text="什么东西、什么状态或行为会引发事故")
    accident_types = forms.MultipleChoiceField(
        label="可能的事故类型",
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": "请至少选一种可能的事故类型",
            "invalid_choice": "“%(value)s”不是现行国标的事故类型",
        },
    )
    monitoring = text("监控措施", rows=2, max_length=2000, help_text="用什么发现异常，如报警器、视频、每班巡检")
    control_level = choice("管控层级", RiskPoint.Level.choices)
    check_frequency = choice("排查频次", RiskPoint.Frequency.choices)

    def __init__(self, *args: Any, on: date, kept_types: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for kind in ControlMeasure.Kind:
            self.fields[f"{self.measure_prefix}{kind}"] = text(
                f"{kind.label}措施", rows=2, max_length=300, required=False, help_text=MEASURE_HELP[kind]
            )
        names = names_on(on)
        former = [name for name in parted(kept_types) if name not in names]
        types = self.fields["accident_types"]
        types.choices = [(name, name) for name in (*names, *former)]  # type: ignore[attr-defined]
        types.help_text = f"只选最可能的几种，名称按 {standard_on(on)}"
        # The summary of errors goes down the page as the fields do.
        self.order_fields([name for _, _, names in self._groups() for name in names])

    @classmethod
    def measure_names(cls) -> list[str]:
        return [f"{cls.measure_prefix}{kind}" for kind in ControlMeasure.Kind.values]

    @classmethod
    def _groups(cls) -> tuple[tuple[str, str, list[str]], ...]:
        """(legend, hint, fields) down the page."""
        raise NotImplementedError

    @property
    def fieldsets_for_template(self) -> list[dict[str, Any]]:
        return [
            {"legend": legend, "hint": hint, "fields": [self[name] for name in names if name in self.fields]}
            for legend, hint, names in self._groups()
        ]

    def clean_accident_types(self) -> str:
        chosen = SEPARATOR.join(self.cleaned_data["accident_types"])
        if len(chosen) > ACCIDENT_TYPES_LENGTH:
            raise forms.ValidationError("选得太多，请只选最可能的几种")
        return chosen

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        # As stored: an edit that changes nothing must not look like one.
        for name, value in cleaned.items():
            if isinstance(value, str):
                cleaned[name] = value.replace("\r\n", "\n")
        measures = self.measure_names()
        if not any(cleaned.get(name) for name in measures) and not any(name in self.errors for name in measures):
            self.add_error(measures[0], "五类管控措施至少写一类")
        return cleaned


class RiskForm(DangerForm):
    """The fields of a risk record that people fill in."""

    measure_prefix = "measure_"

    title = line("风险点名称", max_length=120, help_text="部位加危险，如“抛光车间铝粉尘爆炸”")
    category = choice("类别", RiskPoint.Category.choices)
    sector = forms.ModelChoiceField(
        label="行业领域",
        queryset=Sector.objects.none(),
        empty_label="请选择",
        help_text="按风险点本身所属的行业，不一定是单位的主业",
        error_messages={"required": "请选择行业领域", "invalid_choice": "请选择行业领域"},
    )
    township = forms.ModelChoiceField(
        label="所在乡街",
        queryset=Territory.objects.none(),
        empty_label="请选择",
        error_messages={"required": "请选择所在乡街", "invalid_choice": "请选择所在乡街"},
    )
    location = line("具体位置", max_length=200, help_text="写到别人能找到的程度，如“2 号厂房一层东侧”")
    longitude = _degrees("经度", "117.358600", "以度为单位，如 117.358600")
    latitude = _degrees("纬度", "32.913500", "如 32.913500；和经度一起填，或都不填")
    headcount = forms.IntegerField(
        label="同时作业人数",
        required=False,
        min_value=0,
        max_value=100_000,
        help_text="这一处最多同时有几人",
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
        error_messages={"invalid": "人数应是整数", "min_value": "人数不能是负数", "max_value": "人数过大，请核对"},
    )
    responsible_person = line("责任人", max_length=40, help_text="具体到一个人")
    responsible_phone = MaskedPhoneField(
        label="责任人电话",
        max_length=20,
        help_text="手机或座机",
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
        error_messages={"required": "请填写责任人电话"},
    )
    disclosure = forms.CharField(
        label="公示",
        max_length=200,
        required=False,
        help_text="在哪里、怎样公示，如“厂区大门公告栏，岗位告知卡”；还没有公示的不填",
    )
    source = forms.CharField(
        label="查找来源",
        max_length=120,
        initial="日常查找",
        help_text="如日常查找、专项排查、事故类比、专家诊断",
        error_messages={"required": "请填写查找来源"},
    )
    photos = FilesField(
        label="现场照片",
        required=False,
        help_text="可现拍，可多选，每张不超过 20 MB；照片里的拍摄位置会自动去除",
        # The second word lets phones offer the camera beside the album.
        widget=FilesInput(attrs={"accept": "image/*,android/allowCamera", "data-max-bytes": str(20 * 1024 * 1024)}),
        error_messages={"empty": "有空文件，请重新选择"},
    )

    def __init__(self, *args: Any, sectors: Any = None, townships: Any = None, **kwargs: Any) -> None:
        """Without `sectors` or `townships` the portal knows them and they are not asked."""
        super().__init__(*args, **kwargs)
        for name, choices in (("sector", sectors), ("township", townships)):
            if choices is None:
                del self.fields[name]
            else:
                self.fields[name].queryset = choices  # type: ignore[attr-defined]

    @classmethod
    def _groups(cls) -> tuple[tuple[str, str, list[str]], ...]:
        return (
            ("风险点", "", ["title", "category", "sector", "township", "location", "longitude", "latitude"]),
            ("危险和后果", "", ["hazard_factors", "accident_types", "headcount"]),
            ("管控措施", "五类措施至少写一类，有几类写几类。", cls.measure_names()),
            (
                "监控、责任和公示",
                "",
                [
                    "monitoring",
                    "control_level",
                    "check_frequency",
                    "responsible_person",
                    "responsible_phone",
                    "disclosure",
                ],
            ),
            ("来源和照片", "", ["source", "photos"]),
        )

    def clean_responsible_phone(self) -> str:
        phone = str(self.cleaned_data["responsible_phone"]).replace(" ", "")
        if not MOBILE_OR_LANDLINE.fullmatch(phone):
            raise forms.ValidationError("电话不对，应是 11 位手机号，或带区号的座机，如 0552-3120000")
        return phone

    def clean_photos(self) -> list[Any]:
        photos = list(self.cleaned_data["photos"])
        for photo in photos:
            photo.seek(0)
            if not content_type(photo.read()).startswith("image/"):
                raise forms.ValidationError(f"“{photo.name}”不是照片，请选 JPG、PNG 或 WEBP 图片")
        return photos

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        for name in ("longitude", "latitude"):
            if cleaned.get(name) is not None:
                cleaned[name] = cleaned[name].quantize(Decimal("0.000001"))
        self._check_position(cleaned.get("longitude"), cleaned.get("latitude"))
        return cleaned

    def _check_position(self, longitude: Decimal | None, latitude: Decimal | None) -> None:
        if "longitude" in self.errors or "latitude" in self.errors:
            return
        if (longitude is None) != (latitude is None):
            self.add_error("longitude" if longitude is None else "latitude", "经度和纬度要么都填，要么都不填")
        if longitude is None or latitude is None:
            return
        if _within(longitude, LATITUDES) and _within(latitude, LONGITUDES):
            self.add_error("longitude", "经度和纬度像是填反了，请核对")
        elif not _within(longitude, LONGITUDES):
            self.add_error("longitude", "经度应在 73 到 136 之间")
        elif not _within(latitude, LATITUDES):
            self.add_error("latitude", "纬度应在 3 到 54 之间")

    def details(self) -> dict[str, Any]:
        """What the services take, of a valid form."""
        return {name: self.cleaned_data[name] for name in DETAILS}

    def measures(self) -> dict[str, str]:
        return {kind: self.cleaned_data[f"measure_{kind}"] for kind in ControlMeasure.Kind.values}

    @staticmethod
    def initial_of(risk: RiskPoint) -> dict[str, Any]:
        """A stored risk point as the form shows it."""
        shown: dict[str, Any] = {name: getattr(risk, name) for name in DETAILS} | {"title": risk.case.title}
        shown["accident_types"] = parted(risk.accident_types)
        return shown | {f"measure_{measure.kind}": measure.text for measure in risk.measures.all()}


def _within(value: Decimal, span: tuple[Decimal, Decimal]) -> bool:
    return span[0] <= value <= span[1]

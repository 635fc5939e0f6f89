"""One row of the import, from text to values: what each cell may say, and the reason when it says something else."""

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from audit.clock import local_date
from organisations.actors import Actor
from organisations.models import Enterprise, Sector, Territory, Unit
from organisations.roles import Scope
from organisations.services import uscc
from organisations.services.enforcers import ENFORCING_KINDS
from organisations.services.import_sheet import COLUMNS, Problem, Row

PHONE = re.compile(r"1\d{10}|0\d{2,3}-?\d{7,8}(-\d{1,6})?|\d{7,8}|(400|800)-?\d{3}-?\d{4}")
PHONE_ADVICE = "电话应是 11 位手机号，或带区号的固定电话（如 0552-2040000）"
# Degrees within which China lies; the decimals are those of the column.
BOUNDS = {"longitude": (Decimal(73), Decimal(136), "经度"), "latitude": (Decimal(3), Decimal(54), "纬度")}
UNDETERMINED_WORD = "待明确"
_YES_NO = {"是": True, "否": False, "1": True, "0": False, "Y": True, "N": False, "√": True, "×": False}
_LENGTHS = {
    "name": 120,
    "short_name": 60,
    "no_uscc_reason": 80,
    "address": 200,
    "principal_name": 40,
    "principal_phone": 20,
}
_CHOICES = {
    "scale": {label: value for value, label in Enterprise.Scale.choices},
    "affiliation": {label: value for value, label in Enterprise.Affiliation.choices},
    "operation": {label: value for value, label in Enterprise.Operation.choices},
    "supervision_level": {"区级": "district", "乡街级": "township"},
}


class BadCell(Exception):
    """The reason, in Chinese."""


@dataclass(frozen=True)
class Directory:
    """The district's names as the file may write them, read once for the whole file."""

    townships: list[Territory]
    sectors: list[Sector]
    departments: list[Unit]
    supervising: dict[int, list[Unit]]  # sector → its departments today
    own_township_id: int | None  # set for a township: the only one it may fill in

    @classmethod
    def of(cls, actor: Actor, *, at: datetime) -> "Directory":
        townships = Territory.objects.filter(district_id=actor.district_id).exclude(kind=Territory.Kind.DISTRICT)
        departments = list(
            Unit.objects.filter(district_id=actor.district_id, kind__in=ENFORCING_KINDS)
            .valid_on(local_date(at))
            .order_by("pk")
        )
        by_id = {unit.pk: unit for unit in departments}
        sectors = list(Sector.objects.filter(district_id=actor.district_id).prefetch_related("departments"))
        return cls(
            townships=list(townships),
            sectors=sectors,
            departments=departments,
            supervising={s.pk: [by_id[d.pk] for d in s.departments.all() if d.pk in by_id] for s in sectors},
            own_township_id=actor.unit.territory_id if actor.scope == Scope.TERRITORY else None,
        )


def parse(row: Row, known: Directory) -> tuple[dict[str, Any], list[Problem], list[Problem]]:
    """(values, problems, warnings). A blank cell gives no value; `supervising` comes along with the sector."""
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    warnings: list[Problem] = []
    for column in COLUMNS:
        text = row.cells.get(column.key, "")
        if not text:
            if column.required:
                problems.append(Problem(row.number, column.title, "没有填"))
            continue
        try:
            values[column.key] = _value(column.key, text, values, known)
        except BadCell as bad:
            problems.append(Problem(row.number, column.title, str(bad)))
            continue
        if column.key == "uscc":
            warnings += [Problem(row.number, column.title, warning) for warning in uscc.validate(text)[1]]
    if not row.cells.get("uscc") and not row.cells.get("no_uscc_reason"):
        problems.append(Problem(row.number, "统一社会信用代码", "没有填；没有代码的请在“无代码原因”说明"))
    if row.cells.get("uscc") and row.cells.get("no_uscc_reason"):
        problems.append(Problem(row.number, "无代码原因", "已填代码，这一格应空着"))
    if bool(row.cells.get("longitude")) != bool(row.cells.get("latitude")):
        problems.append(Problem(row.number, "经度", "经度、纬度要么都填，要么都不填"))
    if isinstance(values.get("sector"), Sector):
        values["supervising"] = known.supervising[values["sector"].pk]
    return values, problems, warnings


def _value(key: str, text: str, values: dict[str, Any], known: Directory) -> Any:
    if key in _LENGTHS and len(text) > _LENGTHS[key]:
        raise BadCell(f"最多 {_LENGTHS[key]} 个字，现在是 {len(text)} 个")
    if key in _CHOICES:
        return _one_of(text, _CHOICES[key])
    match key:
        case "uscc":
            errors, _ = uscc.validate(text)
            if errors:
                raise BadCell(errors[0])
            return uscc.normalise(text)
        case "section":
            if text.upper() not in "ABCDEFGHIJKLMNOPQRST" or len(text) != 1:
                raise BadCell(f"应是 A 到 T 的一个字母，现在是“{text}”")
            return text.upper()
        case "is_key" | "is_high_risk":
            return _one_of(text.upper(), _YES_NO, words="是、否")
        case "sector":
            return _one_of(text, {sector.name: sector for sector in known.sectors})
        case "township":
            township = _one_of(
                text,
                {t.name: t for t in known.townships} | {t.code: t for t in known.townships},
                words="、".join(t.name for t in known.townships),
            )
            if known.own_township_id not in (None, township.pk):
                raise BadCell(f"只能导入本乡街的企业，现在是“{text}”")
            return township
        case "enforcement_department":
            return _department(text, values.get("sector"), known)
        case "longitude" | "latitude":
            return _degree(key, text)
        case "headcount":
            if not text.isascii() or not text.isdigit() or len(text) > 6:
                raise BadCell(f"应是整数，现在是“{text}”")
            return int(text)
        case "principal_phone":
            if not PHONE.fullmatch(text):
                raise BadCell(PHONE_ADVICE)
            return text
    return text


def _one_of(text: str, allowed: dict[str, Any], *, words: str = "") -> Any:
    if text not in allowed:
        raise BadCell(f"“{text}”不在可填内容里，可填：{words or '、'.join(allowed)}")
    return allowed[text]


def _department(text: str, sector: Sector | None, known: Directory) -> Unit | None:
    if text == UNDETERMINED_WORD:
        return None
    unit: Unit = _one_of(
        text,
        {u.name: u for u in known.departments} | {str(u): u for u in known.departments},
        words="、".join([UNDETERMINED_WORD, *(str(u) for u in known.departments)]),
    )
    if sector is not None and unit not in known.supervising[sector.pk]:
        names = "、".join(str(u) for u in known.supervising[sector.pk]) or "（没有主管部门）"
        raise BadCell(f"{unit}不主管“{sector}”；可填{names}，或待明确")
    return unit


def _degree(key: str, text: str) -> Decimal:
    low, high, label = BOUNDS[key]
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise BadCell(f"{label}应是数字，现在是“{text}”") from None
    if not value.is_finite() or not low <= value <= high:
        raise BadCell(f"{label}应在 {low} 到 {high} 度之间，现在是“{text}”")
    return value.quantize(Decimal("0.000001"))

"""A district as a TOML file, read and checked before anything is written: every mistake names its table and key."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from organisations.models import District, Sector, Territory, Unit
from organisations.roles import UnitKind

# The terms that a district may set; the rule tables name them as `config_key` and hold the default.
TERMS = {
    "risk_assessment": "风险研判",
    "letter_receipt": "文书签收",
    "treatment_extension": "治理期限最多延长",
    "closure_correction": "销号申请补正",
    "long_term_check": "长期管控检查",
    "long_term_reassessment": "长期管控再评估",
    "filing_correction": "退回后重报",
}
# What kinds of notice leave the portal, and by which channels; deadlines/rungs.py says what each kind is.
MESSAGES = ("soon", "today", "late", "escalated", "urged", "moved", "extension", "suspension", "expected")
CHANNELS = ("gateway", "email")
# How often and by when something is filed, where the notice gives no number; the default stands in the rule.
SCHEDULES = {"supervisory_report": "向监察机关报告安全生产情况"}
LS_VARIANTS = ("A", "B")
SECTIONS = "ABCDEFGHIJKLMNOPQRST"
_TERM = re.compile(r"(WD|H)[1-9][0-9]{0,3}|(D|M)[1-9][0-9]{0,3}R?", flags=re.ASCII)
_DAY_OF_MONTH = r"(W(1[0-5]|[1-9])|(3[01]|[12][0-9]|[1-9])R?|(3[01]|[12][0-9]|[2-9])R?X)"
_SCHEDULE = re.compile(rf"W|(M\+?|Q\+?[1-3]-|H\+?[1-6]-|Y\+?(1[0-2]|[1-9])-){_DAY_OF_MONTH}", flags=re.ASCII)

# What stands in a profile: table → key → (type, required).
_TABLES: dict[str, dict[str, tuple[type, bool]]] = {
    "district": {"code": (str, True), "name": (str, True), "city_name": (str, True), "portal_title": (str, True)},
    "terms": dict.fromkeys(TERMS, (str, False)),
    "messages": dict.fromkeys(MESSAGES, (list, False)),
    "schedules": dict.fromkeys(SCHEDULES, (str, False)),
    "grading": {"ls_variant": (str, False)},
    "paper": {"go_live": (str, False)},
    "letters": {"public_url": (str, False)},
    "territories": {"code": (str, True), "name": (str, True), "kind": (str, True), "district_managed": (bool, True)},
    "units": {
        "short_name": (str, True),
        "name": (str, True),
        "kind": (str, True),
        "letterhead": (str, False),
        "letter_code": (str, False),
        "territory": (str, False),
        "superior": (str, False),
        "valid_from": (date, False),
        "valid_to": (date, False),
        "succeeded_by": (str, False),
    },
    "sectors": {
        "code": (str, True),
        "name": (str, True),
        "sections": (str, False),
        "high_risk": (bool, True),
        "departments": (list, True),
    },
}
_REFERENCES = ("territory", "superior", "succeeded_by")
_SETTINGS = ("terms", "messages", "schedules", "grading")
_LISTS = ("territories", "units", "sectors")
_TYPE_WORDS = {str: "文字", bool: "true 或 false", date: "日期（如 2019-03-01）", list: "列表"}
_MODELS = {"district": District, "territories": Territory, "units": Unit, "sectors": Sector}


class ProfileError(Exception):
    """All that is wrong with a profile file, one Chinese line each."""

    def __init__(self, source: str, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(f"{source}：{problem}" for problem in problems))


@dataclass(frozen=True)
class Profile:
    """A checked profile. The rows keep the keys of the file."""

    district: dict[str, str]
    settings: dict[str, dict[str, Any]]
    territories: list[dict[str, Any]] = field(default_factory=list)
    units: list[dict[str, Any]] = field(default_factory=list)
    sectors: list[dict[str, Any]] = field(default_factory=list)

    @property
    def code(self) -> str:
        return self.district["code"]


def read(path: Path) -> Profile:
    """The profile in this file. Raises ProfileError when it cannot be read or something in it is wrong."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ProfileError(str(path), ["文件不存在"]) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ProfileError(str(path), ["文件读不出来，须是 UTF-8 编码的文本文件"]) from error
    try:
        return check(tomllib.loads(text), source=path.name)
    except tomllib.TOMLDecodeError as error:
        raise ProfileError(path.name, [f"不是有效的 TOML：{error}"]) from error


def check(data: Mapping[str, Any], *, source: str) -> Profile:
    """Raises ProfileError with every problem found, in the order of the file's tables."""
    problems = [f"不认识的表 [{name}]" for name in data if name not in _TABLES]
    for name in _TABLES:
        problems += _check_table(name, data.get(name))
    if problems:
        # What follows relies on tables, keys and types being as expected.
        raise ProfileError(source, problems)
    profile = Profile(
        district=dict(data["district"]),
        settings={name: dict(data.get(name, {})) for name in _SETTINGS}
        | {name: dict(data[name]) for name in ("paper", "letters") if name in data},
        **{name: [dict(row) for row in data.get(name, [])] for name in _LISTS},
    )
    for step in (_check_settings, _check_territories, _check_units, _check_sectors):
        problems += step(profile)
    if problems:
        raise ProfileError(source, problems)
    return profile


def _check_table(name: str, found: Any) -> list[str]:
    if name in _LISTS:
        if not isinstance(found, list) or not found:
            return [f"缺少 [[{name}]]"]
        return [p for n, row in enumerate(found, 1) for p in _check_row(name, f"[[{name}]] 第 {n} 个", row)]
    if found is None:
        return [f"缺少 [{name}]"] if name == "district" else []
    return _check_row(name, f"[{name}]", found)


def _check_row(name: str, where: str, row: Any) -> list[str]:
    if not isinstance(row, dict):
        return [f"{where} 须是一个表"]
    keys = _TABLES[name]
    label = row.get("short_name") or row.get("name")
    if isinstance(label, str):
        where = f"{where}（{label}）"
    problems = [f"{where} 有不认识的键 {key}；可用的键：{'、'.join(keys)}" for key in row if key not in keys]
    for key, (kind, required) in keys.items():
        value = row.get(key)
        if value is None:
            problems += [f"{where} 缺少 {key}"] if required else []
        elif not _is_exactly(value, kind):
            problems.append(f"{where} 的 {key} 须是{_TYPE_WORDS[kind]}")
        elif kind is str and required and not value.strip():
            problems.append(f"{where} 的 {key} 不能为空")
        elif kind is str and (limit := _limit(name, key)) and len(value) > limit:
            problems.append(f"{where} 的 {key} 超过 {limit} 个字")
    return problems


def _is_exactly(value: Any, kind: type) -> bool:
    """A bool is no number and a moment no date here; lists hold text."""
    if isinstance(value, list) and not all(isinstance(v, str) for v in value):
        return False
    return type(value) is kind


def _limit(table: str, key: str) -> int | None:
    model = _MODELS.get(table)
    if model is None or _TABLES[table][key][0] is not str or key in _REFERENCES:
        return None
    return getattr(model._meta.get_field(key), "max_length", None)


def _check_settings(profile: Profile) -> list[str]:
    problems = []
    if not re.fullmatch(r"[0-9]{6}", profile.code):
        problems.append(f"[district] 的 code“{profile.code}”须是 6 位区划代码")
    for key, text in profile.settings["terms"].items():
        if not _TERM.fullmatch(text):
            problems.append(f"[terms] 的 {key}（{TERMS[key]}）写作“{text}”，不是期限；应如 WD5、D30、D30R、M3、H24")
    for kind, channels in profile.settings["messages"].items():
        for channel in channels:
            problems += _choice(channel, list(CHANNELS), f"[messages] 的 {kind} 里")
    for key, text in profile.settings["schedules"].items():
        if not _SCHEDULE.fullmatch(text):
            problems.append(
                f"[schedules] 的 {key}（{SCHEDULES[key]}）写作“{text}”，不是周期；应如 W、M+3、MW5、Q+1-10R、H+1-15、Y1-31"
            )
    go_live = profile.settings.get("paper", {}).get("go_live", "")
    if go_live and not re.fullmatch(r"20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])", go_live):
        problems.append(f"[paper] 的 go_live“{go_live}”须是日期，如 2026-01-01")
    url = profile.settings.get("letters", {}).get("public_url", "")
    if url and not re.fullmatch(r"https?://[^/\s]+/?", url):
        problems.append(f"[letters] 的 public_url“{url}”应是带协议的网址，如 https://aqjg.example.gov.cn")
    variant = profile.settings["grading"].get("ls_variant", "A")
    if variant not in LS_VARIANTS:
        problems.append(f"[grading] 的 ls_variant“{variant}”须是 {' 或 '.join(LS_VARIANTS)}")
    return problems


def _check_territories(profile: Profile) -> list[str]:
    problems = _repeated(profile.territories, "territories", "code") + _repeated(
        profile.territories, "territories", "name"
    )
    kinds = [k for k in Territory.Kind.values if k != Territory.Kind.DISTRICT]
    for row in profile.territories:
        where = f"[[territories]]（{row['name']}）"
        code = row["code"]
        if not re.fullmatch(r"[0-9]{9}|[0-9]{12}", code):
            problems.append(f"{where} 的 code“{code}”须是 9 位或 12 位统计代码")
        elif not code.startswith(profile.code):
            problems.append(f"{where} 的 code“{code}”不在本区代码 {profile.code} 之下")
        problems += _choice(row["kind"], kinds, f"{where} 的 kind")
    return problems


def _check_units(profile: Profile) -> list[str]:
    problems: list[str] = []
    for key in ("short_name", "name", "letter_code"):
        problems += _repeated(profile.units, "units", key)
    names = {row["short_name"] for row in profile.units}
    areas = {row["code"] for row in profile.territories}
    # Enterprises come by registration and import, never with the profile.
    kinds = [k for k in UnitKind.values if k != UnitKind.ENTERPRISE]
    placed: dict[str, str] = {}
    for row in profile.units:
        where = f"[[units]]（{row['short_name']}）"
        problems += _choice(row["kind"], kinds, f"{where} 的 kind")
        for key in ("superior", "succeeded_by"):
            if key in row and (row[key] not in names or row[key] == row["short_name"]):
                problems.append(f"{where} 的 {key}“{row[key]}”不是本文件里另一个单位的简称")
        area = row.get("territory")
        if area is not None and area not in areas:
            problems.append(f"{where} 的 territory“{area}”不是本文件里的区划代码")
        if row["kind"] == UnitKind.TOWNSHIP:
            if area is None:
                problems.append(f"{where} 是乡街，缺少 territory")
            elif "valid_to" not in row and placed.setdefault(area, row["short_name"]) != row["short_name"]:
                problems.append(f"{where} 的 territory“{area}”已属于{placed[area]}；一个区划只能有一个乡街单位")
        if "succeeded_by" in row and "valid_to" not in row:
            problems.append(f"{where} 填了 succeeded_by，就要填 valid_to")
        if "valid_from" in row and "valid_to" in row and row["valid_to"] < row["valid_from"]:
            problems.append(f"{where} 的 valid_to 早于 valid_from")
        if row.get("letter_code") and not row.get("letterhead"):
            problems.append(f"{where} 有 letter_code，缺少 letterhead")
    return problems


def _check_sectors(profile: Profile) -> list[str]:
    problems = _repeated(profile.sectors, "sectors", "code") + _repeated(profile.sectors, "sectors", "name")
    kinds = {row["short_name"]: row["kind"] for row in profile.units}
    for row in profile.sectors:
        where = f"[[sectors]]（{row['name']}）"
        if not re.fullmatch(r"[a-z0-9_-]+", row["code"]):
            problems.append(f"{where} 的 code“{row['code']}”只能用小写字母、数字、下划线和连字符")
        for letter in row.get("sections", ""):
            if letter not in SECTIONS:
                problems.append(f"{where} 的 sections 里“{letter}”不是 GB/T 4754 门类字母 A—T")
        for name in row["departments"]:
            if name not in kinds:
                problems.append(f"{where} 的 departments 里“{name}”不是本文件里的单位")
            elif kinds[name] not in {UnitKind.BUREAU, UnitKind.DEPARTMENT}:
                problems.append(f"{where} 的 departments 里“{name}”不是监管部门")
    return problems


def _repeated(rows: list[dict[str, Any]], table: str, key: str) -> list[str]:
    values = [row[key] for row in rows if row.get(key)]
    return [f"[[{table}]] 的 {key}“{value}”重复" for value in dict.fromkeys(values) if values.count(value) > 1]


def _choice(value: str, allowed: list[str], where: str) -> list[str]:
    return [] if value in allowed else [f"{where}“{value}”须是 {'、'.join(allowed)} 之一"]

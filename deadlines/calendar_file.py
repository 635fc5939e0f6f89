"""A year's calendar as a file that people fill in: xlsx or JSON, both with the same three things.

The year, the document, and one row for each day off (weekends within a break included) and each weekend day worked.
Days that are not listed are ordinary ones. Every mistake is told at its row, and a file with a mistake gives no days.
"""

import io
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import xlsxwriter
from python_calamine import CalamineWorkbook

from deadlines.calendar import WEEKDAYS, CalendarDayLike
from deadlines.services.calendar_draft import NewDay
from organisations.services.import_sheet import cell_text, open_book

SHEET = "工作日历"
HEAD = ("日期", "安排", "名称", "依据文件")
KINDS = {"休息": False, "上班": True}
MAX_BYTES = 1024 * 1024
MAX_ROWS = 400
_FIRST_ROW = 5
_LENGTHS = {"名称": 40, "依据文件": 200}
_NOTE = "放假的每一天（连同其中的周末）和调休上班的周末各写一行；没有写的日子按周一至周五上班。依据文件与上面相同的，第 4 列空着。"
# As Excel keeps it, and as people type it.
_DATE = re.compile(r"(\d{4})(?:-|/|\.|年)(\d{1,2})(?:-|/|\.|月)(\d{1,2})日?")


@dataclass(frozen=True)
class Problem:
    place: str  # 第 7 行, B1 格, 第 3 项; "" for the whole file
    column: str
    reason: str


@dataclass
class Reading:
    """What the file says; days only when there is no problem."""

    year: int = 0
    source: str = ""
    days: list[NewDay] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True)
class _Line:
    place: str
    cells: dict[str, str]


@dataclass(frozen=True)
class _Raw:
    """The file's words before anything is understood, and where year and document stand."""

    year: str
    source: str
    lines: list[_Line]
    year_place: str
    source_place: str


class _Unreadable(Exception):
    """Why nothing at all can be read."""


def read(data: bytes, *, source: str = "") -> Reading:
    """`source` typed beside the file goes before the one inside it."""
    try:
        raw = _read_json(data) if data.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"{") else _read_xlsx(data)
    except _Unreadable as error:
        return Reading(problems=[Problem("", "", str(error))])
    found = Reading(source=source or raw.source)
    if re.fullmatch(r"20\d{2}年?", raw.year):
        found.year = int(raw.year[:4])
    else:
        found.problems.append(Problem(raw.year_place, "年份", f"应是四位年份，如 2027，现在是“{raw.year}”"))
    if not found.source:
        found.problems.append(
            Problem(raw.source_place, "依据文件", "没有填：写放假通知的名称和文号，或填在上传页的“依据文件”里")
        )
    elif len(found.source) > _LENGTHS["依据文件"]:
        found.problems.append(Problem(raw.source_place, "依据文件", f"最多 {_LENGTHS['依据文件']} 个字"))
    if len(raw.lines) > MAX_ROWS:
        found.problems.append(Problem("", "", f"最多 {MAX_ROWS} 行，现在有 {len(raw.lines)} 行"))
    else:
        found.days = list(_days(raw.lines, found))
    if not found.problems and all(day.is_workday for day in found.days):
        found.problems.append(Problem("", "安排", "没有一天休息，请核对是不是传错了文件"))
    if found.problems:
        found.days = []
    return found


def _days(lines: Iterable[_Line], found: Reading) -> Iterator[NewDay]:
    """The good rows; what is wrong with the others goes into `found`."""
    places: dict[date, str] = {}
    for line in lines:
        wrong: list[tuple[str, str]] = []
        day = _date(line.cells["日期"])
        if day is None:
            wrong.append(
                ("日期", f"应写作 2027-01-01，现在是“{line.cells['日期']}”" if line.cells["日期"] else "没有填")
            )
        elif day in places:
            wrong.append(("日期", f"与{places[day]}是同一天"))
        elif found.year and not date(found.year - 1, 12, 1) <= day <= date(found.year, 12, 31):
            wrong.append(("日期", f"不在 {found.year} 年（可以从上一年 12 月的连休写起）"))
        kind = line.cells["安排"]
        if kind not in KINDS:
            wrong.append(("安排", f"填休息或上班，现在是“{kind}”" if kind else "没有填：休息或上班"))
        elif day is not None and KINDS[kind] and day.weekday() < 5:
            wrong.append(("安排", f"{day:%m-%d} 是周{WEEKDAYS[day.weekday()]}，本来就上班，不用写；放假请填休息"))
        if not line.cells["名称"]:
            wrong.append(("名称", "没有填：节日名称，或某某调休"))
        for column, most in _LENGTHS.items():
            if len(line.cells[column]) > most:
                wrong.append((column, f"最多 {most} 个字，现在是 {len(line.cells[column])} 个"))
        if day is not None:
            places.setdefault(day, line.place)
        found.problems += [Problem(line.place, column, reason) for column, reason in wrong]
        if day is not None and not wrong:
            yield NewDay(day, KINDS[kind], line.cells["名称"], line.cells["依据文件"] or found.source)


def _date(text: str) -> date | None:
    shape = _DATE.fullmatch(text)
    try:
        return date(*map(int, shape.groups())) if shape else None
    except ValueError:
        return None


def _read_xlsx(data: bytes) -> _Raw:
    book = open_book(data)
    if not isinstance(book, CalamineWorkbook):
        raise _Unreadable(f"{book}；也可以传 JSON")
    if SHEET not in book.sheet_names:
        raise _Unreadable(f"没有名为“{SHEET}”的工作表，请用模板填写")
    table = book.get_sheet_by_name(SHEET).to_python(skip_empty_area=False)
    rows = [[_cell(value) for value in row] + [""] * len(HEAD) for row in table]
    rows += [[""] * (len(HEAD) + 1)] * (_FIRST_ROW - 1 - len(rows))
    if rows[0][0] != "年份" or rows[1][0] != "依据文件" or tuple(rows[_FIRST_ROW - 2][: len(HEAD)]) != HEAD:
        raise _Unreadable(
            f"第 1 行应是年份，第 2 行是依据文件，第 {_FIRST_ROW - 1} 行是表头（{'、'.join(HEAD)}），请用模板填写"
        )
    lines = [
        _Line(f"第 {number} 行", dict(zip(HEAD, row, strict=False)))
        for number, row in enumerate(rows[_FIRST_ROW - 1 :], start=_FIRST_ROW)
        if any(row)
    ]
    return _Raw(rows[0][1], rows[1][1], lines, "B1 格", "B2 格")


def _cell(value: Any) -> str:
    if isinstance(value, datetime | date):
        return f"{value:%Y-%m-%d}"
    return cell_text(value)


_JSON_KEYS = {"date": "日期", "kind": "安排", "name": "名称", "source": "依据文件"}


def _read_json(data: bytes) -> _Raw:
    try:
        told = json.loads(data.decode("utf-8-sig"))
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        where = f"第 {error.lineno} 行附近" if isinstance(error, json.JSONDecodeError) else "编码须是 UTF-8"
        raise _Unreadable(f"不是正确的 JSON（{where}）") from None
    days = told.get("days")
    if not isinstance(days, list) or not all(isinstance(day, dict) for day in days):
        raise _Unreadable("JSON 里应有 days：一个列表，每项是 {date, kind, name, source}，请照模板")
    lines = [
        _Line(f"第 {number} 项", {title: cell_text(day.get(key)) for key, title in _JSON_KEYS.items()})
        for number, day in enumerate(days, start=1)
    ]
    return _Raw(cell_text(told.get("year")), cell_text(told.get("source")), lines, "year", "source")


def write_json(year: int, rows: Iterable[CalendarDayLike]) -> bytes:
    source, listed = _told(year, rows)
    days = [
        {"date": f"{row.date}", "kind": _kind(row), "name": row.name} | ({"source": own} if own else {})
        for row, own in listed
    ]
    return json.dumps({"year": year, "source": source, "days": days}, ensure_ascii=False, indent=1).encode()


def write_xlsx(year: int, rows: Iterable[CalendarDayLike]) -> bytes:
    source, listed = _told(year, rows)
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False})
    head = book.add_format({"bold": True, "bg_color": "#E6F0EE", "border": 1})
    text, day_format = (
        book.add_format({"num_format": "@"}),
        book.add_format({"num_format": "yyyy-mm-dd", "align": "left"}),
    )
    sheet = book.add_worksheet(SHEET)
    for index, width in enumerate((14, 10, 18, 60)):
        sheet.set_column(index, index, width)
    sheet.write_string(0, 0, "年份", head)
    sheet.write_number(0, 1, year)
    sheet.write_string(1, 0, "依据文件", head)
    sheet.write_string(1, 1, source, text)
    sheet.write_string(2, 0, _NOTE)
    for index, title in enumerate(HEAD):
        sheet.write_string(_FIRST_ROW - 2, index, title, head)
    sheet.freeze_panes(_FIRST_ROW - 1, 0)
    sheet.data_validation(
        _FIRST_ROW - 1, 1, MAX_ROWS, 1, {"validate": "list", "source": list(KINDS), "error_message": "请选休息或上班"}
    )
    for number, (row, own) in enumerate(listed, start=_FIRST_ROW - 1):
        sheet.write_datetime(number, 0, datetime.combine(row.date, datetime.min.time()), day_format)
        for index, value in enumerate((_kind(row), row.name, own), start=1):
            sheet.write_string(number, index, value, text)
    book.close()
    return out.getvalue()


def _kind(row: CalendarDayLike) -> str:
    return "上班" if row.is_workday else "休息"


def _told(year: int, rows: Iterable[CalendarDayLike]) -> tuple[str, list[tuple[CalendarDayLike, str]]]:
    """The year's document ("" while provisional), and its named days each with its own document where that differs.

    `rows` are the year's days, and those of the December before, of which only what the year's document settles counts.
    """
    of_year = sorted(rows, key=lambda row: row.date)
    plain = next((row for row in of_year if row.date.year == year and not row.name), None)
    if plain is None:
        return "", []
    source = "" if plain.provisional else plain.source
    listed = [row for row in of_year if row.name and (row.date.year == year or row.source == plain.source)]
    return source, [(row, "" if row.source == plain.source else row.source) for row in listed]

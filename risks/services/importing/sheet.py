"""Reading a filled sheet: the header wherever it stands in the first rows, then one dict of texts per row."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from organisations.services.import_sheet import cell_text, column_letter, open_book
from risks.services.importing.columns import BY_KEY, BY_TITLE, COLUMNS, EXAMPLE, MAX_ROWS, SHEET, Column, Fault
from risks.services.importing.raw import Raw, TooFar, TooManyRows, Unreadable, look

_HEADER_WITHIN = 10  # an exported register has its conditions above the header
_ANCHOR = BY_KEY["title"].title
_DAMAGED = "这不是 Excel（xlsx）文件，或者文件已损坏"
_USE_TEMPLATE = "请下载模板填写，或用平台导出的台账"
_ERRORS = ("#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!")
Rows = list[tuple[int, dict[str, str]]]


@dataclass
class Sheet:
    rows: Rows = field(default_factory=list)
    letters: dict[str, str] = field(default_factory=dict)  # column key → letters, to name a cell
    faults: list[Fault] = field(default_factory=list)
    skipped_examples: int = 0


def read(data: bytes) -> Sheet:
    """The filled rows as texts, or why there are none."""
    book = open_book(data)
    if isinstance(book, str):
        return _refused(book, _USE_TEMPLATE)
    if SHEET not in book.sheet_names:
        names = "、".join(f"“{name}”" for name in book.sheet_names)
        return _refused(f"没有名为“{SHEET}”的工作表，文件里有{names}", _USE_TEMPLATE)
    try:
        raw = look(data, SHEET, at_most=MAX_ROWS + _HEADER_WITHIN + 1)
    except TooManyRows:
        return _refused(
            f"一次最多导入 {MAX_ROWS:,} 行，这个文件超过了",
            "请分几个文件；如果下面只是拉到底的公式、空格，请删除这些行",
        )
    except TooFar as far:
        cell = f"{column_letter(far.column)}{far.row}"
        return Sheet(faults=[Fault(far.row, "", "离表格很远的单元格里有内容", "只保留要导入的行和列", cell)])
    except Unreadable:
        return _refused(_DAMAGED, _USE_TEMPLATE)
    page = book.get_sheet_by_name(SHEET)
    table = page.to_python(skip_empty_area=False)
    top = _header_at(table)
    header = [cell_text(value) for value in table[top]] if table else []
    faults = [*_of_header(header, table, top), *_merged(page.merged_cell_ranges or [], table, header, top)]
    if faults:
        return Sheet(faults=faults)
    columns = {index: BY_TITLE[title] for index, title in enumerate(header) if title in BY_TITLE}
    sheet = Sheet(letters={column.key: column_letter(index) for index, column in columns.items()})
    examples = _read_rows(sheet, table, columns, top)
    named = {fault.cell for fault in sheet.faults}
    sheet.faults += [fault for fault in _formulas(raw, columns, top, examples, table) if fault.cell not in named]
    sheet.faults.sort(key=lambda fault: fault.place)
    if len(sheet.rows) > MAX_ROWS:
        return _refused(f"一次最多导入 {MAX_ROWS:,} 行，现在有 {len(sheet.rows):,} 行", "请分几个文件")
    if not sheet.rows and not sheet.faults:
        return _refused("表里没有可导入的风险点", f"表头下面一行填一个（“{EXAMPLE}”开头的示例行不导入）")
    return sheet


def _refused(wrong: str, right: str) -> Sheet:
    return Sheet(faults=[Fault(0, "", wrong, right)])


def _header_at(table: list[list[Any]]) -> int:
    """The first row that names the risk point; the first row of all when none does."""
    return next((i for i, line in enumerate(table[:_HEADER_WITHIN]) if _ANCHOR in map(cell_text, line)), 0)


def _of_header(header: list[str], table: list[list[Any]], top: int) -> Iterator[Fault]:
    if not any(header):
        yield Fault(1, "", "第 1 行应是表头，现在是空的", _USE_TEMPLATE)
        return
    for index, title in enumerate(header):
        cell = f"{column_letter(index)}{top + 1}"
        if title in BY_TITLE and header.index(title) != index:
            yield Fault(
                top + 1, title, f"表头重复，{column_letter(header.index(title))} 列已有", "删去一列", cell, title
            )
        elif title and title not in BY_TITLE and title not in _EXPORTED_ONLY:
            yield Fault(top + 1, title, "表头不认识", "改成模板里的列名，或删去这一列", cell, title)
        elif not title and any(cell_text(line[index]) for line in table[top + 1 :] if index < len(line)):
            yield Fault(top + 1, f"{column_letter(index)} 列", "有内容但没有表头", "补上列名，或删去这一列", cell)
    for column in COLUMNS:
        if column.required and column.title not in header:
            yield Fault(top + 1, column.title, "缺少这一列", "照模板补上这一列")


def _merged(ranges: Any, table: list[list[Any]], header: list[str], top: int) -> Iterator[Fault]:
    """Merged cells hide which row a text belongs to. What stands above the header is nobody's row."""
    for (row, left), (bottom, right) in ranges:
        inside = (cell_text(value) for line in table[row : bottom + 1] for value in line[left : right + 1])
        if bottom < top or not any(inside):
            continue
        titles = "、".join(filter(None, header[left : right + 1])) or f"{column_letter(left)} 列"
        cells = f"{column_letter(left)}{row + 1}:{column_letter(right)}{bottom + 1}"
        where = "表头" if row <= top else "数据"
        yield Fault(row + 1, titles, f"{where}里有合并单元格", "取消合并，逐格填写", cells)


def _read_rows(sheet: Sheet, table: list[list[Any]], columns: dict[int, Column], top: int) -> set[int]:
    """Into `sheet`; the numbers of the example rows."""
    examples = set()
    for number, line in enumerate(table[top + 1 :], start=top + 2):
        cells: dict[str, str] = {}
        faults = []
        for index, column in columns.items():
            value = line[index] if index < len(line) else None
            text = _lines(value) if column.lines and isinstance(value, str) else cell_text(value)
            if not text:
                continue
            cells[column.key] = text
            where = (f"{column_letter(index)}{number}", text)
            if text in _ERRORS:
                faults.append(Fault(number, column.title, "单元格里是公式错误", column.hint, *where))
            elif column.key == "uscc" and isinstance(value, int | float) and abs(value) >= 1e15:
                wrong = "代码被存成了数字，后几位已经丢失"
                faults.append(Fault(number, column.title, wrong, "把单元格设成文本再填", *where))
        if cells.get("title", "").startswith(EXAMPLE):
            examples.add(number)
        elif cells:
            sheet.rows.append((number, cells))
            sheet.faults += faults
    sheet.skipped_examples = len(examples)
    return examples


def _lines(text: str) -> str:
    lines = (cell_text(line) for line in text.splitlines())
    return "\n".join(line for line in lines if line)


def _formulas(
    raw: Raw, columns: dict[int, Column], top: int, examples: set[int], table: list[list[Any]]
) -> Iterator[Fault]:
    right = "平台不计算公式：复制后“选择性粘贴”为数值，或直接填写"
    for row, index in raw.formulas:
        if index in columns and row > top + 1 and row not in examples:
            line = table[row - 1] if row <= len(table) else []
            saved = cell_text(line[index]) if index < len(line) else ""
            yield Fault(row, columns[index].title, "单元格是公式", right, f"{column_letter(index)}{row}", saved)


# What an exported register also has: true of registered points, nothing that an import could set.
_EXPORTED_ONLY = frozenset(
    [
        "序号",
        "主要负责人",
        "评估说明",
        "分值",
        "等级",
        "等级依据",
        "环节",
        "最近到期日",
        "到期日暂定",
        "交办单位",
        "交办文号",
        "登记日期",
        "销号日期",
        "修改次数",
        "最近修改",
    ]
)

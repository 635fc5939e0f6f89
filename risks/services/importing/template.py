"""The workbook to download: a sheet to fill in with drop-downs, one with what may be filled in, one that explains."""

import io
from collections.abc import Mapping, Sequence

import xlsxwriter

from organisations.services.import_sheet import column_letter
from risks.services.importing.columns import COLUMNS, EXAMPLE, MAX_ROWS, SHEET

VALUES_SHEET = "可填内容"
HELP_SHEET = "填写说明"
_RULES = (
    f"在“{SHEET}”表里一行填一个风险点，一次最多 {MAX_ROWS:,} 行。“{EXAMPLE}”开头的示例行不会导入。",
    "列的顺序可以变，列名不能变；用不到的选填列可以删掉。不要合并单元格，不要用公式。",
    "上传后逐行检查：有一行不对，就一行也不登记，并逐格说明。检查通过后先看清单，确认了才登记。",
    "导入只登记新的风险点。平台导出的台账可以直接拿来用：有编号的行原样保留，不会被改动；要改已登记的，请到案卷页“修改风险点”。",
    "评估各列是责任单位的自评：自评为重大、较大的，登记后即送研判。由监管部门登记的请留空。",
    "照片不能用 Excel 导入，登记后在案卷页“修改风险点”里添加。",
)


def template(values: Mapping[str, Sequence[str]]) -> bytes:
    """`values`: column title → what may be filled in. Those of 可能的事故类型 are a list to read, not a drop-down."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    look = {"bold": True, "border": 1, "text_wrap": True, "valign": "top"}
    head, must = book.add_format(look | {"bg_color": "#E6F0EE"}), book.add_format(look | {"bg_color": "#C9DED9"})
    text = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})
    sample = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top", "font_color": "#626D6A"})
    sheet = book.add_worksheet(SHEET)
    sheet.freeze_panes(1, 2)
    allowed = {column.title: values[column.title] for column in COLUMNS if column.title in values}
    for index, column in enumerate(COLUMNS):
        sheet.set_column(index, index, column.width, text)
        sheet.write_string(0, index, column.title, must if column.required else head)
        sheet.write_comment(0, index, f"{'必填。' if column.required else '可不填。'}{column.hint}。")
        sheet.write_string(1, index, column.example, sample)
        if column.title in allowed and column.key != "accident_types":
            letter = column_letter(list(allowed).index(column.title))
            source = f"='{VALUES_SHEET}'!${letter}$2:${letter}${len(allowed[column.title]) + 1}"
            told = {"error_title": column.title, "error_message": f"请从“{VALUES_SHEET}”里选"}
            rule = {"validate": "list", "source": source, "error_type": "warning", **told}
            sheet.data_validation(1, index, MAX_ROWS + 1, index, rule)
    listed = book.add_worksheet(VALUES_SHEET)
    for index, (title, words) in enumerate(allowed.items()):
        listed.set_column(index, index, 18)
        listed.write_string(0, index, title, head)
        for line, word in enumerate(words, start=1):
            listed.write_string(line, index, word)
    explained = book.add_worksheet(HELP_SHEET)
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    for index, width in enumerate((18, 8, 78)):
        explained.set_column(index, index, width)
    for line, rule_text in enumerate(_RULES):
        explained.merge_range(line, 0, line, 2, rule_text, wrapped)
        explained.set_row(line, 32)
    top = len(_RULES) + 1
    for index, title in enumerate(("列", "必填", "怎么填")):
        explained.write_string(top, index, title, head)
    for line, column in enumerate(COLUMNS, start=top + 1):
        for index, word in enumerate((column.title, "是" if column.required else "", column.hint)):
            explained.write_string(line, index, word, wrapped)
    book.close()
    return out.getvalue()

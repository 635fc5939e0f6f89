"""Forms of the calendar's administration, and the public calculator's."""

import re
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms

from audit.clock import SHANGHAI
from deadlines.calendar_file import MAX_BYTES
from deadlines.rules import Response, all_rules
from deadlines.terms import MAX_LENGTH, CalendarDays, Hours, Months, OnDate, Term, WorkingDays, describe
from organisations.forms.fields import DayField

_SOURCE_HINT = "通知的名称和文号，如：国务院办公厅关于2026年部分节假日安排的通知（国办发明电〔2025〕7号）"
LONGEST_RUN = 60


class YearFileForm(forms.Form):
    file = forms.FileField(
        label="填好的文件",
        help_text="xlsx 或 JSON，照模板填写。",
        widget=forms.FileInput(attrs={"accept": ".xlsx,.json", "data-max-bytes": str(MAX_BYTES)}),
        error_messages={"required": "请选择文件", "empty": "文件是空的"},
    )
    source = forms.CharField(
        label="依据文件", required=False, max_length=200, help_text=f"{_SOURCE_HINT}。文件里已写的可以空着。"
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MAX_BYTES:
            raise forms.ValidationError("文件超过 1 MB，不是工作日历")
        return file


class DaysForm(forms.Form):
    first = DayField(label="日期")
    last = DayField(label="至", required=False, help_text="只改一天的空着。")
    is_workday = forms.TypedChoiceField(
        label="安排",
        choices=[("0", "休息"), ("1", "上班")],
        coerce=lambda value: value == "1",
        widget=forms.RadioSelect,
        error_messages={"required": "请选休息或上班"},
    )
    name = forms.CharField(
        label="名称", required=False, max_length=40, help_text="如春节、国庆节调休。恢复平常的上班、双休时空着。"
    )
    source = forms.CharField(
        label="依据文件", max_length=200, help_text=_SOURCE_HINT, error_messages={"required": "请写明依据文件"}
    )

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        first, last = told.get("first"), told.get("last") or told.get("first")
        if first and last:
            told["last"] = last
            if last < first:
                self.add_error("last", "不能早于前一个日期")
            elif last - first >= timedelta(days=LONGEST_RUN):
                self.add_error("last", f"一次最多改 {LONGEST_RUN} 天，整年的请用文件载入")
        return told


_UNITS = {"wd": "工作日", "d": "自然日", "m": "月", "h": "小时"}


class CalculatorForm(forms.Form):
    """What the address asks. A rule brings its own term; without one the person gives it."""

    start = DayField(label="起算日", help_text="当日不计。")
    hour = forms.CharField(
        label="起算时刻",
        required=False,
        help_text="只有按小时的期限才看时刻。",
        widget=forms.TimeInput(attrs={"type": "time"}),
    )
    rule = forms.ChoiceField(label="按哪条规则算", required=False, choices=list)
    length = forms.IntegerField(
        label="期限",
        required=False,
        min_value=1,
        max_value=MAX_LENGTH,
        widget=forms.NumberInput(attrs={"min": 1, "max": MAX_LENGTH, "inputmode": "numeric"}),
        error_messages={
            "invalid": "请填整数",
            "min_value": "请填不小于 1 的整数",
            "max_value": f"最多 {MAX_LENGTH}",
        },
    )
    unit = forms.ChoiceField(label="单位", required=False, choices=list(_UNITS.items()), widget=forms.RadioSelect)
    roll = forms.BooleanField(
        label="末日逢休息日顺延", required=False, help_text="只对自然日和月有意义（民法典第二百零三条）。"
    )

    def __init__(self, *args: Any, terms: dict[str, Term], **kwargs: Any) -> None:
        """`terms` are the rules' own in this district."""
        super().__init__(*args, **kwargs)
        self.terms = terms
        for name in ("length", "unit"):
            self.fields[name].is_conditional = True  # type: ignore[attr-defined]  # needed unless a rule is chosen
        choices = [(rule.key, f"{rule.label}（{describe(terms[rule.key])}）") for rule in countable_rules()]
        self.fields["rule"].choices = [("", "不按规则，自己填期限"), *choices]  # type: ignore[attr-defined]

    def clean_hour(self) -> time:
        text = self.cleaned_data["hour"]
        shape = re.fullmatch(r"([01]?[0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9])?", text or "0:00", flags=re.ASCII)
        if shape is None:
            raise forms.ValidationError("请按 14:20 的写法填时刻")
        return time(int(shape[1]), int(shape[2]))

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        if not told.get("rule") and told.get("length") is None and "length" not in self.errors:
            self.add_error("length", "请填期限，或者选一条规则")
        return told

    @property
    def term(self) -> Term:
        told = self.cleaned_data
        if told["rule"]:
            return self.terms[told["rule"]]
        length, roll = told["length"], told["roll"]
        match told["unit"]:
            case "d":
                return CalendarDays(length, roll=roll)
            case "m":
                return Months(length, roll=roll)
            case "h":
                return Hours(length)
        return WorkingDays(length)

    @property
    def started_at(self) -> datetime:
        day: date = self.cleaned_data["start"]
        return datetime.combine(day, self.cleaned_data["hour"], tzinfo=SHANGHAI)


def countable_rules() -> list[Response]:
    """Rules whose term is a length; a date that a letter names needs no calculation."""
    return [rule for rule in all_rules() if not isinstance(rule.within, OnDate)]

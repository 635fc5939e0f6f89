"""`manage.py workdays 2018-09-28 3 [--json]`: the n-th working day after a day, with the reasons."""

import json
import re
from datetime import date, datetime, time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from deadlines.calendar import WEEKDAYS, CalendarOutOfRange, WorkCalendar
from deadlines.terms import SHANGHAI, Explanation, WorkingDays, due, explain


class Command(BaseCommand):
    help = "推算某日之后第 N 个工作日，并逐日说明理由。用法：workdays 起算日 天数 [--json]"

    def add_arguments(self, parser: CommandParser) -> None:
        # Optional and untyped for argparse, so that every mistake is answered in Chinese below.
        parser.add_argument("start", nargs="?", default="", help="起算日，例如 2018-09-28（当日不计）")
        parser.add_argument("days", nargs="?", default="", help="工作日数，不小于 1 的整数")
        parser.add_argument("--json", action="store_true", help="输出 JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        start = parse_start(str(options["start"]))
        term = parse_days(str(options["days"]))
        try:
            calendar = WorkCalendar.load()
            started_at = datetime.combine(start, time.min, tzinfo=SHANGHAI)
            result = due(term, started_at, calendar)
            explanation = explain(term, started_at, calendar)
        except CalendarOutOfRange as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            answer = {
                "start": start.isoformat(),
                "days": term.n,
                "due": result.due_on.isoformat(),
                "provisional": result.provisional,
                "explanation": [
                    {"date": row.date.isoformat(), "counted": row.counted, "count": row.count, "reason": row.reason}
                    for row in explanation.rows
                ],
            }
            self.stdout.write(json.dumps(answer, ensure_ascii=False))
        else:
            self.stdout.write(as_table(explanation))


def parse_start(text: str) -> date:
    if not text:
        raise CommandError("请给出起算日和工作日数，例如：workdays 2018-09-28 3")
    try:
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            raise ValueError(text)
        return date.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"起算日“{text}”不是有效日期，应写作 2018-09-28。") from error


def parse_days(text: str) -> WorkingDays:
    if not text:
        raise CommandError("请给出工作日数，例如：workdays 2018-09-28 3")
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise CommandError(f"工作日数“{text}”须为不小于 1 的整数。")
    try:
        return WorkingDays(int(text))
    except ValueError as error:
        raise CommandError(f"工作日数“{text}”不合规定：{error}") from error


def as_table(explanation: Explanation) -> str:
    lines = ["日期           计  理由"]
    for row in explanation.rows:
        count = "–" if row.count is None else str(row.count)
        lines.append(f"{row.date} {WEEKDAYS[row.date.weekday()]}  {count:>2}  {row.reason}")
    return "\n".join([*lines, "", explanation.sentence])

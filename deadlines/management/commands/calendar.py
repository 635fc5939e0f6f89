"""`manage.py calendar export 2027`, `manage.py calendar check FILE`: a year as a file, and whether a file could be loaded."""

from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from deadlines.calendar_file import read, write_json
from deadlines.models import CalendarDay


class Command(BaseCommand):
    help = "工作日历。用法：calendar export 年份（JSON，与载入的模板同一格式）；calendar check 文件（只检查，不改动）"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", nargs="?", default="", help="export 或 check")
        parser.add_argument("what", nargs="?", default="", help="年份，或 xlsx、JSON 文件")

    def handle(self, *args: Any, **options: Any) -> None:
        match options["action"]:
            case "export":
                self._export(str(options["what"]))
            case "check":
                self._check(Path(options["what"]))
            case _:
                raise CommandError("请写明要做什么：calendar export 2027，或 calendar check 文件")

    def _export(self, year: str) -> None:
        of_year = CalendarDay.objects.filter(date__year=int(year)) if year.isdigit() and len(year) == 4 else None
        if of_year is None or not of_year.exists():
            raise CommandError(f"工作日历没有“{year}”年")
        rows = CalendarDay.objects.filter(date__gte=date(int(year) - 1, 12, 1), date__lte=date(int(year), 12, 31))
        self.stdout.write(write_json(int(year), rows).decode())

    def _check(self, path: Path) -> None:
        try:
            found = read(path.read_bytes())
        except OSError as error:
            raise CommandError(f"读不到文件“{path}”：{error.strerror}") from error
        if found.problems:
            lines = [f"{p.place or '整个文件'}　{p.column}　{p.reason}" for p in found.problems]
            raise CommandError("\n".join([f"有 {len(lines)} 处要改：", *lines]))
        off = sum(not day.is_workday for day in found.days)
        self.stdout.write(
            f"{found.year} 年：休息 {off} 天，上班 {len(found.days) - off} 天，依据“{found.source}”，可以载入"
        )

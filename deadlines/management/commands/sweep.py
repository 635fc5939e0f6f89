"""`manage.py sweep [--at 2026-10-10T00:05]`: tell everybody who must be told at that moment."""

from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.clock import SHANGHAI, now
from deadlines.services.reminders import sweep


class Command(BaseCommand):
    help = "扫描时限、发出提醒；重复运行不会重复提醒。用法：sweep [--at 2026-10-10T00:05]"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--at", default="", help="按此刻扫描，ISO 格式，不写时区即北京时间；不填为现在")

    def handle(self, *args: Any, **options: Any) -> None:
        at = parse_moment(str(options["at"])) if options["at"] else now()
        result = sweep(at=at)
        self.stdout.write(
            f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}：扫描 {result.scanned} 条时限，发出 {result.fired} 条提醒"
        )


def parse_moment(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=SHANGHAI)).astimezone(SHANGHAI)
    except (ValueError, OverflowError) as error:
        raise CommandError(f"时刻“{text}”无法识别，应写作 2026-10-10T00:05 或 2026-10-10T00:05:00+08:00") from error

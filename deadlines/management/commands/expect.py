"""`manage.py expect [--until 2026-12-31]`: make the expected filings ahead, end those that nobody owes any more."""

from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.clock import now
from deadlines.services.expected import expect


class Command(BaseCommand):
    help = "提前生成应报事项；重复运行不会重复生成。用法：expect [--until 2026-12-31]"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--until", default="", help="生成到期日不晚于这一天的；不填按各规则的提前天数")

    def handle(self, *args: Any, **options: Any) -> None:
        until = _day(str(options["until"])) if options["until"] else None
        result = expect(at=now(), until=until)
        self.stdout.write(f"核对 {result.scanned} 期，生成 {result.made} 项，不再应报 {result.lapsed} 项")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"日期“{text}”无法识别，应写作 2026-12-31") from error

"""`manage.py status`: what runs and what does not, for a monitor: exit code 0 when nothing is red, 1 otherwise."""

import json
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from config.status import portal_status


class Command(BaseCommand):
    help = "运行状态；有异常时退出码为 1。用法：status [--json]"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="每项一个 JSON 对象")

    def handle(self, *args: Any, **options: Any) -> None:
        # Whoever asks by command does not wait: a job that never ran is red at once.
        rows = portal_status(up_since=datetime.min.replace(tzinfo=UTC))
        if options["json"]:
            self.stdout.write(json.dumps(rows, ensure_ascii=False, default=str))
        else:
            for row in rows:
                age = "" if row["age"] is None else f"{row['age']} 秒前"
                said = "　".join(text for text in (age, row["detail"], row["todo"]) if text)
                self.stdout.write(
                    f"{'异常' if row['red'] else '待办' if row['warning'] else '正常'}　{row['label']}　{said}".rstrip(
                        "　"
                    )
                )
        if any(row["red"] for row in rows):
            raise SystemExit(1)

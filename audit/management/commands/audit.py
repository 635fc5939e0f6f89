from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.sealing import seal, verify


class Command(BaseCommand):
    help = "审计链：audit verify 逐环核对；audit seal 立即封存。"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", choices=["verify", "seal"])

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        if action == "seal":
            self.stdout.write(f"已封存 {seal()} 条")
            return
        report = verify()
        if not report.ok:
            raise CommandError("审计链不完整：" + "；".join(report.problems))
        self.stdout.write(f"审计链完整：{report.links} 环，链头 {report.head[:16]}，待封存 {report.unsealed} 条")

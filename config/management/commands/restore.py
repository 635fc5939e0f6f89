from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.clock import now
from config.backup.restoring import restore_backup
from config.backup.tools import BackupTrouble


class Command(BaseCommand):
    help = "从备份恢复到空库和空附件目录。先逐个核对备份，有一处不符就不动手。"
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("source", type=Path, metavar="目录")

    def handle(self, *args: Any, source: Path, **options: Any) -> None:
        try:
            content, report = restore_backup(source.absolute(), at=now(), real=datetime.now(UTC))
        except BackupTrouble as trouble:
            raise CommandError(str(trouble)) from trouble
        self.stdout.write(f"已恢复 {content['made_at'][:19]}Z 的备份：{sum(content['tables'].values())} 行")
        for note in report.notes:
            self.stdout.write(f"说明：{note}")
        if content["missing"]:
            self.stdout.write(
                f"备份时已有 {len(content['missing'])} 个附件的文件缺失：{'、'.join(content['missing'][:5])}"
            )
        if not report.ok:
            raise CommandError("已恢复，但审计链不完整：" + "；".join(report.problems))
        self.stdout.write(f"审计链完整：{report.links} 环，与 {report.anchors} 条存证相符")

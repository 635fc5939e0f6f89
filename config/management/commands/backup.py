from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.clock import now
from config.backup.making import make_backup
from config.backup.tools import BackupTrouble


class Command(BaseCommand):
    help = "备份：数据库、附件和文书、链头存证，连同清单写进一个新目录。平台照常运行。"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("target", type=Path, metavar="目录", help="不存在或为空")

    def handle(self, *args: Any, target: Path, **options: Any) -> None:
        try:
            content = make_backup(target.absolute(), at=now())
        except BackupTrouble as trouble:
            raise CommandError(str(trouble)) from trouble
        chain, size = content["chain"], sum(about["bytes"] for about in content["contents"].values())
        self.stdout.write(
            f"已备份到 {target}：{sum(content['tables'].values())} 行，{len(content['contents'])} 个文件，"
            f"{size / 1_000_000:.1f} MB；链头第 {chain['seq']} 环 {chain['head'][:16]}"
        )
        if content["missing"]:
            told = "、".join(content["missing"][:5])
            raise CommandError(f"备份已完成，但有 {len(content['missing'])} 个附件的文件缺失或已变：{told}")

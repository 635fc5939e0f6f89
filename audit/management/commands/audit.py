from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.anchors import files, keys, writing
from audit.clock import now
from audit.export import Scope, export_folder
from audit.sealing import seal
from audit.services import Stamp
from audit.verification import verify

BY_COMMAND = Stamp(label="命令行")


class Command(BaseCommand):
    help = "审计链：audit verify 逐环核对；audit export 导出给他人核对；audit seal 立即封存。"

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser("seal", help="立即封存")
        verifying = actions.add_parser("verify", help="逐环核对，并与库外的链头存证核对")
        verifying.add_argument(
            "--anchor", type=Path, metavar="文件", help="改用这个存证文件或目录；不给时用 ANCHOR_DIR 中的"
        )
        verifying.add_argument(
            "--key", type=Path, action="append", default=[], metavar="文件", help="另外的公钥（PEM）"
        )
        verifying.add_argument("--files", action="store_true", help="同时逐个读附件和文书文件，核对摘要")
        exporting = actions.add_parser("export", help="导出事件、链和存证，附核对程序")
        exporting.add_argument("target", type=Path, help="目录（须为空或不存在）；以 .jsonl 结尾的是单个文件")
        exporting.add_argument(
            "--case", type=int, metavar="N", help="只给出这个案卷（内部编号）的事件内容，其余只给摘要"
        )
        exporting.add_argument("--until", type=int, metavar="环号", help="到这一环为止")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        match action:
            case "seal":
                self.stdout.write(f"已封存 {seal()} 条")
            case "verify":
                self._verify(options["anchor"], options["key"], options["files"])
            case "export":
                self._export(options["target"], Scope(case=options["case"], until=options["until"]))

    def _verify(self, place: Path | None, more_keys: list[Path], with_files: bool) -> None:
        # The anchors first: the chain only grows, so one that is read later knows every head of theirs.
        try:
            known = keys.public_keys(*more_keys)
            reading = files.read(place, known) if place else writing.read_own()
        except (keys.KeyTrouble, OSError) as error:
            raise CommandError(f"存证读不出来：{error}") from error
        report = verify(reading=reading, files=with_files)
        for note in report.notes:
            self.stdout.write(f"说明：{note}")
        if not report.ok:
            raise CommandError("审计链不完整：" + "；".join(report.problems))
        self.stdout.write(f"审计链完整：{report.links} 环，链头 {report.head[:16]}，待封存 {report.unsealed} 条")
        last = report.last_anchor
        self.stdout.write(
            f"与 {report.anchors} 条存证相符，最近 {last.at[:19]}Z 第 {last.seq} 环" if last else "没有存证可比"
        )

    def _export(self, target: Path, scope: Scope) -> None:
        try:
            told = export_folder(target, scope=scope, by=BY_COMMAND, at=now())
        except (FileExistsError, ValueError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"已导出到 {target}：第 {told.first} 至 {told.last} 环，其中 {told.shown} 条给出内容")

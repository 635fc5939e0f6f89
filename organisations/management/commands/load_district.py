"""`manage.py load_district FILE`: put a district's profile into the database, or bring it up to date."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.clock import now
from organisations.profile import ProfileError, read
from organisations.services.districts import load_district


class Command(BaseCommand):
    help = "载入区县配置（TOML）。可反复载入：只更新有变化的部分，不删除任何内容。用法：load_district 文件"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", default="", help="例如 config/districts/bengshan.toml")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["file"]:
            raise CommandError("请给出配置文件，例如：load_district config/districts/bengshan.toml")
        try:
            profile = read(Path(options["file"]))
        except ProfileError as error:
            raise CommandError(f"没有载入，配置文件有 {len(error.problems)} 处问题：\n{error}") from error
        changes = load_district(profile=profile, at=now())
        for change in changes:
            self.stdout.write(change)
        name = profile.district["name"]
        self.stdout.write(
            f"{name}（{profile.code}）已载入，{len(changes)} 处变化。"
            if changes
            else f"{name}（{profile.code}）没有变化。"
        )

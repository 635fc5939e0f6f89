"""`manage.py load_demo [--if-empty]`: the demonstration district, over an empty database only."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.clock import now
from config.demo.load import DemoRefused, load_demo


class Command(BaseCommand):
    help = "向空库载入演示数据（蚌山区、企业、账号、风险）。库中有其他数据时拒绝。用法：load_demo [--if-empty]"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--if-empty", action="store_true", help="库中已有数据时不报错，不作改动")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if not (settings.DEMO or settings.TESTING):
                # Its accounts share a password that is printed in the documentation.
                raise DemoRefused("演示数据只能载入演示环境（DEMO=1）。")
            counts = load_demo(at=now())
        except DemoRefused as error:
            if options["if_empty"]:
                self.stdout.write(str(error))
                return
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"演示数据已载入：企业 {counts['enterprises']} 家，账号 {counts['accounts']} 个，风险点 {counts['risks']} 个。"
        )

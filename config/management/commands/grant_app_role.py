from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.database_roles import RoleTrouble, apply, grants


class Command(BaseCommand):
    help = "给应用的数据库角色授权：证据各表只能读和加。以属主运行，可反复运行，每次 migrate 之后运行一次。"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("role", metavar="角色")
        parser.add_argument("--print", action="store_true", dest="only_print", help="只打印语句，不执行")

    def handle(self, *args: Any, role: str, only_print: bool, **options: Any) -> None:
        try:
            statements = grants(role)
        except RoleTrouble as trouble:
            raise CommandError(str(trouble)) from trouble
        if only_print:
            self.stdout.write("".join(f"{statement};\n" for statement in statements), ending="")
            return
        apply(statements)
        self.stdout.write(f"已授权 {role}：{len(statements)} 条语句")

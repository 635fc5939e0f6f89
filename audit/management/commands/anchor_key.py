from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.anchors import keys


class Command(BaseCommand):
    help = "建立签署链头存证的密钥（Ed25519，库外、仅本用户可读），打印公钥。已有的不覆盖。"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--if-missing", action="store_true", help="已有时不作声")

    def handle(self, *args: Any, if_missing: bool, **options: Any) -> None:
        try:
            key = keys.create_key()
        except keys.KeyTrouble as trouble:
            if if_missing:
                return
            raise CommandError(str(trouble)) from trouble
        self.stdout.write(f"密钥 {keys.key_id(key)} 已写入 {settings.ANCHOR_KEY_FILE}，公钥（请抄存或公布）：")
        self.stdout.write(keys.public_pem(key))

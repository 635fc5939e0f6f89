"""`manage.py demo_accounts`: who can log in to the demo, and with which password."""

import unicodedata
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from config.demo.people import ACCOUNTS
from organisations.models import Account, District, Post


class Command(BaseCommand):
    help = "列出演示账号和密码"

    def handle(self, *args: Any, **options: Any) -> None:
        if not District.objects.filter(is_demo=True).exists():
            self.stdout.write("库中没有演示数据，没有演示账号。")
            return
        self.stdout.write(as_table([("用户名", "岗位", "单位"), *_rows()]))
        self.stdout.write("\n其他有风险点的企业：用户名为其统一社会信用代码（在“企业”中查看），岗位为主要负责人。")
        self.stdout.write(f"密码（password）: {settings.DEMO_PASSWORD}")


def _rows() -> list[tuple[str, str, str]]:
    """One row per account in the order of the demo; two posts of one account stand in one row."""
    names = [account.username for account in ACCOUNTS]
    people = dict(Account.objects.filter(username__in=names, is_active=True).values_list("person", "username"))
    posts: dict[str, list[Post]] = {}
    for post in Post.objects.filter(person__in=people).select_related("person", "unit").order_by("pk"):
        posts.setdefault(people[post.person_id], []).append(post)
    return [
        (name, f"{held[0].person.name}  {'／'.join(p.section + p.title for p in held)}", str(held[0].unit))
        for name in names
        if (held := posts.get(name))
    ]


def as_table(rows: list[tuple[str, str, str]]) -> str:
    """Columns aligned on a terminal, where a Chinese character is two columns wide."""
    widths = [max(_width(row[n]) for row in rows) for n in range(2)]
    return "\n".join(
        "  ".join([*(cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=False)), row[2]])
        for row in rows
    )


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)

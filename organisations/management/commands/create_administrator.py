"""`manage.py create_administrator`: the first system and the first security administrator of an empty portal.

People are appointed by the system administrator and given accounts by the security administrator. Somebody has to be
there first; this command makes exactly those two, once, and refuses as soon as the role is held.
"""

import re
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from audit.clock import local_date, now
from audit.personal import Personal
from audit.services import Stamp, record
from organisations.events import Event
from organisations.models import Account, District, Person, Post, Unit
from organisations.roles import ADMINISTRATORS, ROLE_BY_KEY, UnitKind
from organisations.services.accounts import first_password
from organisations.services.passwords import set_password

FIRST_ROLES = ("system_admin", "security_admin")  # these two make the third, and everybody else, in the portal
_USERNAME = re.compile(r"[a-z][a-z0-9._-]{2,39}")


class AdministratorRefused(Exception):
    """Why nobody was appointed, in Chinese."""


class Command(BaseCommand):
    help = (
        "开通首名系统管理员或安全管理员，并打印首次密码（只显示一次）。该角色已有人担任时拒绝。"
        "用法：create_administrator --role system_admin --name 姓名 --username 用户名 [--district 区划代码]"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        # Optional for argparse, so that every mistake is answered in Chinese below.
        parser.add_argument("--role", default="", help=" 或 ".join(FIRST_ROLES))
        parser.add_argument("--name", default="", help="姓名")
        parser.add_argument("--username", default="", help="用户名，小写字母开头，3 至 40 位")
        parser.add_argument("--district", default="", help="区划代码；库中只有一个区县时可不填")

    def handle(self, *args: Any, **options: Any) -> None:
        given = {key: str(options[key]).strip() for key in ("role", "name", "username", "district")}
        try:
            account, password = create_administrator(**given, at=now())
        except AdministratorRefused as error:
            raise CommandError(str(error)) from error
        label = ROLE_BY_KEY[given["role"]].label
        self.stdout.write(f"已开通{label}：{given['name']}，用户名 {account.username}")
        self.stdout.write(f"首次密码（只显示这一次，登录后须修改）：{password}")


@transaction.atomic
def create_administrator(
    *, role: str, name: str, username: str, district: str = "", at: datetime
) -> tuple[Account, str]:
    """The account and its first password. Raises AdministratorRefused; then nothing was written."""
    if role not in FIRST_ROLES:
        raise AdministratorRefused(f"--role 须是 {' 或 '.join(FIRST_ROLES)}；其他人员由管理员在“管理”中办理")
    if not 0 < len(name) <= 40:
        raise AdministratorRefused("请用 --name 写明姓名，不超过 40 字")
    if not _USERNAME.fullmatch(username):
        raise AdministratorRefused("--username 须以小写字母开头，3 至 40 位，只用小写字母、数字、点、下划线和短横")
    place = _district(district)
    _refuse_if_held(place, role, name, at)
    if Account.objects.filter(username__iexact=username).exists():
        raise AdministratorRefused(f"用户名 {username} 已有人使用")
    stamp = Stamp(label="系统（命令行）", district_code=place.code)
    unit = _platform_unit(place, stamp, at)
    person = Person.objects.create(district=place, name=name)
    record(
        Event.PERSON_SAVED,
        by=stamp,
        at=at,
        subject=("person", person.pk),
        data={"phone": "", "new": True},
        personal={"name": name},
    )
    label = ROLE_BY_KEY[role].label
    post = Post.objects.create(
        person=person, unit=unit, title=label, role_key=role, basis="首次开通", valid_from=local_date(at)
    )
    told = {"person": Personal(name), "unit": str(unit), "title": label, "role": label, "valid_from": post.valid_from}
    record(Event.POST_OPENED, by=stamp, at=at, subject=("post", post.pk), data=told)
    password = first_password()
    account = Account(person=person, username=username)
    set_password(account, password, at=at, first=True)
    record(
        Event.ACCOUNT_CREATED,
        by=stamp,
        at=at,
        subject=("account", account.pk),
        data={"username": username},
        personal={"person": name},
    )
    return account, password


def _district(code: str) -> District:
    """Locked, so that two runs at once do not make two first administrators."""
    found = list(District.objects.select_for_update().filter(**({"code": code} if code else {}))[:2])
    if not found:
        where = f"没有区划代码为 {code} 的区县" if code else "库中还没有区县"
        raise AdministratorRefused(f"{where}，请先运行 load_district 文件")
    if len(found) > 1:
        raise AdministratorRefused("库中有多个区县，请用 --district 写明区划代码")
    return found[0]


def _refuse_if_held(district: District, role: str, name: str, at: datetime) -> None:
    posts = Post.objects.open_on(local_date(at)).filter(unit__district=district).select_related("person")
    label = ROLE_BY_KEY[role].label
    held = posts.filter(role_key=role).first()
    if held is not None:
        raise AdministratorRefused(f"{district}已有{label}（{held.person.name}），请由其在“管理”中办理")
    other = posts.filter(role_key__in=ADMINISTRATORS - {role}, person__name=name).first()
    if other is not None:
        raise AdministratorRefused(
            f"{name}是{other.role.label}，不能再任{label}：系统、安全、审计管理员须由不同的人担任（等保三权分立）"
        )


def _platform_unit(district: District, stamp: Stamp, at: datetime) -> Unit:
    units = Unit.objects.filter(district=district, kind=UnitKind.PLATFORM).valid_on(local_date(at))
    unit = units.order_by("pk").first()
    if unit is not None:
        return unit
    unit = Unit.objects.create(
        district=district,
        kind=UnitKind.PLATFORM,
        name=f"{district.city_name}{district.name}安全生产监管平台管理组",
        short_name="平台管理",
    )
    data = {"name": unit.name, "new": True, "changed": {"kind": unit.kind, "short_name": unit.short_name}}
    record(Event.UNIT_SAVED, by=stamp, at=at, subject=("unit", unit.pk), data=data)
    return unit

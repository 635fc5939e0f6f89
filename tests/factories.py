"""Builders of test data: plain functions with keyword arguments, no profile file, no command, no clock."""

import time
from datetime import date, datetime
from itertools import count
from typing import Any

from django.test import Client

from audit.clock import SHANGHAI
from organisations.actors import Actor
from organisations.middleware import SEEN, SESSION_KEY, SINCE
from organisations.models import Account, District, Enterprise, Person, Post, Sector, Territory, Unit
from organisations.roles import ROLE_BY_KEY, UnitKind

CODE = "340303"
PASSWORD = "zhuan-2018-101"
# A drawn signature as static/signature.js sends it: SVG path data in a 600 × 200 view box.
STROKES = "M60 120 L140 60 L180 150 M220 70 L300 72 C320 90 330 120 300 150 M380 60 L380 150 L460 140"

_serial = count(1)
_uscc_serial = count(1)  # its own: a code has room for four digits, and a whole run counts further than that

# (statistics code within the district, name, kind, run by the district)
AREAS = (
    ("003", "纬二路街道", Territory.Kind.STREET, True),
    ("010", "胜利街道", Territory.Kind.STREET, False),
    ("200", "燕山乡", Territory.Kind.TOWNSHIP, True),
    ("201", "雪华乡", Territory.Kind.TOWNSHIP, True),
)
# (kind, short name, letter code without the district's prefix)
UNITS = (
    (UnitKind.GOVERNMENT, "区政府", "政"),
    (UnitKind.COMMITTEE, "区安委办", "安办"),
    (UnitKind.BUREAU, "区应急管理局", "应急"),
    (UnitKind.DEPARTMENT, "区住建交通委", "住建交"),
    (UnitKind.DEPARTMENT, "区市场监管局", "市监"),
    (UnitKind.SUPERVISORY, "区纪委监委", ""),
    (UnitKind.HIGHER, "市应急管理局", ""),
    (UnitKind.EXPERT, "安全评价有限公司", ""),
    (UnitKind.PLATFORM, "平台管理", ""),
)
# (code, name, sections, high-risk, short names of the departments)
SECTORS = (
    ("hazchem", "危险化学品", "CFG", True, ("区应急管理局",)),
    ("dust", "粉尘涉爆", "C", True, ("区应急管理局",)),
    ("construction", "建筑施工", "E", True, ("区住建交通委",)),
    ("special_equipment", "特种设备", "", False, ("区市场监管局",)),
    ("road", "道路交通", "G", False, ("区住建交通委",)),
)


def at(text: str) -> datetime:
    """`at("2026-10-09 14:20")`: that moment in Asia/Shanghai. A date alone means its first minute."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def make_district(
    *, code: str = CODE, name: str = "蚌山区", is_demo: bool = False, terms: dict[str, str] | None = None
) -> District:
    """A small whole district: four areas with their units, nine other units, five sectors. The existing one if there is one."""
    found = District.objects.filter(code=code).first()
    if found is not None:
        return found
    district = District.objects.create(
        code=code,
        name=name,
        city_name="蚌埠市",
        portal_title=f"{name}安全生产监管平台",
        is_demo=is_demo,
        profile={"terms": terms or {}, "grading": {"ls_variant": "A"}},
    )
    root = Territory.objects.create(district=district, code=code, name=name, kind=Territory.Kind.DISTRICT)
    for tail, area, kind, managed in AREAS:
        territory = Territory.objects.create(
            district=district, parent=root, code=code + tail, name=area, kind=kind, is_district_managed=managed
        )
        make_unit(
            district=district,
            kind=UnitKind.TOWNSHIP,
            short_name=area,
            letter_code=name[:-1] + area[0],
            territory=territory,
        )
    for kind, short_name, letter_code in UNITS:
        make_unit(
            district=district, kind=kind, short_name=short_name, letter_code=letter_code and name[:-1] + letter_code
        )
    for order, (sector_code, sector_name, sections, high_risk, departments) in enumerate(SECTORS):
        sector = Sector.objects.create(
            district=district,
            code=sector_code,
            name=sector_name,
            sections=sections,
            is_high_risk=high_risk,
            order=order,
        )
        sector.departments.set(Unit.objects.filter(district=district, short_name__in=departments))
    return district


def make_unit(
    *,
    district: District | None = None,
    kind: str = UnitKind.DEPARTMENT,
    short_name: str = "",
    name: str = "",
    letter_code: str = "",
    territory: Territory | None = None,
    superior: Unit | None = None,
    valid_from: date | None = None,
    valid_to: date | None = None,
    succeeded_by: Unit | None = None,
) -> Unit:
    district = district or make_district()
    short_name = short_name or f"区第{next(_serial)}局"
    name = name or f"{district.city_name}{district.name}{short_name.removeprefix('区')}"
    return Unit.objects.create(
        district=district,
        kind=kind,
        name=name,
        short_name=short_name,
        letterhead=name,
        letter_code=letter_code,
        territory=territory,
        superior=superior,
        valid_from=valid_from,
        valid_to=valid_to,
        succeeded_by=succeeded_by,
    )


def unit_of(short_name: str, *, district: District | None = None) -> Unit:
    """A unit of the district by its short name: `unit_of("燕山乡")`, `unit_of("区应急管理局")`."""
    return Unit.objects.select_related("district", "territory").get(
        district=district or make_district(), short_name=short_name, valid_to=None
    )


def sector_of(code: str, *, district: District | None = None) -> Sector:
    return Sector.objects.get(district=district or make_district(), code=code)


def territory_of(name: str, *, district: District | None = None) -> Territory:
    return Territory.objects.get(district=district or make_district(), name=name)


def make_enterprise(
    *,
    district: District | None = None,
    name: str = "",
    uscc: str | None = None,
    no_uscc_reason: str = "",
    sector: str = "hazchem",
    township: str = "燕山乡",
    enforcer: str | None = "区应急管理局",
    **fields: Any,
) -> Enterprise:
    """An enterprise with its unit. Sector by code, township and enforcer by name; enforcer None makes it 待明确."""
    district = district or make_district()
    area = territory_of(township, district=district)
    name = name or f"蚌埠市第{next(_serial)}加油站有限公司"
    unit = make_unit(district=district, kind=UnitKind.ENTERPRISE, name=name, short_name=name, territory=area)
    values: dict[str, Any] = {
        "uscc": uscc or (None if no_uscc_reason else make_uscc(district=district.code)),
        "no_uscc_reason": no_uscc_reason,
        "sector": sector_of(sector, district=district),
        "township": area,
        "address": f"{township}东海大道{next(_serial)}号",
        "principal_name": "陈国强",
        "principal_phone": "13805520000",
        "enforcement_department": unit_of(enforcer, district=district) if enforcer else None,
        "undetermined_since": None if enforcer else date(2026, 9, 1),
    }
    return Enterprise.objects.create(unit=unit, **(values | fields))


def make_uscc(*, district: str = CODE, serial: int | None = None) -> str:
    """A new code that passes both checks, built by the rules themselves and not by the code under test."""
    body = f"MA9X{next(_uscc_serial) if serial is None else serial:04d}"
    weights = (3, 7, 9, 10, 5, 8, 4, 2)
    rest = 11 - sum((int(c) if c.isdigit() else ord(c) - 55) * w for c, w in zip(body, weights, strict=True)) % 11
    first17 = f"91{district}{body}{ {10: 'X', 11: '0'}.get(rest, str(rest)) }"
    charset = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    total = sum(charset.index(c) * pow(3, i, 31) for i, c in enumerate(first17))
    return first17 + charset[-total % 31]


def make_person(*, district: District | None = None, name: str = "", phone: str = "13805521234") -> Person:
    return Person.objects.create(
        district=district or make_district(), name=name or f"测试人{next(_serial)}", phone=phone
    )


def make_account(
    *, person: Person | None = None, username: str = "", password: str = PASSWORD, **fields: Any
) -> Account:
    account = Account(
        person=person or make_person(),
        username=username or f"user{next(_serial)}",
        **({"must_change_password": False} | fields),
    )
    account.set_password(password)
    account.save()
    return account


def make_post(
    *,
    person: Person | None = None,
    unit: Unit | None = None,
    role_key: str = "bureau_handler",
    section: str = "",
    title: str = "",
    valid_from: date = date(2018, 1, 1),
    valid_to: date | None = None,
    **fields: Any,
) -> Post:
    unit = unit or default_unit(role_key, district=person.district if person else None)
    return Post.objects.create(
        person=person or make_person(district=unit.district),
        unit=unit,
        role_key=role_key,
        section=section,
        title=title or ROLE_BY_KEY[role_key].label,
        valid_from=valid_from,
        valid_to=valid_to,
        **fields,
    )


def make_actor(
    role_key: str = "bureau_handler",
    unit: Unit | Enterprise | str | None = None,
    *,
    district: District | None = None,
    person: Person | None = None,
    name: str = "",
    username: str = "",
    section: str = "",
    title: str = "",
) -> Actor:
    """A new person with account and post. The unit may be a short name; without it, one whose kind suits the role."""
    if isinstance(unit, str):
        unit = unit_of(unit, district=district)
    elif isinstance(unit, Enterprise):
        unit = unit.unit
    unit = unit or default_unit(role_key, district=district)
    person = person or make_person(district=unit.district, name=name)
    post = make_post(person=person, unit=unit, role_key=role_key, section=section, title=title)
    return Actor(account=make_account(person=person, username=username), post=post)


def default_unit(role_key: str, *, district: District | None = None) -> Unit:
    """The first unit of the district whose kind the role allows; an enterprise is made when there is none."""
    district = district or make_district()
    kinds = ROLE_BY_KEY[role_key].unit_kinds
    unit = (
        Unit.objects.filter(district=district, kind__in=kinds, valid_to=None)
        .select_related("district", "territory")
        .order_by("pk")
        .first()
    )
    return unit or make_enterprise(district=district).unit


def client_for(actor: Actor) -> Client:
    """A logged-in browser acting in the actor's post."""
    client = Client()
    client.force_login(actor.account, backend="django.contrib.auth.backends.ModelBackend")
    session = client.session
    session[SESSION_KEY] = actor.post.pk
    session[SINCE] = session[SEEN] = int(time.time())
    session.save()
    return client

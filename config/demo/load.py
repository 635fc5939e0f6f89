"""Loading the demo in one transaction: district, enterprises, people, accounts, then risks through the real services."""

from datetime import date, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import connection, transaction

from audit.clock import local_date
from audit.services import SYSTEM, record
from config.demo.enterprises import ENTERPRISES, NO_CODE, UNDETERMINED, DemoEnterprise, made_up_uscc, position
from config.demo.filings import load_filings
from config.demo.guides import load_guides, register_by_guides
from config.demo.people import ACCOUNTS, IN_OFFICE_SINCE
from config.demo.risks import load_risks
from deadlines.calendar import CalendarOutOfRange
from organisations.events import Event
from organisations.models import Account, District, Enterprise, Person, Post, Sector, Territory, Unit
from organisations.pinyin import sort_key
from organisations.profile import Profile, read
from organisations.roles import UnitKind
from organisations.services.districts import load_district

PROFILE = Path(__file__).resolve().parent.parent / "districts" / "bengshan.toml"
# The history of the demo reaches back some five months, and the bureau that acts in it began in March.
EARLIEST = date(2019, 9, 1)
_LOCK = 340303


class DemoRefused(Exception):
    """Why the demo is not loaded, in Chinese. `is_loaded`: because it is already there."""

    def __init__(self, message: str, *, is_loaded: bool = False) -> None:
        self.is_loaded = is_loaded
        super().__init__(message)


@transaction.atomic
def load_demo(*, at: datetime) -> dict[str, int]:
    """Returns how many of what were loaded. Raises DemoRefused over a database that holds anything else."""
    with connection.cursor() as cursor:
        # Two launchers at once: the second waits, then finds the demo loaded.
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    refuse_if_not_empty()
    if local_date(at) < EARLIEST:
        raise DemoRefused(f"演示数据从 {EARLIEST:%Y-%m-%d} 起可以载入（区应急管理局成立之后）；请改 BUSINESS_NOW。")
    try:
        return _load(at)
    except CalendarOutOfRange as error:
        raise DemoRefused(str(error)) from error


def _load(at: datetime) -> dict[str, int]:
    profile = read(PROFILE)
    load_district(profile=profile, at=at)
    district = District.objects.get(code=profile.code)
    district.is_demo = True
    district.save(update_fields=["is_demo"])
    enterprises = _load_enterprises(district, profile, local_date(at))
    _load_people(district)
    guides = load_guides(district, at)
    risks = load_risks(district, at)
    risks += register_by_guides(district, at)
    filings = load_filings(district, at)
    counts = {"enterprises": enterprises, "accounts": Account.objects.count(), "risks": risks, "filings": filings}
    counts["guides"] = guides
    record(Event.DEMO_LOADED, by=SYSTEM, at=at, subject=("district", district.pk), data=counts)
    return counts


def refuse_if_not_empty() -> None:
    real = District.objects.filter(is_demo=False).order_by("code").first()
    if real is not None:
        raise DemoRefused(f"库中已有正式区县“{real.name}”（{real.code}），演示数据只能载入空库。")
    # Everything scoped hangs on a district; accounts and units are named so that no future table slips through.
    if District.objects.exists():
        raise DemoRefused("演示数据已在库中，未作改动。", is_loaded=True)
    if Account.objects.exists() or Unit.objects.exists():
        raise DemoRefused("库中已有不属于演示的数据，演示数据只能载入空库。")


def _load_enterprises(district: District, profile: Profile, today: date) -> int:
    areas = {t.name: t for t in Territory.objects.filter(district=district)}
    sectors = {s.code: s for s in Sector.objects.filter(district=district)}
    # The first department of the profile's list is the one for daily enforcement.
    departments = {u.short_name: u for u in Unit.objects.filter(district=district)}
    enforcers = {row["code"]: departments[row["departments"][0]] for row in profile.sectors}
    units = Unit.objects.bulk_create(
        Unit(
            district=district,
            kind=UnitKind.ENTERPRISE,
            name=entry.name,
            short_name=entry.name,
            sort_key=sort_key(entry.name),
            territory=areas[entry.township],
        )
        for entry in ENTERPRISES
    )
    rows = []
    for serial, (entry, unit) in enumerate(zip(ENTERPRISES, units, strict=True), 1):
        longitude, latitude = position(entry.township, serial)
        rows.append(
            Enterprise(
                unit=unit,
                sector=sectors[entry.sector],
                section=entry.section,
                scale=entry.scale,
                is_key=entry.is_key,
                is_high_risk=sectors[entry.sector].is_high_risk,
                township=areas[entry.township],
                address=entry.address,
                longitude=longitude,
                latitude=latitude,
                principal_name=entry.principal,
                principal_phone=f"1385521{serial:04d}",
                headcount=entry.headcount,
                **_identity(entry, serial, district),
                **_enforcer(entry, enforcers[entry.sector], today),
                **{k: v for k, v in entry.extra.items() if k not in {NO_CODE, UNDETERMINED}},
            )
        )
    return len(Enterprise.objects.bulk_create(rows))


def _identity(entry: DemoEnterprise, serial: int, district: District) -> dict[str, object]:
    if NO_CODE in entry.extra:
        return {"uscc": None, "no_uscc_reason": entry.extra[NO_CODE]}
    is_individual = entry.scale == Enterprise.Scale.INDIVIDUAL
    return {"uscc": made_up_uscc(serial, district=district.code, is_individual=is_individual)}


def _enforcer(entry: DemoEnterprise, department: Unit, today: date) -> dict[str, object]:
    days = entry.extra.get(UNDETERMINED)
    if isinstance(days, int):
        return {"enforcement_department": None, "undetermined_since": today - timedelta(days=days)}
    return {"enforcement_department": department, "supervision_level": "district" if entry.is_key else "township"}


def _load_people(district: District) -> None:
    units = {u.short_name: u for u in Unit.objects.filter(district=district)}
    people = Person.objects.bulk_create(
        Person(district=district, name=a.name, sort_key=sort_key(a.name), phone=a.phone) for a in ACCOUNTS
    )
    # One hash for all: it is one published password, and hashing it for each would take longer than all the rest.
    password = make_password(settings.DEMO_PASSWORD)
    Account.objects.bulk_create(
        Account(username=a.username, person=person, password=password, must_change_password=False)
        for a, person in zip(ACCOUNTS, people, strict=True)
    )
    Post.objects.bulk_create(
        Post(
            person=person,
            unit=units[post.unit],
            section=post.section,
            title=post.title,
            role_key=post.role_key,
            valid_from=IN_OFFICE_SINCE,
        )
        for account, person in zip(ACCOUNTS, people, strict=True)
        for post in account.posts
    )

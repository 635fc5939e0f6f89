"""The people and the calendar of the year: one bureau, its committee, ten enterprises. Few, so that each notice has few addressees."""

from dataclasses import replace
from datetime import date, datetime
from functools import cache

from django.db import transaction

from deadlines.models import CalendarEdit
from deadlines.services import calendar_apply, recompute
from deadlines.services.calendar_draft import NewDay, draft_days, draft_year
from organisations.actors import Actor
from organisations.models import Account, Person, Post, Unit
from tests.factories import make_actor, make_district, make_enterprise
from tests.risks.builders import Cast
from tests.torture.oracle import CST

ENTERPRISES = 10
COMMITTEE, ADMINISTRATOR = "安委办人员", "管理员"
SOURCE = "样例，不是真实文件"


@cache
def build_town() -> list[Cast]:
    """One cast for each enterprise; the officials are the same people in all of them. Built once in a run."""
    district = make_district()
    district.profile |= {"messages": {kind: ["gateway"] for kind in ("today", "late", "escalated")}}
    district.save()
    first = _cast(_enterprise(0))
    make_actor("committee_officer", "区安委办", name=COMMITTEE)
    make_actor("system_admin", name=ADMINISTRATOR)
    casts = [first]
    for serial in range(1, ENTERPRISES):
        unit = _enterprise(serial)
        casts.append(
            replace(
                first,
                responsible=unit,
                reporter=make_actor("enterprise_reporter", unit),
                principal=make_actor("enterprise_principal", unit),
            )
        )
    return casts


def _enterprise(serial: int) -> Unit:
    return make_enterprise(name=f"蚌埠市磨炼{serial:02d}号加油站有限公司").unit


def _cast(unit: Unit) -> Cast:
    lead = "区应急管理局"
    handler = make_actor("bureau_handler", lead, name="经办人")
    return Cast(
        responsible=unit,
        lead=handler.unit,
        reporter=make_actor("enterprise_reporter", unit),
        principal=make_actor("enterprise_principal", unit),
        handler=handler,
        colleague=make_actor("bureau_handler", lead, name="同事"),
        head=make_actor("bureau_head", lead, name="科室负责人"),
        chief=make_actor("bureau_principal", lead, name="局长"),
        leader=make_actor("district_leader", name="区领导"),
        expert=make_actor("expert", name="专家"),
    )


def committee() -> set[int]:
    return set(Person.objects.filter(name=COMMITTEE).values_list("pk", flat=True))


def days_off_in_june(at: datetime) -> None:
    by = _administrator()
    with transaction.atomic():
        edit = draft_days(
            first=date(2026, 6, 24),
            last=date(2026, 6, 25),
            is_workday=False,
            name="防汛停工",
            source=SOURCE,
            actor=by,
            at=at,
        )
        _apply(edit, by, at)


def year_2027(at: datetime) -> None:
    from tests.torture.oracle import days
    from tests.torture.parts import MADE_UP_2027, OFF_2027

    by = _administrator()
    listed = [NewDay(day, False, "放假", SOURCE) for day in sorted(days(2027, OFF_2027))]
    listed += [NewDay(day, True, "调休", SOURCE) for day in sorted(days(2027, MADE_UP_2027))]
    with transaction.atomic():
        edit = draft_year(year=2027, source=SOURCE, listed=listed, file_name="样例.xlsx", actor=by, at=at)
        _apply(edit, by, at)


def _apply(edit: CalendarEdit, by: Actor, at: datetime) -> None:
    counts = recompute.counts(edit, district_id=by.district_id, today=at.astimezone(CST).date())
    calendar_apply.apply(edit, seen=(counts.moved, counts.settled), actor=by, at=at)


def _administrator() -> Actor:
    post = Post.objects.select_related("person", "unit__district").get(person__name=ADMINISTRATOR)
    return Actor(account=Account.objects.get(person=post.person), post=post)

"""The engine at a scale that no district has: a million open deadlines, a hundred thousand that move, a million events."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction

from audit.clock import SHANGHAI, now
from audit.models import AuditEvent
from audit.sealing import seal
from audit.services import SYSTEM, record
from audit.verification import verify
from deadlines.models import Deadline, Filing
from deadlines.periods import Monthly
from deadlines.recurring import EachEnterprise, Recurring
from deadlines.rules import register
from deadlines.services import expected, recompute
from deadlines.services.calendar_draft import draft_days
from deadlines.services.reminders import _SWEEP, sweep, sweep_values
from organisations.models import Enterprise, Unit
from organisations.roles import UnitKind
from records.models import Case
from tests.bench.fill import multiply, next_value, settle
from tests.bench.measure import Report, once, seconds, sql
from tests.bench.pages import grow
from tests.factories import make_actor, make_enterprise
from tests.risks.builders import make_cast, risk_in


def undone(work: Callable[[], Any]) -> float:
    """Seconds of the work, whose effects are rolled back."""
    with transaction.atomic():
        took = once(work)
        transaction.set_rollback(True)
    return took


def sweep_of_a_million(report: Report) -> None:
    """A sweep that has something to say, and one that has not, against the same statement bare."""
    scene = risk_in("graded")
    source = scene.deadline("handover").pk
    multiply(
        Deadline,
        source,
        1_000_000,
        occurrence="'bench-' || n",
        due_at="timestamptz '2026-10-10+08' + (n % 400 - 5) * interval '1 day'",
        due_on="date '2026-10-09' + (n % 400 - 5)",
        started_at="timestamptz '2026-09-01+08'",
    )
    settle()
    at = now()
    values = sweep_values(at=at)

    def bare() -> None:
        with connection.cursor() as cursor:
            cursor.execute(_SWEEP, values)
            cursor.fetchall()

    undone(bare)
    first = min(undone(lambda: sweep(at=at)) for _ in range(3)), min(undone(bare) for _ in range(3))
    report.ratio("扫描 100 万条未办结时限（首次，全部要提醒），比裸 SQL", *first, at_most=1.5)
    sweep(at=at)
    again = seconds(lambda: sweep(at=at), times=5), seconds(bare, times=5)
    report.ratio("再次扫描（没有新的），比裸 SQL", *again, at_most=1.5)


def filings(report: Report) -> None:
    """One period of a monthly filing for 20,000 enterprises, against copying as many rows into the three tables."""
    rule = Recurring(
        "bench.monthly",
        "月报",
        clause="二（一）1",
        every=Monthly(day=3, after=True),
        owed_by=EachEnterprise(),
        received_by=(UnitKind.BUREAU,),
        mark="BENCH",
    )
    register(rule)
    station = make_enterprise()
    first = next_value(Unit)
    multiply(
        Unit,
        station.unit_id,
        20_000,
        id=f"{first} + n",
        name="'第' || n || '号加油站'",
        short_name="'第' || n || '号加油站'",
    )
    multiply(
        Enterprise,
        station.pk,
        20_000,
        unit_id=f"{first} + n",
        uscc="'9134' || lpad(n::text, 14, '0')",
    )
    settle()
    district = station.unit.district_id
    period = rule.every.period_of(date(2026, 11, 1))
    at = now()
    ours = min(undone(lambda: expected.make(rule, rule.every, period, [district], at=at)) for _ in range(3))
    with transaction.atomic():
        expected.make(rule, rule.every, rule.every.period_of(date(2026, 10, 1)), [district], at=at)
    filing = Filing.objects.select_related("case").latest("pk")
    clock = Deadline.objects.get(case=filing.pk)

    def bare() -> None:
        start = next_value(Case)
        multiply(Case, filing.pk, 20_000, id=f"{start} + n", number="'BARE-' || n")
        multiply(Filing, filing.pk, 20_000, case_id=f"{start} + n", period="'bare-' || n")
        multiply(Deadline, clock.pk, 20_000, case_id=f"{start} + n")

    report.ratio(
        "提前生成 2 万项应报事项，比同样多行的裸 INSERT … SELECT", ours, min(undone(bare) for _ in range(3)), at_most=2
    )


def calendar_edit(report: Report) -> None:
    """A day off that moves 100,000 open deadlines, against the bare UPDATE of those rows."""
    cast = make_cast()
    make_enterprise()
    grow(cast, 250_000)
    started = datetime(2026, 10, 9, 9, tzinfo=SHANGHAI)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE deadlines_deadline SET started_at = %s, terms = 'WD3', due_on = '2026-10-13',"
            " due_at = '2026-10-14+08' WHERE met_at IS NULL AND cancelled_at IS NULL",
            [started],
        )
        moving = cursor.rowcount
    settle()
    actor = make_actor("system_admin")
    day = date(2026, 10, 12)
    edit = draft_days(first=day, last=day, is_workday=False, name="样例", source="样例", actor=actor, at=now())
    bare = sql(
        "UPDATE deadlines_deadline SET due_on = due_on + 1, due_at = due_at + interval '1 day'"
        " WHERE met_at IS NULL AND cancelled_at IS NULL"
    )
    undone(bare)
    ours = min(undone(lambda: recompute.move(edit)) for _ in range(3))
    report.ratio(f"日历变更重算 {moving:,} 条时限，比裸 UPDATE", ours, min(undone(bare) for _ in range(3)), at_most=3)


def chain_of_a_million(report: Report) -> None:
    """Sealing and verifying a million events."""
    from risks.events import Event

    with transaction.atomic():
        source = record(Event.EDITED, by=SYSTEM, at=now(), subject=("bench", "0"), data={"text": "一次修改"})
    text = """replace(source.canonical, '["bench","0"]', '["bench","' || n || '"]')"""
    multiply(
        AuditEvent,
        source.pk,
        1_000_000,
        subject_id="n::text",
        canonical=text,
        digest=f"encode(sha256(convert_to({text}, 'UTF8')), 'hex')",
    )
    settle()

    def seal_all() -> None:
        while seal(limit=20_000):
            pass

    sealing = once(seal_all)
    settle()
    found: list[Any] = []
    verifying = once(lambda: found.append(verify()))
    assert found[0].ok, found[0].problems
    report.note("封存 100 万个事件", f"{sealing:.0f} 秒（每秒 {1_000_000 / sealing:,.0f} 个）")
    report.note("校验 100 万环的链", f"{verifying:.0f} 秒（每秒 {1_000_000 / verifying:,.0f} 环），没有误报")

"""The pages that people look at all day, at ten thousand cases and at a million."""

from typing import Any

from django.db import connection
from django.test import Client

from deadlines.models import Deadline
from organisations.models import Territory, Unit
from records.models import Case
from risks.models import RiskPoint
from tests.bench.fill import move_sequence, multiply, next_value, settle
from tests.bench.measure import Report, seconds, sql, statements
from tests.factories import client_for, make_actor, make_enterprise
from tests.risks.builders import Cast, make_cast, risk_in

FEW, MANY = 10_000, 1_000_000
# What an official opens: address, and who.
REGISTER = {
    "台账首页（等级）": "/risks/",
    "台账全部": "/risks/?grade=all&state=all",
    "台账按到期": "/risks/?grade=all&sort=due",
    "台账按编号": "/risks/?grade=all&state=all&sort=number",
    "台账编号倒序": "/risks/?grade=all&state=all&sort=-number",
    "台账末页": "/risks/?grade=all&state=all&last=1",
}


def grow(cast: Cast, to: int) -> None:
    """Fill up to `to` risks: grades, townships, units and due days as a district has them; two in five are open."""
    missing = to - Case.objects.filter(kind="risk").count()
    scene = risk_in("graded", cast=cast)
    source = scene.pk
    first = next_value(Case)
    units = list(Unit.objects.filter(kind="enterprise").values_list("pk", flat=True))
    townships = list(Territory.objects.exclude(kind="district").values_list("pk", flat=True))
    leads = list(Unit.objects.filter(kind__in=["bureau", "department"]).values_list("pk", flat=True))
    # A larger district has more units; what lies on the desk of the one whose worklist is opened stays what it was.
    if to > FEW:
        leads.remove(cast.handler.unit_id)
    nth = f"({first} + n)"
    multiply(
        Case,
        source,
        missing,
        id=nth,
        number=f"'9' || lpad({nth}::text, 12, '0')",
        title=f"'卸油区' || {nth}",
        level="(ARRAY['red','orange','orange','yellow','yellow','yellow','blue','blue','blue',''])[1 + n % 10]",
        state="CASE WHEN n % 5 < 2 THEN 'graded' ELSE 'closed' END",
        closed_on="CASE WHEN n % 5 < 2 THEN NULL ELSE opened_on + 60 END",
        next_due_at="CASE WHEN n % 5 < 2 THEN timestamptz '2026-10-09+08' + (n % 400 - 5) * interval '1 day' END",
        responsible_unit_id=f"(ARRAY{units})[1 + n % {len(units)}]",
        township_id=f"(ARRAY{townships})[1 + (n / 7) % {len(townships)}]",
        lead_unit_id=f"(ARRAY{leads})[1 + (n / 11) % {len(leads)}]",
    )
    multiply(RiskPoint, source, missing, case_id=nth)
    deadline = Deadline.objects.filter(case=source).latest("pk")
    with connection.cursor() as cursor:
        columns = [f.column for f in Deadline._meta.local_concrete_fields if f.column != "id" and not f.generated]
        told = {
            "case_id": "c.id",
            "due_at": "c.next_due_at",
            "due_on": "(c.next_due_at - interval '1 day')::date",
            "started_at": "least(c.next_due_at, timestamptz '2026-10-08+08') - interval '10 days'",
            "owner_unit_id": "c.lead_unit_id",
            "responsible_unit_id": "c.responsible_unit_id",
            "township_id": "c.township_id",
            "title": "c.title",
        }
        values = ", ".join(told.get(name, f's."{name}"') for name in columns)
        names = ", ".join(f'"{name}"' for name in columns)
        cursor.execute(
            f"INSERT INTO deadlines_deadline ({names}) SELECT {values} FROM records_case c, deadlines_deadline s"
            " WHERE s.id = %s AND c.id > %s AND c.next_due_at IS NOT NULL",
            [deadline.pk, first],
        )
    move_sequence(Case)
    settle()


def pages(report: Report) -> None:
    cast = make_cast()
    for _ in range(40):
        make_enterprise()
    people = {
        "全区": cast.handler,
        "乡街": make_actor("township_handler", "燕山乡"),
        "部门": make_actor("department_handler", "区住建交通委"),
        "企业": cast.reporter,
    }
    visits = [("待办", "/", "全区"), *((name, url, "全区") for name, url in REGISTER.items())]
    visits += [("台账首页（等级）", "/risks/", who) for who in ("乡街", "部门", "企业")]
    found: dict[int, dict[tuple[str, str], tuple[float, int, float]]] = {}
    for size in (FEW, MANY):
        grow(cast, size)
        found[size] = {(name, who): _visit(client_for(people[who]), url) for name, url, who in visits}
    for key in found[MANY]:
        few, many = found[FEW][key], found[MANY][key]
        name = "，".join(key)
        report.ratio(f"{name}：100 万比 1 万", many[0], few[0], at_most=1.2)
        report.number(f"{name}：查询数", many[1], at_most=12)
        report.ratio(f"{name}：比它自己的裸 SQL", many[0], many[2], at_most=10)
    _case_page(report, cast)


def _visit(client: Client, url: str) -> tuple[float, int, float]:
    """(seconds of the page, its statements, seconds of the same statements bare)."""
    asked = statements(lambda: client.get(url))
    asked = statements(lambda: client.get(url))
    page = seconds(lambda: client.get(url), times=9)
    texts = [text.replace("%", "%%") for text in asked if text.lstrip().upper().startswith(("SELECT", "WITH"))]
    counts = [
        text for text in texts if "COUNT(" in text.upper() and "LIMIT" not in text.upper() and "records_case" in text
    ]
    assert not counts, counts
    floor = seconds(lambda: [sql(text)() for text in texts], times=9)
    return page, len(asked), floor


def _case_page(report: Report, cast: Cast) -> None:
    scene = risk_in("closed", cast=cast)
    client: Any = client_for(cast.handler)
    page, asked, floor = _visit(client, f"/risks/{scene.pk}/")
    report.ratio("案卷页：比它自己的裸 SQL", page, floor, at_most=5)
    report.note("案卷页：查询数", str(asked))

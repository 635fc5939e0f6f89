"""X5: punctuality by unit and rule against a count in Python; every figure opens exactly the records that it counts."""

import io
import random
from collections import Counter
from datetime import date, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from python_calamine import CalamineWorkbook

from audit.models import AuditEvent
from deadlines import punctuality
from deadlines.models import Deadline, LedgerEntry, LedgerRequest
from deadlines.punctuality import Asked
from deadlines.terms import NEVER
from records.models import Case
from tests.factories import at, client_for, make_actor, make_district, make_enterprise, sector_of, territory_of, unit_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plain_font")]
NOW = at("2026-10-09 14:20")
YEAR = Asked(first=date(2026, 1, 1), last=date(2026, 12, 31))
RULES = ("risks.handover", "risks.receipt", "risks.treatment")


class World:
    """Some hundred clocks of five units in every condition that a clock can be in; the same at every run."""

    def __init__(self, how_many: int = 240) -> None:
        dice = random.Random(5)
        self.district = make_district()
        self.bureau, self.department = unit_of("区应急管理局"), unit_of("区住建交通委")
        self.township = unit_of("雪华乡")
        self.stations = [make_enterprise(name=n, township=t).unit for n, t in (("甲站", "燕山乡"), ("乙站", "雪华乡"))]
        owners = [self.bureau, self.department, self.township, *self.stations]
        for n in range(how_many):
            self.clock(n, dice.choice(owners), dice)
        self.rows = list(Deadline.objects.select_related("owner_unit", "township").order_by("pk"))
        self.times = Counter(LedgerEntry.objects.exclude(kind="resume").values_list("deadline", flat=True))

    def clock(self, n: int, owner, dice: random.Random) -> None:
        station = owner if owner in self.stations else dice.choice(self.stations)
        case = Case.objects.create(
            district=self.district,
            kind="risk",
            number=f"R-{n:04d}",
            title=f"风险 {n}",
            state="treating",
            township=station.territory,
            sector=sector_of("hazchem"),
            responsible_unit=station,
            lead_unit=self.bureau,
            opened_on=date(2026, 1, 1),
        )
        started = at("2026-01-05 09:00") + timedelta(days=dice.randrange(330))
        due_on = (started + timedelta(days=dice.randrange(1, 40))).date()
        due_at = datetime.combine(due_on + timedelta(days=1), datetime.min.time(), tzinfo=NOW.tzinfo)
        how = dice.choice(["met", "met", "met_at_once", "late", "open", "open", "ended", "ended_late", "suspended"])
        ends = {
            "met": {"met_at": due_at - timedelta(seconds=1)},
            "met_at_once": {"met_at": started},
            "late": {"met_at": due_at},
            "open": {},
            "ended": {"cancelled_at": due_at - timedelta(seconds=1), "cancel_reason": "另案"},
            "ended_late": {"cancelled_at": due_at, "cancel_reason": "另案"},
            "suspended": {"suspended_at": started, "is_adjusted": True},
        }[how]
        if how == "suspended":
            due_at = NEVER
        deadline = Deadline.objects.create(
            case=case,
            rule_key=dice.choice(RULES[:2]) if owner != self.department else RULES[2],
            terms="WD3",
            occurrence="1",
            title=case.title,
            started_at=started,
            due_at=due_at,
            due_on=due_on,
            owner_unit=owner,
            supervising_unit=self.department if n % 3 == 0 else None,
            responsible_unit=station,
            township=station.territory,
            district=self.district,
            **({"is_adjusted": n % 7 == 0} | ends),
        )
        if deadline.is_adjusted:
            for kind in ["suspend"] if how == "suspended" else ["extend", "suspend", "resume"]:
                self.enter(deadline, kind)

    def enter(self, deadline: Deadline, kind: str) -> None:
        shape = {"extend": {"length": "WD2"}, "suspend": {"ground": "不可抗力"}, "resume": {}}[kind]
        asker, decider = self.people
        post = asker.post
        request = LedgerRequest.objects.create(
            deadline=deadline,
            kind=kind,
            reason="理由",
            requested_by=asker.person,
            requested_post=post,
            requested_at=deadline.started_at,
            decided_by=decider.person,
            decided_at=deadline.started_at,
            is_approved=True,
            **shape,
        )
        LedgerEntry.objects.create(
            deadline=deadline,
            request=request,
            kind=kind,
            effective_at=deadline.started_at,
            reason="理由",
            requested_by=asker.person,
            decided_by=decider.person,
            at=deadline.started_at,
            **shape,
        )

    @property
    def people(self):
        if not hasattr(self, "_people"):
            self._people = make_actor("bureau_handler"), make_actor("bureau_head")
        return self._people


def outcome_of(d: Deadline) -> str:
    """What happened to one clock, said without the product."""
    if d.met_at:
        return "on_time" if d.met_at < d.due_at else "met_late"
    if d.cancelled_at:
        return "overdue" if d.cancelled_at >= d.due_at else ""
    return "overdue" if d.suspended_at is None and d.due_at <= NOW else ""


def counted(rows, group, times) -> dict[str, tuple[int, int, int, int]]:
    found: dict[str, Counter] = {}
    for d in rows:
        counter = found.setdefault(group(d), Counter())
        counter[outcome_of(d)] += 1
        counter["times"] += times[d.pk]
    told = {k: (c["on_time"], c["met_late"], c["overdue"], c["times"]) for k, c in found.items()}
    return {key: numbers for key, numbers in told.items() if any(numbers)}


def shown(table) -> dict[str, tuple[int, int, int, int]]:
    return {row.name: (row.on_time, row.met_late, row.overdue, row.adjustments) for row in table.rows}


@pytest.fixture
def world() -> World:
    return World()


def in_span(d: Deadline, asked: Asked) -> bool:
    day = d.due_on if asked.basis == "due" else d.started_at.astimezone(NOW.tzinfo).date()
    return asked.first <= day <= asked.last


@pytest.mark.parametrize("basis", ["due", "started"])
def test_x5_tables_against_a_count_in_python(world, basis):
    bureau = make_actor("bureau_handler")
    for first, last in [
        (YEAR.first, YEAR.last),
        (date(2026, 3, 1), date(2026, 3, 31)),
        (date(2026, 7, 1), date(2026, 9, 30)),
    ]:
        asked = Asked(first=first, last=last, basis=basis)
        rows = [d for d in world.rows if in_span(d, asked)]
        assert rows
        by_unit = punctuality.table(asked, bureau, at=NOW)
        assert shown(by_unit) == counted(rows, lambda d: str(d.owner_unit), world.times)
        by_rule = punctuality.table(Asked(first=first, last=last, basis=basis, by="rule"), bureau, at=NOW)
        assert shown(by_rule) == counted(rows, lambda d: d.rule.label, world.times)
        total = next(iter(counted(rows, lambda d: "合计", world.times).values()))
        for table in (by_unit, by_rule):
            t = table.total
            assert (t.on_time, t.met_late, t.overdue, t.adjustments) == total
            assert t.owed == sum(total[:3]) == sum(row.owed for row in table.rows)
            assert t.rate == total[0] / sum(total[:3])


def test_x5_every_scope_counts_its_own(world):
    def told(role, unit=None):
        return shown(punctuality.table(YEAR, make_actor(role, unit), at=NOW))

    def by_unit(rows):
        return counted(rows, lambda d: str(d.owner_unit), world.times)

    xuehua = territory_of("雪华乡")
    assert told("committee_officer") == told("district_leader") == told("supervisory_reader") == by_unit(world.rows)
    assert told("township_handler", "雪华乡") == by_unit(d for d in world.rows if d.township == xuehua)
    department = world.department
    assert told("department_handler", department) == by_unit(
        d for d in world.rows if department.pk in {d.owner_unit_id, d.supervising_unit_id}
    )
    station = world.stations[0]
    assert told("enterprise_reporter", station) == by_unit(d for d in world.rows if d.owner_unit == station)
    assert told("expert") == told("tip_officer") == told("system_admin") == {}
    foreign = make_district(code="340302", name="禹会区")
    assert shown(punctuality.table(YEAR, make_actor("bureau_handler", district=foreign), at=NOW)) == {}


def test_x5_every_figure_opens_what_it_counts(world, settings):
    settings.BUSINESS_NOW = "2026-10-09T14:20:00+08:00"
    client = client_for(make_actor("bureau_handler"))
    for by in ("unit", "rule"):
        page = client.get(f"/statistics/punctuality/?by={by}&from=2026-01-01&to=2026-12-31").context
        assert len(page["lines"]) >= 3
        for line in (*page["lines"], page["total"]):
            for cell in line["cells"]:
                if cell["label"] == "延期、中止":
                    continue
                listed, url = 0, cell["url"]
                while url:
                    found = client.get(url if url.startswith("/") else f"/statistics/deadlines/{url}").context
                    listed += len(found["lines"])
                    url = found["page"]["next_url"]
                assert listed == cell["number"], (line["name"], cell["label"])
    # Ever narrower: a unit's name leads to its rules, and these to that unit's records.
    first = client.get("/statistics/punctuality/?from=2026-01-01&to=2026-12-31").context["lines"][0]
    narrowed = client.get(f"/statistics/punctuality/{first['url']}").context
    assert narrowed["total"]["cells"][0]["number"] == first["cells"][0]["number"]
    assert (
        parse_qs(urlsplit(narrowed["lines"][0]["cells"][0]["url"]).query)["unit"] == parse_qs(first["url"][1:])["unit"]
    )


def test_x5_export_is_what_the_page_shows(world, settings):
    settings.BUSINESS_NOW = "2026-10-09T14:20:00+08:00"
    client = client_for(make_actor("bureau_handler"))
    page = client.get("/statistics/punctuality/?kind=authority").context
    answer = client.get(page["bar"]["export_url"])
    book = CalamineWorkbook.from_filelike(io.BytesIO(b"".join(answer)))
    rows = book.get_sheet_by_name("按期办结率").to_python()
    assert rows[0] == ["单位", "应办结", "按期", "逾期办结", "逾期未办结", "延期、中止（次）", "按期率"]
    expected = [
        [line["name"], *(c["number"] for c in line["cells"]), line["rate"]] for line in (*page["lines"], page["total"])
    ]
    assert rows[1:] == expected
    assert {row[0] for row in rows[1:-1]} == {"区应急管理局", "区住建交通委", "雪华乡"}
    told = AuditEvent.objects.get(name="records.exported")
    assert (told.subject_id, told.data["rows"]) == ("punctuality", 3)
    assert told.data["conditions"] == {"期间": "2026-01-01 至 2026-10-09到期", "单位类别": "机关和乡街"}


def test_x5_over_the_api(world, settings):
    settings.BUSINESS_NOW = "2026-10-09T14:20:00+08:00"
    actor = make_actor("bureau_handler")
    client = client_for(actor)
    answer = client.get("/api/v1/statistics/punctuality/?by=rule&first=2026-01-01&last=2026-12-31").json()
    table = punctuality.table(Asked(first=YEAR.first, last=YEAR.last, by="rule"), actor, at=NOW)
    assert [row["key"] for row in answer["rows"]] == ["risks.handover", "risks.receipt", "risks.treatment"]
    assert [row["owed"] for row in answer["rows"]] == [row.owed for row in table.rows]
    assert answer["total"]["rate"] == table.total.rate
    assert client.get("/api/v1/statistics/punctuality/?first=2026-02-01&last=2026-01-01").status_code == 400


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("from=yesterday", "日期看不懂，应如 2026-10-09"),
        ("from=2026-09-02&to=2026-09-01", "开始日期不能晚于结束日期"),
        ("by=x&basis=x&unit=x&rule=x&kind=x", ""),
    ],
)
def test_x5_dates_that_make_no_span_say_so(settings, query, problem):
    settings.BUSINESS_NOW = "2026-10-09T14:20:00+08:00"
    make_district()
    for url in ("/statistics/punctuality/", "/statistics/deadlines/"):
        answer = client_for(make_actor("bureau_handler")).get(f"{url}?{query}")
        assert answer.status_code == 200
        assert problem in answer.content.decode()
    assert punctuality.table(YEAR, make_actor("bureau_handler"), at=NOW).total.rate_text == "/"


def test_x5_one_grouped_statement_and_as_many_queries_for_one_as_for_many(settings):
    settings.BUSINESS_NOW = "2026-10-09T14:20:00+08:00"
    bureau = make_actor("bureau_handler")
    client = client_for(bureau)
    World(3)

    def asked(url: str) -> int:
        client.get(url)
        with CaptureQueriesContext(connection) as queries:
            client.get(url)
        return len(queries)

    pages = ("/statistics/punctuality/", "/statistics/punctuality/?by=rule", "/statistics/deadlines/?is=adjusted")
    few = [asked(url) for url in pages]
    for deadline in list(Deadline.objects.all()):
        for n in range(10):
            deadline.pk, deadline.occurrence = None, f"{n + 2}"
            deadline.save()
    assert [asked(url) for url in pages] == few == [6, 6, 7]
    with CaptureQueriesContext(connection) as queries:
        punctuality.table(YEAR, bureau, at=NOW)
    assert len(queries) == 1


def test_x5_statistics_and_records_have_an_index():
    world = World(20)
    bureau, station = make_actor("bureau_handler"), make_actor("enterprise_reporter", world.stations[0])
    clock = world.rows[0]
    copies = []
    for n in range(4000):
        day = timedelta(days=n % 1500)
        copies.append(
            Deadline(
                **{f.attname: getattr(clock, f.attname) for f in Deadline._meta.concrete_fields if not f.primary_key}
                | {"occurrence": f"c{n}", "due_on": date(2022, 1, 1) + day, "started_at": at("2021-12-01") + day}
            )
        )
    Deadline.objects.bulk_create(copies)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE deadlines_deadline")
    month = Asked(first=date(2026, 3, 1), last=date(2026, 3, 31))
    started = Asked(first=date(2026, 3, 1), last=date(2026, 3, 31), basis="started")
    plans = {
        "district": punctuality.asked_for(month, bureau).explain(),
        "started": punctuality.asked_for(started, bureau).explain(),
        "own": punctuality.records(month, station, "owed", at=NOW).order_by("due_on", "pk").explain(),
    }
    assert "deadline_district_due" in plans["district"]
    assert "deadline_district_started" in plans["started"]
    assert "deadline_owner_due" in plans["own"] or "deadline_district_due" in plans["own"]

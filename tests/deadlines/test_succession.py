"""X5: what a unit owes goes over with it, in as many statements for five hundred cases as for one, each with its event."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.bulk import Entry, record_many
from audit.models import AuditEvent, AuditUnsealed
from audit.sealing import seal
from audit.services import digest_of, record
from audit.verification import verify
from deadlines.models import Deadline
from deadlines.services.succession import follow_unit
from organisations.services.units import succeed_unit
from records.events import Event
from records.models import Case, Letter
from tests.factories import at, make_actor, make_enterprise, make_unit, unit_of
from tests.risks.builders import risk_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plain_font")]
DAY = at("2026-10-12 10:00")


def many_cases(lead, how_many):
    """Open cases that `lead` leads: it owes one clock of each and presses on the other; one more is closed."""
    enterprise = make_enterprise()
    cases = Case.objects.bulk_create(
        Case(
            district=lead.district,
            kind="risk",
            number=f"340303200-2026-{n:04d}",
            title=f"风险 {n}",
            state="graded",
            township=enterprise.township,
            sector=enterprise.sector,
            responsible_unit=enterprise.unit,
            lead_unit=lead,
            opened_on=DAY.date(),
            closed_on=DAY.date() if n == how_many else None,
        )
        for n in range(how_many + 1)
    )
    shared = {
        "terms": "WD3",
        "started_at": DAY,
        "due_at": DAY + timedelta(days=3),
        "due_on": DAY.date(),
        "responsible_unit": enterprise.unit,
        "township": enterprise.township,
        "district": lead.district,
    }
    for case in cases:
        Deadline.objects.create(
            case=case, rule_key="risks.handover", occurrence="1", title=case.title, owner_unit=lead, **shared
        )
        Deadline.objects.create(
            case=case,
            rule_key="risks.receipt",
            occurrence="1",
            title=case.title,
            owner_unit=enterprise.unit,
            supervising_unit=lead,
            met_at=DAY if case == cases[0] else None,
            **shared,
        )
    return cases


def succeed(lead, successor):
    return succeed_unit(
        unit=lead,
        successor=successor,
        on=DAY.date(),
        basis="机构改革方案",
        close_posts=False,
        actor=make_actor("system_admin"),
        at=DAY,
    )


def test_x5_five_hundred_cases_move_in_as_many_statements_as_two():
    asked = []
    for how_many, name in ((2, "区住建交通委"), (500, "区市场监管局")):
        lead = unit_of(name)
        cases = many_cases(lead, how_many) if how_many == 2 else _renumbered(lead, how_many)
        successor = make_unit(kind="department")
        actor = make_actor("system_admin")
        with CaptureQueriesContext(connection) as queries:
            told = follow_unit(lead, successor, actor=actor, at=DAY)
        asked.append(len(queries))
        assert told == f"{how_many} 个未结案卷已移交{successor}"
        open_ids = [case.pk for case in cases[:-1]]
        assert Case.objects.filter(pk__in=open_ids, lead_unit=successor, version=2).count() == how_many
        moved = Deadline.objects.filter(case__in=open_ids)
        assert moved.filter(owner_unit=successor).count() == how_many
        # The clock that was met keeps who pressed on it then; the closed case stays with who led it.
        assert moved.filter(supervising_unit=successor).count() == how_many - 1
        assert moved.get(met_at__isnull=False).supervising_unit == lead
        assert Case.objects.get(pk=cases[-1].pk).lead_unit == lead
        events = AuditEvent.objects.filter(case_id__in=open_ids, name=Event.CASE_MOVED)
        assert events.count() == how_many
    assert asked == [9, 9]


def _renumbered(lead, how_many):
    Case.objects.update(kind="other")
    return many_cases(lead, how_many)


def test_x5_a_succeeded_units_open_letters_are_named():
    scene = risk_in("graded", at=DAY)
    scene.draft()
    draft = scene.letter()
    lead, successor = scene.cast.lead, make_unit(kind="bureau")
    succeed(lead, successor)
    moved = AuditEvent.objects.get(name="organisations.unit_succeeded").data["moved"]
    assert moved[-1] == (
        f"1 个未结案卷已移交{successor}；发文在办：“{draft.title}”，仍在{lead}名下，请承接单位作废后重发或者办完"
    )
    assert Letter.objects.get(pk=draft.pk).issuer == lead


def test_x5_a_unit_without_anything_open_says_nothing():
    assert follow_unit(unit_of("区市场监管局"), make_unit(), actor=make_actor("system_admin"), at=DAY) == ""


def test_x6_many_events_are_written_as_one_by_one():
    """Byte for byte what `record` writes, numbered on within each case, sealed and verified like any other."""
    cases = many_cases(unit_of("区住建交通委"), 2)
    actor = make_actor("system_admin")
    data = {"from_unit": "甲", "to_unit": "乙", "on": DAY.date(), "at": DAY}
    single = [
        record(Event.CASE_MOVED, by=actor.stamp, at=DAY, case_id=case.pk, subject=("unit", 7), data=data)
        for case in cases
    ]
    entries = [Entry(Event.CASE_MOVED, case.pk, ("unit", 7), data) for case in [*cases, cases[0]]]
    record_many(entries, by=actor.stamp, at=DAY)
    events = AuditEvent.objects.filter(name=Event.CASE_MOVED).order_by("pk")
    assert [e.case_seq for e in events] == [1, 1, 1, 2, 2, 2, 3]
    for one, many in zip(single, events[3:6], strict=True):
        assert json.loads(one.canonical) | {"seq": 2} == json.loads(many.canonical)
        assert many.canonical == one.canonical.replace('"seq":1', '"seq":2')
        assert many.digest == digest_of(many.canonical)
    assert AuditUnsealed.objects.filter(event__in=events).count() == 7
    seal()
    assert verify().ok

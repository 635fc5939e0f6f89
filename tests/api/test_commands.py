"""manage.py sweep and deadlines export."""

import csv
import io
import json
from datetime import date, datetime

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from deadlines.calendar import WorkCalendar
from deadlines.models import Notice
from deadlines.terms import OnDate, due, parse
from tests.risks.builders import make_cast, registered

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_x8_sweep_tells_once_at_the_moment_that_is_named() -> None:
    scene = registered(cast=make_cast())
    scene.conclude()
    assert run("sweep", "--at", "2026-09-30T18:00") == "2026-09-30 18:00：扫描 1 条时限，发出 0 条提醒\n"
    told = run("sweep", "--at", "2026-10-10T09:00:00+08:00")
    people = Notice.objects.filter(rung="today").count()
    assert people > 0 and told == f"2026-10-10 09:00：扫描 1 条时限，发出 {people} 条提醒\n"
    assert run("sweep", "--at", "2026-10-10T09:00") == "2026-10-10 09:00：扫描 1 条时限，发出 0 条提醒\n"


def test_x8_sweep_without_a_moment_reads_the_portals_clock(settings: Settings) -> None:
    settings.BUSINESS_NOW = "2026-10-12T00:05:00+08:00"
    assert run("sweep") == "2026-10-12 00:05：扫描 0 条时限，发出 0 条提醒\n"


@pytest.mark.parametrize("text", ["tomorrow", "2026-13-01T00:00", "0001-01-01T00:00+14:00"])
def test_x8_sweep_refuses_what_is_no_moment(text: str) -> None:
    with pytest.raises(CommandError, match="无法识别"):
        call_command("sweep", "--at", text)


def test_x5_the_exported_ledger_is_enough_to_recompute_every_date(plain_font: object) -> None:
    scene = registered(cast=make_cast())
    for act in ("self_grade", "conclude", "hand_over", "receive", "apply"):
        getattr(scene, act)()
    rows = [json.loads(line) for line in run("deadlines", "export", "--json").splitlines()]
    assert [row["rule"].removeprefix("risks.") for row in rows] == [
        "assessment",
        "handover",
        "receipt",
        "treatment",
        "closure_check",
    ]
    calendar = WorkCalendar.load()
    for row in rows:
        term = parse(row["terms"])
        on = date.fromisoformat(row["due_on"]) if isinstance(term, OnDate) else None
        again = due(term, datetime.fromisoformat(row["started_at"]), calendar, on=on)
        assert (again.due_on.isoformat(), again.due_at.isoformat()) == (row["due_on"], row["due_at"])
        assert row["case"] == scene.case.number
    assert [(row["rule"], row["state"]) for row in rows][1] == ("risks.handover", "met")
    assert rows[0]["started_at"] == "2026-09-30T16:40:00+08:00"


def test_x5_the_export_is_also_a_table_and_says_how_it_is_called() -> None:
    registered(cast=make_cast()).conclude()
    (row,) = csv.DictReader(io.StringIO(run("deadlines", "export")))
    assert (row["rule"], row["due_on"], row["terms"]) == ("risks.handover", "2026-10-10", "WD3")
    with pytest.raises(CommandError, match="deadlines export"):
        call_command("deadlines", "import")

"""X5: every time limit is a declared row, with its clause, its events, its owner and what meets it."""

import re
import tomllib
from pathlib import Path

import pytest
from django.conf import settings

from audit.names import all_names
from deadlines import rules
from deadlines.events import Event
from deadlines.filing_workflow import WORKFLOW as FILING_WORKFLOW
from deadlines.periods import parse_every
from deadlines.recurring import Recurring
from deadlines.rules import Response, lead_unit, register, responsible_unit, rule
from deadlines.terms import OnDate, WorkingDays, describe, parse
from records.letters.flow import STEPS
from risks.workflow import WORKFLOW
from tests.factories import at, make_district

KEYS = Path(__file__).with_name("rule_keys.txt")
RULES = sorted(rules.all_rules(), key=lambda r: r.key)
STARTED = [r for r in RULES if isinstance(r, Response)]
AGAIN = [r for r in RULES if isinstance(r, Recurring)]
STEPS_OF_ALL = [*WORKFLOW.steps, *FILING_WORKFLOW.steps]
every_rule = pytest.mark.parametrize("row", RULES, ids=lambda r: r.key)
every_response = pytest.mark.parametrize("row", STARTED, ids=lambda r: r.key)
every_recurring = pytest.mark.parametrize("row", AGAIN, ids=lambda r: r.key)

# key: (clause, how often and by when, own term of the authority, key of the district's own value)
RECURRING = {"deadlines.supervisory_report": ("三（六）5", "Q+1-10R", True, "supervisory_report")}
# key: (clause, term, who owes, own term of the authority, key of the district's own value) as the notice and the fact sheet have it
NOTICE = {
    "deadlines.filing_correction": ("三（六）5", "WD5", responsible_unit, False, "filing_correction"),
    "records.letter_receipt": ("三（二）2", "WD2", responsible_unit, False, "letter_receipt"),
    "risks.assessment": ("三（二）1", "WD5", lead_unit, True, "risk_assessment"),
    "risks.handover": ("三（二）2", "WD3", lead_unit, True, ""),
    "risks.receipt": ("三（二）2", "WD2", responsible_unit, False, "letter_receipt"),
    "risks.treatment": ("三（二）2", "ON", responsible_unit, False, ""),
    "risks.closure_check": ("三（二）4", "WD10", lead_unit, True, ""),
    "risks.correction": ("三（二）4", "WD5", responsible_unit, False, "closure_correction"),
    "risks.long_term_check": ("三（二）4", "M3R", responsible_unit, False, "long_term_check"),
    "risks.reassessment": ("三（二）4", "M12", lead_unit, True, "long_term_reassessment"),
}


def test_x5_no_rule_key_vanishes_or_is_renamed():
    kept = [line for line in KEYS.read_text().splitlines() if line and not line.startswith("#")]
    declared = {r.key for r in RULES}
    assert sorted(set(kept)) == kept, "keys stand once, in order"
    assert set(kept) - declared == set(), "a rule of an old ledger is gone"
    assert declared - set(kept) == set(), f"append the new keys to {KEYS.name}"


@every_rule
def test_x5_row_is_complete(row):
    assert row.key.split(".")[0] in {"deadlines", "records", "risks"}
    assert re.fullmatch(r"[一二三四]（[一二三四五六]）[1-6]", row.clause), "clause in the notice's own numbering"
    assert row.label and row.words and row.action_label and row.basis == "蚌山政办秘〔2018〕101号"
    assert row.met and bool(row.starts) == isinstance(row, Response)
    if isinstance(row, Response):
        assert not re.search(r"\d", row.words), "the number stands in the term, once"
        assert row.history[0].number == 1
    assert [step.rung for step in row.ladder.steps if step.goes_up] == ["escalated-0"]


@every_rule
def test_x5_events_are_declared_and_happen(row):
    names = {*row.starts, *row.reopened_by, *row.met, *row.cancelled_by}
    assert names <= set(all_names()), "undeclared events"
    written = {step.event for step in STEPS_OF_ALL} | {step.event for step in STEPS.values()}
    assert names <= written, "nothing in the workflow ever writes these"
    assert not set(row.met) & set(row.cancelled_by), "an event cannot both meet and cancel"


@every_rule
def test_x5_action_exists_and_can_be_taken(row):
    steps = {step.action: step for step in STEPS_OF_ALL}
    assert row.action in steps or row.action in STEPS
    if row.action in steps:
        assert not steps[row.action].hidden


@every_rule
def test_x5_own_terms_are_not_extendable(row):
    if row.is_own_term:
        assert row.extension is None and row.suspension is None
        assert row.owed_by is lead_unit or isinstance(row, Recurring)


@every_response
def test_x5_row_says_what_the_notice_says(row):
    assert (row.clause, str(row.within), row.owed_by, row.is_own_term, row.config_key) == NOTICE[row.key]


@every_recurring
def test_x5_recurring_row_says_what_the_notice_says(row):
    assert (row.clause, str(row.every), row.is_own_term, row.config_key) == RECURRING[row.key]
    assert row.met == (Event.FILED,)
    profile = tomllib.loads((settings.BASE_DIR / "config/districts/bengshan.toml").read_text())
    assert profile["schedules"][row.config_key] == str(row.every) == str(parse_every(str(row.every)))


@every_response
def test_x5_local_defaults_stand_in_the_district_profile(row):
    profile = tomllib.loads((settings.BASE_DIR / "config/districts/bengshan.toml").read_text())
    assert row.is_local_default == bool(row.config_key)
    if row.config_key:
        assert profile["terms"][row.config_key] == str(row.within)
        assert describe(parse(profile["terms"][row.config_key]))


def test_x5_rules_are_found_by_their_events():
    for row in RULES:
        assert rule(row.key) is row
        assert all(row in rules.started_by(event) for event in row.starts)
        assert all(row in rules.met_by(event) for event in row.met)
        assert all(row in rules.cancelled_by(event) for event in row.cancelled_by)
    assert rules.started_by("risks.edited") == rules.met_by("nothing") == rules.cancelled_by("nothing") == []


def test_x5_key_cannot_be_declared_twice():
    row = rule("risks.handover")
    with pytest.raises(ValueError, match=r"rule risks\.handover is declared twice"):
        register(row)
    assert rules.started_by("risks.concluded_severe").count(row) == 1


def test_x5_unknown_key_is_an_error():
    with pytest.raises(KeyError):
        rule("risks.vanished")


@pytest.mark.django_db
def test_x5_district_sets_only_terms_without_a_number_in_the_notice():
    NOW = at("2026-09-30 16:40")

    class Case:
        district = make_district(terms={"letter_receipt": "WD4", "handover": "WD9"})

    assert rule("risks.receipt").snapshot(Case, NOW).within == WorkingDays(4)
    assert rule("risks.handover").snapshot(Case, NOW).within == WorkingDays(3)
    assert rule("risks.assessment").snapshot(Case, NOW).within == WorkingDays(5)
    assert rule("risks.treatment").snapshot(Case, NOW).within == OnDate()


def test_x5_response_is_immutable():
    with pytest.raises(AttributeError):
        rule("risks.handover").within = WorkingDays(30)  # type: ignore[misc]
    assert isinstance(rule("risks.handover"), Response)

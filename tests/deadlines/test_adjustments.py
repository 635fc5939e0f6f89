"""X5: extension, suspension and resumption: asked in time, decided by another person, one entry, the clock follows."""

from datetime import date

import pytest
from django.db import IntegrityError, connection, transaction

from audit.models import AuditEvent
from deadlines.models import Deadline, LedgerEntry, LedgerRequest, Notice
from deadlines.services.reminders import sweep
from deadlines.terms import NEVER
from deadlines.workflow import Overtaken, Refused
from records.models import Attachment
from tests.deadlines.adjustments import LATER, ask, decide, grant
from tests.factories import at, make_actor
from tests.risks.builders import Scene, risk_in, traces

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plain_font", "media")]
MONDAY = at("2026-11-02 10:00")


@pytest.fixture
def scene() -> Scene:
    found = risk_in("treating")
    found.at = MONDAY
    return found


def names(scene: Scene) -> list[str]:
    found = AuditEvent.objects.filter(case_id=scene.pk, at__gte=MONDAY).order_by("case_seq")
    return list(found.values_list("name", flat=True))


def test_x5_extension_is_asked_decided_and_moves_the_clock(scene):
    request = ask(scene)
    before = scene.deadline("treatment")
    assert (before.due_on, before.is_adjusted) == (date(2026, 11, 29), False), "asking moves nothing"
    assert Attachment.objects.get(pk=request.attachment_id).purpose == "延期申请"
    decide(scene, request, note="同意")
    clock = scene.deadline("treatment")
    assert (clock.due_on, clock.due_at, clock.is_adjusted) == (LATER, at("2026-12-20"), True)
    assert (clock.terms, clock.named_on) == ("ON", date(2026, 11, 29)), "the snapshot stays"
    assert scene.case.next_due_at == clock.due_at
    entry = clock.entries.get()
    assert (entry.kind, entry.new_on, entry.reason) == ("extend", LATER, "设备到货推迟")
    assert (entry.requested_by, entry.decided_by) == (scene.cast.reporter.person, scene.cast.head.person)
    assert entry.attachment == request.attachment
    assert names(scene) == ["deadlines.extension_asked", "records.attached", "records.signed", "deadlines.extended"]
    event = AuditEvent.objects.get(case_id=scene.pk, name="deadlines.extended")
    assert (event.data["due_on"], event.data["new_due_on"]) == ("2026-11-29", "2026-12-19")


def test_x5_extension_may_be_granted_for_less_and_never_for_more(scene):
    request = ask(scene)
    for day in (date(2026, 12, 20), date(2026, 11, 29)):
        with pytest.raises(Refused, match="须晚于 2026-11-29，不晚于申请的 2026-12-19"), transaction.atomic():
            decide(scene, request, new_on=day)
    decide(scene, request, new_on=date(2026, 12, 5))
    assert scene.deadline("treatment").due_on == date(2026, 12, 5)


def test_x5_refusal_says_why_and_moves_nothing(scene):
    request = ask(scene)
    with pytest.raises(Refused, match="不同意的，请写明理由"), transaction.atomic():
        decide(scene, request, approve=False, note=" ")
    decide(scene, request, approve=False, note="可以如期完成")
    clock = scene.deadline("treatment")
    assert (clock.due_on, clock.is_adjusted, LedgerEntry.objects.count()) == (date(2026, 11, 29), False, 0)
    assert names(scene)[-1] == "deadlines.extension_refused"
    told = Notice.objects.get(person=scene.cast.reporter.person, rung=f"extension-{request.pk}")
    assert told.text == "延期申请没有批准：可以如期完成"
    assert ask(scene).pk != request.pk, "after a refusal one may ask again"


def test_x5_applicant_is_told_of_the_new_day(scene):
    request = ask(scene)
    decide(scene, request)
    told = Notice.objects.get(person=scene.cast.reporter.person, rung=f"extension-{request.pk}")
    assert (told.text, told.post) == ("延期申请已批准，到期日为 2026-12-19", scene.cast.reporter.post)


def test_x5_asked_too_late_is_refused_and_decided_late_is_not(scene):
    request = ask(scene, at=at("2026-11-29 23:59"))
    decide(scene, request, at=at("2026-12-02 09:00"))
    assert scene.deadline("treatment").due_on == LATER
    other = risk_in("treating", cast=scene.cast)
    for kind in ("extend", "suspend"):
        with pytest.raises(Refused, match="已到期，不能再申请"), transaction.atomic():
            ask(other, kind, at=at("2026-11-30 00:00"))


@pytest.mark.parametrize(
    ("state", "key", "kind", "why"),
    [
        ("graded", "handover", "extend", "本机关时限不可延期"),
        ("graded", "handover", "suspend", "本机关时限不可中止"),
        ("applied", "closure_check", "extend", "本机关时限不可延期"),
        ("handed_over", "receipt", "extend", "“交办函签收”不可延期"),
        ("handed_over", "receipt", "suspend", "“交办函签收”不可中止"),
    ],
)
def test_x5_what_the_rule_forbids_is_refused_to_everybody(state, key, kind, why):
    found = risk_in(state)
    before = traces(found.pk)
    for actor in (found.cast.reporter, found.cast.handler, found.cast.head):
        with pytest.raises(Refused, match=why), transaction.atomic():
            ask(found, kind, by=actor, deadline=found.deadline(key))
    assert traces(found.pk) == before


@pytest.mark.parametrize(("days", "fits"), [(0, False), (1, True), (90, True), (91, False)])
def test_x5_no_longer_than_the_rule_allows(scene, days, fits):
    day = date.fromordinal(date(2026, 11, 29).toordinal() + days)
    if fits:
        assert ask(scene, new_on=day).new_on == day
    else:
        with pytest.raises(Refused, match="须晚于 2026-11-29，最迟 2027-02-27"):
            ask(scene, new_on=day)


def test_x5_the_district_may_set_the_limit(scene):
    district = scene.case.district
    district.profile["terms"]["treatment_extension"] = "D10"
    district.save()
    with pytest.raises(Refused, match="最迟 2026-12-09"):
        ask(scene)


def test_x5_extended_once_is_enough(scene):
    grant(scene, "extend", MONDAY)
    with pytest.raises(Refused, match="已延期 1 次，不能再延期"):
        ask(scene, new_on=date(2026, 12, 25))


# --- who


def test_x5_owner_asks_and_the_pressing_unit_decides(scene):
    with pytest.raises(Refused, match="延期由义务单位申请"), transaction.atomic():
        ask(scene, by=scene.cast.handler)
    with pytest.raises(Refused, match="中止由义务单位或督促单位申请"), transaction.atomic():
        ask(scene, "suspend", by=make_actor("department_handler", "区住建交通委"))
    request = ask(scene)
    others = [
        scene.cast.principal,  # the applicant's own principal
        scene.cast.handler,  # the right unit without the right
        make_actor("department_head", "区住建交通委"),  # the right without the unit
        scene.cast.leader,
    ]
    for actor in others:
        with pytest.raises(Refused, match="延期由区应急管理局有审批权限的人员审批"), transaction.atomic():
            decide(scene, request, by=actor)
    decide(scene, request, by=scene.cast.chief)


def test_x5_nobody_decides_the_own_request_by_person(scene):
    """The same person, in another post with another account, is the same person."""
    twice = make_actor("bureau_head", scene.cast.lead, person=None)
    request = ask(scene, "suspend", by=twice)
    with pytest.raises(Refused, match="申请人不能审批自己的申请"), transaction.atomic():
        decide(scene, request, by=twice)
    other_hat = make_actor("bureau_principal", scene.cast.lead, person=twice.person)
    with pytest.raises(Refused, match="申请人不能审批自己的申请"), transaction.atomic():
        decide(scene, request, by=other_hat)
    with pytest.raises(IntegrityError, match="ledger_request_two_persons"), transaction.atomic():
        LedgerRequest.objects.filter(pk=request.pk).update(decided_by=twice.person, decided_at=MONDAY, is_approved=True)


def test_x5_one_request_at_a_time(scene):
    request = ask(scene)
    with pytest.raises(Refused, match="申请的延期还在等待审批"), transaction.atomic():
        ask(scene, "suspend", by=scene.cast.principal)
    with pytest.raises(IntegrityError, match="ledger_request_one_open"), transaction.atomic():
        request.pk = None
        request.save()


def test_x5_second_decision_is_refused(scene):
    request = ask(scene)
    decide(scene, request)
    with pytest.raises(Refused, match="已审批：同意延期"):
        decide(scene, request, by=scene.cast.chief, approve=False)


def test_x5_form_opened_before_the_decision_is_told_who_was_faster(scene):
    request = ask(scene)
    version = scene.case.version
    decide(scene, request, version=version)
    with pytest.raises(Overtaken, match="办理“批准延期”"):
        decide(scene, request, by=scene.cast.chief, version=version)


def test_x5_closed_clock_takes_neither_request_nor_decision(scene):
    request = ask(scene)
    scene.apply(at=MONDAY)
    with pytest.raises(Refused, match="已办结或终止，延期申请不用再审批"), transaction.atomic():
        decide(scene, request)
    with pytest.raises(Refused, match="已办结或终止，不能再申请延期"):
        ask(scene)


# --- stopping and going on


def test_x5_suspension_begins_on_the_day_of_the_asking(scene):
    request = ask(scene, "suspend")
    assert scene.deadline("treatment").suspended_at is None
    decide(scene, request, at=at("2026-11-05 09:00"))
    clock = scene.deadline("treatment")
    assert (clock.suspended_at, clock.due_at, clock.due_on) == (MONDAY, NEVER, date(2026, 11, 29))
    assert clock.state_at(at("2027-06-01")) == "suspended" and not clock.is_late_at(at("2027-06-01"))
    assert scene.case.next_due_at is None
    # 2 to 29 November were left, 28 days, and go on after the day of resumption.
    grant(scene, "resume", at("2026-12-01 15:00"))
    clock = scene.deadline("treatment")
    assert (clock.suspended_at, clock.due_on, clock.due_at) == (None, date(2026, 12, 29), at("2026-12-30"))
    assert scene.case.next_due_at == clock.due_at
    assert [e.kind for e in clock.entries.all()] == ["suspend", "resume"]


def test_x5_suspended_clock_is_left_alone_by_the_sweep(scene):
    grant(scene, "suspend", MONDAY)
    Notice.objects.all().delete()
    for day in ("2026-11-23", "2026-11-29", "2026-11-30", "2027-03-01"):
        sweep(at=at(f"{day} 10:00"))
    assert not Notice.objects.filter(deadline=scene.deadline("treatment")).exists()
    # What is asked in time and decided when the clock had run out takes the lateness back.
    other = risk_in("treating", cast=scene.cast)
    request = ask(other, "suspend", at=at("2026-11-27 10:00"))
    sweep(at=at("2026-11-30 10:00"))
    assert Notice.objects.filter(deadline=other.deadline("treatment"), rung="late-0").exists()
    decide(other, request, at=at("2026-11-30 11:00"))
    assert other.deadline("treatment").state_at(at("2026-12-30")) == "suspended"


def test_x5_suspended_clock_cannot_be_stopped_or_extended_again(scene):
    grant(scene, "suspend", MONDAY)
    for kind in ("extend", "suspend"):
        with pytest.raises(Refused, match="时限已中止，恢复后才能申请"), transaction.atomic():
            ask(scene, kind)
    grant(scene, "resume", MONDAY)
    with pytest.raises(Refused, match="时限没有中止"):
        ask(scene, "resume")


def test_x5_only_the_grounds_of_the_rule_stop_a_clock(scene):
    with pytest.raises(Refused, match="请选择规则列明的中止事由"):
        ask(scene, "suspend", ground="资金紧张")


def test_x5_clock_may_be_met_while_it_stands_still_and_is_not_late(scene):
    grant(scene, "suspend", MONDAY)
    scene.apply(at=at("2027-03-01 10:00"))
    assert scene.deadline("treatment").state_at(at("2027-03-02")) == "met"


# --- rows


def test_x5_entries_are_append_only(scene):
    grant(scene, "extend", MONDAY)
    connection.cursor().execute("SET CONSTRAINTS ALL IMMEDIATE")  # what is pending would refuse the last one first
    for change in (
        lambda: LedgerEntry.objects.update(reason="改"),
        lambda: LedgerEntry.objects.all().delete(),
        lambda: connection.cursor().execute("TRUNCATE deadlines_ledgerentry"),
    ):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            change()


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"suspended_at": MONDAY}, "deadline_suspended_is_never_due"),
        ({"due_at": NEVER}, "deadline_suspended_is_never_due"),
        ({"named_on": None}, "deadline_day_named"),
        ({"terms": "WD3"}, "deadline_day_named"),
    ],
)
def test_x5_ledger_row_holds_together(scene, change, constraint):
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Deadline.objects.filter(pk=scene.deadline("treatment").pk).update(**change)


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "extend", "length": "", "new_on": None},
        {"kind": "extend", "length": "WD1"},
        {"kind": "suspend"},
        {"kind": "resume"},
        {"kind": "melt"},
        {"ground": "不可抗力"},
    ],
)
def test_x5_request_has_the_shape_of_its_kind(scene, change):
    request = ask(scene)
    with pytest.raises(IntegrityError, match="ledger_request_shape"), transaction.atomic():
        LedgerRequest.objects.filter(pk=request.pk).update(**change)

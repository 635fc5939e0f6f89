"""The one way a case changes: in one transaction, under its lock, by one of two who try, with its clocks beside it."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, timedelta
from threading import Barrier

import pytest
from django.db import connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.models import AuditEvent
from deadlines.models import Deadline
from deadlines.workflow import Overtaken, Refused, Step, Workflow
from records.models import Case, Signature
from risks.models import RiskState
from risks.services.closure import ClosureRefused
from tests.deadlines.adjustments import ask, decide
from tests.factories import at
from tests.risks.builders import LEC_ORANGE, LEC_YELLOW, Scene, make_cast, registered, risk_in, told, traces

pytestmark = pytest.mark.usefixtures("plain_font", "media")
in_db = pytest.mark.django_db


# --- 两人同办一案


@in_db
def test_x6_whoever_comes_second_is_told_who_did_what():
    scene = risk_in("awaiting", at=at("2026-10-09 09:00"))
    shown = scene.case.version
    scene.conclude(version=shown, at=at("2026-10-09 14:20"))
    before = traces(scene.pk)
    with pytest.raises(Overtaken) as overtaken:
        scene.conclude(LEC_YELLOW, actor=scene.cast.colleague, version=shown, at=at("2026-10-09 14:21"))
    assert str(overtaken.value) == (
        f"{scene.cast.handler.label}已于 10-09 14:20 办理“签署研判结论（重大、较大）”，您填写的内容未提交，请核对后再办"
    )
    assert traces(scene.pk) == before and scene.case.level == "red"


@in_db
@pytest.mark.parametrize("act", ["draft", "progress", "apply", "ask_correction", "verify", "propose", "long_term"])
def test_x6_every_act_looks_at_the_version(act):
    state = {"draft": "graded", "ask_correction": "applied", "verify": "applied", "long_term": "long_term"}.get(
        act, "treating"
    )
    scene = risk_in(state)
    name = "check_long_term" if act == "long_term" else act
    before = traces(scene.pk)
    with (
        pytest.raises(Overtaken, match=scene.cast.lead.short_name + "|" + scene.cast.responsible.name),
        transaction.atomic(),
    ):
        getattr(scene, name)(version=scene.case.version - 1)
    assert traces(scene.pk) == before
    getattr(scene, name)(version=scene.case.version)


@in_db
def test_x6_a_letter_is_an_act_too():
    scene = risk_in("graded")
    shown = scene.case.version
    scene.draft()
    with pytest.raises(Overtaken, match="办理“提交核稿”"):
        scene.conclude(LEC_YELLOW, version=shown)


def test_x6_two_officials_deciding_at_once_one_wins(cloned_db):
    scene = risk_in("awaiting")
    shown, start = scene.case.version, Barrier(2)
    people = {"red": scene.cast.handler, "orange": scene.cast.colleague}

    def work(level: str) -> tuple[str, str]:
        start.wait()
        try:
            inputs = {"inputs": LEC_ORANGE} if level == "orange" else {}
            scene.conclude(actor=people[level], version=shown, **inputs)
            return "won", level
        except Overtaken as overtaken:
            return "overtaken", str(overtaken)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        (lost, message), (won, level) = sorted(pool.map(work, people))
    assert (lost, won) == ("overtaken", "won")
    assert message.startswith(f"{people[level].label}已于 09-30 16:40 办理“签署研判结论（重大、较大）”")
    assert scene.case.level == level
    assert scene.open_rules() == ["risks.handover"]
    assert Signature.objects.filter(case=scene.pk).count() == 1
    assert told(scene.pk).count("concluded_severe") == 1


def test_x6_two_who_countersign_at_once_close_the_case_once(cloned_db):
    scene = risk_in("applied")
    scene.verify(colleagues=[scene.cast.colleague.person, scene.cast.expert.person])
    start = Barrier(2)

    def work(actor) -> None:
        start.wait()
        try:
            scene.countersign(actor=actor)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, [scene.cast.colleague, scene.cast.expert]))
    assert scene.state == "closed" and scene.case.level == "yellow"
    assert told(scene.pk)[-4:] == ["verification_signed"] * 3 + ["closure_passed"]
    seqs = list(AuditEvent.objects.filter(case_id=scene.pk).order_by("case_seq").values_list("case_seq", flat=True))
    assert seqs == list(range(1, len(seqs) + 1))


def test_x6_many_acts_at_once_leave_numbers_whole(cloned_db):
    scene = risk_in("treating")
    start = Barrier(6)

    def work(number: int) -> None:
        start.wait()
        try:
            for turn in range(4):
                scene.progress(text=f"第 {number} 人第 {turn} 次", percent=turn)
        finally:
            connection.close()

    version = scene.case.version
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))
    assert scene.case.version == version + 24
    seqs = list(AuditEvent.objects.filter(case_id=scene.pk).order_by("case_seq").values_list("case_seq", flat=True))
    assert seqs == list(range(1, len(seqs) + 1))
    assert sorted(scene.risk.progress.values_list("case_seq", flat=True)) == sorted(
        AuditEvent.objects.filter(case_id=scene.pk, name="risks.progressed").values_list("case_seq", flat=True)
    )


def test_x5_two_who_decide_one_request_at_once_enter_it_once(cloned_db):
    scene = risk_in("treating")
    request, start = ask(scene), Barrier(2)
    days = {scene.cast.head.person: date(2026, 12, 5), scene.cast.chief.person: date(2026, 12, 15)}

    def work(actor) -> str:
        start.wait()
        try:
            decide(scene, request, by=actor, new_on=days[actor.person])
            return "won"
        except Refused as refused:
            return str(refused)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        told_ = sorted(pool.map(work, [scene.cast.head, scene.cast.chief]))
    clock = scene.deadline("treatment")
    (entry,) = clock.entries.all()
    assert told_ == ["won", f"{entry.decided_by}已审批：同意延期"]
    assert clock.due_on == entry.new_on == days[entry.decided_by]


# --- the engine's own promises


@in_db
def test_x6_failure_after_the_step_takes_everything_back():
    scene = risk_in("treating")
    before = traces(scene.pk)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        scene.apply()
        _ = 1 / 0
    assert traces(scene.pk) == before and not scene.risk.close_outs.exists()


@in_db
def test_x6_event_says_what_moved():
    scene = risk_in("graded")
    event = AuditEvent.objects.get(case_id=scene.pk, name="risks.concluded_severe")
    assert event.data["moved"] == {"state": ["registered", "graded"], "level": ["", "red"]}
    assert event.data["formula"] == "6 × 6 × 15 = 540"


@in_db
def test_x6_case_in_hand_shows_what_the_act_made_of_it():
    scene = registered()
    risk = scene.risk
    scene.conclude(risk=risk)
    fresh = Case.objects.get(pk=scene.pk)
    assert (risk.case.state, risk.case.level, risk.case.version) == (fresh.state, fresh.level, fresh.version)
    assert risk.case.next_due_at == fresh.next_due_at == at("2026-10-11 00:00")


def test_x5_action_cannot_be_declared_twice():
    step = Step("a", "甲", ("x",), None, lambda actor, case: True, "人人", "risks.edited")
    with pytest.raises(ValueError, match="declared twice"):
        Workflow("demo", RiskState, [step, step])


# --- any order of acts, against an oracle written from the notice


@dataclass
class Oracle:
    """State and open clocks by the notice alone. `None` means that the act is not possible now."""

    state: str = "registered"
    clocks: set[str] = field(default_factory=set)
    corrected: bool = False
    proposed: str = ""
    waiting: str = ""

    def allows(self, act: str) -> bool:
        before = {"registered", "awaiting", "listed", "graded"}
        exitable = before | {"handed_over", "treating", "long_term"}
        return {
            "self_grade": self.state == "registered",
            "self_mild": self.state == "registered",
            "conclude": self.state in before,
            "conclude_mild": self.state in before,
            "hand_over": self.state == "graded",
            "receive": self.state == "handed_over",
            "leave": self.state == "handed_over",
            "progress": self.state == "treating",
            "apply": self.state in {"treating", "long_term"} and not self.proposed,
            "ask_correction": self.state == "applied" and not self.corrected and not self.waiting,
            "supply_correction": self.state == "correcting",
            "write_pass": self.state == "applied",
            "write_fail": self.state == "applied",
            "object": self.state == "applied" and bool(self.waiting),
            "countersign": self.state == "applied" and bool(self.waiting),
            "propose_ceased": self.state in exitable and not self.proposed,
            "propose_long": self.state == "treating" and not self.proposed,
            "reject": self.state in exitable and bool(self.proposed),
            "approve": (self.state in exitable and self.proposed == "ceased")
            or (self.state == "treating" and self.proposed == "long"),
            "check": self.state == "long_term",
            "reassess": self.state == "long_term",
        }[act]

    def go(self, act: str) -> None:
        match act:
            case "self_grade":
                self.state, self.clocks = "awaiting", {"assessment"}
            case "conclude":
                self.state, self.clocks = "graded", {"handover"}
            case "conclude_mild":
                self.state, self.clocks = "listed", set()
            case "hand_over":
                self.state, self.clocks = "handed_over", {"receipt", "treatment"}
            case "receive" | "leave":
                self.state, self.clocks = "treating", {"treatment"}
            case "apply":
                self.state, self.clocks, self.corrected = "applied", {"closure_check"}, False
            case "ask_correction":
                self.state, self.clocks, self.corrected = "correcting", {"correction"}, True
            case "supply_correction":
                self.state, self.clocks = "applied", {"closure_check"}
            case "write_pass" | "write_fail":
                self.waiting = act.removeprefix("write_")
            case "object":
                self.waiting = ""
            case "countersign" if self.waiting == "pass":
                self.state, self.clocks, self.waiting = "closed", set(), ""
            case "countersign":
                self.state, self.clocks, self.waiting = "treating", {"treatment"}, ""
            case "propose_ceased" | "propose_long":
                self.proposed = act.removeprefix("propose_")
            case "reject":
                self.proposed = ""
            case "approve" if self.proposed == "long":
                self.state, self.clocks, self.proposed = "long_term", {"long_term_check", "reassessment"}, ""
            case "approve":
                self.state, self.clocks, self.proposed = "exited", set(), ""


ACTS = [
    "self_grade", "self_mild", "conclude", "conclude_mild", "hand_over", "receive", "leave", "progress", "apply", "ask_correction",
    "supply_correction", "write_pass", "write_fail", "object", "countersign", "propose_ceased", "propose_long", "reject",
    "approve", "check", "reassess",
]  # fmt: skip


def do(scene: Scene, act: str) -> None:
    from risks.services.closure import object_verification

    when = {"at": scene.at}
    late = when | {"late_reason": "测试逾期"}
    match act:
        case "self_mild":
            scene.self_grade(LEC_YELLOW, **when)
        case "conclude":
            scene.conclude(**late)
        case "conclude_mild":
            scene.conclude(LEC_YELLOW, **late)
        case "hand_over":
            scene.hand_over(**late)
        case "countersign" | "reassess":
            getattr(scene, act)(**late)
        case "write_pass":
            scene.verify(**when)
        case "write_fail":
            scene.verify(passed=False, **when)
        case "object":
            object_verification(risk=scene.risk, reason="数据不实", actor=scene.cast.colleague, **when)
        case "propose_ceased":
            scene.propose("ceased", reason="已拆除", **when)
        case "propose_long":
            scene.propose(**when)
        case "approve" | "reject":
            scene.decide_exit(approve=act == "approve", **when)
        case "check":
            scene.check_long_term(**when)
        case _:
            getattr(scene, act)(**when)


@in_db
def test_x5_any_order_of_acts_agrees_with_the_oracle():
    cast = make_cast()

    # Half of the picks are taken from what is possible, so that runs get far; the other half tries anything.
    @settings(max_examples=40, deadline=None, derandomize=True, database=None)
    @given(st.lists(st.tuples(st.integers(0, 10_000), st.booleans()), min_size=4, max_size=14))
    def run(picks: list[tuple[int, bool]]) -> None:
        scene, oracle = registered(cast=cast), Oracle()
        for number, possible_only in picks:
            scene.at += timedelta(hours=7)
            choices = [act for act in ACTS if oracle.allows(act)] if possible_only else ACTS
            if not choices:
                break
            act = choices[number % len(choices)]
            if oracle.allows(act):
                do(scene, act)
                oracle.go(act)
            else:
                before = traces(scene.pk)
                with pytest.raises((Refused, ClosureRefused)), transaction.atomic():
                    do(scene, act)
                assert traces(scene.pk) == before, act
            case = scene.case
            open_ = Deadline.objects.open().filter(case=case)
            assert case.state == oracle.state, act
            assert {d.rule_key for d in open_} == {f"risks.{key}" for key in oracle.clocks}, act
            assert len(open_) == len(oracle.clocks), "no rule runs twice at once"
            assert case.next_due_at == min((d.due_at for d in open_), default=None), act
            assert (case.closed_on is not None) == (case.state in {"closed", "exited"})

    run()

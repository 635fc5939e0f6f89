"""X8: the worklist is what this post owes, nearest first, with one next act on each line."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from deadlines.calendar import WorkCalendar
from deadlines.display import Clockwork, date_text, due_mark
from deadlines.worklist import worklist
from tests.factories import at, make_actor
from tests.risks.builders import make_cast, risk_in

pytestmark = pytest.mark.django_db


def shown(actor, moment: str, **more):
    return worklist(actor, Clockwork(at=at(moment), calendar=WorkCalendar.load()), **more)


def lines(actor, moment: str, **more):
    return [
        (group.title, line["rule_label"], line["action_label"], line["due_text"])
        for group in shown(actor, moment, **more).groups
        for line in group.lines
    ]


@pytest.mark.parametrize(
    ("moment", "group", "due"),
    [
        ("2026-09-30 17:00", "以后", "剩 3 个工作日"),
        ("2026-10-09 14:20", "本周", "剩 1 个工作日"),
        ("2026-10-10 08:00", "今天", "今天到期"),
        ("2026-10-11 00:00", "已逾期", "已逾期"),
        ("2026-10-13 09:00", "已逾期", "逾期 2 个工作日"),
    ],
)
def test_x8_a_line_moves_through_the_groups(moment, group, due):
    scene = risk_in("graded", at=at("2026-09-30 16:40"))
    assert lines(scene.cast.handler, moment) == [(group, "风险交办", "拟交办函", due)]


def test_x8_the_button_follows_the_letter(plain_font):
    scene = risk_in("graded", at=at("2026-09-30 16:40"))
    moment = "2026-09-30 17:00"
    scene.draft()
    assert lines(scene.cast.colleague, moment)[0][2] == "核稿"
    assert [line[2] for line in lines(scene.cast.colleague, moment, chosen="mine")] == ["核稿"]
    assert lines(scene.cast.handler, moment, chosen="mine") == []
    scene.check()
    assert lines(scene.cast.head, moment)[0][2] == "签发"
    scene.issue(dispatch=False)
    assert lines(scene.cast.handler, moment)[0][2] == "送达"
    scene.dispatch()
    assert lines(scene.cast.handler, moment) == []
    assert [line[1] for line in lines(scene.cast.reporter, moment)] == ["交办函签收", "风险治理"]


def test_x8_what_i_sent_and_is_not_back(plain_font):
    scene = risk_in("handed_over", at=at("2026-10-12 10:00"))
    found = shown(scene.cast.handler, "2026-10-12 11:00", chosen="sent")
    assert found.counts == {"all": 0, "own": 0, "mine": 0, "sent": 2, "below": 0}
    assert [line["action_label"] for group in found.groups for line in group.lines] == ["查看", "查看"]


def test_x8_an_expert_sees_the_signature_that_is_missing(plain_font):
    scene = risk_in("applied", at=at("2026-10-12 10:00"))
    assert shown(scene.cast.expert, "2026-10-12 11:00").groups == []
    scene.verify(colleagues=[scene.cast.expert.person])
    groups = shown(scene.cast.expert, "2026-10-12 11:00").groups
    assert [(g.title, [line["action_label"] for line in g.lines]) for g in groups] == [
        ("等我签字、审批", ["会签核查结论"])
    ]


def test_x8_the_principal_sees_what_waits_for_approval_beside_a_running_clock():
    scene = risk_in("graded", at=at("2026-09-30 16:40"))
    scene.propose("ceased", reason="已拆除")
    groups = shown(scene.cast.chief, "2026-09-30 17:00").groups
    assert [(g.title, [(line["rule_label"], line["action_label"]) for line in g.lines]) for g in groups] == [
        ("等我签字、审批", [("待审批：关停灭失", "审批")]),
        ("以后", [("风险交办", "拟交办函")]),
    ]
    assert groups[0].lines[0]["action_url"].endswith("?do=decide_exit")


def test_x8_another_units_work_is_not_mine():
    risk_in("graded", at=at("2026-09-30 16:40"))
    other = make_cast()
    assert lines(other.reporter, "2026-10-09 14:20") == []


def test_x8_the_worklist_costs_the_same_for_one_and_three():
    def count(actor) -> int:
        with CaptureQueriesContext(connection) as queries:
            shown(actor, "2026-10-09 14:20")
        return len(queries)

    scene = risk_in("graded", at=at("2026-09-30 16:40"))
    one = count(scene.cast.handler)
    for _ in range(2):
        risk_in("graded", at=at("2026-09-30 16:40"), cast=scene.cast)
    assert (one, count(scene.cast.handler)) == (6, 6)


def test_x8_escalations_cost_the_same_for_one_and_three(plain_font):
    def count(actor, number: int) -> int:
        with CaptureQueriesContext(connection) as queries:
            found = shown(actor, "2026-10-14 09:00")
        assert [len(group.lines) for group in found.groups if group.title == "下级逾期"] == [number]
        return len(queries)

    committee = make_actor("committee_officer")
    scene = risk_in("graded", at=at("2026-09-30 16:40"))
    one = count(committee, 1)
    for _ in range(2):
        risk_in("graded", at=at("2026-09-30 16:40"), cast=scene.cast)
    assert (one, count(committee, 3)) == (5, 5)


def test_x4_a_make_up_saturday_is_named_and_a_rest_of_holidays_is_said():
    clockwork = Clockwork(at=at("2026-10-01 09:00"), calendar=WorkCalendar.load())
    assert date_text(at("2026-10-10 00:00").date(), clockwork) == "10-10 周六（调休）"
    assert date_text(at("2027-01-04 00:00").date(), clockwork) == "2027-01-04 周一"
    mark = due_mark(at("2026-10-03 00:00").date(), at("2026-10-04 00:00"), clockwork)
    assert mark["text"] == "剩 2 天，均为休息日"

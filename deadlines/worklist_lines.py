"""The lines of the worklist: one of the own unit's clocks, one of another's that is pressed on, one that waits for a hand."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.urls import reverse

from audit.clock import local_date
from deadlines import adjusting
from deadlines.calendar_alarm import wanting_year
from deadlines.display import Clockwork, basis_marks, date_text, due_mark, rule_url, term_words
from deadlines.models import Deadline
from organisations.actors import Actor
from organisations.models import Absence
from organisations.roles import Right
from organisations.selectors import waiting_for
from records.kinds import AtHand, NextAct, at_hand, case_url, grade_of
from records.selectors import letters_waiting_for

ASKED_AT_MOST = 300  # requests read for one page


def line(
    deadline: Deadline,
    act: NextAct | None,
    actor: Actor,
    clockwork: Clockwork,
    *,
    urge: Mapping[str, Any] | None = None,
    absent: Mapping[int, str] | None = None,
) -> dict[str, Any]:
    """The context of components/worklist_line.html."""
    rule, case = deadline.rule, deadline.case
    mark = due_mark(deadline.due_on, deadline.due_at, clockwork)
    owes = deadline.owner_unit_id == actor.unit_id
    action, label = (act.action, act.label) if act and is_met_by(deadline, act) else (rule.action, rule.action_label)
    if not owes:
        action, label = "", "查看"
    marks = []
    if rule.is_own_term:
        marks.append("本机关时限")
        if mark["class"] == "late":
            marks.append("须写明逾期原因")
    if act and act.mark and is_met_by(deadline, act):
        marks.append(act.mark)
        if stands_for := (absent or {}).get(act.waits_for or 0):
            marks.append(f"代{stands_for}")
    if not owes:
        marks.append(f"由{deadline.owner_unit}办理")
    if deadline.suspended_at:
        marks.append(f"{date_text(local_date(deadline.suspended_at), clockwork)} 起中止计时")
    if getattr(deadline, "has_request", False):
        marks.append("申请等待审批")
    if urge and urge["text"]:
        marks.append(urge["text"])
    return {
        "date_text": "" if deadline.suspended_at else date_text(deadline.due_on, clockwork),
        "date_iso": deadline.due_on.isoformat(),
        "due_class": mark["class"],
        "due_text": mark["text"],
        "due_icon": mark["icon"],
        "grade": grade_of(case.level),
        "title": case.title,
        "url": case_url(case),
        "rule_label": rule.label,
        "marks": marks,
        "basis_marks": basis_marks(deadline),
        "for_whom": str(case.responsible_unit),
        "for_whom_sub": f"{case.township}·{case.number}",
        "clause": rule.clause,
        "clause_url": rule_url(rule.key),
        "clause_words": term_words(deadline),
        "action_label": label,
        "action_url": case_url(case, action),
        "urge": urge if urge and urge["may"] else None,
    }


def is_met_by(deadline: Deadline, act: NextAct) -> bool:
    """The pending hand belongs to the clock that the rule's own act would meet (a letter to 交办, a signature to 核查)."""
    return deadline.rule.action in act.meets


def signing_lines(
    actor: Actor, clockwork: Clockwork, hands: Iterable[AtHand], already: set[int]
) -> list[dict[str, Any]]:
    """What waits for this person without a deadline of the own unit: an expert's signature, a principal's approval."""
    lines = []
    for hand in hands:
        case, act = hand.case, hand.act
        if not hand.is_waiting or (case.pk in already and act.meets):
            continue  # the latter stands on the line of the clock that it moves on
        lines.append(
            _plain_line(
                title=case.title,
                sub=f"{case.responsible_unit}",
                url=case_url(case),
                action_url=case_url(case, act.action),
                action_label=act.label,
                grade=grade_of(case.level),
                mark=act.mark,
            )
        )
    for request in adjusting.waiting_for(actor)[:ASKED_AT_MOST]:
        case = request.deadline.case
        lines.append(
            _plain_line(
                title=case.title,
                sub=f"{case.responsible_unit}",
                url=case_url(case),
                action_url=reverse("deadlines:decide", args=[request.pk]),
                action_label="审批",
                grade=grade_of(case.level),
                mark=f"{request.get_kind_display()}申请",
                marks=[request.deadline.rule.label, adjusting.asked_words(request), f"{request.requested_by}申请"],
            )
        )
    if actor.may(Right.MANAGE_SYSTEM) and (year := wanting_year(clockwork.today, clockwork.calendar)):
        lines.append(
            _plain_line(
                title=f"载入 {year} 年工作日历",
                sub=f"国务院办公厅公布放假安排后载入；在此之前，跨到 {year} 年的期限都是暂定。",
                url=reverse("deadlines:calendar-year", args=[year]),
                action_url=reverse("manage:calendar-load"),
                action_label="去载入",
                mark="工作日历",
            )
        )
    for item in (*letters_waiting_for(actor), *waiting_for(actor)):
        lines.append(
            _plain_line(
                title=item.title, sub=item.sub, url=item.url, action_url=item.url, action_label=item.action_label
            )
        )
    return lines


def deputy_lines(absences: Iterable[Absence], actor: Actor) -> list[dict[str, Any]]:
    """What waits for the hand of somebody absent, for the deputy to see to. No right passes: what the own post may do, it may."""
    lines = []
    for absence in absences:
        absent = Actor(account=actor.account, post=absence.post)
        for hand in at_hand([], absent):
            case = hand.case
            lines.append(
                _plain_line(
                    title=case.title,
                    sub=f"{case.responsible_unit}",
                    url=case_url(case),
                    action_url=case_url(case),
                    action_label="查看",
                    grade=grade_of(case.level),
                    mark=hand.act.mark,
                    marks=[f"代{absence.post.person.name}"],
                )
            )
    return lines


def _plain_line(
    *,
    title: str,
    sub: str,
    url: str,
    action_url: str,
    action_label: str,
    grade: dict[str, str] | None = None,
    mark: str = "",
    marks: list[str] | None = None,
) -> dict[str, Any]:
    return {
        "date_text": "",
        "due_class": "",
        "due_text": "等您办理",
        "grade": grade,
        "title": title,
        "url": url,
        "rule_label": mark or "待签",
        "marks": marks or [],
        "basis_marks": [],
        "for_whom": sub,
        "clause": "",
        "clause_words": "",
        "action_label": action_label,
        "action_url": action_url,
    }

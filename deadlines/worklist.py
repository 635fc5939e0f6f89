"""The worklist (待办): what this post owes, nearest first, each line with its one next act (X8)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse

from audit.clock import local_date
from deadlines import adjusting
from deadlines.display import Clockwork, basis_marks, date_text, due_mark, rule_url, term_words
from deadlines.models import Deadline, LedgerRequest
from organisations.actors import Actor
from organisations.selectors import waiting_for
from records.kinds import NextAct, all_kinds, case_url, grade_of
from records.models import Case
from records.selectors import letters_waiting_for

LIMIT = 300  # lines read for one page; whoever owes more is told so
FIRST_LATER = 20


@dataclass
class Group:
    key: str
    title: str
    hint: str = ""
    lines: list[dict[str, Any]] = field(default_factory=list)
    more_url: str = ""
    more_count: int = 0

    @property
    def count(self) -> int:
        return len(self.lines) + self.more_count


@dataclass(frozen=True)
class Worklist:
    groups: list[Group]
    counts: dict[str, int]
    is_cut: bool


FILTERS = {
    "all": "全部",
    "own": "本机关时限",
    "mine": "等我签字",
    "sent": "我交出去、还没回的",
}


def owed(actor: Actor) -> QuerySet[Deadline]:
    """Open deadlines that the actor's unit owes: one equality, one partial index."""
    return _read(Deadline.objects.owed_by(actor.unit))


def sent_out(actor: Actor) -> QuerySet[Deadline]:
    """Open deadlines of others that the actor's unit presses on."""
    return _read(Deadline.objects.open().filter(supervising_unit=actor.unit))


def worklist(actor: Actor, clockwork: Clockwork, *, chosen: str = "all", show_all_later: bool = False) -> Worklist:
    """Groups 等我签字 · 已逾期 · 今天 · 本周 · 以后, in a fixed number of queries whatever their length."""
    mine = list(owed(actor)[: LIMIT + 1])
    sent = list(sent_out(actor)[: LIMIT + 1])
    is_cut = len(mine) > LIMIT or len(sent) > LIMIT
    acts = _next_acts([d.case for d in mine], actor)
    signs = _signing_lines(actor, clockwork, {d.case_id for d in mine})
    person = actor.post.person_id
    waits = [
        d
        for d in mine
        if (act := acts.get(d.case_id)) and act.waits_for == person and act.action and _is_met_by(d, act)
    ]
    own = [d for d in mine if d.rule.is_own_term]
    shown = {"all": mine, "own": own, "mine": waits, "sent": sent}[chosen]
    counts = {"all": len(mine) + len(signs), "own": len(own), "mine": len(waits) + len(signs), "sent": len(sent)}
    groups = _by_time(shown[:LIMIT], acts, actor, clockwork, show_all_later=show_all_later)
    if signs and chosen in {"all", "mine"}:
        groups.insert(0, Group("today", "等我签字、审批", lines=signs))
    return Worklist(groups=groups, counts=counts, is_cut=is_cut)


def line(deadline: Deadline, act: NextAct | None, actor: Actor, clockwork: Clockwork) -> dict[str, Any]:
    """The context of components/worklist_line.html."""
    rule, case = deadline.rule, deadline.case
    mark = due_mark(deadline.due_on, deadline.due_at, clockwork)
    owes = deadline.owner_unit_id == actor.unit_id
    action, label = (act.action, act.label) if act and _is_met_by(deadline, act) else (rule.action, rule.action_label)
    if not owes:
        action, label = "", "查看"
    marks = []
    if rule.is_own_term:
        marks.append("本机关时限")
        if mark["class"] == "late":
            marks.append("须写明逾期原因")
    if act and act.mark and _is_met_by(deadline, act):
        marks.append(act.mark)
    if not owes:
        marks.append(f"由{deadline.owner_unit}办理")
    if deadline.suspended_at:
        marks.append(f"{date_text(local_date(deadline.suspended_at), clockwork)} 起中止计时")
    if getattr(deadline, "has_request", False):
        marks.append("申请等待审批")
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
    }


def _is_met_by(deadline: Deadline, act: NextAct) -> bool:
    """The pending hand belongs to the clock that the rule's own act would meet (a letter to 交办, a signature to 核查)."""
    return deadline.rule.action in act.meets


def _read(deadlines: QuerySet[Deadline]) -> QuerySet[Deadline]:
    waiting = LedgerRequest.objects.filter(deadline=OuterRef("pk"), decided_at=None)
    found = deadlines.select_related("case__responsible_unit", "case__township", "owner_unit")
    return found.annotate(has_request=Exists(waiting)).order_by("due_at", "id")


def _next_acts(cases: Iterable[Case], actor: Actor) -> dict[int, NextAct]:
    found: dict[int, NextAct] = {}
    cases = list(cases)
    for kind in all_kinds():
        found |= kind.next_acts(cases, actor)
    return found


def _signing_lines(actor: Actor, clockwork: Clockwork, already: set[int]) -> list[dict[str, Any]]:
    """What waits for this person without a deadline of the own unit: an expert's signature, a principal's approval."""
    lines = []
    for kind in all_kinds():
        cases = list(kind.waiting_for(actor))
        acts = kind.next_acts(cases, actor)
        for case in cases:
            act = acts.get(case.pk)
            if case.pk in already and act and act.meets:
                continue  # it stands on the line of the clock that it moves on
            lines.append(
                _plain_line(
                    title=case.title,
                    sub=f"{case.responsible_unit}",
                    url=case_url(case),
                    action_url=case_url(case, act.action if act else ""),
                    action_label=act.label if act else "去办理",
                    grade=grade_of(case.level),
                    mark=act.mark if act else "",
                )
            )
    for request in adjusting.waiting_for(actor)[:LIMIT]:
        case = request.deadline.case
        url = reverse("deadlines:decide", args=[request.pk])
        lines.append(
            _plain_line(
                title=case.title,
                sub=f"{case.responsible_unit}",
                url=case_url(case),
                action_url=url,
                action_label="审批",
                grade=grade_of(case.level),
                mark=f"{request.get_kind_display()}申请",
                said=[request.deadline.rule.label, adjusting.asked_words(request), f"{request.requested_by}申请"],
            )
        )
    for item in (*letters_waiting_for(actor), *waiting_for(actor)):
        lines.append(
            _plain_line(
                title=item.title, sub=item.sub, url=item.url, action_url=item.url, action_label=item.action_label
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
    said: Iterable[str] = (),
) -> dict[str, Any]:
    return {
        "date_text": "",
        "due_class": "",
        "due_text": "等您办理",
        "grade": grade,
        "title": title,
        "url": url,
        "rule_label": mark or "待签",
        "marks": list(said),
        "basis_marks": [],
        "for_whom": sub,
        "clause": "",
        "clause_words": "",
        "action_label": action_label,
        "action_url": action_url,
    }


def _by_time(
    deadlines: list[Deadline], acts: dict[int, NextAct], actor: Actor, clockwork: Clockwork, *, show_all_later: bool
) -> list[Group]:
    end = week_end(clockwork)
    late = Group("late", "已逾期")
    today = Group("today", "今天")
    week = Group("week", "本周", hint=f"到 {end.month} 月 {end.day} 日（{date_text(end, clockwork).split(' ')[1]}）")
    later = Group("later", "以后")
    paused = Group("paused", "已中止", hint="恢复计时前不计逾期，也不提醒。")
    for deadline in deadlines:
        if deadline.suspended_at:
            group = paused
        elif clockwork.at >= deadline.due_at:
            group = late
        elif deadline.due_on == clockwork.today:
            group = today
        elif deadline.due_on <= end:
            group = week
        else:
            group = later
        if group is later and len(later.lines) >= FIRST_LATER and not show_all_later:
            later.more_count += 1
            later.more_url = "?later=all"
            continue
        group.lines.append(line(deadline, acts.get(deadline.case_id), actor, clockwork))
    own_late = sum(1 for d in deadlines if clockwork.at >= d.due_at and d.rule.is_own_term)
    if own_late:
        late.hint = f"本机关时限 {own_late} 项：不可延期，办结时须写明逾期原因，计入考核。"
    return [group for group in (late, today, week, later, paused) if group.lines or group.more_count]


def week_end(clockwork: Clockwork) -> date:
    """The last working day of this week, a make-up Saturday or Sunday included; Sunday when none is left."""
    last = clockwork.calendar.last_workday_of_week(clockwork.today)
    sunday = clockwork.today + timedelta(days=6 - clockwork.today.weekday())
    return last if last and last >= clockwork.today else sunday

"""The worklist (待办): what this post owes, nearest first, each line with its one next act (X8)."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from deadlines.display import Clockwork, date_text
from deadlines.models import Deadline, LedgerRequest
from deadlines.services.urging import may_urge
from deadlines.urging import urge_mark, with_urges
from deadlines.worklist_lines import deputy_lines, is_met_by, line, signing_lines
from organisations.actors import Actor
from organisations.models import Absence
from records.kinds import NextAct, at_hand

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
    can_urge: bool = False  # the lines have boxes to tick
    has_urge_bar: bool = False  # below the last of such groups: one form for all boxes of the page

    @property
    def count(self) -> int:
        return len(self.lines) + self.more_count


@dataclass(frozen=True)
class Drawing:
    """What every line is drawn with, read once for the page."""

    actor: Actor
    clockwork: Clockwork
    acts: dict[int, NextAct]
    absent: dict[int, str]

    def line(self, deadline: Deadline) -> dict[str, Any]:
        act = self.acts.get(deadline.case_id)
        urge = urge_mark(deadline, self.actor)
        return line(deadline, act, self.actor, self.clockwork, urge=urge, absent=self.absent)


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
    "below": "下级逾期",
}


def owed_and_pressed(actor: Actor) -> tuple[list[Deadline], list[Deadline]]:
    """Open deadlines that the actor's unit owes, and those of others that it presses on: the nearest of each, in one query."""
    # Each is one equality along one partial index, cut before they are put together; none is in both.
    nearest = [
        deadlines.order_by("due_at", "id").values("pk")[: LIMIT + 1]
        for deadlines in (Deadline.objects.owed_by(actor.unit), Deadline.objects.pressed_by(actor.unit))
    ]
    found = list(_read(Deadline.objects.filter(pk__in=nearest[0].union(nearest[1], all=True))))
    owed = [deadline for deadline in found if deadline.owner_unit_id == actor.unit_id]
    return owed, [deadline for deadline in found if deadline.owner_unit_id != actor.unit_id]


def worklist(actor: Actor, clockwork: Clockwork, *, chosen: str = "all", show_all_later: bool = False) -> Worklist:
    """Groups 等我签字 · 已逾期 · 今天 · 本周 · 以后, in a fixed number of queries whatever their length."""
    mine, pressed = owed_and_pressed(actor)
    is_cut = max(len(mine), len(pressed)) > LIMIT
    sent = [d for d in pressed if d.supervising_unit_id == actor.unit_id]
    below = [d for d in pressed[:LIMIT] if _is_escalated(d, clockwork)] if may_urge(actor) else []
    absences = list(stood_in_for(actor, on=clockwork.today))
    absent = {a.post.person_id: a.post.person.name for a in absences}
    hands = at_hand([d.case for d in mine], actor)
    drawn = Drawing(
        actor=actor,
        clockwork=clockwork,
        acts={hand.case.pk: hand.act for hand in hands},
        absent=absent,
    )
    signs = signing_lines(actor, clockwork, hands, {d.case_id for d in mine})
    standing_in = deputy_lines(absences, actor)
    persons = {actor.post.person_id, *absent}
    waits = [
        d
        for d in mine
        if (act := drawn.acts.get(d.case_id)) and act.waits_for in persons and act.action and is_met_by(d, act)
    ]
    own = [d for d in mine if d.rule.is_own_term]
    shown = {"all": mine, "own": own, "mine": waits, "sent": sent, "below": []}[chosen]
    counts = {
        "all": len(mine) + len(signs) + len(standing_in) + len(below),
        "own": len(own),
        "mine": len(waits) + len(signs) + len(standing_in),
        "sent": len(sent),
        "below": len(below),
    }
    groups = _by_time(shown[:LIMIT], drawn, show_all_later=show_all_later)
    if below and chosen in {"all", "below"}:
        groups.insert(_after_today(groups), _below(below, drawn))
    if standing_in and chosen in {"all", "mine"}:
        groups.insert(
            0,
            Group(
                "standing-in", "代人看管", hint="请假的人名下等办的事；用您自己的岗位能办的才能办。", lines=standing_in
            ),
        )
    if signs and chosen in {"all", "mine"}:
        groups.insert(0, Group("today", "等我签字、审批", lines=signs))
    if chosen == "sent":
        for group in groups:
            group.can_urge = any(line["urge"] for line in group.lines)
    for group in [group for group in groups if group.can_urge][-1:]:
        group.has_urge_bar = True
    return Worklist(groups=groups, counts=counts, is_cut=is_cut)


def stood_in_for(actor: Actor, *, on: date) -> QuerySet[Absence]:
    """Whoever is absent today and named this post as deputy."""
    return Absence.objects.on(on).filter(deputy=actor.post).select_related("post__person", "post__unit__district")


def _is_escalated(deadline: Deadline, clockwork: Clockwork) -> bool:
    days = clockwork.calendar.working_days_between(deadline.due_on, clockwork.today)
    return clockwork.at >= deadline.due_at and days >= deadline.rule.ladder.escalate


def _below(deadlines: list[Deadline], drawn: Drawing) -> Group:
    group = Group("below", "下级逾期", hint="到期未办，逾期上报到本单位，请督促。")
    group.lines = [drawn.line(d) for d in deadlines]
    group.can_urge = any(line["urge"] for line in group.lines)
    return group


def _after_today(groups: list[Group]) -> int:
    return sum(1 for group in groups if group.key in {"late", "today"})


def _read(deadlines: QuerySet[Deadline]) -> QuerySet[Deadline]:
    waiting = LedgerRequest.objects.filter(deadline=OuterRef("pk"), decided_at=None)
    return (
        with_urges(deadlines)
        .select_related("case__responsible_unit", "case__township", "owner_unit")
        .annotate(has_request=Exists(waiting))
        .order_by("due_at", "id")
    )


def _by_time(deadlines: list[Deadline], drawn: Drawing, *, show_all_later: bool) -> list[Group]:
    clockwork = drawn.clockwork
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
        group.lines.append(drawn.line(deadline))
    own_late = sum(1 for d in deadlines if clockwork.at >= d.due_at and d.rule.is_own_term)
    if own_late:
        late.hint = f"本机关时限 {own_late} 项：不可延期，办结时须写明逾期原因，计入考核。"
    return [group for group in (late, today, week, later, paused) if group.lines or group.more_count]


def week_end(clockwork: Clockwork) -> date:
    """The last working day of this week, a make-up Saturday or Sunday included; Sunday when none is left."""
    last = clockwork.calendar.last_workday_of_week(clockwork.today)
    sunday = clockwork.today + timedelta(days=6 - clockwork.today.weekday())
    return last if last and last >= clockwork.today else sunday

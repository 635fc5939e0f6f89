"""Who may ask that a clock be extended, stopped or started again, who decides, and why not (X5). Reads, no writing."""

from datetime import date, datetime, timedelta
from itertools import pairwise

from django.db.models import Prefetch, QuerySet

from audit.clock import local_date
from deadlines.calendar import WorkCalendar
from deadlines.models import AdjustmentKind, Deadline, LedgerEntry, LedgerRequest
from deadlines.replay import Stage, stages
from deadlines.rules import Extension
from deadlines.terms import OnDate, Term, describe, parse
from organisations.actors import Actor
from organisations.roles import Right

K = AdjustmentKind


def with_ledger(deadlines: QuerySet[Deadline]) -> QuerySet[Deadline]:
    """With what explaining and adjusting read of each clock: two more queries, however many clocks."""
    entries = LedgerEntry.objects.select_related("requested_by", "decided_by", "attachment")
    requests = LedgerRequest.objects.select_related("requested_by", "decided_by")
    return deadlines.select_related("owner_unit", "supervising_unit", "district").prefetch_related(
        Prefetch("entries", entries), Prefetch("requests", requests)
    )


def ask_refusal(
    deadline: Deadline, kind: str, actor: Actor, *, at: datetime, calendar: WorkCalendar, waiting: LedgerRequest | None
) -> str:
    """Why `actor` cannot ask this now, in Chinese; "" when possible. `waiting` is the open request on the clock."""
    rule = deadline.rule
    if why := forbidden(deadline, kind):
        return why
    if not _asks(deadline, kind, actor):
        who = "义务单位" if kind == K.EXTEND else "义务单位或督促单位"
        return f"{K(kind).label}由{who}申请"
    if not deadline.is_open:
        return f"“{rule.label}”已办结或终止，不能再申请{K(kind).label}"
    if waiting:
        return f"{waiting.requested_by}申请的{waiting.get_kind_display()}还在等待审批，办完再申请"
    if kind == K.RESUME:
        return "" if deadline.suspended_at else "时限没有中止"
    if deadline.suspended_at:
        return f"时限已中止，恢复后才能申请{K(kind).label}"
    if at >= deadline.due_at:
        return f"已到期，不能再申请{K(kind).label}"
    if kind == K.EXTEND and rule.extension:
        return _out_of_reach(deadline, rule.extension, at=at, calendar=calendar)
    return ""


def decide_refusal(request: LedgerRequest, actor: Actor) -> str:
    """Why `actor` cannot decide this request, in Chinese; "" when possible."""
    deadline, what = request.deadline, request.get_kind_display()
    if request.decided_at:
        result = "同意" if request.is_approved else "不同意"
        return f"{request.decided_by}已审批：{result}{what}"
    if not deadline.is_open:
        return f"“{deadline.rule.label}”已办结或终止，{what}申请不用再审批"
    if not (actor.may(Right.DECIDE_TERM) and actor.unit_id == deadline.supervising_unit_id):
        return f"{what}由{deadline.supervising_unit}有审批权限的人员审批"
    if actor.post.person_id == request.requested_by_id:
        return "申请人不能审批自己的申请"
    return ""


def forbidden(deadline: Deadline, kind: str) -> str:
    """What the rule says, whoever asks and whenever; what stands still may always go on."""
    rule = deadline.rule
    if kind == K.RESUME:
        return ""
    if kind == K.EXTEND and not rule.extension:
        return "本机关时限不可延期" if rule.is_own_term else f"“{rule.label}”不可延期"
    if kind == K.SUSPEND and not rule.suspension:
        return "本机关时限不可中止" if rule.is_own_term else f"“{rule.label}”不可中止"
    return "" if deadline.supervising_unit_id else f"没有督促单位，不能申请{K(kind).label}"


def _asks(deadline: Deadline, kind: str, actor: Actor) -> bool:
    units = {deadline.owner_unit_id} | (set() if kind == K.EXTEND else {deadline.supervising_unit_id})
    return actor.may(Right.TREAT) and actor.unit_id in units


def _out_of_reach(deadline: Deadline, extension: Extension, *, at: datetime, calendar: WorkCalendar) -> str:
    history = ledger(deadline, calendar)
    granted = sum(1 for stage in history if stage.entry and stage.entry.kind == K.EXTEND)
    if granted >= extension.times:
        return f"已延期 {granted} 次，不能再延期"
    if left_to_extend(deadline, extension, history) < 1:
        return "延期已到上限，不能再延期"
    if extension.ask_before:
        last = calendar.working_days_before(deadline.due_on, extension.ask_before)
        if local_date(at) > last:
            return f"须在到期 {extension.ask_before} 个工作日前申请，最迟 {last}"
    return ""


def ledger(deadline: Deadline, calendar: WorkCalendar) -> list[Stage]:
    return stages(deadline, deadline.entries.all() if deadline.is_adjusted else [], calendar)


def left_to_extend(deadline: Deadline, extension: Extension, history: list[Stage]) -> int:
    """How much longer the clock may still become, in the unit of the rule's limit: days for a named day."""
    used = 0
    for before, after in pairwise(history):
        if after.entry.kind != K.EXTEND:
            continue
        by_date = after.entry.new_on is not None
        used += (after.due.due_on - before.due.due_on).days if by_date else amount_of(parse(after.entry.length))
    return amount_of(extension.limit(deadline.district)) - used


def last_day(deadline: Deadline, extension: Extension, calendar: WorkCalendar) -> date:
    """The latest day to which a clock with a named day may be extended."""
    return deadline.due_on + timedelta(days=left_to_extend(deadline, extension, ledger(deadline, calendar)))


def is_by_date(deadline: Deadline) -> bool:
    return isinstance(parse(deadline.terms), OnDate)


def amount_of(term: Term) -> int:
    assert not isinstance(term, OnDate)
    return term.n


def length_of(unit: Term, amount: int) -> str:
    """`amount` in the unit of `unit` as the ledger keeps it; whether it rolls is the clock's own matter."""
    assert not isinstance(unit, OnDate)
    return str(type(unit)(amount))


def asked_words(request: LedgerRequest) -> str:
    """延至 2026-12-19 / 延长 5 个工作日 / 中止：不可抗力 / 恢复计时"""
    if request.new_on:
        return f"延至 {request.new_on}"
    if request.length:
        return f"延长 {describe(parse(request.length))}"
    return f"中止：{request.ground}" if request.kind == K.SUSPEND else "恢复计时"


def waiting_for(actor: Actor) -> QuerySet[LedgerRequest]:
    """Requests that this post decides, the oldest first: of clocks that still run and that its unit presses on."""
    if not actor.may(Right.DECIDE_TERM):
        return LedgerRequest.objects.none()
    waiting = LedgerRequest.objects.filter(
        decided_at=None,
        deadline__supervising_unit=actor.unit_id,
        deadline__met_at=None,
        deadline__cancelled_at=None,
    ).exclude(requested_by=actor.post.person_id)
    return waiting.select_related("requested_by", "deadline__case__responsible_unit").order_by("requested_at", "id")

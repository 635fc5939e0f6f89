"""The panel 为什么是这一天 of a clock with a ledger: the replay day by day, each entry on its day with who decided and why."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from itertools import pairwise

from deadlines.calendar import WorkCalendar
from deadlines.models import Deadline, LedgerEntry
from deadlines.replay import Stage, stages
from deadlines.terms import (
    FOLD_OVER,
    ONE_DAY,
    SHANGHAI,
    CalendarDays,
    Explanation,
    Hours,
    OnDate,
    Row,
    Term,
    WorkingDays,
    day_words,
    describe,
    explain,
    parse,
)


def told(deadline: Deadline, calendar: WorkCalendar) -> Explanation:
    """The explanation of a ledger row. Reads `deadline.entries` when there are any: prefetch them for lists."""
    event = deadline.rule.words.removesuffix("后")
    first = explain(parse(deadline.terms), deadline.started_at, calendar, on=deadline.named_on, event=event)
    if not deadline.is_adjusted:
        return first
    return replayed(deadline, deadline.entries.all(), calendar, first)


def replayed(
    deadline: Deadline, entries: Iterable[LedgerEntry], calendar: WorkCalendar, first: Explanation
) -> Explanation:
    term = parse(deadline.terms)
    history = stages(deadline, entries, calendar)
    steps = list(pairwise(history))
    sentence = "".join([first.sentence, *(_sentence(before, after) for before, after in steps)])
    last = history[-1]
    end = last.due.due_on
    rows = _days(history, term, calendar)
    rows += [(min(_day(after.entry), end), 1, _entry_row(before, after)) for before, after in steps]
    rows.sort(key=lambda row: row[:2])
    told = (first.rows[0], *(row for _, _, row in rows))
    return Explanation(told, sentence, last.due.provisional, first.sources)


# A row with what it is sorted by: its day, and on one day counting comes before entries and the end last.
Placed = tuple[date, int, Row]


def _days(history: list[Stage], term: Term, calendar: WorkCalendar) -> list[Placed]:
    """Run by run: the days counted while the clock ran, and between them those on which it stood still."""
    rows: list[Row] = []
    counted = 0
    since = _local(history[0].since)
    for before, after in pairwise(history):
        if after.entry.kind == "suspend":
            run = _run(since, _day(after.entry) - ONE_DAY, term, calendar, counted)
            counted += sum(1 for row in run if row.count is not None)
            rows += run
        elif after.entry.kind == "resume":
            since = _day(after.entry)
            rows += _still(_day(before.entry), since)
    last = history[-1]
    if not last.is_suspended:
        run = _run(since, last.nominal_on, term, calendar, counted)
        # The end has a row of its own.
        rows += _run(since, min(last.nominal_on, last.due.due_on - ONE_DAY), term, calendar, counted)
        counted = run[-1].count or 0 if run else 0
        rows += [
            Row(day, None, f"{day_words(day, calendar)}，顺延", counted=False)
            for day in _between(last.nominal_on, last.due.due_on)
        ]
    placed = [(row.date, 0, row) for row in rows]
    return [*placed, (last.due.due_on, 2, _last_row(last, term, calendar, counted))]


def _run(since: date, to: date, term: Term, calendar: WorkCalendar, counted: int) -> list[Row]:
    """The days after `since` up to `to` as this term counts them, going on from `counted`."""
    days = [since + timedelta(days=n) for n in range(1, (to - since).days + 1)]
    if not days or isinstance(term, Hours | OnDate):
        return []
    if isinstance(term, WorkingDays):
        rows = []
        for day in days:
            words, is_workday = day_words(day, calendar), calendar.is_workday(day)
            counted += is_workday
            rows.append(
                Row(day, counted, words, counted=True)
                if is_workday
                else Row(day, None, f"{words}，不计", counted=False)
            )
        return rows
    if isinstance(term, CalendarDays) and len(days) <= FOLD_OVER:
        return [Row(day, counted + n, "计入", counted=True) for n, day in enumerate(days, start=1)]
    until = days[-1] if len(days) > 1 else None
    return [Row(days[0], None, f"…（{len(days)} 日）", counted=True, until=until)]


def _still(stopped: date, resumed: date) -> list[Row]:
    first, last = stopped + ONE_DAY, resumed - ONE_DAY
    if first > last:
        return []
    return [Row(first, None, "中止期间，不计", counted=False, until=last if last > first else None)]


def _between(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range(1, (last - first).days)]


def _last_row(last: Stage, term: Term, calendar: WorkCalendar, counted: int) -> Row:
    end = last.due.due_on
    if last.is_suspended:
        return Row(end, None, "原到期日；已中止，恢复后接着计算", counted=False, is_last=True)
    if isinstance(term, Hours):
        reason = f"{last.due.due_at.astimezone(SHANGHAI):%H:%M} 到期"
    elif isinstance(term, OnDate):
        reason = "到期"
    elif last.nominal_on < end:
        reason = f"{day_words(end, calendar)}，顺延至此，到期"
    else:
        reason = f"{day_words(end, calendar)}，到期"
    count = counted if counted and last.nominal_on == end else None
    return Row(end, count, reason, counted=True, is_last=True)


def _entry_row(before: Stage, after: Stage) -> Row:
    return Row(_day(after.entry), None, _entry_words(before, after), counted=False)


def _entry_words(before: Stage, after: Stage) -> str:
    entry = after.entry
    who = f"{entry.decided_by}批准，理由：{entry.reason}"
    if entry.kind == "extend":
        what = "" if entry.new_on else f"延长 {describe(parse(entry.length))}，"
        return f"延期：{what}到期日由 {before.due.due_on} 改为 {after.due.due_on}（{who}）"
    if entry.kind == "suspend":
        return f"中止：{entry.ground}，当日起不计（{who}）"
    return f"恢复计时，当日不计（{who}）"


def _sentence(before: Stage, after: Stage) -> str:
    day, entry = _day(after.entry), after.entry
    if entry.kind == "extend":
        return f"{day} 经{entry.decided_by}批准延期，到期日由 {before.due.due_on} 改为 {after.due.due_on}。"
    if entry.kind == "suspend":
        return f"{day} 起经{entry.decided_by}批准中止计时（{entry.ground}）。"
    return f"{day} 经{entry.decided_by}批准恢复计时，到期日为 {after.due.due_on}。"


def _day(entry: LedgerEntry) -> date:
    return _local(entry.effective_at)


def _local(moment: datetime) -> date:
    return moment.astimezone(SHANGHAI).date()

"""Applying an edit: the days, the clocks, the evidence and the notices in one transaction (X4, docs/adr/0012)."""

from collections import defaultdict
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction

from audit.bulk import Entry, record_many
from audit.clock import local_date
from audit.services import SYSTEM, record
from deadlines.calendar import WorkCalendar
from deadlines.events import Event
from deadlines.models import CalendarDay, CalendarEdit, DeadlineMove
from deadlines.services import recompute
from deadlines.services.calendar_draft import CalendarRefused
from deadlines.services.notices import tell_owners
from organisations.actors import Actor
from records.calendar_lock import take

PORTION = 5000
_CHANGE_DAYS = """
INSERT INTO deadlines_calendarday (date, is_workday, name, source, provisional, ordinal, updated_at)
SELECT date, is_workday, name, source, false, 0, statement_timestamp()
FROM deadlines_calendareditday WHERE edit_id = %s
ON CONFLICT (date) DO UPDATE SET is_workday = EXCLUDED.is_workday, name = EXCLUDED.name, source = EXCLUDED.source,
    provisional = false, updated_at = EXCLUDED.updated_at
"""


class PreviewOutdated(CalendarRefused):
    """Something moved since the preview was shown; the page shows the new numbers."""


def is_stale(edit: CalendarEdit) -> bool:
    """The calendar is no longer the one that the draft was compared with."""
    return edit.is_draft and edit.base != WorkCalendar.version()


@transaction.atomic
def apply(edit: CalendarEdit, *, seen: tuple[int, int], actor: Actor, at: datetime) -> CalendarEdit:
    """Change the days and every open deadline that hangs on them. `seen` are the (moved, settled) of the preview.

    Raises CalendarRefused: applied or given up before, drafted against another calendar, beyond the calendar's end;
    PreviewOutdated when other deadlines would move than the person has seen.
    """
    take()
    edit = CalendarEdit.objects.select_for_update().get(pk=edit.pk)
    if not edit.is_draft:
        raise CalendarRefused(f"这次变更{edit.get_state_display()}，没有再次办理")
    if is_stale(edit):
        raise CalendarRefused("拟定之后工作日历又有变更，请重新比对后再看一遍")
    counts = recompute.counts(edit, district_id=actor.district_id, today=local_date(at))
    if counts.beyond:
        raise CalendarRefused(f"有 {counts.beyond} 项时限会超出工作日历的最后一天，请先载入后一年的日历")
    if seen != (counts.moved, counts.settled):
        raise PreviewOutdated("预览之后未办结的时限有变化，以下是现在的情况，请再看一遍")
    _change_days(edit)
    recompute.move(edit)
    edit.state, edit.applied_by, edit.applied_at = CalendarEdit.State.APPLIED, actor.person, at
    edit.moved, edit.settled = counts.moved, counts.settled
    edit.save(update_fields=["state", "applied_by", "applied_at", "moved", "settled"])
    applied: dict[str, Any] = {"title": edit.title, "source": edit.source, "digest": edit.days_digest}
    applied |= {"days": edit.days.count(), "moved": edit.moved, "settled": edit.settled}
    record(Event.CALENDAR_APPLIED, by=actor.stamp, at=at, subject=("calendar_edit", edit.pk), data=applied)
    _tell(edit, at=at)
    return edit


def _change_days(edit: CalendarEdit) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_CHANGE_DAYS, [edit.pk])
    CalendarDay.objects.all().renumber()


def _tell(edit: CalendarEdit, *, at: datetime) -> None:
    """One event for each deadline; one notice for each whose date moved, in as many statements as there are dates."""
    by_dates: dict[tuple[date, date], list[int]] = defaultdict(list)
    for moves in recompute.noted(edit, size=PORTION):
        record_many([_entry(edit, move) for move in moves], by=SYSTEM, at=at)
        for move in moves:
            if move.moves_date:
                by_dates[move.was_due_on, move.due_on].append(move.deadline_id)
    for (was, now), ids in by_dates.items():
        tell_owners(ids, rung=f"moved-{edit.pk}", text=f"因{edit.source}，到期日由 {was} 改为 {now}", at=at)


def _entry(edit: CalendarEdit, move: DeadlineMove) -> Entry:
    data: dict[str, Any] = {
        "rule": move.deadline.rule_key,
        "label": move.deadline.rule.label,
        "edit": edit.pk,
        "change": edit.title,
        "source": edit.source,
        "from": move.was_due_on,
        "to": move.due_on,
        "provisional": move.provisional,
    }
    name = Event.MOVED if move.moves_date else Event.SETTLED
    return Entry(name, move.deadline.case_id, ("deadline", move.deadline_id), data)

"""Who counts on the calendar and who changes it do not overlap.

A transaction that starts or moves a clock holds the calendar (shared) from before it locks its case until it commits; an
edit takes the calendar (exclusive), and then every clock there is was counted on the old one and none is under way. The
order is always calendar first, case second, or the two would wait for each other. It lies below the calendar itself because
cases are locked here too: those of letters, and of acts from paper.
"""

from typing import Any

from django.db import connection

_KEY = 0xCA1E


def held(queryset: Any) -> Any:
    """The same rows, read while holding the calendar: the lock is taken before any row is, in one statement."""
    # A subquery that names no column is evaluated once, before the rows that the statement goes on to lock.
    return queryset.extra(where=["(SELECT pg_advisory_xact_lock_shared(%s)) IS NOT NULL"], params=[_KEY])


def hold() -> None:
    """For set-based makers of clocks, first thing in their transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [_KEY])


def take() -> None:
    """Wait until nobody counts, and let nobody count until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_KEY])

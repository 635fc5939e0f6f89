"""One act: a transaction whose events get their numbers as they come and are written together at its end (docs/adr/0027)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import transaction

from audit.models import AuditEvent
from audit.personal import Committed, keep


class Gathering:
    """The events of the act under way, in their order, and the last number of each case they are of."""

    def __init__(self) -> None:
        self.last: dict[int, int] = {}
        self._events: list[tuple[AuditEvent, Sequence[Committed]]] = []

    def add(self, event: AuditEvent, kept: Sequence[Committed]) -> None:
        self._events.append((event, kept))
        if event.case_id is not None and event.case_seq is not None:
            self.last[event.case_id] = event.case_seq

    def write(self) -> None:
        AuditEvent.objects.bulk_create([event for event, _ in self._events])
        for event, kept in self._events:
            if kept:
                keep(event, kept)

    @contextmanager
    def part(self) -> Iterator[None]:
        """What is gathered in a part of the act that is given up is gone with its savepoint; its numbers are free again."""
        before = list(self._events), dict(self.last)
        is_kept = False
        try:
            yield
            is_kept = not transaction.get_rollback()
        finally:
            if not is_kept:
                self._events, self.last = before


_under_way: ContextVar[Gathering | None] = ContextVar("act", default=None)


def under_way() -> Gathering | None:
    return _under_way.get()


@contextmanager
def one_act() -> Iterator[None]:
    """A transaction that is one act; within another act it is a part of that one, with a savepoint of its own.

    Nobody reads the act's own events from the database before its end. Whoever catches an error inside an act and goes on
    has put what may fail into a `one_act`, not a bare `transaction.atomic`.
    """
    outer = _under_way.get()
    with transaction.atomic():
        if outer is not None:
            with outer.part():
                yield
            return
        mine = Gathering()
        token = _under_way.set(mine)
        try:
            yield
        finally:
            _under_way.reset(token)
        if not transaction.get_rollback():
            mine.write()

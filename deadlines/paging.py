"""Pages by the row at their edge, so that the last page costs what the first does."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, TypeVar

from django.db.models import Model, Q, QuerySet

from organisations.row_ids import row_id

M = TypeVar("M", bound=Model)
SIZE = 20


@dataclass(frozen=True)
class Page(Generic[M]):
    rows: list[M]
    before: str  # cursor of the page before this one, "" on the first
    after: str  # cursor of the page after this one, "" on the last


def page_by_day(
    queryset: QuerySet[M],
    day: str,
    day_of: Callable[[M], date],
    *,
    after: str = "",
    before: str = "",
    newest_first: bool = False,
    size: int = SIZE,
) -> Page[M]:
    """In the order of the date column `day`, then the key. A broken cursor shows the first page."""
    edge = _edge(after or before)
    backwards = bool(before) and not after and edge is not None
    down = newest_first != backwards
    if edge is not None:
        step = "lt" if down else "gt"
        beyond = Q(**{f"{day}__{step}": edge[0]}) | Q(**{day: edge[0], f"pk__{step}": edge[1]})
        # Said twice: the first condition is the one that an index on the day can start from.
        queryset = queryset.filter(beyond, **{f"{day}__{step}e": edge[0]})
    sign = "-" if down else ""
    rows = list(queryset.order_by(f"{sign}{day}", f"{sign}pk")[: size + 1])
    more = len(rows) > size
    rows = rows[:size]
    if backwards:
        rows.reverse()

    def cursor(row: M) -> str:
        return f"{day_of(row)}.{row.pk}"

    has_before = more if backwards else edge is not None
    has_after = True if backwards else more
    return Page(
        rows,
        cursor(rows[0]) if rows and has_before else "",
        cursor(rows[-1]) if rows and has_after else "",
    )


def _edge(text: str) -> tuple[Any, int] | None:
    day, _, key = text.partition(".")
    pk = row_id(key)
    try:
        return (date.fromisoformat(day), pk) if pk is not None and len(day) == 10 else None
    except ValueError:
        return None

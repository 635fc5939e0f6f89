"""The risk register: rows in order, page by page, what a line shows, and how many there are."""

import base64
import binascii
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import BinaryField, BooleanField, CharField, F, Func, QuerySet, Value
from django.db.models.functions import Coalesce
from django.db.models.lookups import GreaterThan, LessThan

from organisations.actors import Actor
from records.models import Case
from records.models.case import NO_RANK, RANKS
from risks.grading import Grade
from risks.models import Grading
from risks.workflow import KIND

COUNT_UP_TO = 10_000
PAGE_SIZE = 20
_LONG_AGO = datetime(1900, 1, 1, tzinfo=UTC)


def risk_cases(actor: Actor) -> QuerySet[Case]:
    """Every risk point that this post may see, with what a line of the register shows."""
    return (
        Case.objects.for_actor(actor)
        .filter(kind=KIND)
        .select_related("township", "sector", "responsible_unit", "lead_unit")
    )


@dataclass(frozen=True)
class Key:
    """One column of an order. `bind` turns the text of a cursor back into what the database compares with."""

    name: str
    kind: type
    descending: bool = False

    def bind(self, raw: Any) -> Any:
        if self.name == "by_title":
            return _sound(Value(str(raw), output_field=CharField()))
        return datetime.fromisoformat(raw) if self.kind is datetime else self.kind(raw)


def _sound(text: Any) -> Func:
    """The common characters stand in the order of their sound in GB 18030, whatever the database's locale."""
    return Func(text, Value("GB18030"), function="convert_to", output_field=BinaryField())


_SORT_BY: dict[str, tuple[Key, ...]] = {
    "grade": (Key("rank", int), Key("due_key", datetime)),
    "due": (Key("due_key", datetime),),
    "-due": (Key("by_due", datetime),),  # what has no due date comes last in both directions
    "number": (Key("number", str),),
    "name": (Key("by_title", str),),
    "unit": (Key("responsible_unit__sort_key", str),),
}
# The others have no index to go along: offered while what is listed can be counted (COUNT_UP_TO), else refused in words.
_INDEXED = {"grade", "-grade", "due", "number", "-number"}
SORTS = tuple(key for key in _SORT_BY if not key.startswith("-"))
DEFAULT_SORT = "grade"
SORT_WORDS = {"grade": "等级、到期日", "due": "到期日", "number": "编号", "name": "名称拼音", "unit": "责任单位拼音"}


def known_sort(raw: str) -> str:
    """`name` or `-name` of the list, else the default."""
    return raw if raw.removeprefix("-") in SORTS else DEFAULT_SORT


def sort_for(sort: str, counted: int) -> str:
    """`sort`, or the default where so many rows have no index for it."""
    return sort if sort in _INDEXED or counted <= COUNT_UP_TO else DEFAULT_SORT


def sort_text(sort: str) -> str:
    words = f"按{SORT_WORDS[sort.removeprefix('-')]}排序"
    return f"{words}，倒序" if sort.startswith("-") else words


def _keys(sort: str) -> list[Key]:
    down = sort.startswith("-")
    columns = _SORT_BY.get(sort) or _SORT_BY[sort.removeprefix("-")]
    return [*(Key(k.name, k.kind, down) for k in columns), Key("pk", int, down)]


def ordered(queryset: QuerySet[Case], sort: str, *, backwards: bool = False) -> QuerySet[Case]:
    names = [k.name for k in _keys(sort)]
    if "by_title" in names:
        queryset = queryset.annotate(by_title=_sound(F("title")))
    if "by_due" in names:
        queryset = queryset.annotate(by_due=Coalesce("next_due_at", Value(_LONG_AGO)))
    return queryset.order_by(*(f"{'-' if k.descending != backwards else ''}{k.name}" for k in _keys(sort)))


@dataclass(frozen=True)
class Page:
    rows: list[Case]
    before: str  # cursor of the page before this one, "" on the first
    after: str  # cursor of the page after this one, "" on the last


def page_of(
    queryset: QuerySet[Case],
    *,
    sort: str,
    after: str = "",
    before: str = "",
    last: bool = False,
    size: int = PAGE_SIZE,
) -> Page:
    """One page by the row at its edge, or the last, which costs what the first does. A broken cursor shows the first."""
    keys = _keys(sort)
    edge = None if last else _read_cursor(after or before, keys)
    backwards = last or (bool(before) and not after and edge is not None)
    found = ordered(queryset, sort, backwards=backwards)
    if edge is not None:
        found = found.filter(_beyond(keys, edge, backwards=backwards))
    rows = list(found[: size + 1])
    more = len(rows) > size
    rows = rows[:size]
    if backwards:
        rows.reverse()
    has_before = more if backwards else edge is not None
    has_after = not last if backwards else more
    return Page(
        rows,
        _cursor(rows[0], keys) if rows and has_before else "",
        _cursor(rows[-1], keys) if rows and has_after else "",
    )


class Row(Func):
    """ROW(a, b, …): PostgreSQL compares it with another column by column, and finds the place in the index at once."""

    function = "ROW"
    output_field = BooleanField()  # never read, but a lookup asks its sides for one


def _beyond(keys: Sequence[Key], edge: Sequence[Any], *, backwards: bool) -> GreaterThan | LessThan:
    """Rows after the edge. All columns of a sort go in one direction, so it is one comparison of rows."""
    compare = LessThan if keys[0].descending != backwards else GreaterThan
    values = [value if isinstance(value, Func) else Value(value) for value in edge]
    return compare(Row(*(F(key.name) for key in keys)), Row(*values))


def _cursor(case: Case, keys: Sequence[Key]) -> str:
    values: list[Any] = []
    for key in keys:
        if key.name == "by_title":
            values.append(case.title)
        elif key.name == "responsible_unit__sort_key":
            values.append(case.responsible_unit.sort_key)
        else:
            value = getattr(case, key.name)
            values.append(value.isoformat() if isinstance(value, datetime) else value)
    return base64.urlsafe_b64encode(json.dumps(values, ensure_ascii=False).encode()).decode().rstrip("=")


def _read_cursor(text: str, keys: Sequence[Key]) -> list[Any] | None:
    if not text or len(text) > 2000:
        return None
    try:
        values = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if not isinstance(values, list) or len(values) != len(keys):
            return None
        bound = [key.bind(value) for key, value in zip(keys, values, strict=True)]
    except (ValueError, TypeError, OverflowError, binascii.Error):
        return None
    sane = (
        v.tzinfo is not None if isinstance(v, datetime) else not isinstance(v, int) or abs(v) < 2**63 for v in bound
    )
    return bound if all(sane) and "\x00" not in str(values) else None


def capped_count(queryset: QuerySet[Case]) -> int:
    """Exact up to 10,000; beyond, one more than that and no more work."""
    return int(queryset.order_by()[: COUNT_UP_TO + 1].count())


def count_text(counted: int) -> str:
    return "1 万以上" if counted > COUNT_UP_TO else f"{counted:,}"


def counts_by_grade(*querysets: QuerySet[Case]) -> list[dict[str, int]]:
    """For each of these: grade → capped count, "" is what has none yet. One statement in all."""
    ranks = {level: RANKS[level] for level in Grade.values} | {"": NO_RANK}
    counts: list[str] = []
    values: list[Any] = []
    for queryset in querysets:
        for rank in ranks.values():
            rows = queryset.filter(rank=rank).order_by().values("pk")[: COUNT_UP_TO + 1]
            try:
                text, given = rows.query.sql_with_params()
            except EmptyResultSet:
                text, given = "SELECT WHERE false", ()
            counts.append(f"(SELECT count(*) FROM ({text}) AS counted)")
            values += given
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(counts)}", values)
        found = cursor.fetchone()
    size = len(ranks)
    return [dict(zip(ranks, found[at : at + size], strict=True)) for at in range(0, len(found), size)]


def latest_gradings(cases: Iterable[Case]) -> dict[int, Grading]:
    """The grading of each risk that stands now, whoever made it."""
    ids = [case.pk for case in cases]
    latest = Grading.objects.filter(risk__in=ids).order_by("risk", "-at", "-id").distinct("risk")
    return {grading.risk_id: grading for grading in latest}

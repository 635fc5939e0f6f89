"""The clock that a line of a list shows: of each case the open one that runs out first."""

from collections.abc import Iterable

from deadlines.models import Deadline
from records.models import Case


def nearest_deadlines(cases: Iterable[Case]) -> dict[int, Deadline]:
    """By case; one query for all of them."""
    ids = [case.pk for case in cases]
    nearest = Deadline.objects.open().filter(case__in=ids).order_by("case", "due_at", "id").distinct("case")
    return {deadline.case_id: deadline for deadline in nearest}

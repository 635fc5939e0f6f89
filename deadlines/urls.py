"""The home page, notices, and the engine's readable pages. The home page has no namespace, the rest is `deadlines:`."""

from django.urls import include, path

from deadlines.models import AdjustmentKind
from deadlines.views import (
    adjust,
    batches,
    calculator,
    calendar,
    calendar_edits,
    filings,
    reach,
    rules,
    statistics,
    urging,
    worklist,
)

engine = [
    path("rules/", rules.index, name="rules"),
    path("rules/<str:key>/", rules.rule_page, name="rule"),
    path("urge/", urging.press, name="urge"),
    path("calendar/", calendar.current, name="calendar"),
    path("calendar/<int:year>/", calendar.year, name="calendar-year"),
    path("calendar/edits/", calendar_edits.edits, name="calendar-edits"),
    path("calendar/edits/<int:edit>/", calendar_edits.edit, name="calendar-edit"),
    path("calculator/", calculator.calculator, name="calculator"),
    *(path(f"deadlines/<int:pk>/{kind}/", adjust.ask, {"kind": kind}, name=kind) for kind in AdjustmentKind.values),
    path("deadlines/requests/<int:pk>/", adjust.decide, name="decide"),
]

expected = [
    path("", filings.index, name="list"),
    path("<int:pk>/", filings.filing, name="filing"),
    path("<int:pk>/<str:action>/", filings.act, name="act"),
]

figures = [
    path("punctuality/", statistics.index, name="punctuality"),
    path("punctuality/export/", statistics.export, name="export"),
    path("deadlines/", statistics.records, name="records"),
]

together = [
    path("", batches.index, name="index"),
    path("<str:batch>/", batches.batch, name="batch"),
]

urlpatterns = [
    path("", worklist.home, name="worklist"),
    path("notices/", worklist.notices, name="notices"),
    path("notices/read/", worklist.notices_read, name="notices-read"),
    path("reach/", reach.reach, name="reach"),
    path("", include((engine, "deadlines"))),
    path("batch/", include((together, "batches"))),
    path("filings/", include((expected, "filings"))),
    path("statistics/", include((figures, "statistics"))),
]

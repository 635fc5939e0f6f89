"""The home page, notices, and the engine's readable pages. The home page has no namespace, the rest is `deadlines:`."""

from django.urls import include, path

from deadlines.models import AdjustmentKind
from deadlines.views import adjust, calendar, rules, worklist

engine = [
    path("rules/", rules.index, name="rules"),
    path("rules/<str:key>/", rules.rule_page, name="rule"),
    path("calendar/", calendar.current, name="calendar"),
    path("calendar/<int:year>/", calendar.year, name="calendar-year"),
    *(path(f"deadlines/<int:pk>/{kind}/", adjust.ask, {"kind": kind}, name=kind) for kind in AdjustmentKind.values),
    path("deadlines/requests/<int:pk>/", adjust.decide, name="decide"),
]

urlpatterns = [
    path("", worklist.home, name="worklist"),
    path("notices/", worklist.notices, name="notices"),
    path("notices/read/", worklist.notices_read, name="notices-read"),
    path("", include((engine, "deadlines"))),
]

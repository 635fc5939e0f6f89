"""The home page, notices, and the engine's readable pages. The home page has no namespace, the rest is `deadlines:`."""

from django.urls import include, path

from deadlines.views import calendar, filings, rules, statistics, worklist

engine = [
    path("rules/", rules.index, name="rules"),
    path("rules/<str:key>/", rules.rule_page, name="rule"),
    path("calendar/", calendar.current, name="calendar"),
    path("calendar/<int:year>/", calendar.year, name="calendar-year"),
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

urlpatterns = [
    path("", worklist.home, name="worklist"),
    path("notices/", worklist.notices, name="notices"),
    path("notices/read/", worklist.notices_read, name="notices-read"),
    path("", include((engine, "deadlines"))),
    path("filings/", include((expected, "filings"))),
    path("statistics/", include((figures, "statistics"))),
]

"""Everything under /manage/."""

from django.urls import include, path

from config import audit_follow, audit_pages, erasure_pages, evidence_pages, manage_views
from deadlines.views import calendar, calendar_edits, outbox

app_name = "manage"
urlpatterns = [
    path("", manage_views.index, name="index"),
    path("", include("organisations.urls.manage")),
    path("profile/", manage_views.profile, name="profile"),
    path("calendar/", calendar.current, name="calendar"),
    path("calendar/load/", calendar_edits.load_year, name="calendar-load"),
    path("calendar/template/<int:year>/", calendar_edits.template, name="calendar-template"),
    path("calendar/days/", calendar_edits.change_days, name="calendar-days"),
    path("calendar/edits/<int:edit>/compare/", calendar_edits.compare_again, name="calendar-compare"),
    path("calendar/edits/<int:edit>/discard/", calendar_edits.discard, name="calendar-discard"),
    path("audit/", audit_pages.events, name="audit"),
    path("audit/verify/", evidence_pages.chain, name="audit-verify"),
    path("audit/export/", evidence_pages.export_case, name="audit-export"),
    path("audit/<int:pk>/", audit_pages.event, name="audit-event"),
    path("erasures/", erasure_pages.erasures, name="erasures"),
    path("erasures/<int:pk>/", erasure_pages.erasure, name="erasure"),
    path("messages/", outbox.messages_sent, name="messages"),
    path("messages/<uuid:pk>/retry/", outbox.message_retry, name="message-retry"),
    path("audit/find/", audit_follow.find, name="audit-find"),
    path("audit/cases/<int:pk>/", audit_follow.case, name="audit-case"),
    path("audit/cases/<int:pk>/export/", audit_follow.export_case, name="audit-case-export"),
    path("audit/people/<int:pk>/", audit_follow.person, name="audit-person"),
    path("audit/people/<int:pk>/export/", audit_follow.export_person, name="audit-person-export"),
    path("status/", manage_views.status, name="status"),
]

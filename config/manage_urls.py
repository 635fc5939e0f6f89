"""Everything under /manage/."""

from django.urls import include, path

from config import audit_follow, audit_pages, manage_views
from deadlines.views import calendar

app_name = "manage"
urlpatterns = [
    path("", manage_views.index, name="index"),
    path("", include("organisations.urls.manage")),
    path("profile/", manage_views.profile, name="profile"),
    path("calendar/", calendar.current, name="calendar"),
    path("audit/", audit_pages.events, name="audit"),
    path("audit/verify/", audit_pages.verify_chain, name="audit-verify"),
    path("audit/<int:pk>/", audit_pages.event, name="audit-event"),
    path("audit/find/", audit_follow.find, name="audit-find"),
    path("audit/cases/<int:pk>/", audit_follow.case, name="audit-case"),
    path("audit/cases/<int:pk>/export/", audit_follow.export_case, name="audit-case-export"),
    path("audit/people/<int:pk>/", audit_follow.person, name="audit-person"),
    path("audit/people/<int:pk>/export/", audit_follow.export_person, name="audit-person-export"),
    path("status/", manage_views.status, name="status"),
]

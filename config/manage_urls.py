"""Everything under /manage/."""

from django.urls import include, path

from config import audit_pages, manage_views
from deadlines.views import calendar, outbox

app_name = "manage"
urlpatterns = [
    path("", manage_views.index, name="index"),
    path("", include("organisations.urls.manage")),
    path("profile/", manage_views.profile, name="profile"),
    path("calendar/", calendar.current, name="calendar"),
    path("audit/", audit_pages.events, name="audit"),
    path("audit/verify/", audit_pages.verify_chain, name="audit-verify"),
    path("audit/<int:pk>/", audit_pages.event, name="audit-event"),
    path("messages/", outbox.messages_sent, name="messages"),
    path("messages/<uuid:pk>/retry/", outbox.message_retry, name="message-retry"),
    path("status/", manage_views.status, name="status"),
]

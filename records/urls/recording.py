from django.urls import path

from records.views import recording

app_name = "recording"
urlpatterns = [
    path("", recording.index, name="list"),
    path("new/", recording.new, name="new"),
    path("<int:pk>/revoke/", recording.revoke, name="revoke"),
    path("<int:pk>/scan/", recording.scan, name="scan"),
]

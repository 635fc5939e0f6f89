"""Every address of the portal."""

from django.urls import include, path

from config.evidence_pages import anchors
from config.views import healthz, readyz, statusz
from records.views.search import search

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("statusz", statusz, name="statusz"),
    path("api/v1/", include("config.api_urls")),
    path("", include("organisations.urls.login")),
    path("", include("deadlines.urls")),
    path("search/", search, name="search"),
    path("risks/", include("risks.urls")),
    path("enterprises/", include("organisations.urls.enterprises")),
    path("letters/", include("records.urls.letters")),
    path("verify/", include("records.urls.verify")),
    path("recording/", include("records.urls.recording")),
    path("dossiers/", include("records.urls.dossiers")),
    path("files/", include("records.urls.files")),
    path("anchors/", anchors, name="anchors"),
    path("manage/", include("config.manage_urls")),
]

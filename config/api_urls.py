"""/api/v1/"""

from django.urls import URLPattern, URLResolver, path, re_path
from rest_framework.routers import SimpleRouter

from config.api_pages import DocsView, SchemaView, UnknownView
from deadlines.api import DeadlineViewSet, PunctualityView, WorkdaysView
from organisations.access import public
from organisations.api import EnterpriseViewSet, TerritoryViewSet, TokenView
from records.api import LetterViewSet
from risks.api import RiskPointViewSet

app_name = "api"

router = SimpleRouter()
router.register("territories", TerritoryViewSet, basename="territory")
router.register("enterprises", EnterpriseViewSet, basename="enterprise")
router.register("risk-points", RiskPointViewSet, basename="risk-point")
router.register("deadlines", DeadlineViewSet, basename="deadline")
router.register("letters", LetterViewSet, basename="letter")

urlpatterns: list[URLPattern | URLResolver] = [
    path("token/", public(TokenView.as_view()), name="token"),
    path("statistics/punctuality/", PunctualityView.as_view(), name="punctuality"),
    path("workdays/", WorkdaysView.as_view(), name="workdays"),
    path("schema/", public(SchemaView.as_view()), name="schema"),
    path("docs/", public(DocsView.as_view()), name="docs"),
    *router.urls,
    # A line break in an address is no way out of the API.
    re_path(r"^", public(UnknownView.as_view()), name="unknown"),
]

"""What describes the API (schema, browsable page), and what answers for addresses it does not have."""

from typing import Any

from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework import exceptions
from rest_framework.permissions import AllowAny
from rest_framework.request import Request

from organisations.api_base import ApiView


class SchemaView(SpectacularAPIView):
    authentication_classes = ()
    permission_classes = (AllowAny,)


class DocsView(SpectacularSwaggerSplitView):
    """The browsable page. Its script comes from its own address, so that it works under the strict policy."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    url_name = "api:schema"
    template_name = "api/docs.html"
    title = "铸安 API"


class UnknownView(ApiView):
    """Any other address below /api/v1/ answers as the API does, not with a page."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    schema = None  # type: ignore[assignment]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        slash = "" if request.path.endswith("/") else "；地址须以 / 结尾"
        raise exceptions.NotFound(f"没有这个接口地址：{request.path[:100]}{slash}")

"""What every API endpoint shares: keyset paging, and errors as problem details (RFC 9457) in Chinese."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions
from rest_framework.pagination import CursorPagination
from rest_framework.response import Response
from rest_framework.views import exception_handler

from deadlines.services.ledger import LateReasonMissing
from deadlines.workflow import Overtaken, Refused

_TITLES = {
    400: "请求内容有误",
    401: "没有登录或令牌失效",
    403: "没有权限",
    404: "没有找到，或不在您的权限范围内",
    405: "不支持这种请求方法",
    409: "现在不能办理",
    415: "不支持的内容类型",
    429: "请求过于频繁，请稍后再试",
}


class KeysetPagination(CursorPagination):
    """Keyset paging: the last page costs what the first costs."""

    page_size = 50
    max_page_size = 200
    page_size_query_param = "page_size"
    ordering = "-pk"


def problem_details(error: Exception, context: dict[str, Any]) -> Response | None:
    """`{type, title, status, detail, errors}`; field errors keep their field's name."""
    if isinstance(error, Overtaken | Refused):
        error = _Conflict(str(error))
    elif isinstance(error, LateReasonMissing):
        error = exceptions.ValidationError({"late_reason": [str(error)]})
    elif isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    response = exception_handler(error, context)
    if response is None:
        return None
    data = response.data
    title = _TITLES.get(response.status_code, "请求没有成功")
    problem: dict[str, Any] = {"type": "about:blank", "title": title, "status": response.status_code}
    if isinstance(data, dict) and set(data) == {"detail"}:
        detail = str(data["detail"])
        problem["detail"] = detail if _is_chinese(detail) else title
    else:
        problem["detail"] = "请按各字段的提示修改"
        problem["errors"] = data
    response.data = problem
    response.content_type = "application/problem+json"
    return response


class _Conflict(exceptions.APIException):
    status_code = 409
    default_code = "conflict"


def _is_chinese(text: str) -> bool:
    return any("\u4e00" <= character <= "\u9fff" for character in text)

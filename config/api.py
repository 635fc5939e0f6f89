"""What every API endpoint shares: keyset paging, and errors as problem details (RFC 9457) in Chinese."""

import logging
import math
from typing import Any

from django.core.exceptions import ImproperlyConfigured, PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.exceptions import ValidationError as ModelValidationError
from django.core.signals import got_request_exception
from django.db.models import QuerySet
from django.http import Http404
from rest_framework import exceptions
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import exception_handler

from deadlines.calendar import CalendarOutOfRange
from deadlines.services.ledger import LateReasonMissing
from deadlines.workflow import Refused
from organisations.api_errors import Conflict, TooLarge
from records.services.attachments import FileRefused
from records.services.refusals import LetterRefused
from records.services.signing import SignatureRefused
from risks.grading import GradingError
from risks.services.closure import ClosureRefused

_log = logging.getLogger("django.request")
_TITLES = {
    400: "请求内容有误",
    401: "没有登录或令牌失效",
    403: "没有权限",
    404: "没有找到，或不在您的权限范围内",
    405: "不支持这种请求方法",
    406: "只能以 JSON 答复",
    409: "现在不能办理",
    413: "请求内容过大",
    415: "不支持的内容类型",
    422: "与此前的请求不同",
    429: "请求过于频繁，请稍后再试",
    500: "系统出错，已记录",
}


class KeysetPagination(CursorPagination):
    """Keyset paging: the last page costs what the first costs. The view declares its `keyset`, unique and indexed."""

    page_size = 50
    max_page_size = 200
    page_size_query_param = "page_size"
    cursor_query_description = "下一页的位置，取自上一次答复的 next"
    page_size_query_description = "每页行数，1 至 200，默认 50"

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        cursor, size = super().get_schema_operation_parameters(view)
        return [cursor, size | {"schema": {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}}]

    def get_ordering(self, request: Request, queryset: QuerySet[Any], view: Any) -> tuple[str, ...]:
        keyset: tuple[str, ...] = getattr(view, "keyset", ())
        if not keyset:
            raise ImproperlyConfigured(f"{type(view).__name__} declares no keyset")
        return keyset

    def get_page_size(self, request: Request) -> int:
        raw = request.query_params.get("page_size")
        if raw is None:
            return 50
        if not (raw.isascii() and raw.isdigit() and len(raw) <= 3 and 1 <= int(raw) <= 200):
            raise exceptions.ValidationError({"page_size": ["每页行数须为 1 至 200 的整数"]})
        return int(raw)

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any] | None:
        """A cursor that somebody made up is a mistake in the request, whatever it decodes to."""
        if len(cursor := request.query_params.get("cursor", "")) > 200 or "\x00" in cursor:
            raise _bad_cursor()
        try:
            return super().paginate_queryset(queryset, request, view)
        except (exceptions.NotFound, ValueError, OverflowError, ModelValidationError) as error:
            raise _bad_cursor() from error

    def decode_cursor(self, request: Request) -> Any:
        found = super().decode_cursor(request)
        position = getattr(found, "position", None)
        if position is not None and ("\x00" in position or len(position) > 18):
            raise _bad_cursor()
        return found


def _bad_cursor() -> exceptions.ValidationError:
    return exceptions.ValidationError({"cursor": ["翻页位置无效，请从第一页开始"]})


def problem_details(error: Exception, context: dict[str, Any]) -> Response | None:
    """`{type, title, status, detail, errors}`; field errors keep their field's name."""
    error = _as_api_error(error)
    response = exception_handler(error, context)
    if response is None:
        return _unforeseen(error, context)
    data = response.data
    title = _TITLES.get(response.status_code, "请求没有成功")
    problem: dict[str, Any] = {"type": "about:blank", "title": title, "status": response.status_code}
    if isinstance(data, dict) and set(data) == {"detail"} and not isinstance(error, exceptions.ValidationError):
        detail = str(data["detail"])
        problem["detail"] = detail if _is_chinese(detail) else title
    elif isinstance(data, list):
        problem["detail"] = "；".join(str(line) for line in data)
    else:
        problem["detail"] = "请按各字段的提示修改"
        problem["errors"] = data
    response.data = problem
    response.content_type = "application/problem+json"
    return response


def _as_api_error(error: Exception) -> Exception:
    """Refusals of the services: at their field as 400, about the state of things as 409."""
    match error:
        case LetterRefused() | SignatureRefused() | GradingError() | ClosureRefused() if error.field:
            return exceptions.ValidationError({error.field: [str(error)]})
        case LateReasonMissing():
            return exceptions.ValidationError({"late_reason": [str(error)]})
        case FileRefused():
            return exceptions.ValidationError({"photos": [str(error)]})
        case Refused() | LetterRefused() | CalendarOutOfRange():
            return Conflict(str(error))
        case exceptions.ParseError():
            return exceptions.ParseError("请求正文无法解析，请检查 JSON 或表单的写法")
        case Http404():
            return exceptions.NotFound()
        case PermissionDenied():
            return exceptions.PermissionDenied()
        case exceptions.Throttled():
            error.detail = f"请在 {math.ceil(error.wait or 60)} 秒后再试"
        case RequestDataTooBig():
            return TooLarge()
        case SuspiciousOperation():
            return exceptions.ParseError("请求内容有误")
    return error


def _unforeseen(error: Exception, context: dict[str, Any]) -> Response:
    """Our own mistake: logged with its trace, told without it. The signal lets tests and monitors see the exception."""
    request = context["request"]._request
    got_request_exception.send(sender=None, request=request)
    _log.error("%s %s", request.method, request.path, exc_info=error)
    problem = {
        "type": "about:blank",
        "title": _TITLES[500],
        "status": 500,
        "detail": "请稍后再试；仍不行请联系系统管理员",
    }
    return Response(problem, status=500, content_type="application/problem+json")


def _is_chinese(text: str) -> bool:
    return any("\u4e00" <= character <= "\u9fff" for character in text)

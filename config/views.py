"""Health pages and the page for a form whose protection has lapsed."""

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import Error as DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from config.status import portal_status


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return render(request, "403_csrf.html", status=403)


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """The process is alive; nothing else is asked."""
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """503 only when this process cannot serve: no database, or migrations that have not run."""
    try:
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        return JsonResponse({"status": "unavailable", "detail": f"数据库不可用：{type(error).__name__}"}, status=503)
    if waiting:
        return JsonResponse({"status": "unavailable", "detail": f"有 {len(waiting)} 个迁移未执行"}, status=503)
    return JsonResponse({"status": "ok"})


@require_safe
def statusz(request: HttpRequest) -> JsonResponse:
    """Ages of the background jobs in seconds; `red` when one has been silent or stuck for three minutes.

    `warnings` wait for a person and leave the status as it is.
    """
    checks = portal_status()
    red = [check["name"] for check in checks if check["red"]]
    warnings = [check["name"] for check in checks if check["warning"]]
    return JsonResponse({"status": "red" if red else "ok", "red": red, "warnings": warnings, "checks": checks})

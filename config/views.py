"""Health pages and the page for a form whose protection has lapsed."""

from datetime import UTC, datetime, timedelta
from typing import Any

from celery import current_app
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import Error as DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from audit.models import AuditUnsealed, Heartbeat
from records.models import Letter

RED_AFTER = timedelta(minutes=3)
# A job that has never run is late only once this process itself has waited that long.
_UP_SINCE = datetime.now(UTC)
JOBS = {"sweep": "时限扫描", "seal": "审计封存", "render": "文书生成", "dossiers": "案卷编制"}


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
    """Ages of the background jobs in seconds; `red` when one has been silent or stuck for three minutes."""
    checks = portal_status()
    red = [check["name"] for check in checks if check["red"]]
    return JsonResponse({"status": "red" if red else "ok", "red": red, "checks": checks})


def portal_status() -> list[dict[str, Any]]:
    """One row per check: name, label, age in seconds (None: never ran), red, detail."""
    real = datetime.now(UTC)
    beats = {beat.name: beat for beat in Heartbeat.objects.all()}
    rows = []
    for name, label in JOBS.items():
        beat = beats.get(name)
        last = beat.succeeded_at if beat else None
        rows.append(_row(name, label, real, last, never_is_red=True, detail=beat.last_error if beat else "尚未运行"))
    ticks = [b.started_at for b in beats.values() if b.started_at]
    rows.append(_row("beat", "定时器", real, max(ticks, default=None), never_is_red=True))
    rows.append(_broker())
    waiting = Letter.objects.filter(state__in=Letter.NUMBERED, pdf__isnull=True, is_retroactive=False).count()
    rows.append(
        {
            "name": "outbox",
            "label": "待生成文书",
            "age": None,
            "red": waiting > 0 and _is_stuck(beats.get("render"), real),
            "detail": f"{waiting} 份待生成" if waiting else "",
        }
    )
    unsealed = AuditUnsealed.objects.order_by("created_at").values_list("created_at", flat=True).first()
    rows.append(_row("sealer", "待封存事件", real, unsealed, never_is_red=False))
    return rows


def _is_stuck(beat: Heartbeat | None, real: datetime) -> bool:
    last = beat.succeeded_at if beat else None
    return real - (last or _UP_SINCE) > RED_AFTER


def _row(
    name: str, label: str, real: datetime, since: datetime | None, *, never_is_red: bool, detail: str = ""
) -> dict[str, Any]:
    age = int((real - since).total_seconds()) if since else None
    red = never_is_red and real - _UP_SINCE > RED_AFTER if age is None else age > RED_AFTER.total_seconds()
    return {"name": name, "label": label, "age": age, "red": red, "detail": detail}


def _broker() -> dict[str, Any]:
    try:
        with current_app.connection_for_write(connect_timeout=1) as broker:
            broker.ensure_connection(max_retries=1, timeout=1)
    except Exception as error:
        return {
            "name": "broker",
            "label": "消息队列",
            "age": None,
            "red": True,
            "detail": f"连接不上（{type(error).__name__}）",
        }
    return {"name": "broker", "label": "消息队列", "age": 0, "red": False, "detail": ""}

"""What runs and what does not: read by /statusz, by 管理 › 运行状态 and by `manage.py status`. No queue is needed to ask.

The timer writes its sign of life into the database itself (config/celery.py); a worker writes one for each pulse it takes.
So a dead timer (nothing was handed out) is told from mute workers (handed out, but nobody took it).
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from celery import current_app

from audit.clock import local_date, now
from audit.models import AuditUnsealed, Heartbeat
from deadlines.calendar import WorkCalendar
from deadlines.calendar_alarm import wanting_year
from deadlines.models import Message
from records.models import Letter

RED_AFTER = timedelta(minutes=3)
# A job that has never run is late only once this process itself has waited that long.
UP_SINCE = datetime.now(UTC)
JOBS = {
    "sweep": "时限扫描",
    "seal": "审计封存",
    "anchor": "链头存证",
    "render": "文书生成",
    "deliver": "消息发送",
    "dossiers": "案卷编制",
}
# What to do, in words, when the row is red.
TODO = {
    "beat": "启动定时器（beat），只能有一个：systemctl status zhuan-beat。停着的时候没有新提醒，网页照常办理。",
    "broker": "检查 Redis 是否在运行、REDIS_URL 是否正确。网页照常办理，恢复后自动补上。",
    "worker": "定时器在发任务，没有人接：启动 worker（systemctl status zhuan-worker），看它的日志。",
    "sweep": "看 worker 日志；可手工 manage.py sweep，重复运行不会重复提醒。",
    "seal": "看 worker 日志；可手工 manage.py audit seal。",
    "anchor": "看 worker 日志；检查 ANCHOR_DIR 能不能写、ANCHOR_KEY_FILE 在不在。",
    "render": "看 worker 日志；检查字体和 Pango。",
    "dossiers": "看 worker 日志；失败的原因在案卷编制页上。",
    "deliver": "看 worker 日志；检查网关、邮件服务器是否连得上。站内通知不受影响。",
    "letters": "有已签发的函没有 PDF：先恢复“文书生成”；某一份连续失败的，原因在该文书页上。",
    "outbox": "有消息到时间没有发出：先恢复“消息发送”；网关一直失败的，原因在“发送记录”里。",
    "sealer": "有事件超过 3 分钟没有封存：先恢复“审计封存”；可手工 manage.py audit seal。",
}


def portal_status(*, up_since: datetime | None = None) -> list[dict[str, Any]]:
    """One row per check: name, label, age in seconds (None: never), red, detail, what to do, and a job's counters."""
    real, since = datetime.now(UTC), up_since or UP_SINCE
    beats = {beat.name: beat for beat in Heartbeat.objects.all()}
    timer = _silent("beat", "定时器", beats.get("beat"), real, since)
    broker = _broker()
    worker = _silent("worker", "后台进程（worker）", beats.get("worker"), real, since)
    if worker["red"] and (timer["red"] or broker["red"]):
        # Nothing reaches them: whether they would work cannot be seen from here.
        worker |= {"red": False, "detail": "收不到任务，先恢复" + ("定时器" if timer["red"] else "消息队列")}
    rows = [timer, broker, worker]
    rows += [_silent(name, label, beats.get(name), real, since) for name, label in JOBS.items()]
    rows += [_letters(beats.get("render"), real, since), _outbox(), _sealer(real), _calendar()]
    return [row | {"todo": TODO[row["name"]] if row["red"] else ""} for row in rows]


def _row(
    name: str, label: str, *, age: int | None = None, red: bool = False, warning: bool = False, detail: str = ""
) -> dict[str, Any]:
    """A warning waits for a person and leaves the portal's status as it is."""
    row = {"name": name, "label": label, "age": age, "red": red, "warning": warning, "detail": detail}
    return row | {"counters": None}


def _calendar() -> dict[str, Any]:
    """From November on, next year's arrangement has to be loaded by the system administrator."""
    year = wanting_year(local_date(now()), WorkCalendar.load())
    detail = f"{year} 年放假安排还没有载入，跨到 {year} 年的期限为暂定" if year else ""
    return _row("calendar", "工作日历", warning=year is not None, detail=detail)


def _silent(name: str, label: str, beat: Heartbeat | None, real: datetime, since: datetime) -> dict[str, Any]:
    last = beat.succeeded_at if beat else None
    age = int((real - last).total_seconds()) if last else None
    red = real - (last or since) > RED_AFTER
    row = _row(name, label, age=age, red=red, detail=beat.last_error if beat else "尚未运行")
    if beat and name in JOBS:
        row["counters"] = {
            "scanned": beat.scanned,
            "fired": beat.fired,
            "failed": beat.failed,
            "duration_ms": beat.duration_ms,
            "runs": beat.runs,
            "scanned_total": beat.scanned_total,
            "fired_total": beat.fired_total,
            "failed_total": beat.failed_total,
            "failed_at": beat.failed_at,
        }
    return row


def _letters(render: Heartbeat | None, real: datetime, since: datetime) -> dict[str, Any]:
    waiting = Letter.objects.filter(state__in=Letter.NUMBERED, pdf__isnull=True, is_retroactive=False).count()
    last = render.succeeded_at if render else None
    red = waiting > 0 and real - (last or since) > RED_AFTER
    return _row("letters", "待生成文书", red=red, detail=f"{waiting} 份待生成" if waiting else "")


def _outbox() -> dict[str, Any]:
    """By the portal's own clock, which the rows carry."""
    at, state = now(), Message.State
    waiting = Message.objects.filter(state__in=[state.QUEUED, state.SENDING, state.UNKNOWN], next_attempt_at__lte=at)
    oldest = waiting.order_by("next_attempt_at").values_list("next_attempt_at", flat=True).first()
    dead = Message.objects.filter(state=state.DEAD).count()
    age = int((at - oldest).total_seconds()) if oldest else None
    detail = f"{dead} 条发送失败，见“发送记录”" if dead else ""
    return _row("outbox", "待发消息", age=age, red=oldest is not None and at - oldest > RED_AFTER, detail=detail)


def _sealer(real: datetime) -> dict[str, Any]:
    oldest = AuditUnsealed.objects.order_by("created_at").values_list("created_at", flat=True).first()
    age = int((real - oldest).total_seconds()) if oldest else None
    return _row("sealer", "待封存事件", age=age, red=oldest is not None and real - oldest > RED_AFTER)


def _broker() -> dict[str, Any]:
    try:
        with current_app.connection_for_write(connect_timeout=1) as broker:
            broker.ensure_connection(max_retries=1, timeout=1)
    except Exception as error:
        return _row("broker", "消息队列", red=True, detail=f"连接不上（{type(error).__name__}）")
    return _row("broker", "消息队列", age=0)

"""The portal's clock. Read only in views, commands and tasks; everything below takes `at` as an argument.

`BUSINESS_NOW` starts it at another moment (demo and tests only), from where it runs on at real speed.
`BUSINESS_NOW_SET_AT` (epoch seconds, set by the launcher) lets all processes agree on when that was. `BUSINESS_CLOCK`
names a file that somebody else winds (`make torture`): a year passes in minutes, and all processes read the same moment.
"""

import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings

SHANGHAI = ZoneInfo("Asia/Shanghai")
_PROCESS_STARTED = time.time()


def now() -> datetime:
    """The present moment, aware, UTC."""
    if settings.BUSINESS_CLOCK:
        return datetime.fromisoformat(Path(settings.BUSINESS_CLOCK).read_text()).astimezone(UTC)
    real = datetime.now(UTC)
    if not settings.BUSINESS_NOW:
        return real
    start = datetime.fromisoformat(settings.BUSINESS_NOW)
    if start.tzinfo is None:
        start = start.replace(tzinfo=SHANGHAI)
    set_at = float(settings.BUSINESS_NOW_SET_AT or _PROCESS_STARTED)
    return start.astimezone(UTC) + timedelta(seconds=real.timestamp() - set_at)


def local_date(at: datetime) -> date:
    """The calendar day in Asia/Shanghai on which `at` falls."""
    return at.astimezone(SHANGHAI).date()

"""What a log line looks like and what it never holds: one JSON object a line, without anything that tells of a person."""

import logging
import logging.config
import re
from datetime import UTC, datetime
from typing import Any

from pythonjsonlogger.json import JsonFormatter

HIDDEN = "***"
# An identity number, then a mobile number, also written in groups; wherever they stand, also inside a longer number.
_NUMBERS = re.compile(r"\d{17}[\dXx]|1[3-9]\d[ -]?\d{4}[ -]?\d{4}")
# PostgreSQL quotes the row that a constraint refused: names, addresses, whatever was typed.
_QUOTED_ROW = re.compile(r"^(\s*DETAIL:).*$", re.MULTILINE)
# What somebody searched for, in an address that another program tells of: gunicorn, an HTTP client's error.
_QUERY = re.compile(r"(/[^\s?\"']*\?)[^\s\"']+")
# What the request's own line adds (config/request_log.py). Anything else hung on a record may hold a person: it is dropped.
REQUEST_FIELDS = ("request_id", "method", "path", "status", "duration_ms", "account")


def mask(text: str) -> str:
    text = _QUERY.sub(rf"\1{HIDDEN}", _QUOTED_ROW.sub(rf"\1 {HIDDEN}", text))
    return _NUMBERS.sub(HIDDEN, text)


def configure(config: dict[str, Any]) -> None:
    """LOGGING_CONFIG: Django's own way, and warnings of libraries are lines like all others where machines read them."""
    logging.config.dictConfig(config)
    logging.captureWarnings(config["handlers"]["console"]["formatter"] == "json")


class WithRequest(logging.Filter):
    """Puts the request a line was written in on the line."""

    def filter(self, record: logging.LogRecord) -> bool:
        from config.request_log import current

        for name, value in current().items():
            if not hasattr(record, name):
                setattr(record, name, value)
        return True


class JsonLine(JsonFormatter):
    """For web, worker and beat: what a collector reads."""

    def __init__(self) -> None:
        super().__init__(json_ensure_ascii=False)

    def add_fields(self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]) -> None:
        moment = datetime.fromtimestamp(record.created, UTC)
        log_data["time"] = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        log_data["level"] = record.levelname
        log_data["logger"] = record.name
        log_data["message"] = mask(record.getMessage())
        for name in REQUEST_FIELDS:
            value = getattr(record, name, None)
            if value is not None:
                # Ours or found free of numbers when it came: masking would only break the link between two lines.
                log_data[name] = mask(value) if isinstance(value, str) and name != "request_id" else value
        for name in ("exc_info", "stack_info"):
            if message_dict.get(name):
                log_data["exception" if name == "exc_info" else "stack"] = mask(str(message_dict[name]))


class PlainLine(logging.Formatter):
    """For people: while developing, in tests and in commands at a terminal."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        return mask(super().format(record))

"""`manage.py deadlines export [--json]`: the whole ledger, enough to recompute every date by other means."""

import csv
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.clock import SHANGHAI, now
from deadlines.models import Deadline

COLUMNS = (
    "id",
    "district",
    "rule",
    "label",
    "rule_version",
    "terms",
    "case",
    "occurrence",
    "owner",
    "started_at",
    "due_on",
    "due_at",
    "provisional",
    "met_at",
    "cancelled_at",
    "state",
    "late_reason",
)


class Command(BaseCommand):
    help = "导出全部时限。用法：deadlines export [--json]（每行一个 JSON 对象；不加 --json 为 CSV）"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", nargs="?", default="", help="export")
        parser.add_argument("--json", action="store_true", help="每行一个 JSON 对象")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["action"] != "export":
            raise CommandError("请写明要做什么：deadlines export [--json]")
        if options["json"]:
            for row in rows(at=now()):
                self.stdout.write(json.dumps(row, ensure_ascii=False))
            return
        writer = csv.DictWriter(self.stdout, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows(at=now()))


def rows(*, at: datetime) -> Iterator[dict[str, Any]]:
    """One row at a time from the server: the ledger may be larger than memory."""
    found = Deadline.objects.select_related("case", "owner_unit", "district").order_by("pk")
    for d in found.iterator(chunk_size=2000):
        yield {
            "id": d.pk,
            "district": d.district.code,
            "rule": d.rule_key,
            "label": d.rule.label,
            "rule_version": d.rule_version,
            "terms": d.terms,
            "case": d.case.number,
            "occurrence": d.occurrence,
            "owner": d.owner_unit.name,
            "started_at": _moment(d.started_at),
            "due_on": d.due_on.isoformat(),
            "due_at": _moment(d.due_at),
            "provisional": d.provisional,
            "met_at": _moment(d.met_at),
            "cancelled_at": _moment(d.cancelled_at),
            "state": d.state_at(at),
            "late_reason": d.late_reason,
        }


def _moment(at: datetime | None) -> str | None:
    return at.astimezone(SHANGHAI).isoformat() if at else None

"""`manage.py deadlines export [--json]`: the whole ledger, enough to recompute every date by other means."""

import csv
import json
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Prefetch

from audit.clock import SHANGHAI, now
from deadlines.models import Deadline, LedgerEntry

COLUMNS = (
    "id",
    "district",
    "rule",
    "label",
    "rule_version",
    "terms",
    "term_basis",
    "named_on",
    "case",
    "occurrence",
    "owner",
    "started_at",
    "due_on",
    "due_at",
    "provisional",
    "suspended_at",
    "entries",
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
        for row in rows(at=now()):
            writer.writerow(row | {"entries": json.dumps(row["entries"], ensure_ascii=False) if row["entries"] else ""})


def rows(*, at: datetime) -> Iterator[dict[str, Any]]:
    """One row at a time from the server: the ledger may be larger than memory."""
    found = Deadline.objects.select_related("case", "owner_unit", "district").order_by("pk")
    found = found.prefetch_related(
        Prefetch("entries", LedgerEntry.objects.select_related("requested_by", "decided_by"))
    )
    for d in found.iterator(chunk_size=2000):
        yield {
            "id": d.pk,
            "district": d.district.code,
            "rule": d.rule_key,
            "label": d.rule.label,
            "rule_version": d.rule_version,
            "terms": d.terms,
            "term_basis": d.term_basis,
            "named_on": _day(d.named_on),
            "case": d.case.number,
            "occurrence": d.occurrence,
            "owner": d.owner_unit.name,
            "started_at": _moment(d.started_at),
            "due_on": d.due_on.isoformat(),
            "due_at": _moment(d.runs_to),
            "provisional": d.provisional,
            "suspended_at": _moment(d.suspended_at),
            "entries": [_entry(e) for e in d.entries.all()],
            "met_at": _moment(d.met_at),
            "cancelled_at": _moment(d.cancelled_at),
            "state": d.state_at(at),
            "late_reason": d.late_reason,
        }


def _entry(entry: LedgerEntry) -> dict[str, Any]:
    return {
        "kind": entry.kind,
        "effective_at": _moment(entry.effective_at),
        "length": entry.length,
        "new_on": _day(entry.new_on),
        "ground": entry.ground,
        "reason": entry.reason,
        "requested_by": entry.requested_by.name,
        "decided_by": entry.decided_by.name,
        "at": _moment(entry.at),
    }


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _moment(at: datetime | None) -> str | None:
    return at.astimezone(SHANGHAI).isoformat() if at else None

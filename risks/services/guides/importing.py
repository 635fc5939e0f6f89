"""Entries of a draft from xlsx: every bad row is named, and nothing is written unless every row is good (三(一)1).

An entry is recognised by its place and name: those of the draft that the file has are changed, new ones come at the end,
what the file does not have stays.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from audit.services import digest_of
from organisations.actors import Actor
from organisations.services.import_sheet import Problem
from risks.events import GuideEvent
from risks.models import Guide, GuideEntry
from risks.models.guide import ENTRY_FIELDS
from risks.services.guides import sheet
from risks.services.guides.drafting import MAX_ENTRIES, lock, next_position, note, touch

# What a row types, made into the fields of an entry, or its problems as (field, reason).
Read = Callable[[Mapping[str, list[str]]], tuple[dict[str, Any], list[tuple[str, str]]]]


@dataclass
class Report:
    """What the file did. With problems nothing was written."""

    problems: list[Problem] = field(default_factory=list)
    added: int = 0
    changed: int = 0
    unchanged: int = 0

    @property
    def bad_rows(self) -> int:
        return len({problem.row for problem in self.problems})


@transaction.atomic
def import_entries(*, guide: Guide, data: bytes, read: Read, actor: Actor, at: datetime) -> Report:
    """`read` is the form of an entry: typed or imported, the same words are taken and the same refused."""
    locked = lock(guide, actor)
    rows, problems = sheet.read(data)
    good: list[tuple[int, dict[str, Any]]] = []
    for row in rows:
        values, bad = read(row.typed)
        problems += [Problem(row.number, sheet.TITLE_OF.get(name, ""), reason) for name, reason in bad]
        if not bad:
            good.append((row.number, values))
    problems += _repeated(good)
    known = {(entry.area, entry.title): entry for entry in locked.entries.all()}
    new = [values for _, values in good if _name(values) not in known]
    if len(known) + len(new) > MAX_ENTRIES:
        problems.append(Problem(0, "", f"导入后有 {len(known) + len(new)} 条，一份手册最多 {MAX_ENTRIES} 条"))
    if problems:
        return Report(problems=sorted(problems, key=lambda problem: problem.row))
    report = Report(added=len(new))
    start = next_position(locked)
    GuideEntry.objects.bulk_create(
        GuideEntry(guide=locked, position=position, **values) for position, values in enumerate(new, start)
    )
    for _, values in good:
        entry = known.get(_name(values))
        if entry is None:
            continue
        if all(getattr(entry, name) == values[name] for name in ENTRY_FIELDS):
            report.unchanged += 1
            continue
        for name in ENTRY_FIELDS:
            setattr(entry, name, values[name])
        entry.save()
        report.changed += 1
    if report.added or report.changed:
        touch(locked, actor, at)
        told = {"added": report.added, "changed": report.changed, "digest": digest_of(data.hex())}
        note(locked, GuideEvent.IMPORTED, actor=actor, at=at, data=told)
    return report


def _name(values: Mapping[str, Any]) -> tuple[str, str]:
    return (values["area"], values["title"])


def _repeated(good: list[tuple[int, dict[str, Any]]]) -> list[Problem]:
    first: dict[tuple[str, str], int] = {}
    problems = []
    for number, values in good:
        name = _name(values)
        if name in first:
            problems.append(Problem(number, "风险点名称", f"和第 {first[name]} 行的部位、名称相同"))
        first.setdefault(name, number)
    return problems

"""Drafting a guide manual: beginning one, its head, its entries one by one (三(一)1)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Max

from audit.clock import local_date
from audit.services import record
from deadlines.workflow import Overtaken, Refused
from organisations.actors import Actor
from organisations.models import Sector
from organisations.roles import Right, UnitKind
from risks.events import GuideEvent
from risks.guide_flow import refusal
from risks.models import Guide, GuideEntry
from risks.models.guide import ENTRY_FIELDS, UNFINISHED

MAX_ENTRIES = 500
_OWN_KINDS = frozenset({UnitKind.BUREAU, UnitKind.DEPARTMENT, UnitKind.TOWNSHIP, UnitKind.ENTERPRISE})


class NamedTwice(Refused):
    field = "title"


def sectors_to_draft_for(actor: Actor, *, at: datetime) -> list[Sector]:
    """A department's own sectors; of those that no department looks after, the bureau's too."""
    if not actor.may(Right.ASSESS):
        return []
    today = local_date(at)
    sectors = Sector.objects.filter(district_id=actor.district_id).prefetch_related("departments")
    found = []
    for sector in sectors:
        departments = {unit.pk for unit in sector.departments.all() if unit.is_valid_on(today)}  # type: ignore[attr-defined]
        if actor.unit_id in departments or (not departments and actor.unit.kind == UnitKind.BUREAU):
            found.append(sector)
    return found


def may_have_own(actor: Actor) -> bool:
    """本地、本单位: a township, a department, the bureau or an enterprise keeps a manual of its own."""
    return actor.may(Right.REGISTER_RISK) and actor.unit.kind in _OWN_KINDS


@transaction.atomic
def begin_guide(
    *, sector: Sector | None, title: str, basis: str, actor: Actor, at: datetime, based_on: Guide | None = None
) -> Guide:
    """A draft for a sector, or (None) of the own unit. It begins with the entries of the version in force, or of `based_on`.

    Raises Refused: not this unit's to draft, or somebody is drafting it already.
    """
    if sector is None and not may_have_own(actor):
        raise Refused("您的岗位不能编制本单位手册")
    if sector is not None and sector not in sectors_to_draft_for(actor, at=at):
        raise Refused(f"“{sector}”的手册由主管部门编制")
    guide = Guide(
        district=actor.unit.district,
        sector=sector,
        issuer=actor.unit,
        title=title,
        basis=basis,
        drafted_by=actor.person,
        drafted_at=at,
    )
    drafts = guide.siblings().filter(state__in=UNFINISHED)
    if (other := drafts.select_related("issuer", "drafted_by").first()) is not None:
        raise Refused(_already(other))
    before = guide.siblings().published().first()
    if before is None and based_on is not None:
        guide.based_on = based_on
    elif before is not None:
        guide.based_on = before.based_on
    try:
        with transaction.atomic():
            guide.save()
    except IntegrityError:
        # The constraint: somebody began one in this moment.
        raise Refused(_already(drafts.select_related("issuer", "drafted_by").get())) from None
    copied = _copy_entries(before or guide.based_on, guide)
    told = {
        "title": title,
        "basis": basis,
        "of": guide.subject,
        "entries": copied,
        "from": (before or based_on) and str(before or based_on),
    }
    note(guide, GuideEvent.BEGUN, actor=actor, at=at, data=told)
    return guide


def _already(other: Guide) -> str:
    return f"{other.issuer}的{other.drafted_by}正在起草这份手册，请先办完那一份"


def _copy_entries(source: Guide | None, guide: Guide) -> int:
    if source is None:
        return 0
    entries = [
        GuideEntry(
            guide=guide, key=entry.key, position=entry.position, **{name: getattr(entry, name) for name in ENTRY_FIELDS}
        )
        for entry in source.entries.all()
    ]
    return len(GuideEntry.objects.bulk_create(entries))


@transaction.atomic
def edit_head(
    *, guide: Guide, title: str, basis: str, actor: Actor, at: datetime, revision: int | None = None
) -> Guide:
    locked = lock(guide, actor, revision=revision)
    changed = {
        name: [getattr(locked, name), value]
        for name, value in (("title", title), ("basis", basis))
        if getattr(locked, name) != value
    }
    if not changed:
        return locked
    touch(locked, actor, at, title=title, basis=basis)
    note(locked, GuideEvent.EDITED, actor=actor, at=at, data={"changes": changed})
    return locked


@transaction.atomic
def add_entry(*, guide: Guide, fields: Mapping[str, Any], actor: Actor, at: datetime) -> GuideEntry:
    """At the end. Two people may add at once, so no revision is asked."""
    locked = lock(guide, actor)
    if locked.entries.count() >= MAX_ENTRIES:
        raise Refused(f"一份手册最多 {MAX_ENTRIES} 条")
    entry = GuideEntry(guide=locked, position=next_position(locked), **{name: fields[name] for name in ENTRY_FIELDS})
    _save(entry)
    touch(locked, actor, at)
    note(locked, GuideEvent.ENTRY_ADDED, actor=actor, at=at, data={"entry": str(entry), **_written(entry)})
    return entry


@transaction.atomic
def change_entry(
    *, entry: GuideEntry, fields: Mapping[str, Any], actor: Actor, at: datetime, revision: int | None = None
) -> GuideEntry:
    locked = lock(entry.guide, actor, revision=revision)
    changed = {
        name: [getattr(entry, name), fields[name]] for name in ENTRY_FIELDS if getattr(entry, name) != fields[name]
    }
    if not changed:
        return entry
    told = str(entry)
    for name in ENTRY_FIELDS:
        setattr(entry, name, fields[name])
    _save(entry)
    touch(locked, actor, at)
    note(locked, GuideEvent.ENTRY_CHANGED, actor=actor, at=at, data={"entry": told, "changes": changed})
    return entry


@transaction.atomic
def remove_entry(*, entry: GuideEntry, actor: Actor, at: datetime, revision: int | None = None) -> Guide:
    locked = lock(entry.guide, actor, revision=revision)
    told = {"entry": str(entry), **_written(entry)}
    entry.delete()
    touch(locked, actor, at)
    note(locked, GuideEvent.ENTRY_REMOVED, actor=actor, at=at, data=told)
    return locked


def lock(guide: Guide, actor: Actor, *, action: str = "edit", revision: int | None = None) -> Guide:
    """The row lock, then the table of who may do what. With `revision`, refuse when somebody changed it since it was shown."""
    locked = (
        Guide.objects.select_for_update(of=("self",)).select_related("issuer", "sector", "drafted_by").get(pk=guide.pk)
    )
    if why := refusal(locked, action, actor):
        raise Refused(why)
    if revision is not None and locked.revision != revision:
        raise Overtaken(f"{locked.drafted_by}刚修改过这份手册，您填写的内容未提交，请核对后再办")
    return locked


def touch(guide: Guide, actor: Actor, at: datetime, **changes: Any) -> None:
    """Whoever changes the draft answers for it from now on."""
    for name, value in changes.items():
        setattr(guide, name, value)
    guide.drafted_by, guide.drafted_at = actor.person, at
    guide.revision += 1
    guide.save()


def next_position(guide: Guide) -> int:
    return (guide.entries.aggregate(last=Max(F("position")))["last"] or 0) + 1


def _save(entry: GuideEntry) -> None:
    twin = GuideEntry.objects.filter(guide=entry.guide_id, area=entry.area, title=entry.title).exclude(pk=entry.pk)
    if twin.exists():
        raise NamedTwice(f"“{entry.area}”已有名为“{entry.title}”的条目")
    entry.save()


def _written(entry: GuideEntry) -> dict[str, Any]:
    return {name: value for name in ENTRY_FIELDS if (value := getattr(entry, name))}


def note(guide: Guide, event: str, *, actor: Actor, at: datetime, data: Mapping[str, Any]) -> None:
    record(event, by=actor.stamp, at=at, subject=("guide", guide.pk), data=data)

"""A manual's way into force and out of it, each act by the table in `risks.guide_flow` (三(一)1)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from audit.services import record
from deadlines.workflow import Refused
from organisations.actors import Actor
from risks.guide_flow import STEPS
from risks.models import Guide, GuideState
from risks.selectors.guide_changes import changes_between
from risks.services.guides.drafting import lock


@transaction.atomic
def submit_guide(*, guide: Guide, actor: Actor, at: datetime, revision: int | None = None) -> Guide:
    """Whoever hands it in answers for the whole of it."""
    locked = lock(guide, actor, action="submit", revision=revision)
    entries = locked.entries.count()
    if not entries:
        raise Refused("手册还没有条目，不能提交")
    changes = {"drafted_by": actor.person, "drafted_at": at, "return_note": ""}
    return _move(locked, "submit", changes, actor=actor, at=at, data={"entries": entries})


@transaction.atomic
def return_guide(*, guide: Guide, note: str, actor: Actor, at: datetime, revision: int | None = None) -> Guide:
    locked = lock(guide, actor, action="return", revision=revision)
    return _move(locked, "return", {"return_note": note}, actor=actor, at=at, data={"note": note})


@transaction.atomic
def publish_guide(*, guide: Guide, actor: Actor, at: datetime, revision: int | None = None) -> Guide:
    """In force at once, with the next number; the version before is superseded in the same transaction."""
    locked = lock(guide, actor, action="publish", revision=revision)
    before = locked.siblings().published().select_for_update(of=("self",)).select_related("issuer", "sector").first()
    number = (locked.siblings().aggregate(last=Max("version"))["last"] or 0) + 1
    if before is not None:
        ended = {"ended_by": actor.person, "ended_at": at}
        _move(before, "supersede", ended, actor=actor, at=at, data={"by_version": number})
    changes = {"version": number, "published_by": actor.person, "published_at": at}
    differs = changes_between(before, locked)
    told = {
        "version": number,
        "drafted_by": str(locked.drafted_by),
        "entries": locked.entries.count(),
        **differs.counts,
    }
    return _move(locked, "publish", changes, actor=actor, at=at, data=told)


@transaction.atomic
def withdraw_guide(*, guide: Guide, reason: str, actor: Actor, at: datetime, revision: int | None = None) -> Guide:
    locked = lock(guide, actor, action="withdraw", revision=revision)
    return _move(locked, "withdraw", _ended(actor, at, reason), actor=actor, at=at, data={"reason": reason})


@transaction.atomic
def discard_guide(*, guide: Guide, reason: str, actor: Actor, at: datetime, revision: int | None = None) -> Guide:
    locked = lock(guide, actor, action="discard", revision=revision)
    return _move(locked, "discard", _ended(actor, at, reason), actor=actor, at=at, data={"reason": reason})


def _ended(actor: Actor, at: datetime, reason: str) -> dict[str, Any]:
    return {"ended_by": actor.person, "ended_at": at, "end_reason": reason}


def _move(
    guide: Guide, action: str, changes: Mapping[str, Any], *, actor: Actor, at: datetime, data: Mapping[str, Any]
) -> Guide:
    step = STEPS[action]
    assert step.target is not None, "these acts change the state"
    for name, value in changes.items():
        setattr(guide, name, value)
    guide.state = GuideState(step.target)
    guide.revision += 1
    guide.save()
    record(step.event, by=actor.stamp, at=at, subject=("guide", guide.pk), data={"title": guide.title, **data})
    return guide

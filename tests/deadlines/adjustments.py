"""Asks and decides about the treatment clock of a scene, with the people of its cast."""

from datetime import date
from typing import Any

from deadlines.models import LedgerRequest
from deadlines.services.adjustments import decide_adjustment, request_adjustment
from organisations.actors import Actor
from tests.risks.builders import HAND, Scene, photo

LATER = date(2026, 12, 19)  # the letter of the builders names 29 November


def ask(scene: Scene, kind: str = "extend", *, by: Actor | None = None, **more: Any) -> LedgerRequest:
    told: dict[str, Any] = {"reason": "设备到货推迟", "evidence": [photo("申请.jpg")], "at": scene.at}
    told |= {"extend": {"new_on": LATER}, "suspend": {"ground": "不可抗力"}, "resume": {}}[kind]
    deadline = more.pop("deadline", None) or scene.deadline("treatment")
    return request_adjustment(deadline=deadline, kind=kind, **(told | {"actor": by or scene.cast.reporter} | more))


def decide(
    scene: Scene, request: LedgerRequest, *, approve: bool = True, by: Actor | None = None, **more: Any
) -> LedgerRequest:
    told: dict[str, Any] = {"note": "" if approve else "理由不充分", "hand": HAND, "at": scene.at}
    return decide_adjustment(request=request, approve=approve, **(told | {"actor": by or scene.cast.head} | more))


def grant(scene: Scene, kind: str, when: Any, **more: Any) -> LedgerRequest:
    """Asked and approved at one moment."""
    return decide(scene, ask(scene, kind, at=when, **more), at=when)

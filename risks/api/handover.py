"""One address for all steps of the handover letter: the step that is named, or the one that is next."""

from datetime import datetime
from typing import Any

from rest_framework import serializers

from audit.clock import local_date
from deadlines.workflow import Refused
from organisations.actors import Actor
from organisations.models import Post
from records.models import Letter
from risks.letters import handover_requirements
from risks.models import RiskPoint
from risks.services import handover

_NEXT = {
    Letter.State.DRAFT: "draft",
    Letter.State.SUBMITTED: "check",
    Letter.State.CHECKED: "issue",
    Letter.State.ISSUED: "dispatch",
}


def take_step(risk: RiskPoint, given: dict[str, Any], *, actor: Actor, at: datetime) -> Letter:
    letter = handover.current_letter(risk)
    step = given.get("step") or (_NEXT.get(Letter.State(letter.state)) if letter else "draft")
    common: dict[str, Any] = {"risk": risk, "actor": actor, "at": at, "version": given.get("version")}
    late_reason = given.get("late_reason", "")
    match step:
        case "draft":
            return _draft(risk, letter, given, common)
        case "check":
            return handover.check_handover(**common)
        case "return":
            if not given.get("note"):
                raise serializers.ValidationError({"note": ["请写明退回意见"]})
            return handover.return_handover(note=given["note"], **common)
        case "issue":
            number = given.get("number", "")
            return handover.issue_handover(dispatch=given["dispatch"], late_reason=late_reason, number=number, **common)
        case "dispatch":
            return handover.dispatch_handover(late_reason=late_reason, **common)
    if letter and letter.state == Letter.State.COUNTERSIGNING:
        raise Refused("交办函正在会签，全部同意后才能签发")
    raise Refused("交办函已送达，等待责任单位签收")


def _draft(risk: RiskPoint, letter: Letter | None, given: dict[str, Any], common: dict[str, Any]) -> Letter:
    """What is not given stays as the earlier draft has it; without one, the measures make the proposal."""
    due_on = given.get("due_on") or (letter.due_on if letter else None)
    if due_on is None:
        raise serializers.ValidationError({"due_on": ["请填写治理期限"]})
    return handover.draft_handover(
        requirements=given.get("requirements") or (letter.requirements if letter else handover_requirements(risk)),
        due_on=due_on,
        copies_to=given.get("copies_to", letter.copies_to if letter else ""),
        checker=_checker(given, common["actor"], common["at"]),
        **common,
    )


def _checker(given: dict[str, Any], actor: Actor, at: datetime) -> Post | None:
    if not given.get("checker"):
        return None
    posts = Post.objects.open_on(local_date(at)).filter(unit_id=actor.unit_id)
    found = posts.select_related("person", "unit").filter(pk=given["checker"]).first()
    if found is None:
        raise serializers.ValidationError({"checker": ["核稿人须是本机关在任的岗位"]})
    return found

"""The verification on site: written and signed by one, signed by all, and only then it decides."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.core.files.uploadedfile import UploadedFile

from audit.acts import one_act
from audit.clock import local_date
from deadlines.workflow import Refused
from organisations.actors import Actor
from organisations.models import Person, Post
from organisations.roles import Right, UnitKind
from records.models import Case, CaseParticipant, Signature
from records.services.attachments import attach_all
from records.services.signing import Hand, sign, void_signatures
from risks.grading import grade_text
from risks.models import CloseOut, Grading, RiskPoint, Verification
from risks.services.closure.waiting import ClosureRefused, lowered, open_close_out
from risks.services.grading import evaluate
from risks.services.handover import unfit_due_on
from risks.services.standing import refresh_enterprise_grade
from risks.workflow import WORKFLOW, barred_from_verifying, waiting


def eligible_verifiers(risk: RiskPoint, *, at: datetime) -> list[Post]:
    """Posts whose persons may verify: the handing unit's with that right, and experts; never applicant or treaters."""
    posts = (
        Post.objects.open_on(local_date(at))
        .filter(unit__district_id=risk.case.district_id)
        .exclude(person__in=barred_from_verifying(risk.case))
        .select_related("person", "unit")
        .order_by("unit__kind", "person__sort_key")
    )
    able = [p for p in posts if Right.VERIFY in p.role.rights]
    able = [p for p in able if p.unit_id == risk.case.lead_unit_id or p.unit.kind == UnitKind.EXPERT]
    return list({p.person_id: p for p in able}.values())


@one_act()
def verify(
    *,
    risk: RiskPoint,
    visited_on: date,
    findings: str,
    passed: bool,
    colleagues: Sequence[Person],
    hand: Hand,
    method: str = "",
    inputs: Mapping[str, str] | None = None,
    reasons: str = "",
    new_due_on: date | None = None,
    photos: Iterable[UploadedFile] = (),
    actor: Actor,
    at: datetime,
    version: int | None = None,
) -> Verification:
    """Write the conclusion from the site and sign it first; it waits for the colleagues' signatures over the same text.

    A conclusion that was waiting is void with all its signatures: what changes must be signed anew.
    """
    case = WORKFLOW.lock(risk.case, version=version)
    WORKFLOW.check(case, "verify", actor)
    close_out = open_close_out(risk)
    verifiers = {actor.person.pk: actor.person} | {p.pk: p for p in colleagues}
    able = {post.person_id for post in eligible_verifiers(risk, at=at)}
    if len(verifiers) < 2:
        raise ClosureRefused("现场核查不少于 2 人，请再选一名核查人", field="colleagues")
    if not set(verifiers) <= able:
        raise ClosureRefused("申请人、治理人员和没有核查权限的人不能参加核查", field="colleagues")
    if not local_date(close_out.applied_at) <= visited_on <= local_date(at):
        raise ClosureRefused("现场核查日期应在申请之后、今天之前", field="visited_on")
    result = lowered(risk, method, inputs or {}) if passed else None
    if not passed:
        told = "未通过的，须写明原因和要求，并定一个今天之后的继续治理期限"
        if not reasons.strip() or new_due_on is None:
            raise ClosureRefused(told, field="new_due_on" if reasons.strip() else "reasons")
        if why := unfit_due_on(new_due_on, at=at):
            raise ClosureRefused(f"{told}：{why}", field="new_due_on")
    content: dict[str, Any] = {
        "number": risk.case.number,
        "close_out": close_out.pk,
        "visited_on": visited_on.isoformat(),
        "findings": findings,
        "passed": passed,
        "method": method if result else "",
        "inputs": result.inputs if result else {},
        "grade": result.grade.value if result else "",
        "reasons": "" if passed else reasons,
        "new_due_on": new_due_on.isoformat() if new_due_on and not passed else "",
        "verifiers": sorted(p.name for p in verifiers.values()),
    }
    before = waiting(case).verification
    if before is not None and before.drafted_by_id != actor.post.person_id:
        raise Refused("核查结论正在会签；要改结论，请填写人修改，或核查人先提异议")
    if before is not None:
        _void(before, "核查结论已修改，须重新签字", case=case, actor=actor, at=at)
    verification = Verification.objects.create(
        close_out=close_out,
        visited_on=visited_on,
        findings=findings,
        passed=passed,
        method=content["method"],
        inputs=content["inputs"],
        grade=content["grade"],
        reasons=content["reasons"],
        new_due_on=None if passed else new_due_on,
        content=content | {"verification": 0},
        drafted_by=actor.person,
        drafted_at=at,
    )
    verification.content = content | {"verification": verification.pk}
    verification.save(update_fields=["content"])
    verification.verifiers.add(*verifiers.values())
    CaseParticipant.objects.bulk_create(
        [CaseParticipant(case=risk.case, person=person, part="核查人", since=at) for person in verifiers.values()],
        ignore_conflicts=True,  # who was one before stays one since then
    )
    signature = _sign(verification, risk, hand, actor, at)
    done = WORKFLOW.advance(
        risk.case,
        "verify",
        actor=actor,
        at=at,
        locked=case,
        signed=signature,
        data=_told(verification),
    )
    verification.signatures.add(signature)
    attach_all(photos, case=risk.case, purpose="核查照片", actor=actor, at=at, case_seq=done.event.case_seq)
    return verification


@one_act()
def countersign(
    *, risk: RiskPoint, hand: Hand, actor: Actor, at: datetime, version: int | None = None, late_reason: str = ""
) -> Verification:
    """Sign the waiting conclusion. The last signature makes it take effect: grade and register change only here."""
    case = WORKFLOW.lock(risk.case, version=version)
    WORKFLOW.check(case, "countersign", actor)
    open_ = waiting(case)
    verification = open_.verification
    assert verification is not None, "the workflow table lets nobody countersign without one"
    if verification.new_due_on and verification.new_due_on <= local_date(at):
        raise ClosureRefused("结论中的继续治理期限已过，请重新填写核查结论")
    signature = _sign(verification, risk, hand, actor, at)
    is_last = open_.named <= {*open_.signed, signature.person_id}
    WORKFLOW.advance(
        risk.case,
        "countersign",
        actor=actor,
        at=at,
        locked=case,
        signed=signature,
        data=_told(verification),
        goes_on=is_last,
    )
    verification.signatures.add(signature)
    if is_last:
        _take_effect(verification, risk, signature, locked=case, actor=actor, at=at, late_reason=late_reason)
    return verification


@one_act()
def object_verification(
    *, risk: RiskPoint, reason: str, actor: Actor, at: datetime, version: int | None = None
) -> Verification:
    """A named verifier does not agree: the conclusion is void and must be written anew."""
    case = WORKFLOW.lock(risk.case, version=version)
    WORKFLOW.advance(risk.case, "object", actor=actor, at=at, locked=case, data={"reason": reason})
    verification = waiting(case).verification
    assert verification is not None, "the workflow table lets nobody object without one"
    verification.objection = f"{actor.person.name}：{reason}"
    _void(verification, f"核查人提出异议：{reason}", case=case, actor=actor, at=at)
    return verification


def _void(verification: Verification, reason: str, *, case: Case, actor: Actor, at: datetime) -> None:
    """The conclusion does not stand as it was signed: it and every signature over it are void, all of them to be seen."""
    verification.state = Verification.State.VOID
    verification.save(update_fields=["state", "objection"])
    void_signatures(verification.signatures.all(), reason=reason, case=case, actor=actor, at=at)


def _take_effect(
    verification: Verification,
    risk: RiskPoint,
    signature: Signature,
    *,
    locked: Case,
    actor: Actor,
    at: datetime,
    late_reason: str,
) -> None:
    close_out = verification.close_out
    passed = verification.passed
    WORKFLOW.advance(
        risk.case,
        "pass_closure" if passed else "fail_closure",
        actor=actor,
        at=at,
        locked=locked,
        changes={"level": verification.grade} if passed else {},
        on=verification.new_due_on,
        data={
            "verification": verification.pk,
            "verifiers": verification.content["verifiers"],
            "grade_text": grade_text(verification.grade),
            "reasons": verification.reasons,
            "new_due_on": verification.new_due_on,
        },
        late_reason=late_reason,
    )
    verification.state = Verification.State.EFFECTIVE
    verification.save(update_fields=["state"])
    close_out.outcome = CloseOut.Outcome.PASSED if passed else CloseOut.Outcome.FAILED
    close_out.decided_at = at
    close_out.save(update_fields=["outcome", "decided_at"])
    if passed:
        result = evaluate(risk, verification.method, verification.inputs)
        Grading.objects.create(
            risk=risk,
            basis=Grading.Basis.VERIFIED,
            method=verification.method,
            inputs=verification.inputs,
            score=result.score,
            grade=result.grade,
            concluded_on=local_date(at),
            participants="、".join(verification.content["verifiers"]),
            reason=verification.findings,
            signature=signature,
            by=actor.person,
            at=at,
        )
    refresh_enterprise_grade(risk.case.responsible_unit)


def _sign(verification: Verification, risk: RiskPoint, hand: Hand, actor: Actor, at: datetime) -> Signature:
    return sign(case=risk.case, purpose="核查结论", content=verification.content, hand=hand, actor=actor, at=at)


def _told(verification: Verification) -> dict[str, Any]:
    return dict(verification.content) | {"grade_text": grade_text(verification.grade)}

"""The way of a letter: one table (拟稿 → 核稿 → 签发编号 → 送达 → 签收), for letters of every kind (X7).

The drafter never checks the own draft; a letter therefore never leaves on one person's word. Signing (签发) needs the
right to issue and comes only after somebody else's check.
"""

from dataclasses import dataclass

from organisations.actors import Actor
from organisations.roles import Right
from records.events import Event
from records.models import Letter

S = Letter.State


@dataclass(frozen=True)
class LetterStep:
    action: str
    label: str
    sources: tuple[str, ...]
    target: str
    right: Right
    of_recipient: bool  # done by the unit that receives, otherwise by the unit that issues
    event: str
    not_by_drafter: bool = False


STEPS = {
    step.action: step
    for step in (
        LetterStep("submit", "提交核稿", (S.DRAFT,), S.SUBMITTED, Right.DRAFT_LETTER, False, Event.LETTER_SUBMITTED),
        LetterStep(
            "return", "退回修改", (S.SUBMITTED,), S.DRAFT, Right.CHECK_LETTER, False, Event.LETTER_RETURNED, True
        ),
        LetterStep("check", "核稿", (S.SUBMITTED,), S.CHECKED, Right.CHECK_LETTER, False, Event.LETTER_CHECKED, True),
        LetterStep("issue", "签发", (S.CHECKED,), S.ISSUED, Right.ISSUE_LETTER, False, Event.LETTER_ISSUED),
        LetterStep("dispatch", "送达", (S.ISSUED,), S.DISPATCHED, Right.DRAFT_LETTER, False, Event.LETTER_DISPATCHED),
        LetterStep("receive", "签收", (S.DISPATCHED,), S.RECEIVED, Right.RECEIVE_LETTER, True, Event.LETTER_RECEIVED),
        LetterStep("leave", "留置送达", (S.DISPATCHED,), S.LEFT, Right.DRAFT_LETTER, False, Event.LETTER_LEFT),
        LetterStep(
            "void",
            "作废",
            (S.DRAFT, S.SUBMITTED, S.CHECKED, S.ISSUED),
            S.VOID,
            Right.DRAFT_LETTER,
            False,
            Event.LETTER_VOIDED,
        ),
    )
}


def refusal(letter: Letter, action: str, actor: Actor) -> str:
    """Why `actor` may not do `action` on `letter` now, in Chinese; "" when it is possible."""
    step = STEPS[action]
    if letter.state not in step.sources:
        return f"文书当前环节是“{letter.get_state_display()}”，不能办理“{step.label}”"
    unit_id = letter.recipient_id if step.of_recipient else letter.issuer_id
    fits = actor.stands_for(unit_id) if step.of_recipient else actor.unit_id == unit_id
    if not fits or not actor.may(step.right):
        return f"“{step.label}”由{'主送单位' if step.of_recipient else '发文机关'}有“{step.right.label}”权限的岗位办理"
    if step.not_by_drafter and actor.post.person_id == letter.drafted_by_id:
        return "拟稿人不能核自己的稿，请由其他人核稿"
    return ""

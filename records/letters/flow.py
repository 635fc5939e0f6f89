"""The way of a letter: one table (拟稿 → 核稿 → 会签 → 签发编号 → 用印 → 送达 → 签收), for letters of every kind (X7).

The drafter never checks the own draft; a letter therefore never leaves on one person's word. Signing (签发) needs the
right to issue and comes only after somebody else's check, and after every countersignature that was asked for.
"""

from dataclasses import dataclass
from enum import Enum

from organisations.actors import Actor
from organisations.roles import Right
from records.events import Event as E
from records.models import Letter

S = Letter.State


class Side(Enum):
    """Whose act it is; the value is what a refused person reads."""

    ISSUER = "发文机关"
    ADDRESSEE = "主送单位"
    COPY = "抄送单位"
    COUNTERSIGNER = "会签单位"


@dataclass(frozen=True)
class LetterStep:
    """One row: `target` None leaves the letter where it is. `hidden` steps follow from others, never offered."""

    action: str
    label: str
    sources: tuple[str, ...]
    target: str | None
    right: Right
    side: Side
    event: str
    not_by_drafter: bool = False
    hidden: bool = False


_SENT = (S.DISPATCHED, S.RECEIVED, S.LEFT)
_BEFORE_SENDING = (S.DRAFT, S.SUBMITTED, S.COUNTERSIGNING, S.CHECKED, S.ISSUED)
R, I = Right, Side.ISSUER  # noqa: E741

# One row per act: read it as a table.
# fmt: off
STEPS = {
    step.action: step
    for step in (
        #          action                 label            from                          to                 right                whose                event …
        LetterStep("edit",                "修改稿件",       (S.DRAFT,),                   None,              R.DRAFT_LETTER,      I,                   E.LETTER_DRAFTED),
        LetterStep("submit",              "提交核稿",       (S.DRAFT,),                   S.SUBMITTED,       R.DRAFT_LETTER,      I,                   E.LETTER_SUBMITTED),
        LetterStep("return",              "退回修改",       (S.SUBMITTED, S.CHECKED),     S.DRAFT,           R.CHECK_LETTER,      I,                   E.LETTER_RETURNED, not_by_drafter=True),
        LetterStep("check",               "核稿",          (S.SUBMITTED,),               S.CHECKED,         R.CHECK_LETTER,      I,                   E.LETTER_CHECKED, not_by_drafter=True),
        LetterStep("check_to_countersign", "核稿，送会签",   (S.SUBMITTED,),               S.COUNTERSIGNING,  R.CHECK_LETTER,      I,                   E.LETTER_CHECKED, not_by_drafter=True, hidden=True),
        LetterStep("countersign",         "会签",          (S.COUNTERSIGNING,),          None,              R.COUNTERSIGN,       Side.COUNTERSIGNER,  E.LETTER_COUNTERSIGNED, not_by_drafter=True),
        LetterStep("countersign_last",    "会签",          (S.COUNTERSIGNING,),          S.CHECKED,         R.COUNTERSIGN,       Side.COUNTERSIGNER,  E.LETTER_COUNTERSIGNED, not_by_drafter=True, hidden=True),
        LetterStep("object",              "会签不同意",     (S.COUNTERSIGNING,),          S.DRAFT,           R.COUNTERSIGN,       Side.COUNTERSIGNER,  E.LETTER_OBJECTED, not_by_drafter=True),
        LetterStep("issue",               "签发",          (S.CHECKED,),                 S.ISSUED,          R.ISSUE_LETTER,      I,                   E.LETTER_ISSUED),
        LetterStep("dispatch",            "送达",          (S.ISSUED,),                  S.DISPATCHED,      R.DRAFT_LETTER,      I,                   E.LETTER_DISPATCHED),
        LetterStep("log",                 "登记送达",       _SENT,                        None,              R.DRAFT_LETTER,      I,                   E.LETTER_LOGGED),
        LetterStep("receive",             "签收",          (S.DISPATCHED,),              S.RECEIVED,        R.RECEIVE_LETTER,    Side.ADDRESSEE,      E.LETTER_RECEIVED),
        LetterStep("receive_copy",        "签收抄送件",     _SENT,                        None,              R.RECEIVE_LETTER,    Side.COPY,           E.LETTER_COPY_RECEIVED),
        LetterStep("leave",               "留置送达",       (S.DISPATCHED,),              S.LEFT,            R.DRAFT_LETTER,      I,                   E.LETTER_LEFT),
        LetterStep("recall",              "撤回",          _SENT,                        S.RECALLED,        R.DRAFT_LETTER,      I,                   E.LETTER_RECALLED),
        LetterStep("replace",             "更正替代",       _SENT,                        S.REPLACED,        R.DRAFT_LETTER,      I,                   E.LETTER_REPLACED),
        LetterStep("void",                "作废",          _BEFORE_SENDING,              S.VOID,            R.DRAFT_LETTER,      I,                   E.LETTER_VOIDED),
    )
}
# fmt: on


def refusal(letter: Letter, action: str, actor: Actor) -> str:
    """Why `actor` may not do `action` on `letter` now, in Chinese; "" when it is possible."""
    step = STEPS[action]
    if letter.state not in step.sources:
        return f"文书当前环节是“{letter.get_state_display()}”，不能办理“{step.label}”"
    if not actor.may(step.right) or not _is_of(letter, step.side, actor):
        return f"“{step.label}”由{step.side.value}有“{step.right.label}”权限的岗位办理"
    if step.not_by_drafter and actor.post.person_id == letter.drafted_by_id:
        return "拟稿人不能核自己的稿，请由其他人核稿" if step.side == Side.ISSUER else "拟稿人不能会签自己的稿"
    return ""


def _is_of(letter: Letter, side: Side, actor: Actor) -> bool:
    if side == Side.ISSUER:
        return actor.unit_id == letter.issuer_id
    if side == Side.COUNTERSIGNER:
        asked = letter.countersigns.filter(unit=actor.unit_id, voided_at=None, decision="", asked_at__isnull=False)
        return any(post in (None, actor.post.pk) for post in asked.values_list("post", flat=True))
    open_ = letter.deliveries.filter(
        unit=actor.acts_for, is_copy=side == Side.COPY, sent_at__isnull=False, signed_at=None, left_at=None
    )
    return open_.exists()

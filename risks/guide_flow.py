"""The way of a guide manual: one table (起草 → 提交 → 发布 → 替代或撤销), for a sector's manual and for a unit's own (三(一)1).

Whoever drafted never publishes: a manual comes into force on the word of two persons of the unit that makes it.
"""

from dataclasses import dataclass

from organisations.actors import Actor
from organisations.roles import Right
from risks.events import GuideEvent as E
from risks.models import Guide
from risks.models import GuideState as S


@dataclass(frozen=True)
class GuideStep:
    """One row: `target` None leaves the manual where it is. `of_sector` and `of_unit` are the rights asked for a sector's
    manual and for a unit's own; either way the post is one of the issuer's. `hidden` steps follow from others."""

    action: str
    label: str
    sources: tuple[str, ...]
    target: str | None
    of_sector: Right
    of_unit: Right
    event: str
    not_by_drafter: bool = False
    hidden: bool = False

    def right(self, guide: Guide) -> Right:
        return self.of_sector if guide.is_of_sector else self.of_unit


R = Right

# One row per act: read it as a table.
# fmt: off
STEPS = {
    step.action: step
    for step in (
        #         action       label           from                     to             sector's manual   own manual        event
        GuideStep("edit",      "修改",          (S.DRAFT,),              None,          R.ASSESS,         R.REGISTER_RISK,  E.EDITED),
        GuideStep("submit",    "提交发布",       (S.DRAFT,),              S.SUBMITTED,   R.ASSESS,         R.REGISTER_RISK,  E.SUBMITTED),
        GuideStep("publish",   "发布",          (S.SUBMITTED,),          S.PUBLISHED,   R.ISSUE_LETTER,   R.SIGN_PRINCIPAL, E.PUBLISHED, not_by_drafter=True),
        GuideStep("return",    "退回修改",       (S.SUBMITTED,),          S.DRAFT,       R.ISSUE_LETTER,   R.SIGN_PRINCIPAL, E.RETURNED, not_by_drafter=True),
        GuideStep("discard",   "放弃草稿",       (S.DRAFT,),              S.DISCARDED,   R.ASSESS,         R.REGISTER_RISK,  E.DISCARDED),
        GuideStep("supersede", "由新版替代",     (S.PUBLISHED,),          S.SUPERSEDED,  R.ISSUE_LETTER,   R.SIGN_PRINCIPAL, E.SUPERSEDED, hidden=True),
        GuideStep("withdraw",  "撤销",          (S.PUBLISHED,),          S.WITHDRAWN,   R.ISSUE_LETTER,   R.SIGN_PRINCIPAL, E.WITHDRAWN),
    )
}
# fmt: on


def refusal(guide: Guide, action: str, actor: Actor) -> str:
    """Why `actor` may not do `action` on `guide` now, in Chinese; "" when it is possible."""
    step = STEPS[action]
    if guide.state not in step.sources:
        return f"手册当前状态是“{guide.get_state_display()}”，不能办理“{step.label}”"
    right = step.right(guide)
    # Whoever took over a dissolved department's functions looks after its manuals too.
    if actor.unit_id not in {guide.issuer_id, guide.issuer.succeeded_by_id} or not actor.may(right):
        return f"“{step.label}”由{guide.issuer}有“{right.label}”权限的岗位办理"
    if step.not_by_drafter and actor.post.person_id == guide.drafted_by_id:
        return "起草人不能发布或退回自己起草的手册，请由本单位另一人办理"
    return ""


def actions_for(guide: Guide, actor: Actor) -> list[GuideStep]:
    return [step for step in STEPS.values() if not step.hidden and not refusal(guide, step.action, actor)]

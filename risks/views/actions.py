"""The acts beside a case, and which of them are possible now.

From which state and by whom stands in risks/workflow.py and records/letters/flow.py; what each asks in risks/views/acts/.
"""

from datetime import datetime

from organisations.actors import Actor
from records.letters import flow
from records.models import Letter
from risks.models import RiskPoint
from risks.services import closure
from risks.services.handover import current_letter
from risks.views.acts import closure as closure_acts
from risks.views.acts import confidential as confidential_acts
from risks.views.acts import exits as exit_acts
from risks.views.acts import grading as grading_acts
from risks.views.acts import handover as handover_acts
from risks.views.acts import treatment as treatment_acts
from risks.views.acts.act import Act, Context
from risks.workflow import WORKFLOW

ACTS: dict[str, Act] = (
    grading_acts.ACTS
    | handover_acts.ACTS
    | treatment_acts.ACTS
    | closure_acts.ACTS
    | exit_acts.ACTS
    | confidential_acts.ACTS
)


def context_of(risk: RiskPoint, actor: Actor, at: datetime) -> Context:
    return Context(risk=risk, actor=actor, at=at, letter=current_letter(risk))


def refusal(c: Context, action: str) -> str:
    """Why the act is not possible now, in Chinese, or ""."""
    act = ACTS[action]
    if act.letter_step:
        if c.letter is None:
            return "没有在办的交办函"
        return flow.refusal(c.letter, act.letter_step, c.actor)
    if why := WORKFLOW.refusal(c.risk.case, action, c.actor):
        return why
    if action == "draft_handover" and c.letter and c.letter.state != Letter.State.DRAFT:
        return f"交办函已在“{c.letter.get_state_display()}”环节"
    if action == "conclude" and c.letter and c.letter.state != Letter.State.DISPATCHED:
        return "交办函在办，要改研判结论请先作废交办函"
    if action == "decide_exit" and c.proposal is None:
        return "没有待审批的申请"
    if action == "propose_exit" and c.proposal is not None:
        return "已有待审批的申请"
    if action == "lapse" and not c.is_late("risks.correction"):
        return "补正期限未到，不能终止申请"
    if action == "verify" and c.waiting and c.waiting.drafted_by_id != c.actor.post.person_id:
        return "核查结论正在会签；要改结论，请填写人修改，或核查人先提异议"
    if action == "unmark_confidential" and not (
        c.risk.case.is_confidential or c.risk.case.attachments.filter(is_confidential=True).exists()
    ):
        return "没有敏感标记"
    if action == "ask_correction" and (closure.open_close_out(c.risk).correction_asked_at or c.waiting):
        return "补正只能通知一次，会签开始后也不能再通知"
    return ""


def possible(c: Context) -> list[str]:
    """The acts that this actor can do on this case now, in the order of the table."""
    return [action for action in ACTS if not refusal(c, action)]

"""Long-term control and exits."""

from typing import Any

from risks.forms import actions as f
from risks.models import RiskPoint
from risks.models.point import OPEN_STATES
from risks.services import exits
from risks.views.acts.act import Act, Context, common, variant


def _exit_facts(c: Context) -> list[dict[str, Any]]:
    proposal = c.proposal
    if proposal is None:
        return []
    rows = [
        ("方式", proposal.get_kind_display()),
        ("理由", proposal.reason),
        ("责任单位", proposal.enterprise_controller),
        ("乡街", proposal.township_controller),
        ("部门", proposal.department_controller),
        ("并入", str(proposal.merged_into.case) if proposal.merged_into else ""),
        ("接收机关", proposal.receiving_authority),
        ("提出人", str(proposal.proposed_by)),
    ]
    return [{"label": label, "value": value, "wide": True} for label, value in rows if value]


def _propose_exit(c: Context, form: f.ProposeExitForm, version: int | None) -> object:
    data = dict(form.cleaned_data)
    return exits.propose_exit(**common(c, version), merged_into=data.pop("merged_risk"), **data)


ACTS: dict[str, Act] = {
    "propose_exit": Act(
        "申请长期管控或退出",
        f.ProposeExitForm,
        _propose_exit,
        lambda c: f"由{c.risk.case.lead_unit}主要负责人审批；批准前各项时限照常计算。",
        "申请已提交",
        arguments=lambda c: {
            "risks": RiskPoint.objects.for_actor(c.actor).filter(case__state__in=OPEN_STATES),
            "may_long_term": c.risk.case.state == "treating",
        },
    ),
    "decide_exit": Act(
        "审批长期管控或退出",
        f.DecideExitForm,
        lambda c, form, v: exits.decide_exit(
            **common(c, v),
            approve=form.cleaned_data["decision"] == "yes",
            note=form.cleaned_data["note"],
            hand=form.hand(),
            late_reason=form.late(),
        ),
        lambda c: "批准长期管控的，等级不变，每季度检查、12 个月内再评估；批准退出的，移出在册台账，案卷保留。",
        "审批意见已签署",
        arguments=lambda c: {"is_late": c.owes_late()},
        submit_label="签署",
        on_paper="own",
        known=_exit_facts,
    ),
    "long_term_check": Act(
        "填季度检查",
        f.LongTermCheckForm,
        lambda c, form, v: exits.check_long_term(
            **common(c, v),
            text=form.cleaned_data["text"],
            is_controlled=form.cleaned_data["is_controlled"] == "yes",
            photos=form.cleaned_data["photos"],
        ),
        lambda c: "提交后不能修改，下一次检查期限自今天起算。",
        "季度检查已记录",
        on_paper="party",
    ),
    "reassess": Act(
        "再评估",
        f.ReassessForm,
        lambda c, form, v: exits.reassess(**common(c, v), **form.conclusion()),
        lambda c: "仍为重大、较大的继续长期管控；已可降级的，由责任单位申请销号。",
        "再评估已签署",
        arguments=lambda c: variant(c) | {"is_late": c.is_late("risks.reassessment")},
        submit_label="签署",
        on_paper="own",
    ),
}

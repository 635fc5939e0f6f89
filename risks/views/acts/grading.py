"""Grading acts: 自评、研判、指定交办单位 (三(二)1)."""

from typing import Any

from risks.forms import actions as f
from risks.models import Grading
from risks.services import grading
from risks.views.acts.act import Act, Context, common, variant


def _designees(c: Context) -> dict[str, Any]:
    case = c.risk.case
    units = grading.designees(case.district_id, at=c.at)
    return {"units": units.exclude(pk__in=[case.responsible_unit_id, case.lead_unit_id])}


def _self_graded(c: Context) -> dict[str, Any]:
    """The enterprise's own values, to start from."""
    own = c.risk.gradings.filter(basis=Grading.Basis.SELF).first()
    if own is None:
        return {}
    return {"method": own.method} | {f"{own.method}_{name}": value for name, value in own.inputs.items()}


ACTS: dict[str, Act] = {
    "self_grade": Act(
        "提交自评",
        f.SelfGradeForm,
        lambda c, form, v: grading.self_grade(
            **common(c, v),
            method=form.cleaned_data["method"],
            inputs=form.cleaned_inputs(),
            reason=form.cleaned_data["reason"],
        ),
        lambda c: f"自评为重大、较大的，提交后由{c.risk.case.lead_unit}在规定期限内研判，自评不能再改。",
        "自评已提交",
        arguments=variant,
    ),
    "conclude": Act(
        "签署研判结论",
        f.ConcludeForm,
        lambda c, form, v: grading.conclude(**common(c, v), **form.conclusion()),
        lambda c: "签字后等级生效；重大、较大风险自次日起 3 个工作日内须向责任单位发函交办（三（二）2）。",
        "研判结论已签署",
        arguments=lambda c: variant(c) | {"is_late": c.owes_late()},
        initial=lambda c: {"participants": c.actor.person.name} | _self_graded(c),
        submit_label="签署",
        on_paper="own",
    ),
    "designate": Act(
        "指定交办单位",
        f.DesignateForm,
        lambda c, form, v: grading.designate_lead(
            **common(c, v), unit=form.cleaned_data["unit"], reason=form.cleaned_data["reason"]
        ),
        lambda c: "改由所选单位研判、交办和核查，未办结的时限一并转移，到期日不变。",
        "交办单位已指定",
        arguments=_designees,
    ),
}

"""Close-out acts: 申请、补正、核查、会签 (三(二)4)."""

from typing import Any

from audit.clock import local_date
from risks.forms import actions as f
from risks.grading import grade_text
from risks.services import closure
from risks.services.closure import eligible_verifiers
from risks.views.acts.act import Act, Context, common, variant


def _verify(c: Context, form: f.VerifyForm, version: int | None) -> object:
    data, passed = form.cleaned_data, form.cleaned_data["passed"] == "yes"
    return closure.verify(
        **common(c, version),
        visited_on=data["visited_on"],
        findings=data["findings"],
        passed=passed,
        colleagues=[post.person for post in data["colleagues"]],
        method=data["method"] if passed else "",
        inputs=form.cleaned_inputs() if passed else {},
        reasons="" if passed else data["reasons"],
        new_due_on=None if passed else data["new_due_on"],
        photos=data["photos"],
        hand=form.hand(),
    )


def _verification_facts(c: Context) -> list[dict[str, Any]]:
    waiting = c.waiting
    if waiting is None:
        return []
    rows = [
        ("现场核查", waiting.visited_on.isoformat()),
        ("核查情况", waiting.findings),
        ("结论", "通过，予以销号" if waiting.passed else "未通过，继续治理"),
        ("核定等级", grade_text(waiting.grade)),
        ("原因要求", waiting.reasons),
        ("继续治理期限", waiting.new_due_on.isoformat() if waiting.new_due_on else ""),
        ("核查人", "、".join(p.name for p in waiting.verifiers.all())),
    ]
    return [{"label": label, "value": value, "wide": True} for label, value in rows if value]


def _verify_initial(c: Context) -> dict[str, Any]:
    """The own conclusion that waits for signatures, to be changed; else today's date."""
    waiting = c.waiting
    if waiting is None:
        return {"visited_on": local_date(c.at)}
    told = {
        "visited_on": waiting.visited_on,
        "findings": waiting.findings,
        "passed": "yes" if waiting.passed else "no",
        "reasons": waiting.reasons,
        "new_due_on": waiting.new_due_on,
    }
    method = {"method": waiting.method} if waiting.method else {}
    return told | method | {f"{waiting.method}_{name}": value for name, value in waiting.inputs.items()}


ACTS: dict[str, Act] = {
    "apply": Act(
        "申请销号",
        f.ApplyForm,
        lambda c, form, v: closure.apply_close_out(
            **common(c, v),
            statement=form.cleaned_data["statement"],
            method=form.cleaned_data["method"],
            inputs=form.cleaned_inputs(),
            photos=form.cleaned_data["photos"],
            hand=form.hand(),
        ),
        lambda c: (
            f"主要负责人签字后向{c.risk.case.lead_unit}申请销号，{c.risk.case.lead_unit}在 10 个工作日内组织现场核查。"
        ),
        "销号申请已提交",
        arguments=variant,
        submit_label="签字并申请",
        on_paper="party",
    ),
    "ask_correction": Act(
        "通知补正",
        f.AskCorrectionForm,
        lambda c, form, v: closure.ask_correction(
            **common(c, v), note=form.cleaned_data["note"], late_reason=form.late()
        ),
        lambda c: "补正只能通知一次；核查时限终止，自补正材料送齐之日重新起算。",
        "已通知补正",
        arguments=lambda c: {"is_late": c.is_late("risks.closure_check")},
    ),
    "lapse": Act(
        "补正逾期，终止申请",
        f.LapseForm,
        lambda c, form, v: closure.lapse_correction(**common(c, v), **form.cleaned_data),
        lambda c: "本次销号申请终止，责任单位按新的期限继续治理，可以重新申请。",
        "申请已终止，转继续治理",
    ),
    "supply_correction": Act(
        "补正",
        f.SupplyCorrectionForm,
        lambda c, form, v: closure.supply_correction(
            **common(c, v),
            statement=form.cleaned_data["statement"],
            photos=form.cleaned_data["photos"],
            hand=form.hand(),
        ),
        lambda c: "主要负责人签字后重新提交，核查时限重新起算。",
        "补正已提交",
        initial=lambda c: {"statement": closure.open_close_out(c.risk).statement},
        submit_label="签字并提交",
        on_paper="party",
        known=lambda c: [
            {"label": "补正要求", "value": closure.open_close_out(c.risk).correction_note, "wide": True, "strong": True}
        ],
    ),
    "verify": Act(
        "填核查结论",
        f.VerifyForm,
        _verify,
        lambda c: (
            "结论一经修改，已有的签字全部失效，须重新签字、会签。"
            if c.waiting
            else "您签字后转其他核查人会签；全部签字后结论生效，等级和台账随之改变。"
        ),
        "核查结论已提交会签",
        arguments=lambda c: (
            variant(c)
            | {"verifiers": [p for p in eligible_verifiers(c.risk, at=c.at) if p.person_id != c.actor.post.person_id]}
        ),
        initial=_verify_initial,
        known=_verification_facts,
        submit_label="签字并送会签",
        on_paper="own",
    ),
    "countersign": Act(
        "会签核查结论",
        f.CountersignForm,
        lambda c, form, v: closure.countersign(**common(c, v), hand=form.hand(), late_reason=form.late()),
        lambda c: "全部核查人签字后结论立即生效，不能撤回。",
        "已会签",
        arguments=lambda c: {"is_late": c.is_late("risks.closure_check")},
        submit_label="会签",
        on_paper="own",
        known=_verification_facts,
    ),
    "object": Act(
        "对核查结论提异议",
        f.ObjectForm,
        lambda c, form, v: closure.object_verification(**common(c, v), reason=form.cleaned_data["reason"]),
        lambda c: "结论和已有签字作废，须重新填写核查结论；核查时限照常计算。",
        "异议已记录",
        known=_verification_facts,
    ),
}

"""What a risk point puts into its dossier (X10): facts, gradings, control, treatment, close-out, clocks, the whole story."""

from datetime import datetime
from typing import Any

from audit.clock import SHANGHAI
from deadlines.adjusting import with_ledger
from deadlines.calendar import WorkCalendar
from deadlines.display import Clockwork, clock
from deadlines.models import Deadline
from organisations.actors import Actor
from records.dossier.sections import Section, Table
from records.models import Case
from records.selectors import letters_for
from risks.grading import grade_text
from risks.models import RiskPoint, RiskState
from risks.selectors.case import facts_of, grading_rows
from risks.selectors.timeline import timeline


def sections(case: Case, actor: Actor, at: datetime) -> list[Section]:
    risk = RiskPoint.objects.select_related(
        "case__township", "case__sector", "case__responsible_unit__enterprise", "case__lead_unit", "registered_by"
    ).get(pk=case.pk)
    lead = case.lead_unit.short_name or case.lead_unit.name
    return [
        Section(
            "facts",
            "风险点登记情况",
            facts=_facts(risk, actor),
            author=str(risk.registered_by),
            dated=str(case.opened_on),
        ),
        Section("gradings", "分级情况", tables=_gradings(risk), author=lead),
        Section("measures", "管控措施", tables=_measures(risk)),
        Section("treatment", "治理方案和进展", facts=_plan(risk), tables=_progress(risk)),
        Section("closure", "销号申请和核查", tables=_closures(risk)),
        Section("exits", "长期管控和退出", tables=_exits(risk)),
        Section("clocks", "时限及计算依据", tables=_clocks(case, at)),
        Section("story", "办理过程", entries=_story(risk, actor)),
    ]


def _facts(risk: RiskPoint, actor: Actor) -> list[tuple[str, str]]:
    told = [(row["label"], str(row["value"])) for row in facts_of(risk, actor)]
    grade = grade_text(risk.case.level) or "未定级"
    return [("等级", grade), ("环节", RiskState(risk.case.state).label), ("交办单位", risk.case.lead_unit.name), *told]


def _story(risk: RiskPoint, actor: Actor) -> list[dict[str, Any]]:
    """The oldest first, as it happened."""
    letters = letters_for(actor).filter(case=risk.pk).values_list("pk", flat=True)
    return timeline(risk, actor, set(letters))[::-1]


def _gradings(risk: RiskPoint) -> list[Table]:
    rows = []
    for grading in reversed(list(risk.gradings.select_related("by", "signature__person"))):
        factors = "\n".join(f"{label}：{value} {words}".strip() for label, value, words in grading_rows(grading))
        score = "" if grading.score is None else f"{grading.score.normalize():f}"
        who = grading.signature.signer_label if grading.signature else str(grading.by)
        rows.append(
            [
                f"{grading.get_basis_display()}\n{grading.concluded_on}",
                f"{grading.get_method_display()}\n{factors}",
                score,
                grading.grade_text,
                "\n".join(
                    part for part in (who, f"参加人：{grading.participants}" if grading.participants else "") if part
                ),
                grading.reason,
            ]
        )
    heads = ("性质", "方法和取值", "分值", "等级", "评定人", "说明")
    return [Table(heads, rows, (13, 29, 8, 11, 19, 20))] if rows else []


def _measures(risk: RiskPoint) -> list[Table]:
    rows = [[m.get_kind_display(), m.text, m.get_status_display()] for m in risk.measures.all()]
    return [Table(("类别", "措施", "落实"), rows, (16, 68, 16))] if rows else []


def _plan(risk: RiskPoint) -> list[tuple[str, str]]:
    plan = risk.plans.select_related("by").first()
    if plan is None:
        return []
    return [
        ("治理目标", plan.goal),
        ("措施步骤", plan.steps),
        ("责任人", plan.responsible),
        ("资金", f"{plan.funds} 万元"),
        ("计划完成", str(plan.finish_on)),
        ("期间管控", plan.interim),
        ("报送", f"{plan.by}　{_moment(plan.at)}"),
    ]


def _progress(risk: RiskPoint) -> list[Table]:
    rows = [
        [_moment(p.at), p.text, f"{p.percent}%", "" if p.spent is None else f"{p.spent}", str(p.by)]
        for p in risk.progress.select_related("by").order_by("at", "id")
    ]
    heads = ("时间", "进展情况", "完成", "投入（万元）", "报送人")
    return [Table(heads, rows, (17, 47, 9, 13, 14), caption="治理进展")] if rows else []


def _closures(risk: RiskPoint) -> list[Table]:
    tables = []
    found = risk.close_outs.select_related("signature", "applied_by").prefetch_related(
        "verifications__verifiers", "verifications__signatures__person"
    )
    for n, close_out in enumerate(reversed(list(found)), start=1):
        rows = [
            ["申请", f"{close_out.signature.signer_label}　{_moment(close_out.applied_at)}"],
            ["治理完成情况", close_out.statement],
            ["拟降至", close_out.proposed_text],
        ]
        if close_out.correction_note:
            rows.append(["补正要求", f"{close_out.correction_note}（{_moment(close_out.correction_asked_at)}）"])
        if close_out.correction_supplied_at:
            rows.append(["补正", _moment(close_out.correction_supplied_at)])
        for verification in reversed(list(close_out.verifications.all())):
            signed = "、".join(signature.name for signature in verification.signatures.all()) or "无"
            rows.append(
                [
                    f"核查结论（{verification.get_state_display()}）",
                    "\n".join(
                        part
                        for part in (
                            f"{verification.visited_on} 现场核查：{verification.findings}",
                            f"通过，核定{grade_text(verification.grade)}"
                            if verification.passed
                            else f"未通过：{verification.reasons}；继续治理至 {verification.new_due_on}",
                            f"核查人：{'、'.join(verification.content.get('verifiers', []))}；已签：{signed}",
                            f"异议：{verification.objection}" if verification.objection else "",
                        )
                        if part
                    ),
                ]
            )
        rows.append(["结果", f"{close_out.get_outcome_display()}　{_moment(close_out.decided_at)}"])
        tables.append(Table(("事项", "内容"), rows, (22, 78), caption=f"第 {n} 次申请"))
    return tables


def _exits(risk: RiskPoint) -> list[Table]:
    rows = []
    for proposal in risk.exits.select_related("proposed_by", "decided_by", "merged_into__case").order_by("id"):
        outcome = {True: "批准", False: "不同意", None: "待审批"}[proposal.is_approved]
        named = "、".join(
            name
            for name in (
                proposal.enterprise_controller,
                proposal.township_controller,
                proposal.department_controller,
                str(proposal.merged_into.case) if proposal.merged_into else "",
                proposal.receiving_authority,
            )
            if name
        )
        rows.append(
            [
                proposal.get_kind_display(),
                "\n".join(part for part in (proposal.reason, named) if part),
                f"{proposal.proposed_by}\n{_moment(proposal.proposed_at)}",
                "\n".join(
                    part
                    for part in (
                        outcome,
                        f"{proposal.decided_by or ''}　{_moment(proposal.decided_at)}".strip(),
                        proposal.decision_note,
                    )
                    if part
                ),
            ]
        )
    checks = [
        [_moment(c.at), c.text, "有效" if c.is_controlled else "有问题", str(c.by)]
        for c in risk.long_term_checks.select_related("by").order_by("id")
    ]
    tables = [Table(("方式", "理由和依据", "提出", "审批"), rows, (12, 42, 20, 26))] if rows else []
    if checks:
        tables.append(Table(("时间", "检查情况", "措施", "检查人"), checks, (18, 52, 12, 18), caption="季度检查"))
    return tables


def _clocks(case: Case, at: datetime) -> list[Table]:
    """One table per clock: when it fell due, how it ended, and the days counted one by one."""
    clockwork = Clockwork(at=at, calendar=WorkCalendar.load())
    found = with_ledger(Deadline.objects.filter(case=case)).order_by("started_at", "id")
    return [_clock(deadline, clock(deadline, clockwork)) for deadline in found]


def _clock(deadline: Deadline, shown: dict[str, Any]) -> Table:
    state = {"met": "已办结", "cancelled": "已终止", "open": "计算中"}.get(shown["state"], shown["state"])
    rows = [
        ["起算", "", f"{_moment(deadline.started_at)}　{shown['sentence'].rstrip('。')}"],
        ["到期", "", f"{deadline.due_on} {shown['weekday_text']}{'（暂定）' if deadline.provisional else ''}"],
        [state, "", "；".join([shown.get("done_text", ""), *shown.get("notes", [])]).strip("；")],
    ]
    why = shown.get("why")
    if why:
        rows += [
            [row["date_text"], "" if row["count"] is None else str(row["count"]), row["reason"]] for row in why["rows"]
        ]
        rows.append(["依据", "", why["caption"].removeprefix("依据：")])
    return Table(
        ("日期", "第几天", "说明"), rows, (24, 10, 66), caption=f"{deadline.rule.label}（{deadline.owner_unit}）"
    )


def _moment(at: datetime | None) -> str:
    return at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") if at else ""

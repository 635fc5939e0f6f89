"""Handover acts: the letter's way and its receipt (三(二)2)."""

from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.urls import reverse

from audit.clock import local_date
from organisations.models import Post, Unit
from organisations.roles import ROLES, Right, UnitKind
from records.services import countersigns
from records.services.numbering import series_of
from risks.forms import actions as f
from risks.letters import handover_requirements
from risks.services import handover
from risks.views.acts.act import Act, Context, common


def _checkers(c: Context) -> dict[str, Any]:
    roles = [role.key for role in ROLES if Right.CHECK_LETTER in role.rights]
    posts = Post.objects.open_on(local_date(c.at)).filter(unit=c.actor.unit_id, role_key__in=roles)
    asked = countersigns.choices_for(c.actor, at=c.at)
    return {"countersigners": asked, "checkers": posts.exclude(person=c.actor.person).select_related("person", "unit")}


def _draft_initial(c: Context) -> dict[str, Any]:
    if c.letter:
        return {
            "copies_to": c.letter.copies_to,
            "requirements": c.letter.requirements,
            "due_on": c.letter.due_on,
            "checker": c.letter.checker_id,
            "countersigners": countersigns.keys(c.letter),
        }
    today, district = local_date(c.at), c.risk.case.district_id
    copied = Q(kind=UnitKind.COMMITTEE)
    if c.responsible.kind == UnitKind.ENTERPRISE:
        copied |= Q(kind=UnitKind.TOWNSHIP, territory=c.risk.case.township_id)
    copies = (
        Unit.objects.filter(copied, district=district).valid_on(today).order_by("-kind").values_list("name", flat=True)
    )
    return {
        "copies_to": "、".join(copies),
        "requirements": handover_requirements(c.risk),
        "due_on": today + timedelta(days=60),
    }


def _draft(c: Context, form: f.DraftHandoverForm, version: int | None) -> object:
    told = dict(form.cleaned_data)
    told["countersigners"] = countersigns.chosen(told["countersigners"], actor=c.actor)
    return handover.draft_handover(**common(c, version), **told)


def _issuing(c: Context) -> dict[str, Any]:
    entered = c.letter is not None and series_of(c.letter.issuer, c.letter.kind).is_entered
    return {"is_late": c.is_late("risks.handover"), "is_entered": entered}


def _check_letter(c: Context, form: f.CheckLetterForm, version: int | None) -> object:
    if form.cleaned_data["decision"] == "return":
        return handover.return_handover(**common(c, version), note=form.cleaned_data["note"])
    return handover.check_handover(**common(c, version))


def _letter_facts(c: Context) -> list[dict[str, Any]]:
    if c.letter is None:
        return []
    url = reverse("letters:detail", args=[c.letter.pk])
    rows: list[dict[str, Any]] = [
        {"label": "文书", "value": c.letter.title, "wide": True, "url": url},
        {"label": "主送", "value": c.letter.addressee, "wide": True},
        {"label": "抄送", "value": c.letter.copies_to, "wide": True},
        {"label": "治理要求", "value": c.letter.requirements, "wide": True},
        {"label": "治理期限", "value": c.letter.due_on.isoformat() if c.letter.due_on else "", "wide": True},
        {"label": "拟稿人", "value": str(c.letter.drafted_by), "wide": True},
    ]
    return [row for row in rows if row["value"]]


ACTS: dict[str, Act] = {
    "draft_handover": Act(
        "拟风险交办函",
        f.DraftHandoverForm,
        lambda c, form, v: _draft(c, form, v),
        lambda c: f"将向{c.responsible.name}发出交办函；须经另一人核稿，签发时发文字号自动编列，签发后不能修改。",
        "交办函已保存",
        arguments=_checkers,
        initial=_draft_initial,
        submit_label="提交",
        known=lambda c: [
            {"label": "主送", "value": c.responsible.name, "wide": True},
            *(
                [{"label": "退回意见", "value": c.letter.return_note, "wide": True, "strong": True}]
                if c.letter and c.letter.return_note
                else []
            ),
        ],
    ),
    "check_letter": Act(
        "核稿",
        f.CheckLetterForm,
        _check_letter,
        lambda c: "同意后转签发；退回后由拟稿人修改再送核。",
        "核稿意见已记录",
        letter_step="check",
        known=lambda c: _letter_facts(c),
    ),
    "issue_letter": Act(
        "签发",
        f.IssueLetterForm,
        lambda c, form, v: handover.issue_handover(
            **common(c, v),
            dispatch=form.cleaned_data["dispatch"],
            late_reason=form.late(),
            number=form.cleaned_data.get("number", ""),
        ),
        lambda c: f"将向{c.responsible.name}发出交办函，签发时编号，签发后不能修改。",
        "交办函已签发",
        arguments=_issuing,
        submit_label="签发",
        letter_step="issue",
        known=lambda c: _letter_facts(c),
    ),
    "dispatch_letter": Act(
        "送达",
        f.DispatchLetterForm,
        lambda c, form, v: handover.dispatch_handover(**common(c, v), late_reason=form.late()),
        lambda c: f"通过平台送达{c.responsible.name}，交办办结，签收和治理期限开始计算。",
        "交办函已送达",
        arguments=lambda c: {"is_late": c.is_late("risks.handover")},
        submit_label="送达",
        letter_step="dispatch",
        known=lambda c: _letter_facts(c),
    ),
    "void_letter": Act(
        "作废交办函",
        f.VoidLetterForm,
        lambda c, form, v: handover.void_handover(**common(c, v), reason=form.cleaned_data["reason"]),
        lambda c: "作废后不能恢复，已编的号保留并注明作废；交办时限照常计算，请及时重拟。",
        "交办函已作废",
        submit_label="作废",
        letter_step="void",
    ),
    "receive": Act(
        "签收交办函",
        f.ReceiveForm,
        lambda c, form, v: handover.receive_handover(**common(c, v), hand=form.hand()),
        lambda c: f"签字后即为收到{c.risk.case.lead_unit}的交办函，按函中期限治理。",
        "已签收",
        submit_label="签收",
        on_paper="party",
        known=lambda c: _letter_facts(c),
    ),
    "leave": Act(
        "留置送达",
        f.LeaveForm,
        lambda c, form, v: handover.leave_handover(**common(c, v), **form.cleaned_data),
        lambda c: "记为留置送达，视为已签收，治理期限照常计算。",
        "已记留置送达",
    ),
}

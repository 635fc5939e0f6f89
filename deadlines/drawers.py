"""What the pages show of adjusting a clock: the rows of 我可以办, the forms' drawers, the facts of a request."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.urls import reverse

from audit.clock import local_date
from deadlines import adjusting
from deadlines.adjusting import K, asked_words
from deadlines.display import Clockwork, date_text
from deadlines.forms.adjusting import DecisionForm, ExtensionForm, ResumptionForm, SuspensionForm
from deadlines.models import Deadline, LedgerRequest
from deadlines.terms import parse
from organisations.actors import Actor
from records.kinds import case_url
from records.models import Attachment

ASKS = {K.EXTEND: "申请延期", K.SUSPEND: "申请中止计时", K.RESUME: "申请恢复计时"}
_ICONS = {K.EXTEND: "calendar", K.SUSPEND: "player-pause", K.RESUME: "clock-hour-4"}
_WILL = {
    K.EXTEND: "由{unit}审批；批准前仍按现在的到期日计算。",
    K.SUSPEND: "由{unit}审批；批准后自今天起中止，恢复前不计逾期。",
    K.RESUME: "由{unit}审批；自批准次日起接着计算剩余的期限。",
}


def offers(deadlines: Iterable[Deadline], actor: Actor, clockwork: Clockwork) -> list[dict[str, Any]]:
    """What `actor` may ask or decide on these clocks (of adjusting.with_ledger), as rows of components/linkrows.html."""
    rows: list[dict[str, Any]] = []
    for deadline in deadlines:
        waiting = next((r for r in deadline.requests.all() if r.decided_at is None), None)
        if waiting:
            if not adjusting.decide_refusal(waiting, actor):
                url = reverse("deadlines:decide", args=[waiting.pk])
                text = f"审批{waiting.get_kind_display()}：{deadline.rule.label}"
                rows.append({"text": text, "url": url, "icon": "user-check"})
            continue
        for kind, label in ASKS.items():
            why = adjusting.ask_refusal(
                deadline, kind, actor, at=clockwork.at, calendar=clockwork.calendar, waiting=None
            )
            if not why:
                url = reverse(f"deadlines:{kind}", args=[deadline.pk])
                rows.append({"text": f"{label}：{deadline.rule.label}", "url": url, "icon": _ICONS[K(kind)]})
    return rows


def ask_form(deadline: Deadline, kind: str, clockwork: Clockwork, *data: Any) -> forms.Form:
    rule = deadline.rule
    if kind == K.SUSPEND and rule.suspension:
        return SuspensionForm(*data, grounds=rule.suspension.grounds)
    if kind == K.EXTEND and rule.extension:
        by_date = adjusting.is_by_date(deadline)
        left = adjusting.left_to_extend(deadline, rule.extension, adjusting.ledger(deadline, clockwork.calendar))
        last = adjusting.last_day(deadline, rule.extension, clockwork.calendar) if by_date else None
        unit = rule.extension.at_most
        return ExtensionForm(*data, due_on=deadline.due_on, last=last, unit=unit, left=left)
    return ResumptionForm(*data)


def decide_form(request: LedgerRequest, *data: Any) -> DecisionForm:
    return DecisionForm(*data, asked_on=request.new_on, asked=parse(request.length) if request.length else None)


def ask_drawer(deadline: Deadline, kind: str, form: forms.Form, clockwork: Clockwork) -> dict[str, Any]:
    return {
        "form": form,
        "heading": f"{ASKS[K(kind)]}：{deadline.rule.label}",
        "action": reverse(f"deadlines:{kind}", args=[deadline.pk]),
        "close_url": case_url(deadline.case),
        "will": _WILL[K(kind)].format(unit=deadline.supervising_unit),
        "submit_label": "提交申请",
        "known": _clock_facts(deadline, clockwork),
        "form_id": f"deadline-{kind}",
    }


def decide_drawer(request: LedgerRequest, form: forms.Form, clockwork: Clockwork) -> dict[str, Any]:
    deadline, what = request.deadline, request.get_kind_display()
    return {
        "form": form,
        "heading": f"审批{what}：{deadline.rule.label}",
        "action": reverse("deadlines:decide", args=[request.pk]),
        "close_url": case_url(deadline.case),
        "will": f"签署后通知申请人{request.requested_by}；同意的，到期日随即改变，全过程记入时限台账。",
        "submit_label": "签署",
        "known": [*_clock_facts(deadline, clockwork), *_request_facts(request, clockwork)],
        "form_id": "deadline-decide",
    }


def _clock_facts(deadline: Deadline, clockwork: Clockwork) -> list[dict[str, Any]]:
    since = deadline.suspended_at
    label = "原到期日" if since else "到期日"
    facts = [{"label": label, "value": date_text(deadline.due_on, clockwork), "wide": True}]
    if since:
        facts.append({"label": "中止于", "value": date_text(local_date(since), clockwork), "wide": True})
    return facts


def _request_facts(request: LedgerRequest, clockwork: Clockwork) -> list[dict[str, Any]]:
    day = date_text(local_date(request.requested_at), clockwork)
    facts: list[dict[str, Any]] = [
        {"label": "申请", "value": asked_words(request), "wide": True, "strong": True},
        {"label": "理由", "value": request.reason, "wide": True},
        {"label": "申请人", "value": f"{request.requested_by}（{request.requested_post.unit}），{day}", "wide": True},
    ]
    first = request.attachment
    if first is None:
        return facts
    # All files that came with the request carry the number of its event.
    files = Attachment.objects.filter(case=first.case_id, case_seq=first.case_seq)
    return facts + [
        {"label": "材料", "value": file.name, "url": reverse("file", args=[file.pk]), "wide": True} for file in files
    ]

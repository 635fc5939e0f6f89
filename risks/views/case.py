"""The case page of a risk, and the acts beside it."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from audit.clock import now
from deadlines.calendar import WorkCalendar
from deadlines.display import Clockwork
from deadlines.services.ledger import LateReasonMissing
from deadlines.workflow import Refused
from organisations.access import ActorRequest, acting
from organisations.roles import Right
from organisations.views.unmask import ask_and_show
from records.services.attachments import FileRefused
from records.services.refusals import LetterRefused
from records.services.signing import SignatureRefused
from records.web import new_form_key, submit, version_of
from risks.models import RiskPoint
from risks.selectors.case import case_page
from risks.views import actions
from risks.views.actions import ACTS
from risks.views.acts.act import Context
from risks.workflow import WORKFLOW

REFUSALS = (Refused, LetterRefused, SignatureRefused, FileRefused, LateReasonMissing)
_RELATED = (
    "case__district",
    "case__township",
    "case__sector",
    "case__lead_unit",
    "case__responsible_unit__enterprise",
    "registered_by",
)


def _found(request: ActorRequest, pk: int) -> RiskPoint:
    return get_object_or_404(RiskPoint.objects.for_actor(request.actor).select_related(*_RELATED), pk=pk)


@acting(scoped=True)
@require_safe
def case(request: ActorRequest, pk: int) -> HttpResponse:
    """One page; `?do=<act>` opens the act's form beside it."""
    risk = _found(request, pk)
    context = actions.context_of(risk, request.actor, now())
    action = request.GET.get("do", "")
    if not action:
        return _page(request, context)
    if action == "edit":
        return redirect("risks:edit", pk=pk)
    if action not in ACTS:
        raise Http404
    if why := actions.refusal(context, action):
        messages.info(request, why)
        return redirect("risks:case", pk=pk)
    act = ACTS[action]
    form = act.form(initial=act.initial(context), **act.arguments(context))
    return _page(request, context, action=action, form=form)


@acting(Right.UNMASK, scoped=True)
@never_cache
def phone(request: ActorRequest, pk: int) -> HttpResponse:
    """The responsible person's whole number, with a reason."""
    risk = _found(request, pk)
    of = f"{risk.case.responsible_unit}“{risk.case.title}”责任人{risk.responsible_person}"
    back = reverse("risks:case", args=[pk])
    return ask_and_show(request, number=risk.responsible_phone, of=of, subject=("risk", pk), back=back)


@acting(scoped=True)
@require_POST
def act(request: ActorRequest, pk: int, action: str) -> HttpResponse:
    if action not in ACTS:
        raise Http404
    risk = _found(request, pk)
    at = now()
    context = actions.context_of(risk, request.actor, at)
    chosen = ACTS[action]
    form = chosen.form(request.POST, request.FILES, **_arguments(context, action))
    version = version_of(request)

    def perform() -> str:
        if why := actions.refusal(context, action):
            # The page may be old: whoever was faster is named before the rule is quoted.
            WORKFLOW.lock(risk.case, version=version)
            raise Refused(why)
        chosen.perform(context, form, version)
        return reverse("risks:case", args=[pk])

    answer = submit(request, form, perform, actor=request.actor, at=at, refusals=REFUSALS, done=chosen.done)
    if answer:
        return answer
    fresh = _found(request, pk)
    return _page(request, actions.context_of(fresh, request.actor, at), action=action, form=form, status=422)


def _arguments(context: Context, action: str) -> dict[str, Any]:
    return ACTS[action].arguments(context)


def beside(request: ActorRequest, pk: int, drawer: dict[str, Any], status: int) -> HttpResponse:
    """The page with a form that is not one of the risk's own acts beside it."""
    context = actions.context_of(_found(request, pk), request.actor, now())
    return _draw(request, context, drawer=drawer, status=status)


def _page(
    request: ActorRequest, context: Context, *, action: str = "", form: Any = None, status: int = 200
) -> HttpResponse:
    if form is None:
        return _draw(request, context, status=status)
    risk, chosen = context.risk, ACTS[action]
    drawer = {
        "form": form,
        "heading": chosen.label,
        "action": reverse("risks:act", args=[risk.pk, action]),
        "close_url": reverse("risks:case", args=[risk.pk]),
        "will": chosen.will(context),
        "submit_label": chosen.submit_label or "提交",
        "known": chosen.known(context),
        "version": risk.case.version,
        "form_key": new_form_key(),
        "form_id": f"act-{action}",
    }
    return _draw(request, context, action=action, drawer=drawer, status=status)


def _draw(
    request: ActorRequest,
    context: Context,
    *,
    action: str = "",
    drawer: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    risk = context.risk
    clockwork = Clockwork(at=context.at, calendar=WorkCalendar.load())
    page = case_page(risk, request.actor, clockwork)
    url = reverse("risks:case", args=[risk.pk])
    possible = actions.possible(context)
    page["next_rows"] = [
        {
            "text": ACTS[name].label,
            "url": f"{url}?do={name}",
            "icon": _ICONS.get(name, "chevron-right"),
            "current": name == action,
        }
        for name in possible
    ]
    page["next_rows"] += [row | {"current": row["url"] == request.path} for row in page["offers"]]
    if not WORKFLOW.refusal(risk.case, "edit", request.actor):
        page["next_rows"].append({"text": "修改风险点", "url": reverse("risks:edit", args=[risk.pk]), "icon": "edit"})
    first = possible[0] if possible else ""
    page["strip"] = {
        "grade": page["grade"],
        "state_text": page["state_label"],
        "due": page["first_due"],
        "action_url": f"{url}?do={first}" if first and drawer is None else "",
        "action_label": ACTS[first].label if first else "",
    }
    return render(request, "risks/case.html", page | (drawer or {}), status=status)


_ICONS = {
    "conclude": "scale",
    "self_grade": "clipboard-check",
    "draft_handover": "file-text",
    "check_letter": "user-check",
    "issue_letter": "writing-sign",
    "dispatch_letter": "mail",
    "receive": "writing-sign",
    "progress": "camera",
    "apply": "writing-sign",
    "verify": "clipboard-check",
    "countersign": "writing-sign",
    "void_letter": "x",
    "leave": "user-check",
    "plan": "list-check",
    "ask_correction": "corner-up-left",
    "object": "message-report",
    "reassess": "refresh",
    "propose_exit": "logout",
}

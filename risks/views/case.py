"""The case page of a risk, and the acts beside it."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from audit.clock import now
from deadlines.display import Clockwork
from deadlines.services.ledger import LateReasonMissing
from deadlines.workflow import Refused
from organisations.access import ActorRequest, acting
from organisations.roles import Right
from organisations.row_ids import row_id
from organisations.views.unmask import ask_and_show
from records.models import PaperAct
from records.services.attachments import FileRefused
from records.services.confidential import note_view
from records.services.paper import PaperRefused, refusal_to_check
from records.services.refusals import LetterRefused
from records.services.signing import SignatureRefused
from records.web import new_form_key, submit, version_of
from risks.forms.paper import CompareForm
from risks.models import RiskPoint
from risks.selectors.case import case_page
from risks.views import actions, paper
from risks.views.actions import ACTS
from risks.views.acts.act import Context
from risks.workflow import WORKFLOW

REFUSALS = (Refused, LetterRefused, SignatureRefused, FileRefused, PaperRefused, LateReasonMissing)
_RELATED = (
    "case__district",
    "case__township",
    "case__sector",
    "case__lead_unit",
    "case__responsible_unit__enterprise",
    "registered_by",
    "guide_entry__guide",
)


def _found(request: ActorRequest, pk: int) -> RiskPoint:
    return get_object_or_404(RiskPoint.objects.for_actor(request.actor).select_related(*_RELATED), pk=pk)


@acting(scoped=True)
@require_safe
def case(request: ActorRequest, pk: int) -> HttpResponse:
    """One page; `?do=<act>` opens the act's form beside it."""
    risk = _found(request, pk)
    context = actions.context_of(risk, request.actor, now())
    if risk.case.is_confidential and request.method == "GET":
        note_view(case_id=pk, what="案卷页", subject=("case", pk), actor=request.actor, at=context.at)
    action = request.GET.get("do", "")
    if not action and (chosen := row_id(request.GET.get("check", ""))):
        return _check(request, context, chosen)
    if not action:
        return _page(request, context)
    if action == "edit":
        return redirect("risks:edit", pk=pk)
    if action == "check_paper":
        mine = [p.pk for p in paper.pending_on(risk) if not refusal_to_check(p, request.actor)]
        return redirect(f"{reverse('risks:case', args=[pk])}{f'?check={mine[0]}' if mine else ''}")
    if action not in ACTS:
        raise Http404
    act, on_paper = ACTS[action], request.GET.get("paper") == "1"
    acting_as, why = paper.context_for(context, action) if on_paper else (context, actions.refusal(context, action))
    if why or acting_as is None:
        messages.info(request, why)
        return redirect("risks:case", pk=pk)
    made = paper.form_of(act) if on_paper else act.form
    form = made(initial=act.initial(acting_as), **act.arguments(acting_as))
    return _page(request, context, action=action, form=form, on_paper=on_paper)


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
    version = version_of(request)
    if request.GET.get("paper") == "1":
        return _act_on_paper(request, context, action, version)
    form = chosen.form(request.POST, request.FILES, **_arguments(context, action))

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


def _act_on_paper(request: ActorRequest, context: Context, action: str, version: int | None) -> HttpResponse:
    acting_as, why = paper.context_for(context, action)
    arguments = ACTS[action].arguments(acting_as) if acting_as else {}
    # Without a standing there may be nothing to build the act's own form from; the refusal is what is shown.
    form = paper.form_of(ACTS[action])(request.POST, request.FILES, **arguments) if acting_as else CompareForm()

    def perform() -> str:
        assert acting_as is not None
        return paper.key(acting_as, action, form, post=request.POST, version=version)

    if acting_as is None:
        messages.info(request, why)
        return redirect("risks:case", pk=context.risk.pk)
    answer = submit(
        request, form, perform, actor=request.actor, at=context.at, refusals=REFUSALS, done="已录入，待本单位另一人核对"
    )
    if answer:
        return answer
    fresh = actions.context_of(_found(request, context.risk.pk), request.actor, context.at)
    return _page(request, fresh, action=action, form=form, on_paper=True, status=422)


def _check(request: ActorRequest, context: Context, pk: int) -> HttpResponse:
    """The comparison opened beside the case."""
    waiting = next((p for p in paper.pending_on(context.risk) if p.pk == pk), None)
    if waiting is None:
        return redirect("risks:case", pk=context.risk.pk)
    if why := refusal_to_check(waiting, request.actor):
        messages.info(request, why)
        return redirect("risks:case", pk=context.risk.pk)
    return _page(request, context, form=CompareForm(), checked=waiting)


def checking_page(request: ActorRequest, checked: PaperAct, form: CompareForm, *, status: int) -> HttpResponse:
    risk = _found(request, checked.case_id)
    context = actions.context_of(risk, request.actor, now())
    return _page(request, context, form=form, checked=checked, status=status)


def _arguments(context: Context, action: str) -> dict[str, Any]:
    return ACTS[action].arguments(context)


def beside(request: ActorRequest, pk: int, drawer: dict[str, Any], status: int) -> HttpResponse:
    """The page with a form that is not one of the risk's own acts beside it."""
    context = actions.context_of(_found(request, pk), request.actor, now())
    return _draw(request, context, drawer=drawer, status=status)


def _page(
    request: ActorRequest,
    context: Context,
    *,
    action: str = "",
    form: Any = None,
    on_paper: bool = False,
    checked: PaperAct | None = None,
    status: int = 200,
) -> HttpResponse:
    drawer = None
    if checked is not None:
        drawer = _comparison(context, form, checked)
    elif form is not None:
        drawer = _form(context, action, form, on_paper=on_paper)
    return _draw(request, context, action=action, drawer=drawer, status=status)


def _comparison(context: Context, form: Any, checked: PaperAct) -> dict[str, Any]:
    return {
        "form": form,
        "heading": f"核对纸质签署：{checked.label}",
        "action": reverse("risks:paper-check", args=[checked.pk]),
        "close_url": reverse("risks:case", args=[context.risk.pk]),
        "will": "对照扫描件和原件逐项核对。一致的，这一事项按录入的时刻生效；不符的退回重录，不产生任何效力。",
        "submit_label": "提交核对结果",
        "known": paper.facts_of(checked),
        "form_key": new_form_key(),
        "form_id": "check-paper",
    }


def _form(context: Context, action: str, form: Any, *, on_paper: bool) -> dict[str, Any]:
    risk, chosen = context.risk, ACTS[action]
    url = reverse("risks:case", args=[risk.pk])
    act_url = reverse("risks:act", args=[risk.pk, action])
    return {
        "form": form,
        "heading": f"{chosen.label}（纸质签署）" if on_paper else chosen.label,
        "action": f"{act_url}?paper=1" if on_paper else act_url,
        "close_url": url,
        "will": _ON_PAPER if on_paper else chosen.will(context),
        "submit_label": "录入，送核对" if on_paper else chosen.submit_label or "提交",
        "paper_url": f"{url}?do={action}&paper=1" if chosen.on_paper and not on_paper else "",
        "known": chosen.known(context),
        "version": risk.case.version,
        "form_key": new_form_key(),
        "form_id": f"act-{action}",
    }


def _draw(
    request: ActorRequest,
    context: Context,
    *,
    action: str = "",
    drawer: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    risk = context.risk
    clockwork = Clockwork.of(request, context.at)
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
    page["next_rows"] += paper.only_on_paper(context, possible)
    page["next_rows"] += [row | {"current": row["url"] == request.path} for row in page["offers"]]
    page["pending_papers"] = [paper.row_of(p, request.actor) for p in paper.pending_on(risk)]
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


_ON_PAPER = "录入后由本单位另一人与原件核对；核对一致才生效，时限按录入的时刻计算。"

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

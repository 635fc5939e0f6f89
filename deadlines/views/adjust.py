"""Asking for and deciding extensions, suspensions and resumptions: drawers beside the page of whatever case it is (X5)."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods

from audit.clock import now
from deadlines import adjusting, drawers
from deadlines.display import Clockwork
from deadlines.models import Deadline, LedgerRequest
from deadlines.services.adjustments import decide_adjustment, open_request, request_adjustment
from deadlines.workflow import Refused
from organisations.access import ActorRequest, acting
from records.kinds import case_url
from records.kinds import kind as kind_of
from records.services.attachments import FileRefused
from records.services.signing import SignatureRefused
from records.web import new_form_key, submit, version_of

REFUSALS = (Refused, FileRefused, SignatureRefused)


@acting(scoped=True)
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: ActorRequest, pk: int, kind: str) -> HttpResponse:
    at = now()
    clockwork = Clockwork.of(request, at)
    seen = Deadline.objects.for_actor(request.actor).select_related("case")
    deadline = get_object_or_404(adjusting.with_ledger(seen), pk=pk)
    back = case_url(deadline.case)
    why = adjusting.ask_refusal(
        deadline, kind, request.actor, at=at, calendar=clockwork.calendar, waiting=open_request(deadline)
    )
    if why and (request.method != "POST" or adjusting.forbidden(deadline, kind)):
        messages.info(request, why)
        return redirect(back)
    if request.method != "POST":
        form = drawers.ask_form(deadline, kind, clockwork)
        return _beside(request, deadline, drawers.ask_drawer(deadline, kind, form, clockwork))
    form = drawers.ask_form(deadline, kind, clockwork, request.POST, request.FILES)
    version = version_of(request)

    def perform() -> str:
        asked = dict(form.cleaned_data)
        request_adjustment(deadline=deadline, kind=kind, actor=request.actor, at=at, version=version, **asked)
        return back

    done = f"{drawers.ASKS[adjusting.K(kind)]}已提交，由{deadline.supervising_unit}审批"
    answer = submit(request, form, perform, actor=request.actor, at=at, refusals=REFUSALS, done=done)
    return answer or _beside(request, deadline, drawers.ask_drawer(deadline, kind, form, clockwork), status=422)


@acting(scoped=True)
@require_http_methods(["GET", "HEAD", "POST"])
def decide(request: ActorRequest, pk: int) -> HttpResponse:
    at = now()
    clockwork = Clockwork.of(request, at)
    seen = LedgerRequest.objects.filter(deadline__in=Deadline.objects.for_actor(request.actor))
    waiting = get_object_or_404(
        seen.select_related(
            "requested_by",
            "requested_post__unit",
            "decided_by",
            "attachment",
            "deadline__case",
            "deadline__supervising_unit",
        ),
        pk=pk,
    )
    deadline = waiting.deadline
    back = case_url(deadline.case)
    if request.method != "POST":
        if why := adjusting.decide_refusal(waiting, request.actor):
            messages.info(request, why)
            return redirect(back)
        return _beside(request, deadline, drawers.decide_drawer(waiting, drawers.decide_form(waiting), clockwork))
    form = drawers.decide_form(waiting, request.POST)
    version = version_of(request)

    def perform() -> str:
        decide_adjustment(
            request=waiting,
            approve=form.cleaned_data["decision"] == "yes",
            note=form.cleaned_data["note"],
            amount=form.cleaned_data.get("amount"),
            new_on=form.cleaned_data.get("new_on"),
            hand=form.hand(),
            actor=request.actor,
            at=at,
            version=version,
        )
        return back

    answer = submit(request, form, perform, actor=request.actor, at=at, refusals=REFUSALS, done="审批意见已签署")
    return answer or _beside(request, deadline, drawers.decide_drawer(waiting, form, clockwork), status=422)


def _beside(request: ActorRequest, deadline: Deadline, drawer: dict[str, object], *, status: int = 200) -> HttpResponse:
    """The case's own page, whatever kind it is, with the drawer open; drawn afresh, since somebody may have acted."""
    case = deadline.case
    case.refresh_from_db(fields=["version"])
    drawer |= {"version": case.version, "form_key": new_form_key()}
    return kind_of(case.kind).page(request, case.pk, drawer, status)

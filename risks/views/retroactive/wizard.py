"""The wizard for one past case, and the second person's comparison."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audit.clock import SHANGHAI, local_date, now
from deadlines.workflow import Refused
from organisations.access import ActorRequest, acting
from organisations.actors import Actor
from organisations.models import Unit
from organisations.roles import Right
from organisations.row_ids import row_id
from records.models import Attachment, EntryScan, RetroactiveEntry
from records.services.attachments import FileRefused
from records.views.files import serve
from records.web import new_form_key, submit
from risks.forms.paper import CompareForm, told
from risks.forms.retroactive import STEP_BY_NAME, STEPS, ReasonForm, StepForm
from risks.services import retroactive as service
from risks.services.retroactive import may_enter, refusal_to_compare, unit_of
from risks.views.retroactive.typed import arguments, crumbs, steps_of, unit_named

_NOT_TYPED = ("csrfmiddlewaretoken", "form_key", "step")
PAGE = 50
S = RetroactiveEntry.State


@acting(Right.ASSESS)
@require_safe
def index(request: ActorRequest) -> HttpResponse:
    """The own unit's entries, newest first, keyset paging by id."""
    actor = request.actor
    found = RetroactiveEntry.objects.for_actor(actor).select_related("keyed_by", "decided_by", "case")
    chosen = request.GET.get("state", "")
    if chosen in S.values:
        found = found.filter(state=chosen)
    before = row_id(request.GET.get("before", ""))
    page = list((found.filter(pk__lt=before) if before else found)[: PAGE + 1])
    more = page[PAGE - 1].pk if len(page) > PAGE else None
    chips = [{"text": "全部", "url": "?", "current": not chosen}]
    chips += [{"text": label, "url": f"?state={key}", "current": key == chosen} for key, label in S.choices]
    context = {
        "may_enter": may_enter(actor),
        "rows": [_row(entry, actor) for entry in page[:PAGE]],
        "chips": [{"label": "状态", "chips": chips}],
        "crumbs": [{"text": "风险台账", "url": reverse("risks:register")}, {"text": "补录"}],
        "page": {
            "text": f"本页 {len(page[:PAGE])} 件",
            "next_url": f"?state={chosen}&before={more}" if more else "",
            "prev_url": f"?state={chosen}" if before else "",
        },
    }
    return render(request, "risks/retroactive_list.html", context)


def _row(entry: RetroactiveEntry, actor: Actor) -> dict[str, Any]:
    to_compare = not refusal_to_compare(entry, actor)
    url = reverse("risks:retroactive-compare" if to_compare else "risks:retroactive-entry", args=[entry.pk])
    return {
        "entry": entry,
        "url": reverse("risks:case", args=[entry.case_id]) if entry.case_id else url,
        "when": f"{entry.keyed_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}",
        "to_compare": to_compare,
    }


@acting(Right.ASSESS)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: ActorRequest) -> HttpResponse:
    """For which unit; then the wizard."""
    actor, at = request.actor, now()
    words = (request.POST if request.method == "POST" else request.GET).get("unit", "").strip()
    unit = unit_named(actor, words, today=local_date(at)) if words else None
    if request.method == "POST":
        if unit is not None:
            try:
                entry = service.begin_entry(title=f"{unit}的风险点", unit=unit, actor=actor, at=at)
            except Refused as refused:
                messages.error(request, str(refused))
            else:
                return redirect("risks:retroactive-entry", pk=entry.pk)
        else:
            messages.error(request, "没有这个代码或名称的单位，或不在您的权限范围内")
    context = {
        "words": words,
        "may_enter": may_enter(actor),
        "go_live": service.go_live_of(actor.unit.district),
        "crumbs": crumbs("新的一件"),
    }
    return render(request, "risks/retroactive_new.html", context, status=422 if request.method == "POST" else 200)


def _found(request: ActorRequest, pk: int) -> RetroactiveEntry:
    found = RetroactiveEntry.objects.for_actor(request.actor)
    return get_object_or_404(
        found.select_related("keyed_by", "account", "post__unit__district", "post__person", "unit"), pk=pk
    )


@acting(Right.ASSESS, scoped=True)
@require_http_methods(["GET", "HEAD", "POST"])
def entry(request: ActorRequest, pk: int) -> HttpResponse:
    """One step of the wizard: `?step=`; each is saved as it is sent and can be come back to."""
    found, at = _found(request, pk), now()
    if found.case_id:
        return redirect("risks:case", pk=found.case_id)
    step = (request.POST if request.method == "POST" else request.GET).get("step", "")
    step = step if step in STEP_BY_NAME or step == "done" else "facts"
    if found.state == S.PENDING or step == "done":
        return _overview(request, found)
    unit, today = unit_of(found), local_date(at)
    kept = {"has_scan": found.scans.filter(step=step).exists(), **arguments(unit, step, today=today)}
    made = STEP_BY_NAME[step]
    if request.method != "POST":
        form = made(initial=_initial(made, found.typed.get(step, {}), unit), **kept)
        return _step_page(request, found, step, form)
    form = made(request.POST, request.FILES, **kept)

    def act() -> str:
        typed = {name: request.POST.getlist(name) for name in request.POST if name not in _NOT_TYPED}
        title = form.cleaned_data.get("title", "")
        service.keep_step(
            entry=found, step=step, typed=typed, title=title, scan=form.cleaned_data["scan"], actor=request.actor, at=at
        )
        following = "done" if "finish" in request.POST else _after(step)
        return f"{reverse('risks:retroactive-entry', args=[pk])}?step={following}"

    refusals = (Refused, FileRefused)
    answer = submit(request, form, act, actor=request.actor, at=at, refusals=refusals, done=f"{made.label}已保存")
    return answer or _step_page(request, found, step, form, status=422)


def _after(step: str) -> str:
    names = [form.step for form in STEPS]
    place = names.index(step) + 1
    return names[place] if place < len(names) else "done"


def _initial(form: type[StepForm], typed: Mapping[str, list[str]], unit: Unit) -> dict[str, Any]:
    values: dict[str, Any] = {
        name: found if name == "accident_types" else found[0] for name, found in typed.items() if found
    }
    enterprise = getattr(unit, "enterprise", None)
    if form.step == "facts" and enterprise is not None:
        values.setdefault("sector", enterprise.sector_id)
    return values


def _flow(found: RetroactiveEntry, step: str) -> list[dict[str, Any]]:
    shown = [(form.step, form.label) for form in STEPS]
    return [{"label": label, "done": name in found.typed, "current": name == step} for name, label in shown]


def _step_page(request: HttpRequest, found: RetroactiveEntry, step: str, form: Any, status: int = 200) -> HttpResponse:
    context = {
        "entry": found,
        "unit": unit_of(found),
        "step": step,
        "form": form,
        "form_key": new_form_key(),
        "heading": STEP_BY_NAME[step].label,
        "flow": _flow(found, step),
        "scans": list(found.scans.filter(step=step)),
        "may_finish": step != "facts" or "facts" in found.typed,
        "is_last": step == STEPS[-1].step,
        "crumbs": crumbs(found.title),
    }
    return render(request, "risks/retroactive_step.html", context, status=status)


def _overview(request: ActorRequest, found: RetroactiveEntry, *, form: Any = None, status: int = 200) -> HttpResponse:
    """Everything that was keyed in, with its scans: to be handed in, or to be compared."""
    _, forms, wrong = steps_of(found, today=local_date(now()))
    scans: dict[str, list[EntryScan]] = {}
    for scan in found.scans.all():
        scans.setdefault(scan.step, []).append(scan)
    parts = [
        {
            "label": form_.label,
            "step": step,
            "facts": told(form_) if form_.is_valid() else [],
            "scans": scans.get(step, []),
        }
        for step, form_ in forms.items()
    ]
    comparing = not refusal_to_compare(found, request.actor)
    context = {
        "entry": found,
        "unit": unit_of(found),
        "parts": parts,
        "wrong": wrong,
        "comparing": comparing,
        "form": form or (CompareForm() if comparing else ReasonForm(initial={"reason": found.reason})),
        "form_key": new_form_key(),
        "flow": _flow(found, ""),
        "go_live": service.go_live_of(request.actor.unit.district),
        "crumbs": crumbs(found.title),
    }
    return render(request, "risks/retroactive_overview.html", context, status=status)


@acting(Right.ASSESS, scoped=True)
@require_POST
def hand_in(request: ActorRequest, pk: int) -> HttpResponse:
    found, at, form = _found(request, pk), now(), ReasonForm(request.POST)

    def act() -> str:
        steps, _, wrong = steps_of(found, today=local_date(at))
        if wrong or "facts" not in steps:
            raise Refused("；".join(wrong) or "请先填登记材料")
        service.submit_entry(entry=found, steps=steps, reason=form.cleaned_data["reason"], actor=request.actor, at=at)
        return reverse("risks:retroactive")

    answer = submit(
        request, form, act, actor=request.actor, at=at, refusals=(Refused,), done="已提交，待本单位另一人核对"
    )
    return answer or _overview(request, found, form=form, status=422)


@acting(Right.ASSESS, scoped=True)
@require_http_methods(["GET", "HEAD", "POST"])
def compare(request: ActorRequest, pk: int) -> HttpResponse:
    found, at = _found(request, pk), now()
    if request.method != "POST":
        return _overview(request, found)
    form = CompareForm(request.POST)

    def act() -> str:
        if form.cleaned_data["decision"] == "differs":
            service.reject_entry(entry=found, note=form.cleaned_data["note"], actor=request.actor, at=at)
            return reverse("risks:retroactive")
        steps, _, wrong = steps_of(found, today=local_date(found.keyed_at))
        if wrong:
            raise Refused("；".join(wrong))
        case = service.confirm_entry(entry=found, steps=steps, actor=request.actor, at=at)
        return reverse("risks:case", args=[case.pk])

    answer = submit(request, form, act, actor=request.actor, at=at, refusals=(Refused,), done="核对结果已记录")
    return answer or _overview(request, found, form=form, status=422)


@acting(Right.ASSESS, scoped=True)
@require_safe
def scan(request: ActorRequest, pk: int) -> HttpResponse:
    kept = get_object_or_404(
        EntryScan.objects.filter(entry__in=RetroactiveEntry.objects.for_actor(request.actor)), pk=pk
    )
    return serve(Attachment(name=kept.name, content_type=kept.content_type, path=kept.path))

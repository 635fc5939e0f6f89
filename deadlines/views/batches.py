"""批量办理: what can be done in one go, and for each of these one list to tick and one form for all that is ticked (X8)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.db.models import Count, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from audit.clock import now
from deadlines import batches
from deadlines.batches import Batch
from deadlines.display import Clockwork, date_text, due_mark
from deadlines.models import Deadline
from deadlines.nearest import nearest_deadlines
from deadlines.services.batches import Outcome, act_on_all
from organisations.access import ActorRequest, acting
from organisations.row_ids import row_id
from records.models import Case
from records.selectors import may_print
from records.services.signing import SignatureRefused
from records.web import new_form_key, submit

SHOWN = 100
TOLD = 10


class NothingDone(Exception):
    """Nothing that was picked could be done: the form stays as it was typed."""


@acting()
@require_safe
def index(request: ActorRequest) -> HttpResponse:
    at = now()
    rows = [
        {
            "icon": batch.icon,
            "text": batch.label,
            "url": _url(batch),
            "side": f"{batch.waiting(request.actor, at).count()} {batch.unit}",
        }
        for batch in batches.batches_of(request.actor)
    ]
    if may_print(request.actor):
        rows.append({"icon": "printer", "text": "批量打印文书", "url": reverse("letters:print"), "side": ""})
    return render(request, "batches/index.html", {"rows": rows})


@acting()
@require_http_methods(["GET", "HEAD", "POST"])
def batch(request: ActorRequest, batch: str) -> HttpResponse:
    """`?of=` narrows the list, `?pick=` ticks rows of it beforehand."""
    chosen, actor, at = batches.batch(batch), request.actor, now()
    if chosen is None:
        raise Http404
    if not actor.may(chosen.right):
        messages.info(request, f"“{chosen.label}”由有“{chosen.right.label}”权限的岗位办理")
        return redirect("batches:index")
    if request.method != "POST":
        return _page(request, chosen, chosen.form(None, actor, at), _picked(request.GET.getlist("pick")), at=at)
    form, picked = chosen.form(request.POST, actor, at), _picked(request.POST.getlist("pick"))
    outcome = Outcome()

    def act() -> str:
        nonlocal outcome
        if not picked:
            raise NothingDone("请先勾选要办理的")
        told = chosen.told(form, actor)
        outcome = act_on_all(chosen, picked, told=told, actor=actor, at=at)
        if not outcome.done:
            raise NothingDone("所勾选的都没有办成，原因见下")
        _tell(request, chosen, outcome, told)
        return _url(chosen, of=request.GET.get("of", ""))

    answer = submit(request, form, act, actor=actor, at=at, refusals=(NothingDone, SignatureRefused), done="")
    return answer or _page(request, chosen, form, picked, refused=outcome.refused, at=at, status=422)


def _tell(request: ActorRequest, batch: Batch, outcome: Outcome, told: Mapping[str, Any]) -> None:
    messages.success(request, f"{batch.done(told)} {outcome.done} {batch.unit}")
    for title, why in outcome.refused[:TOLD]:
        messages.warning(request, f"没有办：{title}。{why}")
    if len(outcome.refused) > TOLD:
        messages.warning(request, f"另有 {len(outcome.refused) - TOLD} {batch.unit}没有办，仍在下面的列表里")


def _picked(values: Iterable[str]) -> dict[int, int]:
    """`12-5` is row 12 as it was shown at version 5 of its case; from an address, where nothing was shown yet, just 12."""
    found: dict[int, int] = {}
    for value in list(values)[:SHOWN]:
        raw, _, version = value.partition("-")
        if (pk := row_id(raw)) is not None:
            found[pk] = row_id(version) or 0
    return found


def _url(batch: Batch, *, of: Any = "") -> str:
    url = reverse("batches:batch", args=[batch.key])
    return f"{url}?{urlencode({'of': of})}" if of else url


def _page(
    request: ActorRequest,
    batch: Batch,
    form: forms.Form,
    picked: Mapping[int, int],
    *,
    at: datetime,
    refused: Sequence[tuple[str, str]] = (),
    status: int = 200,
) -> HttpResponse:
    waiting = batch.waiting(request.actor, at)
    narrowed, chips = _narrowed(batch, waiting, request.GET.get("of", ""))
    # What was ticked on the page before stays in sight, wherever it stands in the list.
    rows = list(narrowed.filter(pk__in=picked)) if picked else []
    rows += list(narrowed.exclude(pk__in=picked)[: SHOWN + 1 - len(rows)])
    more, rows = len(rows) > SHOWN, rows[:SHOWN]
    why_not, clockwork = batch.why_not(rows, request.actor), Clockwork.of(request, at)
    due = nearest_deadlines(row.case for row in rows)
    context = {
        "batch": batch,
        "lines": [
            _line(batch, row, due.get(row.case.pk), why_not.get(row.pk, ""), row.pk in picked, clockwork)
            for row in rows
        ],
        "chip_rows": [{"label": batch.facet.label, "chips": chips}] if batch.facet and len(chips) > 2 else [],
        "more": more,
        "shown": SHOWN,
        "refused": refused,
        "form": form,
        "form_key": new_form_key(),
    }
    return render(request, "batches/batch.html", context, status=status)


def _narrowed(batch: Batch, waiting: QuerySet[Any], of: str) -> tuple[QuerySet[Any], list[dict[str, Any]]]:
    """The list as asked for, and the chips that narrow it: every value there is, with how many."""
    if batch.facet is None:
        return waiting, []
    column = batch.facet.column
    counts = dict(waiting.order_by().values_list(column).annotate(n=Count("pk")))
    words = batch.facet.text(counts)
    chosen = next((value for value in counts if str(value) == of), None)
    chips = [{"text": "全部", "url": _url(batch), "count": sum(counts.values()), "current": chosen is None}]
    chips += [
        {"text": words[value], "url": _url(batch, of=value), "count": n, "current": value == chosen}
        for value, n in sorted(counts.items(), key=lambda pair: (-pair[1], words[pair[0]]))
    ]
    return (waiting if chosen is None else waiting.filter(**{column: chosen})), chips


def _line(
    batch: Batch, row: Any, deadline: Deadline | None, why_not: str, picked: bool, clockwork: Clockwork
) -> dict[str, Any]:
    case: Case = row.case
    line = {"pick": f"{row.pk}-{case.version}", "shown": batch.shown(row), "why_not": why_not, "picked": picked}
    if deadline is not None:
        line |= {
            "due_text": date_text(deadline.due_on, clockwork),
            "due": due_mark(deadline.due_on, deadline.due_at, clockwork),
            "provisional": deadline.provisional,
        }
    return line

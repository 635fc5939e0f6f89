"""请假与代理, in everybody's own menu."""

from datetime import date

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from audit.clock import local_date, now
from organisations.access import ActorRequest, acting
from organisations.forms.absences import AbsenceForm
from organisations.forms.fields import refuse
from organisations.models import Absence
from organisations.services import absences as services

SHOWN = 50


@acting()
def absences(request: ActorRequest) -> HttpResponse:
    actor, today = request.actor, local_date(now())
    deputies = services.possible_deputies(actor.post, on=today)
    form = AbsenceForm(request.POST or None, deputies=deputies, initial={"first_day": today})
    status = 200
    if request.method == "POST":
        if form.is_valid():
            try:
                absence = services.register(actor=actor, at=now(), **form.cleaned_data)
            except ValidationError as error:
                refuse(form, error)
            else:
                messages.success(request, f"已登记，{absence.deputy.person.name}在此期间代您看管待办和提醒。")
                return redirect("absences")
        status = 422
    rows = Absence.objects.filter(Q(post__person=actor.post.person_id) | Q(deputy__person=actor.post.person_id))
    found = list(
        rows.select_related("post__person", "post__unit", "deputy__person", "deputy__unit").order_by(
            "-first_day", "-pk"
        )[:SHOWN]
    )
    context = {
        "form": form,
        "has_deputies": deputies.exists(),
        "post": actor.post,
        "mine": [_row(a, today) for a in found if a.post.person_id == actor.post.person_id],
        "standing_in": [_row(a, today) for a in found if a.deputy.person_id == actor.post.person_id],
    }
    return render(request, "organisations/absences.html", context, status=status)


def _row(absence: Absence, today: date) -> dict[str, object]:
    if absence.cancelled_at:
        state = "已撤销"
    elif absence.last_day < today:
        state = "已结束"
    else:
        state = "未开始" if absence.first_day > today else "进行中"
    return {"absence": absence, "state": state, "runs": state in {"未开始", "进行中"}}


@acting(scoped=True)
@require_POST
def cancel(request: ActorRequest, pk: int) -> HttpResponse:
    absence = get_object_or_404(Absence.objects.for_actor(request.actor), pk=pk)
    if services.cancel(absence=absence, actor=request.actor, at=now()):
        messages.success(request, "已撤销，代理随之结束。")
    else:
        messages.info(request, "这次请假已经结束或撤销，没有再改。")
    return redirect("absences")

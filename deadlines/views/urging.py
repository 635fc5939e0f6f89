"""催办, from the worklist and from a clock: one line by its own button, or the lines that are ticked."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from audit.clock import now
from deadlines.services.urging import NOTE_LENGTH, urge
from organisations.access import ActorRequest, acting
from organisations.row_ids import row_id

SHOWN = 5


@acting()
@require_POST
def press(request: ActorRequest) -> HttpResponse:
    back = request.POST.get("next", "")
    if not back.startswith("/") or not url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        back = reverse("worklist")
    one = request.POST.get("one", "")
    asked = [one] if one else request.POST.getlist("deadline")
    ids = [pk for pk in map(row_id, asked) if pk is not None]
    note = request.POST.get("note", "").strip()
    if len(note) > NOTE_LENGTH:
        messages.error(request, f"催办说明不能超过 {NOTE_LENGTH} 个字，没有发出")
        return redirect(back)
    if not ids:
        messages.error(request, "请先勾选要催办的事项")
        return redirect(back)
    result = urge(deadline_ids=ids, note=note, actor=request.actor, at=now())
    if result.done:
        messages.success(request, f"已催办 {len(result.done)} 项，对方单位已收到通知")
    for reason in result.refused[:SHOWN]:
        messages.warning(request, reason)
    if len(result.refused) > SHOWN:
        messages.warning(request, f"另有 {len(result.refused) - SHOWN} 项一小时内已催办过")
    if not result.done and not result.refused:
        messages.error(request, "所选事项已经办结，或不由本单位督促")
    return redirect(back)

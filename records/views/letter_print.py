"""批量打印: letters to be stamped, delivered on paper or kept, as one PDF (X7, X8)."""

import io
from typing import Any

from django.contrib import messages
from django.core.files.storage import default_storage
from django.db.models import QuerySet
from django.http import FileResponse, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from audit.clock import SHANGHAI
from organisations.access import ActorRequest, acting
from organisations.roles import Right
from organisations.row_ids import row_id
from records.models import Attachment, Letter
from records.selectors import printable
from records.views.files import note_if_confidential

SHOWN = 100
_ASKED = {"unsent": "待送达", "all": "全部"}


@acting(Right.DRAFT_LETTER, Right.RECEIVE_LETTER)
@require_safe
def choose(request: ActorRequest) -> HttpResponse:
    """Own letters that wait for their seal first; `?show=all` everything that the post reads."""
    found, actor = printable(request.actor), request.actor
    unsent = found.filter(issuer=actor.unit_id, state=Letter.State.ISSUED)
    show = request.GET.get("show", "")
    if show not in _ASKED:
        show = "unsent" if actor.may(Right.DRAFT_LETTER) and unsent.exists() else "all"
    rows = list((unsent if show == "unsent" else found)[: SHOWN + 1])
    chips = [{"text": text, "url": f"?show={key}", "current": key == show} for key, text in _ASKED.items()]
    context = {
        "lines": [_line(letter, picked=show == "unsent") for letter in rows[:SHOWN]],
        "chip_rows": [{"label": "文书", "chips": chips}] if actor.may(Right.DRAFT_LETTER) else [],
        "more": len(rows) > SHOWN,
        "shown": SHOWN,
    }
    return render(request, "letters/print.html", context)


def _line(letter: Letter, *, picked: bool) -> dict[str, Any]:
    issued = letter.issued_at.astimezone(SHANGHAI).date().isoformat() if letter.issued_at else ""
    shown = {
        "title": letter.title,
        "url": reverse("letters:detail", args=[letter.pk]),
        "sub": f"主送{letter.addressee}" if letter.addressee else str(letter.issuer),
        "marks": [letter.number, letter.get_state_display(), *(["盖章件"] if letter.scan else [])],
    }
    return {"pick": letter.pk, "shown": shown, "picked": picked, "last": issued}


@acting(Right.DRAFT_LETTER, Right.RECEIVE_LETTER)
@require_safe
def stacked(request: ActorRequest) -> HttpResponse:
    """The picked ones in the order of their list; the sealed scan where it is a PDF, else the portal's own."""
    from records.dossier.stack import stack  # pypdf is needed nowhere else on a page

    wanted = [pk for raw in request.GET.getlist("pick")[:SHOWN] if (pk := row_id(raw)) is not None]
    picked: QuerySet[Letter] = printable(request.actor).filter(pk__in=wanted)
    copies = [_copy(letter) for letter in picked]
    if not copies:
        messages.info(request, "请先勾选要打印的文书")
        return redirect("letters:print")
    data = []
    for copy in copies:
        note_if_confidential(request, copy)
        with default_storage.open(copy.path) as stored:
            data.append(stored.read())
    name = f"文书-{len(copies)}份.pdf"
    response = FileResponse(io.BytesIO(stack(data)), filename=name, content_type="application/pdf")
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response  # type: ignore[return-value]


def _copy(letter: Letter) -> Attachment:
    sealed = letter.scan if letter.scan and letter.scan.content_type == "application/pdf" else None
    copy = sealed or letter.pdf
    assert copy is not None, "printable letters have one"
    return copy

"""Attachments: never by a public address, only to who may see the case (X3)."""

from urllib.parse import quote

from django.core.files.storage import default_storage
from django.db.models import Exists, OuterRef, Q
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from audit.clock import now
from organisations.access import ActorRequest, acting
from records.models import Attachment, Case, Letter
from records.selectors import letters_for
from records.services.confidential import is_confidential, note_view

# Shown in the browser; everything else is offered for download.
_INLINE = {"image/jpeg", "image/png", "image/webp", "application/pdf"}


@acting(scoped=True)
@require_safe
def download(request: ActorRequest, pk: int) -> HttpResponse:
    # Enclosures go with their letter, also to who does not see its case.
    within = Exists(Case.objects.for_actor(request.actor).filter(pk=OuterRef("case")))
    seen = Q(within) | Q(enclosed_in__in=letters_for(request.actor))
    attachment = get_object_or_404(Attachment.objects.filter(seen).select_related("case").distinct(), pk=pk)
    copies = Letter.objects.filter(Q(pdf=attachment) | Q(scan=attachment) | Q(enclosures=attachment))
    if copies.exists() and not letters_for(request.actor).filter(pk__in=copies).exists():
        raise Http404  # a letter's copy is as visible as the letter: not to the recipient before it is sent
    note_if_confidential(request, attachment)
    return serve(attachment)


def note_if_confidential(request: ActorRequest, attachment: Attachment) -> None:
    """Every look at a file of confidential matter is an event; a HEAD shows nothing of it."""
    if request.method == "GET" and is_confidential(attachment):
        note_view(
            case_id=attachment.case_id,
            what=f"附件：{attachment.name}",
            subject=("attachment", attachment.pk),
            actor=request.actor,
            at=now(),
        )


def serve(attachment: Attachment) -> HttpResponse:
    """The stored bytes with the type found at arrival; a missing file is said, not hidden."""
    if not default_storage.exists(attachment.path):
        raise Http404("附件文件缺失，请联系系统管理员核对备份")
    response = FileResponse(default_storage.open(attachment.path), content_type=attachment.content_type)
    how = "inline" if attachment.content_type in _INLINE else "attachment"
    response["Content-Disposition"] = f"{how}; filename*=UTF-8''{quote(attachment.name)}"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, max-age=3600"
    response["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; sandbox"
    return response  # type: ignore[return-value]

"""Letters: the list, one letter with its way, the PDF, the sealed scan (X7)."""

from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from audit.clock import SHANGHAI, now
from organisations.access import ActorRequest, acting, row_id
from organisations.roles import Right
from records.kinds import case_url
from records.models import Letter
from records.selectors import frozen_content, letters_for
from records.services.attachments import FileRefused
from records.services.confidential import note_view
from records.services.letters import LetterRefused, attach_scan
from records.views.files import note_if_confidential, serve
from records.web import new_form_key, submit

PAGE = 30
FLOW = ("拟稿", "核稿", "签发编号", "送达", "签收")
_REACHED = {"draft": 0, "submitted": 1, "checked": 2, "issued": 3, "dispatched": 4, "received": 5, "left": 5, "void": 0}


class ScanForm(forms.Form):
    scan = forms.FileField(
        label="盖章扫描件",
        widget=forms.FileInput(attrs={"accept": "application/pdf,image/*"}),
        help_text="PDF 或照片。上传后以盖章件为准，摘要存档。",
        error_messages={"required": "请选择盖章扫描件"},
    )


@acting()
@require_safe
def index(request: ActorRequest) -> HttpResponse:
    """Newest first, keyset paging by id."""
    found = letters_for(request.actor).select_related("issuer", "recipient", "case").order_by("-id")
    chosen = request.GET.get("state", "")
    if chosen in Letter.State.values:
        found = found.filter(state=chosen)
    before = row_id(request.GET.get("before", ""))
    if before:
        found = found.filter(pk__lt=before)
    page = list(found[: PAGE + 1])
    more = page[PAGE - 1].pk if len(page) > PAGE else None
    states = [{"text": "全部", "url": "?", "current": not chosen}]
    states += [{"text": label, "url": f"?state={key}", "current": key == chosen} for key, label in Letter.State.choices]
    return render(
        request,
        "letters/list.html",
        {
            "letters": page[:PAGE],
            "rows": [{"label": "环节", "chips": states}],
            "page": {
                "text": f"本页 {len(page[:PAGE])} 份",
                "next_url": f"?state={chosen}&before={more}" if more else "",
                "prev_url": "?" + (f"state={chosen}" if chosen else "") if before else "",
            },
        },
    )


def _found(request: ActorRequest, pk: int) -> Letter:
    related = (
        "issuer",
        "recipient",
        "case__district",
        "drafted_by",
        "checked_by",
        "issued_by",
        "dispatched_by",
        "pdf",
        "scan",
        "receipt",
    )
    return get_object_or_404(letters_for(request.actor).select_related(*related), pk=pk)


@acting(scoped=True)
@require_safe
def detail(request: ActorRequest, pk: int) -> HttpResponse:
    letter = _found(request, pk)
    if letter.case.is_confidential and request.method == "GET":
        what, subject = f"文书：{letter.number or letter.title}", ("letter", letter.pk)
        note_view(case_id=letter.case_id, what=what, subject=subject, actor=request.actor, at=now())
    return _page(request, letter, ScanForm())


def _page(request: ActorRequest, letter: Letter, form: ScanForm, status: int = 200) -> HttpResponse:
    reached = _REACHED[letter.state]
    content = frozen_content(letter)
    may_scan = (
        letter.state in Letter.NUMBERED
        and letter.issuer_id == request.actor.unit_id
        and request.actor.may(Right.DRAFT_LETTER)
    )
    context: dict[str, Any] = {
        "letter": letter,
        "content": content,
        "flow": [{"label": label, "done": i < reached, "current": i == reached} for i, label in enumerate(FLOW)],
        "case_url": case_url(letter.case),
        "facts": _facts(letter),
        "form": form if may_scan and letter.scan is None else None,
        "form_key": new_form_key(),
        "pdf_url": reverse("letters:pdf", args=[letter.pk]),
    }
    return render(request, "letters/detail.html", context, status=status)


def _facts(letter: Letter) -> list[dict[str, Any]]:
    def moment(at: Any) -> str:
        return at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") if at else ""

    rows = [
        ("发文字号", letter.number or "签发时自动编列"),
        ("环节", letter.get_state_display()),
        ("发文机关", letter.issuer.name),
        ("主送", letter.recipient.name),
        ("抄送", letter.copies_to),
        ("治理期限", letter.due_on.isoformat() if letter.due_on else ""),
        ("拟稿", f"{letter.drafted_by}　{moment(letter.drafted_at)}"),
        ("核稿", f"{letter.checked_by}　{moment(letter.checked_at)}" if letter.checked_by else ""),
        ("签发", f"{letter.issued_by}　{moment(letter.issued_at)}" if letter.issued_by else ""),
        ("送达", f"{letter.dispatched_by}　{moment(letter.dispatched_at)}" if letter.dispatched_by else ""),
        ("签收", f"{letter.receipt.signer_label}　{moment(letter.received_at)}" if letter.receipt else ""),
        ("留置送达", f"{letter.refusal_reason}；见证人：{letter.witnesses}" if letter.witnesses else ""),
        ("作废原因", letter.void_reason),
        ("PDF 摘要", letter.pdf.digest if letter.pdf else ""),
        ("盖章件摘要", letter.scan.digest if letter.scan else ""),
    ]
    return [{"label": label, "value": value, "wide": True, "num": "摘要" in label} for label, value in rows if value]


@acting(scoped=True)
@require_safe
def pdf(request: ActorRequest, pk: int) -> HttpResponse:
    """The sealed scan when there is one, else the rendered PDF; while the worker is at it, a page that looks again."""
    letter = _found(request, pk)
    copy = letter.pdf if request.GET.get("copy") == "portal" else letter.scan or letter.pdf
    if copy is not None:
        note_if_confidential(request, copy)
        return serve(copy)
    if letter.state not in Letter.NUMBERED:
        return redirect("letters:detail", pk=pk)
    failed = bool(letter.render_error)
    job = {
        "title": f"{letter.number} 正在生成 PDF",
        "state": "failed" if failed else "running",
        "text": "生成失败，系统会自动重试；多次失败请联系系统管理员。" if failed else "一般几秒钟，生成后自动打开。",
        "detail": letter.render_error,
        "refresh_seconds": 3,
    }
    return render(request, "letters/rendering.html", {"job": job, "letter": letter}, status=202)


@acting(Right.DRAFT_LETTER, scoped=True)
@require_POST
def scan(request: ActorRequest, pk: int) -> HttpResponse:
    letter = _found(request, pk)
    form = ScanForm(request.POST, request.FILES)
    at = now()

    def act() -> str:
        attach_scan(letter, scan=form.cleaned_data["scan"], actor=request.actor, at=at)
        return reverse("letters:detail", args=[pk])

    answer = submit(
        request, form, act, actor=request.actor, at=at, refusals=(LetterRefused, FileRefused), done="盖章扫描件已存档"
    )
    return answer or _page(request, letter, form, status=422)

"""Letters: the list, one letter with its way and the acts beside it, the PDF, the sealed scan (X7)."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from audit.clock import now
from organisations.access import ActorRequest, acting
from organisations.roles import Right
from organisations.row_ids import row_id
from records.letters.flow import refusal
from records.models import Case, Letter
from records.selectors import letters_for, may_print
from records.services.attachments import FileRefused
from records.services.confidential import note_view
from records.services.deliveries import note_opening
from records.services.letters import attach_scan
from records.services.own_letters import under_lock
from records.services.refusals import LetterRefused
from records.services.signing import SignatureRefused
from records.views.files import note_if_confidential, serve
from records.views.letter_acts import ACTS, possible
from records.views.letter_page import page
from records.web import new_form_key, submit, version_of

PAGE = 30
REFUSALS = (LetterRefused, SignatureRefused, FileRefused)


class ScanForm(forms.Form):
    scan = forms.FileField(
        label="盖章扫描件或电子签章件",
        widget=forms.FileInput(attrs={"accept": "application/pdf,image/*"}),
        help_text="PDF 或照片。上传后以盖章件为准，摘要存档。",
        error_messages={"required": "请选择盖章件"},
    )


@acting()
@require_safe
def index(request: ActorRequest) -> HttpResponse:
    """Newest first, keyset paging by id."""
    found = letters_for(request.actor).select_related("issuer", "case").order_by("-id")
    chosen, kind = request.GET.get("state", ""), request.GET.get("kind", "")
    if chosen in Letter.State.values:
        found = found.filter(state=chosen)
    if kind in Letter.Kind.values:
        found = found.filter(kind=kind)
    before = row_id(request.GET.get("before", ""))
    if before:
        found = found.filter(pk__lt=before)
    rows = list(found[: PAGE + 1])
    more = rows[PAGE - 1].pk if len(rows) > PAGE else None

    def url(**changed: Any) -> str:
        told = {"state": chosen, "kind": kind} | changed
        return "?" + "&".join(f"{key}={value}" for key, value in told.items() if value)

    def chips(name: str, choices: Any, current: str) -> list[dict[str, Any]]:
        return [{"text": "全部", "url": url(**{name: ""}), "current": not current}] + [
            {"text": label, "url": url(**{name: key}), "current": key == current} for key, label in choices
        ]

    context = {
        "letters": rows[:PAGE],
        "rows": [
            {"label": "环节", "chips": chips("state", Letter.State.choices, chosen)},
            {"label": "文种", "chips": chips("kind", Letter.Kind.choices, kind)},
        ],
        "may_draft": request.actor.may(Right.DRAFT_LETTER),
        "may_print": may_print(request.actor),
        "page": {
            "text": f"本页 {len(rows[:PAGE])} 份",
            "next_url": url(before=more) if more else "",
            "prev_url": url() if before else "",
        },
    }
    return render(request, "letters/list.html", context)


def _found(request: ActorRequest, pk: int) -> Letter:
    related = (
        "issuer__district",
        "case__district",
        "drafted_by",
        "checker__person",
        "checked_by",
        "issued_by",
        "dispatched_by",
        "pdf",
        "scan",
        "receipt",
        "recalls",
        "replaces",
    )
    return get_object_or_404(letters_for(request.actor).select_related(*related), pk=pk)


@acting(scoped=True)
@require_safe
def of_case(request: ActorRequest, pk: int) -> HttpResponse:
    """The latest letter of a case that was opened for one: where the worklist and the search lead."""
    case = get_object_or_404(Case, pk=pk)
    letter = letters_for(request.actor).filter(case=case).order_by("-pk").first()
    if letter is None:
        raise Http404
    action = request.GET.get("do", "")
    url = reverse("letters:detail", args=[letter.pk])
    return redirect(f"{url}?do={action}" if action in ACTS else url)


@acting(scoped=True)
@require_safe
def detail(request: ActorRequest, pk: int) -> HttpResponse:
    """`?do=<act>` opens the act's form beside the letter. The first look of an addressee is noted."""
    letter = _found(request, pk)
    note_opening(letter, actor=request.actor, at=now())
    if letter.case.is_confidential and request.method == "GET":
        what, subject = f"文书：{letter.number or letter.title}", ("letter", letter.pk)
        note_view(case_id=letter.case_id, what=what, subject=subject, actor=request.actor, at=now())
    action = request.GET.get("do", "")
    if not action:
        return _page(request, letter)
    if action == "edit":
        return redirect("letters:edit", pk=pk)
    if action not in ACTS:
        raise Http404
    if action not in possible(letter, request.actor):
        messages.info(request, refusal(letter, action, request.actor) or "这一步在案卷页办理")
        return redirect("letters:detail", pk=pk)
    return _page(request, letter, action=action, form=ACTS[action].form(**ACTS[action].arguments(letter)))


@acting(scoped=True)
@require_POST
def act(request: ActorRequest, pk: int, action: str) -> HttpResponse:
    if action not in ACTS:
        raise Http404
    letter, at = _found(request, pk), now()
    chosen = ACTS[action]
    form = chosen.form(request.POST, request.FILES, **chosen.arguments(letter))
    version = version_of(request)

    def perform() -> str:
        if action not in possible(letter, request.actor):
            raise LetterRefused(refusal(letter, action, request.actor) or "这一步在案卷页办理")
        under_lock(letter, lambda fresh: chosen.perform(fresh, form, request.actor, at), version=version)
        return reverse("letters:detail", args=[pk])

    answer = submit(request, form, perform, actor=request.actor, at=at, refusals=REFUSALS, done=chosen.done)
    return answer or _page(request, _found(request, pk), action=action, form=form, status=422)


def beside(request: ActorRequest, pk: int, drawer: dict[str, Any], status: int) -> HttpResponse:
    """The letter of a case with a form of another app beside it."""
    letter = get_object_or_404(letters_for(request.actor).filter(case=pk).order_by("-pk")[:1])
    return _page(request, _found(request, letter.pk), drawer=drawer, status=status)


def _page(
    request: ActorRequest,
    letter: Letter,
    *,
    action: str = "",
    form: Any = None,
    scan: Any = None,
    drawer: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    may_scan = not refusal_to_scan(letter, request)
    context = page(letter, request.actor, action=action)
    context["scan_form"] = (scan or ScanForm()) if may_scan and letter.scan is None else None
    context["form_key"] = new_form_key()
    if form is not None:
        chosen = ACTS[action]
        context |= {
            "form": form,
            "heading": chosen.label,
            "action": reverse("letters:act", args=[letter.pk, action]),
            "close_url": reverse("letters:detail", args=[letter.pk]),
            "will": chosen.will(letter),
            "submit_label": chosen.submit_label or "提交",
            "version": letter.case.version,
            "form_id": f"act-{action}",
        }
    return render(request, "letters/detail.html", context | (drawer or {}), status=status)


def refusal_to_scan(letter: Letter, request: ActorRequest) -> bool:
    may = letter.issuer_id == request.actor.unit_id and request.actor.may(Right.DRAFT_LETTER)
    return letter.state not in Letter.NUMBERED or not may


@acting(scoped=True)
@require_safe
def pdf(request: ActorRequest, pk: int) -> HttpResponse:
    """The sealed scan when there is one, else the rendered PDF; while the worker is at it, a page that looks again."""
    letter = _found(request, pk)
    note_opening(letter, actor=request.actor, at=now())
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

    def perform() -> str:
        attach_scan(letter, scan=form.cleaned_data["scan"], actor=request.actor, at=at)
        return reverse("letters:detail", args=[pk])

    answer = submit(request, form, perform, actor=request.actor, at=at, refusals=REFUSALS, done="盖章件已存档")
    return answer or _page(request, letter, scan=form, status=422)

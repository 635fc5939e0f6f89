"""发文登记簿 as a page and as xlsx, and how the own office numbers its letters (X7)."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from audit.clock import local_date, now
from organisations.access import ActorRequest, acting
from organisations.actors import Actor
from organisations.models import Unit
from organisations.roles import Right, Scope
from organisations.row_ids import row_id
from records.letter_forms import SeriesForm
from records.models import Letter
from records.services.letter_register import Book, export, fate
from records.services.numbering import number_text, series_of, set_series
from records.services.refusals import LetterRefused

PAGE = 100
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _issuers(actor: Actor) -> list[Unit]:
    """The own office; those who see the whole district may open any office's book."""
    with_letters = Unit.objects.filter(pk__in=Letter.objects.filter(seq__isnull=False).values("issuer"))
    if actor.scope == Scope.DISTRICT:
        others = with_letters.for_actor(actor).exclude(pk=actor.unit_id).order_by("kind", "pk")
        return [actor.unit, *others]
    return [actor.unit]


def _book(request: ActorRequest) -> tuple[Book, list[Unit]]:
    issuers = _issuers(request.actor)
    wanted = row_id(request.GET.get("issuer", "")) or request.actor.unit_id
    issuer = next((unit for unit in issuers if unit.pk == wanted), None)
    if issuer is None:
        raise Http404
    kind = request.GET.get("kind", "")
    latest = Letter.objects.filter(issuer=issuer, seq__isnull=False).order_by("-issued_at").first()
    if kind not in Letter.Kind.values:
        kind = latest.kind if latest else Letter.Kind.NOTICE
    year = row_id(request.GET.get("year", "")) or (latest.year if latest and latest.year else local_date(now()).year)
    return Book(issuer, kind, min(year, 9999)), issuers


def _url(book: Book, **changed: Any) -> str:
    return "?" + urlencode({"issuer": book.issuer.pk, "kind": book.kind, "year": book.year} | changed)


@acting(Right.DRAFT_LETTER, Right.CHECK_LETTER, Right.RECEIVE_LETTER)
@require_safe
def book(request: ActorRequest) -> HttpResponse:
    chosen, issuers = _book(request)
    after = row_id(request.GET.get("after", "")) or 0
    found = list(chosen.letters().filter(seq__gt=min(after, 2**31 - 1))[: PAGE + 1])
    years = Letter.objects.filter(issuer=chosen.issuer, kind=chosen.kind, seq__isnull=False).order_by("-year")
    series = series_of(chosen.issuer, chosen.kind)
    missing = [] if series.is_entered else chosen.missing()
    rows = [
        {
            "label": "文种",
            "chips": [
                {"text": label, "url": _url(chosen, kind=key), "current": key == chosen.kind}
                for key, label in Letter.Kind.choices
            ],
        },
        {
            "label": "年份",
            "chips": [
                {"text": str(year), "url": _url(chosen, year=year), "current": year == chosen.year}
                for year in dict.fromkeys([*years.values_list("year", flat=True).distinct(), chosen.year])
            ],
        },
    ]
    if len(issuers) > 1:
        options = [
            {"text": str(u), "url": _url(chosen, issuer=u.pk), "current": u.pk == chosen.issuer.pk} for u in issuers
        ]
        rows.insert(
            0, {"label": "发文机关", "chips": [{"text": str(chosen.issuer), "current": True, "options": options}]}
        )
    may_set = chosen.issuer.pk == request.actor.unit_id and request.actor.may(Right.ISSUE_LETTER)
    context = {
        "book": chosen,
        "letters": [(letter, fate(letter)) for letter in found[:PAGE]],
        "rows": rows,
        "how": "由本机关公文系统编号，签发时填写；平台外编的号不在这里。"
        if series.is_entered
        else "由平台连续编号，作废的号保留，不再使用。",
        "like": number_text(series, chosen.year, 12),
        "missing": missing,
        "export_url": reverse("letters:register-export") + _url(chosen),
        "series_url": reverse("letters:series", args=[chosen.kind]) if may_set else "",
        "page": {
            "text": f"本页 {len(found[:PAGE])} 号",
            "next_url": _url(chosen, after=found[PAGE - 1].seq) if len(found) > PAGE else "",
            "prev_url": _url(chosen) if after else "",
        },
    }
    return render(request, "letters/register.html", context)


@acting(Right.DRAFT_LETTER, Right.CHECK_LETTER, Right.RECEIVE_LETTER)
@require_safe
def book_export(request: ActorRequest) -> HttpResponse:
    chosen, _ = _book(request)
    name = f"发文登记簿-{chosen.issuer}-{chosen.kind_label}-{chosen.year}.xlsx"
    sheet = export(chosen, actor=request.actor, at=now())
    return FileResponse(sheet, as_attachment=True, filename=name, content_type=XLSX)  # type: ignore[return-value]


@acting(Right.ISSUE_LETTER)
@require_http_methods(["GET", "HEAD", "POST"])
def series(request: ActorRequest, kind: str) -> HttpResponse:
    """How the own office numbers letters of this kind: by the portal or by its own system, and with which word."""
    if kind not in Letter.Kind.values:
        raise Http404
    issuer = request.actor.unit
    current = series_of(issuer, kind)
    initial = {"word": current.word, "is_entered": "yes" if current.is_entered else "no"}
    form = SeriesForm(request.POST or None, initial=initial)
    label = Letter.Kind(kind).label
    back = f"{reverse('letters:register')}?{urlencode({'kind': kind})}"
    if request.method == "POST" and form.is_valid():
        try:
            set_series(
                issuer=issuer,
                kind=kind,
                word=form.cleaned_data["word"],
                is_entered=form.cleaned_data["is_entered"] == "yes",
                actor=request.actor,
                at=now(),
            )
        except LetterRefused as refused:
            form.add_error(refused.field or None, str(refused))
        else:
            messages.success(request, f"{label}的编号方式已保存，用于以后签发的文书")
            return redirect(back)
    heading = f"{label}的编号方式"
    context = {
        "form": form,
        "heading": heading,
        "crumbs": [
            {"text": "文书", "url": reverse("letters:list")},
            {"text": "发文登记簿", "url": back},
            {"text": heading},
        ],
        "will": f"机关代字是“{issuer.letter_code or '（未设）'}”，由系统管理员在“管理 › 单位”中维护。只影响以后签发的文书。",
        "cancel_url": back,
    }
    return render(request, "letters/form.html", context, status=422 if form.errors else 200)

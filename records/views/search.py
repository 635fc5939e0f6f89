"""The one search box: cases, enterprises and letters that the post may see, by name or number."""

from typing import Any

from django.db.models import F, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from organisations.access import ActorRequest, acting
from organisations.actors import Actor
from organisations.models import Enterprise
from organisations.roles import Scope
from records.kinds import case_url, grade_of
from records.models import Case, Letter
from records.selectors import letters_for

MIN_WORDS = 2
LIMIT = 20


@acting()
@require_GET
def search(request: ActorRequest) -> HttpResponse:
    """A whole number leads straight to its case or letter; anything else lists what was found."""
    words = request.GET.get("q", "").strip()[:60]
    if "\x00" in words:
        words = ""
    if len(words) < MIN_WORDS:
        return render(request, "search.html", {"words": words, "is_short": bool(words)})
    actor = request.actor
    if straight := _numbered(actor, words):
        return redirect(straight)
    cases, cases_more = _first(_cases(actor, words))
    enterprises, enterprises_more = _first(_enterprises(actor, words))
    letters, letters_more = _first(_letters(actor, words))
    context = {
        "words": words,
        "cases": [_case_line(case) for case in cases],
        "cases_more": cases_more,
        "enterprises": [_enterprise_line(enterprise) for enterprise in enterprises],
        "enterprises_more": enterprises_more,
        "letters": [_letter_line(letter) for letter in letters],
        "letters_more": letters_more,
        "limit": LIMIT,
    }
    return render(request, "search.html", context)


def _numbered(actor: Actor, words: str) -> str:
    case = Case.objects.for_actor(actor).filter(number=words).first()
    if case is not None:
        return case_url(case)
    letter = letters_for(actor).filter(number=words).first()
    return reverse("letters:detail", args=[letter.pk]) if letter is not None else ""


def _first(found: QuerySet[Any]) -> tuple[list[Any], bool]:
    rows = list(found[: LIMIT + 1])
    return rows[:LIMIT], len(rows) > LIMIT


def _cases(actor: Actor, words: str) -> QuerySet[Case]:
    match = Q(title__icontains=words) | Q(number__icontains=words)
    match |= Q(responsible_unit__name__icontains=words) | Q(responsible_unit__short_name__icontains=words)
    found = Case.objects.for_actor(actor).filter(match).select_related("responsible_unit", "township")
    # What is still open first, the newest of it on top.
    return found.order_by(F("closed_on").desc(nulls_first=True), "-pk")


def _enterprises(actor: Actor, words: str) -> QuerySet[Enterprise]:
    if actor.scope == Scope.NONE and not actor.is_system_admin:
        return Enterprise.objects.none()
    match = Q(unit__name__icontains=words) | Q(unit__short_name__icontains=words)
    if words.isascii():
        match |= Q(uscc__contains=words.upper())
    found = Enterprise.objects.for_actor(actor).filter(match).select_related("unit", "township", "sector")
    return found.order_by("unit__sort_key", "pk")


def _letters(actor: Actor, words: str) -> QuerySet[Letter]:
    return letters_for(actor).filter(number__icontains=words).select_related("recipient").order_by("-pk")


def _case_line(case: Case) -> dict[str, Any]:
    closed = "已办结　" if case.closed_on else ""
    return {
        "text": case.title,
        "url": case_url(case),
        "sub": f"{closed}{case.responsible_unit}　{case.township.name}　{case.number}",
        "grade": grade_of(case.level),
    }


def _enterprise_line(enterprise: Enterprise) -> dict[str, str]:
    return {
        "text": enterprise.unit.name,
        "url": reverse("enterprises:detail", args=[enterprise.pk]),
        "sub": f"{enterprise.township.name}　{enterprise.sector.name}　{enterprise.uscc or '无统一社会信用代码'}",
    }


def _letter_line(letter: Letter) -> dict[str, str]:
    return {
        "text": letter.number,
        "url": reverse("letters:detail", args=[letter.pk]),
        "sub": f"{letter.title}　主送{letter.recipient}",
        "side": letter.get_state_display(),
    }

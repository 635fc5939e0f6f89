"""期限计算器: what the engine does, for anybody, day by day. The address is the question; nothing is kept (X4)."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from audit.clock import now
from deadlines.calendar import CalendarOutOfRange
from deadlines.clauses import NOTICE, title_of
from deadlines.display import Clockwork, date_text, weekday_text
from deadlines.forms.calendar import CalculatorForm, countable_rules
from deadlines.rules import Response, Rule, rule
from deadlines.terms import Explanation, Hours, Term, describe, due, explain, parse
from organisations.access import public
from organisations.models import District

# A question that is not asked yet shows these.
_BLANK = {"length": 10, "unit": "wd"}


@public
@require_safe
def calculator(request: HttpRequest) -> HttpResponse:
    clockwork = Clockwork.of(request, now())
    district = District.objects.order_by("pk").first()
    terms = {r.key: _term(r, district) for r in countable_rules()}
    asked = "start" in request.GET
    form = CalculatorForm(
        {"unit": "wd"} | request.GET.dict() if asked else None,
        terms=terms,
        initial=_BLANK | {"start": clockwork.today},
    )
    context: dict[str, Any] = {"form": form, "first": clockwork.calendar.first, "last": clockwork.calendar.last}
    if asked and form.is_valid():
        try:
            if not clockwork.calendar.covers(form.cleaned_data["start"]):
                raise CalendarOutOfRange(
                    f"工作日历的范围是 {clockwork.calendar.first:%Y-%m-%d} 至 {clockwork.calendar.last:%Y-%m-%d}。"
                )
            context["answer"] = _answer(form, clockwork)
        except CalendarOutOfRange as error:
            form.add_error("start", str(error))
    return render(request, "deadlines/calculator.html", context, status=422 if asked and form.errors else 200)


def _term(item: Response, district: District | None) -> Term:
    return parse(district.term(item.config_key, str(item.within))) if district and item.config_key else item.within


def _answer(form: CalculatorForm, clockwork: Clockwork) -> dict[str, Any]:
    term, started_at = form.term, form.started_at
    when = due(term, started_at, clockwork.calendar)
    chosen = rule(form.cleaned_data["rule"]) if form.cleaned_data["rule"] else None
    told = explain(term, started_at, clockwork.calendar, event=chosen.words.removesuffix("后") if chosen else "")
    return {
        "term": describe(term),
        "rule": _rule(chosen) if chosen else None,
        "date": f"{when.due_on:%Y-%m-%d}",
        "weekday": weekday_text(when.due_on, clockwork),
        "hour": f"{when.due_at.astimezone(started_at.tzinfo):%H:%M}" if isinstance(term, Hours) else "",
        "provisional": when.provisional,
        "sentence": told.sentence,
        "sources": _sources(told, term, chosen),
        "rows": _rows(told, clockwork),
    }


def _rule(item: Rule) -> dict[str, Any]:
    return {
        "label": item.label,
        "words": item.words,
        "clause": item.clause,
        "clause_title": title_of(item.clause),
        "is_local_default": item.is_local_default,
    }


def _sources(told: Explanation, term: Term, item: Rule | None) -> list[str]:
    """Of the length, of the counting, of the days."""
    counting = (
        "民法典第二百零一条（按小时的自起算时刻计算）" if isinstance(term, Hours) else "民法典第二百零一条（当日不计）"
    )
    notice = [f"{item.basis if item.basis else NOTICE}{item.clause}"] if item else []
    return [*notice, counting, *told.sources]


def _rows(told: Explanation, clockwork: Clockwork) -> list[dict[str, Any]]:
    return [
        {
            "date_text": date_text(row.date, clockwork) + (f" 至 {row.until:%m-%d}" if row.until else ""),
            "count": row.count,
            "reason": row.reason,
            "off": row.count is None and not row.is_last,
            "last": row.is_last,
        }
        for row in told.rows
    ]

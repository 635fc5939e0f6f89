"""统计 › 按期办结率, its export, and the records behind each figure (X5)."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import FileResponse, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from audit.clock import SHANGHAI, local_date, now
from deadlines import punctuality, rules
from deadlines.display import Clockwork, date_text, due_mark
from deadlines.models import Deadline
from deadlines.paging import page_by_day
from deadlines.punctuality import BASES, BY, KINDS, OUTCOMES, Asked, Figures
from deadlines.services.exports import SPREADSHEET, export_punctuality
from organisations.access import ActorRequest, acting
from organisations.roles import Scope
from records.kinds import case_url

SHOWN = 200  # lines of a table on the page; the export has all of them
COUNT_UP_TO = 10_000


@acting()
@require_GET
def index(request: ActorRequest) -> HttpResponse:
    at = now()
    asked = Asked.of(request.GET, today=local_date(at))
    table = punctuality.table(asked, request.actor, at=at)
    total = len(table.rows)
    context = {
        "asked": asked,
        "head": f"{asked.span}的时限，机关自己的也在内。",
        "subnav": _subnav(request),
        "chip_rows": _chips(asked, request, at),
        "kept": [{"name": k, "value": v} for k, v in asked.query().items() if k not in {"from", "to"}],
        "bar": {
            "count_text": f"{total:,}",
            "unit_text": "个单位" if asked.by == "unit" else "条规则",
            "sort_text": "逾期未办结多的在前" if asked.by == "unit" else "按条款顺序",
            "export_url": f"{reverse('statistics:export')}?{urlencode(asked.query())}" if total else "",
        },
        "lines": [_line(row, asked) for row in table.rows[:SHOWN]],
        "total": _line(table.total, asked, is_total=True),
        "cut": f"只列前 {SHOWN} 个单位，导出为全部 {total:,} 个；合计是全部的。" if total > SHOWN else "",
    }
    return render(request, "statistics/punctuality.html", context)


@acting()
@require_GET
def export(request: ActorRequest) -> HttpResponse:
    """The xlsx of exactly what the address shows."""
    at = now()
    asked = Asked.of(request.GET, today=local_date(at))
    file = export_punctuality(
        table=punctuality.table(asked, request.actor, at=at),
        by=asked.by,
        conditions=_described(asked, request),
        actor=request.actor,
        at=at,
    )
    name = f"按期办结率_{asked.first}_{asked.last}.xlsx"
    return FileResponse(file, as_attachment=True, filename=name, content_type=SPREADSHEET)  # type: ignore[return-value]


@acting()
@require_GET
def records(request: ActorRequest) -> HttpResponse:
    """The clocks that a figure counts, the first due first."""
    at = now()
    asked = Asked.of(request.GET, today=local_date(at))
    outcome = request.GET.get("is", "")
    outcome = outcome if outcome in OUTCOMES else "owed"
    found = punctuality.records(asked, request.actor, outcome, at=at)
    page = page_by_day(
        found.select_related("case", "owner_unit"),
        "due_on",
        lambda deadline: deadline.due_on,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    counted = found.order_by()[: COUNT_UP_TO + 1].count()
    count_text = "1 万以上" if counted > COUNT_UP_TO else f"{counted:,}"
    clockwork = Clockwork.of(request, at)
    told = asked.query()
    back = f"{reverse('statistics:punctuality')}?{urlencode(told)}"

    def url(**more: str) -> str:
        return f"?{urlencode(told | {'is': outcome} | more)}"

    context = {
        "crumbs": [{"text": "按期办结率", "url": back}, {"text": OUTCOMES[outcome]}],
        "title": f"{OUTCOMES[outcome]}的时限",
        "head": "；".join(f"{label}：{text}" for label, text in _described(asked, request)),
        "problem": asked.problem,
        "chip_rows": [
            {
                "label": "结果",
                "chips": [{"text": t, "url": url(**{"is": k}), "current": k == outcome} for k, t in OUTCOMES.items()],
            }
        ],
        "bar": {"count_text": count_text, "unit_text": "件", "sort_text": "按到期日排序"},
        "lines": [_record(deadline, clockwork) for deadline in page.rows],
        "page": {
            "text": f"本页 {len(page.rows)} 件，共 {count_text} 件",
            "prev_url": url(before=page.before) if page.before else "",
            "next_url": url(after=page.after) if page.after else "",
        },
    }
    return render(request, "statistics/records.html", context)


def _subnav(request: ActorRequest) -> list[dict[str, Any]]:
    return [
        {"text": "按期办结率", "url": reverse("statistics:punctuality"), "current": True},
        {"text": "应报清单", "url": reverse("filings:list")},
    ]


def _url(asked: Asked, **changed: Any) -> str:
    return f"?{urlencode(asked.query(**changed))}"


def _chips(asked: Asked, request: ActorRequest, at: datetime) -> list[dict[str, Any]]:
    spans = punctuality.spans(local_date(at))
    rows: list[dict[str, Any]] = [
        {
            "label": "列表",
            "chips": [{"text": t, "url": _url(asked, by=k), "current": k == asked.by} for k, t in BY.items()],
        },
        {
            "label": "期间",
            "chips": [
                {
                    "text": text,
                    "url": _url(asked, **{"from": first, "to": last}),
                    "current": (first, last) == (asked.first, asked.last),
                }
                for text, first, last in spans
            ],
        },
        {
            "label": "口径",
            "chips": [{"text": t, "url": _url(asked, basis=k), "current": k == asked.basis} for k, t in BASES.items()],
        },
    ]
    if asked.by == "unit" and request.actor.scope != Scope.OWN:
        kinds = [{"text": t, "url": _url(asked, kind=k), "current": k == asked.kind} for k, t in KINDS.items()]
        rows.append({"label": "单位", "chips": kinds})
    narrowed = []
    if asked.unit is not None:
        name = punctuality.unit_name(asked, request.actor) or "没有这个单位"
        narrowed.append({"text": name, "url": _url(asked, unit=None), "removable": True})
    if asked.rule:
        narrowed.append({"text": rules.rule(asked.rule).label, "url": _url(asked, rule=""), "removable": True})
    if narrowed:
        rows.append({"label": "只看", "chips": narrowed})
    return rows


def _described(asked: Asked, request: ActorRequest) -> list[tuple[str, str]]:
    told = [("期间", asked.span)]
    if asked.unit is not None:
        told.append(("单位", punctuality.unit_name(asked, request.actor) or "没有这个单位"))
    if asked.rule:
        told.append(("规则", rules.rule(asked.rule).label))
    if asked.kind != "all":
        told.append(("单位类别", KINDS[asked.kind]))
    return told


def _line(row: Figures, asked: Asked, *, is_total: bool = False) -> dict[str, Any]:
    """Each figure opens its records; the name opens the same from the other side."""
    own: dict[str, Any] = {} if is_total else {"unit": row.key} if asked.by == "unit" else {"rule": row.key}
    base = reverse("statistics:records")

    def cell(outcome: str, number: int) -> dict[str, Any]:
        url = f"{base}?{urlencode(asked.query(**own) | {'is': outcome})}" if number else ""
        return {"label": OUTCOMES[outcome], "number": number, "url": url, "late": outcome == "overdue" and number}

    other = "rule" if asked.by == "unit" else "unit"
    is_narrowed = asked.unit is not None if asked.by == "rule" else bool(asked.rule)
    return {
        "name": row.name,
        "clause": row.clause,
        "url": "" if is_total or is_narrowed else _url(asked, by=other, **own),
        "cells": [
            cell("owed", row.owed),
            cell("on_time", row.on_time),
            cell("met_late", row.met_late),
            cell("overdue", row.overdue),
            cell("adjusted", row.adjustments),
        ],
        "rate": row.rate_text,
    }


def _record(deadline: Deadline, clockwork: Clockwork) -> dict[str, Any]:
    line: dict[str, Any] = {
        "title": deadline.title,
        "url": case_url(deadline.case),
        "number": deadline.case.number,
        "rule": deadline.rule.label,
        "unit": deadline.owner_unit,
        "started": f"{deadline.started_at.astimezone(SHANGHAI):%Y-%m-%d}",
        "due_text": date_text(deadline.due_on, clockwork),
        "reason": deadline.late_reason or deadline.cancel_reason,
        "late": deadline.is_late_at(clockwork.at),
        "adjusted": deadline.is_adjusted,
    }
    if deadline.met_at:
        line["ended"] = f"{deadline.met_at.astimezone(SHANGHAI):%Y-%m-%d} 办结"
    elif deadline.cancelled_at:
        line["ended"] = f"{deadline.cancelled_at.astimezone(SHANGHAI):%Y-%m-%d} 终止"
    elif deadline.suspended_at:
        line["ended"] = "中止"
    else:
        line["due"] = due_mark(deadline.due_on, deadline.due_at, clockwork)
    return line

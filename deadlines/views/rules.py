"""规则: the clause table as it stands in code, with what runs under each rule for this reader (X5)."""

from collections import defaultdict
from datetime import date
from typing import Any

from django.db.models import Count, Q
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from audit.clock import local_date, now
from audit.names import label_of
from deadlines.clauses import order_of, title_of
from deadlines.display import Clockwork, date_text, due_mark
from deadlines.models import Deadline
from deadlines.periods import Every, Weekly
from deadlines.recurring import Recurring
from deadlines.rules import Owner, Rule, Version, all_rules, lead_unit, responsible_unit, rule
from deadlines.targets import Target, all_targets
from deadlines.terms import OnDate, describe, parse, roll_words
from organisations.access import ActorRequest, acting
from organisations.models import District
from records.kinds import case_url

SHOWN = 30
_OWES: dict[Owner, str] = {lead_unit: "交办（主办）单位", responsible_unit: "治理责任单位"}


@acting()
def index(request: ActorRequest) -> HttpResponse:
    """Grouped by clause in the notice's order, so that somebody with the notice in hand finds the row at once."""
    counts = _counts(request)
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    today = local_date(now())
    for item in all_rules():
        groups[item.clause].append(_row(item, request.actor.unit.district, counts.get(item.key, {}), today))
    clauses = [
        {"clause": clause, "title": title_of(clause), "anchor": f"c{number}", "rows": groups[clause]}
        for number, clause in enumerate(sorted(groups, key=order_of), start=1)
    ]
    return render(
        request,
        "deadlines/rules.html",
        {
            "clauses": clauses,
            "total": sum(len(group) for group in groups.values()),
            "targets": [_target(item, today) for item in all_targets()],
        },
    )


def _target(item: Target, today: date) -> dict[str, str]:
    return {
        "text": item.label,
        "url": reverse(item.page),
        "sub": f"{item.clause}，{item.basis}{item.place}",
        "side": f"{item.words}，按 {item.due_on} 计{'，已过' if item.is_past(today) else ''}",
    }


@acting()
def rule_page(request: ActorRequest, key: str) -> HttpResponse:
    """One rule, and the open matters under it that this post may see, the nearest first."""
    try:
        item = rule(key)
    except KeyError:
        raise Http404("没有这条规则") from None
    at = now()
    clockwork = Clockwork.of(request, at)
    mine = Deadline.objects.for_actor(request.actor).open().filter(rule_key=key)
    rows = [
        {
            "title": deadline.title,
            "url": case_url(deadline.case),
            "owner": deadline.owner_unit,
            "date": date_text(deadline.due_on, clockwork),
            "provisional": deadline.provisional,
            "due": due_mark(deadline.due_on, deadline.due_at, clockwork),
        }
        for deadline in mine.select_related("case", "owner_unit").order_by("due_at", "pk")[:SHOWN]
    ]
    row = _row(item, request.actor.unit.district, _counts(request).get(key, {}), clockwork.today)
    crumbs = [{"text": "规则", "url": reverse("deadlines:rules")}, {"text": item.label, "url": ""}]
    context = {
        "rule": row,
        "facts": _facts(row),
        "rows": rows,
        "more": max(0, row["open"] - len(rows)),
        "crumbs": crumbs,
    }
    return render(request, "deadlines/rule.html", context)


def _counts(request: ActorRequest) -> dict[str, dict[str, int]]:
    """Open and overdue per rule within the reader's scope: one grouped query."""
    rows = (
        Deadline.objects.for_actor(request.actor)
        .open()
        .values("rule_key")
        .annotate(open=Count("pk"), overdue=Count("pk", filter=Q(due_at__lte=now())))
        .order_by()
    )
    return {row["rule_key"]: {"open": row["open"], "overdue": row["overdue"]} for row in rows}


def _times(item: Rule, district: District, today: date) -> dict[str, Any]:
    """How long and for whom, of either kind of rule."""
    if isinstance(item, Recurring):
        return {
            "basis": item.basis,
            "words": "",
            "term": item.every_for(district).words(),
            "starts": ["每期一项，提前生成"],
            "owes": item.owed_by.label,
            "supervises": "接收单位",
            "roll": _every_roll(item.every_for(district)),
            "extension": _not_extended(item),
            "suspension": "不可中止",
            "versions": [],
        }
    version = item.version_on(today)
    term = parse(district.term(item.config_key, str(version.within))) if item.config_key else version.within
    return {
        "basis": version.basis,
        "words": item.words,
        "term": item.words if isinstance(term, OnDate) else describe(term),
        "starts": [label_of(name) for name in item.starts],
        "owes": _OWES.get(item.owed_by, "按案卷确定的单位"),
        "supervises": _OWES.get(item.supervised_by, "") if item.supervised_by else "",
        "roll": roll_words(term),
        "extension": item.extension.words(district) if item.extension else _not_extended(item),
        "suspension": item.suspension.words if item.suspension else "不可中止",
        "versions": [_version(v, is_current=v.number == version.number) for v in reversed(item.history)],
    }


def _every_roll(every: Every) -> str:
    if every.workday or isinstance(every, Weekly):
        return "只数工作日，末日总是工作日"
    return "末日逢休息日，顺延到下一个工作日" if every.roll else "以写明的日期为准，逢休息日不顺延"


def _row(item: Rule, district: District, counts: dict[str, int], today: date) -> dict[str, Any]:
    return _times(item, district, today) | {
        "key": item.key,
        "label": item.label,
        "clause": item.clause,
        "clause_title": title_of(item.clause),
        "is_local_default": item.is_local_default,
        "met": [label_of(name) for name in item.met],
        "cancelled_by": [label_of(name) for name in item.cancelled_by],
        "is_own_term": item.is_own_term,
        "remind": item.ladder.words,
        "note": item.note,
        "url": reverse("deadlines:rule", args=[item.key]),
        "open": counts.get("open", 0),
        "overdue": counts.get("overdue", 0),
    }


def _not_extended(item: Rule) -> str:
    return "本机关时限，不可延期" if item.is_own_term else "不可延期"


def _version(version: Version, *, is_current: bool) -> dict[str, Any]:
    since = f"{version.since} 起起算的" if version.since else "最初"
    return {
        "number": version.number,
        "since": since,
        "term": describe(version.within),
        "basis": version.basis,
        "is_current": is_current,
    }


def _facts(row: dict[str, Any]) -> list[dict[str, Any]]:
    local = "本区默认值，通知没有写明天数" if row["is_local_default"] else ""
    return [
        {"label": "条款", "value": f"{row['clause']}　{row['clause_title']}", "wide": True},
        {"label": "依据", "value": row["basis"]},
        {"label": "期限", "value": row["term"], "strong": True, "sub": local},
        {"label": "从", "value": "、".join(row["starts"])},
        {"label": "到", "value": "、".join(row["met"])},
        {"label": "终止于", "value": "、".join(row["cancelled_by"]) or "案卷办结"},
        {"label": "义务单位", "value": row["owes"], "sub": f"{row['supervises']}督促" if row["supervises"] else ""},
        {"label": "末日", "value": row["roll"], "wide": True},
        {"label": "延期", "value": row["extension"], "wide": True},
        {"label": "中止", "value": row["suspension"], "wide": True},
        {"label": "提醒", "value": row["remind"], "wide": True},
        {"label": "说明", "value": row["note"] or "无", "wide": True},
    ]

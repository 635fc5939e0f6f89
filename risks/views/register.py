"""The risk register and its export."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from audit.clock import SHANGHAI, now
from deadlines.display import Clockwork, date_text, due_mark
from deadlines.models import Deadline
from deadlines.nearest import nearest_deadlines
from organisations.access import ActorRequest, acting
from organisations.roles import Right, Scope
from records.kinds import case_url, grade_of
from records.models import Case
from risks import chips, exports
from risks.filters import ALL, OPEN, RiskFilter, with_defaults
from risks.models import Grading, RiskState
from risks.selectors.register import (
    COUNT_UP_TO,
    Page,
    capped_count,
    count_text,
    counts_by_grade,
    known_sort,
    latest_gradings,
    page_of,
    risk_cases,
    sort_for,
    sort_text,
)
from risks.views.subnav import subnav
from risks.workflow import WORKFLOW

_WHOSE = {
    Scope.DISTRICT: "全区",
    Scope.TERRITORY: "本辖区",
    Scope.SUPERVISED: "本单位主管和承办的",
    Scope.OWN: "本单位",
    Scope.ASSIGNED: "委派给您的",
}
# (head, sort, class)
_HEADS = (
    ("等级", "grade", ""),
    ("风险点", "name", ""),
    ("责任单位", "unit", ""),
    ("乡街", "", "c-opt2"),
    ("行业", "", "c-opt1"),
    ("评估", "", "c-opt1"),
    ("环节", "", ""),
    ("到期", "due", ""),
    ("交办单位", "", "c-opt2"),
)


def _filtered(request: ActorRequest, at: datetime) -> tuple[RiskFilter, chips.Links]:
    """The conditions of the address on what the post may see: the same for the page and for its export."""
    actor = request.actor
    if actor.scope == Scope.NONE:
        raise PermissionDenied
    params = with_defaults(request.GET, actor)
    found = RiskFilter(params, queryset=risk_cases(actor), request=request, at=at)
    return found, chips.Links(params, known_sort(request.GET.get("sort", "")), actor)


@acting()
@require_GET
def register(request: ActorRequest) -> HttpResponse:
    at, actor = now(), request.actor
    found, links = _filtered(request, at)
    counted = [_without_grade(found)]
    if not _only_defaults(found, links):
        counted.append(risk_cases(actor).filter(closed_on=None))
    counts, *others = counts_by_grade(*counted)
    everywhere = others[0] if others else counts
    total = chips.grade_total(counts, str(links.params["grade"])) if found.is_valid() else 0
    asked_sort, links = links.sort, replace(links, sort=sort_for(links.sort, total))
    unsorted = "" if links.sort == asked_sort else f"超过 1 万个时不能{sort_text(asked_sort)}，请先用上面的条件缩小范围"
    exported = links.to("risks:export")
    page = page_of(
        found.matched,
        sort=links.sort,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
        last="last" in request.GET,
    )
    reassign = {"label": "批量改派", "icon": "arrows-exchange", "url": reverse("batches:batch", args=["designate"])}
    context = {
        "head": _head_sentence(everywhere, actor.scope, at),
        "note": "；".join(filter(None, (found.note, unsorted))),
        "subnav": subnav(actor, "register"),
        "may_register": actor.may(Right.REGISTER_RISK),
        "may_register_by_guide": actor.may(Right.REGISTER_RISK) and actor.scope == Scope.OWN,
        "chip_rows": chips.rows(found, links, counts),
        "bar": {
            "count_text": count_text(total),
            "unit_text": "个风险点",
            "sort_text": sort_text(links.sort),
            "export_url": exported if total else "",
            "actions": [reassign] if actor.may(Right.DESIGNATE) else [],
        },
        "heads": [_head(label, sort, cls, links) for label, sort, cls in _HEADS],
        "caption": "；".join(f"{label}：{value}" for label, value in found.described()) or "全部风险点",
        "lines": _lines(page, Clockwork.of(request, at)),
        "page": _paging(page, total, links),
        "empty": _empty(links, everywhere, actor.may(Right.REGISTER_RISK)),
    }
    return render(request, "risks/register.html", context)


def _without_grade(found: RiskFilter) -> Any:
    """The other conditions alone: what each grade's chip would show."""
    queryset = found.queryset.all()
    if not found.is_valid():
        return queryset.none()
    for name, value in found.cleaned.items():
        if name != "grade":
            queryset = found.filters[name].filter(queryset, value)
    return queryset


def _only_defaults(found: RiskFilter, links: chips.Links) -> bool:
    others = {name for name, value in links.params.items() if value and name not in {"grade", "state"}}
    return found.is_valid() and not others and links.params["state"] == OPEN


def _head_sentence(counts: dict[str, int], scope: Scope, at: datetime) -> str:
    local = at.astimezone(SHANGHAI)
    moment = f"数据截至 {local.month} 月 {local.day} 日 {local:%H:%M}。"
    severe = f"其中重大 {count_text(counts['red'])}、较大 {count_text(counts['orange'])} 登记造册"
    return f"{_WHOSE[scope]}未销号风险点 {count_text(sum(counts.values()))} 个，{severe}。{moment}"


def _head(label: str, sort: str, cls: str, links: chips.Links) -> dict[str, str]:
    if not sort:
        return {"label": label, "cls": cls}
    down = links.sort.startswith("-")
    if links.sort.removeprefix("-") != sort:
        return {"label": label, "cls": cls, "url": links.to(sort=sort), "icon": "arrows-sort"}
    # The gravest first is the natural order of grades: shown as descending, as the mock does.
    descending = down != (sort == "grade")
    return {
        "label": label,
        "cls": cls,
        "url": links.to(sort=sort if down else f"-{sort}"),
        "icon": "arrow-narrow-down" if descending else "arrow-narrow-up",
        "aria": "descending" if descending else "ascending",
    }


def _lines(page: Page, clockwork: Clockwork) -> list[dict[str, Any]]:
    deadlines, gradings = nearest_deadlines(page.rows), latest_gradings(page.rows)
    return [_line(case, deadlines.get(case.pk), gradings.get(case.pk), clockwork) for case in page.rows]


def _line(case: Case, deadline: Deadline | None, grading: Grading | None, clockwork: Clockwork) -> dict[str, Any]:
    line: dict[str, Any] = {
        "case": case,
        "url": case_url(case),
        "grade": grade_of(case.level),
        "assessed": "未评估" if grading is None else grading.short,
        "state": WORKFLOW.state_label(case.state),
    }
    if grading is not None and grading.basis == Grading.Basis.SELF:
        line["self_grade"] = "" if case.level else grading.grade_text
    if case.closed_on is not None:
        line["closed_text"] = date_text(case.closed_on, clockwork)
    elif deadline is not None:
        mark = due_mark(deadline.due_on, deadline.due_at, clockwork)
        if case.state == RiskState.LONG_TERM and mark["class"] == "late":
            # R6: long-term control is never 逾期; what is wanting is the check or the re-assessment.
            mark = {
                "class": "soon",
                "icon": "",
                "text": "检查到期未填" if deadline.rule_key.endswith("check") else "到期未再评估",
            }
        line |= {
            "due": mark,
            "due_text": date_text(deadline.due_on, clockwork),
            "due_rule": deadline.rule.label,
            "provisional": deadline.provisional,
        }
    return line


def _paging(page: Page, total: int, links: chips.Links) -> dict[str, str]:
    counted = count_text(total) if total > COUNT_UP_TO else f"{count_text(total)} 个"
    return {
        "text": f"本页 {len(page.rows)} 个，共 {counted}。导出为全部 {counted}。",
        "prev_url": links.to(before=page.before) if page.before else "",
        "next_url": links.to(after=page.after) if page.after else "",
        "last_url": links.to(last="1") if page.after else "",
    }


def _empty(links: chips.Links, everywhere: dict[str, int], may_register: bool) -> dict[str, str]:
    """Says what to do: loosen the conditions when there are others, else register the first."""
    if sum(everywhere.values()):
        return {
            "title": "没有符合条件的风险点",
            "icon": "search",
            "text": "去掉上面的某个条件，或者看全部等级。",
            "url": links.fresh(grade=ALL),
            "label": "看全部等级",
        }
    if may_register:
        return {
            "title": "还没有登记风险点",
            "icon": "shield-half",
            "text": "按场所、设施、作业、区域逐处查找，查到一处登记一处，登记后可自评等级。",
            "url": reverse("risks:new"),
            "label": "登记风险点",
        }
    return {"title": "还没有登记风险点", "icon": "shield-half", "text": "责任单位或主管部门登记后，会在这里列出。"}


@acting()
@require_GET
def export(request: ActorRequest) -> HttpResponse:
    """The xlsx of exactly what the address filters, in the same order."""
    at = now()
    found, links = _filtered(request, at)
    sort = sort_for(links.sort, capped_count(found.matched))
    file = exports.export_register(
        cases=found.matched, sort=sort, conditions=found.described(), actor=request.actor, at=at
    )
    name = exports.file_name(request.actor, at)
    return FileResponse(file, as_attachment=True, filename=name, content_type=exports.SPREADSHEET)  # type: ignore[return-value]

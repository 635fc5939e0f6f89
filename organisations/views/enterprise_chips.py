"""The filter chips of the enterprise register: every state of them is an address that can be shared."""

from collections.abc import Iterable
from typing import Any

from django.http import QueryDict

from organisations.filters import GRADES, NO_GRADE, UNDETERMINED, EnterpriseFilter
from organisations.models import Enterprise
from organisations.roles import Scope

_PAGING = ("after", "before")


def address(query: QueryDict, **changes: str | None) -> str:
    """The current filters with some changed (None: without it), from the first page on."""
    changed = query.copy()
    for name in (*_PAGING, *changes):
        changed.pop(name, None)
    for name, value in changes.items():
        if value is not None:
            changed[name] = value
    return f"?{changed.urlencode()}"


def chip_rows(filters: EnterpriseFilter, query: QueryDict, *, scope: Scope) -> list[dict[str, Any]]:
    grades = [
        {
            "text": text.replace(" ", "（") + "）" if " " in text else text,
            "url": address(query, grade=None if query.get("grade") == value else value),
            "current": query.get("grade") == value,
            "swatches": [value] if value != NO_GRADE else [],
        }
        for value, text in (*GRADES, (NO_GRADE, "未评级"))
    ]
    flags = [
        _flag(query, "key", "重点企业"),
        _flag(query, "high_risk", "高危企业"),
    ]
    form = filters.form
    opening = []
    if scope != Scope.TERRITORY:
        opening.append(
            _opening(query, "township", "乡街", ((t.code, t.name) for t in form.fields["township"].queryset))
        )  # type: ignore[attr-defined]
    opening.append(_opening(query, "sector", "行业", ((s.code, s.name) for s in form.fields["sector"].queryset)))  # type: ignore[attr-defined]
    departments = [(str(d.pk), str(d)) for d in form.fields["department"].queryset if d.valid_to is None]  # type: ignore[attr-defined]
    opening.append(_opening(query, "department", "执法部门", [*departments, (UNDETERMINED, "待明确")]))
    opening.append(_opening(query, "level", "分级监管", filters.filters["level"].extra["choices"]))
    opening.append(_opening(query, "operation", "经营状态", Enterprise.Operation.choices))
    return [
        {"label": "等级", "chips": grades},
        {"label": "条件", "chips": [*_searching(query), *flags, *opening]},
    ]


def _flag(query: QueryDict, name: str, text: str) -> dict[str, Any]:
    on = query.get(name) == "true"
    return {"text": text, "url": address(query, **{name: None if on else "true"}), "removable": on}


def _opening(query: QueryDict, name: str, text: str, choices: Iterable[tuple[str, str]]) -> dict[str, Any]:
    chosen = query.get(name)
    options = [
        {"text": label, "url": address(query, **{name: value}), "current": value == chosen} for value, label in choices
    ]
    current = next((option["text"] for option in options if option["current"]), None)
    if current is not None:
        return {"text": f"{text}：{current}", "url": address(query, **{name: None}), "removable": True}
    return {"text": text, "options": options}


def _searching(query: QueryDict) -> list[dict[str, Any]]:
    words = query.get("q", "").strip()
    if words:
        return [{"text": f"名称或代码：{words}", "url": address(query, q=None), "removable": True}]
    keep = [{"name": name, "value": value} for name, value in query.items() if name not in (*_PAGING, "q")]
    return [{"text": "名称或代码", "search_name": "q", "search_value": "", "keep": keep}]

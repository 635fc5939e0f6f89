"""The filter rows of the risk register: every condition is a link, so a filtered register can be shared."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from organisations.actors import Actor
from organisations.models import Sector, Territory, Unit
from organisations.roles import Scope, UnitKind
from risks.filters import ALL, DUES, GRADES, NO_GRADE, OPEN, SEVERE_KEY, STATES, RiskFilter, default_grade
from risks.grading import SEVERE, Grade
from risks.selectors.register import DEFAULT_SORT, SORT_WORDS, count_text


@dataclass(frozen=True)
class Links:
    """Addresses of the register: the present conditions with some of them changed. Defaults are left out of the address."""

    params: Mapping[str, str]
    sort: str
    actor: Actor

    def to(self, name: str = "risks:register", **changes: str) -> str:
        wanted = {**self.params, "sort": self.sort, **changes}
        plain = {"grade": default_grade(self.actor), "state": OPEN, "sort": DEFAULT_SORT}
        query = urlencode({k: v for k, v in wanted.items() if v and plain.get(k) != v})
        return f"{reverse(name)}?{query}" if query else reverse(name)

    def fresh(self, **conditions: str) -> str:
        """Only these conditions."""
        return Links({}, DEFAULT_SORT, self.actor).to(**conditions)


def rows(found: RiskFilter, links: Links, counts: Mapping[str, int]) -> list[dict[str, Any]]:
    return [
        {"label": "等级", "chips": _grades(links, counts)},
        {"label": "条件", "chips": _conditions(found, links)},
        {"label": "常用", "kind": "links", "chips": _usual(links)},
    ]


def grade_total(counts: Mapping[str, int], key: str) -> int:
    """How many a grade chip stands for; a sum over the cap stays over it."""
    if key == ALL:
        return sum(counts.values())
    if key == SEVERE_KEY:
        return sum(counts[grade] for grade in SEVERE)
    return counts["" if key == NO_GRADE else key]


def _grades(links: Links, counts: Mapping[str, int]) -> list[dict[str, Any]]:
    chips = []
    for key, text in GRADES:
        swatches = ["red", "orange"] if key == SEVERE_KEY else [key] if key in Grade.values else []
        chips.append(
            {
                "text": text,
                "url": links.to(grade=key),
                "count": count_text(grade_total(counts, key)),
                "current": links.params.get("grade") == key,
                "swatches": swatches,
            }
        )
    return chips


def _conditions(found: RiskFilter, links: Links) -> list[dict[str, Any]]:
    chips = _state(links)
    actor = links.actor
    district = actor.district_id
    if actor.scope not in {Scope.TERRITORY, Scope.OWN}:
        areas = Territory.objects.filter(district_id=district).exclude(kind=Territory.Kind.DISTRICT)
        chips.append(_dimension(found, links, "township", [(area.code, area.name) for area in areas]))
    sectors = Sector.objects.filter(district_id=district)
    chips.append(_dimension(found, links, "sector", [(sector.code, sector.name) for sector in sectors]))
    if actor.scope != Scope.OWN:
        kinds = (UnitKind.BUREAU, UnitKind.DEPARTMENT)
        departments = Unit.objects.filter(district_id=district, kind__in=kinds).order_by("kind", "pk")
        options = [(str(unit.pk), f"{unit}（已撤销）" if unit.valid_to else str(unit)) for unit in departments]
        chips.append(_dimension(found, links, "department", options))
    chips.append(_dimension(found, links, "due", list(DUES)))
    if links.params.get("unit"):
        chips.append(_removable("责任单位", str(found.cleaned.get("unit") or "不认识"), links.to(unit="")))
    chips.append(_words(links))
    chips.append(
        {
            "text": "排序",
            "options": [
                {"text": text, "url": links.to(sort=key), "current": links.sort.removeprefix("-") == key}
                for key, text in SORT_WORDS.items()
            ],
        }
    )
    return chips


def _state(links: Links) -> list[dict[str, Any]]:
    state = links.params.get("state", OPEN)
    options = [{"text": text, "url": links.to(state=key), "current": key == state} for key, text in STATES]
    if state == OPEN:
        return [_removable("状态", "未销号", links.to(state=ALL)), {"text": "环节", "options": options}]
    if state == ALL:
        return [{"text": "环节", "options": options}]
    return [_removable("环节", dict(STATES).get(state, "不认识"), links.to(state=""))]


def _dimension(found: RiskFilter, links: Links, name: str, choices: list[tuple[str, str]]) -> dict[str, Any]:
    """A chosen condition can be taken away; otherwise its choices open."""
    label = str(found.filters[name].label)
    if chosen := links.params.get(name):
        return _removable(label, dict(choices).get(chosen, "不认识"), links.to(**{name: ""}))
    return {"text": label, "options": [{"text": text, "url": links.to(**{name: key})} for key, text in choices]}


def _words(links: Links) -> dict[str, Any]:
    if words := links.params.get("q"):
        return _removable("搜索", words, links.to(q=""))
    keep = [{"name": k, "value": v} for k, v in {**links.params, "sort": links.sort}.items() if v and k != "q"]
    return {"text": "名称、编号、单位", "search_name": "q", "keep": keep}


def _usual(links: Links) -> list[dict[str, Any]]:
    actor = links.actor
    usual = [("已逾期", {"due": "late"}), ("本周到期", {"due": "week"}), ("长期管控", {"state": "long_term"})]
    if actor.unit.kind in {UnitKind.BUREAU, UnitKind.DEPARTMENT}:
        usual.insert(0, ("本单位交办、未销号", {"department": str(actor.unit_id)}))
    now = {k: v for k, v in links.params.items() if v and v != {"grade": default_grade(actor), "state": OPEN}.get(k)}
    return [
        {"text": text, "url": links.fresh(**conditions), "current": now == conditions} for text, conditions in usual
    ]


def _removable(label: str, value: str, url: str) -> dict[str, Any]:
    return {"text": f"{label}：{value}", "url": url, "removable": True}

"""X3: a condition that names somebody else's row finds nothing of theirs, on any register, in its export, over the API."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver, reverse
from python_calamine import CalamineWorkbook

from deadlines.api import DeadlineFilter
from organisations.actors import Actor
from organisations.api import EnterpriseFilter as ApiEnterpriseFilter
from organisations.filters import EnterpriseFilter
from organisations.roles import Scope
from records.api import LetterFilter
from risks.filters import RiskFilter
from tests.factories import client_for
from tests.plugins.workspace import media, plain_font, plain_font_folder
from tests.worlds import HERE, WORLDS, World, build_worlds, cast_of_roles, sees

__all__ = ["media", "plain_font", "plain_font_folder"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plain_font", "media")]

# One role of each scope; that all roles of a scope see the same rows is said in tests/risks/test_risk_scope.py.
TRIED = (
    "bureau_handler",
    "department_handler",
    "township_handler",
    "enterprise_reporter",
    "expert",
    "tip_officer",
    "system_admin",
)
RISKS = {"grade": "all", "state": "all"}
# register → its filter set and parameters outside of it, and what else the address needs to show everything
REGISTERS: dict[str, tuple[Any, tuple[str, ...], dict[str, str]]] = {
    "risks:register": (RiskFilter, ("after", "before"), RISKS),
    "risks:export": (RiskFilter, (), RISKS),
    "enterprises:list": (EnterpriseFilter, ("after", "before"), {}),
    "enterprises:export": (EnterpriseFilter, (), {}),
    "enterprises:undetermined": (None, (), {}),
    "letters:list": (None, ("before",), {}),
    "filings:list": (None, ("unit", "after", "before"), {}),
    "statistics:punctuality": (None, ("unit",), {}),
    "statistics:export": (None, ("unit",), {}),
    "statistics:records": (None, ("unit", "after", "before"), {"to": "2027-01-01"}),
    "risks:guide-enterprises": (None, ("sector", "township", "page"), {"standing": "all"}),
    "search": (None, ("q", "number"), {}),
    "risks:unit-options": (None, ("q",), {}),
    "api:risk-point-list": (RiskFilter, ("cursor",), RISKS),
    "api:enterprise-list": (ApiEnterpriseFilter, ("cursor",), {}),
    "api:letter-list": (LetterFilter, ("cursor",), {}),
    "api:deadline-list": (DeadlineFilter, ("cursor",), {}),
}
# Conditions that name no row: a state, a grade, a yes or no, a date.
PLAIN = {
    "grade", "state", "due", "key", "high_risk", "operation", "level", "kind", "rule", "due_on_after", "due_on_before",
    "is_key", "is_high_risk", "risk_grade", "undetermined",
}  # fmt: skip


def naming(world: World, register: str) -> dict[str, Any]:
    """What one would type to name this world's rows, by parameter."""
    unit = world.scene.cast.responsible
    subject = {"enterprises": world.enterprise, "letters": world.letter}.get(register.split(":")[0], world.risk)
    by_name = unit.name[3:7]
    return {
        "unit": by_name if register.startswith("filings:") else unit.pk,
        "owner": unit.pk,
        "recipient": unit.pk,
        "department": world.scene.cast.lead.pk,
        "enforcement_department": world.scene.cast.lead.pk,
        "issuer": world.scene.cast.lead.pk,
        "township": world.township_code,
        "sector": unit.enterprise.sector.code,  # type: ignore[attr-defined]
        "case": world.risk,
        "page": 2,
        "uscc": unit.enterprise.uscc,  # type: ignore[attr-defined]
        "name": by_name,
        "q": by_name,
        "number": world.scene.case.number,
        "after": subject,
        "before": subject,
        "cursor": subject,
    }


def conditions(register: str) -> Iterator[str]:
    declared, more, _ = REGISTERS[register]
    yield from (set(declared.base_filters) - PLAIN if declared else ())
    yield from more


def found(client: Client, register: str, query: dict[str, Any]) -> str:
    """What the register shows, as text."""
    parameter = "q" if register == "search" and "number" in query else ""
    answer = client.get(reverse(register), {parameter or k: v for k, v in query.items()})
    if answer.status_code in {302, 403, 400}:
        return answer.headers.get("Location", "")
    assert answer.status_code == 200, (register, query, answer.status_code)
    if register.endswith(":export"):
        book = CalamineWorkbook.from_filelike(io.BytesIO(b"".join(answer)))
        return str([book.get_sheet_by_name(name).to_python() for name in book.sheet_names[:1]])
    return answer.content.decode()


def marks(world: World) -> list[str]:
    """By which one would know a row of this world: the unit's whole name, its addresses, its case's number."""
    links = [
        f"/risks/{world.risk}/",
        f"/filings/{world.filing}/",
        f"/letters/{world.letter}/",
        f"/enterprises/{world.enterprise}/",
    ]
    return [world.scene.cast.responsible.name, world.scene.case.number, *links]


def shown(text: str, known: list[str], query: dict[str, Any]) -> bool:
    # What was typed comes back in the search field.
    typed = {str(value) for value in query.values()}
    return any(mark in text for mark in known if mark not in typed)


def test_x3_every_condition_is_known_here() -> None:
    """A new filter, or a new list of the API, must say which rows it names."""
    worlds = build_worlds()
    unknown = [
        (register, name)
        for register in REGISTERS
        for name in conditions(register)
        if name not in naming(worlds[HERE], register)
    ]
    assert unknown == []
    lists = {f"api:{name}" for name in _names("api") if name.endswith("-list")}
    assert lists - set(REGISTERS) == {"api:territory-list"}


def test_x3_conditions_find_nothing_of_others() -> None:
    worlds = build_worlds()
    known = {name: marks(world) for name, world in worlds.items()}
    names = {(name, register): naming(worlds[name], register) for name in WORLDS for register in REGISTERS}
    leaks, hits = [], set()
    for actor in _tried():
        client = client_for(actor)
        for register, (_, _, base) in REGISTERS.items():
            hidden = [name for name in WORLDS if not _sees(actor, name, register)]
            asked: list[dict[str, Any]] = [{}]
            asked += [{c: names[name, register][c]} for name in hidden for c in conditions(register)]
            for query in asked:
                text = found(client, register, base | query)
                leaks += [(actor.role.key, register, query, name) for name in hidden if shown(text, known[name], query)]
                # The frame itself names an enterprise's own people.
                if (
                    not query
                    and actor.scope != Scope.OWN
                    and any(shown(text, known[name], {}) for name in set(WORLDS) - set(hidden))
                ):
                    hits.add(register)
    assert leaks == []
    # The walk looks in the right place: each register shows what may be seen. These three show nothing unasked.
    assert set(REGISTERS) - hits == {"enterprises:undetermined", "search", "risks:unit-options"}


def _names(space: str) -> list[str]:
    resolver = dict((r.namespace, r) for r in get_resolver().url_patterns if hasattr(r, "namespace"))[space]
    return [pattern.name for pattern in resolver.url_patterns if getattr(pattern, "name", None)]


def _sees(actor: Actor, world: str, register: str) -> bool:
    """Pages of cases also name the enterprise of a case that one sees."""
    registry = register.startswith("enterprises:") or register in {"api:enterprise-list", "risks:guide-enterprises"}
    if register in {"search", "risks:unit-options"}:
        return sees(actor, world, "risk") or sees(actor, world, "enterprise")
    return sees(actor, world, "enterprise" if registry else "risk")


def _tried() -> list[Actor]:
    return [actor for actor in cast_of_roles() if actor.role.key in TRIED]

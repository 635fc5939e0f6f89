"""X3: every address × every role × somebody else's rows. An address that nobody classified fails.

The walk reads the resolver, so a new page is in it at once: it must carry a mark of `organisations.access` (or be an API
view behind a login), and what it names must be found in `tests/worlds.py` for three places: ours, our neighbour's, abroad.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from rest_framework.permissions import IsAuthenticated

from organisations.access import Access
from organisations.actors import Actor
from organisations.roles import ROLES
from tests.factories import client_for
from tests.plugins.workspace import media, plain_font, plain_font_folder
from tests.worlds import ABROAD, HERE, NAMED_BY, WORLDS, World, build_worlds, cast_of_roles, sees

__all__ = ["media", "plain_font", "plain_font_folder"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plain_font", "media")]

# Asked by machines before anybody logs in; they say nothing of any district.
HEALTH = {"healthz", "readyz", "statusz"}
PUBLIC = {
    "login",
    "logout",
    "choose-post",
    "change-password",
    "login-code",
    "login-enrol",
    "anchors",
    "api:token",
    "api:schema",
    "api:docs",
    "api:unknown",
    "deadlines:calculator",
    "verify-ask",
    "verify",
}
# What an address may name besides rows: a rule of the code, a year of the calendar, an act of the workflow.
NO_ROWS = {"key": "risks.handover", "year": 2026, "action": "conclude", "act": "unlock"}
NO_ROWS |= {"kind": "notice", "code": "2222222222222222", "batch": "issue"}
# Refused beyond the mark, by the role's scope or by the registry's own rules.
NO_REGISTER = {"risks:register", "risks:export"}
# Figures over enterprises: for whoever supervises them.
NO_FIGURES = {"risks:guide-coverage", "risks:guide-enterprises", "risks:guide-coverage-export"}
OWN_RULES = {"enterprises:edit", "enterprises:change", "enterprises:decide-change"}
FINE = {200, 202, 302}


@dataclass(frozen=True)
class Address:
    name: str
    params: tuple[str, ...]
    view: Any

    @property
    def access(self) -> Access | None:
        return getattr(self.view, "access", None)

    @property
    def kind(self) -> str:
        """public, acting, scoped, api, health; or "" when nobody said."""
        if self.access is not None:
            return "public" if self.access.public else "scoped" if self.access.scoped else "acting"
        if (cls := getattr(self.view, "cls", None)) is not None:
            given = getattr(self.view, "initkwargs", {})
            guards = given.get("permission_classes", cls.permission_classes)
            known = given.get("authentication_classes", cls.authentication_classes)
            return "api" if known and any(issubclass(guard, IsAuthenticated) for guard in guards) else ""
        return "health" if self.name in HEALTH else ""

    @property
    def names_rows(self) -> bool:
        return bool(set(self.params) - set(NO_ROWS))

    def url(self, world: World | None = None) -> str:
        kwargs: dict[str, Any] = {p: NO_ROWS[p] for p in self.params if p in NO_ROWS}
        query = ""
        if world is not None:
            named = NAMED_BY[self.name]
            if self.names_rows:
                kwargs |= {p: getattr(world, named) for p in self.params if p not in NO_ROWS}
            else:
                query = f"?{named}={getattr(world, named)}"
        return reverse(self.name, kwargs=kwargs) + query


def walk(patterns: list[URLPattern | URLResolver], space: str = "", params: tuple[str, ...] = ()) -> Iterator[Address]:
    for item in patterns:
        more = params + tuple(item.pattern.converters or item.pattern.regex.groupindex)
        if isinstance(item, URLResolver):
            yield from walk(item.url_patterns, f"{space}{item.namespace}:" if item.namespace else space, more)
        else:
            yield Address(f"{space}{item.name or item.callback}", more, item.callback)


ADDRESSES = tuple(walk(get_resolver().url_patterns))


def of_kind(*kinds: str) -> list[Address]:
    return [address for address in ADDRESSES if address.kind in kinds]


def test_x3_every_address_is_classified() -> None:
    assert [a.name for a in ADDRESSES if not a.kind] == []
    assert {a.name for a in of_kind("public")} == PUBLIC
    assert {a.name for a in of_kind("health")} == HEALTH
    assert len({a.name for a in ADDRESSES}) == len(ADDRESSES), "a name is given twice"
    # What names a row looks it up within the scope, and this walk knows which row to try.
    assert [a.name for a in of_kind("acting") if a.names_rows] == []
    scoped = {a.name for a in of_kind("scoped")} | {a.name for a in of_kind("api") if a.names_rows}
    assert scoped == set(NAMED_BY)


def test_x3_nobody_gets_in_without_logging_in() -> None:
    worlds = build_worlds()
    client = Client()
    wrong = []
    for address in ADDRESSES:
        world = worlds[HERE] if address.name in NAMED_BY else None
        for method in (client.get, client.post):
            answer = method(address.url(world))
            told = (answer.status_code, answer.headers.get("Location", ""))
            if address.kind == "api":
                right = told[0] == 401
            elif address.kind in {"acting", "scoped"} or address.name in {"choose-post", "change-password"}:
                right = told[0] == 302 and told[1].startswith("/login/?next=/")
            else:
                right = told[0] in {200, 302, 400, 404, 405, 503}
            if not right:
                wrong.append((address.name, *told))
    assert wrong == []


def test_x3_pages_without_rows_ask_for_the_right_and_nothing_else() -> None:
    build_worlds()
    wrong = []
    for actor in cast_of_roles():
        client = client_for(actor)
        for address in of_kind("acting"):
            status = client.get(address.url()).status_code
            blind = address.name in NO_REGISTER and actor.scope == "none"
            blind |= address.name in NO_FIGURES and actor.scope in {"none", "assigned", "own"}
            expected = {403} if blind or not _has_right(address, actor) else FINE | {405}
            if status not in expected:
                wrong.append((actor.role.key, address.name, status))
    assert wrong == []


def test_x3_every_role_finds_its_own_rows_and_no_others() -> None:
    """Reading and writing: 404 for rows of the neighbour or of another district, before any form is looked at."""
    worlds = build_worlds()
    wrong = []
    for actor in cast_of_roles():
        client = client_for(actor)
        for address in of_kind("scoped"):
            if not _has_right(address, actor):
                # Whose row it is does not matter then: the foreign one must not even be looked up.
                if (status := client.get(address.url(worlds[ABROAD])).status_code) != 403:
                    wrong.append((actor.role.key, address.name, ABROAD, [status]))
                continue
            for name in WORLDS:
                url, seen = address.url(worlds[name]), sees(actor, name, NAMED_BY[address.name])
                statuses = [client.get(url).status_code]
                if seen:
                    right = statuses[0] in FINE | {405} or (statuses[0] == 403 and address.name in OWN_RULES)
                else:
                    statuses.append(client.post(url).status_code)
                    right = 404 in statuses and set(statuses) <= {404, 405}
                if not right:
                    wrong.append((actor.role.key, address.name, name, statuses))
    assert wrong == []


def test_x3_every_role_finds_its_own_rows_over_the_api() -> None:
    worlds = build_worlds()
    wrong = []
    for actor in cast_of_roles():
        client = client_for(actor)
        for address in of_kind("api"):
            if not address.names_rows:
                continue
            for name in WORLDS:
                url, seen = address.url(worlds[name]), sees(actor, name, NAMED_BY[address.name])
                for method in getattr(address.view, "actions", {}):
                    if method not in {"get", "post"} or (seen and method == "post"):
                        continue  # what an own row answers to a body is the matter of tests/api
                    told = getattr(client, method)(url, **({} if method == "get" else _JSON)).status_code
                    # The PDF of these letters was never rendered: 409 says "later" to those who may have it.
                    if told not in ({200, 409} if seen else {404}):
                        wrong.append((actor.role.key, address.name, name, method, told))
    assert wrong == []


def test_x3_every_role_of_the_table_takes_the_walk() -> None:
    build_worlds()
    assert [actor.role.key for actor in cast_of_roles()] == [role.key for role in ROLES]


_JSON = {"data": "{}", "content_type": "application/json"}


def _has_right(address: Address, actor: Actor) -> bool:
    assert address.access is not None
    rights = address.access.rights
    return not rights or any(actor.may(right) for right in rights)

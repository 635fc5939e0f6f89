"""How a view says who may reach it. Every URL carries one of these marks; a test walks all of them (X3)."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from organisations.actors import Actor
from organisations.again import to_login
from organisations.roles import Right

View = Callable[..., HttpResponse]


class ActorRequest(HttpRequest):
    """What a marked view receives: a request on which somebody acts."""

    actor: Actor


@dataclass(frozen=True)
class Access:
    """`public`: anybody. Otherwise a logged-in person in a post, with any one of `rights` when there are some.

    `scoped` says that the URL names an object, which the view must look up through `for_actor` (404 outside the scope).
    """

    public: bool = False
    rights: frozenset[Right] = frozenset()
    scoped: bool = False


def public(view: View) -> View:
    view.access = Access(public=True)  # type: ignore[attr-defined]
    return view


def acting(*rights: Right, scoped: bool = False) -> Callable[[View], View]:
    """Mark a view for people in a post; with rights, for posts that have any one of them (403 otherwise)."""

    def mark(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            actor: Actor | None = getattr(request, "actor", None)
            if actor is None:
                return to_login(request)
            if rights and not any(actor.may(right) for right in rights):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        guarded.access = Access(rights=frozenset(rights), scoped=scoped)  # type: ignore[attr-defined]
        return guarded

    return mark

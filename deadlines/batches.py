"""Batches (批量办理): acts that one person does on many things at once (X8), each declared once by the app that owns it.

A batch is no act of its own. Every thing that was picked goes through the same service as on its own page, with its own
checks, evidence and deadline effects; what cannot be done is named with its reason and stays where it was.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django import forms
from django.db.models import QuerySet

from deadlines.services.ledger import LateReasonMissing
from deadlines.workflow import Refused
from organisations.actors import Actor
from organisations.roles import Right
from records.services.attachments import FileRefused
from records.services.refusals import LetterRefused
from records.services.signing import SignatureRefused

REFUSALS = (Refused, LetterRefused, SignatureRefused, FileRefused, LateReasonMissing)


@dataclass(frozen=True)
class Shown:
    """One thing as the list shows it. `sub` says whose it is, `marks` what else to look at before ticking it."""

    title: str
    url: str
    sub: str
    marks: Sequence[str] = ()


@dataclass(frozen=True)
class Facet:
    """What narrows a long list: a column of it, and the Chinese for each of its values."""

    label: str
    column: str
    text: Callable[[Iterable[Any]], Mapping[Any, str]]


@dataclass(frozen=True)
class Batch:
    """`waiting(actor, at)` are the rows that this post may act on, oldest first, each with its `case`.

    `form(data, actor, at)` asks once for all of them; `told(form, actor)` is what it says, with a password compared once
    (raises SignatureRefused). `perform(row, told, actor, at, version)` is the ONE service call for a row. `why_not(rows,
    actor)` names the rows of a page that only their own page can do.
    """

    key: str
    label: str
    right: Right
    waiting: Callable[[Actor, datetime], QuerySet[Any]]
    shown: Callable[[Any], Shown]
    form: Callable[[Any, Actor, datetime], forms.Form]
    told: Callable[[Any, Actor], Mapping[str, Any]]
    perform: Callable[[Any, Mapping[str, Any], Actor, datetime, int], object]
    will: str
    done: Callable[[Mapping[str, Any]], str]  # 已签发
    unit: str  # what is counted: 份, 项
    submit_label: str
    icon: str
    why_not: Callable[[Sequence[Any], Actor], Mapping[int, str]] = field(default=lambda rows, actor: {})
    facet: Facet | None = None


_BATCHES: dict[str, Batch] = {}


def register(*batches: Batch) -> None:
    for batch in batches:
        _BATCHES[batch.key] = batch


def batch(key: str) -> Batch | None:
    return _BATCHES.get(key)


def batches_of(actor: Actor) -> list[Batch]:
    """Those whose act this post may do at all."""
    return [batch for batch in _BATCHES.values() if actor.may(batch.right)]

"""批量核稿、签发、送达: letters of every kind, each by whoever handles its kind (X7, X8)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from deadlines.batches import Batch, Facet, Shown, register
from deadlines.forms.batches import DecisionForm, IssueForm, LateReasons
from organisations.actors import Actor
from organisations.roles import Right
from records.models import Letter, LetterSeries
from records.selectors import letter_url
from records.services import letters, own_letters, sending

S = Letter.State


@dataclass(frozen=True)
class LetterHands:
    """The acts on a kind of letter: `act(letter, actor=, at=, version=, …)`, under its case's lock."""

    check: Callable[..., object]
    send_back: Callable[..., object]  # note=
    issue: Callable[..., object]  # dispatch=, late_reason=
    dispatch: Callable[..., object]  # late_reason=


def _own(act: Callable[..., object], *names: str) -> Callable[..., object]:
    """An own letter runs under no clock of its issuer, so that a reason for lateness has nowhere to go."""

    def perform(letter: Letter, *, actor: Actor, at: datetime, version: int, **told: Any) -> object:
        given = {name: told[name] for name in names}
        return own_letters.under_lock(letter, lambda fresh: act(fresh, actor=actor, at=at, **given), version=version)

    return perform


_OWN = LetterHands(
    check=_own(letters.check_letter),
    send_back=_own(letters.return_letter, "note"),
    issue=_own(lambda letter, **told: own_letters.issue(letter, number="", **told), "dispatch"),
    dispatch=_own(sending.dispatch_letter),
)
_HANDS: dict[str, LetterHands] = {}


def handled_by(kind: str, hands: LetterHands) -> None:
    """Letters that an act on a case is made by take their steps with that case."""
    _HANDS[kind] = hands


def _hands(letter: Letter) -> LetterHands:
    return _HANDS.get(letter.kind, _OWN)


def _in_state(state: str) -> Callable[[Actor, datetime], QuerySet[Letter]]:
    def waiting(actor: Actor, at: datetime) -> QuerySet[Letter]:
        found = Letter.objects.filter(issuer=actor.unit_id, state=state)
        return found.select_related("case", "issuer", "drafted_by").order_by("drafted_at", "pk")

    return waiting


def _to_check(actor: Actor, at: datetime) -> QuerySet[Letter]:
    mine = _in_state(S.SUBMITTED)(actor, at).filter(checker__person=actor.post.person_id)
    return mine.exclude(drafted_by=actor.post.person_id)


def _shown(letter: Letter) -> Shown:
    to = f"主送{letter.addressee}，" if letter.addressee else ""
    marks = [letter.get_kind_display(), *([letter.urgency] if letter.urgency else [])]
    if letter.due_on:
        marks.append(f"办结期限 {letter.due_on}")
    return Shown(letter.title, letter_url(letter), f"{to}{letter.drafted_by}拟稿", marks)


def _numbered_elsewhere(rows: Sequence[Letter], actor: Actor) -> Mapping[int, str]:
    entered = set(LetterSeries.objects.filter(issuer=actor.unit_id, is_entered=True).values_list("kind", flat=True))
    return {row.pk: "发文字号由本机关系统编，须逐份填写" for row in rows if row.kind in entered}


def _kinds(values: Iterable[Any]) -> Mapping[Any, str]:
    return {value: Letter.Kind(value).label for value in values}


_BY_KIND = Facet("文种", "kind", _kinds)


def _decide(letter: Letter, told: Mapping[str, Any], actor: Actor, at: datetime, version: int) -> object:
    hands, said = _hands(letter), {"actor": actor, "at": at, "version": version}
    return hands.send_back(letter, note=told["note"], **said) if told["back"] else hands.check(letter, **said)


register(
    Batch(
        "check",
        "批量核稿",
        Right.CHECK_LETTER,
        _to_check,
        _shown,
        lambda data, actor, at: DecisionForm(data, agree="同意", back="退回修改"),
        lambda form, actor: {"back": form.sends_back, "note": form.cleaned_data["note"].strip()},
        _decide,
        "同意的逐份送会签或转签发；退回的回到拟稿人，改后再送核。请先点开看过再勾选。",
        lambda told: "已退回修改" if told["back"] else "已核稿",
        "份",
        "办理所勾选的",
        "user-check",
        facet=_BY_KIND,
    ),
    Batch(
        "issue",
        "批量签发",
        Right.ISSUE_LETTER,
        _in_state(S.CHECKED),
        _shown,
        lambda data, actor, at: IssueForm(data),
        lambda form, actor: form.cleaned_data,
        lambda letter, told, actor, at, version: _hands(letter).issue(
            letter, dispatch=told["dispatch"], late_reason=told["late_reason"], actor=actor, at=at, version=version
        ),
        "逐份编号、冻结内容，签发后不能修改。请先点开看过再勾选。",
        lambda told: "已签发并送达" if told["dispatch"] else "已签发",
        "份",
        "签发所勾选的",
        "writing-sign",
        why_not=_numbered_elsewhere,
        facet=_BY_KIND,
    ),
    Batch(
        "dispatch",
        "批量送达",
        Right.DRAFT_LETTER,
        _in_state(S.ISSUED),
        _shown,
        lambda data, actor, at: LateReasons(data),
        lambda form, actor: form.cleaned_data,
        lambda letter, told, actor, at, version: _hands(letter).dispatch(
            letter, late_reason=told["late_reason"], actor=actor, at=at, version=version
        ),
        "平台内的主送、抄送单位立即收件；平台外单位另行送达后登记。",
        lambda told: "已送达",
        "份",
        "送达所勾选的",
        "mail",
        facet=_BY_KIND,
    ),
)

"""Numbers of letters (发文字号): given by the portal without gaps, or entered from the office's own system (X7)."""

import re
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from audit.services import record
from organisations.actors import Actor
from organisations.models import Unit
from organisations.roles import Right
from records.events import Event
from records.models import Letter, LetterCounter, LetterSeries
from records.services.refusals import LetterRefused

# What stands between the unit's code and the year in the number: 蚌山应急交办〔2026〕12号. An office may set its own.
NUMBER_WORD = {
    Letter.Kind.RISK_HANDOVER: "交办",
    Letter.Kind.LETTER: "函",
    Letter.Kind.NOTICE: "通知",
    Letter.Kind.BULLETIN: "通报",
    Letter.Kind.REPORT: "报",
    Letter.Kind.REQUEST: "请",
    Letter.Kind.MINUTES: "纪要",
}
_NUMBER = re.compile(r"(?P<code>.+?)〔(?P<year>[0-9]{4})〕(?P<seq>[1-9][0-9]{0,5})号")


@dataclass(frozen=True)
class Number:
    year: int
    seq: int
    text: str


def series_of(issuer: Unit, kind: str) -> LetterSeries:
    """The office's own setting, or the portal's default (not stored)."""
    found = LetterSeries.objects.filter(issuer=issuer, kind=kind).first()
    return found or LetterSeries(issuer=issuer, kind=kind, word=NUMBER_WORD[Letter.Kind(kind)])


def number_text(series: LetterSeries, year: int, seq: int) -> str:
    return f"{series.issuer.letter_code}{series.word}〔{year}〕{seq}号"


# The row stays locked until the end: who comes second waits, and gets this number if the first one fails.
_NEXT = """
INSERT INTO records_lettercounter AS counter (issuer_id, kind, year, last) VALUES (%s, %s, %s, 1)
ON CONFLICT (issuer_id, kind, year) DO UPDATE SET last = counter.last + 1 RETURNING last
"""


def take_number(letter: Letter, series: LetterSeries, *, year: int, entered: str = "") -> Number:
    """The number that this letter takes now; called last in the issuing transaction, which keeps the counter locked.

    A transaction that fails or is killed gives its number back, because the counter goes back with it.
    """
    if series.is_entered:
        return _entered(letter, series, year, entered)
    if not letter.issuer.letter_code:
        raise LetterRefused("本机关还没有机关代字，不能编号；请系统管理员在“管理 › 单位”中填写")
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [letter.issuer_id, letter.kind, year])
        seq = int(cursor.fetchone()[0])
    return Number(year, seq, number_text(series, year, seq))


def _entered(letter: Letter, series: LetterSeries, year: int, entered: str) -> Number:
    """As the office's system gave it: in form, of this series and year, and not on another letter."""
    text = "".join(entered.split())
    code = f"{series.issuer.letter_code}{series.word}"
    if not text:
        raise LetterRefused("发文字号由本机关公文系统编列，请填写", field="number")
    found = _NUMBER.fullmatch(text)
    if found is None:
        raise LetterRefused(f"发文字号应如“{code}〔{year}〕12号”，年份用六角括号，序号不编虚位", field="number")
    if found["code"] != code:
        raise LetterRefused(f"本机关{letter.get_kind_display()}的代字是“{code}”，不是“{found['code']}”", field="number")
    if int(found["year"]) != year:
        raise LetterRefused(f"发文字号的年份应是签发的年份 {year}", field="number")
    # One at a time for this series and year, so that the other one's letter is seen here and not by the constraint.
    counter = _locked_counter(letter, year)
    if Letter.objects.filter(issuer=letter.issuer, number=text).exists():
        raise LetterRefused(f"{text}已用于另一份文书（含作废），请核对", field="number")
    seq = int(found["seq"])
    _go_on_after(counter, seq)
    return Number(year, seq, text)


def keep_number(letter: Letter, *, year: int, seq: int) -> None:
    """A number that was given on paper is not given again."""
    _go_on_after(_locked_counter(letter, year), seq)


def _locked_counter(letter: Letter, year: int) -> LetterCounter:
    LetterCounter.objects.get_or_create(issuer=letter.issuer, kind=letter.kind, year=year)
    return LetterCounter.objects.select_for_update().get(issuer=letter.issuer, kind=letter.kind, year=year)


def _go_on_after(counter: LetterCounter, seq: int) -> None:
    """Whoever goes back to the portal's numbers goes on after the highest."""
    counter.last = max(counter.last, seq)
    counter.save(update_fields=["last"])


@transaction.atomic
def set_series(*, issuer: Unit, kind: str, word: str, is_entered: bool, actor: Actor, at: datetime) -> LetterSeries:
    """Only for letters to come; what has a number keeps it."""
    if actor.unit_id != issuer.pk or not actor.may(Right.ISSUE_LETTER):
        raise LetterRefused("编号方式由本机关有签发权限的岗位设置")
    taken = {other.label: series_of(issuer, other).word for other in Letter.Kind if other != kind}
    if word in taken.values():
        other = next(label for label, used in taken.items() if used == word)
        raise LetterRefused(f"“{other}”已使用这个代字，文号会重复", field="word")
    series, _ = LetterSeries.objects.update_or_create(
        issuer=issuer, kind=kind, defaults={"word": word, "is_entered": is_entered}
    )
    record(
        Event.SERIES_SET,
        by=actor.stamp,
        at=at,
        subject=("letter_series", series.pk),
        data={"kind": Letter.Kind(kind).label, "word": word, "by": "本机关公文系统" if is_entered else "平台"},
    )
    return series

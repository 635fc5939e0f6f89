"""The acts beside a letter: what each asks, the sentence of what will happen, the ONE call. Who may: letters/flow.py."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from django import forms

from audit.clock import SHANGHAI
from organisations.actors import Actor
from records import letter_forms as f
from records.kinds import OWN_CASE
from records.letters.flow import refusal
from records.models import Letter
from records.services import letters, own_letters, sending
from records.services.numbering import number_text, series_of


@dataclass(frozen=True)
class LetterAct:
    label: str
    form: type[forms.Form]
    perform: Callable[[Letter, Any, Actor, datetime], object]
    will: Callable[[Letter], str]
    done: str
    icon: str = "chevron-right"
    submit_label: str = ""
    arguments: Callable[[Letter], dict[str, Any]] = field(default=lambda letter: {})


def _check(letter: Letter, form: Any, actor: Actor, at: datetime) -> object:
    if form.cleaned_data["decision"] == "return":
        return letters.return_letter(letter, note=form.cleaned_data["note"], actor=actor, at=at)
    return letters.check_letter(letter, actor=actor, at=at)


def _noon(day: date | None) -> datetime | None:
    """A day without an hour is written down as its noon."""
    return datetime.combine(day, time(12), SHANGHAI) if day else None


def _log(letter: Letter, form: Any, actor: Actor, at: datetime) -> object:
    told = form.cleaned_data
    # Today's noon may not have come yet.
    sent_at, signed_at = (min(moment, at) if moment and moment.date() <= at.astimezone(SHANGHAI).date() else moment
                          for moment in (_noon(told["sent_on"]), _noon(told["signed_on"])))  # fmt: skip
    assert sent_at is not None
    return sending.log_outside(
        letter,
        told["delivery"],
        how=told["how"],
        sent_at=sent_at,
        signed_by=told["signed_by"],
        signed_at=signed_at,
        remark=told["remark"],
        actor=actor,
        at=at,
    )


def _issue_will(letter: Letter) -> str:
    series = series_of(letter.issuer, letter.kind)
    if series.is_entered:
        return f"发文字号按本机关公文系统的编号填写，如“{number_text(series, letter.drafted_at.year, 12)}”；签发后不能修改。"
    return f"发文字号按“{series.issuer.letter_code}{series.word}”和年份连续编列，签发后不能修改。"


ACTS: dict[str, LetterAct] = {
    "check": LetterAct(
        "核稿",
        f.CheckForm,
        _check,
        lambda x: "同意后送会签或转签发；退回后由拟稿人修改再送核。",
        "核稿意见已记录",
        "user-check",
    ),
    "countersign": LetterAct(
        "会签",
        f.CountersignForm,
        lambda x, form, actor, at: letters.countersign_letter(
            x, opinion=form.cleaned_data["opinion"], hand=form.hand(), actor=actor, at=at
        ),
        lambda x: "签字即为同意这一稿；稿件再有改动，签字失效，须重新会签。",
        "已会签",
        "writing-sign",
        "同意并签字",
    ),
    "object": LetterAct(
        "会签不同意",
        f.ObjectForm,
        lambda x, form, actor, at: letters.object_to_letter(x, actor=actor, at=at, **form.cleaned_data),
        lambda x: "稿件退回拟稿人修改，改后重新会签。",
        "已退回，意见已记录",
        "message-report",
        "退回",
    ),
    "issue": LetterAct(
        "签发",
        f.IssueForm,
        lambda x, form, actor, at: own_letters.issue(
            x, dispatch=form.cleaned_data["dispatch"], number=form.cleaned_data.get("number", ""), actor=actor, at=at
        ),
        _issue_will,
        "已签发",
        "writing-sign",
        "签发",
        lambda x: {"is_entered": series_of(x.issuer, x.kind).is_entered},
    ),
    "return": LetterAct(
        "退回修改",
        f.ReturnForm,
        lambda x, form, actor, at: letters.return_letter(x, actor=actor, at=at, **form.cleaned_data),
        lambda x: "退回拟稿人修改；改动后已有的会签失效，须重签。",
        "已退回",
        "corner-up-left",
        "退回",
    ),
    "dispatch": LetterAct(
        "送达",
        f.NothingForm,
        lambda x, form, actor, at: sending.dispatch_letter(x, actor=actor, at=at),
        lambda x: "平台内的主送、抄送单位立即收件；平台外单位另行送达后登记。",
        "已送达",
        "mail",
        "送达",
    ),
    "receive": LetterAct(
        "签收",
        f.ReceiveForm,
        lambda x, form, actor, at: own_letters.receive(x, hand=form.hand(), actor=actor, at=at),
        lambda x: f"签字后即为收到{x.issuer}的文书。",
        "已签收",
        "writing-sign",
        "签收",
    ),
    "receive_copy": LetterAct(
        "签收抄送件",
        f.ReceiveForm,
        lambda x, form, actor, at: own_letters.receive(x, hand=form.hand(), actor=actor, at=at),
        lambda x: f"签字后即为收到{x.issuer}的抄送件。",
        "已签收",
        "writing-sign",
        "签收",
    ),
    "log": LetterAct(
        "登记送达",
        f.LogForm,
        _log,
        lambda x: "登记平台外单位怎样收到、由谁签收；可以先登记送达，收到回执再补签收。",
        "已登记",
        "mail",
        "登记",
        lambda x: {"outside": x.deliveries.filter(unit__isnull=True, signed_at__isnull=True)},
    ),
    "leave": LetterAct(
        "留置送达",
        f.LeaveForm,
        lambda x, form, actor, at: sending.leave_letter(x, actor=actor, at=at, **form.cleaned_data),
        lambda x: "记为留置送达，视为已签收。",
        "已记留置送达",
        "user-check",
        "记录",
        lambda x: {
            "open_": x.deliveries.filter(
                unit__isnull=False, is_copy=False, signed_at__isnull=True, left_at__isnull=True
            )
        },
    ),
    "void": LetterAct(
        "作废",
        f.VoidForm,
        lambda x, form, actor, at: letters.void_letter(x, actor=actor, at=at, **form.cleaned_data),
        lambda x: "作废后不能恢复，已编的号保留并注明作废。",
        "已作废",
        "x",
        "作废",
    ),
}
# A handover letter is checked, issued, sent and received on its risk's page, where its clocks are.
ON_ANY_LETTER = {"countersign", "object", "log", "receive_copy"}


def is_own(letter: Letter) -> bool:
    """Handled on its own page: a letter of its own, or one that recalls a letter of another case."""
    return letter.case.kind == OWN_CASE or letter.recalls_id is not None


def possible(letter: Letter, actor: Actor) -> list[str]:
    """The acts that this actor can do on this letter's page now, in the order of the table."""
    names = [name for name in ACTS if name in ON_ANY_LETTER or is_own(letter)]
    found = [name for name in names if not refusal(letter, name, actor)]
    if "log" in found and not letter.deliveries.filter(unit__isnull=True, signed_at__isnull=True).exists():
        found.remove("log")
    if "leave" in found and not letter.deliveries.filter(
        unit__isnull=False, is_copy=False, signed_at__isnull=True, left_at__isnull=True
    ):
        found.remove("leave")
    return found

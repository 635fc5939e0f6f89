"""The acts beside an expected filing: the form of each, the sentence of what will happen, the ONE call."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms

from deadlines.filing_workflow import WORKFLOW
from deadlines.forms.filings import FileReportForm, ReceiveReportForm, ReturnReportForm
from deadlines.models import Deadline, Filing, FilingState
from deadlines.services import filings
from organisations.actors import Actor


@dataclass(frozen=True)
class Context:
    filing: Filing
    actor: Actor
    at: datetime

    def common(self, version: int | None) -> dict[str, Any]:
        return {"filing": self.filing, "actor": self.actor, "at": self.at, "version": version}

    def owes_late(self) -> bool:
        """The unit's own term has run out, so that filing needs a reason."""
        late = Deadline.objects.open().filter(case=self.filing.pk, owner_unit=self.actor.unit_id, due_at__lte=self.at)
        return any(deadline.rule.is_own_term for deadline in late)


@dataclass(frozen=True)
class Act:
    label: str
    icon: str
    form: type[forms.Form]
    perform: Callable[[Context, Any, int | None], object]
    will: Callable[[Context], str]
    done: str
    submit_label: str
    arguments: Callable[[Context], dict[str, Any]] = lambda c: {}


ACTS: dict[str, Act] = {
    "file": Act(
        "报送",
        "writing-sign",
        FileReportForm,
        lambda c, form, v: filings.file_report(**c.common(v), **form.report()),
        lambda c: f"报送{c.filing.case.lead_unit}，提交后不能修改；被退回的可以重报，各次都留存。",
        "已报送",
        "签字并报送",
        lambda c: {"is_late": c.owes_late()},
    ),
    "receive": Act(
        "接收",
        "clipboard-check",
        ReceiveReportForm,
        lambda c, form, v: filings.receive_report(**c.common(v), hand=form.hand()),
        lambda c: f"签收{c.filing.case.responsible_unit}的报送，本期办结。",
        "已接收",
        "签收",
    ),
    "return": Act(
        "退回重报",
        "corner-up-left",
        ReturnReportForm,
        lambda c, form, v: filings.return_report(**c.common(v), reason=form.cleaned_data["reason"]),
        lambda c: f"退回{c.filing.case.responsible_unit}限期重报，退回的报送件留存。",
        "已退回",
        "退回",
    ),
}


def refusal(c: Context, action: str) -> str:
    """Why the act is not possible now, in Chinese, or ""."""
    if why := WORKFLOW.refusal(c.filing.case, action, c.actor):
        return why
    return filings.not_open_yet(c.filing, c.at) if action == "file" else ""


def possible(c: Context) -> list[str]:
    return [action for action in ACTS if not refusal(c, action)]


def label(c: Context, action: str) -> str:
    return "重新报送" if action == "file" and c.filing.case.state == FilingState.RETURNED else ACTS[action].label

"""Who may do what on an expected filing, from which state: one table. Ending one that nobody owes is the system's own."""

from deadlines.events import Event as E
from deadlines.models import FilingState as S
from deadlines.recurring import KIND
from deadlines.workflow import Step, Workflow
from organisations.actors import Actor
from organisations.roles import Right
from records.models import Case


def filing_unit(actor: Actor, case: Case) -> bool:
    return actor.may(Right.FILE) and actor.unit_id == case.responsible_unit_id


def receiving_unit(actor: Actor, case: Case) -> bool:
    return actor.may(Right.RECEIVE_FILING) and actor.unit_id == case.lead_unit_id


def filers(case: Case) -> set[int]:
    return set(case.filing.reports.values_list("by", flat=True))  # type: ignore[attr-defined]


# fmt: off
WORKFLOW = Workflow(
    KIND,
    S,
    [
        #    action     label        from                      to          who …
        Step("file", "报送", (S.EXPECTED, S.RETURNED), S.FILED, filing_unit, "应报单位", E.FILED),
        Step("receive", "接收", (S.FILED,), S.RECEIVED, receiving_unit, "接收单位", E.FILING_RECEIVED, filers, "报送人不能自己接收", closes=True),
        Step("return", "退回重报", (S.FILED,), S.RETURNED, receiving_unit, "接收单位", E.FILING_RETURNED, filers, "报送人不能自己退回"),
    ],
)
# fmt: on

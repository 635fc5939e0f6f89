"""Where a close-out stands: the open application, the conclusion that waits, and whether the values are low enough."""

from collections.abc import Mapping

from deadlines.workflow import Refused
from risks.grading import SEVERE, Graded
from risks.models import CloseOut, RiskPoint, Verification
from risks.services.grading import evaluate


class ClosureRefused(Refused):
    """Why an application or a conclusion cannot be taken, at the field where it stands."""

    def __init__(self, message: str, field: str = "") -> None:
        self.field = field
        super().__init__(message)


def open_close_out(risk: RiskPoint) -> CloseOut:
    close_out = risk.close_outs.filter(outcome=CloseOut.Outcome.OPEN).first()
    if close_out is None:
        raise Refused("没有待核查的销号申请")
    return close_out


def waiting_verification(risk: RiskPoint) -> Verification | None:
    return (
        Verification.objects.filter(close_out__risk=risk, state=Verification.State.SIGNING)
        .select_related("close_out", "drafted_by")
        .prefetch_related("verifiers", "signatures")
        .first()
    )


def lowered(risk: RiskPoint, method: str, inputs: Mapping[str, str]) -> Graded:
    result = evaluate(risk, method, inputs)
    if result.grade in SEVERE:
        raise ClosureRefused(
            f"按所填取值仍为{result.grade.label}风险；降到一般风险或低风险才算治理完毕（三（二）4）", field="method"
        )
    return result

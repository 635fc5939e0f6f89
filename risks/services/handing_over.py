"""What of the risks names the leaver in person (岗位交接): it is listed, and stays with the person who signed."""

from datetime import datetime

from django.urls import reverse

from organisations.models import Person, Post
from organisations.services.handing_over import Work
from risks.models import Verification


def verifications_to_sign(post: Post, successor: Person, at: datetime) -> list[Work]:
    """A conclusion names its verifiers over the digest that the others signed: it cannot change hands."""
    waiting = (
        Verification.objects.filter(state=Verification.State.SIGNING, verifiers=post.person_id)
        .exclude(signatures__person=post.person_id)
        .select_related("close_out__risk__case")
        .distinct()
    )
    hold = "结论已列名由他人签字，不能改换核查人：请在离岗前会签，或由另一核查人提出异议后重新核查"
    return [
        Work(
            f"待会签核查结论：{row.close_out.risk.case}",
            reverse("risks:case", args=[row.close_out.risk_id]),
            hold,
        )
        for row in waiting.filter(close_out__risk__case__lead_unit_id=post.unit_id)
    ]

"""How many statements an act asks of the database, as a literal number, however many events it writes.

At most fifteen for creating a case and for each step; `make bench` measures the same.
"""

from collections.abc import Callable

import pytest

from audit.models import AuditEvent
from deadlines.calendar import WorkCalendar
from tests.bench.measure import statements
from tests.plugins.workspace import media, plain_font, plain_font_folder
from tests.risks.builders import HAND, Scene, photo, registered, risk_in

__all__ = ["media", "plain_font", "plain_font_folder"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plain_font", "media")]
# By token: hashing the password may write its newer form.
TOKEN = type(HAND)(strokes=HAND.strokes, by_token=True)


@pytest.fixture(autouse=True)
def warm(plain_font: None) -> None:
    """The working calendar is read once by each process."""
    WorkCalendar.load()


def cost(scene: Scene, work: Callable[[], object]) -> tuple[int, list[str]]:
    """Statements of the work, and the events it wrote. The risk is read afresh in one of them, as a page would."""
    before = AuditEvent.objects.filter(case_id=scene.pk).count()
    asked = statements(work)
    written = AuditEvent.objects.filter(case_id=scene.pk, case_seq__gt=before).order_by("case_seq")
    return len(asked), list(written.values_list("name", flat=True))


def test_x6_registering() -> None:
    cast = registered().cast
    made: list[Scene] = []
    asked = statements(lambda: made.append(registered(cast=cast)))
    assert len(asked) == 7
    assert AuditEvent.objects.get(case_id=made[0].pk).case_seq == 1


def test_x6_signing_a_conclusion() -> None:
    scene = registered()
    assert cost(scene, lambda: scene.conclude(hand=TOKEN)) == (
        12,
        ["records.signed", "risks.concluded_severe", "deadlines.started"],
    )


def test_x6_signing_a_conclusion_that_meets_a_clock() -> None:
    scene = risk_in("awaiting")
    assert cost(scene, lambda: scene.conclude(hand=TOKEN)) == (
        13,
        ["records.signed", "risks.concluded_severe", "deadlines.met", "deadlines.started"],
    )


def test_x6_reporting_progress() -> None:
    scene = risk_in("treating")
    assert cost(scene, scene.progress) == (6, ["risks.progressed"])


def test_x6_applying_for_close_out() -> None:
    scene = risk_in("treating")
    assert cost(scene, lambda: scene.apply(hand=TOKEN)) == (
        13,
        ["records.signed", "risks.closure_applied", "deadlines.met", "deadlines.started"],
    )


def test_x6_drafting_a_letter_and_handing_it_in() -> None:
    scene = risk_in("graded")
    events = ["records.letter_drafted", "records.letter_submitted"]
    assert cost(scene, scene.draft) == (12, events)


def test_x6_rewriting_a_draft_and_handing_it_in() -> None:
    scene = risk_in("graded")
    scene.draft(checker=None)
    assert cost(scene, scene.draft) == (15, ["records.letter_drafted", "records.letter_submitted"])


def test_x6_checking_a_letter() -> None:
    scene = risk_in("graded")
    scene.draft()
    assert cost(scene, scene.check) == (8, ["records.letter_checked"])


def checked() -> Scene:
    scene = risk_in("graded")
    scene.draft()
    scene.check()
    return scene


HANDED_OVER = ["records.letter_dispatched", "risks.handed_over", "deadlines.met", *["deadlines.started"] * 2]


def test_x6_issuing_a_letter_and_sending_it() -> None:
    """The first number of a series costs what the next one does."""
    for _ in range(2):
        scene = checked()
        assert cost(scene, scene.issue) == (15, ["records.letter_issued", *HANDED_OVER])


def test_x6_issuing_a_letter_that_waits_for_its_seal() -> None:
    scene = checked()
    assert cost(scene, lambda: scene.issue(dispatch=False)) == (10, ["records.letter_issued"])
    assert cost(scene, scene.dispatch) == (12, HANDED_OVER)


def test_x6_receiving_a_letter() -> None:
    scene = risk_in("handed_over")
    assert cost(scene, lambda: scene.receive(hand=TOKEN)) == (
        14,
        ["records.signed", "records.letter_received", "risks.received", "deadlines.met"],
    )


def test_x6_leaving_a_letter_before_witnesses() -> None:
    """Their names are kept beside the event."""
    scene = risk_in("handed_over")
    assert cost(scene, scene.leave) == (
        15,
        ["records.attached", "records.letter_left", "risks.left", "deadlines.met"],
    )


VERIFIED = ["records.signed", "risks.verification_signed"]


def test_x6_verifying() -> None:
    scene = risk_in("applied")
    assert cost(scene, lambda: scene.verify(hand=TOKEN)) == (15, VERIFIED)


def test_x6_last_countersignature_that_closes() -> None:
    scene = risk_in("applied")
    scene.verify()
    assert cost(scene, lambda: scene.countersign(hand=TOKEN)) == (
        14,
        [*VERIFIED, "risks.closure_passed", "deadlines.met"],
    )


def test_x6_last_countersignature_that_sends_back_to_treatment() -> None:
    scene = risk_in("applied")
    scene.verify(passed=False)
    assert cost(scene, lambda: scene.countersign(hand=TOKEN)) == (
        15,
        [*VERIFIED, "risks.closure_failed", "deadlines.met", "deadlines.started"],
    )


def test_x6_countersignature_with_another_to_come() -> None:
    scene = risk_in("applied")
    scene.verify(colleagues=[scene.cast.colleague.person, scene.cast.expert.person])
    assert cost(scene, lambda: scene.countersign(hand=TOKEN)) == (8, VERIFIED)


def test_x6_verifying_anew() -> None:
    """More than fifteen: what was signed before is void, however many had signed it."""
    for first in (1, 2):
        scene = risk_in("applied")
        scene.verify(colleagues=[scene.cast.colleague.person, scene.cast.expert.person])
        if first == 2:
            scene.countersign()
        assert cost(scene, lambda scene=scene: scene.verify(findings="接地电阻 4 欧", hand=TOKEN)) == (
            18,
            ["records.signature_voided"] * first + VERIFIED,
        )


def test_x6_deciding_an_exit() -> None:
    scene = risk_in("graded")
    scene.propose("ceased", reason="加油站已拆除", evidence=[photo()])
    assert cost(scene, lambda: scene.decide_exit(hand=TOKEN)) == (
        13,
        ["records.signed", "risks.exited", "deadlines.cancelled"],
    )


def test_x6_more_clocks_are_no_more_statements() -> None:
    """Approving long-term control starts two clocks and ends one: the effects are one event each, written at once."""
    scene = risk_in("treating")
    scene.propose()
    found, events = cost(scene, lambda: scene.decide_exit(hand=TOKEN))
    assert [name for name in events if name.startswith("deadlines.")] == [
        "deadlines.cancelled",
        "deadlines.started",
        "deadlines.started",
    ]
    assert found == 15


def test_x6_the_same_conclusion_again_keeps_its_signature() -> None:
    """Nothing was signed, so that there is no event to go on from: the last number is asked for."""
    scene = risk_in("graded")
    found, events = cost(scene, lambda: scene.conclude(hand=TOKEN))
    assert (events, scene.risk.gradings.values("signature").distinct().count()) == (["risks.concluded_severe"], 1)
    assert found == 11

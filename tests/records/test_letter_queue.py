"""X7: the queue of letters that have no PDF yet; what is rendered is rendered once and the same again."""

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.db import connection, transaction

from audit.models import AuditEvent
from records.letters.content import LetterContent
from records.letters.render import render_letter
from records.models import Case, Letter
from records.services.rendering import MAX_RENDER_ATTEMPTS, render_pending
from risks.services import handover
from tests.factories import at
from tests.risks.builders import HAND, Scene, risk_in

pytestmark = pytest.mark.usefixtures("plain_font", "media")
in_db = pytest.mark.django_db
L = Letter.State


def break_content(scene: Scene) -> str:
    """The stored content of an issued letter turns out unreadable."""
    good = scene.letter().content
    Letter.objects.filter(case=scene.pk).update(content='{"future": 1}')
    return good


@in_db
def test_x7_failing_render_is_counted_once_a_run_and_leaves_the_letter():
    scene = risk_in("handed_over")
    break_content(scene)
    for attempt in range(1, MAX_RENDER_ATTEMPTS + 1):
        assert render_pending() == (1, 0)
        letter = scene.letter()
        assert (letter.render_attempts, letter.pdf, letter.state) == (attempt, None, L.DISPATCHED)
        assert letter.render_error.startswith("LetterContentError: 公文内容含有未知项：future")
    assert render_pending() == (0, 0)
    assert not AuditEvent.objects.filter(name="records.letter_rendered").exists()


@in_db
def test_x7_voided_letter_is_not_rendered():
    scene = risk_in("graded")
    scene.draft()
    scene.check()
    scene.issue(dispatch=False)
    handover.void_handover(risk=scene.risk, reason="写错", actor=scene.cast.handler, at=scene.at)
    assert render_pending() == (0, 0)


@pytest.mark.letters
@in_db
class TestRendered:
    @pytest.fixture(autouse=True)
    def real_fonts(self, settings):
        settings.LETTER_FONT_DIR = Path(os.environ.get("LETTER_FONT_DIR") or settings.BASE_DIR / ".local" / "fonts")

    def test_x7_renders_once_and_the_same_again(self):
        scene = risk_in("handed_over")
        version = scene.case.version
        assert render_pending() == (1, 1)
        letter = scene.letter()
        with default_storage.open(letter.pdf.path) as stored:
            data = stored.read()
        assert data.startswith(b"%PDF-")
        assert (letter.pdf.digest, letter.pdf.name) == (hashlib.sha256(data).hexdigest(), f"{letter.number}.pdf")
        assert render_pending() == (0, 0)
        again = render_letter(LetterContent.from_json(letter.content))
        assert hashlib.sha256(again).hexdigest() == letter.pdf.digest
        event = AuditEvent.objects.get(case_id=scene.pk, name="records.letter_rendered")
        assert event.data == {"number": letter.number, "digest": letter.pdf.digest}
        assert scene.case.version == version  # nobody who has the page open is told of an act

    def test_x7_one_bad_letter_does_not_hold_up_the_others(self):
        bad, good = risk_in("handed_over"), risk_in("handed_over")
        content = break_content(bad)
        assert render_pending() == (2, 1)
        assert bad.letter().pdf is None and good.letter().pdf is not None
        Letter.objects.filter(case=bad.pk).update(content=content)
        assert render_pending() == (1, 1)
        mended = bad.letter()
        assert (mended.render_error, mended.render_attempts) == ("", 1) and mended.pdf is not None


def test_x7_rendering_waits_for_nobody_who_acts_on_the_case(cloned_db):
    """People lock the case and then write its letter: a renderer that waited between the two would lock both out."""
    scene = risk_in("handed_over", at=at("2023-06-05 09:00"))
    with transaction.atomic():
        Case.objects.select_for_update().get(pk=scene.pk)

        def render() -> tuple[int, int]:
            try:
                with connection.cursor() as cursor:
                    cursor.execute("SET lock_timeout = '2s'")
                Letter.objects.exclude(case=scene.pk).update(render_attempts=MAX_RENDER_ATTEMPTS)
                return render_pending()
            finally:
                connection.close()

        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(render).result(timeout=20) == (0, 0)
    scene.receive(hand=HAND)
    assert scene.letter().state == L.RECEIVED

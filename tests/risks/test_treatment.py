"""R4, R6: the plan and the progress of the responsible unit."""

from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction

from audit.models import AuditEvent
from deadlines.workflow import Refused
from records.services.attachments import FileRefused
from risks.models import Progress
from tests.risks.builders import photo, risk_in, told, traces

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plain_font", "media")]


def test_r6_plan_is_filed_and_a_later_one_stands_beside_it():
    scene = risk_in("treating")
    scene.plan(funds=Decimal("12.50"))
    scene.plan(goal="降为低风险")
    plans = list(scene.risk.plans.order_by("id"))
    assert [plan.goal for plan in plans] == ["降为一般风险", "降为低风险"]
    assert (plans[0].funds, plans[0].by, f"{plans[0].finish_on}") == (
        Decimal("12.50"),
        scene.cast.reporter.person,
        "2026-11-29",
    )
    assert told(scene.pk)[-2:] == ["planned", "planned"] and scene.open_rules() == ["risks.treatment"]
    assert AuditEvent.objects.filter(case_id=scene.pk, name="risks.planned").earliest("id").data["funds"] == "12.50"


def test_r6_progress_with_photos_hangs_on_its_event():
    scene = risk_in("treating")
    scene.progress(percent=80, spent=Decimal("3.2"), photos=[photo("一.jpg"), photo("二.jpg")])
    row = scene.risk.progress.get()
    event = AuditEvent.objects.get(case_id=scene.pk, name="risks.progressed")
    assert (row.percent, row.spent, row.case_seq) == (80, Decimal("3.2"), event.case_seq)
    kept = scene.case.attachments.filter(case_seq=row.case_seq)
    assert sorted(a.name for a in kept) == ["一.jpg", "二.jpg"] and {a.purpose for a in kept} == {"治理照片"}


def test_r6_progress_does_not_end_treatment():
    scene = risk_in("treating")
    scene.progress(percent=100)
    assert scene.state == "treating" and scene.open_rules() == ["risks.treatment"]


def test_r6_bad_photo_takes_the_whole_report_back():
    scene = risk_in("treating")
    before = traces(scene.pk)
    with pytest.raises(FileRefused):
        scene.progress(photos=[photo(), SimpleUploadedFile("x.jpg", b"MZ not a photo at all")])
    assert traces(scene.pk) == before and not Progress.objects.exists()


def test_r6_more_than_all_is_refused():
    scene = risk_in("treating")
    with pytest.raises(IntegrityError, match="progress_percent"), transaction.atomic():
        scene.progress(percent=101)


def test_r6_nothing_is_reported_before_the_letter_is_received():
    scene = risk_in("handed_over")
    before = traces(scene.pk)
    for act in (scene.plan, scene.progress):
        with pytest.raises(Refused, match="当前环节是“待签收”"):
            act()
    assert traces(scene.pk) == before


def test_r6_treatment_goes_on_after_the_letter_was_left():
    scene = risk_in("handed_over")
    scene.leave()
    scene.progress()
    assert scene.risk.progress.count() == 1

"""X3, X8: an absence and its deputy (A/B 角): who may stand in, what overlaps, and that no right passes."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from audit.models import AuditEvent
from audit.personal import told
from organisations.models import Absence, Post
from organisations.services.absences import cancel, possible_deputies, register
from tests.factories import at, client_for, make_actor, make_post

pytestmark = pytest.mark.django_db
NOW = at("2026-10-09 14:20")
FROM, TO = date(2026, 10, 12), date(2026, 10, 16)


@pytest.fixture
def pair():
    return make_actor("bureau_handler"), make_actor("bureau_handler")


def away(actor, deputy, first=FROM, last=TO, **more) -> Absence:
    told = {"reason": "出差", "at": NOW} | more
    return register(first_day=first, last_day=last, deputy=deputy.post, actor=actor, **told)


def refused(*arguments, **more) -> dict[str, list[str]]:
    with pytest.raises(ValidationError) as error:
        away(*arguments, **more)
    return error.value.message_dict


def test_x8_absence_is_registered_and_is_evidence(pair):
    actor, deputy = pair
    absence = away(actor, deputy)
    event = AuditEvent.objects.get(name="organisations.absence_registered")
    assert (event.person_id, event.subject_id) == (actor.person.pk, str(absence.pk))
    data = told([event])[event.pk]
    assert (data["deputy"], data["first_day"], data["last_day"]) == (
        deputy.person.name,
        "2026-10-12",
        "2026-10-16",
    )
    days = [date(2026, 10, day) for day in (11, 12, 16, 17)]
    assert [Absence.objects.on(day).count() for day in days] == [0, 1, 1, 0]


@pytest.mark.parametrize(
    ("absent", "deputy", "may"),
    [
        ("bureau_handler", "bureau_handler", True),
        ("bureau_handler", "bureau_head", True),
        ("bureau_head", "bureau_handler", False),  # cannot issue letters
        ("bureau_principal", "bureau_head", True),  # who may all but sign and approve as 主要负责人
        ("bureau_principal", "bureau_handler", False),
        ("bureau_handler", "tip_officer", False),
    ],
)
def test_x8_a_deputy_may_do_what_the_absent_post_does(absent, deputy, may):
    actor = make_actor(absent)
    other = make_actor(deputy, actor.unit)
    found = possible_deputies(actor.post, on=FROM)
    assert (other.post in found) == may
    if not may:
        assert refused(actor, other) == {"deputy": ["代理人须是本单位在任、有相应权限的另一个人"]}


def test_x8_nobody_stands_in_for_oneself_or_from_elsewhere_or_after_leaving(pair):
    actor, deputy = pair
    said = {"deputy": ["代理人须是本单位在任、有相应权限的另一个人"]}
    second = make_post(person=actor.person, unit=actor.unit, role_key="bureau_head")
    assert second not in possible_deputies(actor.post, on=FROM)
    assert refused(actor, make_actor("department_handler")) == said
    Post.objects.filter(pk=deputy.post.pk).update(valid_to=date(2026, 10, 14))
    deputy.post.refresh_from_db()
    assert refused(actor, deputy) == {"deputy": [f"{deputy.person.name}的岗位到 2026-10-14 为止，代理不到结束日期"]}
    Post.objects.filter(pk=deputy.post.pk).update(valid_to=date(2026, 10, 9))
    assert refused(actor, deputy) == said


@pytest.mark.parametrize(
    ("first", "last", "field"),
    [
        ("2026-10-16", "2026-10-12", "last_day"),
        ("2026-10-01", "2026-10-08", "last_day"),
        ("2026-10-12", "2027-10-13", "last_day"),
    ],
)
def test_x8_days_that_make_no_sense(pair, first, last, field):
    assert list(refused(*pair, date.fromisoformat(first), date.fromisoformat(last))) == [field]


@pytest.mark.parametrize(
    ("first", "last", "overlaps"),
    [(10, 11, False), (10, 12, True), (13, 14, True), (16, 20, True), (17, 20, False)],
)
def test_x8_overlapping_is_refused(pair, first, last, overlaps):
    actor, deputy = pair
    away(actor, deputy)
    days = date(2026, 10, first), date(2026, 10, last)
    if overlaps:
        assert refused(actor, deputy, *days) == {
            "first_day": ["与已登记的 2026-10-12 至 2026-10-16 重叠，请先撤销原来的登记"]
        }
        with pytest.raises(IntegrityError, match="absence_without_overlap"), transaction.atomic():
            Absence.objects.create(
                post=actor.post, deputy=deputy.post, first_day=days[0], last_day=days[1], created_at=NOW
            )
    else:
        assert away(actor, deputy, *days).pk
    assert connection.in_atomic_block


def test_x8_who_is_absent_is_no_deputy(pair):
    actor, deputy = pair
    third = make_actor("bureau_handler")
    away(deputy, third)
    assert refused(actor, deputy) == {
        "deputy": [f"{deputy.person.name}自己 2026-10-12 至 2026-10-16 请假，请另选代理人"]
    }


def test_x8_coming_back_early_ends_it_and_makes_room(pair):
    actor, deputy = pair
    absence = away(actor, deputy)
    assert cancel(absence=absence, actor=actor, at=at("2026-10-13 09:00"))
    assert not cancel(absence=absence, actor=actor, at=at("2026-10-13 09:01"))
    assert not Absence.objects.on(FROM).exists()
    assert AuditEvent.objects.filter(name="organisations.absence_cancelled").count() == 1
    assert away(actor, deputy).pk != absence.pk
    with pytest.raises(Absence.DoesNotExist):
        cancel(absence=absence, actor=deputy, at=NOW)


def test_x8_the_page_registers_says_what_is_wrong_and_cancels(pair, settings):
    settings.BUSINESS_NOW = NOW.isoformat()
    actor, deputy = pair
    client = client_for(actor)
    assert f"{deputy.person.name}（" in client.get("/absences/").content.decode()
    posted = {"first_day": "2026-10-12", "last_day": "2026-10-10", "deputy": deputy.post.pk, "reason": "年休假"}
    wrong = client.post("/absences/", posted)
    assert wrong.status_code == 422
    assert "结束日期不能早于开始日期" in wrong.content.decode() and 'value="年休假"' in wrong.content.decode()
    assert client.post("/absences/", posted | {"last_day": "2026-10-16"}).status_code == 302
    absence = Absence.objects.get()
    page = client.get("/absences/").content.decode()
    assert "未开始" in page and "已登记，" in page
    assert actor.person.name in client_for(deputy).get("/absences/").content.decode()
    assert client_for(deputy).post(f"/absences/{absence.pk}/cancel/").status_code == 404
    assert "已撤销" in client.post(f"/absences/{absence.pk}/cancel/", follow=True).content.decode()
    assert "没有再改" in client.post(f"/absences/{absence.pk}/cancel/", follow=True).content.decode()

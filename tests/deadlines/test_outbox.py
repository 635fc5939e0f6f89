"""X8: what leaves the portal: once per person and channel, true when it is sent, tried again, and never in a storm."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from audit.models import AuditEvent
from deadlines.gateways import OutcomeUnknown, Refused, SendFailed
from deadlines.models import Message, MessageItem, Notice
from deadlines.services import sending
from deadlines.services.notices import tell_owners
from deadlines.services.outbox import DIGEST_OVER
from deadlines.services.reminders import sweep
from deadlines.services.sending import BACK_OFF, MAX_ATTEMPTS, claim, deliver, retry
from organisations.models import Person, Post
from tests.deadlines.outbox import FakeGateway
from tests.factories import at, make_actor
from tests.risks.builders import risk_in

pytestmark = pytest.mark.django_db
LATE = at("2026-10-11 00:01")


@pytest.fixture
def gateway(monkeypatch, settings):
    """Both channels lead to one recorder."""
    settings.MESSAGES_RECORDED_ONLY = True
    fake = FakeGateway()
    monkeypatch.setattr(sending, "adapter", lambda channel: fake)
    return fake


@pytest.fixture
def scene(gateway):
    return risk_in("graded", at=at("2026-09-30 16:40"))


def only(person: Person, **more) -> Message:
    return Message.objects.get(person=person, **more)


def states(person: Person) -> list[tuple[str, str]]:
    return list(Message.objects.filter(person=person).order_by("channel").values_list("channel", "state"))


def test_x8_a_late_notice_goes_by_telephone_and_by_mail_where_there_are_any(scene, gateway):
    person = scene.cast.handler.person
    Person.objects.filter(pk=person.pk).update(email="zhou@example.gov.cn")
    Person.objects.filter(pk=scene.cast.head.person.pk).update(phone="")
    sweep(at=LATE)
    assert states(person) == [("email", "queued"), ("gateway", "queued")]
    assert states(scene.cast.colleague.person) == [("gateway", "queued")]
    assert states(scene.cast.head.person) == []
    result = deliver(at=LATE)
    assert (result.claimed, result.sent, result.failed) == (Message.objects.count(), Message.objects.count(), 0)
    assert states(person) == [("email", "sent"), ("gateway", "sent")]
    text = next(m for m in gateway.sent if m.id == str(only(person, channel="gateway").pk))
    assert text.address == person.phone
    assert text.text == (
        "【蚌山区安全生产监管平台】已逾期：“加油站卸油区静电接地失效”的风险交办，10-10 周六（调休）到期，已逾期，"
        "由区应急管理局办理。请登录平台办理。"
    ).replace("加油站卸油区静电接地失效", scene.case.title)
    mail = next(m for m in gateway.sent if m.address == "zhou@example.gov.cn")
    assert mail.subject == "已逾期：风险交办，已逾期"
    assert not any(person.name in m.text or "1380" in m.text for m in gateway.sent)


def test_x8_nothing_is_sent_twice(scene, gateway):
    sweep(at=LATE)
    deliver(at=LATE)
    first = len(gateway.sent)
    assert first > 0
    sweep(at=LATE + timedelta(minutes=1))
    assert deliver(at=LATE + timedelta(minutes=1)).claimed == 0
    assert len(gateway.sent) == first == len({m.id for m in gateway.sent})


def test_x8_the_districts_profile_chooses_the_channels(scene, gateway):
    district = scene.case.district
    district.profile["messages"] = {"late": [], "today": ["email"]}
    district.save()
    sweep(at=at("2026-10-10 09:00"))
    sweep(at=LATE)
    assert Message.objects.filter(post__unit=scene.cast.lead).count() == 0
    assert Notice.objects.filter(rung="late-0").exists()


def test_x8_without_a_gateway_people_are_told_in_the_portal_alone(settings):
    scene = risk_in("graded", at=at("2026-09-30 16:40"))
    settings.MESSAGES_RECORDED_ONLY = False
    assert sweep(at=LATE).fired > 0
    assert Message.objects.count() == 0
    settings.GATEWAY_URL = "http://127.0.0.1:1/"
    tell_owners([scene.deadline("handover").pk], rung="late-3", text="", at=LATE)
    assert set(Message.objects.values_list("channel", flat=True)) == {"gateway"}


def test_x8_the_state_is_looked_at_again_before_sending(scene, gateway):
    sweep(at=LATE)
    scene.hand_over(at=LATE, late_reason="会签延误")
    deliver(at=LATE + timedelta(minutes=1))
    assert gateway.sent == []
    told = Message.objects.filter(post__unit=scene.cast.lead).values_list("state", "last_error").distinct()
    assert list(told) == [("skipped", "发送前已办结、中止或终止")]


def test_x8_who_has_left_the_post_meanwhile_is_left_alone(scene, gateway):
    sweep(at=LATE)
    Post.objects.filter(pk=scene.cast.handler.post.pk).update(valid_to=at("2026-10-11 00:00").date())
    deliver(at=at("2026-10-12 09:00"))
    assert only(scene.cast.handler.person).last_error == "收件人已不在这个岗位"
    assert only(scene.cast.colleague.person).state == "sent"


def test_x8_the_text_is_true_when_it_is_sent_and_not_when_it_was_queued(scene, gateway):
    sweep(at=LATE)
    deliver(at=at("2026-10-14 09:00"))
    assert "逾期 3 个工作日" in only(scene.cast.handler.person).text


def one(scene, message: Message | None = None) -> Message:
    """Leave one message in the outbox, the handler's."""
    sweep(at=LATE)
    Message.objects.exclude(person=scene.cast.handler.person).update(state="skipped")
    return only(scene.cast.handler.person)


def test_x8_failures_are_tried_again_later_and_later_until_it_is_dead(scene, gateway):
    message, moment = one(scene), LATE
    gateway.answers = [SendFailed("网关回答 503")] * MAX_ATTEMPTS
    for attempt, minutes in enumerate(BACK_OFF, start=1):
        assert deliver(at=moment).failed == 1
        message.refresh_from_db()
        assert (message.state, message.attempts, message.last_error) == ("queued", attempt, "网关回答 503")
        assert message.next_attempt_at == moment + timedelta(minutes=minutes)
        assert deliver(at=message.next_attempt_at - timedelta(seconds=1)).claimed == 0
        moment = message.next_attempt_at
    deliver(at=moment)
    message.refresh_from_db()
    assert (message.state, message.attempts) == ("dead", MAX_ATTEMPTS)
    assert deliver(at=moment + timedelta(days=9)).claimed == 0
    assert {m.id for m in gateway.sent} == {str(message.pk)} and len(gateway.sent) == MAX_ATTEMPTS


def test_x8_what_is_refused_for_good_is_dead_at_once(scene, gateway):
    message = one(scene)
    gateway.answers = [Refused("网关回答 422")]
    deliver(at=LATE)
    message.refresh_from_db()
    assert (message.state, message.attempts, message.last_error) == ("dead", 1, "网关回答 422")


def test_x8_a_dead_letter_goes_out_by_hand_with_the_same_id(scene, gateway):
    message = one(scene)
    gateway.answers = [Refused("网关回答 422")]
    deliver(at=LATE)
    admin = make_actor("system_admin")
    later = LATE + timedelta(hours=1)
    retry(message=message, actor=admin, at=later)
    event = AuditEvent.objects.get(name="deadlines.message_retried")
    assert (event.person_id, event.subject_id, event.data["error"]) == (
        admin.person.pk,
        str(message.pk),
        "网关回答 422",
    )
    assert message.person.phone not in event.canonical
    deliver(at=later)
    assert [m.id for m in gateway.sent] == [str(message.pk)] * 2
    with pytest.raises(ValidationError, match="现在是“已发送”，不用重发"):
        retry(message=message, actor=admin, at=later)
    abroad = make_actor("system_admin", district=_abroad())
    with pytest.raises(Message.DoesNotExist):
        retry(message=message, actor=abroad, at=later)


def _abroad():
    from tests.factories import make_district

    return make_district(code="340302", name="禹会区")


def test_x8_a_silent_gateway_is_asked_again_with_the_same_id(scene, gateway):
    message = one(scene)
    gateway.answers = [OutcomeUnknown("网关没有及时回答")]
    deliver(at=LATE)
    message.refresh_from_db()
    assert (message.state, message.last_error) == ("unknown", "网关没有及时回答")
    deliver(at=LATE + timedelta(minutes=1))
    message.refresh_from_db()
    assert (message.state, message.attempts, len(gateway.sent)) == ("sent", 2, 2)
    assert {m.id for m in gateway.sent} == {str(message.pk)}


def test_x8_a_sender_that_dies_between_sending_and_writing_leaves_it_unknown(scene, gateway, monkeypatch):
    message = one(scene)

    class Killed(BaseException):
        pass

    def dies(*args, **values):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(sending, "_finish", dies)
        with pytest.raises(Killed):
            deliver(at=LATE)
    message.refresh_from_db()
    assert (message.state, message.attempts, len(gateway.sent)) == ("sending", 1, 1)
    assert deliver(at=LATE + sending.CLAIM_LASTS).claimed == 0
    again = LATE + sending.CLAIM_LASTS + timedelta(seconds=1)
    assert deliver(at=again).sent == 1
    assert [m.id for m in gateway.sent] == [str(message.pk)] * 2


def test_x8_a_slow_sender_does_not_undo_what_a_later_one_wrote(scene, gateway):
    message = one(scene)
    [(message_id, slow)] = claim(at=LATE)
    again = LATE + sending.CLAIM_LASTS + timedelta(seconds=1)
    deliver(at=again)
    sending._finish(message, slow, state="dead", last_error="迟到的结果")
    message.refresh_from_db()
    assert (message_id, message.state, message.attempts) == (message.pk, "sent", 2)


def test_x8_a_message_that_cannot_be_written_does_not_hold_up_the_others(scene, gateway, monkeypatch, caplog):
    sweep(at=LATE)
    bad = only(scene.cast.handler.person)
    compose = sending.compose

    def breaks(message, notices, *, at):
        if message.pk == bad.pk:
            raise KeyError(message.person.phone)
        return compose(message, notices, at=at)

    monkeypatch.setattr(sending, "compose", breaks)
    result = deliver(at=LATE)
    bad.refresh_from_db()
    assert (bad.state, bad.last_error, result.failed) == ("queued", "平台内部错误（KeyError）", 1)
    assert only(scene.cast.colleague.person).state == "sent"
    assert bad.person.phone not in caplog.text and str(bad.pk) in caplog.text


def many(scene, number: int):
    return [scene] + [risk_in("graded", cast=scene.cast, at=scene.at) for _ in range(number - 1)]


@pytest.mark.parametrize(
    ("items", "silent", "messages"),
    [(2, False, 2), (2, True, 1), (1, True, 1), (DIGEST_OVER, False, DIGEST_OVER), (DIGEST_OVER + 1, False, 1)],
)
def test_x8_a_digest_instead_of_a_storm(scene, gateway, items, silent, messages):
    many(scene, items)
    sweep(at=LATE, after_silence=silent)
    person = scene.cast.handler.person
    assert Notice.objects.filter(person=person).count() == items
    assert Message.objects.filter(person=person).count() == messages
    assert MessageItem.objects.filter(message__person=person).count() == items
    assert {m.is_digest for m in Message.objects.filter(person=person)} == {items > messages}


def test_x8_a_digest_lists_what_is_still_true(scene, gateway):
    scenes = many(scene, 3)
    sweep(at=LATE, after_silence=True)
    scenes[1].hand_over(at=LATE, late_reason="会签延误")
    deliver(at=LATE)
    text = only(scene.cast.handler.person, is_digest=True).text
    assert text.startswith("【蚌山区安全生产监管平台】区应急管理局有 2 项时限须注意：1.")
    assert text.count("风险交办，已逾期") == 2 and text.endswith("。请登录平台查看。")
    assert only(scene.cast.handler.person, is_digest=True).subject == "时限提醒汇总：2 项"


def test_x8_ten_days_of_silence_end_in_one_message_per_person(scene, gateway, settings, monkeypatch):
    from deadlines import tasks
    from tests.test_health import ran

    many(scene, 3)
    settings.BUSINESS_NOW = "2026-10-20T09:00:00+08:00"
    ran("sweep", timedelta(days=10))
    tasks.sweep()
    assert Message.objects.filter(person=scene.cast.handler.person).count() == 1
    assert only(scene.cast.handler.person).is_digest
    assert set(Notice.objects.filter(person=scene.cast.handler.person).values_list("rung", flat=True)) == {"late-3"}
    tasks.sweep()
    assert Message.objects.filter(person=scene.cast.handler.person).count() == 1


@pytest.mark.parametrize("items", [1, 3])
def test_x8_the_sweep_costs_the_same_for_one_and_three(scene, gateway, django_assert_num_queries, items):
    many(scene, items)
    with django_assert_num_queries(7):  # savepoint, today, its reach, the sweep, districts, the outbox, release
        sweep(at=LATE)

"""X8: 发送记录 and 接收方式: what an administrator and what each person sees of the messages."""

import pytest

from deadlines.models import Message
from deadlines.services.reminders import sweep
from deadlines.services.sending import deliver
from organisations.models import Person
from tests.factories import at, client_for, make_actor
from tests.risks.builders import risk_in

pytestmark = pytest.mark.django_db
LATE = at("2026-10-11 00:01")


@pytest.fixture
def scene(settings):
    settings.MESSAGES_RECORDED_ONLY = True
    settings.BUSINESS_NOW = "2026-10-11T00:05:00+08:00"
    scene = risk_in("graded", at=at("2026-09-30 16:40"))
    Person.objects.filter(pk=scene.cast.handler.person.pk).update(email="zhou@example.gov.cn")
    sweep(at=LATE)
    return scene


def page(actor, url="/manage/messages/") -> str:
    return client_for(actor).get(url).content.decode()


def test_x8_the_demo_shows_what_an_sms_would_have_said(scene):
    deliver(at=LATE)
    person = scene.cast.handler.person
    shown = page(make_actor("system_admin"), f"/manage/messages/?q={person.name}")
    assert f"的风险交办，10-10 周六（调休）到期，已逾期，由{scene.cast.lead}办理。请登录平台办理。" in shown
    assert "138****1234" in shown and "z***@example.gov.cn" in shown
    assert "13805521234" not in shown and "zhou@" not in shown
    assert shown.count("<div>已发送") == 2


@pytest.mark.parametrize(("query", "count"), [("channel=email", 1), ("state=dead", 1), ("q=没有这个人", 0)])
def test_x8_the_record_is_filtered(scene, query, count):
    Message.objects.filter(person=scene.cast.colleague.person).update(state="dead")
    assert page(make_actor("system_admin"), f"/manage/messages/?{query}").count("rowheader") == count


def test_x8_a_dead_letter_is_announced_and_sent_again_by_the_button(scene):
    dead = Message.objects.get(person=scene.cast.colleague.person)
    Message.objects.filter(pk=dead.pk).update(state="dead", attempts=6, last_error="网关回答 503")
    admin, auditor = make_actor("system_admin"), make_actor("audit_admin")
    shown = page(admin, "/manage/messages/?state=dead")
    assert "1 条发送失败" in shown and "网关回答 503" in shown and "第 6 次" in shown
    url = f"/manage/messages/{dead.pk}/retry/"
    assert url in shown and url not in page(auditor, "/manage/messages/?state=dead")
    assert client_for(auditor).post(url).status_code == 403
    answer = client_for(admin).post(url, {"from": "dead"}, follow=True)
    assert "已重新排队" in answer.content.decode() and answer.redirect_chain == [("/manage/messages/?state=dead", 302)]
    dead.refresh_from_db()
    assert (dead.state, dead.attempts) == ("queued", 0)
    assert "不用重发" in client_for(admin).post(url, follow=True).content.decode()


def test_x8_each_person_sees_the_own_ways_and_messages(scene, settings):
    deliver(at=LATE)
    shown = page(scene.cast.handler, "/reach/")
    assert "138****1234" in shown and "z***@example.gov.cn" in shown and shown.count("请登录平台") == 2
    assert "站内、短信（政务通）、电子邮件" in shown
    assert "没有登记" in page(scene.cast.head, "/reach/")
    settings.MESSAGES_RECORDED_ONLY = False
    assert "本平台没有接通短信（政务通）" in page(scene.cast.head, "/reach/")

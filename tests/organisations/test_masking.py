"""Telephone numbers are masked everywhere; the whole number costs a right, a reason and an event (X3, X6)."""

import pytest

from audit.models import AuditEvent
from organisations.events import Event
from organisations.models import Enterprise, Person
from tests.factories import client_for, make_actor, make_enterprise, make_person
from tests.risks.builders import make_cast, registered

pytestmark = pytest.mark.django_db
WHOLE, MASKED = "13812345678", "138****5678"


def test_x6_the_whole_number_is_shown_once_with_a_reason_on_record():
    station = make_enterprise(principal_phone=WHOLE)
    client = client_for(make_actor("bureau_head"))
    page = client.get(f"/enterprises/{station.pk}/").content.decode()
    assert MASKED in page and WHOLE not in page
    url = f"/enterprises/{station.pk}/phone/"
    asked = client.get(url).content.decode()
    assert MASKED in asked and WHOLE not in asked
    assert WHOLE not in client.post(url, {"reason": " "}).content.decode()
    assert AuditEvent.objects.filter(name=Event.UNMASKED).count() == 0
    shown = client.post(url, {"reason": "约定核查时间"})
    assert WHOLE in shown.content.decode() and "no-store" in shown["Cache-Control"]
    assert WHOLE not in client.get(url).content.decode(), "for that view only"
    event = AuditEvent.objects.get(name=Event.UNMASKED)
    assert (event.subject_kind, event.data["reason"], event.data["masked"]) == ("enterprise", "约定核查时间", MASKED)
    assert WHOLE not in event.canonical


def test_x3_without_the_right_nobody_gets_it():
    station = make_enterprise(principal_phone=WHOLE)
    client = client_for(make_actor("bureau_handler"))
    assert "查看完整电话" not in client.get(f"/enterprises/{station.pk}/").content.decode()
    assert client.post(f"/enterprises/{station.pk}/phone/", {"reason": "试"}).status_code == 403
    assert client.post(f"/manage/people/{make_person().pk}/phone/", {"reason": "试"}).status_code == 403


def test_x3_the_number_on_a_risk_and_of_a_person():
    scene = registered(cast=make_cast())
    head = client_for(make_actor("bureau_head"))
    number = scene.risk.responsible_phone
    assert number not in head.get(f"/risks/{scene.pk}/").content.decode()
    assert number in head.post(f"/risks/{scene.pk}/phone/", {"reason": "紧急联系"}).content.decode()
    person = make_person(phone=WHOLE)
    admin = client_for(make_actor("system_admin"))
    assert WHOLE in admin.post(f"/manage/people/{person.pk}/phone/", {"reason": "核对身份"}).content.decode()
    assert AuditEvent.objects.filter(name=Event.UNMASKED).count() == 2


def test_x6_forms_show_the_number_masked_and_keep_it():
    person = make_person(name="钱一", phone=WHOLE)
    client = client_for(make_actor("system_admin"))
    url = f"/manage/people/{person.pk}/"
    page = client.get(url).content.decode()
    assert f'value="{MASKED}"' in page and WHOLE not in page
    client.post(url, {"name": "钱二", "phone": MASKED})
    assert Person.objects.get(pk=person.pk).phone == WHOLE
    assert "手机号应为 11 位数字" in client.post(url, {"name": "钱二", "phone": "139****0000"}).content.decode()
    client.post(url, {"name": "钱二", "phone": "13900000000"})
    assert Person.objects.get(pk=person.pk).phone == "13900000000"


def test_x6_an_enterprise_keeps_its_number_when_it_changes_its_address():
    station = make_enterprise(principal_phone=WHOLE)
    client = client_for(make_actor("enterprise_reporter", station))
    url = f"/enterprises/{station.pk}/edit/"
    page = client.get(url)
    assert MASKED in page.content.decode() and WHOLE not in page.content.decode()
    form = {"address": "东海大道 9 号", "principal_name": "陈国强", "principal_phone": MASKED, "headcount": "12"}
    assert client.post(url, form).status_code == 302
    station = Enterprise.objects.get(pk=station.pk)
    assert (station.address, station.principal_phone) == ("东海大道 9 号", WHOLE)

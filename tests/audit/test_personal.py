"""X6: personal data stands beside the chain as salted commitments; erasing it leaves the chain whole."""

import hashlib
import json

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import DatabaseError

from audit.erasing import ErasureRefused, ask_erasure, decide_erasure, values_like
from audit.models import AuditErasure, AuditEvent, AuditPersonal
from audit.personal import ERASED, Personal, told
from audit.sealing import seal
from audit.services import SYSTEM, record
from audit.verification import verify
from organisations.services.people import save_person
from records.events import Event
from risks.selectors.timeline import timeline
from risks.services.register import edit_risk
from tests.audit.chains import tamper
from tests.factories import at, make_actor, make_person
from tests.risks.builders import risk_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plain_font", "media")]
MOMENT = at("2026-10-09 14:20")


def recorded() -> AuditEvent:
    return record(
        Event.EXPORTED,
        by=SYSTEM,
        at=MOMENT,
        data={"rows": 3, "changes": {"phone": [Personal(""), Personal("13805520000")]}, "personal": "x"},
        personal={"name": "张三"},
    )


def test_x6_event_holds_commitments_and_no_value():
    event = recorded()
    assert "13805520000" not in event.canonical and "张三" not in event.canonical
    rows = {row.field: row for row in AuditPersonal.objects.filter(event=event)}
    assert sorted(rows) == ["changes/phone/1", "name"]
    row = rows["changes/phone/1"]
    text = f"{row.salt}|changes/phone/1|13805520000"
    promised = "sha256:" + hashlib.sha256(text.encode()).hexdigest()
    assert event.data["changes"]["phone"] == ["", promised]
    assert json.loads(event.canonical)["personal"] == ["changes/phone/1", "name"]
    assert len({row.salt for row in rows.values()}) == 2 and all(len(row.salt) == 32 for row in rows.values())
    assert told([event])[event.pk] == {
        "rows": 3,
        "changes": {"phone": ["", "13805520000"]},
        "name": "张三",
        "personal": "x",
    }


def test_x6_equal_values_have_different_commitments():
    first, second = recorded(), recorded()
    assert first.data["name"] != second.data["name"]


def test_x6_events_without_personal_data_read_as_before_with_no_query(django_assert_num_queries):
    event = record(Event.EXPORTED, by=SYSTEM, at=MOMENT, data={"said": 'sha256:abc "personal":["said"]'})
    with django_assert_num_queries(0):
        assert told([event]) == {event.pk: {"said": 'sha256:abc "personal":["said"]'}}
    assert verify().ok


class TestErasing:
    @pytest.fixture(autouse=True)
    def person(self) -> None:
        self.asker, self.other = make_actor("security_admin"), make_actor("audit_admin")
        self.person = make_person(name="李待删", phone="13905551234")
        save_person(person=self.person, actor=make_actor("system_admin"), at=MOMENT)
        self.event = AuditEvent.objects.latest("id")
        seal()

    def ask(self) -> AuditErasure:
        found = values_like(["李待删", "139****1234"], district_code="340303")
        assert [row.field for row in found] == ["name", "phone"]
        return ask_erasure(values=[row.pk for row in found], reason="本人申请", by=self.asker.stamp, at=MOMENT)

    def test_x6_another_person_approves_and_the_chain_stays_whole(self):
        before = self.event.canonical, self.event.digest
        erasure = self.ask()
        assert told([self.event])[self.event.pk]["name"] == "李待删"
        assert decide_erasure(erasure=erasure, approve=True, note="", by=self.other.stamp, at=MOMENT) == 2
        seal()
        self.event.refresh_from_db()
        assert (self.event.canonical, self.event.digest) == before
        assert told([self.event])[self.event.pk] == {"new": False, "name": ERASED, "phone": ERASED}
        assert list(AuditPersonal.objects.filter(event=self.event).values_list("value", "salt")) == [(None, "")] * 2
        assert verify().problems == []
        names = list(AuditEvent.objects.filter(subject_kind="erasure").order_by("id").values_list("name", flat=True))
        assert names == ["audit.erasure_asked", "audit.erased"]
        assert not AuditEvent.objects.filter(canonical__contains="李待删").exists()

    def test_x6_nobody_approves_the_own_request_in_whatever_post(self):
        erasure = self.ask()
        from tests.factories import make_account, make_post

        second = make_post(person=self.asker.person, role_key="audit_admin")
        from organisations.actors import Actor

        twin = Actor(account=make_account(person=self.asker.person), post=second)
        with pytest.raises(ErasureRefused, match="申请人不能批准自己的申请"):
            decide_erasure(erasure=erasure, approve=True, note="", by=twin.stamp, at=MOMENT)
        with pytest.raises(IntegrityError, match="audit_erasure_by_two"), transaction.atomic():
            AuditErasure.objects.filter(pk=erasure.pk).update(decided_by=self.asker.person.pk)
        assert told([self.event])[self.event.pk]["name"] == "李待删"

    def test_x6_refused_request_lets_go_and_may_be_asked_again(self):
        erasure = self.ask()
        with pytest.raises(ErasureRefused, match="另一份申请"):
            self.ask()
        with pytest.raises(ErasureRefused, match="须写明理由"):
            decide_erasure(erasure=erasure, approve=False, note=" ", by=self.other.stamp, at=MOMENT)
        assert decide_erasure(erasure=erasure, approve=False, note="保存期未满", by=self.other.stamp, at=MOMENT) == 0
        with pytest.raises(ErasureRefused, match="已处理：不同意"):
            decide_erasure(erasure=erasure, approve=True, note="", by=self.other.stamp, at=MOMENT)
        assert self.ask().pk != erasure.pk

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE audit_auditpersonal SET value = '别人'",
            "UPDATE audit_auditpersonal SET value = NULL, salt = ''",
            "UPDATE audit_auditpersonal SET salt = 'x'",
            "DELETE FROM audit_auditpersonal",
            "TRUNCATE audit_auditpersonal",
        ],
    )
    def test_x6_database_refuses_any_other_change(self, statement):
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            with pytest.raises(DatabaseError, match=r"only erased|append-only"), transaction.atomic():
                cursor.execute(statement)

    @pytest.mark.parametrize(
        ("statement", "words"),
        [
            ("UPDATE audit_auditpersonal SET value = '别人' WHERE field = 'name'", "name 与承诺不符"),
            ("UPDATE audit_auditpersonal SET salt = 'x' WHERE field = 'phone'", "phone 与承诺不符"),
            ("DELETE FROM audit_auditpersonal WHERE field = 'phone'", "phone 的记录被删"),
        ],
    )
    def test_x6_change_past_the_guard_is_found(self, statement, words):
        tamper(statement)
        assert verify().problems == [f"事件 {self.event.pk}（第 1 环）的个人信息：{words}"]

    def test_x6_erasing_without_approval_is_found(self):
        erasure = self.ask()
        tamper("UPDATE audit_auditpersonal SET value = NULL, salt = '' WHERE field = 'name'")
        tamper("UPDATE audit_auditerasure SET state = 'done', decided_by = %s", self.other.person.pk)
        assert verify().problems == [f"事件 {self.event.pk}（第 1 环）的个人信息：name 没有经过批准就删了"]
        assert erasure.pk


def test_x6_timeline_shows_the_value_while_it_exists():
    scene = risk_in("registered")
    edit_risk(
        risk=scene.risk,
        title="卸油区",
        details={"responsible_person": "赵新责", "responsible_phone": "13700001111"},
        measures={m.kind: m.text for m in scene.risk.measures.all()},
        actor=scene.cast.reporter,
        at=scene.at,
    )
    event = AuditEvent.objects.get(case_id=scene.pk, name="risks.edited")
    assert "赵新责" not in event.canonical and "13700001111" not in event.canonical

    def said() -> str:
        return next(e["said"] for e in timeline(scene.risk, scene.cast.handler, ()) if e["title"] == "修改风险点")

    assert "责任人：陈国强 → 赵新责" in said()
    rows = values_like(["赵新责"], district_code="340303")
    asker, other = make_actor("security_admin"), make_actor("audit_admin")
    erasure = ask_erasure(values=[r.pk for r in rows], reason="本人申请", by=asker.stamp, at=MOMENT)
    decide_erasure(erasure=erasure, approve=True, note="", by=other.stamp, at=MOMENT)
    assert f"责任人：陈国强 → {ERASED}" in said()

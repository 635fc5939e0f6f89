"""X6: the chain over the events; `verify` finds every change made past the database's guard."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC
from threading import Barrier

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from audit.chain import GENESIS
from audit.models import AuditEvent, AuditLink, AuditUnsealed
from audit.sealing import seal
from audit.verification import verify
from tests.audit.chains import event_of, events, tamper
from tests.risks.builders import risk_in


@pytest.mark.django_db
class TestVerify:
    @pytest.fixture(autouse=True)
    def chain(self) -> None:
        events()
        assert seal() == 6

    def test_x6_whole_chain_passes(self, capsys):
        report = verify()
        assert (report.ok, report.links, report.unsealed, report.first_bad) == (True, 6, 0, None)
        links = list(AuditLink.objects.order_by("seq").select_related("event"))
        assert [link.prev for link in links] == [GENESIS, *(link.digest for link in links[:-1])]
        for link in links:
            recorded = link.event.recorded_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f+00:00")
            text = f"2|{link.seq}|{link.event_id}|{link.event.digest}|{recorded}|{link.prev}"
            assert link.digest == hashlib.sha256(text.encode()).hexdigest()
        assert report.head == links[-1].digest
        call_command("audit", "verify")
        assert capsys.readouterr().out.startswith("审计链完整：6 环")

    def found(self, seq: int, words: str) -> None:
        report = verify()
        assert report.first_bad == seq
        assert report.problems == [f"第 {seq} 环：{words}"]
        with pytest.raises(CommandError, match="审计链不完整"):
            call_command("audit", "verify")

    def test_x6_changed_text_is_found(self):
        tamper(
            "UPDATE audit_auditevent SET canonical = replace(canonical, '\"number\":2', '\"number\":9')"
            " WHERE canonical LIKE '%%\"number\":2%%'"
        )
        self.found(3, "事件内容与摘要不符")

    def test_x6_changed_text_with_its_digest_is_found(self):
        tamper(
            "UPDATE audit_auditevent e SET canonical = replace(canonical, '\"number\":2', '\"number\":9')"
            " WHERE canonical LIKE '%%\"number\":2%%'"
        )
        tamper(
            "UPDATE audit_auditevent SET digest = encode(sha256(convert_to(canonical, 'UTF8')), 'hex')"
            " WHERE canonical LIKE '%%\"number\":9%%'"
        )
        self.found(3, "环的摘要不符")

    def test_x6_removed_link_is_found(self):
        tamper("DELETE FROM audit_auditlink WHERE seq = 4")
        self.found(4, "缺失")

    def test_x6_removed_last_link_is_found(self):
        tamper("DELETE FROM audit_auditlink WHERE seq = 6")
        last = AuditEvent.objects.latest("id")
        assert verify().problems == [f"事件 {last.pk} 既未封存也不在待封存表中"]

    def test_x6_swapped_links_are_found(self):
        tamper("UPDATE audit_auditlink SET event_id = event_id + 100000 WHERE seq IN (2, 3)")
        tamper(
            "UPDATE audit_auditlink a SET event_id = b.event_id - 100000 FROM audit_auditlink b"
            " WHERE a.seq IN (2, 3) AND b.seq = 5 - a.seq"
        )
        self.found(2, "环的摘要不符")

    def test_x6_renumbered_links_are_found(self):
        tamper("UPDATE audit_auditlink SET seq = seq + 100 WHERE seq IN (2, 3)")
        tamper("UPDATE audit_auditlink SET seq = 105 - seq WHERE seq > 100")
        self.found(2, "与前一环不衔接")

    def test_x6_links_of_the_first_form_stay_valid(self):
        """What part 1 sealed: the link covered its number, the event's digest and the link before."""
        prev = GENESIS
        for link in AuditLink.objects.order_by("seq").select_related("event")[:4]:
            digest = hashlib.sha256(f"{link.seq}|{link.event.digest}|{prev}".encode()).hexdigest()
            tamper("UPDATE audit_auditlink SET form = 1, prev = %s, digest = %s WHERE seq = %s", prev, digest, link.seq)
            prev = digest
        tamper("DELETE FROM audit_auditlink WHERE seq > 4")
        tamper("INSERT INTO audit_auditunsealed (event_id) SELECT max(id) - 1 FROM audit_auditevent")
        tamper("INSERT INTO audit_auditunsealed (event_id) SELECT max(id) FROM audit_auditevent")
        assert seal() == 2
        assert list(AuditLink.objects.order_by("seq").values_list("form", flat=True)) == [1, 1, 1, 1, 2, 2]
        assert (verify().ok, verify().links) == (True, 6)

    def test_x6_event_without_link_is_found(self):
        tamper(
            "INSERT INTO audit_auditevent (name, at, actor_label, district_code, subject_kind, subject_id, canonical, digest)"
            " SELECT name, at, actor_label, district_code, subject_kind, subject_id, canonical, digest FROM audit_auditevent LIMIT 1"
        )
        report = verify()
        assert not report.ok
        assert report.problems == [f"事件 {AuditEvent.objects.latest('id').pk} 既未封存也不在待封存表中"]

    @pytest.mark.parametrize(
        ("column", "value"),
        [
            ("name", "risks.exited"),
            ("actor_label", "别人"),
            ("at", "2026-09-29 00:00+08"),
            ("person_id", 99),
            ("post_id", 99),
            ("unit_id", 99),
            ("account_id", 99),
            ("district_code", "340302"),
            ("subject_kind", "letter"),
            ("subject_id", "99"),
        ],
    )
    def test_x6_changed_column_is_found(self, column, value):
        event = AuditLink.objects.get(seq=3).event_id
        tamper(f"UPDATE audit_auditevent SET {column} = %s WHERE id = %s", value, event)
        self.found(3, "检索列与事件内容不符")

    def test_x6_changed_time_of_recording_is_found(self):
        tamper("UPDATE audit_auditevent SET recorded_at = recorded_at - interval '1 day' WHERE id = %s", event_of(3))
        self.found(3, "环的摘要不符")

    def test_x6_link_passed_off_as_the_first_form_is_found(self):
        tamper("UPDATE audit_auditlink SET form = 1 WHERE seq = 4")
        self.found(4, "环的摘要不符")

    def test_x6_link_of_a_form_that_never_was_is_found(self):
        tamper("UPDATE audit_auditlink SET form = 7 WHERE seq = 4")
        self.found(4, "环的摘要不符")

    def test_x6_changed_event_that_waits_is_found(self):
        events(2)
        waiting = AuditUnsealed.objects.latest("event_id").event_id
        tamper("UPDATE audit_auditevent SET actor_label = '别人' WHERE id = %s", waiting)
        report = verify()
        assert (report.links, report.unsealed) == (6, 2)
        assert report.problems == [f"待封存事件 {waiting}：检索列与事件内容不符"]


@pytest.mark.django_db
def test_x6_real_case_seals_and_verifies():
    scene = risk_in("graded")
    assert seal(limit=3) == 3
    assert verify().unsealed == AuditEvent.objects.count() - 3
    seal()
    report = verify()
    assert report.ok and report.links == AuditEvent.objects.count() and report.unsealed == 0
    assert AuditEvent.objects.filter(case_id=scene.pk, auditlink=None).count() == 0


def test_x6_two_sealers_at_once_link_each_event_once(cloned_db):
    events(300)
    start = Barrier(2)

    def work(_: int) -> int:
        done = 0
        start.wait()
        while AuditUnsealed.objects.exists():
            done += seal(limit=25)
        connection.close()
        return done

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(work, range(2)))
    assert sum(done) == 300
    report = verify()
    assert (report.ok, report.links, report.unsealed) == (True, 300, 0)
    assert AuditLink.objects.values("event").distinct().count() == 300


def test_x6_second_sealer_leaves_while_one_is_at_work(cloned_db):
    events(3)
    with transaction.atomic():
        assert seal() == 3

        def second() -> int:
            try:
                return seal()
            finally:
                connection.close()

        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(second).result(timeout=10) == 0
    assert verify().ok

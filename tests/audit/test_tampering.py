"""X6: what a superuser can do to the evidence, and that each way is found with the first bad record named.

Thirty links, anchored at 10, 20 and 30. Some ways leave a table that agrees with itself; only the anchors know better.
"""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from audit.anchors.files import files_in
from audit.anchors.keys import create_key
from audit.anchors.writing import ChainContradicted, read_own, write_anchor, write_restored
from audit.models import AuditEvent, AuditLink, AuditUnsealed
from audit.sealing import seal
from audit.services import SYSTEM, record
from audit.verification import verify
from records.events import Event
from tests.audit.chains import MOMENT, anchored_chain, event_of, events, found, loosen, rechain, tamper
from tests.factories import at
from tests.risks.builders import risk_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def chain(anchor_dir: Path) -> Path:
    anchored_chain()
    return anchor_dir


def edit(seq: int) -> None:
    """Change what event `seq` says, its copied columns untouched."""
    tamper(
        "UPDATE audit_auditevent SET canonical = regexp_replace(canonical, '\"number\":\\d', '\"number\":77') WHERE id = %s",
        event_of(seq),
    )


def remove(seq: int) -> None:
    event = event_of(seq)
    tamper("DELETE FROM audit_auditlink WHERE seq = %s", seq)
    tamper("DELETE FROM audit_auditevent WHERE id = %s", event)


def insert_between(seq: int) -> None:
    """A forged event, well formed, put before link `seq` by moving all later links one on."""
    tamper("UPDATE audit_auditlink SET seq = seq + 1000 WHERE seq >= %s", seq)
    tamper("UPDATE audit_auditlink SET seq = seq - 999 WHERE seq >= 1000")
    tamper(
        "INSERT INTO audit_auditevent (name, at, actor_label, district_code, subject_kind, subject_id, canonical, digest)"
        " SELECT name, at, actor_label, district_code, subject_kind, subject_id, canonical, digest"
        " FROM audit_auditevent WHERE id = %s",
        event_of(1),
    )
    forged = AuditEvent.objects.latest("id").pk
    tamper("INSERT INTO audit_auditlink (seq, form, event_id, prev, digest) VALUES (%s, 2, %s, 'x', 'x')", seq, forged)


def swap(one: int, other: int) -> None:
    first, second = event_of(one), event_of(other)
    tamper("UPDATE audit_auditlink SET event_id = 9000000 WHERE seq = %s", one)
    tamper("UPDATE audit_auditlink SET event_id = %s WHERE seq = %s", first, other)
    tamper("UPDATE audit_auditlink SET event_id = %s WHERE seq = %s", second, one)


def link_twice(seq: int) -> None:
    """The same event once more at the end, by the rules."""
    loosen(
        "DO $$ DECLARE name text; BEGIN FOR name IN SELECT conname FROM pg_constraint WHERE contype = 'u'"
        " AND conrelid = 'audit_auditlink'::regclass LOOP"
        " EXECUTE format('ALTER TABLE audit_auditlink DROP CONSTRAINT %I', name); END LOOP; END $$"
    )
    tamper(
        "INSERT INTO audit_auditlink (seq, form, event_id, prev, digest) VALUES (31, 2, %s, 'x', 'x')", event_of(seq)
    )
    rechain(31)


def rechained(act: Callable[[], None], seq: int) -> Callable[[], None]:
    def both() -> None:
        act()
        rechain(seq)

    return both


# What was done, the first bad link, how the finding begins.
WAYS: dict[str, tuple[Callable[[], None], int, str]] = {
    "text edited": (lambda: edit(15), 15, "事件内容与摘要不符"),
    "link removed": (lambda: tamper("DELETE FROM audit_auditlink WHERE seq = 15"), 15, "缺失"),
    "event removed, link left": (
        lambda: tamper("DELETE FROM audit_auditevent WHERE id = %s", event_of(15)),
        15,
        "事件 ",
    ),
    "event and link removed": (lambda: remove(15), 15, "缺失"),
    "first event and link removed": (lambda: remove(1), 1, "缺失"),
    "event inserted": (lambda: insert_between(15), 15, "与前一环不衔接"),
    "events swapped": (lambda: swap(15, 16), 15, "环的摘要不符"),
    "column edited": (
        lambda: tamper("UPDATE audit_auditevent SET actor_label = '别人' WHERE id = %s", event_of(15)),
        15,
        "检索列与事件内容不符",
    ),
    "time of recording edited": (
        lambda: tamper("UPDATE audit_auditevent SET recorded_at = now() WHERE id = %s", event_of(15)),
        15,
        "环的摘要不符",
    ),
    "link's digest edited": (
        lambda: tamper("UPDATE audit_auditlink SET digest = repeat('a', 64) WHERE seq = 15"),
        15,
        "环的摘要不符",
    ),
    "event linked twice": (lambda: link_twice(15), 31, "事件 "),
    "text made unreadable, digest with it": (
        lambda: (
            tamper("UPDATE audit_auditevent SET canonical = '{' WHERE id = %s", event_of(15)),
            tamper("UPDATE audit_auditevent SET digest = encode(sha256('{'), 'hex') WHERE id = %s", event_of(15)),
        ),
        15,
        "事件内容读不出来",
    ),
    # From here on the chain agrees with itself.
    "edited and everything after it computed anew": (rechained(lambda: edit(15), 15), 11, "与存证"),
    "removed and everything after it computed anew": (rechained(lambda: remove(15), 15), 11, "与存证"),
    "inserted and everything after it computed anew": (rechained(lambda: insert_between(15), 15), 11, "与存证"),
    "swapped and everything after it computed anew": (rechained(lambda: swap(15, 16), 15), 11, "与存证"),
    "time of recording edited and computed anew": (
        rechained(lambda: tamper("UPDATE audit_auditevent SET recorded_at = now() WHERE id = %s", event_of(5)), 5),
        1,
        "与存证",
    ),
    "last event removed": (lambda: remove(30), 30, "链尾被截"),
    "tail cut": (lambda: [remove(seq) for seq in range(24, 31)], 24, "链尾被截"),
    "all removed": (lambda: [remove(seq) for seq in range(1, 31)], 1, "链尾被截"),
    "tail cut and grown again": (
        lambda: ([remove(seq) for seq in range(24, 31)], events(20), seal()),
        21,
        "与存证",
    ),
}


def test_x6_untouched_chain_raises_no_alarm(chain):
    report = found()
    assert (report.problems, report.links, report.anchors, report.last_anchor.seq) == ([], 30, 3, 30)
    assert [file.name for file in files_in(chain)] == ["anchors-2026-11.jsonl", "anchors-2026-12.jsonl"]


@pytest.mark.parametrize("way", WAYS)
def test_x6_tampering_is_found_and_the_first_bad_link_named(chain, way):
    act, seq, words = WAYS[way]
    act()
    report = found()
    assert report.first_bad == seq
    assert len(report.problems) == 1 and report.problems[0].startswith(f"第 {seq} 环：{words}")
    with pytest.raises(CommandError, match=f"第 {seq} 环：{words}"):
        call_command("audit", "verify")


def test_x6_rebuilt_chain_is_narrowed_down_between_two_anchors(chain):
    edit(15)
    rechain(15)
    assert "第 11 至 20 环之间被改后整体重做" in found().problems[0]
    assert verify().ok  # the table agrees with itself: without the anchors nobody would know


def test_x6_next_anchor_refuses_a_chain_that_was_rebuilt(chain):
    edit(25)
    rechain(25)
    with pytest.raises(ChainContradicted, match="链被重做：第 30 环"):
        write_anchor(at=MOMENT + timedelta(days=1))
    remove(30)
    with pytest.raises(ChainContradicted, match="链被截短：第 30 环"):
        write_anchor(at=MOMENT + timedelta(days=1))


class TestBesideTheLinks:
    """Nothing of the links is wrong; the record itself is named."""

    def test_x6_waiting_row_removed(self, chain):
        events(3)
        event = AuditUnsealed.objects.earliest("event_id").event_id
        tamper("DELETE FROM audit_auditunsealed WHERE event_id = %s", event)
        assert found().problems == [f"事件 {event} 既未封存也不在待封存表中"]

    def test_x6_waiting_event_removed_with_its_row_after_it_was_anchored(self, chain):
        events(3)
        assert write_anchor(at=MOMENT + timedelta(days=1)).events == 33
        event = AuditUnsealed.objects.latest("event_id").event_id
        tamper("DELETE FROM audit_auditunsealed WHERE event_id = %s", event)
        tamper("DELETE FROM audit_auditevent WHERE id = %s", event)
        assert found().problems == ["存证记载有过 33 条事件，库中只有 32 条：待封存的事件被删"]

    def test_x6_event_without_link_inserted(self, chain):
        tamper(
            "INSERT INTO audit_auditevent (name, at, actor_label, district_code, subject_kind, subject_id, canonical, digest)"
            " SELECT name, at, actor_label, district_code, subject_kind, subject_id, canonical, digest"
            " FROM audit_auditevent LIMIT 1"
        )
        assert found().problems == [f"事件 {AuditEvent.objects.latest('id').pk} 既未封存也不在待封存表中"]

    def test_x6_event_of_a_case_removed_before_it_was_sealed(self, anchor_dir):
        case = risk_in("graded").pk
        gone = AuditEvent.objects.get(case_id=case, case_seq=2).pk
        tamper("DELETE FROM audit_auditunsealed WHERE event_id = %s", gone)
        tamper("DELETE FROM audit_auditevent WHERE id = %s", gone)
        seal()
        link = AuditLink.objects.get(event__case_id=case, event__case_seq=3).seq
        assert f"案卷 {case} 的事件缺第 2 号（其后是第 3 号，第 {link} 环）" in found().problems

    @pytest.mark.parametrize(
        ("statement", "named"),
        [
            ("ALTER TABLE audit_auditevent DISABLE TRIGGER audit_auditevent_row_guard", "audit_auditevent"),
            ("ALTER TABLE audit_auditlink DISABLE TRIGGER ALL", "audit_auditlink"),
            ("ALTER TABLE audit_auditevent DISABLE TRIGGER audit_auditevent_queue", "audit_auditevent_queue"),
            ("DROP TRIGGER audit_auditevent_numbers ON audit_auditevent", "audit_auditevent_numbers"),
            ("DROP TRIGGER audit_auditlink_table_guard ON audit_auditlink", "audit_auditlink"),
            ("ALTER TABLE records_signature DISABLE TRIGGER records_signature_row_guard", "records_signature"),
            (
                "DROP TRIGGER audit_auditevent_row_guard ON audit_auditevent; CREATE TRIGGER audit_auditevent_row_guard"
                " BEFORE DELETE ON audit_auditevent FOR EACH ROW EXECUTE FUNCTION evidence_is_append_only()",
                "audit_auditevent",
            ),
            (
                "CREATE OR REPLACE FUNCTION evidence_is_append_only() RETURNS trigger LANGUAGE plpgsql AS"
                " $$ BEGIN RETURN NEW; END $$",
                "evidence_is_append_only",
            ),
            (
                "CREATE OR REPLACE FUNCTION events_are_queued() RETURNS trigger LANGUAGE plpgsql AS"
                " $$ BEGIN RETURN NULL; END $$",
                "events_are_queued",
            ),
        ],
    )
    def test_x6_guard_switched_off_afterwards(self, chain, statement, named):
        loosen(statement)
        report = found()
        assert report.problems and named in report.problems[0] and report.first_bad is None


class TestAnchorFiles:
    def lines(self, chain: Path) -> tuple[Path, list[str]]:
        file = files_in(chain)[0]
        return file, file.read_text().splitlines(keepends=True)

    def test_x6_edited_anchor(self, chain):
        file, lines = self.lines(chain)
        file.write_text(lines[0].replace('"events":10', '"events":11') + lines[1])
        assert found().problems == ["存证 anchors-2026-11.jsonl 第 1 行：签名不符"]

    def test_x6_anchor_removed_from_the_middle(self, chain):
        file, lines = self.lines(chain)
        file.write_text(lines[0])
        assert found().problems == ["存证 anchors-2026-12.jsonl 第 1 行：与前一行不衔接，缺第 2 条或次序被改"]

    def test_x6_first_anchors_removed(self, chain):
        self.lines(chain)[0].unlink()
        assert found().problems == ["存证 anchors-2026-12.jsonl 第 1 行：与前一行不衔接，缺第 1 条或次序被改"]

    def test_x6_anchors_reordered(self, chain):
        file, lines = self.lines(chain)
        file.write_text(lines[1] + lines[0])
        assert found().problems == ["存证 anchors-2026-11.jsonl 第 1 行：与前一行不衔接，缺第 1 条或次序被改"]

    def test_x6_anchor_of_another_key(self, chain, settings, tmp_path):
        for public in chain.glob("*.pub"):
            public.unlink()
        settings.ANCHOR_KEY_FILE = tmp_path / "other.key"
        create_key()
        assert found().problems == ["存证 anchors-2026-11.jsonl 第 1 行：没有对应的公钥"]

    def test_x6_line_that_a_power_cut_left_unfinished_is_no_alarm_and_is_cut_away(self, chain):
        file = files_in(chain)[-1]
        whole = file.read_text()
        file.write_text(whole + whole[:50])
        report = found()
        assert (report.problems, report.notes) == ([], ["anchors-2026-12.jsonl 最后一行没有写完，不计"])
        events(1)
        seal()
        assert write_anchor(at=MOMENT + timedelta(days=2)).n == 4
        assert (found().problems, found().notes, found().anchors) == ([], [], 4)

    def test_x6_one_file_that_somebody_kept_is_enough(self, chain, tmp_path, capsys):
        kept = tmp_path / "kept.jsonl"
        kept.write_text(files_in(chain)[0].read_text().splitlines(keepends=True)[1])
        edit(15)
        rechain(15)
        with pytest.raises(CommandError, match=r"第 1 环：与存证（kept\.jsonl 第 1 行"):
            call_command("audit", "verify", "--anchor", str(kept))


class TestWriting:
    def test_x6_same_head_is_anchored_again_only_after_ten_minutes(self, chain):
        later = MOMENT + timedelta(hours=16)
        assert write_anchor(at=later + timedelta(minutes=9, seconds=59)) is None
        again = write_anchor(at=later + timedelta(minutes=10))
        assert (again.n, again.seq) == (4, 30)

    def test_x6_nothing_to_anchor_before_the_first_link(self, anchor_dir):
        assert write_anchor(at=MOMENT) is None
        assert files_in(anchor_dir) == []

    def test_x6_a_clock_set_back_opens_no_older_month(self, chain):
        events(1)
        seal()
        write_anchor(at=MOMENT)
        assert [len(file.read_text().splitlines()) for file in files_in(chain)] == [2, 2]
        assert found().ok

    def test_x6_key_is_private_and_never_replaced(self, chain, settings):
        assert settings.ANCHOR_KEY_FILE.stat().st_mode & 0o777 == 0o600
        with pytest.raises(CommandError, match="已有密钥，不覆盖"):
            call_command("anchor_key")

    def test_x6_line_is_json_that_anybody_can_read(self, chain):
        line = json.loads(files_in(chain)[0].read_text().splitlines()[1])
        head = AuditLink.objects.get(seq=20).digest
        assert (line["seq"], line["head"], line["events"], line["at"]) == (
            20,
            head,
            20,
            "2026-11-30T16:00:00.000000+00:00",
        )

    def test_x6_after_a_restore_the_chain_goes_on_and_says_what_was_lost(self, chain):
        for seq in range(28, 31):
            remove(seq)
        write_restored(at=MOMENT + timedelta(days=1))
        events(5)
        seal()
        write_anchor(at=MOMENT + timedelta(days=1, minutes=1))
        report = found()
        assert (report.problems, report.links, report.anchors) == ([], 32, 4)
        assert report.notes == ["2026-12-01T08:00Z 从备份恢复，第 28 至 30 环在恢复时失去"]


def test_x6_verification_may_begin_at_an_anchor(chain):
    since = read_own().anchors[1]
    report = verify(reading=read_own(), since=since)
    assert (report.ok, report.links, report.since, report.anchors) == (True, 10, 20, 1)
    edit(25)
    assert verify(reading=read_own(), since=since).first_bad == 25


def test_x6_sealer_at_work_meanwhile_raises_no_alarm(chain, monkeypatch):
    """The anchors are read before the chain: what is sealed and anchored in between is beyond them."""
    reading = read_own()
    with transaction.atomic():
        record(Event.EXPORTED, by=SYSTEM, at=at("2026-09-30 16:41"))
    seal()
    write_anchor(at=MOMENT + timedelta(days=1))
    report = verify(reading=reading)
    assert (report.ok, report.links, report.anchors) == (True, 31, 3)

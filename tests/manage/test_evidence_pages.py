"""The pages of the chain: anchors for everybody, verification and export for the auditor, erasing for two administrators (X6)."""

import io
import json
import subprocess
import sys
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from audit.anchors.files import files_in
from audit.anchors.writing import write_anchor
from audit.models import AuditErasure, AuditEvent, AuditLink, AuditPersonal
from audit.personal import ERASED, told
from audit.sealing import seal
from audit.tasks import anchor as anchor_task
from audit.verification import verify
from organisations.services.people import save_person
from tests.audit.chains import rechain, tamper
from tests.factories import at, client_for, make_actor, make_district, make_person
from tests.risks.builders import risk_in
from tests.risks.guide_scenes import published

pytestmark = pytest.mark.django_db
NOW = at("2026-10-09 14:20")


@pytest.fixture
def auditor(db) -> Client:
    return client_for(make_actor("audit_admin"))


@pytest.fixture
def sealed(anchor_dir: Path, plain_font: Path, media: Path) -> Path:
    risk_in("graded")
    seal()
    write_anchor(at=datetime.now(UTC) - timedelta(days=2))
    return anchor_dir


def text_of(response: Any) -> str:
    return response.content.decode()


def test_x6_everybody_sees_the_newest_anchors_and_the_key(sealed):
    page = text_of(Client().get("/anchors/"))
    head = AuditLink.objects.latest("seq")
    assert head.digest in page and "BEGIN PUBLIC KEY" in page
    assert json.loads(files_in(sealed)[0].read_text())["key"] in page
    assert "PRIVATE" not in page


def test_x6_public_page_stands_before_there_is_any_anchor(settings, tmp_path):
    settings.ANCHOR_DIR, settings.ANCHOR_KEY_FILE = tmp_path / "none", tmp_path / "none.key"
    assert "还没有存证" in text_of(Client().get("/anchors/"))


def test_x6_chain_page_shows_the_anchors_and_their_age(auditor, sealed):
    page = auditor.get("/manage/audit/verify/")
    facts = {fact["label"]: fact["value"] for fact in page.context["facts"]}
    links = AuditLink.objects.count()
    assert (facts["已封存"], facts["最近存证"], facts["存证到"]) == (f"{links} 环", "2 天前", f"第 {links} 环")
    assert AuditLink.objects.latest("seq").digest in text_of(page)


def test_x6_verification_compares_with_the_anchors(auditor, sealed):
    page = text_of(auditor.post("/manage/audit/verify/", {"scope": "all"}))
    assert "证据链完整" in page and "与 1 条相符" in page
    tamper(
        "UPDATE audit_auditevent SET recorded_at = now() WHERE id = (SELECT event_id FROM audit_auditlink WHERE seq = 1)"
    )
    rechain(1)
    page = text_of(auditor.post("/manage/audit/verify/"))
    assert "证据链有问题" in page and "第 1 环：与存证" in page


def test_x6_recent_verification_begins_at_the_anchor_of_the_day_before(auditor, sealed):
    links = AuditLink.objects.count()
    risk_in("registered")
    seal()
    report = auditor.post("/manage/audit/verify/", {"scope": "recent"}).context["verification"]
    assert (report.ok, report.since, report.links) == (True, links, AuditLink.objects.count() - links)


def test_x6_anchor_task_beats_and_tells_of_a_missing_key(sealed, settings, tmp_path):
    from audit.anchors.keys import KeyTrouble
    from audit.models import Heartbeat

    anchor_task()
    assert Heartbeat.objects.get(name="anchor").succeeded_at is not None
    settings.ANCHOR_KEY_FILE = tmp_path / "gone.key"
    with pytest.raises(KeyTrouble):
        anchor_task()
    assert "manage.py anchor_key" in Heartbeat.objects.get(name="anchor").last_error


class TestExport:
    def test_x6_case_is_exported_checked_elsewhere_and_recorded(self, auditor, sealed, tmp_path):
        case = risk_in("graded").case
        seal()
        write_anchor(at=datetime.now(UTC))
        response = auditor.post("/manage/audit/export/", {"number": case.number})
        assert response["Content-Disposition"].startswith("attachment")
        with zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content))) as packed:
            packed.extractall(tmp_path / "out")
        command = [sys.executable, "-I", tmp_path / "out" / "verify_audit.py", tmp_path / "out"]
        done = subprocess.run(command, capture_output=True, text=True, env={}, check=False)
        own = AuditEvent.objects.filter(case_id=case.pk).count()
        assert (done.returncode, f"其中 {own} 条事件给出内容" in done.stdout) == (0, True)
        event = AuditEvent.objects.latest("id")
        assert (event.name, event.data["case"], event.data["shown"]) == ("audit.exported", case.pk, own)
        assert event.person_id is not None

    def test_x6_case_that_is_not_ours_is_refused_at_the_field(self, auditor, sealed):
        page = auditor.post("/manage/audit/export/", {"number": "340304200-2026-0001"})
        assert page.context["form"].errors == {"number": ["本区没有这个编号的案卷"]}
        assert "340304200-2026-0001" in text_of(page)
        assert not AuditEvent.objects.filter(name="audit.exported").exists()

    def test_x6_every_export_of_the_portal_leaves_an_event(self, auditor, sealed):
        """Whatever address ends in export/: a new one that records nothing fails here."""

        def walk(patterns: list[Any], path: str = "/") -> list[str]:
            found = []
            for item in patterns:
                if isinstance(item, URLResolver):
                    found += walk(item.url_patterns, path + str(item.pattern))
                elif isinstance(item, URLPattern) and str(item.pattern).endswith("export/"):
                    found.append(path + str(item.pattern))
            return found

        addresses = walk(get_resolver().url_patterns)
        assert {"/risks/export/", "/enterprises/export/"} <= set(addresses)
        handler, case = make_actor("bureau_handler"), risk_in("graded").case
        followed = {"cases": case.pk, "people": handler.person.pk, "guides": published().pk}
        for address in addresses:
            if address == "/manage/audit/export/":
                continue
            official = make_actor("audit_admin") if address.startswith("/manage/audit/") else handler
            for part, pk in followed.items():
                address = address.replace(f"{part}/<int:pk>", f"{part}/{pk}")
            before = AuditEvent.objects.count()
            client = client_for(official)
            # What writes asks for a button, what only reads can be a link.
            response = client.post(address) if address.startswith("/manage/audit/") else client.get(address)
            assert response.status_code == 200, address
            b"".join(response.streaming_content) if response.streaming else response.content
            event = AuditEvent.objects.latest("id")
            assert AuditEvent.objects.count() == before + 1, address
            assert (event.label.startswith("导出"), event.person_id) == (True, official.person.pk), address
            assert isinstance(event.data["rows"], int), address


class TestErasures:
    @pytest.fixture(autouse=True)
    def person(self) -> None:
        save_person(person=make_person(name="李待删", phone="13905551234"), actor=make_actor("system_admin"), at=NOW)
        self.event = AuditEvent.objects.latest("id")

    def test_x6_one_asks_and_another_erases_in_the_browser(self):
        asker, other = make_actor("security_admin"), make_actor("audit_admin")
        page = client_for(asker).post("/manage/erasures/", {"q": "13905551234"})
        values = page.context["values"]
        assert [(v["field"], v["text"]) for v in values] == [("手机", "139****1234")]
        asked = {"q": "13905551234", "values": [values[0]["pk"]]}
        empty = client_for(asker).post("/manage/erasures/", asked | {"reason": ""})
        assert empty.context["form"].errors == {"reason": ["写明理由和依据"]} and "13905551234" in text_of(empty)
        assert client_for(asker).post("/manage/erasures/", asked | {"reason": "本人申请"}).status_code == 302
        erasure = AuditErasure.objects.get()
        url = f"/manage/erasures/{erasure.pk}/"
        own = client_for(asker).get(url)
        assert "自己提出的申请由另一名管理员批准" in text_of(own)
        refused = client_for(asker).post(url, {"approve": "yes"}, follow=True)
        assert "申请人不能批准自己的申请" in text_of(refused)
        assert "139****1234" in text_of(client_for(other).get(url))
        assert client_for(other).post(url, {"approve": "yes"}).status_code == 302
        assert told([self.event])[self.event.pk]["phone"] == ERASED
        shown = text_of(client_for(other).get(f"/manage/audit/{self.event.pk}/"))
        assert ERASED in shown and "139****1234" not in shown and "李待删" in shown
        assert ERASED in text_of(client_for(other).get(url))
        seal()
        assert verify().ok

    def test_x6_refusal_needs_a_reason_and_keeps_the_value(self):
        asker, other = make_actor("security_admin"), make_actor("audit_admin")
        pk = AuditPersonal.objects.get(event=self.event, field="name").pk
        client_for(asker).post("/manage/erasures/", {"q": "李待删", "values": [pk], "reason": "本人申请"})
        url = f"/manage/erasures/{AuditErasure.objects.get().pk}/"
        page = client_for(other).post(url, {"approve": "no", "note": ""})
        assert page.context["form"].errors == {"note": ["不同意须写明理由"]}
        assert client_for(other).post(url, {"approve": "no", "note": "保存期未满"}).status_code == 302
        assert told([self.event])[self.event.pk]["name"] == "李待删"

    def test_x3_values_of_another_district_are_not_found(self):
        foreign = make_district(code="340304", name="禹会区")
        page = client_for(make_actor("security_admin", district=foreign)).post("/manage/erasures/", {"q": "李待删"})
        assert page.context["values"] == []

    def test_x6_nobody_else_gets_there(self):
        for role in ("system_admin", "bureau_principal", "enterprise_principal"):
            assert client_for(make_actor(role)).get("/manage/erasures/").status_code == 403

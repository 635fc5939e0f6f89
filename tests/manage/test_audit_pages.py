"""The audit administrator's pages (X6)."""

import pytest
from django.db import transaction

from audit.models import AuditEvent, AuditLink
from audit.sealing import seal
from audit.services import SYSTEM, record
from deadlines.events import Event as Deadlines
from organisations.services.accounts import set_active
from organisations.services.logins import record_failure, record_login
from records.services.cases import open_case
from tests.factories import at, client_for, make_actor, make_district, make_enterprise

pytestmark = pytest.mark.django_db
NOW = at("2026-10-09 14:20")


@pytest.fixture
def auditor(db):
    return client_for(make_actor("audit_admin"))


def login_of(actor, when: str) -> AuditEvent:
    record_login(account=actor.account, posts=[actor.post], at=at(when))
    return AuditEvent.objects.latest("pk")


def test_x6_audit_page_shows_and_finds(auditor):
    first, second = make_actor(name="周立新", username="zhou"), make_actor(name="陈嘉禾", username="chen")
    one, two = login_of(first, "2026-10-08 09:00"), login_of(second, "2026-10-09 09:00")
    set_active(account=first.account, active=False, reason="调离", actor=make_actor("security_admin"), at=NOW)
    page = auditor.get("/manage/audit/").content.decode()
    assert "停用账号" in page and page.index("chen") < page.index("zhou")  # newest first

    def found(query: str) -> set[int]:
        return {event.pk for event in auditor.get(f"/manage/audit/?{query}").context["events"]}

    assert found("person=周立新") == {one.pk}
    assert found("name=organisations.logged_in") == {one.pk, two.pk}
    assert found("since=2026-10-09&name=organisations.logged_in") == {two.pk}
    assert found("until=2026-10-08") == {one.pk}
    assert found("case=340303200-2026-0001") == set()


def test_x6_viewing_is_not_recorded(auditor):
    login_of(make_actor(), "2026-10-09 09:00")
    before = AuditEvent.objects.count()
    auditor.get("/manage/audit/")
    auditor.get("/manage/audit/verify/")
    auditor.post("/manage/audit/verify/")
    assert AuditEvent.objects.count() == before


def test_x6_keyset_pages_show_every_event_once(auditor):
    actor = make_actor()
    for minute in range(59):
        login_of(actor, f"2026-10-09 09:{minute:02d}")
    first = auditor.get("/manage/audit/")
    second = auditor.get(first.context["page"]["next_url"])
    seen = [event.pk for response in (first, second) for event in response.context["events"]]
    assert (len(seen), seen) == (59, sorted(seen, reverse=True))
    assert "next_url" not in second.context["page"]
    back = auditor.get(second.context["page"]["prev_url"])
    assert [event.pk for event in back.context["events"]] == seen[:50]
    assert "prev_url" not in back.context["page"]


def test_x6_event_page_shows_text_digest_and_link(auditor):
    event = login_of(make_actor(username="zhou"), "2026-10-09 09:00")
    page = auditor.get(f"/manage/audit/{event.pk}/").content.decode()
    assert event.digest in page and "待封存" in page and "&quot;username&quot;:&quot;zhou&quot;" in page
    seal()
    assert "第 1 环" in auditor.get(f"/manage/audit/{event.pk}/").content.decode()


def test_x6_verification_tells_links_and_head(auditor):
    login_of(make_actor(), "2026-10-09 09:00")
    record_failure(username="nobody", at=NOW)
    seal()
    page = auditor.post("/manage/audit/verify/").content.decode()
    assert "证据链完整" in page and "2 环" in page and AuditLink.objects.get(seq=2).digest in page


def test_x6_what_the_portal_itself_did_to_a_case_of_the_district_is_found_by_case_number(auditor):
    enterprise = make_enterprise()
    case = open_case(
        district=enterprise.unit.district,
        kind="risk",
        title="卸油区静电",
        state="draft",
        township=enterprise.township,
        sector=enterprise.sector,
        responsible_unit=enterprise.unit,
        lead_unit=enterprise.enforcement_department,
        at=NOW,
    )
    with transaction.atomic():
        event = record(Deadlines.STARTED, by=SYSTEM, at=NOW, case_id=case.pk, subject=("deadline", 1))
    response = auditor.get(f"/manage/audit/?case={case.number}")
    assert [row.pk for row in response.context["events"]] == [event.pk]
    assert case.number in response.content.decode()


def test_x3_events_of_another_district_are_neither_listed_nor_opened(auditor):
    foreign = make_actor("bureau_handler", district=make_district(code="340304", name="禹会区"), username="waiqu")
    event = login_of(foreign, "2026-10-09 09:00")
    assert auditor.get("/manage/audit/").context["events"] == []
    assert auditor.get(f"/manage/audit/{event.pk}/").status_code == 404

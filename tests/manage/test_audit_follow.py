"""X6: the auditor follows one case or one person: everything in order, with post, signature, clock and seal."""

import io

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from python_calamine import CalamineWorkbook

from audit.models import AuditEvent
from audit.personal import Personal
from audit.sealing import seal
from audit.services import record
from config import audit_follow
from organisations.actors import Actor
from records.events import Event
from tests.factories import at, client_for, make_account, make_actor, make_district, make_post
from tests.plugins.workspace import media, plain_font, plain_font_folder
from tests.risks.builders import risk_in

__all__ = ["media", "plain_font", "plain_font_folder"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plain_font", "media")]


@pytest.fixture
def auditor() -> Client:
    return client_for(make_actor("audit_admin"))


def test_x6_auditor_finds_a_case_and_a_person(auditor: Client) -> None:
    scene = risk_in("graded")
    number = scene.case.number
    page = auditor.get("/manage/audit/find/", {"q": number}).content.decode()
    assert f"/manage/audit/cases/{scene.pk}/" in page
    name = scene.cast.handler.person.name
    page = auditor.get("/manage/audit/find/", {"q": name}).content.decode()
    assert f"/manage/audit/people/{scene.cast.handler.person.pk}/" in page


def test_x6_auditor_follows_a_case_from_its_beginning(auditor: Client) -> None:
    scene = risk_in("closed")
    seal()
    client_for(scene.cast.handler).post(f"/dossiers/of/{scene.pk}/", {"form": "pdf"})
    page = auditor.get(f"/manage/audit/cases/{scene.pk}/").content.decode()
    table = page.split("<tbody")[-1]
    events = list(AuditEvent.objects.filter(case_id=scene.pk).order_by("id"))
    places = [table.index(f"/manage/audit/{event.pk}/") for event in events]
    assert places == sorted(places)
    assert table.count("第 ") >= len(events) - 1
    assert table.count("待封存") == 1  # the export a moment ago
    for said in ("核查结论；", "到期 2026-10-10", "导出案卷", "区应急管理局"):
        assert said in table
    only = auditor.get(f"/manage/audit/cases/{scene.pk}/", {"kind": "signature"}).content.decode()
    assert only.count("/manage/audit/") - only.count("/manage/audit/cases/") >= 4
    assert "启动时限" not in only.split("<tbody")[-1]


def test_x6_auditor_follows_a_person_across_posts_and_accounts(auditor: Client) -> None:
    scene = risk_in("graded")
    person = scene.cast.handler.person
    second = Actor(
        account=make_account(person=person),
        post=make_post(person=person, unit=scene.cast.lead, role_key="bureau_head", title="兼任科长"),
    )
    scene.draft(at=at("2026-10-08 09:00"), actor=second)
    page = auditor.get(f"/manage/audit/people/{person.pk}/").content.decode()
    assert "兼任科长" in page
    assert "签署研判结论" in page
    day = auditor.get(f"/manage/audit/people/{person.pk}/", {"since": "2026-10-08", "until": "2026-10-08"})
    table = day.content.decode().split("<tbody")[-1]
    assert "起草文书" in table
    assert "签署研判结论" not in table


def test_x6_pages_of_a_long_story_meet_without_gap_or_overlap(auditor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = risk_in("closed")
    monkeypatch.setattr(audit_follow, "PER_PAGE", 7)
    ids = list(AuditEvent.objects.filter(case_id=scene.pk).order_by("id").values_list("pk", flat=True))
    url, seen, backwards = f"/manage/audit/cases/{scene.pk}/", [], []
    answer = auditor.get(url)
    while True:
        seen += [row["event"].pk for row in answer.context["rows"]]
        if "next_url" not in answer.context["page"]:
            break
        answer = auditor.get(url + answer.context["page"]["next_url"])
    assert seen == ids
    while True:
        backwards = [row["event"].pk for row in answer.context["rows"]] + backwards
        if "prev_url" not in answer.context["page"]:
            break
        answer = auditor.get(url + answer.context["page"]["prev_url"])
    assert backwards == ids


def test_x6_export_of_what_is_followed_is_recorded(auditor: Client) -> None:
    scene = risk_in("graded")
    answer = auditor.post(f"/manage/audit/cases/{scene.pk}/export/?kind=signature")
    rows = CalamineWorkbook.from_filelike(io.BytesIO(answer.content)).get_sheet_by_index(0).to_python()
    assert [row[4] for row in rows[1:]] == ["签字"]
    event = AuditEvent.objects.get(name="records.exported")
    assert event.data == {
        "register": f"审计跟查：案卷 {scene.case.number}",
        "filters": {"kind": "signature"},
        "rows": 1,
    }
    assert (event.subject_kind, event.subject_id) == ("case", str(scene.pk))


def test_x6_only_the_auditor_and_only_the_own_district() -> None:
    scene = risk_in("graded")
    abroad = make_district(code="340302", name="禹会区")
    other = client_for(make_actor("audit_admin", district=abroad))
    for url in (f"cases/{scene.pk}/", f"people/{scene.cast.handler.person.pk}/"):
        assert other.get(f"/manage/audit/{url}").status_code == 404
        assert client_for(scene.cast.head).get(f"/manage/audit/{url}").status_code == 403


def asked(client: Client, url: str) -> int:
    client.get(url)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return len(queries)


def test_x6_a_long_story_asks_as_many_queries_as_a_short_one(auditor: Client) -> None:
    short, long = risk_in("graded"), risk_in("closed")
    of_case = [asked(auditor, f"/manage/audit/cases/{scene.pk}/") for scene in (short, long)]
    assert of_case == [12, 12]
    person = long.cast.handler.person.pk
    one = asked(auditor, f"/manage/audit/people/{person}/")
    risk_in("closed", cast=long.cast)
    assert asked(auditor, f"/manage/audit/people/{person}/") == one


def test_x6_what_is_committed_to_is_read_where_it_still_exists(auditor: Client) -> None:
    """The name of somebody who signed on paper stands beside the chain; the auditor reads the name, not its commitment."""
    scene = risk_in("treating")
    data = {"label": "报送治理进展", "signer": Personal("纸上签字人")}
    actor = scene.cast.handler
    record(Event.PAPER_KEYED, by=actor.stamp, at=scene.at, case_id=scene.pk, data=data)
    table = auditor.get(f"/manage/audit/cases/{scene.pk}/").content.decode().split("<tbody")[-1]
    assert "报送治理进展；纸上签字人" in table
    assert "sha256:" not in table

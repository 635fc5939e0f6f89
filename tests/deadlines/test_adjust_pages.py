"""X5: extension and suspension in the browser: the drawer beside the case, the decider's line, what the clock then shows."""

import json
from datetime import date

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from deadlines.adjusting import with_ledger
from deadlines.calendar import WorkCalendar
from deadlines.display import Clockwork, clock
from deadlines.models import Deadline, LedgerRequest
from deadlines.worklist import worklist
from tests.deadlines.adjustments import ask, grant
from tests.factories import PASSWORD, STROKES, at, client_for, make_actor
from tests.risks.builders import Scene, photo, risk_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plain_font", "media")]
NOW = at("2026-11-02 10:00")


@pytest.fixture
def scene(settings) -> Scene:
    settings.BUSINESS_NOW = NOW.isoformat()
    found = risk_in("treating")
    found.at = NOW
    return found


def url_of(scene: Scene, kind: str) -> str:
    return f"/deadlines/{scene.deadline('treatment').pk}/{kind}/"


def rows(client: Client, scene: Scene) -> dict[str, str]:
    found = client.get(f"/risks/{scene.pk}/").context["next_rows"]
    return {row["text"]: row["url"] for row in found if row["url"].startswith("/deadlines/")}


def test_x5_from_the_case_page_to_the_new_day(scene):
    reporter, head = client_for(scene.cast.reporter), client_for(scene.cast.head)
    assert rows(reporter, scene) == {
        "申请延期：风险治理": url_of(scene, "extend"),
        "申请中止计时：风险治理": url_of(scene, "suspend"),
    }
    page = reporter.get(url_of(scene, "extend"))
    assert page.context["heading"] == "申请延期：风险治理" and "最迟可延至 2027-02-27" in page.content.decode()
    typed = {"new_on": "2026-12-19", "reason": "设备到货推迟", "evidence": [photo("申请.jpg")]}
    typed |= {"version": page.context["version"], "form_key": page.context["form_key"]}
    answer = reporter.post(url_of(scene, "extend"), typed, follow=True)
    assert answer.redirect_chain == [(f"/risks/{scene.pk}/", 302)]
    assert "申请延期已提交，由区应急管理局审批" in answer.content.decode()
    assert "申请延至 2026-12-19，等待区应急管理局审批" in answer.content.decode()
    assert rows(reporter, scene) == {}

    request = LedgerRequest.objects.get()
    line = next(
        line
        for group in worklist(scene.cast.head, Clockwork(at=NOW, calendar=WorkCalendar.load())).groups
        for line in group.lines
        if line["rule_label"] == "延期申请"
    )
    assert (line["action_label"], line["action_url"]) == ("审批", f"/deadlines/requests/{request.pk}/")
    assert line["marks"] == ["风险治理", "延至 2026-12-19", f"{scene.cast.reporter.person.name}申请"]
    page = head.get(line["action_url"])
    assert [fact["value"] for fact in page.context["known"]][:3] == ["11-29 周日", "延至 2026-12-19", "设备到货推迟"]
    assert page.context["known"][-1]["value"] == "申请.jpg"
    signed = {"decision": "yes", "new_on": "2026-12-10", "signature": STROKES, "password": PASSWORD}
    signed |= {"version": page.context["version"], "form_key": page.context["form_key"]}
    answer = head.post(line["action_url"], signed, follow=True)
    assert "审批意见已签署" in answer.content.decode()
    assert scene.deadline("treatment").due_on == date(2026, 12, 10)
    page = reporter.get(f"/risks/{scene.pk}/").content.decode()
    assert "到期日由 2026-11-29 改为 2026-12-10" in page and "批准延期：风险治理" in page
    # Sent twice, acted once; and later everybody is told that it is decided.
    assert head.post(line["action_url"], signed).status_code == 302
    assert client_for(scene.cast.chief).get(line["action_url"]).status_code == 302


def test_x5_mistakes_are_said_at_their_field_and_nothing_is_lost(scene):
    reporter = client_for(scene.cast.reporter)
    answer = reporter.post(url_of(scene, "extend"), {"new_on": "2027-03-01", "reason": "慢", "evidence": [photo()]})
    assert answer.status_code == 422
    assert answer.context["form"].errors == {"new_on": ["延期后的日期须晚于 2026-11-29，最迟 2027-02-27"]}
    assert 'value="2027-03-01"' in answer.content.decode()
    answer = reporter.post(url_of(scene, "suspend"), {"reason": "停产"})
    assert set(answer.context["form"].errors) == {"ground", "evidence"}
    assert not LedgerRequest.objects.exists()
    request = ask(scene)
    url = f"/deadlines/requests/{request.pk}/"
    answer = client_for(scene.cast.head).post(url, {"decision": "no", "signature": STROKES, "password": "wrong"})
    assert answer.context["form"].errors == {"note": ["不同意的，请写明理由"]}
    answer = client_for(scene.cast.head).post(url, {"decision": "yes", "signature": STROKES, "password": "wrong"})
    assert list(answer.context["form"].errors) == ["password"]


def test_x5_what_cannot_be_asked_leads_back_with_the_reason(scene):
    answer = client_for(scene.cast.handler).get(url_of(scene, "extend"), follow=True)
    assert "延期由义务单位申请" in answer.content.decode()
    answer = client_for(scene.cast.reporter).post(url_of(scene, "resume"), {"reason": "好了"})
    assert answer.status_code == 422 and "时限没有中止" in answer.content.decode()
    handed = risk_in("applied")
    own = handed.deadline("closure_check").pk
    for method in ("get", "post"):
        answer = getattr(client_for(handed.cast.handler), method)(f"/deadlines/{own}/extend/", follow=True)
        assert "本机关时限不可延期" in answer.content.decode()
    stranger = make_actor("township_handler", "雪华乡")
    assert client_for(stranger).get(url_of(scene, "extend")).status_code == 404


def test_x5_suspended_clock_on_the_worklist_and_the_case(scene):
    grant(scene, "suspend", NOW)
    clockwork = Clockwork(at=at("2027-06-01 10:00"), calendar=WorkCalendar.load())
    (group,) = worklist(scene.cast.reporter, clockwork).groups
    (line,) = group.lines
    assert (group.title, line["due_text"], line["due_class"], line["date_text"]) == ("已中止", "已中止", "paused", "")
    deadline = with_ledger(Deadline.objects.filter(pk=scene.deadline("treatment").pk)).get()
    shown = clock(deadline, clockwork)
    assert (shown["state"], shown["due"]["text"]) == ("paused", "已中止")
    assert shown["notes"] == [
        f"2026-11-02 周一 中止：不可抗力，设备到货推迟（{scene.cast.reporter.person.name}申请，{scene.cast.head.person.name}批准）"
    ]
    assert set(rows(client_for(scene.cast.reporter), scene)) == {"申请恢复计时：风险治理"}


def test_x5_queries_stay_the_same_however_long_the_ledger(scene):
    urls = (f"/risks/{scene.pk}/", "/", "/api/v1/deadlines/")
    client = client_for(scene.cast.head)

    def asked() -> list[int]:
        counts = []
        for url in urls:
            client.get(url)
            with CaptureQueriesContext(connection) as queries:
                assert client.get(url).status_code == 200
            counts.append(len(queries))
        return counts

    ask(risk_in("treating", cast=scene.cast), at=NOW)
    grant(scene, "suspend", NOW)
    grant(scene, "resume", NOW)
    before = asked()
    for _ in range(2):
        other = risk_in("treating", cast=scene.cast)
        grant(other, "extend", NOW)
        ask(other, "suspend", at=NOW)
        grant(scene, "suspend", NOW)
        grant(scene, "resume", NOW)
    assert asked() == before


def test_x5_ledger_in_the_api_and_the_export(scene, capsys):
    grant(scene, "extend", NOW)
    grant(scene, "suspend", NOW)
    pk = scene.deadline("treatment").pk
    found = client_for(scene.cast.reporter).get(f"/api/v1/deadlines/{pk}/").json()
    assert [(e["kind"], e["new_on"]) for e in found["entries"]] == [("extend", "2026-12-19"), ("suspend", None)]
    assert (found["state"], found["due_at"], found["due_on"], found["named_on"]) == (
        "suspended",
        None,
        "2026-12-19",
        "2026-11-29",
    )
    assert next(row["date"] for row in found["days"]) == "2026-09-30"
    listed = client_for(scene.cast.reporter).get("/api/v1/deadlines/?state=suspended").json()["results"]
    assert [row["id"] for row in listed] == [pk]
    call_command("deadlines", "export", "--json")
    exported = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    row = next(row for row in exported if row["id"] == pk)
    assert [e["decided_by"] for e in row["entries"]] == [scene.cast.head.person.name] * 2
    assert (row["due_at"], row["state"]) == (None, "suspended")
    call_command("deadlines", "export")
    assert '"kind"": ""suspend""' in capsys.readouterr().out

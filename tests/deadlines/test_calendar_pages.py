"""X4: the pages of the calendar's edits, the mark on what they moved, the alarm, and the calculator."""

import json
from datetime import date
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audit.models import AuditEvent
from deadlines.calendar import WorkCalendar
from deadlines.calendar_alarm import wanting_year
from deadlines.models import CalendarDay, CalendarEdit, Deadline
from tests.deadlines.test_calendar_edits import NOW, clocks, new_year, put_through
from tests.factories import at, client_for, make_actor, make_district
from tests.risks.builders import registered

pytestmark = pytest.mark.django_db
SAMPLE = (Path(__file__).parent / "samples" / "样例-2027-虚构.json").read_bytes()


@pytest.fixture(autouse=True)
def clock(settings) -> None:
    settings.BUSINESS_NOW = "2026-11-24T10:00:00+08:00"


@pytest.fixture
def scene():
    return registered(at=NOW)


@pytest.fixture
def admin():
    return make_actor("system_admin")


def upload(client: Client, data: bytes, **more: str):
    file = SimpleUploadedFile("2027.json", data, content_type="application/json")
    return client.post("/manage/calendar/load/", {"file": file} | more)


def text(answer) -> str:
    return answer.content.decode()


def test_x4_a_file_is_loaded_previewed_applied_and_explained(scene, admin):
    (moved,) = clocks(scene.case, "WD27")
    client = client_for(admin)
    answer = upload(client, SAMPLE)
    edit = CalendarEdit.objects.get()
    assert (answer.status_code, answer.url) == (302, f"/calendar/edits/{edit.pk}/")
    page = text(client.get(answer.url))
    assert '<span class="num">1</span> 项未办结时限将变动' in page
    assert scene.case.number in page and "12-31 周四" in page and "12-30 周三" in page
    assert scene.case.title not in page, "the administrator does not read cases"
    assert CalendarDay.objects.get(pk="2026-12-31").is_workday
    done = client.post(answer.url, {"moved": "1", "settled": "0"}, follow=True)
    assert "已生效，1 项时限改了到期日" in text(done)
    moved.refresh_from_db()
    assert moved.due_on == date(2026, 12, 30)
    official = client_for(scene.cast.handler)
    why = f"因 2027 年工作日历变更（{edit.source}），到期日由 2026-12-31 改为 2026-12-30。"
    case = text(official.get(f"/risks/{scene.pk}/"))
    assert case.count(why) == 2, "in the clock and on the timeline"
    assert case.count(f'href="/calendar/edits/{edit.pk}/"') == 2
    seen = text(official.get(f"/calendar/edits/{edit.pk}/"))
    assert f'href="/risks/{scene.pk}/"' in seen and "您看得到的时限改了到期日" in seen
    assert "到期日由 2026-12-31 改为 2026-12-30" in text(official.get("/notices/"))


def test_x4_mistakes_are_shown_at_their_rows_and_nothing_is_drafted(admin):
    told = json.loads(SAMPLE)
    told["days"][1] |= {"date": "2026-12-99", "name": ""}
    answer = upload(client_for(admin), json.dumps(told, ensure_ascii=False).encode())
    assert answer.status_code == 422
    assert '<td class="num nw">第 2 项</td><td class="nw">日期</td>' in text(answer)
    assert '<td class="num nw">第 2 项</td><td class="nw">名称</td>' in text(answer)
    assert not CalendarEdit.objects.exists()


def test_x4_the_document_may_be_typed_beside_the_template(admin):
    client = client_for(admin)
    template = client.get("/manage/calendar/template/2027/?as=xlsx")
    assert template.status_code == 200
    file = SimpleUploadedFile("2027.xlsx", template.content)
    assert client.post("/manage/calendar/load/", {"file": file}).status_code == 422
    file.seek(0)
    assert client.post("/manage/calendar/load/", {"file": file, "source": "样例通知"}).status_code == 302
    edit = CalendarEdit.objects.get()
    assert (edit.source, edit.days.count()) == ("样例通知", 365)
    assert [client.get(f"/manage/calendar/template/{y}/").status_code for y in (2017, 2031, 2032)] == [404, 200, 404]


def test_x4_a_stale_preview_shows_the_new_numbers(scene, admin):
    client = client_for(admin)
    url = upload(client, SAMPLE).url
    clocks(scene.case, "WD27")
    answer = client.post(url, {"moved": "0", "settled": "0"})
    assert answer.status_code == 422
    assert "预览之后未办结的时限有变化" in text(answer)
    assert 'name="moved" value="1"' in text(answer)
    assert client.post(url, {"moved": "1", "settled": "0"}).status_code == 302
    again = client.post(url, {"moved": "1", "settled": "0"})
    assert again.status_code == 422 and "没有再次办理" in text(again)


def test_x4_a_draft_of_another_calendar_is_compared_again(scene, admin):
    client = client_for(admin)
    url = upload(client, SAMPLE).url
    put_through(new_year(admin), admin)
    assert "草稿已过时" in text(client.get(url))
    answer = client.post(f"/manage{url}compare/", follow=True)
    assert answer.redirect_chain[0][0] != url and "草稿已过时" not in text(answer)
    assert client.post(f"/manage{answer.redirect_chain[0][0]}discard/", follow=True).status_code == 200
    assert set(CalendarEdit.objects.values_list("state", flat=True)) == {"applied", "discarded"}


def test_x4_one_day_is_changed_in_a_form(admin):
    client = client_for(admin)
    given = {"first": "2026-12-28", "is_workday": "0", "name": "", "source": "样例"}
    bad = client.post("/manage/calendar/days/", given)
    assert bad.status_code == 422 and "请填写节假日或调休名称" in text(bad)
    late = client.post("/manage/calendar/days/", given | {"last": "2026-12-01", "name": "样例"})
    assert "不能早于前一个日期" in text(late)
    far = client.post("/manage/calendar/days/", given | {"first": "2040-01-01", "name": "样例"})
    assert "工作日历的范围是 2018-01-01 至 2030-12-31" in text(far)
    answer = client.post("/manage/calendar/days/", given | {"last": "2026-12-29", "name": "样例"})
    edit = CalendarEdit.objects.get()
    assert (answer.url, edit.title) == (f"/calendar/edits/{edit.pk}/", "2026-12-28 周一 至 12-29 周二休息")


def test_x4_drafts_are_the_administrators_matter(admin):
    edit = new_year(admin)
    url = f"/calendar/edits/{edit.pk}/"
    official = client_for(make_actor("bureau_handler"))
    assert official.get(url).status_code == 404
    assert official.post(url, {"moved": "0", "settled": "0"}).status_code == 404
    assert official.get("/manage/calendar/load/").status_code == 403
    put_through(edit, admin)
    assert official.get(url).status_code == 200
    assert official.post(url, {"moved": "0", "settled": "0"}).status_code == 404


def test_x4_other_districts_are_counted_and_not_named(scene, admin):
    abroad = make_actor("system_admin", district=make_district(code="340302", name="禹会区"))
    clocks(scene.case, "WD27")
    page = text(client_for(abroad).get(f"/calendar/edits/{new_year(admin).pk}/"))
    assert "其他区县另有" in page and scene.case.number not in page


def test_x4_the_preview_asks_as_much_for_many_as_for_one(scene, admin):
    clocks(scene.case, "WD27")
    url = f"/calendar/edits/{new_year(admin).pk}/"
    client = client_for(admin)

    def asked() -> int:
        client.get(url)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url).status_code == 200
        return len(queries)

    one = asked()
    clocks(scene.case, *["WD27"] * 60)
    assert (one, asked()) == (16, 16)
    assert "第 1 页，共 2 页，61 项" in text(client.get(url))
    assert text(client.get(f"{url}?page=2")).count(scene.case.number) == 11


def test_x4_provisional_dates_are_marked_wherever_they_stand(scene):
    (clock,) = clocks(scene.case, "WD30")
    assert clock.provisional
    scene.case.refresh_from_db()
    type(scene.case).objects.filter(pk=scene.pk).update(next_due_at=clock.due_at)
    client = client_for(scene.cast.handler)
    assert "暂定日期" in text(client.get("/?later=all"))
    assert '<span class="tag" title="跨到放假安排尚未公布' in text(client.get("/risks/?grade=all&state=all"))
    assert '<span class="tag tag-late">暂定</span>' in text(client.get(f"/risks/{scene.pk}/"))
    assert "（暂定）" in text(client.get("/rules/risks.handover/"))
    assert client.get(f"/api/v1/risk-points/{scene.pk}/").json()["next_due_provisional"] is True
    assert client.get("/api/v1/risk-points/").json()["results"][0]["next_due_provisional"] is True
    assert client.get("/api/v1/deadlines/").json()["results"][0]["provisional"] is True
    Deadline.objects.update(provisional=False)
    assert client.get(f"/api/v1/risk-points/{scene.pk}/").json()["next_due_provisional"] is False
    assert "（暂定）" not in text(client.get("/rules/risks.handover/"))


@pytest.mark.parametrize(
    ("today", "year"),
    [("2026-10-31", None), ("2026-11-01", 2027), ("2026-12-31", 2027), ("2027-03-01", 2027), ("2025-12-01", None)],
)
def test_x4_the_alarm_rings_from_november_until_the_year_is_loaded(today, year):
    assert wanting_year(date.fromisoformat(today), WorkCalendar.load()) == year


def test_x4_the_alarm_reaches_the_administrator_and_stops(admin):
    client = client_for(admin)
    assert "载入 2027 年工作日历" in text(client.get("/"))
    assert "载入 2027 年工作日历" not in text(client_for(make_actor("bureau_handler")).get("/"))
    assert "2027 年放假安排还没有载入" in text(client.get("/manage/status/"))
    told = Client().get("/statusz").json()
    assert told["warnings"] == ["calendar"] and "calendar" not in told["red"]
    assert "2027 年放假安排尚未公布" in text(client.get("/"))
    put_through(new_year(admin), admin)
    assert "2027" not in text(client.get("/"))
    assert Client().get("/statusz").json()["warnings"] == []


def test_x4_the_api_counts_on_the_edited_calendar(admin):
    client = client_for(make_actor("bureau_handler"))
    ask = "/api/v1/workdays/?start=2026-12-30&days=1"
    assert client.get(ask).json()["due"] == "2026-12-31"
    put_through(new_year(admin), admin)
    told = client.get(ask).json()
    assert (told["due"], told["provisional"]) == ("2027-01-04", False)


CALCULATED = [
    ("start=2026-09-30&length=3&unit=wd", "2026-10-10", "周六（调休）", False),
    ("start=2026-09-30&length=3", "2026-10-10", "周六（调休）", False),
    ("start=2026-12-25&length=8&unit=wd", "2027-01-07", "周四", True),
    ("start=2026-09-30&length=3&unit=d", "2026-10-03", "周六", False),
    ("start=2026-09-30&length=3&unit=d&roll=on", "2026-10-08", "周四", False),
    ("start=2026-08-31&length=1&unit=m", "2026-09-30", "周三", False),
    ("start=2026-09-30&hour=14:20&length=36&unit=h", "2026-10-02", "周五", False),
    ("start=2026-09-30&rule=risks.handover&length=9", "2026-10-10", "周六（调休）", False),
]


@pytest.mark.parametrize(("question", "due", "weekday", "provisional"), CALCULATED)
def test_x4_the_calculator_answers_anybody(question, due, weekday, provisional):
    answer = Client().get(f"/calculator/?{question}")
    page = text(answer)
    assert answer.status_code == 200 and not answer.cookies
    shown = page.split('<p class="answer">')[1].split("</p>")[0]
    assert due in shown and weekday in shown
    assert ("暂定" in shown) is provisional
    assert ("02:20" in shown) is ("unit=h" in question)
    assert 'class="last"' in page


def test_x4_the_calculator_names_clause_and_documents():
    make_district(terms={"letter_receipt": "WD4"})
    page = text(Client().get("/calculator/?start=2026-09-30&rule=risks.handover"))
    assert "蚌山政办秘〔2018〕101号三（二）2" in page
    assert "国务院办公厅关于2026年部分节假日安排的通知" in page
    assert "国庆节放假，不计" in page
    receipt = text(Client().get("/calculator/?start=2026-09-30&rule=risks.receipt"))
    assert "4 个工作日" in receipt and "本区默认值" in receipt


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        ("start=&length=3", "请填日期"),
        ("start=2026-13-01&length=3", "请按 2026-10-09 的写法填日期"),
        ("start=2026-09-30", "请填期限，或者选一条规则"),
        ("start=2026-09-30&length=x", "请填整数"),
        ("start=2026-09-30&length=0", "请填不小于 1 的整数"),
        ("start=2026-09-30&length=99999999999999999999", "最多 9999"),
        ("start=2026-09-30&length=9999&unit=wd", "工作日历止于 2030-12-31"),
        ("start=2010-09-30&length=3&unit=d", "工作日历的范围是 2018-01-01 至 2030-12-31"),
        ("start=2026-09-30&length=3&unit=h&hour=25:00", "请按 14:20 的写法填时刻"),
        ("start=2026-09-30&length=3&unit=x", "选择一个有效的选项"),
    ],
)
def test_x4_the_calculator_says_what_it_cannot_read(question, reason):
    answer = Client().get(f"/calculator/?{question}")
    assert answer.status_code == 422 and reason in text(answer)


def test_x4_the_calculator_is_found_from_login_and_calendar():
    assert 'href="/calculator/"' in text(Client().get("/login/"))
    assert 'href="/calculator/"' in text(client_for(make_actor()).get("/calendar/"))


def test_x4_every_act_on_the_calendar_is_recorded(admin):
    client = client_for(admin)
    url = upload(client, SAMPLE).url
    client.post(f"/manage{url}discard/")
    url = upload(client, SAMPLE).url
    client.post(url, {"moved": "0", "settled": "0"})
    names = AuditEvent.objects.filter(subject_kind="calendar_edit").order_by("pk").values_list("name", "person_id")
    assert [name.removeprefix("deadlines.calendar_") for name, _ in names] == [
        "drafted", "discarded", "drafted", "applied",
    ]  # fmt: skip
    assert {person for _, person in names} == {admin.person.pk}
    assert at("2026-11-24 09:00") < CalendarEdit.objects.get(state="applied").applied_at < at("2026-11-24 11:00")

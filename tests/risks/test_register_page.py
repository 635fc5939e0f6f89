"""The risk register: what it lists, in which order, to whom; every condition in the address."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from organisations.actors import Actor
from records.models import Case
from risks.selectors import register as selector
from tests.factories import at, client_for, make_actor, make_district, make_enterprise, sector_of, territory_of, unit_of
from tests.risks.builders import WEDNESDAY, make_cast, registered, risk_in

pytestmark = pytest.mark.django_db
URL = "/risks/"
FRIDAY = at("2026-10-09 14:20")


@pytest.fixture(autouse=True)
def clock(settings: Any) -> None:
    settings.BUSINESS_NOW = FRIDAY.isoformat()


def make_case(title: str, *, level: str = "red", due: str = "", state: str = "treating", **fields: Any) -> Case:
    """A row of the spine alone: enough for order and filters."""
    number = f"340303200-2026-{Case.objects.count() + 1:04d}"
    values: dict[str, Any] = {
        "district": make_district(),
        "township": territory_of("燕山乡"),
        "sector": sector_of("hazchem"),
        "responsible_unit": unit_of("燕山乡"),
        "lead_unit": unit_of("区应急管理局"),
        "opened_on": WEDNESDAY.date(),
        "next_due_at": at(due) if due else None,
    }
    return Case.objects.create(kind="risk", number=number, title=title, level=level, state=state, **(values | fields))


def shown(client: Client, query: str = "") -> list[str]:
    response = client.get(f"{URL}{query}")
    assert response.status_code == 200
    return [line["case"].title for line in response.context["lines"]]


def bureau() -> Client:
    return client_for(make_actor("bureau_handler", "区应急管理局"))


def test_r2_the_register_opens_with_open_red_and_orange_risks_by_grade_then_due_date() -> None:
    make_case("较大晚", level="orange", due="2026-11-01")
    make_case("较大早", level="orange", due="2026-10-12")
    make_case("重大无期限")
    make_case("重大晚", due="2026-12-01")
    make_case("重大早", due="2026-10-20")
    make_case("一般", level="yellow", due="2026-10-10")
    make_case("未定级", level="", state="registered")
    make_case("已销号", level="red", state="closed", closed_on=FRIDAY.date())
    assert shown(bureau()) == ["重大早", "重大晚", "重大无期限", "较大早", "较大晚"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?grade=red", {"甲", "丁"}),
        ("?grade=orange", {"乙"}),
        ("?grade=all", {"甲", "乙", "丙", "丁", "戊"}),
        ("?grade=none", {"戊"}),
        ("?grade=all&state=all", {"甲", "乙", "丙", "丁", "戊", "己"}),
        ("?state=long_term", {"丁"}),
        ("?grade=all&state=closed", {"己"}),
        ("?grade=all&township=340303201", {"乙"}),
        ("?grade=all&sector=road", {"丙"}),
        ("?due=late", {"甲"}),
        ("?due=week", {"乙"}),
        ("?grade=all&due=today", {"丙"}),
        ("?q=%E7%94%B2", {"甲", "乙", "丁"}),  # one character is not searched
        ("?grade=all&q=2026-0003", {"丙"}),
        ("?grade=all&q=%E9%9B%AA%E5%8D%8E", {"乙"}),  # 雪华, in the unit's name
    ],
)
def test_r2_every_condition_of_the_address_filters(query: str, expected: set[str]) -> None:
    make_case("甲", due="2026-10-09 14:20")  # the exclusive moment itself is late
    make_case(
        "乙", level="orange", due="2026-10-12", township=territory_of("雪华乡"), responsible_unit=unit_of("雪华乡")
    )
    make_case("丙", level="yellow", due="2026-10-10", sector=sector_of("road"))
    make_case("丁", due="2026-10-01", state="long_term")  # never 逾期 (R6)
    make_case("戊", level="", state="registered")
    make_case("己", level="blue", state="closed", closed_on=FRIDAY.date())
    assert set(shown(bureau(), query)) == expected


def test_r2_filters_by_handing_department_and_by_responsible_unit() -> None:
    enterprise = make_enterprise(name="蚌埠市恒达铝制品有限公司")
    make_case("铝粉尘", responsible_unit=enterprise.unit)
    make_case("深基坑", lead_unit=unit_of("区住建交通委"))
    client = bureau()
    assert shown(client, f"?department={unit_of('区住建交通委').pk}") == ["深基坑"]
    assert shown(client, f"?unit={enterprise.unit_id}") == ["铝粉尘"]
    page = client.get(f"{URL}?unit={enterprise.unit_id}").content.decode()
    assert "责任单位：蚌埠市恒达铝制品有限公司" in page


def test_a_condition_that_is_no_choice_shows_nothing_and_says_so() -> None:
    make_case("铝粉尘")
    response = bureau().get(f"{URL}?grade=purple")
    assert response.context["lines"] == []
    assert "条件“等级”不认识" in response.content.decode()


def test_one_character_is_told_what_it_needs() -> None:
    make_case("铝粉尘")
    response = bureau().get(f"{URL}?q=铝")
    assert "搜索至少要两个字" in response.content.decode()
    assert [line["case"].title for line in response.context["lines"]] == ["铝粉尘"]


def test_x3_each_post_sees_its_own_rows_only() -> None:
    mine = make_enterprise(name="蚌埠市燕山加油站有限公司")
    other = make_enterprise(name="蚌埠市雪华加油站有限公司", township="雪华乡")
    make_case("本企业的", level="yellow", responsible_unit=mine.unit)
    make_case("别家的", responsible_unit=other.unit, township=territory_of("雪华乡"))
    make_case(
        "住建承办的",
        lead_unit=unit_of("区住建交通委"),
        sector=sector_of("construction"),
        township=territory_of("雪华乡"),
    )
    seen = {
        "enterprise_reporter": (mine.unit, ["本企业的"]),
        "township_handler": (unit_of("雪华乡"), ["住建承办的", "别家的"]),
        "department_handler": (unit_of("区住建交通委"), ["住建承办的"]),
        "committee_officer": (unit_of("区安委办"), ["住建承办的", "别家的"]),
    }
    for role, (unit, titles) in seen.items():
        assert sorted(shown(client_for(make_actor(role, unit)))) == sorted(titles), role


def test_x3_a_foreign_unit_in_the_address_tells_nothing() -> None:
    mine, other = make_enterprise(), make_enterprise(name="蚌埠市机密化工有限公司")
    make_case("别家的", responsible_unit=other.unit)
    page = client_for(make_actor("enterprise_reporter", mine)).get(f"{URL}?unit={other.unit_id}").content.decode()
    assert "机密化工" not in page
    assert "别家的" not in page


def test_x3_posts_without_cases_are_refused() -> None:
    assert client_for(make_actor("system_admin")).get(URL).status_code == 403


@pytest.mark.parametrize("sort", [f"{sign}{key}" for key in selector.SORTS for sign in ("", "-")])
def test_paging_forth_and_back_shows_every_row_once_in_one_order(sort: str) -> None:
    for number in range(23):
        due = f"2026-10-{10 + number % 5}" if number % 4 else ""
        make_case(f"{'储气罐泵阀'[number % 5]}{number}", level=("red", "orange", "yellow", "")[number % 4], due=due)
    whole = [c.title for c in selector.ordered(selector.risk_cases(make_actor()), sort)]
    actor = make_actor()
    forth, cursor, pages = [], "", []
    while True:
        page = selector.page_of(selector.risk_cases(actor), sort=sort, after=cursor, size=5)
        pages.append(page)
        forth += [c.title for c in page.rows]
        if not (cursor := page.after):
            break
    assert forth == whole
    back = [c.title for c in pages[-1].rows]
    cursor = pages[-1].before
    while cursor:
        page = selector.page_of(selector.risk_cases(actor), sort=sort, before=cursor, size=5)
        back = [c.title for c in page.rows] + back
        cursor = page.before
    assert back == whole


def test_names_stand_in_the_order_of_their_sound() -> None:
    for title in ("重油罐", "氨制冷", "电梯", "边坡"):
        make_case(title)
    assert shown(bureau(), "?sort=name") == ["氨制冷", "边坡", "电梯", "重油罐"]


def test_the_page_turns_by_its_links() -> None:
    for number in range(25):
        make_case(f"风险点{number:02d}", due=f"2026-10-{10 + number // 2}")
    client = bureau()
    first = client.get(URL)
    assert first.context["page"]["text"] == "本页 20 个，共 25 个。导出为全部 25 个。"
    assert first.context["page"]["prev_url"] == ""
    second = client.get(first.context["page"]["next_url"])
    assert [line["case"].title for line in second.context["lines"]] == [f"风险点{n:02d}" for n in range(20, 25)]
    assert second.context["page"]["next_url"] == ""
    again = client.get(second.context["page"]["prev_url"])
    assert [line["case"].title for line in again.context["lines"]] == [f"风险点{n:02d}" for n in range(20)]


@pytest.mark.parametrize("cursor", ["x", "W10", "WyJhIiwiYiIsImMiXQ", "%00", "bnVsbA", "WzEsICIyMDI2IiwgMV0"])
def test_a_broken_cursor_shows_the_first_page(cursor: str) -> None:
    make_case("铝粉尘")
    assert shown(bureau(), f"?after={cursor}") == ["铝粉尘"]


def test_counts_stop_at_ten_thousand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selector, "COUNT_UP_TO", 3)
    for number in range(5):
        make_case(f"风险点{number}")
    with CaptureQueriesContext(connection) as queries:
        counted = selector.capped_count(selector.risk_cases(make_actor()))
    assert counted == 4
    assert "LIMIT 4" in queries[-1]["sql"]
    assert selector.count_text(counted) == "1 万以上"
    assert selector.count_text(3) == "3"


def test_r3_chips_count_each_grade_under_the_other_conditions() -> None:
    for level in ("red", "orange", "orange", "yellow", ""):
        make_case("风险点", level=level)
    make_case("别处", level="red", township=territory_of("雪华乡"))
    chips = bureau().get(f"{URL}?township=340303200").context["chip_rows"][0]["chips"]
    assert {chip["text"]: chip["count"] for chip in chips} == {
        "重大、较大": "3",
        "重大（红）": "1",
        "较大（橙）": "2",
        "一般（黄）": "1",
        "低（蓝）": "0",
        "未定级": "1",
        "全部": "5",
    }


def test_an_active_condition_can_be_taken_away() -> None:
    make_case("铝粉尘", sector=sector_of("dust"))
    client = bureau()
    conditions = client.get(f"{URL}?sector=dust&due=late").context["chip_rows"][1]["chips"]
    away = {chip["text"]: chip["url"] for chip in conditions if chip.get("removable")}
    assert {text: sorted(url.partition("?")[2].split("&")) for text, url in away.items()} == {
        "状态：未销号": ["due=late", "sector=dust", "state=all"],
        "行业：粉尘涉爆": ["due=late"],
        "到期：已逾期": ["sector=dust"],
    }


def test_r2_a_line_says_grade_assessment_stage_and_what_is_left_of_the_term() -> None:
    scene = risk_in("graded", at=WEDNESDAY)
    response = bureau().get(URL)
    (line,) = response.context["lines"]
    assert line["grade"] == {"key": "red", "text": "重大 红"}
    assert line["assessed"] == "LEC 540"
    assert line["state"] == "待交办"
    # Concluded on 09-30; 10-01 to 10-07 off; 10-08, 10-09, 10-10 (调休) count.
    assert line["due_text"] == "10-10 周六（调休）"
    assert line["due"] == {"class": "soon", "icon": "", "text": "剩 1 个工作日"}
    assert line["url"] == reverse("risks:case", args=[scene.pk])


def test_r3_a_grade_that_is_only_the_enterprises_own_says_so() -> None:
    scene = registered(at=WEDNESDAY)
    scene.self_grade()
    (line,) = bureau().get(f"{URL}?grade=all").context["lines"]
    assert line["grade"] is None
    assert line["assessed"] == "LEC 540"
    assert line["self_grade"] == "重大 红"


def test_a_date_in_a_year_not_announced_is_marked_provisional(settings: Any) -> None:
    settings.BUSINESS_NOW = at("2026-12-30 10:00").isoformat()
    registered(at=at("2026-12-30 09:00")).self_grade()
    page = bureau().get(f"{URL}?grade=all").content.decode()
    assert "暂定</span>" in page


def test_an_empty_register_says_what_to_do() -> None:
    page = client_for(make_actor("enterprise_reporter")).get(URL)
    assert page.context["empty"]["url"] == reverse("risks:new")
    make_case("铝粉尘")
    narrow = bureau().get(f"{URL}?due=today")
    assert narrow.context["empty"]["title"] == "没有符合条件的风险点"


def queries_with(rows: int, actor: Actor) -> int:
    for _ in range(rows):
        scene = registered(cast=make_cast(), at=WEDNESDAY)
        scene.self_grade()
    client = client_for(actor)
    client.get(f"{URL}?grade=all")  # the calendar's rows are read once per process
    with CaptureQueriesContext(connection) as queries:
        response = client.get(f"{URL}?grade=all")
    assert len(response.context["lines"]) == Case.objects.count()
    return len(queries)


def test_the_page_asks_as_often_for_three_rows_as_for_one() -> None:
    actor = make_actor("bureau_handler", "区应急管理局")
    # 3 who asks, 1 rows, 1 for the counts, 3 choices, 1 calendar, 2 clocks and gradings, 3 the shell.
    assert queries_with(1, actor) == 12
    assert queries_with(2, actor) == 12


def test_a_department_asks_no_more_than_the_bureau() -> None:
    """Its sectors come with the post that it acts in."""
    scene = registered(cast=make_cast(lead="区住建交通委", sector="construction"))
    scene.self_grade()
    client = client_for(scene.cast.handler)
    client.get(URL)
    with CaptureQueriesContext(connection) as queries:
        response = client.get(f"{URL}?grade=all")
    assert len(response.context["lines"]) == 1
    assert len(queries) == 12


def test_a_row_that_leaves_the_list_does_not_lose_the_place() -> None:
    for number in range(3):
        make_case(f"风险点{number}", due=f"2026-10-{20 + number}")
    actor = make_actor()
    page = selector.page_of(selector.risk_cases(actor), sort="grade", size=1)
    Case.objects.filter(pk=page.rows[0].pk).update(next_due_at=FRIDAY + timedelta(days=90))
    after = selector.page_of(selector.risk_cases(actor), sort="grade", after=page.after, size=1)
    assert after.rows[0].title == "风险点1"

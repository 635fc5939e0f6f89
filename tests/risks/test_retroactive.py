"""X6 补录: past cases from paper, judged by their own days, silent, and nothing before the second person has compared."""

import io
from datetime import date
from typing import Any

import pytest
import xlsxwriter
from django.test import Client

from audit.clock import SHANGHAI
from audit.models import AuditEvent
from deadlines.models import Deadline, Notice
from deadlines.services.reminders import sweep
from organisations.actors import Actor
from organisations.models import District, Enterprise
from records.models import Case, Letter, LetterCounter, RetroactiveEntry, Signature
from records.services.rendering import render_pending
from risks.services.handover import receive_handover
from risks.services.retroactive_sheet import COLUMNS
from tests.factories import at, client_for, make_actor, make_enterprise
from tests.risks.builders import HAND, photo, risk_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plain_font", "media")]
LEC = {"method": "lec", "lec_exposure": "6"}
FACTS = {
    "title": "卸油区静电",
    "category": "facility",
    "location": "卸油区",
    "hazard_factors": "汽油泄漏",
    "accident_types": ["火灾", "其他爆炸"],
    "measure_engineering": "静电接地",
    "monitoring": "每班巡检",
    "control_level": "company",
    "check_frequency": "day",
    "responsible_person": "陈国强",
    "responsible_phone": "13805520000",
    "source": "纸质台账",
    "found_on": "2025-03-03",
}
GRADING = LEC | {
    "lec_likelihood": "6",
    "lec_consequence": "15",
    "concluded_on": "2025-03-05",
    "signer": "周立新",
    "signer_title": "科室负责人",
    "participants": "周立新、王敏",
}
HANDOVER = {
    "number": "蚌山应急交办〔2025〕12号",
    "handed_on": "2025-03-12",
    "due_on": "2025-06-30",
    "requirements": "1.更换接地装置。",
}
RECEIPT = {"received_on": "2025-03-13", "receiver": "陈国强", "receiver_title": "主要负责人"}
CLOSURE = LEC | {
    "lec_likelihood": "1",
    "lec_consequence": "15",
    "applied_on": "2025-06-20",
    "applicant": "陈国强",
    "statement": "已更换",
    "verified_on": "2025-07-01",
    "verifiers": "周立新，王敏",
    "findings": "接地电阻 3 欧",
}
ALL = {"facts": FACTS, "grading": GRADING, "handover": HANDOVER, "receipt": RECEIPT, "closure": CLOSURE}


@pytest.fixture(autouse=True)
def clock(settings: Any) -> None:
    settings.BUSINESS_NOW = "2026-10-09T10:00:00+08:00"


@pytest.fixture
def people() -> tuple[Enterprise, Actor, Actor]:
    enterprise = make_enterprise(name="蚌埠市燕山加油站有限公司")
    District.objects.update(profile={"paper": {"go_live": "2026-01-01"}, "grading": {"ls_variant": "A"}})
    return enterprise, make_actor("bureau_handler", "区应急管理局"), make_actor("bureau_handler", "区应急管理局")


def begin(client: Client, enterprise: Enterprise) -> RetroactiveEntry:
    assert client.post("/risks/retroactive/new/", {"unit": enterprise.uscc}).status_code == 302
    return RetroactiveEntry.objects.latest("id")


def fill(client: Client, entry: RetroactiveEntry, steps: dict[str, dict[str, Any]]) -> None:
    for step, data in steps.items():
        files = {"scan": photo(f"{step}.jpg"), "step": step}
        sector = {"sector": str(entry_sector())} if step == "facts" else {}
        answer = client.post(f"/risks/retroactive/{entry.pk}/", data | files | sector)
        assert answer.status_code == 302, answer.content.decode()


def entry_sector() -> int:
    return Enterprise.objects.get(unit__name="蚌埠市燕山加油站有限公司").sector_id


def submit(client: Client, entry: RetroactiveEntry, reason: str = "") -> Any:
    return client.post(f"/risks/retroactive/{entry.pk}/submit/", {"reason": reason})


def compare(client: Client, entry: RetroactiveEntry, decision: str = "same", note: str = "") -> Any:
    return client.post(f"/risks/retroactive/{entry.pk}/compare/", {"decision": decision, "note": note})


def entered(people: tuple[Enterprise, Actor, Actor], *steps: str) -> Case:
    enterprise, keyer, second = people
    client = client_for(keyer)
    entry = begin(client, enterprise)
    fill(client, entry, {step: ALL[step] for step in ("facts", *steps)})
    assert submit(client, entry).status_code == 302
    answer = compare(client_for(second), entry)
    assert answer.status_code == 302, answer.content.decode()
    return Case.objects.get(entry=entry)


def test_x6_a_closed_case_is_entered_with_its_own_days(people: Any) -> None:
    enterprise, keyer, second = people
    client = client_for(keyer)
    entry = begin(client, enterprise)
    fill(client, entry, ALL)
    page = client.get(f"/risks/retroactive/{entry.pk}/?step=done").content.decode()
    assert "卸油区静电" in page
    assert submit(client, entry).status_code == 302
    # Until the second person has compared it there is no case, no letter, no clock, no signature.
    assert (Case.objects.count(), Letter.objects.count(), Deadline.objects.count()) == (0, 0, 0)
    assert Signature.objects.count() == 0
    assert (
        "录入人不能自己核对"
        in client.post(f"/risks/retroactive/{entry.pk}/compare/", {"decision": "same"}).content.decode()
    )
    assert compare(client_for(second), entry).status_code == 302
    case = Case.objects.get()
    assert (case.state, case.level, case.is_retroactive) == ("closed", "yellow", True)
    assert (case.opened_on, case.closed_on) == (date(2025, 3, 3), date(2025, 7, 1))
    assert case.entered_at.astimezone(SHANGHAI).date() == date(2026, 10, 9)  # type: ignore[union-attr]
    events = AuditEvent.objects.filter(case_id=case.pk)
    days = {e.name: e.at.astimezone(SHANGHAI).date() for e in events}
    assert days["risks.concluded_severe"] == date(2025, 3, 5)
    assert days["risks.closure_passed"] == date(2025, 7, 1)
    assert days["records.entry_confirmed"] == date(2026, 10, 9)
    methods = set(case.signatures.values_list("method", "keyed_by", "confirmed_by"))
    assert methods == {("paper", keyer.person.pk, second.person.pk)}
    names = set(case.signatures.values_list("signer_name", flat=True))
    assert names == {"周立新", "陈国强", "王敏"}


def test_x6_clocks_are_judged_by_the_days_on_paper(people: Any) -> None:
    """Handed over on 12 March, due on 10 March: late, by the calendar of 2025; treatment in time; verification in time."""
    case = entered(people, "grading", "handover", "receipt", "closure")
    told = {
        d.rule_key: (d.due_on, d.met_at.astimezone(SHANGHAI).date(), d.met_at >= d.due_at)
        for d in Deadline.objects.filter(case=case)
        if d.met_at
    }
    assert told == {
        "risks.handover": (date(2025, 3, 10), date(2025, 3, 12), True),
        "risks.receipt": (date(2025, 3, 14), date(2025, 3, 13), False),
        "risks.treatment": (date(2025, 6, 30), date(2025, 6, 20), False),
        "risks.closure_check": (date(2025, 7, 4), date(2025, 7, 1), False),
    }
    assert not Deadline.objects.open().filter(case=case).exists()


def test_x6_a_letter_entered_without_its_receipt_is_signed_for_in_the_portal(people: Any) -> None:
    case = entered(people, "grading", "handover")
    letter, told = Letter.objects.get(case=case), {"risk": case.risk, "at": at("2026-10-09 11:00")}  # type: ignore[attr-defined]
    principal = make_actor("enterprise_principal", people[0])
    receive_handover(hand=HAND, actor=principal, **told)
    letter.refresh_from_db()
    case.refresh_from_db()
    assert (case.state, letter.state) == ("treating", Letter.State.RECEIVED)
    (delivery,) = letter.deliveries.all()
    assert (delivery.how, delivery.sent_at.astimezone(SHANGHAI).date()) == ("paper", date(2025, 3, 12))  # type: ignore[union-attr]
    assert delivery.signed_at == told["at"]


def test_x6_what_is_over_reminds_nobody_and_what_still_runs_does(people: Any) -> None:
    """The treatment ran out in 2025: no notice, ever. A case of the portal itself beside it is told of as always."""
    case = entered(people, "grading", "handover", "receipt")
    assert case.state == "treating"
    assert Deadline.objects.open().filter(case=case).values_list("rule_key", flat=True).get() == "risks.treatment"
    live = risk_in("graded", at=at("2026-09-25 09:00"))
    for day in ("2026-10-09 11:00", "2026-10-20 09:00"):
        sweep(at=at(day))
    assert not Notice.objects.filter(deadline__case=case).exists()
    assert Notice.objects.filter(deadline__case=live.pk).exists()


def test_x6_a_clock_that_still_runs_at_entry_reminds_when_its_day_comes(people: Any) -> None:
    enterprise, keyer, second = people
    client = client_for(keyer)
    entry = begin(client, enterprise)
    fill(
        client,
        entry,
        {"facts": FACTS, "grading": GRADING, "handover": HANDOVER | {"due_on": "2026-10-30"}, "receipt": RECEIPT},
    )
    submit(client, entry)
    compare(client_for(second), entry)
    principal = make_actor("enterprise_principal", enterprise)
    sweep(at=at("2026-10-12 09:00"))
    assert Notice.objects.count() == 0
    sweep(at=at("2026-10-30 09:00"))
    assert {n.person for n in Notice.objects.all()} == {principal.person}


def test_x6_retroactive_is_marked_on_every_page(people: Any) -> None:
    case = entered(people, "grading", "handover", "receipt", "closure")
    client = client_for(people[1])
    page = client.get(f"/risks/{case.pk}/").content.decode()
    head, story = page.split("办理过程")
    assert '<span class="tag tag-late">补录</span>' in head
    assert story.count('<span class="tag tag-late">补录</span>') == story.count("<li><time")
    assert '<span class="tag tag-late">补录</span>' in client.get("/risks/?state=all&grade=all").content.decode()
    export = b"".join(client.get("/risks/export/?state=all&grade=all").streaming_content)  # type: ignore[attr-defined]
    import python_calamine

    rows = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(export)).get_sheet_by_index(0).to_python()
    assert any("已销号（补录）" in row for row in rows)


def test_x6_number_on_paper_is_not_given_again_and_no_pdf_is_made_up(people: Any) -> None:
    case = entered(people, "grading", "handover")
    letter = Letter.objects.get(case=case)
    assert (letter.year, letter.seq, letter.state) == (2025, 12, "dispatched")
    assert LetterCounter.objects.get(issuer=letter.issuer, year=2025).last == 12
    assert render_pending() == (0, 0)
    assert letter.scan is not None
    client = client_for(people[1])
    assert client.get(f"/letters/{letter.pk}/pdf/").status_code == 200
    entry = begin(client, people[0])
    fill(client, entry, {"facts": FACTS, "grading": GRADING, "handover": HANDOVER})
    answer = submit(client, entry)
    assert "在平台上已有" in answer.content.decode()


def test_x6_after_go_live_a_reason_is_needed(people: Any) -> None:
    client = client_for(people[1])
    entry = begin(client, people[0])
    fill(client, entry, {"facts": FACTS | {"found_on": "2026-02-03"}})
    answer = submit(client, entry)
    assert answer.status_code == 422
    assert "平台 2026-01-01 启用，启用以后的材料补录须写明原因" in answer.content.decode()
    assert submit(client, entry, "当日停电，平台不能用").status_code == 302
    entry.refresh_from_db()
    assert (entry.state, entry.reason) == ("pending", "当日停电，平台不能用")


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ({"facts": FACTS, "grading": GRADING | {"concluded_on": "2025-03-01"}}, "早于"),
        (
            {"facts": FACTS, "grading": GRADING | {"lec_consequence": "3"}, "handover": HANDOVER},
            "一般、低风险的，没有交办",
        ),
        ({"facts": FACTS, "grading": GRADING, "receipt": RECEIPT}, "中间不能缺"),
        ({"facts": FACTS, "handover": HANDOVER}, "没有研判结论"),
    ],
)
def test_x6_papers_that_do_not_fit_together_are_refused(people: Any, steps: dict[str, Any], said: str) -> None:
    client = client_for(people[1])
    entry = begin(client, people[0])
    fill(client, entry, steps)
    answer = submit(client, entry)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not Case.objects.exists()


def test_x6_entry_that_differs_is_sent_back_and_entered_anew(people: Any) -> None:
    enterprise, keyer, second = people
    client = client_for(keyer)
    entry = begin(client, enterprise)
    fill(client, entry, {"facts": FACTS, "grading": GRADING})
    submit(client, entry)
    assert "请写明哪里不符" in compare(client_for(second), entry, "differs").content.decode()
    compare(client_for(second), entry, "differs", "取值与原件不同")
    entry.refresh_from_db()
    assert (entry.state, Case.objects.count()) == ("rejected", 0)
    fill(client, entry, {"grading": GRADING | {"lec_likelihood": "3"}})
    submit(client, entry)
    compare(client_for(second), entry)
    assert Case.objects.get().level == "orange"


def test_x6_only_the_own_unit_sees_an_entry(people: Any) -> None:
    client = client_for(people[1])
    entry = begin(client, people[0])
    fill(client, entry, {"facts": FACTS})
    other = client_for(make_actor("department_handler", "区住建交通委"))
    scan = entry.scans.get()
    assert client.get(f"/risks/retroactive/scans/{scan.pk}/").status_code == 200
    for url in (f"{entry.pk}/", f"{entry.pk}/compare/", f"scans/{scan.pk}/"):
        assert other.get(f"/risks/retroactive/{url}").status_code == 404


def workbook(rows: list[dict[str, str]]) -> io.BytesIO:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    sheet = book.add_worksheet("补录")
    for number, column in enumerate(COLUMNS):
        sheet.write_string(0, number, column.title)
        for line, row in enumerate(rows, start=2):
            sheet.write_string(line, number, row.get(column.title, ""))
    book.close()
    out.seek(0)
    out.name = "补录.xlsx"
    return out


GOOD = {
    "风险点名称": "卸油区静电", "责任单位": "蚌埠市燕山加油站有限公司", "行业领域": "危险化学品", "类别": "设施",
    "具体位置": "卸油区", "危害因素": "汽油泄漏", "可能的事故类型": "火灾、其他爆炸", "工程技术措施": "静电接地",
    "监控措施": "每班巡检", "管控层级": "公司", "排查频次": "每日", "责任人": "陈国强", "责任人电话": "13805520000",
    "登记日期": "2025-03-03", "登记扫描件": "登记.jpg", "研判日期": "2025-03-05", "研判方法": "LEC", "L": "6", "E": "6",
    "C或S": "15", "研判签字人": "周立新", "研判签字人职务": "科长", "参加研判的人员": "周立新、王敏", "研判扫描件": "研判.jpg",
}  # fmt: skip


def send(client: Client, rows: list[dict[str, str]], scans: tuple[str, ...] = ("登记.jpg", "研判.jpg")) -> Any:
    data = {"file": workbook(rows), "scans": [photo(name) for name in scans]}
    return client.post("/risks/retroactive/import/", data)


def test_x6_many_cases_come_from_one_file_and_each_is_compared(people: Any) -> None:
    client = client_for(people[1])
    rows = [GOOD | {"风险点名称": f"第{n}处"} for n in range(1, 4)]
    assert send(client, rows).status_code == 302
    assert Case.objects.count() == 0
    entries = list(RetroactiveEntry.objects.order_by("id"))
    assert [(e.title, e.state, e.batch_row) for e in entries] == [
        ("第1处", "pending", 3),
        ("第2处", "pending", 4),
        ("第3处", "pending", 5),
    ]
    for entry in entries:
        assert compare(client_for(people[2]), entry).status_code == 302
    assert set(Case.objects.values_list("state", "level")) == {("graded", "red")}
    sweep(at=at("2026-10-12 09:00"))
    assert Notice.objects.count() == 0  # no storm of alarms about handovers that were due in 2025
    assert send(client, rows).status_code == 422


def test_x6_one_bad_row_and_nothing_is_imported(people: Any) -> None:
    client = client_for(people[1])
    rows = [
        GOOD,
        GOOD | {"风险点名称": "第二处", "L": "7", "登记日期": "三月三日"},
        GOOD | {"风险点名称": "第三处", "责任单位": "没有这家公司"},
        GOOD | {"风险点名称": "第四处", "研判扫描件": "别的.jpg"},
    ]
    answer = send(client, rows)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "3 行有问题，一件也没有录入" in page
    for line in ("没有这个代码或名称的单位", "没有一起上传“别的.jpg”", "日期格式应为"):
        assert line in page
    assert not RetroactiveEntry.objects.exists()


def test_x6_template_has_every_column(people: Any) -> None:
    import python_calamine

    answer = client_for(people[1]).get("/risks/retroactive/template/")
    rows = (
        python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(answer.content)).get_sheet_by_name("补录").to_python()
    )
    assert rows[0] == [column.title for column in COLUMNS]

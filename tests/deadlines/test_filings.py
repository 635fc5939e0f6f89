"""X5, A5: filing what is expected in the browser: reported and signed, received, returned and filed anew; who has not filed."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.models import AuditEvent
from deadlines.models import Deadline, Filing
from deadlines.services.expected import expect
from deadlines.services.filings import file_report, receive_report, return_report
from deadlines.workflow import Refused
from records.models import Attachment
from records.services.signing import Hand
from tests.deadlines.recurring_world import MONTHLY, declared
from tests.factories import PASSWORD, STROKES, at, client_for, make_actor, make_district, make_enterprise, unit_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plain_font", "media")]
HAND = Hand(strokes=STROKES, password=PASSWORD)
SIGNED = {"signature": STROKES, "password": PASSWORD}
MADE, IN_TIME, LATE = at("2026-09-10 09:00"), at("2026-10-08 10:00"), at("2026-10-12 10:00")
KEY = "deadlines.supervisory_report"
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


class Office:
    """The committee owes the third quarter's report to the supervisory organ."""

    def __init__(self) -> None:
        make_district()
        expect(at=MADE)
        self.officer = make_actor("committee_officer")
        self.organ = make_actor("supervisory_reader")

    @property
    def filing(self) -> Filing:
        return Filing.objects.select_related("case__lead_unit", "case__responsible_unit").get(rule_key=KEY)

    @property
    def clock(self) -> Deadline:
        return Deadline.objects.get(rule_key=KEY)

    def file(self, when=IN_TIME, **more):
        return file_report(
            **{"filing": self.filing, "text": "三季度情况", "hand": HAND, "actor": self.officer, "at": when} | more
        )


@pytest.fixture
def office() -> Office:
    return Office()


def test_a5_report_is_filed_received_and_shown_page_by_page(office, settings):
    settings.BUSINESS_NOW = "2026-10-08T10:00:00+08:00"
    url = reverse("filings:filing", args=[office.filing.pk])
    officer, organ = client_for(office.officer), client_for(office.organ)
    home = officer.get("/").content.decode()
    assert "2026 年第三季度安全生产情况报告" in home and f"{url}?do=file" in home
    form = officer.get(f"{url}?do=file").content.decode()
    assert "报送区纪委监委，提交后不能修改" in form and "逾期原因" not in form
    sent = officer.post(
        reverse("filings:act", args=[office.filing.pk, "file"]),
        {"text": "三季度开展检查 120 次。", "documents": SimpleUploadedFile("报告.pdf", PDF), **SIGNED},
    )
    assert (sent.status_code, sent.headers["Location"]) == (302, url)
    assert office.filing.case.state == "filed"
    assert IN_TIME <= office.clock.met_at < IN_TIME + timedelta(minutes=1)
    page = organ.get(url).content.decode()
    assert "三季度开展检查 120 次。" in page and "报告.pdf" in page and "第 1 次报送。" in page
    attachment = Attachment.objects.get(case=office.filing.pk)
    assert organ.get(reverse("file", args=[attachment.pk])).status_code == 200
    assert f"{url}?do=receive" in organ.get("/").content.decode()
    assert organ.post(reverse("filings:act", args=[office.filing.pk, "receive"]), SIGNED).status_code == 302
    case = office.filing.case
    assert (case.state, case.closed_on, case.next_due_at) == ("received", IN_TIME.date(), None)
    assert [e.name for e in AuditEvent.objects.filter(case_id=case.pk).order_by("case_seq")] == [
        "records.signed",
        "deadlines.filed",
        "deadlines.met",
        "records.attached",
        "records.signed",
        "deadlines.filing_received",
    ]
    report = office.filing.reports.get()
    assert (report.outcome, report.by, report.decided_by) == ("received", office.officer.person, office.organ.person)
    assert "接收第 1 次报送。" in organ.get(url).content.decode()


def test_a5_form_that_cannot_be_taken_keeps_what_was_typed(office, settings):
    settings.BUSINESS_NOW = "2026-10-12T10:00:00+08:00"
    answer = client_for(office.officer).post(
        reverse("filings:act", args=[office.filing.pk, "file"]),
        {"text": "写了很久", "signature": STROKES, "password": "x"},
    )
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "本机关时限已过，请写明逾期原因" in text and "写了很久" in text
    assert office.filing.case.state == "expected"


def test_a5_filed_late_says_why_and_is_counted_late(office):
    with pytest.raises(Exception, match="本机关时限不可延期，请写明逾期原因"):
        office.file(LATE)
    office.file(LATE, late_reason="数据汇总迟")
    assert (office.clock.met_at, office.clock.late_reason) == (LATE, "数据汇总迟")
    assert office.clock.is_late_at(LATE)


def test_a5_nobody_files_before_the_quarter_is_over(office, settings):
    settings.BUSINESS_NOW = "2026-09-30T17:00:00+08:00"
    with pytest.raises(Refused, match="这一期尚未结束，2026-10-01 起报送"):
        office.file(at("2026-09-30 17:00"))
    page = client_for(office.officer).get(reverse("filings:filing", args=[office.filing.pk])).content.decode()
    assert "2026-10-01 起报送" in page and "?do=file" not in page


def test_a5_returned_report_stays_and_is_filed_anew_within_its_own_time(office):
    office.file()
    return_report(filing=office.filing, reason="缺事故情况", actor=office.organ, at=IN_TIME)
    assert (office.filing.case.state, office.filing.case.closed_on) == ("returned", None)
    correction = Deadline.objects.get(rule_key="deadlines.filing_correction")
    # 10-08 is day zero; 10-09, Saturday 10-10 (worked), 10-12 to 10-14
    assert (correction.due_on.isoformat(), correction.owner_unit) == ("2026-10-14", unit_of("区安委办"))
    office.file(LATE, text="已补事故情况")
    correction.refresh_from_db()
    assert correction.met_at == LATE
    receive_report(filing=office.filing, hand=HAND, actor=office.organ, at=LATE)
    assert [(r.number, r.text, r.outcome, r.return_reason) for r in office.filing.reports.all()] == [
        (2, "已补事故情况", "received", ""),
        (1, "三季度情况", "returned", "缺事故情况"),
    ]
    assert office.clock.met_at == IN_TIME, "the first filing decides whether it was in time"


@pytest.mark.parametrize(
    ("role", "action", "why"),
    [
        ("supervisory_reader", "file", "“报送”由应报单位办理"),
        ("bureau_handler", "file", "“报送”由应报单位办理"),
        ("committee_officer", "receive", "当前环节是“待报送”，不能办理“接收”"),
    ],
)
def test_a5_who_may_not(office, role, action, why, settings):
    settings.BUSINESS_NOW = "2026-10-08T10:00:00+08:00"
    actor = make_actor(role)
    url = reverse("filings:filing", args=[office.filing.pk])
    assert why in client_for(actor).get(f"{url}?do={action}", follow=True).content.decode()
    posted = client_for(actor).post(reverse("filings:act", args=[office.filing.pk, action]), {"text": "x", **SIGNED})
    assert (posted.status_code, office.filing.case.state) == (422, "expected")


def test_a5_who_filed_does_not_receive_even_in_another_post(office):
    office.file()
    same_person = make_actor("supervisory_reader", person=office.officer.person)
    with pytest.raises(Refused, match="报送人不能自己接收"):
        receive_report(filing=office.filing, hand=HAND, actor=same_person, at=IN_TIME)


def test_a5_form_sent_twice_files_once(office, settings):
    settings.BUSINESS_NOW = "2026-10-08T10:00:00+08:00"
    client = client_for(office.officer)
    values = {"text": "一次", "form_key": "7d7e5d33-6f0f-4c55-9f0e-111111111111", **SIGNED}
    for _ in range(2):
        assert client.post(reverse("filings:act", args=[office.filing.pk, "file"]), values).status_code == 302
    assert office.filing.reports.count() == 1


def test_x5_register_says_who_has_not_filed(settings):
    settings.BUSINESS_NOW = "2026-10-08T10:00:00+08:00"
    filed = make_enterprise(name="已报的加油站")
    make_enterprise(name="未报的加油站", township="雪华乡")
    with declared(MONTHLY):
        expect(at=MADE)
        filing = Filing.objects.get(owner_unit=filed.unit, period="2026-09")
        file_report(
            filing=filing,
            text="无隐患",
            hand=HAND,
            actor=make_actor("enterprise_reporter", filed),
            at=at("2026-10-02 09:00"),
        )
        bureau = client_for(make_actor("bureau_handler"))
        page = bureau.get("/filings/?period=2026-09").content.decode()
        assert "应报 2 项，已报 1 项，未报 1 项，其中逾期 1 项。" in page
        late = bureau.get("/filings/?state=late").content.decode()
        assert "未报的加油站" in late and "已报的加油站" not in late
        township = client_for(make_actor("township_handler", "燕山乡")).get("/filings/").content.decode()
        assert "已报的加油站" in township and "未报的加油站" not in township
        own = client_for(make_actor("enterprise_reporter", filed)).get("/filings/?whose=all").content.decode()
        assert "已报的加油站" in own and "未报的加油站" not in own
        found = bureau.get("/filings/?unit=未报").content.decode()
        assert "未报的加油站" in found and "已报的加油站" not in found
        assert "没有符合条件的应报事项" in bureau.get("/filings/?period=1999-01").content.decode()


def test_x5_register_pages_forth_and_back_with_as_many_queries(settings):
    settings.BUSINESS_NOW = "2026-09-10T09:00:00+08:00"
    with declared(MONTHLY):
        client = client_for(make_actor("bureau_handler"))
        make_enterprise(name="加油站 0")
        expect(at=MADE)

        def asked() -> int:
            client.get("/filings/")
            with CaptureQueriesContext(connection) as queries:
                assert client.get("/filings/").status_code == 200
            return len(queries)

        one = asked()
        for n in range(1, 45):
            make_enterprise(name=f"加油站 {n}")
        expect(at=MADE + timedelta(hours=1))
        assert (one, asked()) == (8, 8)
        pages, url = [], "/filings/"
        while url:
            found = client.get(url).context
            pages.append([line["number"] for line in found["lines"]])
            url = f"/filings/{found['page']['next_url']}" if found["page"]["next_url"] else ""
        assert [len(page) for page in pages] == [20, 20, 5]
        assert sorted(number for page in pages for number in page) == sorted(
            Filing.objects.values_list("case__number", flat=True)
        )
        back = client.get(f"/filings/{found['page']['prev_url']}").context
        assert [line["number"] for line in back["lines"]] == pages[1]
        assert client.get("/filings/?after=broken").context["lines"][0]["number"] == pages[0][0]

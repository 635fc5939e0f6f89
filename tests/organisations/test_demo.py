"""The demo: loadable over nothing but an empty database, and good enough to be shown (X1, X2)."""

import io
from datetime import date
from decimal import Decimal

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import TestCase

from audit.clock import local_date
from audit.models import AuditEvent
from config.demo.load import DemoRefused, load_demo
from config.demo.people import ACCOUNTS, ALUMINIUM, STATION
from config.management.commands.demo_accounts import as_table
from deadlines.calendar import WorkCalendar
from deadlines.models import Deadline
from organisations.models import Account, District, Enterprise, Person, Post, Unit
from organisations.roles import ADMINISTRATORS, ROLE_BY_KEY
from organisations.services.uscc import check_character, organisation_check_character, validate
from records.letters.content import LetterContent
from records.letters.glyphs import missing_characters
from records.models import Case, Letter
from risks.models import RiskState
from tests.factories import PASSWORD, at, make_district, make_uscc

AT = at("2026-11-23 10:00")
NAMED = (
    *("anwei", "anjian", "anjian2", "zhujian", "shichang", "yanshan", "xuehua", "lingdao", "qiye"),
    *("fuzeren", "qiye2", "fuzeren2", "zhuanjia", "jubao", "jiwei", "sysadmin", "secadmin", "auditor"),
)


def load(*options: str) -> str:
    out = io.StringIO()
    call_command("load_demo", *options, stdout=out)
    return out.getvalue()


@pytest.mark.django_db
def test_the_demo_is_refused_over_a_real_district() -> None:
    make_district(name="蚌山区")
    before = Unit.objects.count()
    with pytest.raises(CommandError, match="库中已有正式区县“蚌山区”（340303），演示数据只能载入空库。"):
        load()
    assert "演示数据只能载入空库" in load("--if-empty")
    assert (Unit.objects.count(), Account.objects.count(), District.objects.get().is_demo) == (before, 0, False)


@pytest.mark.django_db
def test_the_demo_is_refused_outside_demo_environments(settings) -> None:
    settings.DEMO = settings.TESTING = False
    with pytest.raises(CommandError, match="演示数据只能载入演示环境"):
        load()
    assert District.objects.count() == 0


@pytest.mark.django_db
def test_the_demo_is_refused_before_its_bureau_existed_and_beyond_the_calendar() -> None:
    with pytest.raises(DemoRefused, match="2019-09-01"):
        load_demo(at=at("2018-10-09 09:00"))
    with pytest.raises(DemoRefused, match="工作日历"):
        load_demo(at=at("2040-01-04 09:00"))
    assert District.objects.count() == 0


def test_the_table_of_accounts_is_aligned_by_width() -> None:
    lines = as_table([("用户名", "岗位", "单位"), ("anwei", "a", "x")]).splitlines()
    assert lines == ["用户名  岗位  单位", "anwei   a     x"]


def test_factory_codes_pass_both_checks() -> None:
    assert [validate(make_uscc()) for _ in range(40)] == [([], [])] * 40
    assert make_uscc(serial=1) == "91340303" + "MA9X0001" + organisation_check_character("MA9X0001") + check_character(
        "91340303MA9X0001" + organisation_check_character("MA9X0001")
    )


class DemoTest(TestCase):
    """Loaded once for all that follow."""

    counts: dict[str, int]

    @classmethod
    def setUpTestData(cls) -> None:
        cls.counts = load_demo(at=AT)

    def test_a_second_loading_changes_nothing(self) -> None:
        before = [m.objects.count() for m in (Unit, Account, Enterprise, Case, AuditEvent)]
        assert load("--if-empty") == "演示数据已在库中，未作改动。\n"
        with pytest.raises(CommandError, match="演示数据已在库中"):
            load()
        assert [m.objects.count() for m in (Unit, Account, Enterprise, Case, AuditEvent)] == before

    def test_it_is_refused_when_a_real_district_stands_beside(self) -> None:
        make_district(code="340304", name="禹会区")
        with pytest.raises(CommandError, match="禹会区"):
            load()

    def test_it_is_marked_and_told(self) -> None:
        assert District.objects.get().is_demo is True
        event = AuditEvent.objects.get(name="organisations.demo_loaded")
        assert event.data == self.counts
        assert self.counts["enterprises"] == Enterprise.objects.count() >= 60

    def test_x1_all_codes_pass_both_checks(self) -> None:
        codes = list(Enterprise.objects.exclude(uscc=None).values_list("uscc", flat=True))
        assert len(codes) == self.counts["enterprises"] - 2
        assert {code: validate(code) for code in codes} == dict.fromkeys(codes, ([], []))
        assert {code[2:8] for code in codes} == {"340303"}
        assert Enterprise.objects.filter(uscc=None).exclude(no_uscc_reason="").count() == 2

    def test_x2_one_enforcer_or_a_dated_undetermined(self) -> None:
        undetermined = Enterprise.objects.filter(enforcement_department=None)
        assert undetermined.filter(undetermined_since__lt=local_date(AT)).count() == undetermined.count() == 2
        for enterprise in Enterprise.objects.exclude(enforcement_department=None).select_related("sector"):
            assert enterprise.enforcement_department in enterprise.sector.departments.all()
        for wrong in ({"enforcement_department": None}, {"undetermined_since": date(2026, 9, 1)}):
            with pytest.raises(IntegrityError, match="one_enforcer_or_undetermined"), transaction.atomic():
                Enterprise.objects.filter(unit__short_name=STATION).update(**wrong)

    def test_enterprises_stand_where_the_notice_puts_them(self) -> None:
        def townships(sector: str) -> set[str]:
            return set(Enterprise.objects.filter(sector__code=sector).values_list("township__name", flat=True))

        assert "燕山乡" in townships("dust")
        assert townships("non_coal_mine") == {"燕山乡"}
        assert townships("fireworks") == {"纬二路街道", "宏业村街道", "燕山乡"}
        assert Enterprise.objects.values("township").distinct().count() == 11
        spots = set(Enterprise.objects.values_list("longitude", "latitude"))
        assert len(spots) == self.counts["enterprises"]
        assert all(
            Decimal("117.33") <= x <= Decimal("117.42") and Decimal("32.86") <= y <= Decimal("32.95") for x, y in spots
        )
        rows = Enterprise.objects.values_list("unit__name", "section", "sector__sections")
        assert [name for name, section, sections in rows if sections and section not in sections] == []

    def test_named_accounts_can_log_in(self) -> None:
        assert set(NAMED) <= {a.username for a in ACCOUNTS}
        for username in NAMED:
            account = authenticate(username=username, password=PASSWORD)
            assert account is not None, username
            assert account.must_change_password is False
            assert Post.objects.open_on(local_date(AT)).filter(person=account.person).exists()
        assert authenticate(username="anjian", password="falsch-2018-101") is None

    def test_posts_suit_their_units_and_administrators_are_three_persons(self) -> None:
        for post in Post.objects.select_related("unit"):
            assert post.unit.kind in ROLE_BY_KEY[post.role_key].unit_kinds, str(post)
        assert Post.objects.filter(role_key__in=ADMINISTRATORS).values("person").distinct().count() == 3
        yanshan = Post.objects.filter(person__accounts__username="yanshan").values_list("role_key", flat=True)
        assert list(yanshan) == ["township_handler", "township_principal"]
        units = {
            a: Post.objects.get(person__accounts__username=a).unit.name
            for a in ("qiye", "fuzeren", "qiye2", "fuzeren2")
        }
        assert units == {"qiye": STATION, "fuzeren": STATION, "qiye2": ALUMINIUM, "fuzeren2": ALUMINIUM}
        assert Person.objects.values("sort_key").exclude(sort_key="").count() == Person.objects.count()

    def test_risks_stand_in_every_state(self) -> None:
        assert set(Case.objects.filter(kind="risk").values_list("state", flat=True)) == set(RiskState.values)
        road = Case.objects.get(title="燕山乡道临水临崖路段")
        assert (road.responsible_unit.short_name, road.lead_unit.short_name, road.level) == (
            "燕山乡",
            "区住建交通委",
            "red",
        )
        site = Case.objects.get(kind="risk", responsible_unit__short_name="区住建交通委")
        assert site.lead_unit.short_name == "区应急管理局"
        assert Case.objects.filter(level="red").count() >= 5
        assert Case.objects.filter(level="orange").count() >= 5

    def test_a5_reports_to_the_supervisory_organ_stand_in_every_state_that_waits_for_somebody(self) -> None:
        filings = Case.objects.filter(kind="filing").order_by("filing__last_on")
        states = list(filings.values_list("state", flat=True))
        assert states[-1] == "expected" and set(states) == {"received", "filed", "expected"}
        assert len(states) == self.counts["filings"]

    def test_some_clocks_are_overdue_and_none_of_the_history_lies_ahead(self) -> None:
        overdue = Deadline.objects.open().filter(due_at__lte=AT)
        assert {"risks.assessment", "risks.handover", "risks.receipt", "risks.treatment", "risks.closure_check"} <= set(
            overdue.values_list("rule_key", flat=True)
        )
        assert overdue.count() < Deadline.objects.open().count() / 2
        assert not AuditEvent.objects.filter(at__gt=AT).exists()
        calendar = WorkCalendar.load()
        days = {local_date(e) for e in AuditEvent.objects.filter(case_id__isnull=False).values_list("at", flat=True)}
        assert [d for d in days if not calendar.is_workday(d)] == []

    def test_letters_are_numbered_in_the_order_of_their_dates(self) -> None:
        for issuer in Unit.objects.filter(issued_letters__seq__isnull=False).distinct():
            issued = list(Letter.objects.filter(issuer=issuer, seq__isnull=False).order_by("seq"))
            assert [x.seq for x in issued] == list(range(1, len(issued) + 1))
            assert [x.issued_at for x in issued] == sorted(x.issued_at for x in issued)

    @pytest.mark.letters
    def test_x7_the_fonts_have_every_character_of_the_demo_letters(self) -> None:
        texts = "".join(
            LetterContent.from_json(text).printed_text()
            for text in Letter.objects.exclude(content="").values_list("content", flat=True)
        )
        assert len(texts) > 1000
        assert missing_characters(texts) == []

    def test_the_accounts_are_printed(self) -> None:
        out = io.StringIO()
        call_command("demo_accounts", stdout=out)
        lines = out.getvalue().splitlines()
        assert lines[0].split() == ["用户名", "岗位", "单位"]
        assert [line.split()[0] for line in lines[1 : len(ACCOUNTS) + 1]] == [a.username for a in ACCOUNTS]
        assert lines[-1] == f"密码（password）: {PASSWORD}"

"""The clause table (X5)."""

from datetime import date

import pytest

from deadlines.clauses import CLAUSES, order_of
from deadlines.models import Deadline
from deadlines.rules import all_rules
from records.models import Case
from records.services.cases import open_case
from tests.factories import at, client_for, make_actor, make_district, make_enterprise

pytestmark = pytest.mark.django_db


def test_x5_clauses_come_in_the_notices_order_and_laws_after_them():
    assert sorted(CLAUSES, key=order_of) == list(CLAUSES)
    assert sorted(["安全生产法 82", "四（四）", "二（一）10", "二（一）2"], key=order_of) == [
        "二（一）2",
        "二（一）10",
        "四（四）",
        "安全生产法 82",
    ]


def test_x5_every_rule_stands_in_the_table_under_its_clause():
    make_district(terms={"letter_receipt": "WD4"})
    response = client_for(make_actor()).get("/rules/")
    page = response.content.decode()
    assert [rule.key for rule in all_rules() if f'id="{rule.key}"' not in page] == []
    clauses = [group["clause"] for group in response.context["clauses"]]
    assert clauses == sorted(clauses, key=order_of)
    rows = {row["key"]: row for group in response.context["clauses"] for row in group["rows"]}
    assert (rows["risks.handover"]["term"], rows["risks.handover"]["is_local_default"]) == ("3 个工作日", False)
    assert (rows["risks.receipt"]["term"], rows["risks.receipt"]["is_local_default"]) == ("4 个工作日", True)
    assert rows["risks.handover"]["extension"] == "本机关时限，不可延期"


def test_x5_one_rule_says_all_of_itself_and_an_unknown_one_is_404():
    client = client_for(make_actor())
    page = client.get("/rules/risks.handover/").content.decode()
    assert "研判机制：风险交办制" in page and "3 个工作日" in page and "没有在办事项" in page
    assert client.get("/rules/risks.nothing/").status_code == 404


def make_deadline(case: Case, occurrence: str, due_on: date) -> Deadline:
    return Deadline.objects.create(
        rule_key="risks.handover",
        terms="WD3",
        case=case,
        occurrence=occurrence,
        title=case.title,
        started_at=at("2018-10-08"),
        due_at=at(f"{due_on} 23:59"),
        due_on=due_on,
        owner_unit=case.lead_unit,
        responsible_unit=case.responsible_unit,
        township=case.township,
        district=case.district,
    )


def test_x5_counts_are_those_of_the_readers_own_scope():
    enterprise = make_enterprise(enforcer="区应急管理局")
    case = open_case(
        district=enterprise.unit.district,
        kind="risk",
        title="卸油区静电",
        state="draft",
        township=enterprise.township,
        sector=enterprise.sector,
        responsible_unit=enterprise.unit,
        lead_unit=enterprise.enforcement_department,
        at=at("2018-10-08"),
    )
    make_deadline(case, "1", date(2018, 10, 11))
    make_deadline(case, "2", date(2030, 10, 11))
    met = make_deadline(case, "3", date(2018, 10, 12))
    Deadline.objects.filter(pk=met.pk).update(met_at=at("2018-10-09"))

    def counts(role: str, unit: str) -> tuple[int, int]:
        groups = client_for(make_actor(role, unit)).get("/rules/").context["clauses"]
        row = next(row for group in groups for row in group["rows"] if row["key"] == "risks.handover")
        return row["open"], row["overdue"]

    assert counts("bureau_head", "区应急管理局") == (2, 1)
    assert counts("township_handler", "燕山乡") == (2, 1)
    assert counts("township_handler", "雪华乡") == (0, 0)
    assert counts("department_handler", "区市场监管局") == (0, 0)
    page = client_for(make_actor("bureau_head")).get("/rules/risks.handover/").content.decode()
    assert page.count("卸油区静电") == 2

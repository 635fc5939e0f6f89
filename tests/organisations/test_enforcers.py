"""X2: 安委办 proposes the daily-enforcement department, a district leader decides; 待明确 is one click away."""

from datetime import date

import pytest
from django.db import IntegrityError
from django.urls import reverse

from audit.models import AuditEvent
from organisations.models import EnforcerProposal
from organisations.selectors import waiting_for
from organisations.services.enforcers import decide_enforcer, propose_enforcer
from organisations.services.enterprises import RegistryRefused
from tests.factories import at, client_for, make_actor, make_district, make_enterprise, make_unit, unit_of

pytestmark = pytest.mark.django_db
NOW = at("2026-10-09 10:00")


def propose(enterprise, actor=None, department="区住建交通委"):
    return propose_enforcer(
        enterprise=enterprise,
        department=unit_of(department),
        reason="三定职责",
        actor=actor or make_actor("committee_officer"),
        at=NOW,
    )


def test_x2_proposed_by_the_committee_and_decided_by_the_leader():
    enterprise = make_enterprise(name="无主工地", enforcer=None)
    proposal = propose(enterprise)
    enterprise.refresh_from_db()
    assert enterprise.enforcement_department is None
    decide_enforcer(proposal=proposal, approve=True, note="", actor=make_actor("district_leader"), at=NOW)
    enterprise.refresh_from_db()
    assert (enterprise.enforcement_department, enterprise.undetermined_since) == (unit_of("区住建交通委"), None)
    data = AuditEvent.objects.get(name="organisations.enforcer_decided").data
    assert (data["approved"], data["undetermined_since"]) == (True, "2026-09-01")


def test_x2_refused_stays_undetermined_since_the_same_day_and_may_be_proposed_again():
    enterprise = make_enterprise(enforcer=None)
    leader = make_actor("district_leader")
    proposal = propose(enterprise)
    with pytest.raises(RegistryRefused, match="不同意须写明理由"):
        decide_enforcer(proposal=proposal, approve=False, note=" ", actor=leader, at=NOW)
    decide_enforcer(proposal=proposal, approve=False, note="再协商", actor=leader, at=NOW)
    enterprise.refresh_from_db()
    assert (enterprise.enforcement_department, enterprise.undetermined_since) == (None, date(2026, 9, 1))
    assert propose(enterprise, department="区应急管理局").pk != proposal.pk


@pytest.mark.parametrize("role", ["bureau_principal", "township_handler", "district_leader", "department_principal"])
def test_x2_only_the_committee_proposes(role):
    enterprise = make_enterprise(enforcer=None, township="纬二路街道")
    actor = make_actor(role)
    with pytest.raises(RegistryRefused, match="安委办"):
        propose(enterprise, actor)
    response = client_for(actor).get(reverse("enterprises:propose-enforcer", args=[enterprise.pk]))
    assert response.status_code == 403


@pytest.mark.parametrize("role", ["committee_officer", "bureau_principal", "department_principal"])
def test_x2_only_a_leader_decides(role):
    proposal = propose(make_enterprise(enforcer=None))
    actor = make_actor(role)
    with pytest.raises(RegistryRefused, match="区领导"):
        decide_enforcer(proposal=proposal, approve=True, note="", actor=actor, at=NOW)
    assert client_for(actor).get(reverse("enterprises:decide-enforcer", args=[proposal.pk])).status_code == 403


def test_x2_nobody_decides_an_own_proposal():
    officer = make_actor("committee_officer")
    proposal = propose(make_enterprise(enforcer=None), officer)
    leader = make_actor("district_leader", person=officer.person)
    with pytest.raises(RegistryRefused, match="提出人不能自己决定"):
        decide_enforcer(proposal=proposal, approve=True, note="", actor=leader, at=NOW)
    with pytest.raises(IntegrityError, match="enforcer_two_persons"):
        EnforcerProposal.objects.filter(pk=proposal.pk).update(decided_by=officer.person)


def test_x2_one_open_proposal_and_none_for_a_settled_enterprise():
    enterprise = make_enterprise(enforcer=None)
    propose(enterprise, make_actor("committee_officer", name="王秀兰"))
    with pytest.raises(RegistryRefused, match="王秀兰已建议由区住建交通委负责"):
        propose(enterprise)
    with pytest.raises(RegistryRefused, match="已明确为区应急管理局"):
        propose(make_enterprise())


def test_x2_a_dissolved_or_foreign_department_is_refused():
    enterprise = make_enterprise(enforcer=None)
    make_unit(short_name="区旧局", valid_to=date(2019, 3, 1))
    other = make_district(code="340304", name="禹会区")
    foreign = unit_of("区市场监管局", district=other)
    officer = make_actor("committee_officer")
    for department in (foreign, enterprise.unit):
        with pytest.raises(RegistryRefused, match="请选本区现有的部门"):
            propose_enforcer(enterprise=enterprise, department=department, reason="理由", actor=officer, at=NOW)
    page = client_for(officer).get(reverse("enterprises:propose-enforcer", args=[enterprise.pk]))
    offered = {unit.short_name for unit in page.context["form"].fields["department"].queryset}
    assert offered == {"区应急管理局", "区住建交通委", "区市场监管局"}


def test_x2_the_second_leader_is_told_what_the_first_decided():
    proposal = propose(make_enterprise(enforcer=None))
    decide_enforcer(
        proposal=proposal, approve=True, note="", actor=make_actor("district_leader", name="赵区长"), at=NOW
    )
    second = make_actor("district_leader")
    with pytest.raises(RegistryRefused, match="赵区长已作出决定：同意由区住建交通委负责"):
        decide_enforcer(proposal=proposal, approve=False, note="不", actor=second, at=NOW)
    page = client_for(second).get(reverse("enterprises:decide-enforcer", args=[proposal.pk]), follow=True)
    assert "赵区长已作出决定：同意由区住建交通委负责" in page.content.decode()


def test_x2_undetermined_is_one_click_away_from_the_register_and_says_well_that_it_is_empty():
    make_enterprise(name="有主加油站")
    client = client_for(make_actor("bureau_handler"))
    listed = client.get(reverse("enterprises:list")).content.decode()
    assert reverse("enterprises:undetermined") in listed and "0 家" in listed
    assert "没有待明确的企业" in client.get(reverse("enterprises:undetermined")).content.decode()
    make_enterprise(name="无主工地", enforcer=None)
    page = client.get(reverse("enterprises:undetermined"))
    assert [row["e"].unit.name for row in page.context["rows"]] == ["无主工地"]
    assert "1 家" in client.get(reverse("enterprises:list")).content.decode()


def test_x2_the_undetermined_list_keeps_to_the_scope_and_costs_the_same_at_any_length(django_assert_num_queries):
    make_enterprise(name="燕山无主", township="燕山乡", enforcer=None)
    client = client_for(make_actor("township_handler", "燕山乡"))
    with django_assert_num_queries(9):
        client.get(reverse("enterprises:undetermined"))
    propose(make_enterprise(name="燕山无主二", township="燕山乡", enforcer=None))
    propose(make_enterprise(name="燕山无主三", township="燕山乡", enforcer=None))
    make_enterprise(name="雪华无主", township="雪华乡", enforcer=None)
    with django_assert_num_queries(9):
        page = client.get(reverse("enterprises:undetermined"))
    assert {row["e"].unit.name for row in page.context["rows"]} == {"燕山无主", "燕山无主二", "燕山无主三"}


def test_x2_the_leader_finds_what_waits_on_the_list_and_in_the_worklist():
    waiting, other = make_enterprise(name="甲工地", enforcer=None), make_enterprise(name="乙工地", enforcer=None)
    proposal = propose(waiting)
    leader = make_actor("district_leader")
    page = client_for(leader).get(reverse("enterprises:undetermined"))
    assert [(row["e"].pk, row["is_mine"]) for row in page.context["rows"]] == [(waiting.pk, True), (other.pk, False)]
    (line,) = waiting_for(leader)
    url = reverse("enterprises:decide-enforcer", args=[proposal.pk])
    assert (line.title, line.url, line.action_label) == ("明确日常执法部门：甲工地", url, "决定")
    assert waiting_for(make_actor("committee_officer")) == []
    foreign = make_actor("district_leader", district=make_district(code="340304", name="禹会区"))
    assert waiting_for(foreign) == []
    assert client_for(foreign).get(url).status_code == 404


def test_x2_from_proposal_to_decision_in_the_browser():
    enterprise = make_enterprise(name="无主工地", sector="construction", enforcer=None)
    officer, leader = client_for(make_actor("committee_officer")), client_for(make_actor("district_leader"))
    url = reverse("enterprises:propose-enforcer", args=[enterprise.pk])
    page = officer.get(url)
    # suggested: the sector's department
    assert page.context["form"].fields["department"].initial == unit_of("区住建交通委").pk
    refused = officer.post(url, {"department": unit_of("区住建交通委").pk, "reason": ""})
    assert (refused.status_code, set(refused.context["form"].errors)) == (422, {"reason"})
    officer.post(url, {"department": unit_of("区住建交通委").pk, "reason": "三定职责"})
    proposal = EnforcerProposal.objects.get()
    detail = reverse("enterprises:detail", args=[enterprise.pk])
    decide = reverse("enterprises:decide-enforcer", args=[proposal.pk])
    assert decide in leader.get(detail).content.decode()
    assert decide not in officer.get(detail).content.decode()
    assert leader.post(decide, {"approve": "yes", "note": ""}).url == detail
    enterprise.refresh_from_db()
    assert enterprise.enforcement_department == unit_of("区住建交通委")
    # sent twice: told, not done again
    assert leader.post(decide, {"approve": "no", "note": "改主意"}).url == detail
    enterprise.refresh_from_db()
    assert enterprise.enforcement_department == unit_of("区住建交通委")


def test_x2_graded_supervision_lists_by_sector():
    district_level = make_enterprise(sector="hazchem", supervision_level="district")
    township_level = make_enterprise(sector="hazchem", supervision_level="township")
    page = client_for(make_actor("bureau_handler")).get("/enterprises/?level=township&sector=hazchem").content.decode()
    assert (township_level.unit.name in page, district_level.unit.name in page) == (True, False)
    assert "分级监管：乡街级" in page

"""Dated changes: proposed by one person, confirmed by another, applied whole (X1)."""

from datetime import date

import pytest
from django.db import IntegrityError
from django.urls import reverse

from audit.models import AuditEvent
from organisations.models import EnterpriseChange
from organisations.selectors import waiting_for
from organisations.services import changes
from organisations.services.changes import decide_change, may_propose, on_move, propose_change
from organisations.services.enterprises import RegistryRefused
from tests.factories import at, client_for, make_actor, make_district, make_enterprise, territory_of

pytestmark = pytest.mark.django_db
Kind = EnterpriseChange.Kind
NOW = at("2026-10-09 10:00")
TODAY = date(2026, 10, 9)


def propose(enterprise, kind, actor, **details):
    details = {"effective_on": TODAY} | details
    return propose_change(enterprise=enterprise, kind=kind, actor=actor, at=NOW, **details)


def decide(change, actor, approve=True, note=""):
    return decide_change(change=change, approve=approve, note=note, actor=actor, at=NOW)


@pytest.fixture
def moves():
    """Upper apps follow through the hook; here one that only remembers."""
    seen = []

    def follow(move, *, actor, at):
        seen.append((str(move.from_unit), str(move.to_unit), move.to_township.name))
        return "2 个未结案卷已移交"

    on_move(follow)
    on_move(follow)  # registering twice calls once
    yield seen
    changes._move_handlers.remove(follow)


PROPOSES = {
    Kind.RENAME: {"enterprise", "township", "committee", "bureau"},
    Kind.MERGE: {"enterprise", "township", "committee", "bureau"},
    Kind.STATUS: {"enterprise", "township", "bureau"},
    Kind.MOVE: {"township", "bureau"},
    Kind.SUPERIOR: {"township", "committee", "bureau"},
}


def test_x1_who_may_propose_what():
    enterprise = make_enterprise(name="燕山加油站")
    people = {
        "enterprise": make_actor("enterprise_reporter", enterprise),
        "township": make_actor("township_handler", "燕山乡"),
        "committee": make_actor("committee_officer"),
        "bureau": make_actor("bureau_handler"),
        "other township": make_actor("township_handler", "雪华乡"),
        "other enterprise": make_actor("enterprise_principal", make_enterprise(name="别家")),
        "department": make_actor("department_head"),
        "leader": make_actor("district_leader"),
        "other district": make_actor("bureau_handler", district=make_district(code="340304", name="禹会区")),
    }
    for kind in Kind:
        assert {who for who, actor in people.items() if may_propose(kind, actor, enterprise)} == PROPOSES[kind], kind


def test_x1_renaming_takes_effect_on_confirmation_and_the_old_name_stays_readable():
    enterprise = make_enterprise(name="旧名加油站")
    change = propose(enterprise, Kind.RENAME, make_actor("enterprise_principal", enterprise), name="安达加油站")
    enterprise.unit.refresh_from_db()
    assert (change.state, enterprise.unit.name) == ("proposed", "旧名加油站")
    decide(change, make_actor("bureau_handler"), note="已核执照")
    change.refresh_from_db()
    enterprise.unit.refresh_from_db()
    assert (change.state, change.before, change.after) == ("effective", "旧名加油站", "安达加油站")
    assert (enterprise.unit.name, enterprise.unit.short_name) == ("安达加油站", "")
    assert enterprise.unit.sort_key.startswith("an da")
    assert AuditEvent.objects.get(name="organisations.enterprise_renamed").data["before"] == "旧名加油站"
    page = client_for(make_actor("bureau_handler")).get(reverse("enterprises:detail", args=[enterprise.pk]))
    assert "更名：旧名加油站 → 安达加油站" in page.content.decode()


def test_x1_nobody_confirms_an_own_proposal_in_whatever_post():
    enterprise = make_enterprise()
    proposer = make_actor("bureau_handler")
    change = propose(enterprise, Kind.RENAME, proposer, name="新名")
    same_person = make_actor("bureau_head", person=proposer.person)
    with pytest.raises(RegistryRefused, match="提出人不能自己确认"):
        decide(change, same_person)
    assert client_for(same_person).get(reverse("enterprises:decide-change", args=[change.pk])).status_code == 403
    assert waiting_for(same_person) == []
    with pytest.raises(IntegrityError, match="enterprise_change_two_persons"):
        EnterpriseChange.objects.filter(pk=change.pk).update(
            state="effective", decided_by=proposer.person, decided_at=NOW
        )


@pytest.mark.parametrize(
    ("kind", "details", "right", "wrong"),
    [
        (Kind.RENAME, {"name": "新名"}, ("bureau_handler", None), ("township_handler", "燕山乡")),
        (Kind.SUPERIOR, {"document": "皖应急〔2026〕3号"}, ("bureau_head", None), ("committee_officer", None)),
        (Kind.STATUS, {"to_operation": "stopped"}, ("township_handler", "燕山乡"), ("bureau_head", None)),
        (Kind.STATUS, {"to_operation": "closed"}, ("township_principal", "燕山乡"), ("township_handler", "雪华乡")),
    ],
)
def test_x1_only_the_table_s_hat_confirms(kind, details, right, wrong):
    enterprise = make_enterprise()
    change = propose(enterprise, kind, make_actor("bureau_handler"), **details)
    with pytest.raises(RegistryRefused):
        decide(change, make_actor(*wrong))
    decide(change, make_actor(*right))
    change.refresh_from_db()
    assert change.state == "effective"


def test_x1_stopping_and_resuming_are_confirmed_by_the_township():
    enterprise = make_enterprise()
    principal, township = make_actor("enterprise_principal", enterprise), make_actor("township_handler", "燕山乡")
    for operation in ("stopped", "running", "suspended", "closed"):
        decide(propose(enterprise, Kind.STATUS, principal, to_operation=operation, reason="检修"), township)
        enterprise.refresh_from_db()
        assert enterprise.operation == operation
    assert [c.after for c in enterprise.changes.order_by("pk")] == ["停产", "在营", "歇业", "关闭"]


def test_x1_superior_management_is_taken_over_and_given_back():
    enterprise = make_enterprise()
    proposer, confirmer = make_actor("committee_officer"), make_actor("bureau_handler")
    decide(propose(enterprise, Kind.SUPERIOR, proposer), confirmer)
    enterprise.refresh_from_db()
    assert enterprise.is_higher_managed is True
    decide(propose(enterprise, Kind.SUPERIOR, proposer), confirmer)
    enterprise.refresh_from_db()
    assert enterprise.is_higher_managed is False


def test_x1_a_move_is_confirmed_by_the_receiving_township_and_its_rows_follow(moves):
    enterprise = make_enterprise(name="燕山加油站", township="燕山乡")
    old, new = make_actor("township_handler", "燕山乡"), make_actor("township_handler", "雪华乡")
    change = propose(
        enterprise,
        Kind.MOVE,
        old,
        to_township=territory_of("雪华乡"),
        reason="厂区迁至雪华工业园",
        document="移交单 1 号",
    )
    with pytest.raises(RegistryRefused):
        decide(change, make_actor("township_principal", "燕山乡"))
    assert moves == []
    assert decide(change, new, note="已接收") == ["2 个未结案卷已移交"]
    enterprise.refresh_from_db()
    assert (enterprise.township.name, enterprise.unit.territory.name) == ("雪华乡", "雪华乡")
    assert moves == [("燕山加油站", "燕山加油站", "雪华乡")]
    assert AuditEvent.objects.get(name="organisations.enterprise_moved").data["moved"] == ["2 个未结案卷已移交"]


def test_x1_the_history_of_a_move_is_visible_to_both_townships():
    enterprise = make_enterprise(name="燕山加油站", township="燕山乡")
    old, new = make_actor("township_handler", "燕山乡"), make_actor("township_handler", "雪华乡")
    third = make_actor("township_handler", "纬二路街道")
    url = reverse("enterprises:detail", args=[enterprise.pk])
    assert client_for(new).get(url).status_code == 404
    change = propose(enterprise, Kind.MOVE, old, to_township=territory_of("雪华乡"), reason="厂区搬迁")
    # before: the receiving township sees the proposal, and no people or telephone numbers
    page = client_for(new).get(url)
    assert "厂区搬迁" in page.content.decode()
    assert (page.context["whole"], "people" in page.context, "facts" in page.context) == (False, False, False)
    decide(change, new)
    assert client_for(new).get(url).context["whole"] is True
    former = client_for(old).get(url)
    assert (former.status_code, former.context["whole"]) == (200, False)
    assert "迁移乡街：燕山乡（340303200） → 雪华乡（340303201）" in former.content.decode()
    assert client_for(old).get(reverse("enterprises:edit", args=[enterprise.pk])).status_code == 404
    assert client_for(third).get(url).status_code == 404
    # history is all the former township keeps: the register shows it no longer
    assert client_for(old).get(reverse("enterprises:list")).context["rows"] == []


def test_x1_a_refused_move_leaves_no_window_open():
    enterprise = make_enterprise(township="燕山乡")
    new = make_actor("township_handler", "雪华乡")
    change = propose(
        enterprise, Kind.MOVE, make_actor("township_handler", "燕山乡"), to_township=territory_of("雪华乡")
    )
    with pytest.raises(RegistryRefused, match="不通过须写明理由"):
        decide(change, new, approve=False)
    decide(change, new, approve=False, note="不在本乡")
    enterprise.refresh_from_db()
    assert enterprise.township.name == "燕山乡"
    assert client_for(new).get(reverse("enterprises:detail", args=[enterprise.pk])).status_code == 404


def test_x1_a_merger_ends_the_unit_and_the_successor_inherits(moves):
    enterprise = make_enterprise(name="小站", township="燕山乡")
    successor = make_enterprise(name="大站", township="雪华乡")
    change = propose(enterprise, Kind.MERGE, make_actor("committee_officer"), to_unit=successor.unit)
    decide(change, make_actor("bureau_handler"))
    enterprise.refresh_from_db()
    enterprise.unit.refresh_from_db()
    assert (enterprise.operation, enterprise.unit.succeeded_by, enterprise.unit.valid_to) == (
        "closed",
        successor.unit,
        TODAY,
    )
    assert moves == [("小站", "大站", "雪华乡")]
    with pytest.raises(RegistryRefused, match="已并入大站"):
        propose(enterprise, Kind.RENAME, make_actor("bureau_handler"), name="又一名")


def test_x1_when_a_row_cannot_follow_nothing_is_applied():
    enterprise = make_enterprise(township="燕山乡")

    def fails(move, *, actor, at):
        raise RegistryRefused("案卷正在办理")

    change = propose(enterprise, Kind.MOVE, make_actor("bureau_handler"), to_township=territory_of("雪华乡"))
    on_move(fails)
    try:
        with pytest.raises(RegistryRefused, match="案卷正在办理"):
            decide(change, make_actor("township_handler", "雪华乡"))
    finally:
        changes._move_handlers.remove(fails)
    enterprise.refresh_from_db()
    change.refresh_from_db()
    assert (enterprise.township.name, change.state) == ("燕山乡", "proposed")


@pytest.mark.parametrize(
    ("kind", "details", "message"),
    [
        (Kind.RENAME, {"name": "燕山加油站"}, "请填新的名称"),
        (Kind.STATUS, {"to_operation": "running"}, "请选择变更后的经营状态"),
        (Kind.MERGE, {}, "请填本区已登记的承接企业"),
        (Kind.MOVE, {}, "请选择迁入的乡街"),
    ],
)
def test_x1_a_change_that_changes_nothing_is_refused(kind, details, message):
    enterprise = make_enterprise(name="燕山加油站")
    with pytest.raises(RegistryRefused, match=message):
        propose(enterprise, kind, make_actor("bureau_handler"), **details)


def test_x1_one_change_at_a_time():
    enterprise = make_enterprise()
    propose(enterprise, Kind.RENAME, make_actor("bureau_handler", name="周立新"), name="新名")
    with pytest.raises(RegistryRefused, match="周立新提出的更名还在等应急管理局确认"):
        propose(enterprise, Kind.STATUS, make_actor("bureau_handler"), to_operation="stopped")


def test_x1_a_change_is_not_confirmed_before_its_day():
    enterprise = make_enterprise()
    change = propose(
        enterprise, Kind.RENAME, make_actor("bureau_handler"), name="新名", effective_on=date(2026, 10, 10)
    )
    with pytest.raises(RegistryRefused, match="生效日期是 2026-10-10"):
        decide(change, make_actor("bureau_head"))
    decide_change(change=change, approve=True, note="", actor=make_actor("bureau_head"), at=at("2026-10-10 00:00"))


def test_x1_the_second_of_two_officials_is_told_who_was_first():
    enterprise = make_enterprise()
    change = propose(enterprise, Kind.RENAME, make_actor("enterprise_principal", enterprise), name="新名")
    decide(change, make_actor("bureau_handler", name="周立新"))
    late = make_actor("bureau_head")
    with pytest.raises(RegistryRefused, match="周立新已处理：更名已生效"):
        decide(EnterpriseChange.objects.get(pk=change.pk), late)
    response = client_for(late).get(reverse("enterprises:decide-change", args=[change.pk]), follow=True)
    assert "周立新已处理：更名已生效" in response.content.decode()


def test_x1_what_waits_is_listed_for_the_one_who_decides():
    enterprise = make_enterprise(name="燕山加油站")
    change = propose(
        enterprise, Kind.STATUS, make_actor("enterprise_principal", enterprise), to_operation="stopped", reason="检修"
    )
    township = make_actor("township_handler", "燕山乡")
    (line,) = waiting_for(township)
    assert (line.title, line.action_label) == ("经营状态变更：燕山加油站", "确认")
    assert line.url == reverse("enterprises:decide-change", args=[change.pk])
    for role, unit in (("township_handler", "雪华乡"), ("bureau_handler", None), ("district_leader", None)):
        assert waiting_for(make_actor(role, unit)) == []
    decide(change, township)
    assert waiting_for(township) == []


def test_x1_from_proposal_to_confirmation_in_the_browser():
    enterprise = make_enterprise(name="燕山加油站", township="燕山乡")
    old, new = (
        client_for(make_actor("township_handler", "燕山乡")),
        client_for(make_actor("township_handler", "雪华乡")),
    )
    url = reverse("enterprises:change", args=[enterprise.pk]) + "?kind=move"
    assert old.get(url).status_code == 200
    form = {"to_township": territory_of("雪华乡").pk, "effective_on": "2018-10-09", "document": "移交单 1 号"}
    refused = old.post(url, form)
    assert (refused.status_code, set(refused.context["form"].errors)) == (422, {"reason"})
    assert "移交单 1 号" in refused.content.decode()
    assert old.post(url, form | {"reason": "厂区搬迁"}).status_code == 302
    change = EnterpriseChange.objects.get()
    page = reverse("enterprises:decide-change", args=[change.pk])
    assert old.get(page).status_code == 403
    assert client_for(make_actor("township_handler", "纬二路街道")).get(page).status_code == 404
    assert new.post(page, {"approve": "no"}).context["form"].errors == {"note": ["请写明理由"]}
    assert new.post(page, {"approve": "yes", "note": "已接收"}).url == reverse(
        "enterprises:detail", args=[enterprise.pk]
    )
    enterprise.refresh_from_db()
    assert enterprise.township.name == "雪华乡"


@pytest.mark.parametrize("kind", [kind.value for kind in Kind])
def test_x1_every_kind_has_its_form_beside_the_page(kind):
    enterprise = make_enterprise(name="燕山加油站")
    response = client_for(make_actor("bureau_handler")).get(
        reverse("enterprises:change", args=[enterprise.pk]) + f"?kind={kind}"
    )
    assert response.status_code == 200
    assert "燕山加油站" in response.content.decode()
    assert response.context["form"].fields["effective_on"].initial is not None


def test_x1_the_successor_is_found_by_code_or_name_in_the_browser():
    enterprise = make_enterprise(name="小站")
    successor = make_enterprise(name="大站")
    client = client_for(make_actor("bureau_handler"))
    url = reverse("enterprises:change", args=[enterprise.pk]) + "?kind=merge"
    missing = client.post(url, {"to_unit": "不存在", "effective_on": "2026-10-09"})
    assert missing.context["form"].errors == {"to_unit": ["本区没有登记这家企业，请核对代码或全称"]}
    itself = client.post(url, {"to_unit": "小站", "effective_on": "2026-10-09"})
    assert itself.context["form"].errors == {"to_unit": ["承接企业不能是它自己"]}
    assert client.post(url, {"to_unit": successor.uscc.lower(), "effective_on": "2026-10-09"}).status_code == 302
    assert EnterpriseChange.objects.get().to_unit == successor.unit

"""岗位委托 and 岗位交接: what passes, what never does, and that everything says so (X3, X6)."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError

from audit.models import AuditEvent
from organisations.actors import Actor
from organisations.events import Event
from organisations.models import Delegation, Post, PostHandover
from organisations.roles import ROLES, Right
from organisations.services.delegations import (
    ask_delegation,
    colleagues,
    decide_delegation,
    end_delegation,
    lendable,
)
from organisations.services.handing_over import hand_over_post
from records.models import Letter
from tests.factories import PASSWORD, at, client_for, make_account, make_actor, make_person, make_post, unit_of
from tests.plugins.workspace import media, plain_font, plain_font_folder
from tests.risks.builders import risk_in

__all__ = ["media", "plain_font", "plain_font_folder"]
pytestmark = pytest.mark.django_db
NOW = at("2026-10-09 09:00")
TODAY = date(2026, 10, 9)


@pytest.fixture(autouse=True)
def clock(settings):
    settings.BUSINESS_NOW = NOW.isoformat()


def ask(lender: Actor, receiver: Actor, *rights: str, **changes) -> Delegation:
    given = {"valid_from": TODAY, "valid_to": date(2026, 10, 16), "basis": "出差", "rights": rights or ("assess",)}
    return ask_delegation(person=receiver.person, actor=lender, at=NOW, **given | changes)


def approved(lender: Actor, receiver: Actor, *rights: str) -> Post:
    chief = make_actor("bureau_principal", lender.unit)
    row = decide_delegation(delegation=ask(lender, receiver, *rights), approve=True, note="", actor=chief, at=NOW)
    assert row.post is not None
    return row.post


def test_x3_a_lent_post_has_the_chosen_rights_says_so_and_ends_by_itself():
    lender, receiver = make_actor("bureau_head", name="何建军", title="副局长"), make_actor("bureau_handler")
    post = approved(lender, receiver, "issue_letter", "unmask")
    acting = Actor(account=receiver.account, post=post)
    assert acting.role.rights == {Right.ISSUE_LETTER, Right.UNMASK}
    assert "受何建军（副局长）委托" in acting.label and acting.stamp.person_id == receiver.person.pk
    assert (post.is_open_on(date(2026, 10, 16)), post.is_open_on(date(2026, 10, 17))) == (True, False)
    names = list(AuditEvent.objects.filter(name__contains="delegation").order_by("pk").values_list("name", flat=True))
    assert names == [Event.DELEGATION_ASKED, Event.DELEGATION_APPROVED]


def test_x3_what_only_the_principal_does_is_never_lent():
    for role in ROLES:
        actor = make_actor(role.key)
        rights = set(lendable(actor.post))
        assert not rights & {Right.SIGN_PRINCIPAL, Right.APPROVE_UNIT}, role.key
        if role.key.endswith("_admin"):
            assert rights == set(), role.key


def test_x3_a_principals_lent_post_makes_no_principal():
    chief, head = make_actor("bureau_principal"), make_actor("bureau_head")
    row = ask(chief, head, "issue_letter", "sign_principal", "approve_unit")
    assert row.rights == ["issue_letter"]
    done = decide_delegation(delegation=row, approve=True, note="", actor=make_actor("system_admin"), at=NOW)
    assert done.post is not None
    assert (done.post.role.is_principal, done.post.role.rights) == (False, {Right.ISSUE_LETTER})
    assert lendable(done.post) == [], "what was lent is not lent on"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"rights": ("sign_principal",)}, "rights"),
        ({"valid_from": TODAY - timedelta(days=1)}, "valid_from"),
        ({"valid_to": TODAY - timedelta(days=1)}, "valid_to"),
        ({"valid_to": TODAY + timedelta(days=184)}, "valid_to"),
    ],
)
def test_x3_a_bad_wish_is_refused_at_its_field(changes, field):
    with pytest.raises(ValidationError) as refused:
        ask(make_actor("bureau_head"), make_actor("bureau_handler"), **changes)
    assert set(refused.value.message_dict) == {field}


def test_x3_only_a_colleague_of_the_unit_receives():
    lender, stranger = make_actor("bureau_head"), make_actor("department_head", "区住建交通委")
    assert not colleagues(lender.post, on=TODAY).filter(pk=stranger.person.pk).exists()
    with pytest.raises(ValidationError, match="本单位在任的另一人"):
        ask(lender, stranger)
    with pytest.raises(ValidationError, match="本单位在任的另一人"):
        ask(lender, lender)


def test_x3_neither_who_lends_nor_who_receives_approves():
    chief, head, other = make_actor("bureau_principal"), make_actor("bureau_head"), make_actor("bureau_handler")
    by_chief, to_chief = ask(chief, head), ask(head, chief)
    elsewhere = make_actor("department_principal", "区住建交通委")
    for row, actor in ((by_chief, chief), (to_chief, chief), (by_chief, elsewhere), (by_chief, other)):
        with pytest.raises(ValidationError, match="不由您批准"):
            decide_delegation(delegation=row, approve=True, note="", actor=actor, at=NOW)
    assert Delegation.objects.filter(approved=True).count() == 0
    second = make_actor("bureau_principal", person=make_person())
    assert decide_delegation(delegation=by_chief, approve=True, note="", actor=second, at=NOW).post


def test_x3_taken_back_today_is_the_last_day():
    lender, receiver = make_actor("bureau_head"), make_actor("bureau_handler")
    post = approved(lender, receiver, "assess")
    assert end_delegation(delegation=post.delegation, actor=lender, at=NOW)
    post.refresh_from_db()
    assert post.valid_to == TODAY
    assert not end_delegation(delegation=post.delegation, actor=lender, at=NOW)


def test_x3_the_pages_of_a_delegation_from_wish_to_end():
    lender, receiver = make_actor("bureau_head", name="何建军"), make_actor("bureau_handler", name="周立新")
    chief = client_for(make_actor("bureau_principal"))
    client = client_for(lender)
    form = {
        "person": receiver.person.pk,
        "rights": ["assess", "check_letter"],
        "valid_from": "2026-10-10",
        "valid_to": "2026-10-12",
        "basis": "",
    }
    again = client.post("/my/delegations/new/", form).content.decode()
    assert "请写明依据或事由" in again and 'value="2026-10-12"' in again
    assert client.post("/my/delegations/new/", form | {"basis": "参加培训"}).url == "/my/delegations/"
    row = Delegation.objects.get()
    assert "待我审批" in chief.get("/my/delegations/").content.decode()
    url = f"/my/delegations/{row.pk}/decide/"
    assert "请写明不同意的原因" in chief.post(url, {"decision": "no"}).content.decode()
    assert chief.post(url, {"decision": "yes"}).status_code == 302
    assert "生效中" in client.get("/my/delegations/").content.decode()
    assert client_for(receiver).post(f"/my/delegations/{row.pk}/end/").status_code == 404
    assert client.post(f"/my/delegations/{row.pk}/end/").status_code == 302
    row.refresh_from_db()
    assert row.post.valid_to == date(2026, 10, 10)


def test_x3_a_post_is_handed_over_with_the_letters_that_wait(plain_font):
    scene = risk_in("graded")
    leaver = make_actor("bureau_head", scene.cast.lead, name="何建军")
    scene.draft(checker=leaver.post)
    letter = Letter.objects.get()
    assert (letter.state, letter.checker) == ("submitted", leaver.post)
    successor, admin = make_person(name="郑接任"), make_actor("system_admin")
    make_account(person=successor)
    client = client_for(admin)
    url = f"/manage/posts/{leaver.post.pk}/hand-over/"
    assert "郑接任" in client.get(url, {"q": "郑接任"}).content.decode()
    asked = f"{url}?person={successor.pk}"
    assert "待核稿" in client.get(asked).content.decode()
    form = {"last_day": "2026-10-09", "basis": "蚌山任〔2026〕8号"}
    done = client.post(asked, form)
    slip = PostHandover.objects.get()
    assert done.url == f"/handovers/{slip.pk}/"
    leaver.post.refresh_from_db()
    letter.refresh_from_db()
    assert leaver.post.valid_to == TODAY
    new = slip.successor
    assert (new.person, new.unit, new.role_key, new.valid_from) == (successor, leaver.unit, "bureau_head", TODAY)
    assert letter.checker == new
    changed = AuditEvent.objects.get(name="records.checker_changed")
    assert (changed.case_id, changed.data) == (scene.pk, {"from": "何建军", "to": "郑接任"})
    handed = AuditEvent.objects.get(name=Event.POST_HANDED_OVER)
    assert (handed.data["moved"], handed.data["held"], handed.data["digest"]) == (1, 0, slip.digest)
    assert client.post(asked, form).status_code == 200, "a second time it is refused"
    assert PostHandover.objects.count() == 1


def test_x3_a_letter_of_the_successors_own_stays_behind(plain_font):
    scene = risk_in("graded")
    leaver = make_actor("bureau_head", scene.cast.lead)
    scene.draft(checker=leaver.post)
    drafter = Letter.objects.get().drafted_by
    slip = hand_over_post(
        post=leaver.post, successor=drafter, last_day=TODAY, basis="文号", actor=make_actor("system_admin"), at=NOW
    )
    assert "不能核自己的稿" in slip.content
    assert Letter.objects.get().checker == leaver.post


def test_x3_both_parties_confirm_the_slip_and_nobody_else_sees_it():
    leaver, taker = make_actor("bureau_head"), make_actor("bureau_handler")
    slip = hand_over_post(
        post=leaver.post, successor=taker.person, last_day=TODAY, basis="文号", actor=make_actor("system_admin"), at=NOW
    )
    url = f"/handovers/{slip.pk}/"
    assert client_for(make_actor("bureau_principal")).get(url).status_code == 404
    assert "密码不对" in client_for(leaver).post(url, {"password": "wrong"}).content.decode()
    assert "待我确认" in client_for(leaver).get("/my/delegations/").content.decode()
    assert client_for(leaver).post(url, {"password": PASSWORD}).status_code == 302
    assert "待我确认" not in client_for(leaver).get("/my/delegations/").content.decode()
    assert client_for(taker).post(url, {"password": PASSWORD}).status_code == 302
    slip.refresh_from_db()
    assert slip.given_at is not None and slip.taken_at is not None
    assert AuditEvent.objects.filter(name=Event.HANDOVER_CONFIRMED).count() == 2


def test_x3_lent_rights_end_with_the_post_they_came_from():
    lender, receiver = make_actor("bureau_head"), make_actor("bureau_handler")
    lent = approved(lender, receiver, "assess")
    hand_over_post(
        post=lender.post,
        successor=make_person(),
        last_day=TODAY,
        basis="文号",
        actor=make_actor("system_admin"),
        at=NOW,
    )
    lent.refresh_from_db()
    assert lent.valid_to == TODAY


def test_x3_a_handover_gives_nobody_two_administrations():
    admin = make_actor("system_admin")
    leaver, auditor = make_actor("security_admin"), make_actor("audit_admin")
    with pytest.raises(ValidationError, match="不能再任安全管理员"):
        hand_over_post(post=leaver.post, successor=auditor.person, last_day=TODAY, basis="文号", actor=admin, at=NOW)
    assert Post.objects.get(pk=leaver.post.pk).valid_to is None
    make_post(person=make_person(), unit=unit_of("平台管理"), role_key="security_admin")

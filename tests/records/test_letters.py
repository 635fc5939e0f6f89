"""X7: the way of a letter; numbers without gaps; what is issued stays as it was issued."""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from threading import Barrier

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F

from audit.models import AuditEvent
from organisations.roles import ROLES
from records.letters.content import LetterContent
from records.letters.flow import STEPS, refusal
from records.models import Countersign, Letter, LetterCounter
from records.services import letters
from records.services.refusals import LetterRefused
from risks.services import handover
from tests.factories import at, make_actor, make_enterprise, unit_of
from tests.risks.builders import Scene, make_cast, photo, registered, risk_in, traces

pytestmark = pytest.mark.usefixtures("plain_font", "media")
in_db = pytest.mark.django_db
L = Letter.State


def checked(**more) -> Scene:
    scene = risk_in("graded", **more)
    scene.draft()
    scene.check()
    return scene


# --- 核稿: by another person


@in_db
@pytest.mark.parametrize("hat", ["same post", "another account", "another post in the office"])
def test_x7_drafter_cannot_check_whatever_account_or_post(hat):
    scene = risk_in("graded")
    scene.draft()
    drafter = scene.cast.handler
    if hat == "another account":
        drafter = make_actor("bureau_handler", "区应急管理局", person=drafter.person)
    elif hat == "another post in the office":
        drafter = make_actor("bureau_head", "区应急管理局", person=drafter.person)
    before = traces(scene.pk)
    with pytest.raises(LetterRefused, match="拟稿人不能核自己的稿，请由其他人核稿"):
        scene.check(actor=drafter)
    assert traces(scene.pk) == before
    assert scene.check().checked_by == scene.cast.colleague.person


@in_db
def test_x7_checker_cannot_be_the_drafter_nor_from_another_office():
    scene = risk_in("graded")
    same_person = make_actor("bureau_head", "区应急管理局", person=scene.cast.handler.person)
    elsewhere = make_actor("department_head", "区住建交通委")
    before = traces(scene.pk)
    for checker in (scene.cast.handler, same_person, elsewhere):
        with (
            pytest.raises(LetterRefused, match="核稿人须是本机关在任、有核稿权限的另一人") as refused,
            transaction.atomic(),
        ):
            scene.draft(checker=checker.post)
        assert refused.value.field == "checker"
    assert traces(scene.pk) == before and not Letter.objects.exists()


@in_db
def test_x7_whoever_rewrote_the_draft_cannot_check_it_but_the_first_drafter_can():
    scene = risk_in("graded")
    scene.draft(checker=None)
    scene.draft(actor=scene.cast.colleague, checker=scene.cast.handler.post, requirements="1.重写。")
    assert Letter.objects.count() == 1
    with pytest.raises(LetterRefused, match="拟稿人不能核自己的稿"):
        scene.check(actor=scene.cast.colleague)
    assert scene.check(actor=scene.cast.handler).state == L.CHECKED


@in_db
def test_x7_database_refuses_a_letter_checked_by_its_drafter():
    scene = checked()
    with pytest.raises(IntegrityError, match="letter_checked_by_another"), transaction.atomic():
        Letter.objects.filter(case=scene.pk).update(checked_by=F("drafted_by"))


@in_db
def test_x7_returned_draft_carries_the_note_and_comes_again():
    scene = risk_in("graded")
    scene.draft()
    handover.return_handover(risk=scene.risk, note="补充依据", actor=scene.cast.colleague, at=scene.at)
    assert (scene.letter().state, scene.letter().return_note) == (L.DRAFT, "补充依据")
    scene.draft()
    assert (scene.letter().state, scene.letter().return_note) == (L.SUBMITTED, "")
    names = [e.name for e in AuditEvent.objects.filter(case_id=scene.pk, subject_kind="letter").order_by("case_seq")]
    drafted = ["records.letter_drafted", "records.letter_submitted"]
    assert names == [*drafted, "records.letter_returned", *drafted]


# --- who may, from which state: the notice's 发函 by the handing unit, 签收 by the addressee

SENT = {L.DISPATCHED, L.RECEIVED, L.LEFT}
STAFF = {"handler", "head", "principal"}
ALLOWED = {
    "edit": ({L.DRAFT}, "issuer", STAFF),
    "submit": ({L.DRAFT}, "issuer", STAFF),
    "return": ({L.SUBMITTED, L.CHECKED}, "issuer", STAFF),
    "check": ({L.SUBMITTED}, "issuer", STAFF),
    "check_to_countersign": ({L.SUBMITTED}, "issuer", STAFF),
    "countersign": ({L.COUNTERSIGNING}, "countersigner", {"head", "principal"}),
    "countersign_last": ({L.COUNTERSIGNING}, "countersigner", {"head", "principal"}),
    "object": ({L.COUNTERSIGNING}, "countersigner", {"head", "principal"}),
    "issue": ({L.CHECKED}, "issuer", {"head", "principal"}),
    "dispatch": ({L.ISSUED}, "issuer", STAFF),
    "log": (SENT, "issuer", STAFF),
    "leave": ({L.DISPATCHED}, "issuer", STAFF),
    "recall": (SENT, "issuer", STAFF),
    "replace": (SENT, "issuer", STAFF),
    "void": ({L.DRAFT, L.SUBMITTED, L.COUNTERSIGNING, L.CHECKED, L.ISSUED}, "issuer", STAFF),
    "receive": ({L.DISPATCHED}, "recipient", {"reporter", "principal"}),
    "receive_copy": (SENT, "copy", {"handler", "principal"}),
}


@in_db
def test_x7_every_step_by_every_state_and_role():
    assert set(STEPS) == set(ALLOWED)
    scene = risk_in("handed_over")
    letter = scene.letter()
    asked = unit_of("区市场监管局")
    Countersign.objects.create(letter=letter, order=0, unit=asked, asked_at=scene.at)
    units = {
        "issuer": scene.cast.lead,
        "recipient": scene.cast.responsible,
        "copy": unit_of("燕山乡"),
        "countersigner": asked,
    }
    elsewhere = {
        "bureau": unit_of("区住建交通委"),
        "enterprise": make_enterprise().unit,
        "township": unit_of("纬二路街道"),
        "department": unit_of("区住建交通委"),
    }
    cast = {}
    for role in ROLES:
        body, _, rank = role.key.partition("_")
        side = {"bureau": "issuer", "enterprise": "recipient", "township": "copy", "department": "countersigner"}.get(
            body, ""
        )
        cast[role.key, side] = (make_actor(role.key, units.get(side)), rank)
        # The same role in another unit of the kind.
        if side:
            key = role.key.replace("bureau", "department")
            cast[role.key, "elsewhere"] = (make_actor(key, elsewhere[body]), rank)
    wrong = []
    for action, state, (key, (actor, rank)) in product(STEPS, L.values, cast.items()):
        letter.state = state
        states, side, ranks = ALLOWED[action]
        may = state in states and key[1] == side and rank in ranks
        why = refusal(letter, action, actor)
        if (why == "") != may:
            wrong.append((action, state, key, why))
        if why:
            assert why.startswith("文书当前环节是“" if state not in states else f"“{STEPS[action].label}”由"), why
    assert wrong == []


# --- 编号


@in_db
def test_x7_numbers_run_by_issuer_and_year():
    numbers = []
    housing = make_cast(lead="区住建交通委", sector="construction")
    for scene in (
        checked(at=at("2026-12-30 10:00")),
        checked(at=at("2026-12-31 23:59")),
        checked(at=at("2027-01-01 00:00")),
        checked(at=at("2026-12-30 10:00"), cast=housing, sector="construction"),
    ):
        scene.issue()
        numbers.append(scene.letter().number)
    assert numbers == [
        "蚌山应急交办〔2026〕1号",
        "蚌山应急交办〔2026〕2号",
        "蚌山应急交办〔2027〕1号",
        "蚌山住建交交办〔2026〕1号",
    ]


@in_db
def test_x7_void_number_stays_visible_and_is_never_given_again():
    scene = checked()
    scene.issue(dispatch=False)
    first = scene.letter()
    handover.void_handover(risk=scene.risk, reason="主送单位写错", actor=scene.cast.handler, at=scene.at)
    assert scene.open_rules() == ["risks.handover"]  # 作废 is no handover
    scene.hand_over()
    first.refresh_from_db()
    assert (first.state, first.number, first.void_reason) == (L.VOID, "蚌山应急交办〔2026〕1号", "主送单位写错")
    assert scene.letter().number == "蚌山应急交办〔2026〕2号"
    assert scene.open_rules() == ["risks.receipt", "risks.treatment"]


@in_db
def test_x7_dispatched_letter_cannot_be_voided():
    scene = risk_in("handed_over")
    before = traces(scene.pk)
    with pytest.raises(LetterRefused, match="文书当前环节是“待签收”，不能办理“作废”"):
        handover.void_handover(risk=scene.risk, reason="写错", actor=scene.cast.handler, at=scene.at)
    assert traces(scene.pk) == before


def test_x7_numbers_have_no_gap_when_eight_issue_at_once(cloned_db):
    scenes = [checked(at=at("2025-06-03 09:00")) for _ in range(8)]
    start = Barrier(8)

    def work(scene: Scene) -> str:
        start.wait()
        try:
            return scene.issue().number
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        numbers = set(pool.map(work, scenes))
    assert numbers == {f"蚌山应急交办〔2025〕{seq}号" for seq in range(1, 9)}
    assert LetterCounter.objects.get(year=2025).last == 8


def test_x7_two_who_issue_the_same_letter_take_one_number(cloned_db):
    scene = checked(at=at("2024-06-03 09:00"))
    start = Barrier(2)

    def work(actor) -> str:
        start.wait()
        try:
            return scene.issue(actor=actor).number
        except LetterRefused as refused:
            return str(refused)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        told = sorted(pool.map(work, [scene.cast.head, scene.cast.chief]))
    assert told[1] == "蚌山应急交办〔2024〕1号"
    assert told[0] in {"没有在办的交办函", "文书当前环节是“待签收”，不能办理“签发”"}
    assert LetterCounter.objects.get(year=2024).last == 1


# --- characters


@in_db
@pytest.mark.parametrize("field", ["requirements", "copies_to", "location", "title"])
def test_x7_character_without_font_is_refused_before_a_number_is_taken(field):
    unprintable = "某\ue863村"
    scene = registered(title=unprintable if field == "title" else "卸油区")
    if field == "location":
        risk = scene.risk
        risk.location = unprintable
        risk.save()
    scene.conclude()
    scene.draft(**({field: unprintable} if field in {"requirements", "copies_to"} else {}))
    scene.check()
    before = traces(scene.pk)
    with pytest.raises(LetterRefused, match=r"公文字体中没有下列字符，无法印制：“\ue863”（U\+E863）"):
        scene.issue()
    assert traces(scene.pk) == before
    assert not LetterCounter.objects.exists()
    assert scene.letter().state == L.CHECKED and scene.letter().number == ""
    other = checked()
    other.issue()
    assert other.letter().number == "蚌山应急交办〔2026〕1号"


# --- what is issued stays


@in_db
def test_x7_issued_content_is_frozen_with_number_date_and_digest():
    scene = checked()
    scene.issue(dispatch=False)
    letter = scene.letter()
    content = LetterContent.from_json(letter.content)
    assert letter.content_digest == hashlib.sha256(letter.content.encode()).hexdigest()
    assert (content.doc_number, content.signed_on.isoformat(), content.draft) == (letter.number, "2026-09-30", False)
    assert content.recipient == scene.cast.responsible.name
    assert "蚌山政办秘〔2018〕101号" in content.printed_text() and "分值540" in content.printed_text()
    event = AuditEvent.objects.get(case_id=scene.pk, name="records.letter_issued")
    assert event.data == {"number": letter.number, "digest": letter.content_digest}
    with pytest.raises(LetterRefused, match="这份文书已提交核稿，不能再改"), transaction.atomic():
        scene.draft(requirements="1.改写。")
    risk = scene.risk
    risk.location = "另一处"
    risk.save()
    scene.dispatch()
    scene.receive()
    after = scene.letter()
    assert (after.content, after.content_digest, after.number) == (letter.content, letter.content_digest, letter.number)
    assert json.loads(after.receipt.content)["digest"] == letter.content_digest


@in_db
def test_x7_sealed_scan_is_kept_beside_with_its_digest():
    scene = risk_in("handed_over")
    with pytest.raises(LetterRefused, match="签发后由发文机关上传盖章扫描件"):
        letters.attach_scan(scene.letter(), scan=photo(), actor=scene.cast.reporter, at=scene.at)
    assert scene.letter().scan is None
    letters.attach_scan(scene.letter(), scan=photo("盖章.jpg"), actor=scene.cast.handler, at=scene.at)
    scan = scene.letter().scan
    assert (scan.purpose, scan.name) == ("盖章扫描件", "盖章.jpg")
    assert AuditEvent.objects.get(case_id=scene.pk, name="records.letter_scanned").data["digest"] == scan.digest


@in_db
def test_x7_draft_has_no_sealed_scan():
    scene = checked()
    with pytest.raises(LetterRefused, match="签发后由发文机关上传盖章扫描件"):
        letters.attach_scan(scene.letter(), scan=photo(), actor=scene.cast.handler, at=scene.at)


# --- 签收, 留置送达


@in_db
@pytest.mark.parametrize(
    ("more", "field", "words"),
    [
        ({"witnesses": ["张三"]}, "witnesses", "两名以上见证人"),
        ({"witnesses": ["张三", " 张三 ", ""]}, "witnesses", "两名以上见证人"),
        ({"photos": []}, "photos", "请上传留置送达的现场照片"),
    ],
)
def test_x6_leaving_a_letter_needs_two_witnesses_and_a_photo(more, field, words):
    scene = risk_in("handed_over")
    before = traces(scene.pk)
    with pytest.raises(LetterRefused, match=words) as refused, transaction.atomic():
        scene.leave(**more)
    assert refused.value.field == field
    assert traces(scene.pk) == before


@in_db
def test_x6_left_letter_counts_as_received():
    scene = risk_in("handed_over")
    scene.leave()
    letter = scene.letter()
    assert (letter.state, letter.witnesses, letter.refusal_reason) == (L.LEFT, "张三、李四", "负责人拒绝签收")
    assert letter.case.attachments.get().purpose == "留置送达"
    assert scene.state == "treating" and scene.open_rules() == ["risks.treatment"]
    assert scene.deadline("receipt").met_at == scene.at

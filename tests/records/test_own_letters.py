"""X7: letters of their own: drafted, countersigned, numbered, sent, received, recalled; what the public may ask."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from io import BytesIO
from itertools import cycle

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from python_calamine import CalamineWorkbook

from audit.models import AuditEvent
from deadlines.models import Deadline
from deadlines.services.ledger import LateReasonMissing
from organisations.actors import Actor
from organisations.models import Unit
from records.letters.compose import blocks_of, content_of
from records.letters.content import LetterContent
from records.models import Case, Countersign, Letter, LetterCounter
from records.selectors import letters_for, letters_waiting_for
from records.services import letters, own_letters, sending
from records.services.deliveries import note_opening
from records.services.letter_register import Book
from records.services.numbering import set_series
from records.services.own_letters import Draft, under_lock, write
from records.services.refusals import LetterRefused
from tests.factories import at, client_for, make_actor, make_district, make_enterprise, unit_of
from tests.risks.builders import HAND, photo, risk_in

pytestmark = pytest.mark.usefixtures("plain_font", "media")
in_db = pytest.mark.django_db
L = Letter.State
NOW = at("2026-09-30 16:40")
BODY = "现通知如下：\n一、检查时间\n（一）时间。即日起。"


class Office:
    """The bureau's people, and one act each of a letter."""

    def __init__(self, now: datetime = NOW) -> None:
        make_district()
        self.at = now
        self.handler = make_actor("bureau_handler", "区应急管理局")
        self.colleague = make_actor("bureau_handler", "区应急管理局")
        self.head = make_actor("bureau_head", "区应急管理局")

    def draft(self, *, main: Sequence[Unit | str] = ("燕山乡",), letter: Letter | None = None, **more) -> Letter:
        kind = more.pop("kind", "notice")
        form = {"letter": "xinhan", "minutes": "jiyao"}.get(kind, "wenjian")
        draft = Draft(kind=kind, form=form, title=more.pop("title", "关于检查的通知"), body=more.pop("body", BODY))
        told = {"copies": (), "actor": self.handler, "at": self.at, "checker": self.colleague.post}
        return write(draft=draft, main=main, letter=letter, **(told | more))

    def check(self, letter: Letter, **more) -> Letter:
        return under_lock(
            letter, lambda x: letters.check_letter(x, **({"actor": self.colleague, "at": self.at} | more))
        )

    def countersign(self, letter: Letter, actor: Actor) -> Letter:
        return under_lock(
            letter, lambda x: letters.countersign_letter(x, opinion="", hand=HAND, actor=actor, at=self.at)
        )

    def issue(self, letter: Letter, **more) -> Letter:
        told = {"dispatch": True, "number": "", "actor": self.head, "at": self.at} | more
        return under_lock(letter, lambda x: own_letters.issue(x, **told))

    def sent(self, **more) -> Letter:
        issue = {name: more.pop(name) for name in ("number", "dispatch") if name in more}
        return self.issue(self.check(self.draft(**more)), **issue)

    def receive(self, letter: Letter, actor: Actor) -> Letter:
        return under_lock(letter, lambda x: own_letters.receive(x, hand=HAND, actor=actor, at=self.at))


def events(letter: Letter) -> list[str]:
    rows = AuditEvent.objects.filter(subject_kind="letter", subject_id=str(letter.pk)).order_by("id")
    return [row.name.removeprefix("records.") for row in rows]


# --- the body's levels


def test_x7_typed_lines_become_the_standards_levels():
    typed = "导语。\n一、总体要求\n二、目标。全年零事故。\n（一）企业。停产。\n（二）部门\n1.检查\n2.检查对象全覆盖。\n（1）记录\n3.5吨以上的\n"
    told = [(block.kind, block.text, block.run_in) for block in blocks_of(typed)]
    assert told == [
        ("paragraph", "导语。", ""),
        ("heading1", "一、总体要求", ""),
        ("heading1", "二、目标。", "全年零事故。"),
        ("heading2", "（一）企业。", "停产。"),
        ("heading2", "（二）部门", ""),
        ("heading3", "1.检查", ""),
        ("paragraph", "2.检查对象全覆盖。", ""),
        ("heading4", "（1）记录", ""),
        ("paragraph", "3.5吨以上的", ""),
    ]


@in_db
@pytest.mark.parametrize(
    ("kind", "mark", "approver"),
    [
        ("notice", "文件", ""),
        ("report", "文件", "head"),
        ("letter", "", ""),
        ("minutes", "会议纪要", ""),
    ],
)
def test_x7_kind_decides_red_mark_and_who_is_named_as_signing(kind, mark, approver):
    office = Office()
    letter = office.sent(kind=kind, copies=["区政府"])
    content = LetterContent.from_json(letter.content)
    assert content.issuer_name == (letter.issuer.letterhead or letter.issuer.name) + mark
    assert content.approver == (office.head.person.name if approver else "")
    assert content.recipient == unit_of("燕山乡").name
    # Minutes address nobody: whoever gets them stands among the copies.
    main = [unit_of("燕山乡").name] if kind == "minutes" else []
    assert list(content.copies_to) == [*main, unit_of("区政府").name]
    assert content.verify_code == letter.verify_code and content.verify_url.endswith(
        f"/verify/{letter.verify_code.replace('-', '')}/"
    )


# --- 会签


@in_db
def test_x7_every_countersignature_comes_before_issuing():
    office = Office()
    housing, committee = make_actor("department_head", "区住建交通委"), make_actor("committee_officer", "区安委办")
    letter = office.check(office.draft(countersigners=[housing.unit, committee.unit]))
    assert letter.state == L.COUNTERSIGNING
    with pytest.raises(LetterRefused, match="文书当前环节是“待会签”，不能办理“签发”"):
        office.issue(letter)
    assert office.countersign(letter, committee).state == L.COUNTERSIGNING
    with pytest.raises(LetterRefused, match="“会签”由会签单位有“会签”权限的岗位办理"):
        office.countersign(letter, committee)  # once
    assert office.countersign(letter, housing).state == L.CHECKED
    assert office.issue(letter).number == "蚌山应急通知〔2026〕1号"
    row = Countersign.objects.get(letter=letter, unit=housing.unit)
    assert (row.decision, row.person, row.digest) == ("agreed", housing.person, letter.draft_digest)
    assert letter.draft_digest in row.signature.content


@in_db
def test_x7_countersigning_in_order_asks_one_after_the_other():
    office = Office()
    housing, committee = make_actor("department_head", "区住建交通委"), make_actor("committee_officer", "区安委办")
    letter = office.check(office.draft(countersigners=[housing.unit, committee.unit], in_order=True))
    assert not letters_for(committee).filter(pk=letter.pk).exists()
    with pytest.raises(LetterRefused, match="由会签单位"):
        office.countersign(letter, committee)
    office.countersign(letter, housing)
    assert [w.action_label for w in letters_waiting_for(committee)] == ["会签"]
    assert office.countersign(letter, committee).state == L.CHECKED


@in_db
def test_x7_changed_draft_voids_the_countersignatures_given():
    office = Office()
    housing, committee = make_actor("department_head", "区住建交通委"), make_actor("committee_officer", "区安委办")
    letter = office.check(office.draft(countersigners=[housing.unit, committee.unit]))
    office.countersign(letter, housing)
    under_lock(letter, lambda x: letters.object_to_letter(x, opinion="时间太紧", actor=committee, at=office.at))
    letter.refresh_from_db()
    assert (letter.state, letter.return_note) == (L.DRAFT, "区安委办会签意见：时间太紧")
    asked = [housing.unit, committee.unit]
    office.draft(letter=letter, body=BODY + "\n时间顺延。", countersigners=asked)
    told = letter.countersigns.order_by("id").values_list("unit__short_name", "decision", "voided_at")
    assert list(told) == [
        ("区住建交通委", "agreed", office.at),
        ("区安委办", "rejected", office.at),
        ("区住建交通委", "", None),
        ("区安委办", "", None),
    ]
    assert events(letter)[-4:] == ["letter_objected", "countersigns_voided", "letter_drafted", "letter_submitted"]
    office.check(letter)
    office.countersign(letter, housing)
    assert office.countersign(letter, committee).state == L.CHECKED


@in_db
def test_x7_unchanged_draft_keeps_the_agreement_given():
    office = Office()
    housing, committee = make_actor("department_head", "区住建交通委"), make_actor("committee_officer", "区安委办")
    asked = [housing.unit, committee.unit]
    letter = office.check(office.draft(countersigners=asked))
    office.countersign(letter, housing)
    under_lock(letter, lambda x: letters.object_to_letter(x, opinion="待研究", actor=committee, at=office.at))
    office.draft(letter=letter, countersigners=asked)
    office.check(letter)
    assert office.countersign(letter, committee).state == L.CHECKED


@in_db
def test_x7_named_post_countersigns_and_no_other_of_the_unit():
    office = Office()
    chief = make_actor("bureau_principal", "区应急管理局")
    letter = office.check(office.draft(countersigners=[chief.post]))
    with pytest.raises(LetterRefused, match="由会签单位"):
        office.countersign(letter, office.head)
    assert office.countersign(letter, chief).state == L.CHECKED


@in_db
def test_x7_handover_is_countersigned_and_takes_the_offices_own_number():
    scene = risk_in("graded")
    housing = make_actor("department_head", "区住建交通委")
    office = scene.cast
    set_series(issuer=office.lead, kind="risk_handover", word="交办", is_entered=True, actor=office.head, at=scene.at)
    form = {
        "requirements": "1.整改。",
        "due_on": "2026-11-30",
        "countersigners": [f"u{housing.unit_id}"],
        "checker": office.colleague.post.pk,
    }
    answer = client_for(office.handler).post(f"/risks/{scene.pk}/draft_handover/", form)
    assert answer.status_code == 302, answer.content.decode()
    assert scene.check().state == L.COUNTERSIGNING
    with pytest.raises(LetterRefused, match="“待会签”，不能办理“签发”"):
        scene.issue()
    # Countersigned on the letter's own page, by somebody who does not see the risk.
    url = f"/letters/{scene.letter().pk}/"
    page = client_for(housing).get(f"{url}?do=countersign")
    assert page.status_code == 200 and client_for(housing).get(f"/risks/{scene.pk}/").status_code == 404
    signed = {"signature": HAND.strokes, "password": HAND.password}
    assert client_for(housing).post(f"{url}do/countersign/", signed).status_code == 302
    with pytest.raises(LetterRefused, match="请填写"), transaction.atomic():
        scene.issue()
    assert scene.issue(number="蚌山应急交办〔2026〕77号").number == "蚌山应急交办〔2026〕77号"
    assert scene.open_rules() == ["risks.receipt", "risks.treatment"]


# --- 送达, 签收


@in_db
def test_x7_each_addressee_has_its_own_receipt_and_clock():
    office = Office()
    yanshan, xuehua = make_actor("township_handler", "燕山乡"), make_actor("township_handler", "雪华乡")
    reader = make_actor("supervisory_reader", "区纪委监委")
    letter = office.sent(main=[yanshan.unit, "雪华乡", "市公安局"], copies=["区纪委监委"])
    clocks = Deadline.objects.filter(case=letter.case_id)
    assert {str(c.owner_unit) for c in clocks} == {"燕山乡", "雪华乡"}
    assert {(c.rule_key, f"{c.due_on}") for c in clocks} == {("records.letter_receipt", "2026-10-09")}
    assert office.receive(letter, yanshan).state == L.DISPATCHED
    assert [str(c.owner_unit) for c in clocks.open()] == ["雪华乡"]
    with pytest.raises(LetterRefused, match="“签收”由主送单位"):
        own_letters.receive(letter, hand=HAND, actor=yanshan, at=office.at)
    office.receive(letter, xuehua)
    outside = letter.deliveries.get(unit=None)
    told = {"how": "post", "remark": "EMS 1234", "actor": office.handler, "at": at("2026-10-09 09:00")}
    sending.log_outside(letter, outside, sent_at=at("2026-10-08 12:00"), signed_by="", signed_at=None, **told)
    assert letter.state == L.DISPATCHED
    with pytest.raises(LetterRefused, match="签收日期不能早于送达"):
        sending.log_outside(
            letter, outside, sent_at=at("2026-10-08 12:00"), signed_by="李某", signed_at=at("2026-10-07 12:00"), **told
        )
    sending.log_outside(
        letter, outside, sent_at=at("2026-10-08 12:00"), signed_by="李某", signed_at=at("2026-10-08 12:00"), **told
    )
    letter.refresh_from_db()
    assert letter.state == L.RECEIVED and not clocks.open().exists()
    note_opening(letter, actor=reader, at=at("2026-10-08 10:00"))
    note_opening(letter, actor=reader, at=at("2026-10-08 11:00"))
    copy = letter.deliveries.get(is_copy=True)
    assert (copy.opened_at, copy.opened_by) == (at("2026-10-08 10:00"), reader.label)
    assert office.receive(letter, reader).state == L.RECEIVED


@in_db
def test_x7_addressee_sees_the_letter_only_once_it_is_sent():
    office = Office()
    enterprise = make_enterprise()
    reporter, stranger = (
        make_actor("enterprise_reporter", enterprise),
        make_actor("enterprise_reporter", make_enterprise()),
    )
    letter = office.check(office.draft(main=[enterprise.unit.name]))
    assert not letters_for(reporter).exists()
    office.issue(letter, dispatch=False)
    assert not letters_for(reporter).exists()
    under_lock(letter, lambda x: sending.dispatch_letter(x, actor=office.handler, at=office.at))
    assert letters_for(reporter).get() == letter and not letters_for(stranger).exists()


@in_db
def test_x7_left_with_one_of_several_addressees():
    office = Office()
    yanshan = make_actor("township_handler", "燕山乡")
    letter = office.sent(main=["燕山乡", "雪华乡"])
    office.receive(letter, yanshan)
    other = letter.deliveries.get(unit=unit_of("雪华乡"))
    told = {"refusal_reason": "拒收", "witnesses": ["张三", "李四"], "photos": [photo()], "delivery": other}
    under_lock(letter, lambda x: sending.leave_letter(x, actor=office.handler, at=office.at, **told))
    letter.refresh_from_db()
    other.refresh_from_db()
    assert (letter.state, other.witnesses, other.left_at) == (L.RECEIVED, "张三、李四", office.at)
    assert not Deadline.objects.open().filter(case=letter.case_id).exists()


# --- 编号


@in_db
@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "请填写"),
        ("蚌山应急[2026]7号", "六角括号"),
        ("蚌山应急通知〔2026〕007号", "不编虚位"),
        ("蚌山住建交通知〔2026〕7号", "代字是“蚌山应急通知”"),
        ("蚌山应急通知〔2025〕7号", "年份应是签发的年份 2026"),
        ("蚌山应急通知〔2026〕5号", "已用于另一份文书"),
    ],
)
def test_x7_entered_number_is_checked(typed, words):
    office = Office()
    set_series(issuer=office.head.unit, kind="notice", word="通知", is_entered=True, actor=office.head, at=NOW)
    office.sent(number="蚌山应急通知〔2026〕5号")
    letter = office.check(office.draft())
    with pytest.raises(LetterRefused, match=words) as refused, transaction.atomic():
        office.issue(letter, number=typed)
    assert refused.value.field == "number"
    letter.refresh_from_db()
    assert letter.state == L.CHECKED and letter.number == ""
    assert office.issue(letter, number=" 蚌山应急通知〔2026〕 8号").number == "蚌山应急通知〔2026〕8号"


@in_db
def test_x7_portal_goes_on_after_the_highest_entered_number():
    office = Office()
    told = {"issuer": office.head.unit, "kind": "notice", "word": "通知", "actor": office.head, "at": NOW}
    set_series(is_entered=True, **told)
    office.sent(number="蚌山应急通知〔2026〕41号")
    set_series(is_entered=False, **told)
    assert office.sent().number == "蚌山应急通知〔2026〕42号"
    with pytest.raises(LetterRefused, match="“函”已使用这个代字"):
        set_series(**(told | {"word": "函"}), is_entered=False)
    with pytest.raises(LetterRefused, match="由本机关有签发权限的岗位设置"):
        set_series(**(told | {"actor": office.handler}), is_entered=False)


def copies_of(letter: Letter, count: int) -> list[Letter]:
    """As many letters like it, each in a case of its own, without walking each through the office."""
    case = letter.case
    cases = Case.objects.bulk_create(
        Case(
            **{f.attname: getattr(case, f.attname) for f in Case._meta.fields if f.name not in {"id", "number"}},
            number=f"c{n}",
        )
        for n in range(count)
    )
    kept = [f.attname for f in Letter._meta.fields if f.name not in {"id", "case"}]
    return Letter.objects.bulk_create(
        Letter(**{name: getattr(letter, name) for name in kept}, case=case) for case in cases
    )


def test_x7_numbers_have_no_gap_though_acts_fail_and_connections_are_killed(cloned_db):
    """207 letters by 8 clients; every fifth act is undone after its number was taken, every ninth loses its connection."""
    office = Office(at("2025-06-03 09:00"))
    drafts = copies_of(office.check(office.draft(main=["市公安局"])), 207)
    fates = cycle(["issue", "issue", "issue", "issue", "undo", "issue", "issue", "issue", "kill"])
    work = list(zip(drafts, fates, strict=False))

    def one(letter: Letter, fate: str) -> str:
        try:
            with transaction.atomic():
                number = office.issue(letter, dispatch=False).number
                if fate == "undo":
                    raise RuntimeError("undone")
                if fate == "kill":
                    with connection.cursor() as cursor:
                        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
            return number
        except Exception:
            return ""
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        numbers = [number for number in pool.map(one, *zip(*work, strict=True)) if number]
    wanted = [f"蚌山应急通知〔2025〕{seq}号" for seq in range(1, 1 + sum(fate == "issue" for _, fate in work))]
    assert sorted(numbers) == sorted(wanted) and len(wanted) == 161
    stored = Letter.objects.filter(year=2025, seq__isnull=False).order_by("seq")
    assert [letter.number for letter in stored] == wanted
    assert LetterCounter.objects.get(year=2025, kind="notice").last == len(wanted)
    assert Book(office.head.unit, "notice", 2025).missing() == []


# --- 登记簿


@in_db
def test_x7_register_lists_every_number_in_order_with_the_void_ones():
    office = Office()
    first = office.sent(title="第一份")
    second = office.sent(title="第二份", dispatch=False)
    under_lock(second, lambda x: letters.void_letter(x, reason="主送写错", actor=office.handler, at=office.at))
    office.sent(title="第三份")
    client = client_for(office.head)
    page = client.get("/letters/register/?kind=notice&year=2026").content.decode()
    places = [page.index(words) for words in ("蚌山应急通知〔2026〕1号", "通知〔2026〕2号", "通知〔2026〕3号")]
    assert places == sorted(places) and "作废：主送写错" in page and "缺号" not in page
    sheet = BytesIO(b"".join(client.get("/letters/register/export/?kind=notice&year=2026")))
    rows = CalamineWorkbook.from_filelike(sheet).get_sheet_by_index(0).to_python()[3:]
    assert [(row[0], row[1], row[2], row[9]) for row in rows] == [
        (1, first.number, "第一份", ""),
        (2, second.number, "第二份", "作废：主送写错"),
        (3, "蚌山应急通知〔2026〕3号", "第三份", ""),
    ]
    assert AuditEvent.objects.get(name="records.exported").data["rows"] == 3
    outsider = client_for(make_actor("department_head", "区住建交通委"))
    assert outsider.get(f"/letters/register/?issuer={office.head.unit_id}").status_code == 404


# --- 撤回, 更正


@in_db
@pytest.mark.parametrize(
    ("relation", "state", "words"), [("recalls", L.RECALLED, "已撤回"), ("replaces", L.REPLACED, "已被替代")]
)
def test_x7_recall_and_replacement_are_letters_of_their_own(relation, state, words):
    office = Office()
    yanshan = make_actor("township_handler", "燕山乡")
    old = office.sent()
    frozen = old.content
    new = office.check(office.draft(kind="letter", **{relation: old}))
    old.refresh_from_db()
    assert old.state == L.DISPATCHED and new.case_id == old.case_id  # nothing happens before it is sent
    office.issue(new)
    old.refresh_from_db()
    assert (old.state, old.content, old.number) == (state, frozen, "蚌山应急通知〔2026〕1号")
    assert new.pk != old.pk and Letter.objects.get(pk=new.pk).number == "蚌山应急函〔2026〕1号"
    told = "本函替代《关于检查的通知》（蚌山应急通知〔2026〕1号），原件不再有效。"
    assert (told in Letter.objects.get(pk=new.pk).content) == (relation == "replaces")
    # The addressee owes the new letter's receipt and no longer the old one's.
    open_ = Deadline.objects.open().filter(case=old.case_id)
    assert [d.occurrence for d in open_] == [f"delivery-{new.deliveries.get().pk}"]
    page = client_for(yanshan).get(f"/letters/{old.pk}/").content.decode()
    assert words in page and "蚌山应急函〔2026〕1号" in page
    with pytest.raises(LetterRefused, match=f"文书当前环节是“{words}”"):
        office.draft(kind="letter", **{relation: old})


@in_db
def test_x7_recalled_handover_goes_on_with_the_clock_it_had():
    scene = risk_in("treating")  # concluded 2026-09-30: three working days run to 2026-10-10
    office = Office(at("2026-10-12 10:00"))
    office.handler, office.colleague, office.head = scene.cast.handler, scene.cast.colleague, scene.cast.head
    old = scene.letter()
    assert scene.deadline("handover").met_at is not None
    recall = office.draft(kind="letter", main=[scene.cast.responsible], recalls=old)
    assert scene.state == "treating"
    office.issue(office.check(recall))
    old.refresh_from_db()
    assert (old.state, scene.state) == (L.RECALLED, "graded")
    assert scene.open_rules() == ["risks.handover"]
    clock = scene.deadline("handover")
    assert (f"{clock.due_on}", clock.is_late_at(office.at)) == ("2026-10-10", True)
    scene.draft(at=office.at)
    scene.check(at=office.at)
    with pytest.raises(LateReasonMissing), transaction.atomic():
        scene.issue(at=office.at)
    scene.issue(at=office.at, late_reason="原函主送有误，撤回重发")
    new = scene.letter()
    assert new.replaces == old and f"本函替代《{old.title}》（{old.number}）" in new.content
    assert old.number != new.number and scene.open_rules() == ["risks.receipt", "risks.treatment"]
    old.refresh_from_db()
    assert old.state == L.RECALLED


@in_db
def test_x7_handover_of_a_risk_under_verification_is_not_recalled():
    scene = risk_in("applied")
    office = Office(at("2026-10-12 10:00"))
    office.handler, office.colleague, office.head = scene.cast.handler, scene.cast.colleague, scene.cast.head
    recall = office.check(office.draft(kind="letter", main=[scene.cast.responsible], recalls=scene.letter()))
    with pytest.raises(LetterRefused, match="交办函不能撤回：当前环节是"), transaction.atomic():
        office.issue(recall)
    assert scene.letter().number == "" and scene.state == "applied"


# --- 核验


@in_db
def test_x7_public_page_says_what_the_letter_is_and_no_more():
    office = Office()
    letter = office.sent(title="关于检查的通知", copies=["区纪委监委"])
    visitor = Client()
    url = f"/verify/{letter.verify_code.replace('-', '')}/"
    page = visitor.get(url).content.decode()
    for told in ("<h1>有效</h1>", letter.number, "2026-09-30", letter.issuer.name, "关于检查的通知"):
        assert told in page
    for kept in (
        "即日起",
        unit_of("燕山乡").name,
        office.handler.person.name,
        office.head.person.name,
        letter.content_digest,
    ):
        assert kept not in page
    typed = visitor.post("/verify/", {"code": letter.verify_code.lower().replace("-", " ")})
    assert (typed.status_code, typed["Location"]) == (302, url)
    assert visitor.post("/verify/", {"code": "2222222222222222"}).status_code == 422
    assert visitor.get("/verify/2222222222222222/").status_code == 404
    assert len(letter.verify_code.replace("-", "")) == 16
    assert Letter.objects.exclude(pk=letter.pk).filter(verify_code=letter.verify_code).count() == 0


@in_db
@pytest.mark.parametrize(("relation", "words"), [("recalls", "已撤回"), ("replaces", "已被替代"), ("", "作废")])
def test_x7_public_page_says_when_a_letter_is_no_longer_valid(relation, words):
    office = Office()
    letter = office.sent(dispatch=bool(relation))
    if relation:
        office.sent(kind="letter", **{relation: letter})
    else:
        under_lock(letter, lambda x: letters.void_letter(x, reason="写错", actor=office.handler, at=office.at))
    page = Client().get(f"/verify/{letter.verify_code}/").content.decode()
    assert f"<h1>{words}</h1>" in page and "<h1>有效</h1>" not in page and "写错" not in page


@in_db
def test_x7_uploaded_file_is_compared_and_not_kept():
    office = Office()
    letter = office.sent()
    letters.attach_scan(
        letter, scan=SimpleUploadedFile("章.pdf", b"%PDF-1.7 sealed"), actor=office.handler, at=office.at
    )
    url = f"/verify/{letter.verify_code}/"

    def answer(data: bytes) -> str:
        return Client().post(url, {"file": SimpleUploadedFile("a.pdf", data)}).content.decode()

    before = default_storage.listdir("attachments")
    assert "与平台存档的盖章件逐字节相同" in answer(b"%PDF-1.7 sealed")
    assert "不是平台存档的文件" in answer(b"%PDF-1.7 sealed ")
    assert default_storage.listdir("attachments") == before


# --- pages


@in_db
def test_x7_letter_is_made_in_the_browser_from_draft_to_receipt():
    office = Office()
    housing, yanshan = make_actor("department_head", "区住建交通委"), make_actor("township_handler", "燕山乡")
    client = client_for(office.handler)
    form = {
        "kind": "notice",
        "form": "wenjian",
        "title": "关于检查的通知",
        "main_units": [yanshan.unit_id],
        "body": BODY,
        "copies": "区住建交通委",
        "is_sealed": "on",
        "countersigners": [f"u{housing.unit_id}"],
        "checker": office.colleague.post.pk,
    }
    assert client.post("/letters/new/", form | {"form": "jiyao"}).status_code == 422
    url = client.post("/letters/new/", form)["Location"]
    letter = Letter.objects.get()
    assert url == f"/letters/{letter.pk}/" and letter.state == L.SUBMITTED

    def do(actor: Actor, action: str, **told: object) -> None:
        person = client_for(actor)
        page = person.get(f"{url}?do={action}")
        assert page.status_code == 200 and f'id="act-{action}"' in page.content.decode(), action
        signed = {"signature": HAND.strokes, "password": HAND.password}
        answer = person.post(f"{url}do/{action}/", signed | told)
        assert answer.status_code == 302, answer.content.decode()

    do(office.colleague, "check", decision="pass")
    do(housing, "countersign")
    do(office.head, "issue")
    do(office.handler, "dispatch")
    do(yanshan, "receive")
    do(housing, "receive_copy")
    letter.refresh_from_db()
    assert letter.state == L.RECEIVED and letter.case.closed_on is not None
    assert letter.deliveries.filter(signed_at__isnull=False, opened_at__isnull=False).count() == 2
    assert "检查时间" in content_of(letter).printed_text()

"""X8 批量办理: many things in one go, each with its own evidence; what cannot be done is named and stays."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.files.storage import default_storage
from django.test import Client
from pypdf import PdfReader

from audit.models import AuditEvent
from deadlines.batches import batch
from deadlines.models import Deadline, Filing
from deadlines.services.batches import act_on_all
from deadlines.services.expected import expect
from deadlines.services.filings import file_report
from records.models import Case, Letter, LetterSeries, Signature
from records.services.rendering import render_pending
from tests.deadlines.recurring_world import MONTHLY, declared
from tests.factories import PASSWORD, STROKES, at, client_for, make_actor, make_enterprise, unit_of
from tests.risks.builders import HAND, Cast, Scene, make_cast, registered, risk_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media")]
NOW = at("2026-10-09 14:20")
S = Letter.State


@pytest.fixture(autouse=True)
def clock(settings: LazySettings) -> None:
    settings.BUSINESS_NOW = NOW.isoformat()


def graded(count: int, *, cast: Cast | None = None, up_to: tuple[str, ...] = ()) -> list[Scene]:
    """Risks that wait for their handover, of one cast; then some steps of the letter."""
    first = risk_in("graded") if cast is None else risk_in("graded", cast=cast)
    scenes = [first, *(risk_in("graded", cast=first.cast) for _ in range(count - 1))]
    for scene in scenes:
        for act in up_to:
            getattr(scene, act)()
    return scenes


def ticks(scenes: list[Scene]) -> list[str]:
    return [f"{scene.letter().pk}-{scene.case.version}" for scene in scenes]


def post(client: Client, key: str, picks: list[str], **told: Any) -> Any:
    return client.post(f"/batch/{key}/", {"pick": picks, **told}, follow=True)


def text(response: Any) -> str:
    return str(response.content.decode())


@pytest.mark.letters
def test_x8_letters_are_issued_and_sent_in_one_go() -> None:
    scenes = graded(3, up_to=("draft", "check"))
    client = client_for(scenes[0].cast.head)
    page = text(client.get("/batch/issue/"))
    assert page.count('name="pick"') == 3
    answer = text(post(client, "issue", ticks(scenes), dispatch="on", late_reason="集中签发"))
    assert "已签发并送达 3 份" in answer
    assert "没有等您办理的" in answer
    letters = [scene.letter() for scene in scenes]
    assert [letter.state for letter in letters] == [S.DISPATCHED] * 3
    numbers = sorted(letter.seq for letter in letters)  # type: ignore[type-var]
    assert numbers == [1, 2, 3]
    for scene in scenes:
        assert scene.state == "handed_over"
        assert "risks.handover" not in scene.open_rules()
        assert {"risks.receipt", "risks.treatment"} <= set(scene.open_rules())
        names = list(AuditEvent.objects.filter(case_id=scene.pk).order_by("-case_seq").values_list("name", flat=True))
        assert "records.letter_issued" in names
        assert "records.letter_dispatched" in names


@pytest.mark.letters
def test_x8_what_cannot_be_done_stays_and_says_why() -> None:
    """Of three letters one moved on since the page was opened, and one has no days left for the treatment."""
    scenes = graded(3, up_to=("draft", "check"))
    picks = ticks(scenes)
    Letter.objects.filter(pk=scenes[1].letter().pk).update(due_on="2026-10-09")
    Case.objects.filter(pk=scenes[2].pk).update(version=scenes[2].case.version + 1)
    answer = text(post(client_for(scenes[0].cast.head), "issue", picks, dispatch="on", late_reason="集中签发"))
    assert "已签发并送达 1 份" in answer
    assert "函中的治理期限已过，请退回修改后再签发" in answer
    assert "没有办：" in answer
    assert [scene.letter().state for scene in scenes] == [S.DISPATCHED, S.CHECKED, S.CHECKED]
    # A number that a refused letter had taken went back.
    assert [scene.letter().seq for scene in scenes] == [1, None, None]


@pytest.mark.letters
def test_x8_late_handovers_need_a_reason_and_what_was_typed_stays(settings: LazySettings) -> None:
    """Three weeks after grading the three working days are long over."""
    settings.BUSINESS_NOW = "2026-10-20T09:00:00+08:00"
    scenes = graded(2, up_to=("draft", "check"))
    client = client_for(scenes[0].cast.head)
    answer = client.post("/batch/issue/", {"pick": ticks(scenes), "dispatch": "on"})
    assert answer.status_code == 422
    page = text(answer)
    assert page.count("本机关时限不可延期，请写明逾期原因") == 2
    assert page.count(" checked") == 3  # both rows and the box
    assert [scene.letter().state for scene in scenes] == [S.CHECKED] * 2
    post(client, "issue", ticks(scenes), dispatch="on", late_reason="国庆期间集中签发")
    reasons = Deadline.objects.filter(rule_key="risks.handover").values_list("late_reason", flat=True)
    assert set(reasons) == {"国庆期间集中签发"}


def test_x8_drafts_are_checked_or_sent_back_together() -> None:
    scenes = graded(3, up_to=("draft",))
    client = client_for(scenes[0].cast.colleague)
    answer = client.post("/batch/check/", {"pick": ticks(scenes[:2]), "decision": "return", "note": " "})
    assert (answer.status_code, "退回须写明原因" in text(answer)) == (422, True)
    assert "已退回修改 2 份" in text(post(client, "check", ticks(scenes[:2]), decision="return", note="抄送少了乡里"))
    assert [scene.letter().state for scene in scenes] == [S.DRAFT, S.DRAFT, S.SUBMITTED]
    assert {scene.letter().return_note for scene in scenes[:2]} == {"抄送少了乡里"}
    assert "已核稿 1 份" in text(post(client, "check", ticks(scenes[2:]), decision="pass"))
    assert scenes[2].letter().checked_by_id == scenes[0].cast.colleague.person.pk


def test_x8_nobody_checks_the_own_draft_in_a_batch() -> None:
    scenes = graded(2, up_to=("draft",))
    Letter.objects.update(drafted_by=scenes[0].cast.colleague.person)
    client = client_for(scenes[0].cast.colleague)
    assert "没有等您办理的" in text(client.get("/batch/check/"))
    answer = client.post("/batch/check/", {"pick": ticks(scenes), "decision": "pass"})
    assert answer.status_code == 422
    assert [scene.letter().state for scene in scenes] == [S.SUBMITTED] * 2


@pytest.mark.letters
def test_x8_letters_are_sent_after_their_seal() -> None:
    scenes = graded(2, up_to=("draft", "check"))
    for scene in scenes:
        scene.issue(dispatch=False, late_reason="等待用印")
    answer = post(client_for(scenes[0].cast.handler), "dispatch", ticks(scenes), late_reason="等待用印")
    assert "已送达 2 份" in text(answer)
    assert [scene.state for scene in scenes] == ["handed_over"] * 2


def test_x8_numbers_of_the_offices_own_system_are_entered_one_by_one() -> None:
    scenes = graded(1, up_to=("draft", "check"))
    LetterSeries.objects.create(issuer=scenes[0].cast.lead, kind="risk_handover", word="交办", is_entered=True)
    page = text(client_for(scenes[0].cast.head).get("/batch/issue/"))
    assert "发文字号由本机关系统编，须逐份填写" in page
    assert "disabled" in page


def test_x8_risks_are_given_to_another_department_together() -> None:
    """改派: the leader names another unit for what a department has not handed over yet; clocks move, dates stay."""
    scenes = [registered(), registered()]
    leader, other = scenes[0].cast.leader, unit_of("区住建交通委")
    for scene in scenes:
        scene.self_grade()
    due = {scene.pk: scene.deadline("assessment").due_at for scene in scenes}
    client = client_for(leader)
    page = text(client.get("/batch/designate/"))
    assert all(scene.case.number in page for scene in scenes)
    picks = [f"{scene.pk}-{scene.case.version}" for scene in scenes]
    answer = text(post(client, "designate", picks, unit=other.pk, reason="职能调整"))
    assert f"已改由{other}承办 2 项" in answer
    for scene in scenes:
        assert scene.case.lead_unit == other
        clock = scene.deadline("assessment")
        assert (clock.owner_unit, clock.due_at) == (other, due[scene.pk])


def test_x8_a_long_list_is_narrowed_by_the_unit_in_charge() -> None:
    mine, theirs = registered(), registered(cast=make_cast(lead="区住建交通委", sector="construction"))
    client = client_for(mine.cast.leader)
    whole = text(client.get("/batch/designate/"))
    assert mine.case.number in whole
    assert theirs.case.number in whole
    # Two values: the chips say how many of each.
    narrowed = text(client.get(f"/batch/designate/?of={theirs.case.lead_unit_id}"))
    assert mine.case.number not in narrowed
    assert theirs.case.number in narrowed


@pytest.fixture
def filed() -> Iterator[list[Filing]]:
    """Two enterprises' monthly reports, filed to the bureau."""
    enterprises = [make_enterprise(), make_enterprise()]
    with declared(MONTHLY):
        expect(at=at("2026-09-10 09:00"))
        found = []
        for enterprise in enterprises:
            filing = Filing.objects.get(owner_unit=enterprise.unit, period="2026-09")
            reporter = make_actor("enterprise_reporter", enterprise)
            file_report(filing=filing, text="无隐患", hand=HAND, actor=reporter, at=at("2026-10-02 09:00"))
            found.append(filing)
        yield found


def picks_of(found: list[Filing]) -> list[str]:
    return [f"{filing.pk}-{Case.objects.get(pk=filing.pk).version}" for filing in found]


def states_of(found: list[Filing]) -> set[str]:
    return set(Case.objects.filter(pk__in=[filing.pk for filing in found]).values_list("state", flat=True))


def test_x8_only_the_posts_right_opens_a_batch() -> None:
    scene = graded(1, up_to=("draft", "check"))[0]
    clerk = client_for(scene.cast.reporter)
    assert "没有可以批量办理的事项" not in text(clerk.get("/batch/"))  # letters to print
    answer = clerk.post("/batch/issue/", {"pick": ticks([scene]), "dispatch": "on"}, follow=True)
    assert "“批量签发”由有“签发、送达”权限的岗位办理" in text(answer)
    assert scene.letter().state == S.CHECKED
    other = client_for(make_actor("department_head", "区住建交通委"))
    assert "没有等您办理的" in text(other.get("/batch/issue/"))
    answer = other.post("/batch/issue/", {"pick": ticks([scene]), "dispatch": "on"})
    assert answer.status_code == 422
    assert scene.letter().state == S.CHECKED
    assert client_for(make_actor("system_admin")).get("/batch/").status_code == 200
    assert clerk.get("/batch/nothing/").status_code == 404


@pytest.mark.letters
def test_x8_sent_twice_acts_once() -> None:
    scenes = graded(2, up_to=("draft", "check"))
    client = client_for(scenes[0].cast.head)
    told = {"dispatch": "on", "late_reason": "集中", "form_key": "0b7f6a52-1f6e-4a4b-9c53-3c1f3c0f7d11"}
    picks = ticks(scenes)
    assert "已签发并送达 2 份" in text(post(client, "issue", picks, **told))
    assert "这份表单已经提交过，没有重复办理" in text(post(client, "issue", picks, **told))
    assert AuditEvent.objects.filter(name="records.letter_issued").count() == 2


def test_x8_nothing_ticked_says_so() -> None:
    scene = graded(1, up_to=("draft", "check"))[0]
    answer = client_for(scene.cast.head).post("/batch/issue/", {"dispatch": "on", "late_reason": "写好的原因"})
    assert answer.status_code == 422
    assert "请先勾选要办理的" in text(answer)
    assert "写好的原因" in text(answer)


@pytest.mark.letters
def test_x8_many_letters_as_one_pdf_each_on_a_sheet_of_its_own() -> None:
    scenes = graded(3, up_to=("draft", "check"))
    for scene in scenes:
        scene.issue(dispatch=False, late_reason="等待用印")
    render_pending()
    client = client_for(scenes[0].cast.handler)
    page = text(client.get("/letters/print/"))
    assert page.count('name="pick"') == 3
    assert page.count(" checked") == 3
    wanted = [scene.letter() for scene in scenes[:2]]
    answer = client.get("/letters/print/file/", {"pick": [letter.pk for letter in wanted]})
    reader = PdfReader(io.BytesIO(b"".join(answer.streaming_content)))  # type: ignore[attr-defined]
    pages = []
    for letter in wanted:
        assert letter.pdf is not None
        with default_storage.open(letter.pdf.path) as stored:
            pages.append(len(PdfReader(io.BytesIO(stored.read())).pages))
    assert len(reader.pages) == sum(n + n % 2 for n in pages)
    words = ["".join(page.extract_text().split()) for page in reader.pages]
    first = [words[sum(n + n % 2 for n in pages[:i])] for i in range(2)]
    # The newest of the list comes first.
    assert [n in w for n, w in zip(sorted((x.number for x in wanted), reverse=True), first, strict=True)] == [True] * 2
    # Another office's letters are not there to be printed.
    other = client_for(make_actor("department_handler", "区住建交通委"))
    assert other.get("/letters/print/file/", {"pick": wanted[0].pk})["Location"] == "/letters/print/"


@pytest.mark.letters
def test_x8_cases_are_locked_before_the_first_number_is_taken() -> None:
    """Else two who issue at the same moment could wait for each other: one for the number, one for the case."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    scenes = graded(2, up_to=("draft", "check"))
    issue = batch("issue")
    assert issue is not None
    picked = {scene.letter().pk: scene.case.version for scene in scenes}
    with CaptureQueriesContext(connection) as asked:
        outcome = act_on_all(
            issue, picked, told={"dispatch": False, "late_reason": ""}, actor=scenes[0].cast.head, at=scenes[0].at
        )
    assert (outcome.done, outcome.refused) == (2, [])
    words = [query["sql"] for query in asked]
    locks = [i for i, sql in enumerate(words) if "records_case" in sql and "FOR UPDATE" in sql]
    number = next(i for i, sql in enumerate(words) if "records_lettercounter" in sql)
    both = next(i for i in locks if all(str(scene.pk) in words[i] for scene in scenes))
    assert both < number


def test_x8_filings_are_received_together_with_one_signature_each(filed: list[Filing]) -> None:
    handler = make_actor("bureau_handler")
    client = client_for(handler)
    told = {"decision": "pass", "signature": STROKES}
    answer = client.post("/batch/receive_filings/", {"pick": picks_of(filed), **told, "password": "不是这个密码"})
    assert answer.status_code == 422
    assert "密码不对" in text(answer)
    assert STROKES in text(answer)  # drawn once, not again
    assert "已接收 2 项" in text(post(client, "receive_filings", picks_of(filed), **told, password=PASSWORD))
    assert states_of(filed) == {"received"}
    signed = Signature.objects.filter(case__in=[f.pk for f in filed], purpose="接收报送", person=handler.person)
    assert signed.count() == 2
    assert signed.values("digest").distinct().count() == 2


def test_x8_filings_are_sent_back_together_without_a_signature(filed: list[Filing]) -> None:
    client = client_for(make_actor("bureau_handler"))
    answer = post(client, "receive_filings", picks_of(filed), decision="return", note="缺负责人签字页")
    assert "已退回重报 2 项" in text(answer)
    assert states_of(filed) == {"returned"}
    assert not Signature.objects.filter(purpose="接收报送").exists()


def test_x4_dates_of_a_batch_are_marked_while_their_year_is_provisional(settings: LazySettings) -> None:
    """Graded on Wednesday 2026-12-30: three working days reach into a year whose arrangement nobody has announced."""
    settings.BUSINESS_NOW = "2026-12-30T17:00:00+08:00"
    scene = registered(at=at("2026-12-30 09:00"))
    scene.conclude()
    leader = client_for(scene.cast.leader)
    line = leader.get("/batch/designate/").context["lines"][0]
    clock = scene.deadline("handover")
    assert (line["due_text"][:10], line["provisional"]) == (f"{clock.due_on}", True)
    assert "暂定</span>" in text(leader.get("/batch/designate/"))
    Deadline.objects.filter(pk=clock.pk).update(provisional=False)
    assert "暂定</span>" not in text(leader.get("/batch/designate/"))

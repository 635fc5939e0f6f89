"""X10, 一企一档: an enterprise with all its cases as one PDF and as one archive, for those who may see it."""

import csv
import hashlib
import io
import json
import subprocess
import zipfile
from pathlib import Path
from urllib.parse import unquote

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from pypdf import PdfReader

from audit.models import AuditEvent
from audit.sealing import seal
from deadlines.models import Deadline
from deadlines.services.expected import expect
from deadlines.services.filings import file_report
from organisations.models import EnterpriseChange
from organisations.roles import ROLES
from organisations.services.changes import decide_change, propose_change
from records.models import Attachment, Case, DossierRequest
from records.services.dossiers import compile_waiting, request_dossier
from records.services.rendering import render_pending
from tests.deadlines.recurring_world import MONTHLY, declared
from tests.factories import at, client_for, make_actor, make_enterprise, sector_of, unit_of
from tests.records.test_dossiers import data_of, pdf, words
from tests.risks.builders import HAND, make_cast, photo, risk_in

pytestmark = [pytest.mark.django_db, pytest.mark.letters, pytest.mark.usefixtures("media")]
NAME = "蚌埠市燕山加油站有限公司"
NOW = at("2026-10-12 09:00")
CLOCK = "2026-10-12T09:00:00+08:00"


class Station:
    """A station with a closed case, one under treatment with files, a change of the registry and two filings."""

    def __init__(self) -> None:
        self.enterprise = make_enterprise(name=NAME)
        self.cast = make_cast(responsible=self.enterprise.unit)
        self.closed = risk_in("closed", cast=self.cast, at=at("2026-09-15 10:00"))
        self.open = risk_in("treating", cast=self.cast)
        Case.objects.filter(pk=self.open.pk).update(title="加油区")
        self.open.progress(photos=[photo("=现场/一.jpg"), pdf(3)])
        render_pending()

    def change(self) -> None:
        change = propose_change(
            enterprise=self.enterprise,
            kind=EnterpriseChange.Kind.STATUS,
            effective_on=NOW.date(),
            to_operation="stopped",
            reason="设备检修",
            actor=self.cast.principal,
            at=NOW,
        )
        township = make_actor("township_principal", "燕山乡", name="赵乡长")
        decide_change(change=change, approve=True, note="已核实", actor=township, at=NOW)

    def file(self) -> None:
        """Two periods of a monthly report, the first filed too late."""
        expect(at=at("2026-09-10 09:00"))
        expect(at=at("2026-10-01 09:00"))
        first = self.enterprise.unit.filings.order_by("last_on")[0]
        self.filed = first
        documents = [pdf(1, name="月报.pdf"), photo("仪表.jpg")]
        when = at("2026-10-11 10:00")
        told = {"text": "九月", "hand": HAND, "actor": self.cast.reporter, "at": when, "files": documents}
        file_report(filing=first, **told)

    def ask(self, actor=None, form: str = "pdf") -> DossierRequest:
        made = request_dossier(of=self.enterprise, form=form, actor=actor or self.cast.handler, at=NOW)
        compile_waiting(at=NOW, limit=20)
        made.refresh_from_db()
        assert made.state == "done", made.error
        return made

    def read(self, actor=None) -> PdfReader:
        return PdfReader(io.BytesIO(data_of(self.ask(actor))))


@pytest.fixture
def station() -> Station:
    return Station()


def outline(reader: PdfReader) -> list[tuple[str, str, int]]:
    """(case, title, sheet) of every document, as the file's own table of contents has them."""
    found, case = [], ""
    for item in reader.outline:
        if isinstance(item, list):
            found[-1:] = []
            found += [(case, inner.title, reader.get_destination_page_number(inner)) for inner in item]
        else:
            case = item.title
            found.append(("", item.title, reader.get_destination_page_number(item)))
    return found


def text_of(reader: PdfReader) -> str:
    return "".join(words(page) for page in reader.pages)


def page_named(reader: PdfReader, title: str) -> str:
    return words(reader.pages[next(sheet for _, name, sheet in outline(reader) if name == title)])


def test_x10_enterprise_pdf_has_true_page_numbers_and_heads_across_its_cases(station):
    reader = station.read()
    documents = outline(reader)
    first = documents[0][2]
    assert "企业档案" in words(reader.pages[0]) and NAME in words(reader.pages[0])
    assert "2件" in words(reader.pages[0])
    assert "区应急管理局看得见的案卷（全区）" in words(reader.pages[0])
    front = "".join(words(page) for page in reader.pages[:first])
    heads = [f"卸油区（{station.closed.case.number}）", f"加油区（{station.open.case.number}）"]
    assert list(dict.fromkeys(case for case, _, _ in documents)) == ["", *heads]
    for case, title, sheet in documents:
        number, said = str(sheet - first + 1), words(reader.pages[sheet])
        assert said.endswith(number) or said.startswith(number), (title, number, said[:40], said[-40:])
        assert "".join(title.split()) in front
        if title == "办理过程":
            assert case in said
    for head in heads:
        assert f"风险点{head}" in front
    # Between the beginnings of two cases every printed sheet names the case, every bound one its number.
    begins = {case: min(sheet for c, _, sheet in documents if c == case) for case in ["", *heads]}
    for sheet in range(first, len(reader.pages)):
        said = words(reader.pages[sheet])
        case = [case for case in begins if begins[case] <= sheet][-1]
        number = case.partition("（")[2].rstrip("）") if case else NAME
        assert (number or NAME) in said, sheet
    # The last case's report of three sheets ends the volume, with no sheet lost.
    assert documents[-1][1] == "治理照片：检测报告.pdf"
    assert documents[-1][2] + 3 == len(reader.pages)
    # In the catalogue a section stands under the number of its case, a letter under its own.
    assert front.count(station.open.case.number) > 8
    assert station.open.letter().number.replace(" ", "") in front


def test_x10_enterprise_pdf_tells_the_registry_and_hides_phones(station):
    station.change()
    reader = station.read()
    facts = page_named(reader, "企业登记情况")
    enterprise = station.enterprise
    for told in (NAME, enterprise.uscc, "危险化学品", "小型", "民营及其他", "燕山乡", "蚌埠市蚌山区应急管理局"):
        assert told in facts
    assert "经营状态停产" in facts
    assert "风险等级重大红" in facts
    assert "主要负责人电话138****0000" in facts
    changes = page_named(reader, "企业变更")
    for told in ("已生效", "设备检修", station.cast.principal.person.name, "赵乡长", "已核实", "2026-10-1209:00"):
        assert told in changes
    people = page_named(reader, "在任人员")
    assert "企业主要负责人" in people and "138****1234" in people
    whole = text_of(reader)
    assert "13805520000" not in whole and "13805521234" not in whole


def test_x10_enterprise_pdf_lists_risks_letters_clocks_and_seals_of_the_registry(station):
    station.change()
    seal()
    reader = station.read()
    risks = page_named(reader, "风险点一览")
    assert risks.index(station.closed.case.number) < risks.index(station.open.case.number)
    assert "已销号" in risks and "重大红" in risks and str(station.open.deadline("treatment").due_on) in risks
    letters = page_named(reader, "文书一览")
    assert "".join(station.open.letter().number.split()) in letters
    clocks = page_named(reader, "时限办理情况")
    # Of the station: two receipts and one treatment kept, one treatment still running.
    assert "合计300100.0%1" in clocks
    assert "逾期未办结的" not in clocks
    sealed = AuditEvent.objects.filter(subject_kind="enterprise", subject_id=str(station.enterprise.pk))
    assert sealed.count() == 2
    registry = page_named(reader, "审计封存情况")
    assert "企业登记2项审计事件，已封存2项，待封存0项" in registry
    assert all(event.digest in registry for event in sealed)


def test_x10_overdue_clock_of_the_enterprise_is_named(station):
    late = at("2027-01-05 09:00")
    request_dossier(of=station.enterprise, form="pdf", actor=station.cast.handler, at=late)
    compile_waiting(at=late)
    reader = PdfReader(io.BytesIO(data_of(DossierRequest.objects.get())))
    clocks = page_named(reader, "时限办理情况")
    named = clocks[clocks.index("逾期未办结的") :]
    assert station.open.case.number in named and "加油区" in named and "尚未办结" in named
    assert "合计30175.0%0" in clocks


def test_x10_filings_are_listed_and_their_files_enclosed_without_empty_pages(station):
    with declared(MONTHLY):
        station.file()
        reader = station.read()
        archive = zipfile.ZipFile(io.BytesIO(data_of(station.ask(form="zip"))))
    filed, owed = station.filed, station.enterprise.unit.filings.order_by("last_on")[1]
    table = page_named(reader, "定期报送")
    assert filed.case.number in table and owed.case.number in table
    row = table[table.index(filed.case.number) : table.index(owed.case.number)]
    assert "2026-10-1110:00" in row and row.endswith("逾期")
    head = f"{filed.case.title}（{filed.case.number}）"
    assert [title for case, title, _ in outline(reader) if case == head] == ["报送材料：月报.pdf"]
    assert not any(owed.case.number in case for case, _, _ in outline(reader))
    first = outline(reader)[0][2]
    front = "".join(words(page) for page in reader.pages[:first])
    # Its photo is printed nowhere, so the catalogue does not send the reader to photos.
    assert "仪表.jpg" in front
    assert front[front.index("仪表.jpg") :].startswith("仪表.jpg2026-10-11见压缩包")
    assert {name for name in archive.namelist() if name.startswith(f"案卷/{filed.case.number}/")} == {
        f"案卷/{filed.case.number}/附件/001-报送材料-月报.pdf",
        f"案卷/{filed.case.number}/附件/002-报送材料-仪表.jpg",
    }


def test_x10_enterprise_archive_checks_out_and_names_the_case_of_every_file(station, tmp_path: Path):
    with zipfile.ZipFile(io.BytesIO(data_of(station.ask(form="zip")))) as archive:
        archive.extractall(tmp_path)
        names = set(archive.namelist())
    told = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert (manifest["enterprise"], manifest["title"]) == (station.enterprise.uscc, NAME)
    listed = {entry["path"]: entry for entry in manifest["files"]}
    assert set(listed) | {"manifest.json", "清单.csv", "SHA256SUMS", "怎样核对.txt"} == names
    assert listed.pop("企业档案.pdf")["case"] == ""
    for path, entry in listed.items():
        assert path.startswith(f"案卷/{entry['case']}/")
        assert hashlib.sha256((tmp_path / path).read_bytes()).hexdigest() == entry["sha256"]
    for scene in (station.closed, station.open):
        kept = {entry["registered_sha256"] for entry in listed.values() if entry["case"] == scene.case.number}
        assert kept == set(Attachment.objects.filter(case=scene.pk).values_list("digest", flat=True))
    rows = list(csv.reader((tmp_path / "清单.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert rows[0][:3] == ["文件", "内容", "案卷"]
    assert [(row[0], row[2]) for row in rows[2:]] == [(path, entry["case"]) for path, entry in listed.items()]


def test_x10_enterprise_dossier_is_for_those_who_see_it_with_its_cases(station, settings):
    settings.BUSINESS_NOW = CLOCK
    pk = station.enterprise.pk
    url, page = f"/dossiers/of-enterprise/{pk}/", f"/enterprises/{pk}/"
    places = {"enterprise": station.enterprise, "township": "燕山乡", "department": "区住建交通委"}
    found = {}
    for role in ROLES:
        actor = make_actor(role.key, places.get(role.key.split("_")[0]))
        client = client_for(actor)
        status, shown = client.get(url).status_code, client.get(page)
        assert client.post(url, {"form": "pdf"}).status_code == (302 if status == 200 else 404), role.key
        # The button is there exactly for those whom it leads somewhere.
        assert (shown.status_code == 200 and url in shown.content.decode()) == (status == 200), role.key
        found[role.key] = status
    hidden = {role.key for role in ROLES if role.scope in {"none", "assigned", "supervised"}}
    assert {key for key, status in found.items() if status == 404} == hidden
    assert {"system_admin", "expert", "tip_officer", "department_handler"} <= hidden
    elsewhere = client_for(make_actor("township_handler", "雪华乡"))
    assert elsewhere.get(url).status_code == elsewhere.post(url, {"form": "pdf"}).status_code == 404
    # Its own dossier is not the bureau's, and the other way round.
    made = station.ask()
    own = client_for(station.cast.principal)
    assert own.get(f"/dossiers/{made.pk}/").status_code == own.get(f"/dossiers/{made.pk}/file/").status_code == 404
    assert client_for(station.cast.colleague).get(f"/dossiers/{made.pk}/file/").status_code == 200
    station.ask(station.cast.principal)


def test_x10_department_gets_only_the_cases_it_sees(station):
    """住建 is to enforce here, but sees only the case of its own sector, not even that the other one is 敏感."""
    department = unit_of("区住建交通委")
    station.enterprise.enforcement_department = department
    station.enterprise.save()
    Case.objects.filter(pk=station.open.pk).update(sector=sector_of("construction"))
    Case.objects.filter(pk=station.closed.pk).update(is_confidential=True)
    actor = make_actor("department_handler", "区住建交通委")
    page = client_for(actor).get(f"/dossiers/of-enterprise/{station.enterprise.pk}/").content.decode()
    assert "装入您看得见的 1 件案卷（主管行业和本单位承办）" in page and "敏感" not in page
    made = station.ask(actor)
    reader = PdfReader(io.BytesIO(data_of(made)))
    whole = text_of(reader)
    assert station.open.case.number in whole
    assert station.closed.case.number not in whole
    assert "".join(station.closed.letter().number.split()) not in whole
    assert "敏感" not in words(reader.pages[0])
    assert list(made.bound.values_list("pk", flat=True)) == [station.open.pk]
    told = AuditEvent.objects.filter(subject_kind="dossier", subject_id=str(made.pk)).order_by("pk")
    assert [event.data["confidential"] for event in told] == [[], []]
    # What was in it and is out of sight now takes the dossier along.
    client = client_for(actor)
    assert client.get(f"/dossiers/{made.pk}/file/").status_code == 200
    Case.objects.filter(pk=station.open.pk).update(sector=sector_of("hazchem"))
    assert client.get(f"/dossiers/{made.pk}/").status_code == 404
    assert client.get(f"/dossiers/{made.pk}/file/").status_code == 404


def test_x10_x6_taking_along_a_confidential_case_is_a_view_of_it(station, settings):
    settings.BUSINESS_NOW = CLOCK
    Case.objects.filter(pk=station.open.pk).update(is_confidential=True)
    client = client_for(station.cast.handler)
    page = client.get(f"/dossiers/of-enterprise/{station.enterprise.pk}/").content.decode()
    assert "其中 1 件标有“敏感”，请按规定保管" in page
    made = station.ask()
    assert "敏感" in words(PdfReader(io.BytesIO(data_of(made))).pages[0])
    assert not AuditEvent.objects.filter(name="records.viewed").exists()
    for _ in range(2):
        answer = client.get(f"/dossiers/{made.pk}/file/")
    assert unquote(answer["Content-Disposition"]) == f"attachment; filename*=utf-8''企业档案-{NAME}.pdf"
    assert hashlib.sha256(b"".join(answer.streaming_content)).hexdigest() == made.digest
    events = AuditEvent.objects.filter(subject_kind="dossier").order_by("pk")
    number = station.open.case.number
    assert [(e.name.removeprefix("records."), e.case_id) for e in events] == [
        ("dossier_requested", None),
        ("dossier_compiled", None),
        *[("dossier_downloaded", None), ("viewed", station.open.pk)] * 2,
    ]
    for event in events.filter(case_id=None):
        assert event.data["enterprise"] == NAME and event.data["enterprise_id"] == station.enterprise.pk
        assert event.data["confidential"] == [number]
        assert event.district_code == "340303"
    assert events.last().data == {"what": f"企业档案：{NAME}"}


def test_x10_enterprise_dossier_is_stale_after_an_act_on_a_case_or_on_the_registry(station, settings):
    settings.BUSINESS_NOW = CLOCK
    client = client_for(station.cast.handler)
    url = f"/dossiers/of-enterprise/{station.enterprise.pk}/"
    made = station.ask()
    assert "之后又有办理" not in client.get(url).content.decode()
    client.get(f"/dossiers/{made.pk}/file/")
    assert "又有办理" not in client.get(f"/dossiers/{made.pk}/").content.decode()
    station.open.progress()
    assert "之后又有办理" in client.get(url).content.decode()
    assert "编成以后企业档案又有办理" in client.get(f"/dossiers/{made.pk}/").content.decode()
    again = station.ask()
    assert "又有办理" not in client.get(f"/dossiers/{again.pk}/").content.decode()
    station.change()
    assert "又有办理" in client.get(f"/dossiers/{again.pk}/").content.decode()


def test_x10_asked_twice_an_enterprise_is_compiled_once(station, settings):
    settings.BUSINESS_NOW = CLOCK
    client = client_for(station.cast.handler)
    url = f"/dossiers/of-enterprise/{station.enterprise.pk}/"
    answers = {client.post(url, {"form": "zip"})["Location"] for _ in range(2)}
    made = DossierRequest.objects.get()
    assert answers == {f"/dossiers/{made.pk}/"}
    assert (made.case_id, made.enterprise_id) == (None, station.enterprise.pk)
    # Another form, another unit, a single case: each is another one.
    client.post(url, {"form": "pdf"})
    client_for(station.cast.principal).post(url, {"form": "zip"})
    client.post(f"/dossiers/of/{station.open.pk}/", {"form": "zip"})
    assert DossierRequest.objects.count() == 4
    assert client.post(url, {"form": "odt"}).status_code == 422
    listed = client.get("/dossiers/").content.decode()
    assert listed.count(NAME) == 2 and "加油区" in listed and "PDF 企业档案" in listed


def test_x10_a_dossier_is_of_a_case_or_of_an_enterprise(station):
    made = request_dossier(of=station.enterprise, form="pdf", actor=station.cast.handler, at=NOW)
    for change in ({"case": station.open.pk}, {"enterprise": None}):
        with pytest.raises(IntegrityError, match="dossier_of_case_or_enterprise"), transaction.atomic():
            DossierRequest.objects.filter(pk=made.pk).update(**change)


def test_x10_who_lost_sight_of_the_enterprise_gets_no_dossier_compiled(station):
    made = request_dossier(of=station.enterprise, form="pdf", actor=station.cast.handler, at=NOW)
    made.post.role_key = "tip_officer"
    made.post.save()
    assert compile_waiting(at=NOW) == (1, 0)
    made.refresh_from_db()
    assert made.error == "PermissionError: 申请人已看不到这家企业"


def test_x10_compiling_asks_no_more_for_more_files_and_clocks(station):
    def asked() -> int:
        request_dossier(of=station.enterprise, form="pdf", actor=station.cast.handler, at=NOW)
        with CaptureQueriesContext(connection) as queries:
            assert compile_waiting(at=NOW) == (1, 1)
        return len(queries)

    def more() -> None:
        station.open.progress(photos=[photo("二.jpg"), photo("三.jpg"), pdf(2, name="二.pdf")])
        station.open.apply()
        station.open.verify(passed=False)
        station.open.countersign()

    station.change()
    more()
    one = asked()
    more()
    more()
    assert asked() == one


def test_x10_pages_of_an_enterprise_dossier_ask_no_more_for_more_cases(station, settings):
    settings.BUSINESS_NOW = CLOCK
    client = client_for(station.cast.handler)
    made = station.ask()
    urls = ("/dossiers/", f"/dossiers/of-enterprise/{station.enterprise.pk}/", f"/dossiers/{made.pk}/")

    def asked() -> list[int]:
        numbers = []
        for url in urls:
            client.get(url)
            with CaptureQueriesContext(connection) as queries:
                assert client.get(url).status_code == 200
            numbers.append(len(queries))
        return numbers

    before = asked()
    risk_in("listed", cast=station.cast)
    station.ask(form="zip")
    request_dossier(of=station.open.case, form="pdf", actor=station.cast.handler, at=NOW)
    assert asked() == before


def test_x4_a_dossiers_open_dates_are_marked_while_their_year_is_provisional(station):
    with declared(MONTHLY):
        station.file()
        Deadline.objects.filter(owner_unit=station.enterprise.unit).update(provisional=True)
        text = text_of(station.read())
        filed, owed = (Deadline.objects.get(case=f.pk) for f in station.enterprise.unit.filings.order_by("last_on"))
    treatment = station.open.deadline("treatment")
    assert f"{owed.due_on}（暂定）" in text
    assert f"{treatment.due_on}（暂定）" in text
    # What was filed counts by the day that stood: nothing about it can still change.
    assert f"{filed.due_on}（暂定）" not in text

"""Three places with one of everything: ours, our neighbour's in the same district, and one in another district.

`sees` says, in the words of X3 and not of the code, which of them each scope may see.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from audit.clock import SHANGHAI
from audit.models import AuditErasure, AuditEvent
from deadlines.models import CalendarEdit, Deadline, Filing, Message
from organisations.actors import Actor
from organisations.models import Absence, Delegation, EnforcerProposal, EnterpriseChange, PostHandover
from organisations.roles import ROLES, Scope
from organisations.services.tokens import issue_token
from records.models import (
    Attachment,
    Case,
    CaseParticipant,
    Delivery,
    DossierRequest,
    EntryScan,
    PaperAct,
    RecordingAuthorisation,
    RetroactiveEntry,
)
from records.services.attachments import store
from risks.models import RiskImport
from tests.deadlines.adjustments import ask
from tests.factories import (
    at,
    make_actor,
    make_district,
    make_enterprise,
    make_person,
    sector_of,
    territory_of,
    unit_of,
)
from tests.risks.builders import Cast, Scene, make_cast, photo, risk_in
from tests.risks.guide_scenes import drafted, published

HERE, NEIGHBOUR, ABROAD = WORLDS = ("ours", "neighbour", "abroad")
STATION = "蚌埠市燕山加油站有限公司"
EXPERT = "钱学文"


@dataclass(frozen=True)
class World:
    """Keys of rows, by the name under which an address asks for them."""

    scene: Scene
    risk: int
    letter: int
    case: int
    attachment: int
    deadline: int
    term_request: int
    filing: int
    enterprise: int
    whole_enterprise: int
    change: int
    proposal: int
    unit: int
    territory: int
    sector: int
    person: int
    post: int
    account: int
    token: int
    delegation: int
    handover: int
    event: int
    erasure: int
    absence: int
    message: UUID
    dossier: int
    paper: int
    recording: int
    entry: int
    entry_scan: int
    risk_import: int
    township_code: str
    calendar_edit: int
    guide: int
    guide_draft: int
    guide_entry: int


# address → what it names: rows of cases, of the registry, of the district's own organisation
CASES = {"risk", "letter", "attachment", "deadline", "term_request", "filing", "paper"}
# what the unit that keyed it in, or drafts it, keeps to itself
KEYING_UNITS = {"dossier", "entry", "entry_scan", "guide_draft", "guide_entry"}
REGISTRY = {"enterprise", "change", "proposal"}
# … and of one person alone, who is nobody of the walk
OWN = {"token", "delegation", "risk_import"}
NAMED_BY = {
    "risks:case": "risk",
    "risks:edit": "risk",
    "risks:act": "risk",
    "risks:phone": "risk",
    "risks:import-upload": "risk_import",
    "risks:paper-check": "paper",
    "risks:guide": "guide",
    "risks:guide-export": "guide",
    "risks:guide-act": "guide_draft",
    "risks:guide-entry": "guide_entry",
    "risks:guide-entry-remove": "guide_entry",
    "risks:guide-entry-new": "guide_draft",
    "risks:guide-import": "guide_draft",
    "risks:retroactive-entry": "entry",
    "risks:retroactive-submit": "entry",
    "risks:retroactive-compare": "entry",
    "risks:retroactive-scan": "entry_scan",
    "dossiers:of-case": "risk",
    "dossiers:of-enterprise": "whole_enterprise",
    "dossiers:detail": "dossier",
    "dossiers:file": "dossier",
    "recording:revoke": "recording",
    "recording:scan": "recording",
    "manage:audit-case": "case",
    "manage:audit-case-export": "case",
    "manage:audit-person": "person",
    "manage:audit-person-export": "person",
    "letters:case": "risk",
    "letters:detail": "letter",
    "letters:edit": "letter",
    "letters:act": "letter",
    "letters:pdf": "letter",
    "letters:scan": "letter",
    "deadlines:extend": "deadline",
    "deadlines:suspend": "deadline",
    "deadlines:resume": "deadline",
    "deadlines:decide": "term_request",
    "file": "attachment",
    "filings:filing": "filing",
    "filings:act": "filing",
    "enterprises:detail": "enterprise",
    "enterprises:edit": "enterprise",
    "enterprises:phone": "enterprise",
    "enterprises:change": "enterprise",
    "enterprises:propose-enforcer": "enterprise",
    "enterprises:decide-change": "change",
    "enterprises:decide-enforcer": "proposal",
    "deadlines:calendar-edit": "calendar_edit",
    "manage:calendar-compare": "calendar_edit",
    "manage:calendar-discard": "calendar_edit",
    "manage:unit-edit": "unit",
    "manage:unit-succeed": "unit",
    "manage:territory-edit": "territory",
    "manage:sector-edit": "sector",
    "manage:person-edit": "person",
    "manage:person-phone": "person",
    "manage:post-new": "person",
    "manage:post-close": "post",
    "manage:account-new": "person",
    "manage:account": "account",
    "manage:account-act": "account",
    "my-token-revoke": "token",
    "my-delegation-end": "delegation",
    "my-delegation-decide": "delegation",
    "handover-slip": "handover",
    "manage:post-hand-over": "post",
    "manage:account-reset": "account",
    "manage:account-toggle": "account",
    "manage:audit-event": "event",
    "manage:erasure": "erasure",
    "manage:message-retry": "message",
    "absence-cancel": "absence",
    "api:territory-detail": "territory",
    "api:enterprise-detail": "enterprise",
    "api:risk-point-detail": "risk",
    "api:risk-point-grade": "risk",
    "api:risk-point-hand-over": "risk",
    "api:risk-point-receive": "risk",
    "api:risk-point-progress": "risk",
    "api:risk-point-apply-close-out": "risk",
    "api:risk-point-decide-close-out": "risk",
    "api:deadline-detail": "deadline",
    "api:letter-detail": "letter",
    "api:letter-pdf": "letter",
}


def build_worlds() -> dict[str, World]:
    """A station in 燕山乡 under the bureau; a site in 雪华乡 under 住建; a station of the same township name elsewhere."""
    abroad = make_district(code="340302", name="禹会区")
    ours = make_enterprise(name=STATION)
    site = make_enterprise(
        name="安徽雪华置业有限公司", township="雪华乡", sector="construction", enforcer="区住建交通委"
    )
    other = make_enterprise(district=abroad, name="蚌埠市涂山加油站有限公司")
    worlds = {
        HERE: _world(risk_in("treating", cast=make_cast(responsible=ours.unit))),
        NEIGHBOUR: _world(
            risk_in("treating", cast=make_cast(responsible=site.unit, lead="区住建交通委"), sector="construction")
        ),
        ABROAD: _world(risk_in("treating", cast=_people_of_its_own(make_cast(responsible=other.unit)))),
    }
    scene = worlds[HERE].scene
    expert = make_person(name=EXPERT)
    for pk in (scene.pk, worlds[HERE].filing):
        CaseParticipant.objects.create(case_id=pk, person=expert, part="核查人", since=scene.at)
    return worlds


def _people_of_its_own(cast: Cast) -> Cast:
    """`make_cast` finds its officials in the first district."""
    officials = {"handler": "handler", "colleague": "handler", "head": "head", "chief": "principal"}
    return replace(cast, **{part: make_actor(f"bureau_{rank}", cast.lead) for part, rank in officials.items()})


def _world(scene: Scene) -> World:
    scene.progress(photos=[photo()])
    # Who gets a copy sees a letter of any place; these worlds are apart.
    Delivery.objects.filter(letter__case=scene.pk, is_copy=True).delete()
    unit, cast = scene.cast.responsible, scene.cast
    enterprise = unit.enterprise  # type: ignore[attr-defined]
    change = EnterpriseChange.objects.create(
        enterprise=enterprise,
        kind=EnterpriseChange.Kind.STATUS,
        effective_on=scene.at.date(),
        before="正常生产",
        after="停产",
        to_operation="halted",
        proposed_by=cast.principal.person,
        proposed_at=scene.at,
    )
    proposal = EnforcerProposal.objects.create(
        enterprise=enterprise,
        department=cast.lead,
        reason="行业对口",
        proposed_by=cast.colleague.person,
        proposed_at=scene.at,
    )
    district = unit.district
    erasure = AuditErasure.objects.create(
        district_code=district.code,
        reason="本人申请",
        asked_by=cast.handler.person.pk,
        asked_label=cast.handler.label,
        asked_at=scene.at,
    )
    return World(
        scene=scene,
        risk=scene.pk,
        letter=scene.letter().pk,
        case=scene.pk,
        attachment=Attachment.objects.filter(case=scene.pk).latest("pk").pk,
        deadline=scene.deadline("treatment").pk,
        term_request=ask(scene).pk,
        filing=_filing(scene),
        enterprise=enterprise.pk,
        whole_enterprise=enterprise.pk,
        change=change.pk,
        proposal=proposal.pk,
        unit=unit_of("区市场监管局", district=district).pk,
        territory=territory_of("胜利街道", district=district).pk,
        sector=sector_of("road", district=district).pk,
        person=make_person(district=district).pk,
        post=cast.handler.post.pk,
        account=cast.handler.account.pk,
        delegation=Delegation.objects.create(
            source=cast.handler.post,
            person=cast.colleague.person,
            rights=["assess"],
            valid_from=scene.at.date(),
            valid_to=scene.at.date(),
            basis="休假",
            asked_at=scene.at,
            decided_at=scene.at,
            decided_by=cast.head.person,
        ).pk,
        handover=PostHandover.objects.create(
            post=cast.colleague.post,
            successor=cast.head.post,
            last_day=scene.at.date(),
            content='{"work": []}',
            at=scene.at,
        ).pk,
        token=issue_token(actor=cast.handler, at=scene.at)[1].pk,
        event=AuditEvent.objects.filter(case_id=scene.pk).latest("pk").pk,
        erasure=erasure.pk,
        absence=_absence(cast).pk,
        message=_message(cast).pk,
        risk_import=RiskImport.objects.create(
            account=cast.reporter.account, post=cast.reporter.post, rows=[], letters={}, uploaded_at=scene.at
        ).pk,
        township_code=enterprise.township.code,
        calendar_edit=_applied_edit(cast.handler, at=scene.at).pk,
        **_on_paper(scene),
        **_guides(scene),
    )


def _guides(scene: Scene) -> dict[str, int]:
    """The regulator's manual of this enterprise's sector, and one that it has not published yet."""
    drafter = scene.cast.handler
    sector = scene.cast.responsible.enterprise.sector.code  # type: ignore[attr-defined]
    guide = published(sector=sector, drafter=drafter, publisher=scene.cast.head, entries=1, when=scene.at)
    draft = drafted(sector=None, drafter=drafter, entries=1, when=scene.at)
    return {"guide": guide.pk, "guide_draft": draft.pk, "guide_entry": draft.entries.get().pk}


def _applied_edit(actor: Actor, *, at: datetime) -> CalendarEdit:
    """The calendar is the country's: whoever made it, all may read it."""
    return CalendarEdit.objects.create(
        title="2027 年工作日历",
        year=2027,
        source="样例",
        base="",
        days_digest="",
        state=CalendarEdit.State.APPLIED,
        drafted_by=actor.person,
        drafted_at=at,
        applied_by=actor.person,
        applied_at=at,
    )


def _absence(cast: Cast) -> Absence:
    day = date(2026, 10, 9)
    return Absence.objects.create(
        post=cast.handler.post, deputy=cast.colleague.post, first_day=day, last_day=day, created_at=at("2026-10-01")
    )


def _message(cast: Cast) -> Message:
    return Message.objects.create(
        district=cast.lead.district,
        person=cast.handler.person,
        post=cast.handler.post,
        channel="gateway",
        queued_at=at("2026-10-09 10:00"),
        next_attempt_at=at("2026-10-09 10:00"),
    )


def _filing(scene: Scene) -> int:
    """Something that this world's enterprise files, under a rule of the table."""
    case, key = scene.case, "deadlines.supervisory_report"
    spine = {"district": case.district, "township": case.township, "responsible_unit": case.responsible_unit}
    told = {"title": "2026 年第三季度报表", "next_due_at": scene.at}
    filed = Case.objects.create(
        kind="filing",
        number=f"CS-2026-Q3-{case.pk:04d}",
        state="expected",
        sector=case.sector,
        lead_unit=case.lead_unit,
        opened_on=scene.at.date(),
        **told,
        **spine,
    )
    days = {"first_on": date(2026, 7, 1), "last_on": date(2026, 9, 30), "opens_on": date(2026, 10, 1)}
    Filing.objects.create(case=filed, rule_key=key, owner_unit=case.responsible_unit, period="2026-Q3", **days)
    Deadline.objects.create(
        case=filed,
        rule_key=key,
        terms="ON2026-10-10R",
        occurrence="2026-Q3",
        title=filed.title,
        started_at=datetime(2026, 10, 1, tzinfo=SHANGHAI),
        due_at=datetime(2026, 10, 11, tzinfo=SHANGHAI),
        due_on=date(2026, 10, 10),
        owner_unit=case.responsible_unit,
        supervising_unit=case.lead_unit,
        **spine,
    )
    return filed.pk


def _on_paper(scene: Scene) -> dict[str, int]:
    """The handing unit's own: a dossier asked for, an entry being keyed in; and what both sides see."""
    actor, case = scene.cast.handler, scene.case
    _, stored = store(b"%PDF-1.7")
    who = {"account": actor.account, "post": actor.post, "unit": actor.unit}
    dossier = DossierRequest.objects.create(
        case=case, form="pdf", person=actor.person, at=scene.at, finished_at=scene.at, path=stored, **who
    )
    paper = PaperAct.objects.create(
        case=case,
        action="progress",
        label="报送治理进展",
        typed={"text": ["已到货"], "percent": ["40"]},
        signer_name="陈国强",
        signer_title="主要负责人",
        document_on=scene.at.date(),
        scan=Attachment.objects.filter(case=case).latest("pk"),
        keyed_by=actor.person,
        keyed_at=scene.at,
        **who,
    )
    recording = RecordingAuthorisation.objects.create(
        enterprise=scene.cast.responsible,
        recorder=actor.unit,
        signer="陈国强",
        valid_from=scene.at.date(),
        valid_to=scene.at.date(),
        scan_path=stored,
        registered_by=actor.person,
        registered_at=scene.at,
    )
    entry = RetroactiveEntry.objects.create(
        kind="risk",
        title="卸油区",
        typed={"unit": {"unit": [str(scene.cast.responsible.pk)]}},
        keyed_by=actor.person,
        keyed_at=scene.at,
        **who,
    )
    scan = EntryScan.objects.create(
        entry=entry,
        step="facts",
        name="登记.jpg",
        size=1,
        path=stored,
        uploaded_by=actor.person,
        at=scene.at,
    )
    rows = {"dossier": dossier, "paper": paper, "recording": recording, "entry": entry, "entry_scan": scan}
    return {name: row.pk for name, row in rows.items()}


def cast_of_roles() -> list[Actor]:
    """One of each role, where the rows of the first world are theirs: the station, its township; and 住建 beside them."""
    from organisations.models import Enterprise, Person

    station = Enterprise.objects.get(unit__name=STATION)
    places = {"enterprise": station, "township": "燕山乡", "department": "区住建交通委"}
    named = Person.objects.get(name=EXPERT)
    return [
        make_actor(role.key, places.get(role.key.split("_")[0]), person=named if role.key == "expert" else None)
        for role in ROLES
    ]


_SEEN = {
    Scope.DISTRICT: {HERE, NEIGHBOUR},
    Scope.TERRITORY: {HERE},
    Scope.SUPERVISED: {NEIGHBOUR},
    Scope.OWN: {HERE},
    Scope.ASSIGNED: {HERE},
    Scope.NONE: set(),
}


def sees(actor: Actor, world: str, what: str) -> bool:
    if what == "calendar_edit":
        return True
    if what == "absence":
        return False  # one's own, and none of those who walk is the one
    if what in OWN:
        return False
    if what == "handover":
        return actor.role.key == "system_admin" and world != ABROAD
    if what in KEYING_UNITS:
        # 区应急管理局 keyed in ours, 区住建交通委 the neighbour's.
        return actor.unit.short_name == {HERE: "区应急管理局", NEIGHBOUR: "区住建交通委"}.get(world) and (
            what != "dossier" or world in _SEEN[actor.scope]
        )
    if what == "recording":
        sides = {HERE: (STATION, "区应急管理局"), NEIGHBOUR: ("", "区住建交通委")}.get(world, ())
        all_of_it = actor.scope == Scope.DISTRICT and world != ABROAD
        return actor.scope != Scope.NONE and (
            all_of_it or {actor.unit.name, actor.unit.short_name} & set(sides) != set()
        )
    if what in CASES:
        return world in _SEEN[actor.scope]
    if what == "whole_enterprise":
        # With its cases: not for whoever looks after the registry without them.
        return actor.scope != Scope.ASSIGNED and world in _SEEN[actor.scope]
    if what in REGISTRY:
        # The registry is nobody's assignment; the system administrator looks after it without its cases.
        if actor.role.key == "system_admin":
            return world != ABROAD
        return actor.scope != Scope.ASSIGNED and world in _SEEN[actor.scope]
    return world != ABROAD

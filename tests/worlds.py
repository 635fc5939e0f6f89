"""Three places with one of everything: ours, our neighbour's in the same district, and one in another district.

`sees` says, in the words of X3 and not of the code, which of them each scope may see.
"""

from dataclasses import dataclass, replace

from audit.models import AuditEvent
from organisations.actors import Actor
from organisations.models import EnforcerProposal, EnterpriseChange
from organisations.roles import ROLES, Scope
from records.models import Attachment, CaseParticipant, Delivery
from tests.deadlines.adjustments import ask
from tests.factories import make_actor, make_district, make_enterprise, make_person, sector_of, territory_of, unit_of
from tests.risks.builders import Cast, Scene, make_cast, photo, risk_in

HERE, NEIGHBOUR, ABROAD = WORLDS = ("ours", "neighbour", "abroad")
STATION = "蚌埠市燕山加油站有限公司"
EXPERT = "钱学文"


@dataclass(frozen=True)
class World:
    """Keys of rows, by the name under which an address asks for them."""

    scene: Scene
    risk: int
    letter: int
    attachment: int
    deadline: int
    term_request: int
    enterprise: int
    change: int
    proposal: int
    unit: int
    territory: int
    sector: int
    person: int
    post: int
    account: int
    event: int
    township_code: str


# address → what it names: rows of cases, of the registry, of the district's own organisation
CASES = {"risk", "letter", "attachment", "deadline", "term_request"}
REGISTRY = {"enterprise", "change", "proposal"}
NAMED_BY = {
    "risks:case": "risk",
    "risks:edit": "risk",
    "risks:act": "risk",
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
    "enterprises:detail": "enterprise",
    "enterprises:edit": "enterprise",
    "enterprises:change": "enterprise",
    "enterprises:propose-enforcer": "enterprise",
    "enterprises:decide-change": "change",
    "enterprises:decide-enforcer": "proposal",
    "manage:unit-edit": "unit",
    "manage:unit-succeed": "unit",
    "manage:territory-edit": "territory",
    "manage:sector-edit": "sector",
    "manage:person-edit": "person",
    "manage:post-new": "person",
    "manage:post-close": "post",
    "manage:account-new": "person",
    "manage:account-reset": "account",
    "manage:account-toggle": "account",
    "manage:audit-event": "event",
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
    CaseParticipant.objects.create(case_id=scene.pk, person=make_person(name=EXPERT), part="核查人", since=scene.at)
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
    return World(
        scene=scene,
        risk=scene.pk,
        letter=scene.letter().pk,
        attachment=Attachment.objects.filter(case=scene.pk).latest("pk").pk,
        deadline=scene.deadline("treatment").pk,
        term_request=ask(scene).pk,
        enterprise=enterprise.pk,
        change=change.pk,
        proposal=proposal.pk,
        unit=unit_of("区市场监管局", district=district).pk,
        territory=territory_of("胜利街道", district=district).pk,
        sector=sector_of("road", district=district).pk,
        person=make_person(district=district).pk,
        post=cast.handler.post.pk,
        account=cast.handler.account.pk,
        event=AuditEvent.objects.filter(case_id=scene.pk).latest("pk").pk,
        township_code=enterprise.township.code,
    )


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
    if what in CASES:
        return world in _SEEN[actor.scope]
    if what in REGISTRY:
        # The registry is nobody's assignment; the system administrator looks after it without its cases.
        if actor.role.key == "system_admin":
            return world != ABROAD
        return actor.scope != Scope.ASSIGNED and world in _SEEN[actor.scope]
    return world != ABROAD

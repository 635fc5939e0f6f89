"""Registering and editing risk points (三(一)2)."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.core.files.uploadedfile import UploadedFile

from audit.acts import one_act
from audit.clock import local_date
from audit.personal import Personal
from audit.services import record
from deadlines.workflow import Refused
from organisations.actors import Actor
from organisations.models import Enterprise, Sector, Territory, Unit
from organisations.roles import Right, Scope, UnitKind
from records.models import Case
from records.services.attachments import attach_all
from records.services.cases import open_case
from risks.events import Event
from risks.models import ControlMeasure, GuideEntry, RiskPoint, RiskState
from risks.workflow import KIND, WORKFLOW

# Fields of a risk point that people fill in; the spine holds the rest.
DETAILS = (
    "category",
    "location",
    "longitude",
    "latitude",
    "hazard_factors",
    "accident_types",
    "monitoring",
    "control_level",
    "check_frequency",
    "responsible_person",
    "responsible_phone",
    "headcount",
    "disclosure",
    "source",
)


def bureau_of(district_id: int, *, at: datetime) -> Unit:
    """区应急管理局: the general supervisor, in charge wherever no department is named."""
    bureau = Unit.objects.filter(district_id=district_id, kind=UnitKind.BUREAU).valid_on(local_date(at)).first()
    if bureau is None:
        raise Refused("本区没有有效的综合监管部门，请系统管理员先在“单位”中登记")
    return bureau


def default_lead(responsible: Unit, sector: Sector, *, at: datetime) -> Unit:
    """One 交办单位 per risk: an enterprise's daily-enforcement department (X2), else the sector's, else the bureau."""
    today = local_date(at)
    enterprise = getattr(responsible, "enterprise", None)
    if (
        enterprise is not None
        and enterprise.enforcement_department
        and enterprise.enforcement_department.is_valid_on(today)
    ):
        return enterprise.enforcement_department
    others = sector.departments.valid_on(today).exclude(pk=responsible.pk)  # type: ignore[attr-defined]
    return others.order_by("pk").first() or bureau_of(responsible.district_id, at=at)


def may_register_for(actor: Actor, responsible: Unit) -> bool:
    """An enterprise for itself; a township in its territory; a department for what it supervises; the bureau anywhere."""
    if not actor.may(Right.REGISTER_RISK) or responsible.district_id != actor.district_id:
        return False
    if responsible.pk == actor.unit_id or actor.scope == Scope.DISTRICT:
        return True
    enterprise = getattr(responsible, "enterprise", None)
    if enterprise is None:
        return False
    if actor.scope == Scope.TERRITORY:
        return bool(enterprise.township_id == actor.unit.territory_id)
    if actor.scope == Scope.SUPERVISED:
        return bool(
            enterprise.enforcement_department_id == actor.unit_id or enterprise.sector_id in actor.supervised_sectors
        )
    return False


@one_act()
def register_risk(
    *,
    title: str,
    responsible_unit: Unit,
    sector: Sector,
    township: Territory,
    details: Mapping[str, Any],
    measures: Mapping[str, str],
    actor: Actor,
    at: datetime,
    photos: Iterable[UploadedFile] = (),
    guide_entry: GuideEntry | None = None,
) -> RiskPoint:
    """Open the case and write the risk point. `township` counts only where it does not follow from the unit (a department's
    site). `measures` maps a ControlMeasure.Kind to its text, empty ones left out. `guide_entry` is what it was found by.

    Raises Refused when the actor's post may not register for that unit, FileRefused for a photo that cannot be kept.
    """
    if not may_register_for(actor, responsible_unit):
        raise Refused("您的岗位不能为这个单位登记风险点")
    enterprise = getattr(responsible_unit, "enterprise", None)
    if enterprise is not None:
        if enterprise.operation == Enterprise.Operation.CLOSED:
            raise Refused(f"{responsible_unit}已关闭，不能再登记风险点")
        township = enterprise.township
    elif responsible_unit.kind == UnitKind.TOWNSHIP and responsible_unit.territory:
        township = responsible_unit.territory
    case = open_case(
        district=actor.unit.district,
        kind=KIND,
        title=title,
        state=RiskState.REGISTERED,
        township=township,
        sector=sector,
        responsible_unit=responsible_unit,
        lead_unit=default_lead(responsible_unit, sector, at=at),
        at=at,
    )
    if not Case.objects.for_actor(actor).filter(pk=case.pk).exists():
        raise Refused("按所选的行业和乡街，登记后不在您的权限范围内，请核对，或由主管该行业、该乡街的单位登记")
    risk = RiskPoint.objects.create(
        case=case,
        registered_by=actor.person,
        guide_entry=guide_entry,
        **{name: details[name] for name in DETAILS if name in details},
    )
    write_measures(risk, measures, is_new=True)
    event = record(
        Event.REGISTERED,
        by=actor.stamp,
        at=at,
        case_id=case.pk,
        data={
            "title": title,
            "number": case.number,
            "unit": responsible_unit.name,
            "lead": case.lead_unit.name,
            "source": risk.source,
            **({"guide": str(guide_entry.guide), "entry": guide_entry.pk} if guide_entry else {}),
        },
    )
    attach_all(photos, case=case, purpose="现场照片", actor=actor, at=at, case_seq=event.case_seq)
    return risk


@one_act()
def edit_risk(
    *,
    risk: RiskPoint,
    title: str,
    details: Mapping[str, Any],
    measures: Mapping[str, str],
    actor: Actor,
    at: datetime,
    version: int | None = None,
    photos: Iterable[UploadedFile] = (),
) -> RiskPoint:
    """Change what is filled in; who changed what from what to what goes into the event."""
    before = {"title": risk.case.title} | {name: getattr(risk, name) for name in DETAILS}
    old_measures = {m.kind: m.text for m in risk.measures.all()}
    after = {"title": title} | {name: details.get(name, before[name]) for name in DETAILS}
    changed = {k: [_text(before[k]), _text(after[k])] for k in before if _text(before[k]) != _text(after[k])}
    new_measures = {kind: text.strip() for kind, text in measures.items() if text.strip()}
    for kind in sorted(set(old_measures) | set(new_measures)):
        if old_measures.get(kind, "") != new_measures.get(kind, ""):
            changed[f"measure.{kind}"] = [old_measures.get(kind, ""), new_measures.get(kind, "")]
    uploads = list(photos)
    if not changed and not uploads:
        return risk
    for name in DETAILS:
        setattr(risk, name, after[name])
    done = WORKFLOW.advance(
        risk.case,
        "edit",
        actor=actor,
        at=at,
        version=version,
        changes={"title": title},
        data={"changes": _evident(changed)},
    )
    risk.save()
    write_measures(risk, measures)
    attach_all(uploads, case=risk.case, purpose="现场照片", actor=actor, at=at, case_seq=done.event.case_seq)
    return risk


def write_measures(risk: RiskPoint, measures: Mapping[str, str], *, is_new: bool = False) -> None:
    kept = {kind: text.strip() for kind, text in measures.items() if text.strip()}
    if not is_new:
        risk.measures.exclude(kind__in=kept).delete()
    ControlMeasure.objects.bulk_create(
        [ControlMeasure(risk=risk, kind=kind, text=kept[kind]) for kind in ControlMeasure.Kind.values if kind in kept],
        update_conflicts=True,
        unique_fields=["risk", "kind"],
        update_fields=["text"],
    )


def _evident(changed: Mapping[str, list[str]]) -> dict[str, list[Any]]:
    """Who is answerable and how to reach them is about a person; it stands beside the evidence, not in it."""
    about = {"responsible_person", "responsible_phone"}
    return {name: [Personal(text) for text in pair] if name in about else pair for name, pair in changed.items()}


def _text(value: Any) -> str:
    return "" if value is None else str(value)

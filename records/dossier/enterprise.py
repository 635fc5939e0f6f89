"""一企一档: an enterprise as one volume. What is told of it across its cases comes first, then case by case with all files."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet, Sum

from organisations.actors import Actor
from organisations.models import Enterprise
from records.dossier import registry
from records.dossier.compose import compiled, moment, part_of, safe, seals
from records.dossier.sections import Dossier, Part, Section, Table
from records.kinds import enterprise_tellers
from records.models import Case, Delivery, Letter
from records.selectors import letters_for


def cases_of(enterprise: Enterprise, actor: Actor) -> QuerySet[Case]:
    """Those that the actor may see, oldest first."""
    return Case.objects.for_actor(actor).filter(responsible_unit=enterprise.unit_id).order_by("opened_on", "id")


def version_of(enterprise: Enterprise, actor: Actor) -> int:
    """Grows with every act on one of these cases and on the registry: a dossier with another number is out of date."""
    acts = cases_of(enterprise, actor).order_by().aggregate(acts=Sum("version"))["acts"] or 0
    return acts + registry.acts_on(enterprise)


def compose_enterprise(
    enterprise: Enterprise, cases: Sequence[Case], *, version: int, actor: Actor, at: datetime
) -> Dossier:
    """As `actor` may read it; `cases` and `version` are what `cases_of` and `version_of` gave before."""
    unit, code = enterprise.unit, registry.code_of(enterprise)
    sections = [
        *registry.sections(enterprise, at),
        *(section for teller in enterprise_tellers for section in teller(enterprise, actor, at)),
        _letters(enterprise, actor),
        seals(registry.events_of(enterprise), "企业登记"),
    ]
    front = Part(unit.name, code, [section for section in sections if not section.is_empty], [])
    parts = [
        part_of(case, actor=actor, at=at, folder=folder, among_others=True)
        for case, folder in zip(cases, _folders(cases), strict=True)
    ]
    confidential = sum(case.is_confidential for case in cases)
    return Dossier(
        number=code,
        title=unit.name,
        kind=f"{enterprise.sector.name}企业",
        marks=["敏感"] if confidential else [],
        facts=[
            ("企业全称", unit.name),
            ("统一社会信用代码", enterprise.uscc or f"没有代码：{enterprise.no_uscc_reason}"),
            ("乡街", enterprise.township.name),
            ("日常执法部门", registry.enforcer_of(enterprise)),
            ("风险等级", registry.grade_of(enterprise)),
            ("案卷", f"{len(cases)} 件{f'，其中敏感 {confidential} 件' if confidential else ''}"),
            # Another unit's dossier of the same enterprise may hold more, or less.
            ("编制范围", f"{actor.unit}看得见的案卷（{actor.scope.label}）"),
        ],
        parts=[front, *(part for part in parts if part.sections or part.enclosures)],
        compiled=compiled(actor, at),
        version=version,
        subject="enterprise",
        word="企业档案",
        heading="企业档案",
    )


def _folders(cases: Sequence[Case]) -> list[str]:
    """案卷/<编号>/; numbers are given by kind, so the second of two that are the same says which row it is."""
    found: list[str] = []
    for case in cases:
        folder = f"案卷/{safe(case.number)}/"
        found.append(f"案卷/{safe(case.number)}-{case.pk}/" if folder in found else folder)
    return found


def _letters(enterprise: Enterprise, actor: Actor) -> Section:
    """Letters to it and about it. Those that are kept in another case, as a notice to many, are named but not enclosed."""
    sent = Delivery.objects.filter(letter=OuterRef("pk"), unit=enterprise.unit_id, sent_at__isnull=False)
    found = (
        letters_for(actor)
        .filter(Q(case__responsible_unit=enterprise.unit_id) | Q(Exists(sent)), state__in=Letter.NUMBERED)
        .select_related("issuer", "case")
        .order_by("issued_at", "id")
    )
    rows = [
        [
            letter.number,
            f"{letter.title}（{letter.get_state_display()}）",
            str(letter.issuer),
            moment(letter.issued_at)[:10],
            letter.case.number if letter.case.responsible_unit_id == enterprise.unit_id else "另卷存",
        ]
        for letter in found
    ]
    heads = ("发文字号", "文书", "发文机关", "签发", "案卷")
    return Section("letters", "文书一览", tables=[Table(heads, rows, (24, 27, 15, 12, 22))] if rows else [])

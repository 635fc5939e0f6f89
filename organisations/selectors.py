"""Reads across the registry: what a post sees, page by page, and what waits for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Q, QuerySet
from django.urls import reverse

from audit.clock import local_date
from organisations.actors import Actor
from organisations.models import EnforcerProposal, Enterprise, EnterpriseChange, Territory, Unit
from organisations.roles import Right, Scope, UnitKind
from organisations.services.changes import RULES, Hat, may_decide
from organisations.services.enforcers import ENFORCING_KINDS

COUNT_UP_TO = 10_000


def enterprises(actor: Actor) -> QuerySet[Enterprise]:
    """Everything of the registry in this post's scope, with what a line shows."""
    return Enterprise.objects.for_actor(actor).select_related("unit", "sector", "township", "enforcement_department")


def undetermined(actor: Actor) -> QuerySet[Enterprise]:
    """待明确, longest first."""
    return enterprises(actor).filter(enforcement_department=None).order_by("undetermined_since", "unit__sort_key", "pk")


def count_text(queryset: QuerySet[Enterprise]) -> str:
    """Exact up to 10,000, then only the words."""
    counted = queryset.order_by()[: COUNT_UP_TO + 1].count()
    return "1 万以上" if counted > COUNT_UP_TO else f"{counted:,}"


@dataclass(frozen=True)
class Page:
    rows: list[Enterprise]
    before: int | None  # key of the page before this one, None on the first
    after: int | None  # key of the page after this one, None on the last


def page_by_name(queryset: QuerySet[Enterprise], *, after: str = "", before: str = "", size: int = 20) -> Page:
    """One page in the order of names by sound. The key is the row at its edge: the last page costs what the first costs."""
    queryset = queryset.order_by("unit__sort_key", "pk")
    edge = _edge(queryset, after or before)
    if edge is None:
        rows = list(queryset[: size + 1])
        return Page(rows[:size], None, rows[size - 1].pk if len(rows) > size else None)
    key = edge.unit.sort_key
    if after:
        rows = list(queryset.filter(Q(unit__sort_key__gt=key) | Q(unit__sort_key=key, pk__gt=edge.pk))[: size + 1])
        shown = rows[:size]
        return Page(shown, shown[0].pk if shown else None, shown[-1].pk if len(rows) > size else None)
    rows = list(
        queryset.filter(Q(unit__sort_key__lt=key) | Q(unit__sort_key=key, pk__lt=edge.pk)).order_by(
            "-unit__sort_key", "-pk"
        )[: size + 1]
    )
    shown = rows[:size][::-1]
    return Page(shown, shown[0].pk if len(rows) > size else None, shown[-1].pk if shown else None)


def _edge(queryset: QuerySet[Enterprise], key: str) -> Enterprise | None:
    if not key.isascii() or not key.isdigit() or len(key) > 18:
        return None
    # Looked up in the same scope: a foreign key says nothing, not even where it would stand.
    return (
        Enterprise.objects.filter(pk__in=queryset.order_by().values("pk"))
        .select_related("unit")
        .filter(pk=int(key))
        .first()
    )


@dataclass(frozen=True)
class Seen:
    """`whole` False: only name, code and dated changes, for the township it left or is to move to (X1)."""

    enterprise: Enterprise
    whole: bool


def enterprise_seen_by(actor: Actor, pk: int) -> Seen | None:
    enterprise = enterprises(actor).filter(pk=pk).first()
    if enterprise is not None:
        return Seen(enterprise, whole=True)
    mine = _moves_of_township(actor)
    if mine is None:
        return None
    moved = (
        Enterprise.objects.filter(pk=pk, unit__district_id=actor.district_id, pk__in=mine.values("enterprise_id"))
        .select_related("unit", "sector", "township", "enforcement_department")
        .first()
    )
    return Seen(moved, whole=False) if moved else None


def changes_seen_by(actor: Actor) -> QuerySet[EnterpriseChange]:
    """Changes of enterprises in scope, and moves to or from the post's township."""
    shown = Q(enterprise__in=Enterprise.objects.for_actor(actor).order_by().values("pk"))
    mine = _moves_of_township(actor)
    if mine is not None:
        shown |= Q(enterprise__in=mine.values("enterprise_id"))
    return EnterpriseChange.objects.filter(shown).select_related(
        "enterprise__unit", "enterprise__township", "to_unit", "to_township", "proposed_by", "decided_by"
    )


def proposals_seen_by(actor: Actor) -> QuerySet[EnforcerProposal]:
    return EnforcerProposal.objects.filter(
        enterprise__in=Enterprise.objects.for_actor(actor).order_by().values("pk")
    ).select_related(
        "enterprise__unit", "enterprise__sector", "enterprise__township", "department", "proposed_by", "decided_by"
    )


def _moves_of_township(actor: Actor) -> QuerySet[EnterpriseChange] | None:
    territory = actor.unit.territory
    if actor.scope != Scope.TERRITORY or territory is None:
        return None
    to_here = Q(to_township=territory, state=EnterpriseChange.State.PROPOSED)
    from_here = Q(from_township=territory, state=EnterpriseChange.State.EFFECTIVE)
    return EnterpriseChange.objects.filter(to_here | from_here, kind=EnterpriseChange.Kind.MOVE)


def townships(district_id: int) -> QuerySet[Territory]:
    return Territory.objects.filter(district_id=district_id).exclude(kind=Territory.Kind.DISTRICT).order_by("code")


def townships_that_confirm(district_id: int) -> QuerySet[Territory]:
    """Those with a unit in the portal, which can take an enterprise over."""
    return townships(district_id).filter(unit__kind=UnitKind.TOWNSHIP, unit__valid_to=None).distinct()


def enforcing_departments(district_id: int, *, on: date) -> QuerySet[Unit]:
    return Unit.objects.filter(district_id=district_id, kind__in=ENFORCING_KINDS).valid_on(on).order_by("kind", "pk")


def department_choices(district_id: int, *, on: date) -> list[tuple[str, str]]:
    """Departments that supervise some sector, each with its sectors, for the choice of the daily-enforcement department."""
    units = (
        enforcing_departments(district_id, on=on).filter(sectors__isnull=False).distinct().prefetch_related("sectors")
    )
    return [(str(unit.pk), f"{unit}（主管{_some([s.name for s in unit.sectors.all()])}）") for unit in units]


def _some(names: Sequence[str], limit: int = 3) -> str:
    return "、".join(names[:limit]) + (f"等 {len(names)} 个行业" if len(names) > limit else "")


@dataclass(frozen=True)
class Waiting:
    """One line of the worklist: a decision about an enterprise that waits for this post."""

    title: str
    sub: str
    url: str
    action_label: str
    since: date


def waiting_for(actor: Actor) -> list[Waiting]:
    """Proposed changes and enforcement departments that this post decides, oldest first. At most two queries."""
    found: list[Waiting] = []
    changes = _changes_to_decide(actor)
    if changes is not None:
        found += [
            Waiting(
                title=f"{change.get_kind_display()}：{change.enterprise.unit.name}",
                sub=f"{change.before} → {change.after}，{change.proposed_by}提出",
                url=reverse("enterprises:decide-change", args=[change.pk]),
                action_label="确认",
                since=local_date(change.proposed_at),
            )
            for change in changes
            if may_decide(change, actor)
        ]
    if actor.may(Right.DESIGNATE):
        proposals = proposals_seen_by(actor).filter(decided_at=None).exclude(proposed_by=actor.post.person_id)
        found += [
            Waiting(
                title=f"明确日常执法部门：{proposal.enterprise.unit.name}",
                sub=f"安委办建议由{proposal.department}负责，{proposal.proposed_by}提出",
                url=reverse("enterprises:decide-enforcer", args=[proposal.pk]),
                action_label="决定",
                since=local_date(proposal.proposed_at),
            )
            for proposal in proposals.order_by("proposed_at")
        ]
    return found


def _changes_to_decide(actor: Actor) -> QuerySet[EnterpriseChange] | None:
    """A first cut in the database; `may_decide` has the last word."""
    hats: set[Hat] = set()
    if actor.scope == Scope.TERRITORY and actor.may(Right.CONFIRM_STATUS):
        hats = {Hat.TOWNSHIP, Hat.RECEIVING_TOWNSHIP}
    elif actor.unit.kind == UnitKind.BUREAU and actor.may(Right.EDIT_ENTERPRISES):
        hats = {Hat.BUREAU}
    if not hats:
        return None
    kinds = [kind for kind, rule in RULES.items() if rule.confirms in hats]
    return (
        changes_seen_by(actor)
        .filter(kind__in=kinds, state=EnterpriseChange.State.PROPOSED)
        .exclude(proposed_by=actor.post.person_id)
        .order_by("proposed_at")
    )

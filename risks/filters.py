"""Filters of the risk register: one declaration for the page, its export and the API."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.http import HttpRequest, QueryDict

from audit.clock import SHANGHAI, local_date, now
from organisations.actors import Actor
from organisations.models import Enterprise, Sector, Territory, Unit
from organisations.roles import Scope, UnitKind
from records.models import Case
from records.models.case import NO_RANK, RANKS
from risks.grading import COLOUR, SEVERE, Grade
from risks.models.point import RiskState
from risks.workflow import KIND

MIN_WORDS = 2
SEVERE_KEY, NO_GRADE, ALL, OPEN = "severe", "none", "all", "open"
GRADES = (
    (SEVERE_KEY, "重大、较大"),
    *((grade.value, f"{grade.label}（{COLOUR[grade]}）") for grade in Grade),
    (NO_GRADE, "未定级"),
    (ALL, "全部"),
)
STATES = ((OPEN, "未销号"), *RiskState.choices, (ALL, "全部"))
DUES = (("late", "已逾期"), ("today", "今天到期"), ("week", "本周到期"))


def _townships(request: HttpRequest | None) -> QuerySet[Territory]:
    if request is None:
        return Territory.objects.none()
    return Territory.objects.filter(district_id=request.actor.district_id).exclude(kind=Territory.Kind.DISTRICT)  # type: ignore[attr-defined]


def _sectors(request: HttpRequest | None) -> QuerySet[Sector]:
    if request is None:
        return Sector.objects.none()
    return Sector.objects.filter(district_id=request.actor.district_id)  # type: ignore[attr-defined]


def _departments(request: HttpRequest | None) -> QuerySet[Unit]:
    """Dissolved departments stay: their old cases still name them."""
    if request is None:
        return Unit.objects.none()
    kinds = (UnitKind.BUREAU, UnitKind.DEPARTMENT)
    return Unit.objects.filter(district_id=request.actor.district_id, kind__in=kinds).order_by("kind", "pk")  # type: ignore[attr-defined]


def _units(request: HttpRequest | None) -> QuerySet[Unit]:
    """Only units whose name the post may learn: a guessed key says nothing (X3)."""
    if request is None:
        return Unit.objects.none()
    actor: Actor = request.actor  # type: ignore[attr-defined]
    cases = Case.objects.for_actor(actor).filter(kind=KIND).order_by()
    enterprises = Enterprise.objects.for_actor(actor).order_by()
    return Unit.objects.filter(
        Q(pk=actor.unit_id) | Q(pk__in=cases.values("responsible_unit")) | Q(pk__in=enterprises.values("unit"))
    )


class RiskFilter(django_filters.FilterSet):
    """`?grade=severe&state=open&township=340303200&sector=dust&department=3&unit=17&due=late&q=…`"""

    grade = django_filters.ChoiceFilter(label="等级", choices=GRADES, method="by_grade")
    state = django_filters.ChoiceFilter(label="环节", choices=STATES, method="by_state")
    township = django_filters.ModelChoiceFilter(label="乡街", queryset=_townships, to_field_name="code")
    sector = django_filters.ModelChoiceFilter(label="行业", queryset=_sectors, to_field_name="code")
    department = django_filters.ModelChoiceFilter(label="交办单位", queryset=_departments, field_name="lead_unit")
    unit = django_filters.ModelChoiceFilter(label="责任单位", queryset=_units, field_name="responsible_unit")
    due = django_filters.ChoiceFilter(label="到期", choices=DUES, method="by_due")
    q = django_filters.CharFilter(label="搜索", method="by_words", max_length=60)

    class Meta:
        model = Case
        fields: list[str] = []

    def __init__(self, *args: Any, at: datetime | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The API's filter backend gives no moment; there this is the view's own reading of the clock.
        self.at = at or now()

    def by_grade(self, queryset: QuerySet[Case], name: str, value: str) -> QuerySet[Case]:
        if value == ALL:
            return queryset
        if value == SEVERE_KEY:
            return queryset.filter(rank__lte=max(RANKS[level] for level in SEVERE))
        return queryset.filter(rank=NO_RANK if value == NO_GRADE else RANKS[value])

    def by_state(self, queryset: QuerySet[Case], name: str, value: str) -> QuerySet[Case]:
        if value == ALL:
            return queryset
        return queryset.filter(closed_on=None) if value == OPEN else queryset.filter(state=value)

    def by_due(self, queryset: QuerySet[Case], name: str, value: str) -> QuerySet[Case]:
        """Due moments are exclusive: what must be done today ends with the first moment of tomorrow."""
        if value == "late":
            # R6: a risk under long-term control is never 逾期; its checks are in the worklist.
            return queryset.filter(next_due_at__lte=self.at).exclude(state=RiskState.LONG_TERM)
        today = local_date(self.at)
        days = 1 if value == "today" else 7 - today.weekday()
        until = datetime.combine(today + timedelta(days=days), time.min, SHANGHAI)
        return queryset.filter(next_due_at__gt=self.at, next_due_at__lte=until)

    def by_words(self, queryset: QuerySet[Case], name: str, value: str) -> QuerySet[Case]:
        """Part of the risk's name, its number, or the responsible unit's name; a single character is not searched."""
        words = value.strip()
        if len(words) < MIN_WORDS:
            return queryset
        return queryset.filter(
            Q(title__icontains=words)
            | Q(number__icontains=words)
            | Q(responsible_unit__name__icontains=words)
            | Q(responsible_unit__short_name__icontains=words)
        )

    @property
    def matched(self) -> QuerySet[Case]:
        """What the filters leave; nothing when a value is not one of the choices, so that a typo never shows everything."""
        return self.qs if self.is_valid() else self.queryset.none()

    @property
    def cleaned(self) -> dict[str, Any]:
        return self.form.cleaned_data if self.is_valid() else {}

    @property
    def note(self) -> str:
        """What the reader must know about the conditions themselves."""
        if not self.is_valid():
            labels = "、".join(str(self.filters[name].label) for name in self.form.errors if name in self.filters)
            return f"链接中的条件“{labels}”不认识或不在您的权限内，没有列出任何风险点"
        words = str(self.cleaned.get("q") or "").strip()
        if words and len(words) < MIN_WORDS:
            return f"搜索至少要两个字，只有“{words}”一个字，没有按它筛选"
        return ""

    def described(self) -> list[tuple[str, str]]:
        """(label, chosen value) in words, for the head of the export and the audit."""
        told = []
        for name, chosen in self.filters.items():
            value = self.cleaned.get(name)
            if value in (None, "", ALL) or (name == "q" and len(str(value).strip()) < MIN_WORDS):
                continue
            choices = dict(chosen.extra.get("choices", ()))
            told.append((str(chosen.label), str(choices.get(value, value))))
        return told


def with_defaults(params: Mapping[str, Any] | QueryDict, actor: Actor) -> dict[str, str]:
    """The register as it opens: what is not closed; for regulators what is registered and handed over (三(二)1)."""
    given = {name: str(params.get(name, "")) for name in RiskFilter.base_filters if params.get(name)}
    return {"grade": default_grade(actor), "state": OPEN} | given


def default_grade(actor: Actor) -> str:
    return ALL if actor.scope in {Scope.OWN, Scope.ASSIGNED} else SEVERE_KEY

"""Filters of the enterprise register: one declaration for the page, its export and the API."""

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from organisations.models import Enterprise, Sector, Territory, Unit
from organisations.selectors import townships
from organisations.services.enforcers import ENFORCING_KINDS
from organisations.services.uscc import normalise

# The grades of the risk register as they stand on `Enterprise.risk_grade`; the words are the notice's.
GRADES = (("red", "重大 红"), ("orange", "较大 橙"), ("yellow", "一般 黄"), ("blue", "低 蓝"))
GRADE_TEXT = dict(GRADES)
NO_GRADE = "none"
UNDETERMINED = "undetermined"


def _townships(request: HttpRequest | None) -> QuerySet[Territory]:
    return townships(request.actor.district_id) if request else Territory.objects.none()  # type: ignore[attr-defined]


def _sectors(request: HttpRequest | None) -> QuerySet[Sector]:
    if request is None:
        return Sector.objects.none()
    return Sector.objects.filter(district_id=request.actor.district_id)  # type: ignore[attr-defined]


def _departments(request: HttpRequest | None) -> QuerySet[Unit]:
    if request is None:
        return Unit.objects.none()
    # Dissolved ones too: an enterprise may still hang on one, and must be found by it.
    return Unit.objects.filter(district_id=request.actor.district_id, kind__in=ENFORCING_KINDS).order_by("kind", "pk")  # type: ignore[attr-defined]


class EnterpriseFilter(django_filters.FilterSet):
    """`?township=340303200&sector=hazchem&department=undetermined&key=true&high_risk=true&operation=running&grade=red&q=…`"""

    township = django_filters.ModelChoiceFilter(label="乡街", queryset=_townships, to_field_name="code")
    sector = django_filters.ModelChoiceFilter(label="行业", queryset=_sectors, to_field_name="code")
    department = django_filters.ModelChoiceFilter(
        label="日常执法部门",
        queryset=_departments,
        field_name="enforcement_department",
        null_label="待明确",
        null_value=UNDETERMINED,
    )
    key = django_filters.BooleanFilter(label="重点企业", field_name="is_key")
    high_risk = django_filters.BooleanFilter(label="高危企业", field_name="is_high_risk")
    operation = django_filters.ChoiceFilter(label="经营状态", choices=Enterprise.Operation.choices)
    # X2: the graded supervision lists, with `sector` per sector.
    level = django_filters.ChoiceFilter(
        label="分级监管", field_name="supervision_level", choices=(("district", "区级"), ("township", "乡街级"))
    )
    grade = django_filters.ChoiceFilter(
        label="风险等级", field_name="risk_grade", choices=(*GRADES, (NO_GRADE, "未评级")), method="by_grade"
    )
    q = django_filters.CharFilter(label="名称或代码", method="by_words", max_length=60)

    class Meta:
        model = Enterprise
        fields: list[str] = []

    def by_grade(self, queryset: QuerySet[Enterprise], name: str, value: str) -> QuerySet[Enterprise]:
        return queryset.filter(risk_grade="" if value == NO_GRADE else value)

    def by_words(self, queryset: QuerySet[Enterprise], name: str, value: str) -> QuerySet[Enterprise]:
        """Part of the name, of the short name, or of the code."""
        words = value.strip()
        match = Q(unit__name__icontains=words) | Q(unit__short_name__icontains=words)
        code = normalise(words)
        return queryset.filter(match | Q(uscc__contains=code)) if code.isascii() and code else queryset.filter(match)

    @property
    def matched(self) -> QuerySet[Enterprise]:
        """What the filters leave; nothing when a value is not one of the choices, so that a typo never shows everything."""
        return self.qs if self.is_valid() else self.queryset.none()

    def described(self) -> list[tuple[str, str]]:
        """(label, chosen value) in words, for the export's second sheet and the audit."""
        cleaned: dict[str, Any] = self.form.cleaned_data if self.is_valid() else {}
        told = []
        for name, chosen in self.filters.items():
            value = cleaned.get(name)
            if value in (None, ""):
                continue
            label = str(chosen.label)
            if isinstance(value, bool):
                told.append((label, "是" if value else "否"))
            elif value == UNDETERMINED:
                told.append((label, "待明确"))
            else:
                choices = dict(chosen.extra.get("choices", ()))
                told.append((label, str(choices.get(value, value))))
        return told

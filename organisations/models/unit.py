"""Units: governments, departments, townships, enterprises, with their periods of validity."""

from datetime import date
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import F, Q

from organisations.models.district import District, Territory
from organisations.pinyin import sort_key
from organisations.roles import UnitKind

if TYPE_CHECKING:
    from organisations.actors import Actor


class UnitQuerySet(models.QuerySet["Unit"]):
    def for_actor(self, actor: "Actor") -> Self:
        return self.filter(district_id=actor.district_id)

    def valid_on(self, day: date) -> Self:
        return self.filter(Q(valid_from__isnull=True) | Q(valid_from__lte=day)).filter(
            Q(valid_to__isnull=True) | Q(valid_to__gte=day)
        )


class Unit(models.Model):
    """Anything that owes, hands over, receives or answers. An enterprise is a unit with an `Enterprise` row beside it."""

    district = models.ForeignKey(District, on_delete=models.PROTECT, related_name="units", verbose_name="区县")
    kind = models.CharField("类型", max_length=20, choices=UnitKind.choices)
    name = models.CharField("全称", max_length=120)
    short_name = models.CharField("简称", max_length=60, blank=True)
    sort_key = models.CharField("拼音", max_length=240, editable=False)
    # What stands at the head of its letters and in their numbers, e.g. 蚌埠市蚌山区应急管理局 / 蚌山应急
    letterhead = models.CharField("发文机关标志", max_length=60, blank=True)
    letter_code = models.CharField("机关代字", max_length=20, blank=True)
    territory = models.ForeignKey(Territory, on_delete=models.PROTECT, null=True, blank=True, verbose_name="所在乡街")
    superior = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="上级单位"
    )
    valid_from = models.DateField("成立日期", null=True, blank=True)
    valid_to = models.DateField("撤销日期", null=True, blank=True)
    succeeded_by = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="predecessors",
        verbose_name="职能承接单位",
    )

    objects = UnitQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "单位"
        ordering = ["sort_key"]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_from__isnull=True) | Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
                name="unit_validity_in_order",
                violation_error_message="撤销日期不能早于成立日期",
            ),
            models.CheckConstraint(
                condition=Q(succeeded_by__isnull=True) | Q(valid_to__isnull=False),
                name="unit_successor_needs_end",
                violation_error_message="填了职能承接单位，就要填撤销日期",
            ),
            # One township unit per territory, at any one time.
            models.UniqueConstraint(
                fields=["territory"], condition=Q(kind="township", valid_to__isnull=True), name="unit_one_per_territory"
            ),
        ]
        indexes = [models.Index(fields=["district", "kind", "sort_key"])]

    def __str__(self) -> str:
        return self.short_name or self.name

    def save(self, *args: object, **kwargs: object) -> None:
        self.sort_key = sort_key(self.name)
        super().save(*args, **kwargs)  # type: ignore[arg-type]

    @property
    def is_regulator(self) -> bool:
        return self.kind in {UnitKind.BUREAU, UnitKind.DEPARTMENT, UnitKind.COMMITTEE, UnitKind.TOWNSHIP}

    def is_valid_on(self, day: date) -> bool:
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)

"""The deadline ledger: one row for each time that the law starts a clock."""

from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import F, Q

from deadlines.terms import NEVER
from organisations.models import District, Territory, Unit
from organisations.roles import UnitKind
from records.models import Case

if TYPE_CHECKING:
    from deadlines.rules import Rule
    from organisations.actors import Actor

_OPEN = Q(met_at__isnull=True, cancelled_at__isnull=True)


class DeadlineQuerySet(models.QuerySet["Deadline"]):
    def open(self) -> Self:
        return self.filter(met_at__isnull=True, cancelled_at__isnull=True)

    def running(self) -> Self:
        """Open and not suspended. Lists need not ask: what is suspended is due `NEVER`, after everything else."""
        return self.open().filter(suspended_at__isnull=True)

    def owed_by(self, unit: Unit) -> Self:
        return self.open().filter(owner_unit=unit)

    def pressed_by(self, unit: Unit) -> Self:
        """Running deadlines of others that this unit presses on: as named in the ledger; 安委办 on the regulators' own."""
        mine = Q(supervising_unit=unit)
        if unit.kind == UnitKind.COMMITTEE:
            mine |= Q(supervising_unit=None, district=unit.district_id)
        return self.running().filter(mine).exclude(owner_unit=unit)

    def for_actor(self, actor: "Actor") -> Self:
        """Deadlines of the cases that this post may see."""
        return self.filter(case__in=Case.objects.for_actor(actor))


class Deadline(models.Model):
    """A started clock. `terms` is the rule as it stood at the start: whoever recomputes reads only that, never the rule.

    `due_at`, `due_on`, `provisional` and `suspended_at` are what deadlines.replay makes of `terms`, `started_at`,
    `named_on` and the entries of the ledger; `is_adjusted` says that there are entries.
    """

    rule_key = models.CharField("规则", max_length=60)
    terms = models.CharField("期限", max_length=20)
    rule_version = models.PositiveSmallIntegerField("规则版本", default=1)
    # Where the length comes from: the document and its version, or the district's own value.
    term_basis = models.CharField("期限依据", max_length=200, blank=True, default="", db_default="")
    # The day that the act itself gave (治理期限), for terms that have no length.
    named_on = models.DateField("指定日期", null=True, blank=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="deadlines", verbose_name="案卷")
    # The number, within the case, of the event that started it.
    occurrence = models.CharField("起算事件", max_length=40)
    title = models.CharField("事项", max_length=120)
    started_at = models.DateTimeField("起算时间")
    # Exclusive: the first moment that is too late (next day 00:00 +08:00, or the minute for hour terms).
    due_at = models.DateTimeField("到期时刻")
    due_on = models.DateField("到期日")
    provisional = models.BooleanField("暂定", default=False)
    is_adjusted = models.BooleanField("有延期或中止", default=False, db_default=False)
    # Since when it stands still. `due_at` is NEVER then, `due_on` the day that stood before.
    suspended_at = models.DateTimeField("中止时间", null=True, blank=True)
    met_at = models.DateTimeField("办结时间", null=True, blank=True)
    cancelled_at = models.DateTimeField("终止时间", null=True, blank=True)
    cancel_reason = models.CharField("终止原因", max_length=120, blank=True)
    late_reason = models.CharField("逾期原因", max_length=300, blank=True)
    owner_unit = models.ForeignKey(
        Unit, on_delete=models.PROTECT, related_name="owed_deadlines", verbose_name="义务单位"
    )
    supervising_unit = models.ForeignKey(
        Unit, on_delete=models.PROTECT, null=True, related_name="supervised_deadlines", verbose_name="督促单位"
    )
    # Copied from the case, moved by the service that moves the case: every list is one equality and one index.
    responsible_unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+", verbose_name="责任单位")
    township = models.ForeignKey(Territory, on_delete=models.PROTECT, related_name="+", verbose_name="乡街")
    district = models.ForeignKey(District, on_delete=models.PROTECT, related_name="+", verbose_name="区县")

    objects = DeadlineQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "时限"
        constraints = [
            models.UniqueConstraint(fields=["rule_key", "case", "occurrence"], name="deadline_once_per_event"),
            models.CheckConstraint(
                condition=Q(met_at__isnull=True) | Q(cancelled_at__isnull=True), name="deadline_met_or_cancelled"
            ),
            models.CheckConstraint(condition=Q(due_at__gt=F("started_at")), name="deadline_due_after_start"),
            models.CheckConstraint(
                condition=Q(terms="ON", named_on__isnull=False) | ~Q(terms="ON") & Q(named_on__isnull=True),
                name="deadline_day_named",
            ),
            models.CheckConstraint(
                condition=Q(suspended_at__isnull=True, due_at__lt=NEVER)
                | Q(suspended_at__isnull=False, due_at=NEVER, is_adjusted=True),
                name="deadline_suspended_is_never_due",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=_OPEN, name="deadline_open_by_due"),  # the sweep's way in
            models.Index(fields=["owner_unit", "due_at", "id"], condition=_OPEN, name="deadline_owner_open"),
            models.Index(fields=["supervising_unit", "due_at", "id"], condition=_OPEN, name="deadline_supervisor_open"),
            models.Index(
                fields=["responsible_unit", "due_at", "id"], condition=_OPEN, name="deadline_responsible_open"
            ),
            models.Index(fields=["township", "due_at", "id"], condition=_OPEN, name="deadline_township_open"),
            models.Index(fields=["district", "due_at", "id"], condition=_OPEN, name="deadline_district_open"),
            # Open or not, for statistics and the records behind their figures.
            models.Index(fields=["district", "due_on", "id"], name="deadline_district_due"),
            models.Index(fields=["owner_unit", "due_on", "id"], name="deadline_owner_due"),
            models.Index(fields=["district", "started_at"], name="deadline_district_started"),
        ]

    def __str__(self) -> str:
        return f"{self.rule_key} {self.due_on}"

    @property
    def rule(self) -> "Rule":
        from deadlines.rules import rule  # the table imports events of apps that import these models

        return rule(self.rule_key)

    @property
    def is_open(self) -> bool:
        return self.met_at is None and self.cancelled_at is None

    @property
    def is_running(self) -> bool:
        return self.is_open and self.suspended_at is None

    @property
    def runs_to(self) -> datetime | None:
        """The due moment for people and machines outside; None while it stands still."""
        return None if self.suspended_at else self.due_at

    def is_late_at(self, at: datetime) -> bool:
        """Overdue is derived: neither done nor ended in time."""
        return (self.met_at or self.cancelled_at or at) >= self.due_at

    def state_at(self, at: datetime) -> str:
        if self.cancelled_at:
            return "cancelled"
        if self.met_at:
            return "met_late" if self.met_at >= self.due_at else "met"
        if self.suspended_at:
            return "suspended"
        return "overdue" if at >= self.due_at else "open"

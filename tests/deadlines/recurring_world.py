"""Rules that only tests declare, and the filings made by them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from deadlines import rules
from deadlines.models import Deadline, Filing
from deadlines.periods import HalfYearly, Monthly, Quarterly, Weekly, Yearly
from deadlines.recurring import EACH_DEPARTMENT, EACH_TOWNSHIP, EachEnterprise, EachLeadUnit, EachUnit, Recurring
from organisations.roles import UnitKind as K

TO_BUREAU = (K.BUREAU,)


def _rule(key, every, owed_by, received_by=TO_BUREAU, **more) -> Recurring:
    return Recurring(
        key, "测试报表", clause="二（一）1", every=every, owed_by=owed_by, received_by=received_by, mark="CS", **more
    )


WEEKLY = _rule("test.weekly", Weekly(), EachLeadUnit("risk", ("graded", "treating")), (K.COMMITTEE,))
MONTHLY = _rule("test.monthly", Monthly(day=3, after=True), EachEnterprise())
BULLETIN = _rule("test.bulletin", Monthly(workday=5, after=True), EACH_DEPARTMENT, (K.COMMITTEE,))
QUARTERLY = _rule("test.quarterly", Quarterly(month=1, day=10, roll=True, after=True), EACH_TOWNSHIP)
HALF = _rule("test.half", HalfYearly(month=1, day=15, after=True), EachEnterprise(only=("is_high_risk",)))
YEARLY = _rule("test.yearly", Yearly(month=1, day=31), EACH_DEPARTMENT, (K.GOVERNMENT,))
COMMITTEE = _rule("test.committee", Monthly(day=20, roll=True), EachUnit((K.COMMITTEE,)), (K.SUPERVISORY, K.GOVERNMENT))
EVERY_KIND = (WEEKLY, MONTHLY, BULLETIN, QUARTERLY, HALF, YEARLY, COMMITTEE)


@contextmanager
def declared(*chosen: Recurring) -> Iterator[None]:
    """Only these recurring rules, for as long as it lasts."""
    register = rules._REGISTER
    kept = (dict(register.by_key), {name: list(found) for name, found in register.by_met.items()})
    for rule in rules.recurring_rules():
        del register.by_key[rule.key]
    register.by_met = {
        name: [r for r in found if not isinstance(r, Recurring)] for name, found in register.by_met.items()
    }
    rules.register(*(replace(rule) for rule in chosen))
    try:
        yield
    finally:
        register.by_key, register.by_met = kept


def owed(rule: Recurring, period: str = "") -> list[str]:
    """Who owes it, by short name, in order of sound; lapsed ones left out."""
    found = Filing.objects.filter(rule_key=rule.key, lapsed_at=None)
    if period:
        found = found.filter(period=period)
    return [str(f.owner_unit) for f in found.select_related("owner_unit").order_by("owner_unit__sort_key", "pk")]


def clock_of(filing: Filing) -> Deadline:
    return Deadline.objects.get(case=filing.case_id, rule_key=filing.rule_key)

"""The demo's risks: every act of every story in the order of time, so that numbers and the audit trail read as they would."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta

from audit.clock import SHANGHAI, local_date
from config.demo.acts import ACTS, Telling
from config.demo.cast import Cast, add_principals
from config.demo.enterprises import position
from config.demo.stories import STORIES, Story
from deadlines.calendar import WorkCalendar
from organisations.models import District, Enterprise, Sector, Territory, Unit
from organisations.roles import UnitKind
from records.services import letters
from risks.models import RiskPoint

# Acts of one story on one day follow each other at these hours.
HOURS = (time(9, 10), time(10, 40), time(14, 20), time(15, 30), time(16, 40))


def load_risks(district: District, at: datetime) -> int:
    """Tell all stories up to the last working day before `at`. Raises AssertionError when one ends elsewhere than it says."""
    _people(district)
    tellings = _tellings(district)
    with _letters_before_fonts():
        for when, telling, act, detail in sorted(_schedule(tellings, local_date(at)), key=lambda row: row[0]):
            ACTS[act](telling, when, detail)
    for telling in tellings:
        assert telling.known.case.state == telling.story.state, (telling.title, telling.known.case.state)
    return len(tellings)


def _people(district: District) -> None:
    """Whoever has a story needs somebody who acts for them."""
    wanted = {story.unit for story in STORIES}
    without = Enterprise.objects.filter(
        unit__district=district, unit__short_name__in=wanted, unit__posts=None, uscc__isnull=False
    )
    add_principals(list(without.select_related("unit")))


def _tellings(district: District) -> list[Telling]:
    units = {u.short_name: u for u in Unit.objects.filter(district=district).select_related("territory", "enterprise")}
    sectors = {s.pk: s for s in Sector.objects.filter(district=district)}
    by_code = {s.code: s for s in sectors.values()}
    areas = {t.pk: t for t in Territory.objects.filter(district=district)}
    by_name = {t.name: t for t in areas.values()}
    township_units = {u.territory_id: u for u in units.values() if u.kind == UnitKind.TOWNSHIP}
    cast, calendar = Cast(district), WorkCalendar.load()
    shared: dict[tuple[int, str], RiskPoint] = {}
    tellings = []
    for serial, story in enumerate(STORIES, 100):
        unit = units[story.unit]
        enterprise = getattr(unit, "enterprise", None)
        if enterprise is not None:
            sector, township = sectors[enterprise.sector_id], areas[enterprise.township_id]
            spot = (str(enterprise.longitude), str(enterprise.latitude))
        else:
            sector = by_code[story.sector]
            township = by_name[story.township] if story.township else areas[unit.territory_id]
            spot = position(township.name, serial)
        tellings.append(
            Telling(story, unit, sector, township, township_units[township.pk], spot, cast, calendar, others=shared)
        )
    return tellings


def _schedule(tellings: list[Telling], today: date) -> Iterator[tuple[datetime, Telling, str, str]]:
    for serial, telling in enumerate(tellings):
        previous, nth = None, 0
        for step, (act, days, detail) in enumerate(course(telling.story)):
            nth = nth + 1 if days == previous else 0
            previous = days
            day = telling.calendar.working_days_before(today, days)
            # Some minutes later, never the same; less than the hours lie apart, so that the order stays.
            later = timedelta(minutes=(serial * 7 + step * 13) % 50, seconds=serial)
            moment = datetime.combine(day, HOURS[nth], tzinfo=SHANGHAI) + later
            yield moment, telling, act, detail


def course(story: Story) -> list[tuple[str, int, str]]:
    """`draft@23:45` → ("draft", 23, "45")."""
    steps = []
    for word in story.course.split():
        act, _, rest = word.partition("@")
        days, _, detail = rest.partition(":")
        steps.append((act, int(days), detail))
    return steps


@contextmanager
def _letters_before_fonts() -> Iterator[None]:
    """On a fresh machine the fonts arrive while the demo loads, and its letters are rendered after that.

    Therefore the fonts are not asked about these texts here; a test asks them instead.
    """
    asked = letters.missing_characters
    letters.missing_characters = lambda text: []
    try:
        yield
    finally:
        letters.missing_characters = asked

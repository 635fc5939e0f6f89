"""What the committee has filed in the demo: the quarter before last received, the last one waiting for its receipt."""

from datetime import datetime, time, timedelta

from audit.clock import SHANGHAI, local_date
from config.demo.cast import Cast
from deadlines.calendar import WorkCalendar
from deadlines.models import Deadline, Filing
from deadlines.services.expected import expect
from deadlines.services.filings import file_report, receive_report
from organisations.actors import Actor
from organisations.models import District, Unit
from organisations.roles import Right

RULE = "deadlines.supervisory_report"
_TEXT = (
    "一、风险研判、交办和销号按期推进，重大、较大风险均已发函交办。\n"
    "二、各部门开展日常执法检查，发现的问题已督促整改。\n"
    "三、个别治理事项逾期，已要求责任单位说明原因。"
)
LOOK_BACK = timedelta(days=200)  # two quarters have fallen due in it
AHEAD = timedelta(days=100)  # and the next one is in sight


def load_filings(district: District, at: datetime) -> int:
    """Through the real services, at moments before `at`. Returns how many are expected or filed."""
    expect(at=at - LOOK_BACK, until=local_date(at + AHEAD))
    cast, calendar = Cast(district), WorkCalendar.load()
    filings = Filing.objects.filter(rule_key=RULE, case__district=district).select_related(
        "case__lead_unit", "owner_unit"
    )
    late = Deadline.objects.filter(rule_key=RULE, district=district, due_at__lte=at).values("case")
    due = list(filings.filter(pk__in=late).order_by("last_on"))
    for number, filing in enumerate(due, start=1):
        day = calendar.workday_on_or_after(filing.opens_on + timedelta(days=6))
        officer = _who(cast, filing.owner_unit, Right.FILE)
        file_report(
            filing=filing, text=_TEXT, hand=cast.hand, actor=officer, at=datetime.combine(day, time(10, 20), SHANGHAI)
        )
        if number < len(due):
            following = datetime.combine(calendar.next_workday(day), time(15, 10), SHANGHAI)
            organ = _who(cast, filing.case.lead_unit, Right.RECEIVE_FILING)
            receive_report(filing=filing, hand=cast.hand, actor=organ, at=following)
    return filings.count()


def _who(cast: Cast, unit: Unit, right: Right) -> Actor:
    side = cast.side_of(unit)
    return next(actor for actor in (side.clerk, side.colleague, side.principal) if actor.may(right))

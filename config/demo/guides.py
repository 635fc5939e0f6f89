"""The demo's guide manuals through the real services: drafted by one person, published by another, some not yet."""

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any

from audit.clock import SHANGHAI, local_date
from config.demo import manuals
from config.demo.cast import Cast
from config.demo.manuals import Line
from config.demo.people import ALUMINIUM, STATION
from deadlines.calendar import WorkCalendar
from organisations.actors import Actor
from organisations.models import District, Sector, Unit
from organisations.roles import Right
from risks.accident_types import names_on
from risks.models import ControlMeasure, Guide
from risks.models.guide import ENTRY_FIELDS
from risks.services.guides import drafting, publishing
from risks.services.guides.registering import Pick, register_from_guide

_BASIS = "《蚌山区安全生产风险点查找指导手册（试行）》"
# sector, by whom, its entries, begun so many working days ago; "" in `until`: published
_SECTORS: tuple[tuple[str, str, Sequence[Line], int, str], ...] = (
    ("hazchem", "区应急管理局", manuals.HAZCHEM, 95, ""),
    ("dust", "区应急管理局", manuals.DUST, 88, ""),
    ("construction", "区住建交通委", manuals.CONSTRUCTION, 76, ""),
    ("fireworks", "区应急管理局", manuals.FIREWORKS, 70, ""),
    ("fire", "区公安分局", manuals.CROWDED, 52, ""),
    ("non_coal_mine", "区应急管理局", manuals.MINE, 6, "submitted"),
    ("ammonia", "区应急管理局", manuals.AMMONIA, 3, "draft"),
)
# Enterprises that registered by their sector's manual: name, and the entries by their place in it.
_REGISTERED = (
    ("蚌埠市朝阳南路加油站", (0, 4)),
    ("蚌埠市雪华加油站有限公司", (2, 6)),
    ("蚌埠市金麦面粉有限公司", (2,)),
)


def load_guides(district: District, at: datetime) -> int:
    """Manuals in the order of time. Returns how many versions there are."""
    teller = _Teller(district, at)
    sectors = {sector.code: sector for sector in Sector.objects.filter(district=district)}
    for code, unit, lines, days, until in _SECTORS:
        title = f"蚌山区{sectors[code].name}安全风险点查找指导手册"
        teller.manual(sectors[code], unit, title, lines, days, until)
    teller.manual(None, "雪华乡", "雪华乡安全风险点查找指导手册", manuals.XUEHUA, 44, "")
    in_force = teller.manual(
        sectors["hazchem"],
        "区应急管理局",
        "蚌山区危险化学品安全风险点查找指导手册",
        manuals.HAZCHEM_ADDED,
        20,
        "",
        stricter="卸油作业油气燃爆",
    )
    teller.manual(None, STATION, "燕山加油站安全风险点查找指导手册", (), 12, "", based_on=in_force)
    dust = Guide.objects.published().get(sector__code="dust", district=district)
    teller.manual(None, ALUMINIUM, "恒泰铝制品安全风险点查找指导手册", (), 4, "draft", based_on=dust)
    return Guide.objects.filter(district=district).count()


def register_by_guides(district: District, at: datetime) -> int:
    """What some enterprises found by the manual on the last working day. Returns how many risk points."""
    teller, made = _Teller(district, at), 0
    units = {
        unit.short_name: unit for unit in Unit.objects.filter(district=district).select_related("enterprise__township")
    }
    for number, (name, places) in enumerate(_REGISTERED):
        unit = units[name]
        guide = Guide.objects.published().get(sector=unit.enterprise.sector_id, district=district)  # type: ignore[attr-defined]
        entries = list(guide.entries.all())
        principal = teller.cast.side_of(unit).principal
        picks = [
            Pick(entries[n], entries[n].title, entries[n].area, principal.person.name, principal.person.phone)
            for n in places
        ]
        moment = teller.moment(1, time(17, 5 + number))
        made += len(register_from_guide(unit=unit, guide=guide, picks=picks, actor=principal, at=moment))
    return made


class _Teller:
    def __init__(self, district: District, at: datetime) -> None:
        self.cast, self.calendar, self.today = Cast(district), WorkCalendar.load(), local_date(at)
        self.units = {unit.short_name: unit for unit in Unit.objects.filter(district=district, valid_to=None)}

    def moment(self, days: int, hour: time) -> datetime:
        return datetime.combine(self.calendar.working_days_before(self.today, days), hour, tzinfo=SHANGHAI)

    def manual(
        self,
        sector: Sector | None,
        unit: str,
        title: str,
        lines: Sequence[Line],
        days: int,
        until: str,
        *,
        based_on: Guide | None = None,
        stricter: str = "",
    ) -> Guide:
        """Begun, written, handed in two working days later and published the day after, as far as `until` says."""
        clerk, head = self._two_of(self.units[unit], sector)
        begun = self.moment(days, time(9, 30))
        guide = drafting.begin_guide(sector=sector, title=title, basis=_BASIS, based_on=based_on, actor=clerk, at=begun)
        for line in lines:
            drafting.add_entry(guide=guide, fields=_fields(line, begun.date()), actor=clerk, at=begun)
        if stricter:
            entry = guide.entries.get(title=stricter)
            fields = {name: getattr(entry, name) for name in ENTRY_FIELDS} | {"check_frequency": "shift"}
            drafting.change_entry(entry=entry, fields=fields, actor=clerk, at=begun)
        if until != "draft":
            publishing.submit_guide(guide=guide, actor=clerk, at=self.moment(days - 2, time(16, 10)))
        if not until:
            return publishing.publish_guide(guide=guide, actor=head, at=self.moment(days - 3, time(10, 15)))
        return guide

    def _two_of(self, unit: Unit, sector: Sector | None) -> tuple[Actor, Actor]:
        """Who drafts, and another one who may publish."""
        side = self.cast.side_of(unit)
        right = Right.ISSUE_LETTER if sector else Right.SIGN_PRINCIPAL
        others = (side.colleague, side.principal)
        return side.clerk, next(a for a in others if a.may(right) and a.person != side.clerk.person)


def _fields(line: Line, day: date) -> dict[str, Any]:
    names = names_on(day)
    accidents = [name if name in names else manuals.FORMER.get(name, "其他伤害") for name in line.accidents.split("、")]
    return {
        "area": line.area,
        "title": line.title,
        "category": line.category,
        "hazard_factors": line.hazards,
        "accident_types": "、".join(dict.fromkeys(accidents)),
        "reference_grade": line.grade,
        **{kind: getattr(line, kind) for kind in ControlMeasure.Kind.values},
        "monitoring": line.monitoring,
        "control_level": line.control_level,
        "check_frequency": line.check_frequency,
        "clause": line.clause,
    }

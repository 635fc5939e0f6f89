"""Brings a guide manual into any state by the services themselves."""

from datetime import datetime
from typing import Any

from organisations.actors import Actor
from organisations.models import Enterprise
from risks.models import Guide
from risks.services.guides import drafting, publishing
from risks.services.guides.registering import Pick
from tests.factories import at, make_actor, make_enterprise, sector_of

THURSDAY = at("2026-10-08 10:00")
BASIS = "《蚌山区安全生产风险点查找指导手册（试行）》"
ENTRY: dict[str, Any] = {
    "area": "卸油区",
    "title": "卸油作业油气燃爆",
    "category": "work",
    "hazard_factors": "静电接地不良，油气积聚",
    "accident_types": "火灾、可燃液体蒸汽爆炸",
    "reference_grade": "orange",
    "engineering": "静电接地报警仪",
    "management": "卸油作业票",
    "training": "",
    "protection": "",
    "emergency": "35 kg 干粉灭火器",
    "monitoring": "卸油全程视频",
    "control_level": "company",
    "check_frequency": "day",
    "clause": "GB 50156-2021",
}


def entry(number: int = 1, **more: Any) -> dict[str, Any]:
    return ENTRY | {"title": f"风险点{number}"} | more


def drafted(
    *,
    sector: str | None = "hazchem",
    drafter: Actor | None = None,
    entries: int = 3,
    when: datetime = THURSDAY,
    based_on: Guide | None = None,
) -> Guide:
    """A draft of the bureau's (or of `drafter`'s unit), with so many entries added to those it begins with."""
    drafter = drafter or make_actor("bureau_handler")
    guide = drafting.begin_guide(
        sector=sector_of(sector, district=drafter.unit.district) if sector else None,
        title="查找指导手册",
        basis=BASIS,
        based_on=based_on,
        actor=drafter,
        at=when,
    )
    have = guide.entries.count()
    for number in range(have + 1, have + entries + 1):
        drafting.add_entry(guide=guide, fields=entry(number), actor=drafter, at=when)
    return guide


def submitted(*, drafter: Actor | None = None, **more: Any) -> Guide:
    drafter = drafter or make_actor("bureau_handler")
    return publishing.submit_guide(guide=drafted(drafter=drafter, **more), actor=drafter, at=more.get("when", THURSDAY))


def published(*, drafter: Actor | None = None, publisher: Actor | None = None, **more: Any) -> Guide:
    drafter = drafter or make_actor("bureau_handler")
    guide = submitted(drafter=drafter, **more)
    role = "bureau_head" if guide.is_of_sector else f"{drafter.unit.kind}_principal"
    publisher = publisher or make_actor(role, drafter.unit)
    return publishing.publish_guide(guide=guide, actor=publisher, at=more.get("when", THURSDAY))


def station(**fields: Any) -> tuple[Enterprise, Actor]:
    """A filling station and its clerk."""
    enterprise = make_enterprise(**fields)
    return enterprise, make_actor("enterprise_reporter", enterprise)


def picks(guide: Guide, *, count: int | None = None, location: str = "1 号岛") -> list[Pick]:
    return [Pick(one, one.title, location, "陈国强", "13805520000") for one in list(guide.entries.all())[:count]]

"""The people of the year: one bureau, its committee, ten enterprises. Few, so that each notice has few addressees."""

from dataclasses import replace
from functools import cache

from organisations.models import Unit
from tests.factories import make_actor, make_district, make_enterprise
from tests.risks.builders import Cast

ENTERPRISES = 10


@cache
def build_town() -> list[Cast]:
    """One cast for each enterprise; the officials are the same people in all of them. Built once in a run."""
    make_district()
    first = _cast(_enterprise(0))
    make_actor("committee_officer", "区安委办", name="安委办人员")
    casts = [first]
    for serial in range(1, ENTERPRISES):
        unit = _enterprise(serial)
        casts.append(
            replace(
                first,
                responsible=unit,
                reporter=make_actor("enterprise_reporter", unit),
                principal=make_actor("enterprise_principal", unit),
            )
        )
    return casts


def _enterprise(serial: int) -> Unit:
    return make_enterprise(name=f"蚌埠市磨炼{serial:02d}号加油站有限公司").unit


def _cast(unit: Unit) -> Cast:
    lead = "区应急管理局"
    handler = make_actor("bureau_handler", lead, name="经办人")
    return Cast(
        responsible=unit,
        lead=handler.unit,
        reporter=make_actor("enterprise_reporter", unit),
        principal=make_actor("enterprise_principal", unit),
        handler=handler,
        colleague=make_actor("bureau_handler", lead, name="同事"),
        head=make_actor("bureau_head", lead, name="科室负责人"),
        chief=make_actor("bureau_principal", lead, name="局长"),
        leader=make_actor("district_leader", name="区领导"),
        expert=make_actor("expert", name="专家"),
    )

"""What the notice demands again and again of the authorities themselves, and the correction of what was filed.

Declared here until the app of its clause stands (docs/adr/0014); the keys stay as they are.
"""

from deadlines.events import Event as E
from deadlines.periods import Quarterly
from deadlines.recurring import EachUnit, Recurring
from deadlines.rules import Response, lead_unit, register, responsible_unit
from deadlines.terms import WorkingDays
from organisations.roles import UnitKind

register(
    Recurring(
        "deadlines.supervisory_report",
        "安全生产情况报告",
        clause="三（六）5",
        every=Quarterly(month=1, day=10, roll=True, after=True),
        config_key="supervisory_report",
        owed_by=EachUnit((UnitKind.COMMITTEE,)),
        received_by=(UnitKind.SUPERVISORY, UnitKind.GOVERNMENT),
        mark="JCBG",
        is_own_term=True,
        note="定期将安全生产情况上报同级监察机关。通知只说“定期”，本区默认为每季度；本区没有监察机关入驻的，报区政府。",
    ),
    Response(
        "deadlines.filing_correction",
        "退回后重报",
        clause="三（六）5",
        words="退回后",
        starts=(E.FILING_RETURNED,),
        within=WorkingDays(5),
        config_key="filing_correction",
        met=(E.FILED,),
        owed_by=responsible_unit,
        supervised_by=lead_unit,
        action="file",
        action_label="重新报送",
        note="报送是否按期以第一次报送为准；退回的限期重报，各次报送都留存。",
    ),
)

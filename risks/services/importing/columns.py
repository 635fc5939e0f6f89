"""The columns of the sheet. Each has the name that the register's export gives it, so that an exported list is at home here."""

from dataclasses import dataclass

from risks.grading import LEC_LABELS, LS_LABELS
from risks.models import ControlMeasure, RiskPoint

SHEET = "风险台账"  # also the export's
MAX_ROWS = 2_000
EXAMPLE = "示例："
MANY = 300  # from here on registering takes long enough to say so
# Under these names the factors stand beside the method; the first factor belongs to both methods.
FACTORS = {
    "likelihood": LEC_LABELS["likelihood"],
    "exposure": LEC_LABELS["exposure"],
    "consequence": LEC_LABELS["consequence"],
    "severity": LS_LABELS["severity"],
}
_KINDS = {
    ControlMeasure.Kind.ENGINEERING: "湿式除尘，防爆电气",
    ControlMeasure.Kind.EMERGENCY: "现场处置方案，每半年演练",
}


@dataclass(frozen=True)
class Column:
    """`hint` says what would be right; `lines`: line breaks within the cell are kept."""

    key: str
    title: str
    hint: str
    example: str = ""
    required: bool = False
    width: int = 14
    lines: bool = False


def _one_of(labels: list[str]) -> str:
    return f"填{'、'.join(labels)}之一"


COLUMNS: tuple[Column, ...] = (
    Column("number", "编号", "新登记的留空，由平台编列；已有编号的行不会被改动", width=20),
    Column(
        "title",
        "风险点名称",
        "部位加危险，最多 120 字，如：抛光车间铝粉尘爆炸",
        f"{EXAMPLE}抛光车间铝粉尘爆炸",
        True,
        width=28,
    ),
    Column("category", "类别", _one_of(RiskPoint.Category.labels), "场所", True, width=8),
    Column("sector", "行业", "本区的行业领域名称；企业留空即按登记的行业", "粉尘涉爆"),
    Column("township", "乡街", "企业、乡街留空；部门自己的道路、场所填所在乡街", width=12),
    Column("location", "具体位置", "写到别人能找到的程度，最多 200 字", "2 号厂房一层东侧", True, width=26),
    Column("longitude", "经度", "以度为单位，如 117.358600；和纬度一起填，或都留空", "117.3586", width=11),
    Column("latitude", "纬度", "以度为单位，如 32.913500；和经度一起填，或都留空", "32.9135", width=11),
    Column("unit", "责任单位", "登记的全称；填了统一社会信用代码可留空，企业登记本单位的可留空", width=30),
    Column("uscc", "统一社会信用代码", "18 位，单元格设成文本；责任单位不是企业的留空", width=22),
    Column(
        "hazard_factors",
        "危害因素",
        "什么东西、什么状态或行为会引发事故，最多 2000 字",
        "铝粉尘积聚，遇静电火花",
        True,
        36,
        True,
    ),
    Column("accident_types", "可能的事故类型", "用顿号隔开，名称见“可填内容”", "粉尘爆炸、火灾", True, width=24),
    Column("method", "评估方法", "自评才填：LEC 或 LS；不自评的，评估各列都留空", "LEC", width=10),
    *(
        Column(key, label, hint, example, width=9)
        for (key, label), hint, example in zip(
            FACTORS.items(),
            (
                "自评才填，LEC、LS 都用，取值见“可填内容”",
                "自评用 LEC 才填，取值见“可填内容”",
                "自评用 LEC 才填，取值见“可填内容”",
                "自评用 LS 才填，取值见“可填内容”",
            ),
            ("3", "6", "7", ""),
            strict=True,
        )
    ),
    *(
        Column(
            f"measure_{kind.value}",
            f"{kind.label}措施",
            "有几类写几类，至少一类，每类最多 300 字",
            _KINDS.get(kind, ""),
            width=30,
            lines=True,
        )
        for kind in ControlMeasure.Kind
    ),
    Column("control_level", "管控层级", _one_of(RiskPoint.Level.labels), "车间", True, width=10),
    Column("monitoring", "监控措施", "用什么发现异常，最多 2000 字", "粉尘浓度报警器，每班巡检", True, 30, True),
    Column("responsible_person", "责任人", "具体到一个人，最多 40 字", "陈国强", True, width=10),
    Column(
        "responsible_phone",
        "责任人电话",
        "11 位手机号，或带区号的座机，如 0552-3120000；单元格设成文本",
        "13800000000",
        True,
        15,
    ),
    Column("check_frequency", "排查频次", _one_of(RiskPoint.Frequency.labels), "每班", True, width=10),
    Column("headcount", "同时作业人数", "整数；可留空", "9", width=12),
    Column("disclosure", "公示", "在哪里、怎样公示，最多 200 字；还没有公示的留空", "大门公告栏，岗位告知卡", width=20),
    Column("source", "查找来源", "留空按“日常查找”", "日常查找", width=16),
)
BY_KEY = {column.key: column for column in COLUMNS}
BY_TITLE = {column.title: column for column in COLUMNS}


@dataclass(frozen=True)
class Fault:
    """One thing to put right. Row 0: the file as a whole."""

    row: int
    title: str
    wrong: str
    right: str = ""
    cell: str = ""
    found: str = ""

    @property
    def place(self) -> tuple[int, int]:
        """Down the sheet and across the template: the order in which people put things right."""
        return self.row, _POSITION.get(self.title, -1)


_POSITION = {column.title: position for position, column in enumerate(COLUMNS)}

"""Grades and how they are reached: LEC, the LS matrix, direct determination. Pure and exact (三(二)1)."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from django.db.models import TextChoices


class Grade(TextChoices):
    RED = "red", "重大"
    ORANGE = "orange", "较大"
    YELLOW = "yellow", "一般"
    BLUE = "blue", "低"


SEVERE = frozenset({Grade.RED, Grade.ORANGE})  # registered, handed over, closed by verification
COLOUR = {Grade.RED: "红", Grade.ORANGE: "橙", Grade.YELLOW: "黄", Grade.BLUE: "蓝"}


def grade_text(grade: str) -> str:
    """重大 红: the colour never stands without its word. "" for no grade."""
    return f"{Grade(grade).label} {COLOUR[Grade(grade)]}" if grade else ""


class Method(TextChoices):
    LEC = "lec", "LEC 作业条件危险性评价"
    LS = "ls", "LS 风险矩阵"
    DIRECT = "direct", "直接判定"


class GradingError(ValueError):
    """An input that the method's tables do not have; `field` is where it stands."""

    def __init__(self, message: str, field: str) -> None:
        self.field = field
        super().__init__(message)


LIKELIHOOD = {
    "10": "完全可以预料",
    "6": "相当可能",
    "3": "可能，但不经常",
    "1": "可能性小，完全意外",
    "0.5": "很不可能，可以设想",
    "0.2": "极不可能",
    "0.1": "实际不可能",
}
EXPOSURE = {
    "10": "连续暴露",
    "6": "每天工作时间内暴露",
    "3": "每周一次或偶然暴露",
    "2": "每月一次暴露",
    "1": "每年几次暴露",
    "0.5": "非常罕见暴露",
}
CONSEQUENCE = {
    "100": "大灾难，许多人死亡",
    "40": "灾难，数人死亡",
    "15": "非常严重，一人死亡",
    "7": "严重，重伤",
    "3": "重大，致残",
    "1": "引人注目，需要救护",
}
LEC_TABLES = {"likelihood": LIKELIHOOD, "exposure": EXPOSURE, "consequence": CONSEQUENCE}
LEC_LABELS = {"likelihood": "L 可能性", "exposure": "E 暴露", "consequence": "C 后果"}
# Lower bounds: D ≥ 320 重大, ≥ 160 较大, ≥ 70 一般. With these tables D is never exactly 320 or 160.
LEC_BOUNDS = ((Decimal(320), Grade.RED), (Decimal(160), Grade.ORANGE), (Decimal(70), Grade.YELLOW))

LS_LIKELIHOOD = {
    "5": "无控制措施或经常发生",
    "4": "控制措施不足，发生过",
    "3": "有措施但执行不到位，可能发生",
    "2": "措施基本落实，偶有失误",
    "1": "措施有效落实，极不可能发生",
}
LS_SEVERITY = {
    "5": "死亡，或损失 100 万元以上",
    "4": "丧失劳动能力，或损失 50 万元以上",
    "3": "骨折、住院，或损失 10 万元以上",
    "2": "轻微受伤，或损失 10 万元以下",
    "1": "无伤亡，无损失",
}
LS_TABLES = {"likelihood": LS_LIKELIHOOD, "severity": LS_SEVERITY}
LS_LABELS = {"likelihood": "L 可能性", "severity": "S 严重性"}
# No national rule: the district profile chooses. A is Shandong-style and the default, B the coarser one.
LS_VARIANTS = {
    "A": ((Decimal(20), Grade.RED), (Decimal(15), Grade.ORANGE), (Decimal(9), Grade.YELLOW)),
    "B": ((Decimal(20), Grade.RED), (Decimal(9), Grade.ORANGE), (Decimal(4), Grade.YELLOW)),
}

# Certain items are 重大 whatever their score; the reason is one of these or written out.
DIRECT_REASONS = {
    "law": "违反法律、法规及国家标准、行业标准中强制性条款",
    "accident": "发生过死亡或多次重伤事故，且条件依然存在",
    "major_hazard_source": "构成危险化学品重大危险源",
    "crowd": "具有中毒、爆炸、火灾等危险的场所，作业人员在 10 人以上",
    "expert": "经专家论证认定",
}


@dataclass(frozen=True)
class Graded:
    """The outcome: score is None for a direct determination; `formula` is what people read."""

    grade: Grade
    score: Decimal | None
    formula: str
    inputs: dict[str, str]


def grade(method: str, inputs: Mapping[str, str], *, ls_variant: str = "A") -> Graded:
    """Derive the grade from exact inputs. Raises GradingError naming the input that is missing or not in the table."""
    if method == Method.LEC:
        values = _chosen(inputs, LEC_TABLES, LEC_LABELS)
        likelihood, exposure, consequence = values.values()
        score = likelihood * exposure * consequence
        formula = f"{_plain(likelihood)} × {_plain(exposure)} × {_plain(consequence)} = {_plain(score)}"
        return Graded(_by_bounds(score, LEC_BOUNDS), score, formula, {k: _plain(v) for k, v in values.items()})
    if method == Method.LS:
        values = _chosen(inputs, LS_TABLES, LS_LABELS)
        likelihood, severity = values.values()
        score = likelihood * severity
        formula = f"{_plain(likelihood)} × {_plain(severity)} = {_plain(score)}"
        exact = {k: _plain(v) for k, v in values.items()} | {"variant": ls_variant}
        return Graded(_by_bounds(score, LS_VARIANTS[ls_variant]), score, formula, exact)
    if method == Method.DIRECT:
        chosen = inputs.get("grade", "")
        if chosen not in Grade.values:
            raise GradingError("请选择直接判定的等级", "grade")
        reason = inputs.get("reason", "").strip()
        if not reason:
            raise GradingError("直接判定须写明理由", "reason")
        return Graded(Grade(chosen), None, "直接判定", {"grade": chosen, "reason": reason})
    raise GradingError("请选择评估方法", "method")


def _chosen(
    inputs: Mapping[str, str], tables: Mapping[str, Mapping[str, str]], labels: Mapping[str, str]
) -> dict[str, Decimal]:
    values = {}
    for name, table in tables.items():
        raw = str(inputs.get(name, "")).strip()[:8]  # no value of the tables is longer
        try:
            value = Decimal(raw)
        except InvalidOperation:
            value = None
        if value is None or _plain(value) not in table:
            raise GradingError(f"{labels[name]}取值须是 {'、'.join(table)} 之一", name)
        values[name] = value
    return values


def _by_bounds(score: Decimal, bounds: tuple[tuple[Decimal, Grade], ...]) -> Grade:
    return next((result for lower, result in bounds if score >= lower), Grade.BLUE)


def _plain(value: Decimal) -> str:
    """Without exponent and trailing zeros: 540, 0.5, 6."""
    if not value.is_finite():
        return ""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text

"""Kinds of accident a risk may lead to: names of GB 6441, chosen by the date on which they are stated."""

import re
from datetime import date

NEW_STANDARD_FROM = date(2026, 7, 1)

# fmt: off
GB6441_1986 = (
    "物体打击", "车辆伤害", "机械伤害", "起重伤害", "触电", "淹溺", "灼烫", "火灾", "高处坠落", "坍塌",
    "冒顶片帮", "透水", "放炮", "火药爆炸", "瓦斯爆炸", "锅炉爆炸", "容器爆炸", "其他爆炸", "中毒和窒息",
    "其他伤害",
)
# 27 names; the codes of the new standard are not published where we could read them, so names alone are kept.
GB6441_2025 = (
    "物体打击", "厂（场）内车辆致害", "道路（轨道）车辆致害", "机械致害", "起重致害", "触电", "淹溺", "灼烫",
    "火灾", "高处坠落", "跌落", "坍塌", "水害", "容器爆炸", "管道爆炸", "可燃气体爆炸", "可燃液体蒸汽爆炸",
    "粉尘爆炸", "民用爆炸物品爆炸", "烟花爆竹爆炸", "其他可燃固体爆炸", "高温熔融物爆炸", "中毒", "窒息",
    "滑坡", "泄漏", "其他事故",
)
# fmt: on

SEPARATOR = "、"


def names_on(day: date) -> tuple[str, ...]:
    return GB6441_2025 if day >= NEW_STANDARD_FROM else GB6441_1986


def standard_on(day: date) -> str:
    return "GB 6441-2025" if day >= NEW_STANDARD_FROM else "GB 6441-1986"


def parted(text: str) -> list[str]:
    """The stored text of a risk point as names, also where an import or the API wrote commas."""
    return [name for name in re.split("[、，,;；]", text.strip()) if name]

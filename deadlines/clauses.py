"""The clauses of the notice in its order, with the words by which people know them (蚌山政办秘〔2018〕101号)."""

import re

NOTICE = "蚌山政办秘〔2018〕101号"
_NUMERALS = "一二三四五六七八九十"

CLAUSES = {
    "二（一）1": "隐患排查治理：企业自查、自改、自报",
    "二（一）2": "隐患排查治理：部门日常监管",
    "二（一）3": "隐患排查治理：专家查隐患、挂牌督办",
    "二（一）4": "隐患排查治理：组织领导、专项资金、公布",
    "二（二）1": "执法监管：年度执法计划、双随机",
    "二（二）2": "执法监管：明查暗访、突击检查、约谈",
    "二（二）3": "执法监管：区、乡街分级和分行业监管",
    "二（三）1": "法治建设：打非治违",
    "二（三）2": "法治建设：企业依法生产、失信惩戒",
    "二（四）1": "基础能力：安全投入",
    "二（四）2": "基础能力：科技支撑",
    "二（四）3": "基础能力：标准化、三位一体",
    "二（四）4": "基础能力：城区安全发展体系",
    "二（五）1": "专项治理：重点行业领域",
    "二（五）2": "专项治理：其他行业领域",
    "三（一）1": "查找机制：风险查找标准规范化",
    "三（一）2": "查找机制：风险查找管理信息化",
    "三（一）3": "查找机制：风险查找主体全员化",
    "三（二）1": "研判机制：风险分级制",
    "三（二）2": "研判机制：风险交办制",
    "三（二）3": "研判机制：风险通报制",
    "三（二）4": "研判机制：风险销号制",
    "三（三）1": "预警机制：监测信息系统建设",
    "三（三）2": "预警机制：监测信息系统应用",
    "三（四）1": "防范机制：研判区域较大安全风险",
    "三（四）2": "防范机制：重点区域风险管控",
    "三（四）3": "防范机制：控制高风险区域人员密度",
    "三（五）1": "处置机制：快速应急响应",
    "三（五）2": "处置机制：应急保障能力",
    "三（五）3": "处置机制：应急预案",
    "三（六）1": "责任机制：领导责任和部门监管责任",
    "三（六）2": "责任机制：企业主体责任",
    "三（六）3": "责任机制：安全生产约谈",
    "三（六）4": "责任机制：事故调查",
    "三（六）5": "责任机制：重大事项通报",
    "三（六）6": "责任机制：考核结果运用",
    "四（一）": "保障措施：组织领导",
    "四（二）": "保障措施：宣传引导",
    "四（三）": "保障措施：统筹协调",
    "四（四）": "保障措施：调度考核",
}
_SHAPE = re.compile(rf"([{_NUMERALS}])(?:（([{_NUMERALS}])）)?([0-9]*)")


def title_of(clause: str) -> str:
    """The clause's own words; "" for a clause of a law rather than of the notice."""
    return CLAUSES.get(clause, "")


def order_of(clause: str) -> tuple[int, int, int, int, str]:
    """Sort key: the notice's order first, then whatever else rules name (laws, decrees) by their text."""
    found = _SHAPE.match(clause)
    if found is None:
        return (1, 0, 0, 0, clause)
    part, section, number = found.groups()
    return (0, _NUMERALS.index(part), _NUMERALS.index(section) + 1 if section else 0, int(number or 0), clause)

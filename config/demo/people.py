"""The people of the demo: who has which account, and in which posts. All names are made up."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class DemoPost:
    unit: str
    title: str
    role_key: str
    section: str = ""


@dataclass(frozen=True)
class DemoAccount:
    username: str
    name: str
    phone: str
    posts: tuple[DemoPost, ...]


IN_OFFICE_SINCE = date(2019, 3, 1)  # when the bureau began
STATION = "蚌埠市燕山加油站有限公司"
ALUMINIUM = "蚌埠市恒泰铝制品有限公司"


def _one(username: str, name: str, phone: str, unit: str, title: str, role_key: str, section: str = "") -> DemoAccount:
    return DemoAccount(username, name, phone, (DemoPost(unit, title, role_key, section),))


ACCOUNTS: tuple[DemoAccount, ...] = (
    _one("anwei", "孙立群", "13805520101", "区安委办", "主任科员", "committee_officer", "综合科"),
    _one("anjian", "周立新", "13805520102", "区应急管理局", "科室负责人", "bureau_head", "危化工贸科"),
    _one("anjian2", "何建军", "13805520103", "区应急管理局", "副局长", "bureau_head"),
    _one("juzhang", "王志远", "13805520104", "区应急管理局", "局长", "bureau_principal"),
    _one("zhujian", "程亮", "13805520105", "区住建交通委", "监督员", "department_handler", "质安站"),
    _one("zhujian2", "吴春华", "13805520106", "区住建交通委", "副主任", "department_head"),
    _one("zhujianzr", "方明", "13805520107", "区住建交通委", "主任", "department_principal"),
    _one("gongan", "罗健", "13805520123", "区公安分局", "大队长", "department_handler", "治安大队"),
    _one("gongan2", "秦风", "13805520124", "区公安分局", "副局长", "department_head"),
    _one("shichang", "许静", "13805520108", "区市场监管局", "科长", "department_head", "特种设备科"),
    # Two posts on purpose: the acting post is chosen at login.
    DemoAccount(
        "yanshan",
        "刘广平",
        "13805520109",
        (
            DemoPost("燕山乡", "经办", "township_handler", "应急办"),
            DemoPost("燕山乡", "乡长", "township_principal"),
        ),
    ),
    _one("xuehua", "张敏", "13805520110", "雪华乡", "经办", "township_handler", "应急办"),
    _one("xuehua2", "赵永胜", "13805520111", "雪华乡", "乡长", "township_principal"),
    _one("lingdao", "陆文斌", "13805520112", "区政府", "副区长", "district_leader"),
    _one("qiye", "李晓梅", "13805520113", STATION, "安全员", "enterprise_reporter"),
    _one("fuzeren", "陈国强", "13805520114", STATION, "经理", "enterprise_principal"),
    _one("qiye2", "马超", "13805520115", ALUMINIUM, "安环专员", "enterprise_reporter"),
    _one("fuzeren2", "朱宏伟", "13805520116", ALUMINIUM, "总经理", "enterprise_principal"),
    _one("zhuanjia", "钱学文", "13805520117", "皖北安评", "注册安全工程师", "expert"),
    _one("jubao", "郑红", "13805520118", "区安委办", "举报受理员", "tip_officer"),
    _one("jiwei", "高远", "13805520119", "区纪委监委", "监督检查室主任", "supervisory_reader"),
    _one("sysadmin", "沈磊", "13805520120", "平台管理", "系统管理员", "system_admin"),
    _one("secadmin", "韩雪", "13805520121", "平台管理", "安全管理员", "security_admin"),
    _one("auditor", "唐宁", "13805520122", "平台管理", "审计管理员", "audit_admin"),
)

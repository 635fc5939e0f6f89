"""管理: the way in, the district's own parameters, and whether the portal is running."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from config.views import portal_status
from deadlines.rules import all_rules
from deadlines.terms import describe, parse
from organisations.access import ActorRequest, acting
from organisations.models import District
from organisations.profile import TERMS
from organisations.roles import Right
from organisations.views.manage_frame import ADMINISTRATION, frame, places


@acting(*ADMINISTRATION)
def index(request: ActorRequest) -> HttpResponse:
    rows = [{"text": label, "url": reverse(name), "sub": purpose} for name, label, purpose in places(request.actor)]
    context = frame(request.actor, "", "管理", sub=f"{request.actor.unit.district}，以{request.actor.role.label}身份")
    return render(request, "manage/index.html", context | {"rows": rows, "crumbs": []})


@acting(*ADMINISTRATION)
def profile(request: ActorRequest) -> HttpResponse:
    """What the district sets for itself. Read-only here: the file is checked as a whole when it is loaded."""
    district = request.actor.unit.district
    context = frame(
        request.actor,
        "manage:profile",
        "区县参数",
        sub="只读。修改区县配置文件后，由运维人员运行 manage.py load_district 载入。",
    )
    context |= {
        "facts": [
            {"label": "区县", "value": f"{district.city_name}{district.name}"},
            {"label": "区划代码", "value": district.code, "num": True},
            {"label": "平台名称", "value": district.portal_title},
        ],
        "terms": _terms(district),
        "others": _others(district),
    }
    return render(request, "manage/profile.html", context)


def _terms(district: District) -> list[dict[str, Any]]:
    own: dict[str, str] = district.profile.get("terms", {})
    rows = []
    for rule in all_rules():
        for key, default in rule.settable.items():
            rows.append(
                {
                    "label": TERMS.get(key, rule.label),
                    "rule": rule.label,
                    "clause": rule.clause,
                    "words": rule.words if key == rule.config_key else "合计",
                    "term": describe(parse(district.term(key, str(default)))),
                    "is_set": key in own,
                    "url": reverse("deadlines:rule", args=[rule.key]),
                }
            )
    return rows


def _others(district: District) -> list[dict[str, str]]:
    variant = district.profile.get("grading", {}).get("ls_variant", "A")
    bounds = {"A": "20、15、9", "B": "20、9、4"}
    return [{"label": "风险矩阵（LS）分级界限", "value": f"{variant}：{bounds.get(variant, '')}"}]


@acting(Right.MANAGE_SYSTEM, Right.READ_AUDIT)
def status(request: ActorRequest) -> HttpResponse:
    rows = [row | {"age_text": _age(row["age"])} for row in portal_status()]
    red = [row["label"] for row in rows if row["red"]]
    context = frame(request.actor, "manage:status", "运行状态", sub="超过 3 分钟没有动静的标为异常。刷新页面重新检查。")
    return render(request, "manage/status.html", context | {"rows": rows, "red": red})


def _age(seconds: int | None) -> str:
    if seconds is None:
        return ""
    for size, word in ((86400, "天"), (3600, "小时"), (60, "分钟")):
        if seconds >= size:
            return f"{seconds // size} {word}前"
    return f"{seconds} 秒前"

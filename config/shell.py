"""What the frame of every page shows: navigation for this role, the acting post, unread notices, the calendar's state."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from audit.clock import SHANGHAI, now
from deadlines.calendar_alarm import TOLD_FROM, wanting_year
from deadlines.display import Clockwork
from deadlines.models import Notice
from organisations.actors import Actor
from organisations.models import District
from organisations.roles import Right, Scope

# label, icon, URL name, who sees it
NAV = (
    ("待办", "layout-dashboard", "worklist", lambda a: True),
    ("风险", "shield-half", "risks:register", lambda a: a.scope != Scope.NONE),
    (
        "企业",
        "building",
        "enterprises:list",
        lambda a: a.scope not in {Scope.NONE, Scope.ASSIGNED, Scope.OWN} or a.is_system_admin,
    ),
    ("本单位", "building", "enterprises:mine", lambda a: a.scope == Scope.OWN),
    ("文书", "file-text", "letters:list", lambda a: a.scope not in {Scope.NONE, Scope.ASSIGNED}),
    ("报送", "clipboard-check", "filings:list", lambda a: a.scope not in {Scope.NONE, Scope.ASSIGNED}),
    (
        "统计",
        "table",
        "statistics:punctuality",
        lambda a: a.scope in {Scope.DISTRICT, Scope.SUPERVISED, Scope.TERRITORY},
    ),
    ("规则", "scale", "deadlines:rules", lambda a: True),
    ("审计", "history", "manage:audit", lambda a: a.may(Right.READ_AUDIT)),
    (
        "管理",
        "settings",
        "manage:index",
        lambda a: any(
            a.may(r) for r in (Right.MANAGE_UNITS, Right.MANAGE_PEOPLE, Right.MANAGE_ACCOUNTS, Right.MANAGE_SYSTEM)
        ),
    ),
)


def shell(request: HttpRequest) -> dict[str, Any]:
    actor: Actor | None = getattr(request, "actor", None)
    frame: dict[str, Any] = {
        "district_title": "安全生产监管平台",
        "demo": settings.DEMO,
        "demo_now": _demo_now(),
        "nav": [],
        "posts": [],
    }
    if actor is None:
        district = District.objects.order_by("pk").only("portal_title").first() if _wants_title(request) else None
        if district:
            frame["district_title"] = district.portal_title
        return {"shell": frame}
    nav = [
        {"label": label, "icon": icon, "url": reverse(name), "current": _is_current(request, name)}
        for label, icon, name, who in NAV
        if who(actor)
    ]
    clockwork = Clockwork.of(request, now())
    wanting = wanting_year(clockwork.today, clockwork.calendar, since_month=TOLD_FROM)
    frame |= {
        "district_title": actor.unit.district.portal_title,
        "nav": nav,
        "bottom": nav[:4],
        "more": nav[4:],
        "actor_unit": actor.post.unit_label,
        "actor_title": actor.post.title,
        "actor_name": actor.person.name,
        "posts": [
            {"id": p.pk, "unit": p.unit_label, "title": p.title, "current": p.pk == actor.post.pk}
            for p in getattr(request, "posts", [])  # none where a token acts: it has no other post to switch to
        ],
        "menu_links": [
            {"label": "请假与代理", "url": reverse("absences")},
            {"label": "岗位委托", "url": reverse("my-delegations")},
            {"label": "接收方式", "url": reverse("reach")},
            {"label": "我的登录", "url": reverse("my-logins")},
            {"label": "修改密码", "url": reverse("change-password")},
        ],
        "calendar_notice": _calendar_notice(wanting),
        "calendar_affected_url": reverse("deadlines:calendar-year", args=[wanting]) if wanting else "",
        "unread": Notice.objects.filter(person=actor.person, read_at=None).count(),
    }
    return {"shell": frame}


def _wants_title(request: HttpRequest) -> bool:
    return request.resolver_match is not None


def _is_current(request: HttpRequest, name: str) -> bool:
    """The section lights up on all of its pages; the audit has its own entry beside 管理."""
    match = request.resolver_match
    if match is None:
        return False
    here = match.view_name or ""
    if name in {"manage:audit", "manage:index"}:
        in_audit = here.startswith("manage:audit")
        return here.startswith("manage:") and in_audit == (name == "manage:audit")
    if name == "enterprises:mine":
        return match.namespace == "enterprises"
    if name == "deadlines:rules":  # the drawers of a clock belong to its case
        return here.startswith(("deadlines:rule", "deadlines:calendar"))
    return here == name or (":" in name and match.namespace == name.split(":")[0])


def _calendar_notice(year: int | None) -> str:
    """While an arrangement is not loaded: dates that reach into that year are provisional."""
    return f"{year} 年放假安排尚未公布，跨年的工作日期限为暂定，公布后重算。" if year else ""


def _demo_now() -> str:
    return now().astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") if settings.BUSINESS_NOW else ""

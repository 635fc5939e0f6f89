"""What the pages of the administration have in common: their places, their paging."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from organisations.actors import Actor
from organisations.roles import Right
from organisations.row_ids import row_id

ADMINISTRATION = (
    Right.MANAGE_UNITS,
    Right.MANAGE_PEOPLE,
    Right.MANAGE_ACCOUNTS,
    Right.MANAGE_SYSTEM,
    Right.READ_AUDIT,
)
PER_PAGE = 50

# (URL name, label, rights of which one is needed: none for everybody, what the page is for)
PLACES: tuple[tuple[str, str, tuple[Right, ...], str], ...] = (
    ("manage:units", "单位", (Right.MANAGE_UNITS,), "登记单位、存续期、发文机关标志和机关代字；撤销并指定承接单位"),
    ("manage:territories", "区划", (Right.MANAGE_UNITS,), "乡街的统计代码；由本区还是开发区管理"),
    ("manage:sectors", "行业领域", (Right.MANAGE_UNITS,), "每个行业由哪些部门主管"),
    ("manage:people", "人员岗位", (Right.MANAGE_PEOPLE,), "登记人员，任命和免去岗位"),
    ("manage:accounts", "账号", (Right.MANAGE_ACCOUNTS,), "开通、重置密码、停用和恢复账号"),
    ("manage:roles", "角色权限", (), "一张表：每个角色看得到什么、可以做什么"),
    ("manage:profile", "区县参数", ADMINISTRATION, "本区自定的期限和参数"),
    ("manage:calendar", "工作日历", (), "全年放假和调休上班，每一天的依据文件"),
    ("manage:audit", "审计", (Right.READ_AUDIT,), "谁在什么时候做了什么；校验证据链"),
    (
        "manage:erasures",
        "个人信息",
        (Right.MANAGE_ACCOUNTS, Right.READ_AUDIT),
        "依法删除审计记录旁的个人信息：一人申请，另一人批准",
    ),
    (
        "manage:messages",
        "发送记录",
        (Right.MANAGE_SYSTEM, Right.READ_AUDIT),
        "短信和邮件发了什么、发没发出；重发失败的",
    ),
    ("manage:status", "运行状态", (Right.MANAGE_SYSTEM, Right.READ_AUDIT), "后台任务是否按时运行"),
)


def places(actor: Actor) -> list[tuple[str, str, str]]:
    """URL name, label and purpose of every page of the administration that this post may open."""
    return [
        (name, label, purpose)
        for name, label, rights, purpose in PLACES
        if not rights or any(actor.may(right) for right in rights)
    ]


def frame(
    actor: Actor, current: str, title: str, *, sub: str = "", above: Sequence[tuple[str, str]] = ()
) -> dict[str, Any]:
    """Context of `manage/page.html`: where the reader is. `above` are (text, URL) between the section and this page."""
    section = next((label for name, label, _, _ in PLACES if name == current), "")
    crumbs = [{"text": "管理", "url": reverse("manage:index")}] if any(actor.may(r) for r in ADMINISTRATION) else []
    if section and title != section:
        crumbs.append({"text": section, "url": reverse(current)})
    crumbs += [{"text": text, "url": url} for text, url in above]
    return {
        "title": title,
        "sub": sub,
        "crumbs": [*crumbs, {"text": title, "url": ""}],
        "sections": [
            {"text": label, "url": reverse(name), "current": name == current} for name, label, _ in places(actor)
        ],
    }


def paged(request: HttpRequest, rows: QuerySet[Any], *, unit: str) -> tuple[list[Any], int, dict[str, str]]:
    """One page of a register, how many there are, and the context of `components/pagination.html`."""
    total = rows.count()
    last = max(1, -(-total // PER_PAGE))
    number = min(max(row_id(request.GET.get("page", "")) or 1, 1), last)
    found = list(rows[(number - 1) * PER_PAGE : number * PER_PAGE])
    text = f"共 {total} {unit}" if last == 1 else f"第 {number} 页，共 {last} 页，{total} {unit}"
    page = {"text": text}
    if number > 1:
        page["prev_url"] = _page_url(request, number - 1)
    if number < last:
        page["next_url"] = _page_url(request, number + 1)
    return found, total, page


def _page_url(request: HttpRequest, number: int) -> str:
    query = request.GET.copy()
    query["page"] = str(number)
    return f"?{query.urlencode()}"

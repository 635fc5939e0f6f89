"""管理 › 账号 (安全管理员), and the table of roles that everybody may read."""

from datetime import UTC, datetime

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache

from audit.clock import local_date, now
from organisations.access import ActorRequest, acting
from organisations.forms.accounts import AccountFilter, OpenAccountForm, PersonSearch, ReasonForm
from organisations.forms.fields import refuse
from organisations.models import Account, Person, Post
from organisations.pinyin import sort_key
from organisations.roles import ADMINISTRATORS, ROLES, Right, UnitKind
from organisations.row_ids import row_id
from organisations.services import accounts as services
from organisations.services.locks import locked_names
from organisations.services.stale import soon_stale
from organisations.views.manage_frame import frame, paged


def _accounts(request: ActorRequest) -> QuerySet[Account]:
    return Account.objects.filter(person__district_id=request.actor.district_id).select_related("person")


def _open_posts() -> QuerySet[Post]:
    return Post.objects.open_on(local_date(now())).select_related("unit")


def _named(q: str) -> Q:
    return Q(unit__name__icontains=q) | Q(unit__short_name__icontains=q)


@acting(Right.MANAGE_ACCOUNTS)
def accounts(request: ActorRequest) -> HttpResponse:
    form = AccountFilter(request.GET)
    rows = _accounts(request)
    if q := form.value("q"):
        held = _open_posts().filter(_named(q), person=OuterRef("person"))
        rows = rows.filter(Q(username__icontains=q) | Q(person__name__icontains=q) | Exists(held))
    match form.value("state"):
        case "active":
            rows = rows.filter(is_active=True)
        case "disabled":
            rows = rows.filter(is_active=False)
        case "never":
            rows = rows.filter(last_login=None)
        case "first":
            rows = rows.filter(must_change_password=True)
        case "stale":
            rows = soon_stale(rows, at=now())
    posts = Prefetch("person__posts", _open_posts(), to_attr="open_posts")
    found, total, page = paged(request, rows.prefetch_related(posts), unit="个账号")
    locked = locked_names([account.username for account in found], real=datetime.now(UTC))
    for account in found:
        account.is_locked = account.username in locked
    bar = {
        "count_text": total,
        "unit_text": "个账号",
        "sort_text": "按用户名排序",
        "actions": [{"label": "开通账号", "url": reverse("manage:account-new"), "icon": "plus", "primary": True}],
    }
    stale = soon_stale(_accounts(request), at=now()).count()
    told = f"{settings.STALE_ACCOUNT_DAYS} 天未使用的账号自动停用。"
    if stale:
        told += f"有 {stale} 个账号停用在即，筛选“久未使用”查看。"
    context = frame(request.actor, "manage:accounts", "账号", sub=told if settings.STALE_ACCOUNT_DAYS else "")
    return render(
        request, "organisations/accounts.html", context | {"filter": form, "accounts": found, "bar": bar, "page": page}
    )


@acting(Right.MANAGE_ACCOUNTS, scoped=True)
@never_cache
def account_new(request: ActorRequest) -> HttpResponse:
    """First the person, then the name. The first password is in the answer to the form and nowhere else."""
    asked = row_id(request.GET.get("person", ""))
    people = Person.objects.filter(district_id=request.actor.district_id)
    if asked is None:
        return _choose_person(request, people)
    person = get_object_or_404(people, pk=asked)
    suggestion = sort_key(person.name).replace(" ", "")[:40]
    form = OpenAccountForm(request.POST or None, initial={"username": suggestion})
    if request.method == "POST" and form.is_valid():
        try:
            account, password = services.open_account(person=person, actor=request.actor, at=now(), **form.cleaned_data)
        except ValidationError as error:
            refuse(form, error)
        else:
            return _show_password(request, account, password, "账号已开通")
    context = frame(request.actor, "manage:accounts", "开通账号") | {
        "form": form,
        "known": _person_facts(person),
        "will": "将生成首次密码，只显示这一次；本人首次登录时必须修改。",
        "submit_label": "开通账号",
        "cancel_url": reverse("manage:accounts"),
    }
    return render(request, "manage/form.html", context)


def _choose_person(request: ActorRequest, people: QuerySet[Person]) -> HttpResponse:
    form = PersonSearch(request.GET)
    rows = people.exclude(Exists(Account.objects.filter(person=OuterRef("pk"))))
    if q := form.value("q"):
        rows = rows.filter(Q(name__icontains=q) | Exists(_open_posts().filter(_named(q), person=OuterRef("pk"))))
    rows = rows.prefetch_related(Prefetch("posts", _open_posts(), to_attr="open_posts"))
    found, _, page = paged(request, rows, unit="人还没有账号")
    context = frame(
        request.actor, "manage:accounts", "开通账号", sub="选择还没有账号的人员。名单上没有的，请系统管理员先登记。"
    )
    return render(
        request, "organisations/account_person.html", context | {"filter": form, "people": found, "page": page}
    )


def _person_facts(person: Person) -> list[dict[str, object]]:
    posts = [f"{post}（{post.role.label}）" for post in _open_posts().filter(person=person)]
    return [
        {"label": "姓名", "value": person.name},
        {"label": "手机", "value": person.masked_phone, "num": True},
        {"label": "岗位", "value": "\n".join(posts) or "没有在任岗位", "wide": True},
    ]


def _show_password(request: ActorRequest, account: Account, password: str, title: str) -> HttpResponse:
    context = frame(request.actor, "manage:accounts", title) | {"account": account, "password": password}
    return render(request, "organisations/account_password.html", context)


@acting(Right.MANAGE_ACCOUNTS, scoped=True)
@never_cache
def account_reset(request: ActorRequest, pk: int) -> HttpResponse:
    account = get_object_or_404(_accounts(request), pk=pk)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            password = services.reset_password(account=account, actor=request.actor, at=now(), **form.cleaned_data)
        except ValidationError as error:
            refuse(form, error)
        else:
            return _show_password(request, account, password, "密码已重置")
    context = frame(request.actor, "manage:accounts", "重置密码") | {
        "form": form,
        "known": [{"label": "用户名", "value": account.username}, *_person_facts(account.person)],
        "will": "原密码立即失效，已登录的设备和接口令牌一并退出；新的首次密码只显示这一次。输错密码的锁定同时解除。",
        "submit_label": "重置密码",
        "cancel_url": reverse("manage:accounts"),
    }
    return render(request, "manage/form.html", context)


@acting(Right.MANAGE_ACCOUNTS, scoped=True)
def account_toggle(request: ActorRequest, pk: int) -> HttpResponse:
    """Disable an account in use, enable a disabled one. The form says which, so that two officials cannot undo each other."""
    account = get_object_or_404(_accounts(request), pk=pk)
    enable = not account.is_active if request.method == "GET" else request.POST.get("active") == "1"
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            done = services.set_active(
                account=account, active=enable, actor=request.actor, at=now(), **form.cleaned_data
            )
        except ValidationError as error:
            refuse(form, error)
        else:
            word = "恢复" if enable else "停用"
            messages.success(
                request, f"账号 {account.username} 已{word}。" if done else f"账号 {account.username} 此前已{word}。"
            )
            return redirect("manage:accounts")
    context = frame(request.actor, "manage:accounts", "恢复账号" if enable else "停用账号") | {
        "form": form,
        "known": [{"label": "用户名", "value": account.username}, *_person_facts(account.person)],
        "hidden": [("active", "1" if enable else "0")],
        "will": "恢复后可用原密码登录。" if enable else "停用后立即退出登录，不能再登录；账号、岗位和办理记录都保留。",
        "submit_label": "恢复账号" if enable else "停用账号",
        "cancel_url": reverse("manage:accounts"),
    }
    return render(request, "manage/form.html", context)


@acting()
def roles(request: ActorRequest) -> HttpResponse:
    """One table that a manager can read, straight from the code that decides."""
    kinds = dict(UnitKind.choices)
    rows = [
        {
            "label": role.label,
            "kinds": "、".join(label for kind, label in kinds.items() if kind in role.unit_kinds),
            "scope": role.scope.label,
            "cells": [right in role.rights for right in Right],
            "is_principal": role.is_principal,
            "is_mine": role.key == request.actor.role.key,
        }
        for role in ROLES
    ]
    context = frame(
        request.actor,
        "manage:roles",
        "角色权限",
        sub="一个岗位一个角色。能不能办，还要看案卷所处的环节；自己办的不能由自己批准。",
    )
    administrators = "、".join(role.label for role in ROLES if role.key in ADMINISTRATORS)
    context |= {"rights": [right.label for right in Right], "roles": rows, "administrators": administrators}
    return render(request, "organisations/roles.html", context)

"""管理 › 人员岗位 (系统管理员)."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from audit.clock import local_date, now
from organisations.access import ActorRequest, acting
from organisations.forms.fields import refuse
from organisations.forms.people import ClosePostForm, PersonFilter, PersonForm, PostForm, UnitSearch
from organisations.models import Account, Person, Post, Unit
from organisations.roles import Right, UnitKind
from organisations.services import people as services
from organisations.views.manage_frame import frame, paged


def _people(request: ActorRequest) -> QuerySet[Person]:
    return Person.objects.filter(district_id=request.actor.district_id)


@acting(Right.MANAGE_PEOPLE)
def people(request: ActorRequest) -> HttpResponse:
    form, today = PersonFilter(request.GET), local_date(now())
    held = Post.objects.open_on(today).filter(person=OuterRef("pk"))
    rows = _people(request)
    if q := form.value("q"):
        named = (
            Q(unit__name__icontains=q)
            | Q(unit__short_name__icontains=q)
            | Q(title__icontains=q)
            | Q(section__icontains=q)
        )
        rows = rows.filter(Q(name__icontains=q) | Exists(held.filter(named)))
    if role := form.value("role"):
        rows = rows.filter(Exists(held.filter(role_key=role)))
    match form.value("state"):
        case "in":
            rows = rows.filter(Exists(held))
        case "out":
            rows = rows.exclude(Exists(held))
        case "no_account":
            rows = rows.exclude(Exists(Account.objects.filter(person=OuterRef("pk"))))
    posts = Prefetch("posts", Post.objects.open_on(today).select_related("unit"), to_attr="open_posts")
    found, total, page = paged(request, rows.prefetch_related(posts, "accounts"), unit="人")
    bar = {
        "count_text": total,
        "unit_text": "人",
        "sort_text": "按姓名拼音排序",
        "actions": [{"label": "登记人员", "url": reverse("manage:person-new"), "icon": "plus", "primary": True}],
    }
    context = frame(
        request.actor, "manage:people", "人员岗位", sub="账号由安全管理员开通；没有在任岗位的人登录后不能办理。"
    )
    return render(
        request, "organisations/people.html", context | {"filter": form, "people": found, "bar": bar, "page": page}
    )


@acting(Right.MANAGE_PEOPLE)
def person_new(request: ActorRequest) -> HttpResponse:
    return _person_form(request, Person(), "登记人员", "登记")


@acting(Right.MANAGE_PEOPLE, scoped=True)
def person_edit(request: ActorRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(_people(request), pk=pk)
    return _person_form(request, person, person.name, "保存")


def _person_form(request: ActorRequest, person: Person, title: str, submit: str) -> HttpResponse:
    is_new = person.pk is None
    form = PersonForm(request.POST or None, instance=person, district_id=request.actor.district_id)
    if request.method == "POST" and form.is_valid():
        try:
            saved = services.save_person(person=form.instance, actor=request.actor, at=now())
        except ValidationError as error:
            refuse(form, error)
        else:
            messages.success(request, f"已登记{saved.name}，请接着任命岗位。" if is_new else f"已保存：{saved.name}。")
            return redirect("manage:person-edit", pk=saved.pk)
    context = frame(request.actor, "manage:people", title) | {"form": form, "submit_label": submit}
    context["cancel_url"] = reverse("manage:people")
    if not is_new:
        today = local_date(now())
        posts = list(person.posts.select_related("unit", "handover").order_by("-valid_from", "-pk"))
        for post in posts:
            post.is_over = post.valid_to is not None and post.valid_to < today  # type: ignore[attr-defined]
        context |= {"person": person, "posts": posts, "accounts": list(person.accounts.all())}
    return render(request, "organisations/person.html", context)


@acting(Right.MANAGE_PEOPLE, scoped=True)
def post_new(request: ActorRequest, pk: int) -> HttpResponse:
    """First the unit, then the post: the roles on offer depend on the kind of unit."""
    person = get_object_or_404(_people(request), pk=pk)
    above = [(person.name, reverse("manage:person-edit", args=[person.pk]))]
    context = frame(request.actor, "manage:people", "任命岗位", above=above) | {"person": person}
    asked = request.GET.get("unit", "")
    if not asked.isdecimal():
        return _choose_unit(request, context)
    valid = Unit.objects.for_actor(request.actor).valid_on(local_date(now()))
    unit = get_object_or_404(valid, pk=int(asked))
    form = PostForm(request.POST or None, person=person, unit=unit, initial={"valid_from": local_date(now())})
    if request.method == "POST" and form.is_valid():
        try:
            post = services.open_post(post=form.instance, actor=request.actor, at=now())
        except ValidationError as error:
            refuse(form, error)
        else:
            messages.success(request, f"已任命{person.name}为{post}（{post.role.label}）。")
            return redirect("manage:person-edit", pk=person.pk)
    context |= {
        "form": form,
        "known": [
            {"label": "姓名", "value": person.name},
            {"label": "单位", "value": unit.name, "link_url": request.path, "link_text": "换一个单位"},
        ],
        "submit_label": "任命",
        "cancel_url": reverse("manage:person-edit", args=[person.pk]),
    }
    return render(request, "manage/form.html", context)


def _choose_unit(request: ActorRequest, context: dict[str, object]) -> HttpResponse:
    form = UnitSearch(request.GET)
    rows = Unit.objects.for_actor(request.actor).valid_on(local_date(now()))
    if q := form.value("q"):
        rows = rows.filter(Q(name__icontains=q) | Q(short_name__icontains=q))
    if kind := form.value("kind"):
        rows = rows.filter(kind=kind)
    elif not q:
        rows = rows.exclude(kind=UnitKind.ENTERPRISE)
    found, _, page = paged(request, rows.order_by("sort_key"), unit="个单位")
    return render(request, "organisations/post_unit.html", context | {"filter": form, "units": found, "page": page})


@acting(Right.MANAGE_PEOPLE, scoped=True)
def post_close(request: ActorRequest, pk: int) -> HttpResponse:
    post = get_object_or_404(Post.objects.for_actor(request.actor).select_related("person", "unit"), pk=pk)
    form = ClosePostForm(request.POST or None, initial={"on": local_date(now())})
    back = reverse("manage:person-edit", args=[post.person_id])
    if request.method == "POST" and form.is_valid():
        try:
            closed = services.close_post(post=post, actor=request.actor, at=now(), **form.cleaned_data)
        except ValidationError as error:
            refuse(form, error)
        else:
            told = f"已免去{post.person.name}的{post}岗位。" if closed else "这个岗位已经免去，没有再改。"
            messages.success(request, told)
            return redirect(back)
    context = frame(request.actor, "manage:people", "免去岗位", above=[(post.person.name, back)]) | {
        "form": form,
        "known": [
            {"label": "姓名", "value": post.person.name},
            {"label": "岗位", "value": f"{post}（{post.role.label}）"},
            {"label": "任职日期", "value": str(post.valid_from), "num": True},
        ],
        "will": "免职后这个岗位不能再办理和签字，已经办理的事项保持原样。其名下未办结的事项仍由本单位承办。",
        "submit_label": "免去岗位",
        "cancel_url": back,
    }
    return render(request, "manage/form.html", context)

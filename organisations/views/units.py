"""管理 › 单位、区划、行业领域 (系统管理员)."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from audit.clock import local_date, now
from organisations.access import ActorRequest, acting
from organisations.forms.fields import refuse
from organisations.forms.units import SectorForm, SucceedForm, TerritoryForm, UnitFilter, UnitForm
from organisations.models import Post, Sector, Territory, Unit
from organisations.roles import Right, UnitKind
from organisations.services import units as services
from organisations.views.manage_frame import frame, paged


def _units(request: ActorRequest) -> QuerySet[Unit]:
    return Unit.objects.for_actor(request.actor).exclude(kind=UnitKind.ENTERPRISE)


@acting(Right.MANAGE_UNITS)
def units(request: ActorRequest) -> HttpResponse:
    form, today = UnitFilter(request.GET), local_date(now())
    running = Q(posts__valid_from__lte=today) & (Q(posts__valid_to__isnull=True) | Q(posts__valid_to__gte=today))
    rows = _units(request).select_related("territory", "succeeded_by").annotate(people=Count("posts", filter=running))
    if q := form.value("q"):
        rows = rows.filter(Q(name__icontains=q) | Q(short_name__icontains=q) | Q(letter_code__icontains=q))
    if kind := form.value("kind"):
        rows = rows.filter(kind=kind)
    ended = Q(valid_to__lt=today)
    if form.value("state") != "all":
        rows = rows.filter(ended) if form.value("state") == "ended" else rows.exclude(ended)
    found, total, page = paged(request, rows, unit="个单位")
    for unit in found:
        unit.is_over = not unit.is_valid_on(today)  # type: ignore[attr-defined]
    bar = {
        "count_text": total,
        "unit_text": "个单位",
        "sort_text": "按名称拼音排序",
        "actions": [{"label": "登记单位", "url": reverse("manage:unit-new"), "icon": "plus", "primary": True}],
    }
    context = frame(request.actor, "manage:units", "单位", sub="企业在“企业”栏目登记，不在这里。")
    return render(
        request, "organisations/units.html", context | {"filter": form, "units": found, "bar": bar, "page": page}
    )


@acting(Right.MANAGE_UNITS)
def unit_new(request: ActorRequest) -> HttpResponse:
    return _unit_form(request, Unit(), "登记单位", "登记")


@acting(Right.MANAGE_UNITS, scoped=True)
def unit_edit(request: ActorRequest, pk: int) -> HttpResponse:
    unit = get_object_or_404(_units(request), pk=pk)
    return _unit_form(request, unit, str(unit), "保存")


def _unit_form(request: ActorRequest, unit: Unit, title: str, submit: str) -> HttpResponse:
    form = UnitForm(request.POST or None, instance=unit, district=request.actor.unit.district)
    if request.method == "POST" and form.is_valid():
        try:
            saved = services.save_unit(unit=form.instance, actor=request.actor, at=now())
        except ValidationError as error:
            refuse(form, error)
        else:
            messages.success(request, f"已保存：{saved}。")
            return redirect("manage:units")
    context = frame(request.actor, "manage:units", title) | {"form": form, "submit_label": submit}
    context |= {"cancel_url": reverse("manage:units"), "unit": unit if unit.pk else None}
    if unit.pk:
        context["known"] = _unit_facts(unit)
        context["posts"] = (
            Post.objects.open_on(local_date(now())).filter(unit=unit).select_related("person").order_by("section", "pk")
        )
    return render(request, "organisations/unit.html", context)


def _unit_facts(unit: Unit) -> list[dict[str, object]]:
    facts: list[dict[str, object]] = [{"label": "类型", "value": unit.get_kind_display()}]
    if unit.valid_to:
        facts.append({"label": "撤销日期", "value": str(unit.valid_to), "num": True})
    if unit.succeeded_by:
        facts.append(
            {
                "label": "承接单位",
                "value": unit.succeeded_by.name,
                "url": reverse("manage:unit-edit", args=[unit.succeeded_by_id]),
            }
        )
    before = "、".join(earlier.name for earlier in unit.predecessors.all())
    if before:
        facts.append({"label": "承接了", "value": before, "wide": True})
    return facts


@acting(Right.MANAGE_UNITS, scoped=True)
def unit_succeed(request: ActorRequest, pk: int) -> HttpResponse:
    unit = get_object_or_404(_units(request), pk=pk)
    form = SucceedForm(request.POST or None, unit=unit)
    if request.method == "POST" and form.is_valid():
        try:
            ended = services.succeed_unit(unit=unit, actor=request.actor, at=now(), **form.cleaned_data)
        except ValidationError as error:
            refuse(form, error)
        else:
            told = f"，同时免去 {ended} 个岗位" if ended else ""
            messages.success(request, f"{unit}已登记撤销{told}。")
            return redirect("manage:unit-edit", pk=unit.pk)
    above = [(str(unit), reverse("manage:unit-edit", args=[unit.pk]))]
    context = frame(request.actor, "manage:units", "撤销和职能承接", above=above) | {
        "form": form,
        "known": [{"label": "单位", "value": unit.name, "wide": True}],
        "will": f"将登记{unit}的撤销日期和职能承接单位。登记后不能修改，原单位名下的文书、案卷和签字保持原样。",
        "submit_label": "登记撤销",
        "cancel_url": reverse("manage:unit-edit", args=[unit.pk]),
    }
    return render(request, "manage/form.html", context)


@acting(Right.MANAGE_UNITS)
def territories(request: ActorRequest) -> HttpResponse:
    run_by = Unit.objects.filter(territory=OuterRef("pk"), kind=UnitKind.TOWNSHIP, valid_to=None)
    rows = (
        Territory.objects.filter(district_id=request.actor.district_id)
        .exclude(kind=Territory.Kind.DISTRICT)
        .annotate(has_unit=Exists(run_by), firms=Count("enterprises"))
    )
    context = frame(
        request.actor, "manage:territories", "区划", sub="统计代码由国家统计局编定，名称和代码随区县配置载入。"
    )
    return render(request, "organisations/territories.html", context | {"territories": rows})


@acting(Right.MANAGE_UNITS, scoped=True)
def territory_edit(request: ActorRequest, pk: int) -> HttpResponse:
    territory = get_object_or_404(
        Territory.objects.filter(district_id=request.actor.district_id).exclude(kind=Territory.Kind.DISTRICT), pk=pk
    )
    form = TerritoryForm(
        request.POST or None, initial={"is_district_managed": "1" if territory.is_district_managed else "0"}
    )
    if request.method == "POST" and form.is_valid():
        changed = services.set_territory(territory=territory, actor=request.actor, at=now(), **form.cleaned_data)
        messages.success(request, f"已保存：{territory}。" if changed else f"{territory}没有变化。")
        return redirect("manage:territories")
    context = frame(request.actor, "manage:territories", territory.name) | {
        "form": form,
        "known": [
            {"label": "统计代码", "value": territory.code, "num": True},
            {"label": "类型", "value": territory.get_kind_display()},
        ],
        "submit_label": "保存",
        "cancel_url": reverse("manage:territories"),
    }
    return render(request, "manage/form.html", context)


@acting(Right.MANAGE_UNITS)
def sectors(request: ActorRequest) -> HttpResponse:
    rows = (
        Sector.objects.filter(district_id=request.actor.district_id)
        .prefetch_related("departments")
        .annotate(firms=Count("enterprises", distinct=True))
    )
    context = frame(request.actor, "manage:sectors", "行业领域", sub="行业领域依通知二（五）、三（三）、三（四）设立。")
    return render(request, "organisations/sectors.html", context | {"sectors": rows})


@acting(Right.MANAGE_UNITS, scoped=True)
def sector_edit(request: ActorRequest, pk: int) -> HttpResponse:
    sector = get_object_or_404(Sector, pk=pk, district_id=request.actor.district_id)
    initial = {"departments": sector.departments.all(), "is_high_risk": sector.is_high_risk}
    form = SectorForm(request.POST or None, sector=sector, initial=initial)
    if request.method == "POST" and form.is_valid():
        changed = services.set_sector(sector=sector, actor=request.actor, at=now(), **form.cleaned_data)
        messages.success(request, f"已保存：{sector}。" if changed else f"{sector}没有变化。")
        return redirect("manage:sectors")
    context = frame(request.actor, "manage:sectors", sector.name) | {
        "form": form,
        "will": "保存后，勾选的部门立即看得到这个行业的企业和案卷，去掉的部门不再看得到（自己承办的除外）。",
        "submit_label": "保存",
        "cancel_url": reverse("manage:sectors"),
    }
    return render(request, "manage/form.html", context)

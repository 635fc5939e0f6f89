"""How far the manuals reach, by sector and by unit, against the notice's target date; the enterprises behind it (三(一)1)."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import FileResponse, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from audit.clock import local_date, now
from organisations.access import ActorRequest, acting
from organisations.models import Enterprise, Sector, Territory
from organisations.roles import Right, Scope
from risks.exports import SPREADSHEET
from risks.guide_exports import export_coverage
from risks.selectors.guide_coverage import (
    SCOPES,
    STANDINGS,
    Coverage,
    Figures,
    Standing,
    counted,
    counts_by_standing,
    coverage,
    in_standing,
)
from risks.views.subnav import subnav

SIZE = 50
_WHOSE = {Scope.DISTRICT: "全区", Scope.SUPERVISED: "本单位主管行业", Scope.TERRITORY: "本辖区"}


@acting()
@require_safe
def index(request: ActorRequest) -> HttpResponse:
    _refuse_others(request)
    found = coverage(request.actor, at=now())
    context = {
        "head": _head(found, request.actor.scope),
        "subnav": subnav(request.actor, "coverage"),
        "target": found.target,
        "target_text": f"{found.target.due_on:%Y-%m-%d}",
        "target_past": found.target.is_past(found.today),
        "late": found.late,
        "bar": {
            "count_text": f"{found.done} / {len(found.sectors)}",
            "unit_text": "个行业已发布手册",
            "export_url": reverse("risks:guide-coverage-export"),
        },
        "sectors": [
            {
                "name": row.sector.name,
                "sub": "、".join(str(unit) for unit in row.departments) or "没有主管部门，由区应急管理局编制",
                **_standing(row.standing),
                **_figures(row.figures, sector=row.sector.code),
            }
            for row in found.sectors
        ],
        "total": _figures(found.total),
        "townships": [
            {
                "name": str(row.unit),
                **_standing(row.standing),
                **_figures(row.figures, township=row.unit.territory.code if row.unit.territory else ""),
            }
            for row in found.townships
        ],
        "departments": [
            {
                "name": str(row.unit),
                "done": f"{row.done} / {len(row.sectors)}",
                "wanting": "、".join(sector.name for sector in row.wanting),
                "text": row.text,
                "late": {"class": "late", "icon": "clock-exclamation", "text": "逾期"} if row.is_late else None,
                **_figures(row.figures),
            }
            for row in found.departments
        ],
    }
    return render(request, "risks/guides/coverage.html", context)


def _head(found: Coverage, scope: Scope) -> str:
    total = found.total
    return (
        f"{_WHOSE[scope]} {len(found.sectors)} 个行业，{found.done} 个有现行手册；"
        f"企业 {total.enterprises:,} 家，有风险点的 {total.with_risks:,} 家，其中按行业手册登记的 {total.guided:,} 家。"
    )


def _standing(standing: Standing) -> dict[str, Any]:
    guide, first = standing.guide, standing.first_on
    told: dict[str, Any] = {
        "guide_url": "",
        "text": standing.text,
        "late": {"class": "late", "icon": "clock-exclamation", "text": standing.text} if standing.is_late else None,
    }
    if guide is not None and guide.published_at is not None:
        told |= {
            "guide_url": reverse("risks:guide", args=[guide.pk]),
            "version": guide.version_text,
            "since": f"{local_date(guide.published_at):%Y-%m-%d}",
            "first": f"{first:%Y-%m-%d}" if first else "",
        }
    return told


def _figures(figures: Figures, **narrower: str) -> dict[str, Any]:
    where = reverse("risks:guide-enterprises")

    def url(standing: str) -> str:
        return f"{where}?{urlencode({'standing': standing} | narrower)}" if narrower else ""

    return {
        "enterprises": figures.enterprises,
        "enterprises_url": url("all"),
        "with_risks": figures.with_risks,
        "guided": figures.guided,
        "guided_url": url("guided"),
        "without": figures.enterprises - figures.with_risks,
        "without_url": url("none"),
    }


@acting()
@require_safe
def enterprises(request: ActorRequest) -> HttpResponse:
    """Named one by one: who has no risk point, who has some but not by the manual."""
    _refuse_others(request)
    actor = request.actor
    asked = {name: request.GET.get(name, "") for name in ("standing", "sector", "township")}
    if asked["standing"] not in STANDINGS:
        asked["standing"] = "none"
    sectors = Sector.objects.filter(district_id=actor.district_id)
    townships = Territory.objects.filter(district_id=actor.district_id).exclude(kind=Territory.Kind.DISTRICT)
    names = {"sector": {s.code: s.name for s in sectors}, "township": {t.code: t.name for t in townships}}
    found = counted(actor)
    if asked["sector"]:
        found = found.filter(sector__code=asked["sector"])
    if asked["township"]:
        found = found.filter(township__code=asked["township"])
    counts = counts_by_standing(found)
    rows = in_standing(found, asked["standing"]).select_related("unit", "sector", "township", "enforcement_department")
    page = Paginator(rows.order_by("unit__sort_key", "pk"), SIZE).get_page(request.GET.get("page"))

    def url(**changed: Any) -> str:
        return f"?{urlencode({k: v for k, v in (asked | changed).items() if v})}"

    context = {
        "crumbs": [{"text": "手册覆盖", "url": reverse("risks:guide-coverage")}, {"text": "企业"}],
        "chip_rows": [
            {
                "label": "企业",
                "chips": [
                    {"text": text, "url": url(standing=key), "count": counts[key], "current": key == asked["standing"]}
                    for key, text in STANDINGS.items()
                ],
            },
            {
                "label": "条件",
                "chips": [_condition(name, label, asked, names[name], url) for name, label in _CONDITIONS],
            },
        ],
        "bar": {"count_text": f"{page.paginator.count:,}", "unit_text": "家企业", "sort_text": "按名称拼音排序"},
        "lines": [_enterprise(enterprise, actor.may(Right.REGISTER_RISK)) for enterprise in page],
        "page": {
            "text": f"第 {page.number} 页，共 {page.paginator.num_pages} 页",
            "prev_url": url(page=page.previous_page_number()) if page.has_previous() else "",
            "next_url": url(page=page.next_page_number()) if page.has_next() else "",
        },
    }
    return render(request, "risks/guides/enterprises.html", context)


_CONDITIONS = (("sector", "行业"), ("township", "乡街"))


def _condition(name: str, label: str, asked: dict[str, str], names: dict[str, str], url: Any) -> dict[str, Any]:
    if chosen := asked[name]:
        return {"text": f"{label}：{names.get(chosen, chosen)}", "url": url(**{name: ""}), "removable": True}
    return {"text": label, "options": [{"text": text, "url": url(**{name: code})} for code, text in names.items()]}


def _enterprise(enterprise: Enterprise, may_register: bool) -> dict[str, Any]:
    standing = "guided" if enterprise.is_guided else "other" if enterprise.has_risk else "none"  # type: ignore[attr-defined]
    return {
        "enterprise": enterprise,
        "url": reverse("enterprises:detail", args=[enterprise.pk]),
        "standing": STANDINGS[standing],
        "register_url": f"{reverse('risks:guide-register')}?unit={enterprise.pk}" if may_register else "",
    }


@acting()
@require_safe
def export(request: ActorRequest) -> HttpResponse:
    _refuse_others(request)
    at: datetime = now()
    file = export_coverage(actor=request.actor, at=at)
    name = f"指导手册覆盖_{request.actor.unit.district.name}_{local_date(at)}.xlsx"
    return FileResponse(file, as_attachment=True, filename=name, content_type=SPREADSHEET)  # type: ignore[return-value]


def _refuse_others(request: ActorRequest) -> None:
    """Figures over other people's enterprises are for whoever supervises them."""
    if request.actor.scope not in SCOPES:
        raise PermissionDenied

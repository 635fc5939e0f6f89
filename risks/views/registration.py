"""Registering and editing a risk point: for whom first, then one form, then ONE service call."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from audit.clock import local_date, now
from deadlines.workflow import Refused
from organisations.access import ActorRequest, acting
from organisations.actors import Actor
from organisations.models import Enterprise, Sector, Unit
from organisations.roles import Right, Scope, UnitKind
from records.kinds import case_url
from records.services.attachments import FileRefused
from records.web import new_form_key, submit, version_of
from risks.filters import MIN_WORDS
from risks.forms.register import RiskForm
from risks.models import RiskPoint
from risks.selectors.register import risk_cases
from risks.selectors.responsible import (
    LIMIT,
    enterprises_to_register_for,
    is_far_from_district,
    sites_to_register_for,
    townships_of_sites,
)
from risks.services.register import edit_risk, may_register_for, register_risk
from risks.workflow import WORKFLOW

_REFUSALS = (Refused, FileRefused)
_FAR = "位置离本区已登记的企业很远，可能不在本区，请核对经度和纬度。"


class _Photos(FileRefused):
    """A file that could not be kept, said at the photos."""

    field = "photos"


@acting(Right.REGISTER_RISK)
@require_http_methods(["GET", "POST"])
def new(request: ActorRequest) -> HttpResponse:
    at, actor = now(), request.actor
    unit = responsible_unit(request)
    if unit is None:
        return _choose_unit(request)
    enterprise: Enterprise | None = getattr(unit, "enterprise", None)
    site_areas = townships_of_sites(actor.district_id) if enterprise is None and unit.territory is None else None
    form = RiskForm(
        request.POST or None,
        request.FILES or None,
        on=local_date(at),
        sectors=Sector.objects.filter(district_id=actor.district_id),
        townships=site_areas,
        initial={"sector": enterprise.sector_id if enterprise else None},
    )

    def act() -> str:
        township = (
            form.cleaned_data["township"]
            if site_areas is not None
            else enterprise.township
            if enterprise
            else unit.territory
        )
        risk = _saying_where(
            register_risk,
            title=form.cleaned_data["title"],
            responsible_unit=unit,
            sector=form.cleaned_data["sector"],
            township=township,
            details=form.details(),
            measures=form.measures(),
            photos=form.cleaned_data["photos"],
            actor=actor,
            at=at,
        )
        return case_url(risk.case)

    if request.method == "POST":
        done = submit(request, form, act, actor=actor, at=at, refusals=_REFUSALS, done="已登记风险点，编号已自动编列。")
        if done is not None:
            _warn_if_far(request, form, actor)
            return done
    lead = enterprise.enforcement_department if enterprise else None
    context = {
        "heading": "登记风险点",
        "crumbs": [{"text": "风险台账", "url": reverse("risks:register")}, {"text": "登记风险点"}],
        "known": _known_unit(unit, enterprise),
        "change_url": "" if actor.scope == Scope.OWN else reverse("risks:new"),
        "will": f"登记后编号自动编列，由{lead or '行业主管部门'}负责研判和交办；还没有等级，下一步自评或研判。",
        "submit_label": "登记",
        "cancel_url": reverse("risks:register"),
    }
    return _form_page(request, form, context)


@acting(Right.REGISTER_RISK, scoped=True)
@require_http_methods(["GET", "POST"])
def edit(request: ActorRequest, pk: int) -> HttpResponse:
    at, actor = now(), request.actor
    case = get_object_or_404(risk_cases(actor), pk=pk)
    risk = get_object_or_404(RiskPoint.objects.prefetch_related("measures"), pk=case.pk)
    risk.case = case
    if request.method == "GET" and (why := WORKFLOW.refusal(case, "edit", actor)):
        messages.error(request, why)
        return redirect(case_url(case))
    initial = RiskForm.initial_of(risk)
    form = RiskForm(
        request.POST or None, request.FILES or None, on=local_date(at), kept_types=risk.accident_types, initial=initial
    )

    def act() -> str:
        _saying_where(
            edit_risk,
            risk=risk,
            title=form.cleaned_data["title"],
            details=form.details(),
            measures=form.measures(),
            photos=form.cleaned_data["photos"],
            actor=actor,
            at=at,
            version=version_of(request),
        )
        return case_url(case)

    # Read before acting: whoever was told that another was faster sends again knowingly, on the state as it is now.
    version = case.version
    if request.method == "POST":
        done = submit(request, form, act, actor=actor, at=at, refusals=_REFUSALS, done="修改已保存。")
        if done is not None:
            _warn_if_far(request, form, actor)
            return done
    facts = [
        {"label": "编号", "value": case.number, "num": True},
        {"label": "责任单位", "value": case.responsible_unit.name},
        {"label": "乡街", "value": case.township.name},
        {"label": "行业", "value": case.sector_name},
    ]
    crumbs = [
        {"text": "风险台账", "url": reverse("risks:register")},
        {"text": case.title, "url": case_url(case)},
        {"text": "修改"},
    ]
    context = {
        "heading": "修改风险点",
        "crumbs": crumbs,
        "known": facts,
        "version": version,
        "will": "保存后，谁在什么时候把什么改成了什么会记入案卷；等级不因修改而变。",
        "submit_label": "保存",
        "cancel_url": case_url(case),
    }
    return _form_page(request, form, context)


@acting(Right.REGISTER_RISK)
@require_GET
def unit_options(request: ActorRequest) -> JsonResponse:
    """Enterprises for the search field while one types; the page itself works without."""
    return JsonResponse(_found(request.actor, request.GET.get("q", "").strip()))


def responsible_unit(request: ActorRequest) -> Unit | None:
    """An enterprise registers for itself; others name the unit in the address. 404 for one that they may not take."""
    actor = request.actor
    if actor.scope == Scope.OWN:
        wanted = str(actor.unit_id)
    elif not (wanted := request.GET.get("unit", "")):
        return None
    if not (wanted.isascii() and wanted.isdigit() and len(wanted) < 19):
        raise Http404
    units = Unit.objects.for_actor(actor).valid_on(local_date(now()))
    related = ("territory", "enterprise__sector", "enterprise__township", "enterprise__enforcement_department")
    unit = get_object_or_404(units.select_related(*related), pk=int(wanted))
    if not may_register_for(actor, unit):
        raise Http404
    return unit


def _choose_unit(request: ActorRequest) -> HttpResponse:
    actor, words = request.actor, request.GET.get("q", "").strip()
    sites = sites_to_register_for(actor, on=local_date(now()))
    own = {
        "text": f"{actor.unit.name}（本单位）",
        "url": _unit_url(actor.unit_id),
        "sub": "本单位直接负责的道路、场所、设施",
    }
    others = [{"text": unit.name, "url": _unit_url(unit.pk)} for unit in sites if unit.pk != actor.unit_id]
    return render(
        request,
        "risks/choose_unit.html",
        {
            "crumbs": [{"text": "风险台账", "url": reverse("risks:register")}, {"text": "登记风险点"}],
            "words": words,
            "found": _found(actor, words),
            "own": [own] if actor.unit.kind in {UnitKind.TOWNSHIP, UnitKind.DEPARTMENT, UnitKind.BUREAU} else [],
            "others": others,
        },
    )


def _found(actor: Actor, words: str) -> dict[str, Any]:
    """Enterprises by name, as links to their form, and what to say about the search."""
    if len(words) < MIN_WORDS or "\x00" in words:
        return {"results": [], "text": "至少输入两个字。" if words else ""}
    found = enterprises_to_register_for(actor, words)
    rows = [
        {"text": e.unit.name, "sub": f"{e.township.name}　{e.sector.name}", "url": _unit_url(e.unit_id)} for e in found
    ]
    if not rows:
        return {"results": rows, "text": "没有找到。换个字试试，或者先在“企业”中登记这家单位。"}
    text = f"找到 {len(rows)} 家。" if len(rows) < LIMIT else f"只列出前 {LIMIT} 家，请多输入几个字。"
    return {"results": rows, "text": text}


def _unit_url(unit_id: int) -> str:
    return f"{reverse('risks:new')}?unit={unit_id}"


def _known_unit(unit: Unit, enterprise: Enterprise | None) -> list[dict[str, Any]]:
    facts: list[dict[str, Any]] = [{"label": "责任单位", "value": unit.name, "strong": True}]
    if enterprise is not None:
        facts.append({"label": "主要负责人", "value": enterprise.principal_name})
    if enterprise is not None or unit.territory is not None:
        facts.append({"label": "乡街", "value": str(enterprise.township if enterprise else unit.territory)})
    return facts


def _saying_where(service: Any, **given: Any) -> RiskPoint:
    try:
        return service(**given)  # type: ignore[no-any-return]
    except FileRefused as refused:
        raise _Photos(str(refused)) from refused


def _warn_if_far(request: HttpRequest, form: RiskForm, actor: Actor) -> None:
    longitude, latitude = (getattr(form, "cleaned_data", {}).get(name) for name in ("longitude", "latitude"))
    if longitude is not None and latitude is not None and is_far_from_district(actor.district_id, longitude, latitude):
        messages.warning(request, _FAR)


def _form_page(request: HttpRequest, form: RiskForm, context: dict[str, Any]) -> HttpResponse:
    key = request.POST.get("form_key") or new_form_key()
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "risks/form.html", context | {"form": form, "form_key": key}, status=status)

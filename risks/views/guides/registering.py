"""按手册登记: which manual, which of its entries are here, then where each is and who looks after it (三(一)1, 2)."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from audit.clock import now
from deadlines.workflow import Refused
from organisations.access import ActorRequest, acting
from organisations.models import Enterprise, Unit
from organisations.roles import Right, Scope
from organisations.row_ids import row_id
from records.kinds import case_url, grade_of
from records.web import new_form_key, submit
from risks.forms.guides import PicksForm
from risks.models import Guide, GuideEntry, RiskPoint
from risks.selectors.guides import registered_by_key, usable_for
from risks.services.guides.registering import MAX_AT_ONCE, register_from_guide
from risks.views.registration import responsible_unit


@acting(Right.REGISTER_RISK)
@require_http_methods(["GET", "HEAD", "POST"])
def register(request: ActorRequest) -> HttpResponse:
    """`?guide=` the manual (without it the nearest), `&pick=` entries that are here. The address keeps what was ticked."""
    unit = responsible_unit(request)
    if unit is None:
        return redirect("risks:new")
    enterprise: Enterprise | None = getattr(unit, "enterprise", None)
    if enterprise is None:
        messages.info(request, "按手册登记只用于企业，其他单位请逐处登记。")
        return redirect(f"{reverse('risks:new')}?unit={unit.pk}")
    enterprise.unit = unit
    guides = usable_for(enterprise)
    guide = _chosen(request, guides)
    if guide is None:
        return render(request, "risks/guides/register_none.html", {"crumbs": _crumbs(), "unit": unit})
    entries = list(guide.entries.all())
    known = registered_by_key(unit, entries, request.actor)
    asked = {key for raw in request.GET.getlist("pick") if (key := row_id(raw)) is not None}
    picked = [entry for entry in entries if entry.pk in asked]
    if 0 < len(picked) <= MAX_AT_ONCE and "again" not in request.GET:
        return _fill_in(request, unit, guide, picked, known)
    if len(picked) > MAX_AT_ONCE:
        messages.error(request, f"一次最多登记 {MAX_AT_ONCE} 处，请分几次勾选。")
    elif "next" in request.GET and not picked:
        messages.error(request, "请至少勾选一条。")
    return _tick(request, unit, guide, guides, entries, known, asked)


def _chosen(request: ActorRequest, guides: list[Guide]) -> Guide | None:
    if wanted := request.GET.get("guide", ""):
        chosen = next((guide for guide in guides if str(guide.pk) == wanted), None)
        if chosen is None:
            raise Http404
        return chosen
    return guides[0] if guides else None


def _tick(
    request: ActorRequest,
    unit: Unit,
    guide: Guide,
    guides: list[Guide],
    entries: list[GuideEntry],
    known: dict[object, list[RiskPoint]],
    asked: set[int],
) -> HttpResponse:
    groups: dict[str, list[dict[str, Any]]] = {}
    for entry in entries:
        told = {
            "entry": entry,
            "grade": grade_of(entry.reference_grade),
            "ticked": entry.pk in asked,
            "registered": [
                {"url": case_url(risk.case), "text": f"{risk.case.title}（{risk.location}）"}
                for risk in known.get(entry.key, [])
            ],
        }
        groups.setdefault(entry.area, []).append(told)
    others = [
        {
            "text": str(other),
            "url": _address(unit, other, request),
            "sub": other.subject,
            "side": f"{other.entry_count} 条",
        }  # type: ignore[attr-defined]
        for other in guides
        if other.pk != guide.pk
    ]
    context = {
        "crumbs": _crumbs(),
        "unit": unit,
        "guide": guide,
        "groups": [{"area": area, "lines": lines} for area, lines in groups.items()],
        "total": len(entries),
        "done": sum(1 for entry in entries if known.get(entry.key)),
        "others": others,
        "for_unit": "" if request.actor.scope == Scope.OWN else str(unit.pk),
    }
    return render(request, "risks/guides/tick.html", context)


def _fill_in(
    request: ActorRequest, unit: Unit, guide: Guide, picked: list[GuideEntry], known: dict[object, list[RiskPoint]]
) -> HttpResponse:
    actor, at = request.actor, now()
    told = {
        entry.pk: f"已登记 {len(risks)} 处（{'、'.join(risk.location for risk in risks)}），这里登记另一处"
        for entry in picked
        if (risks := known.get(entry.key))
    }
    form = PicksForm(request.POST or None, entries=picked, known=told)

    def act() -> str:
        made = register_from_guide(unit=unit, guide=guide, picks=form.picks(), actor=actor, at=at)
        messages.success(request, f"已按手册登记 {len(made)} 个风险点，编号已自动编列；还没有等级，下一步逐个自评。")
        if actor.scope == Scope.OWN:
            return reverse("risks:register")
        return f"{reverse('risks:register')}?{urlencode({'unit': unit.pk, 'grade': 'all'})}"

    if request.method == "POST":
        done = submit(request, form, act, actor=actor, at=at, refusals=(Refused,), done="")
        if done is not None:
            return done
    context = {
        "crumbs": _crumbs(),
        "heading": "填写位置和责任人",
        "sub": f"{guide}，勾选 {len(picked)} 条；危害因素、事故类型、管控措施、排查频次由手册带出，登记后可逐个修改。",
        "known": [{"label": "责任单位", "value": unit.name, "strong": True}],
        "form": form,
        "form_key": request.POST.get("form_key") or new_form_key(),
        "will": f"一次登记 {len(picked)} 个风险点，有一处不对就一处也不登记；登记后还没有等级，下一步自评。",
        "submit_label": f"登记 {len(picked)} 个",
        "cancel_url": f"{request.get_full_path()}&again=1",
    }
    return render(request, "risks/guides/fill.html", context, status=422 if form.is_bound and form.errors else 200)


def _address(unit: Unit, guide: Guide, request: ActorRequest) -> str:
    asked = {"guide": guide.pk} if request.actor.scope == Scope.OWN else {"unit": unit.pk, "guide": guide.pk}
    return f"{reverse('risks:guide-register')}?{urlencode(asked)}"


def _crumbs() -> list[dict[str, str]]:
    return [
        {"text": "风险台账", "url": reverse("risks:register")},
        {"text": "登记风险点", "url": reverse("risks:new")},
        {"text": "按手册登记"},
    ]

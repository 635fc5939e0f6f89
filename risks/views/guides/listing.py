"""The manuals in force, whose they are, and beginning a new one (三(一)1)."""

from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from audit.clock import SHANGHAI, now
from deadlines.workflow import Refused
from organisations.access import ActorRequest, acting
from organisations.actors import Actor
from organisations.models import Enterprise, Sector
from organisations.roles import Right, Scope
from records.web import new_form_key, submit
from risks.forms.guides import BeginForm
from risks.models import Guide
from risks.selectors.guides import WHOSE, listed, own_drafts
from risks.services.guides.drafting import begin_guide, may_have_own, sectors_to_draft_for
from risks.views.subnav import subnav

SIZE = 50
OWN = "own"
# What every manual of the district goes back to (三(一)1).
BASIS = "《蚌山区安全生产风险点查找指导手册（试行）》"


@acting()
@require_safe
def index(request: ActorRequest) -> HttpResponse:
    actor = request.actor
    whose = request.GET.get("whose", "sector")
    whose = whose if whose in WHOSE else "sector"
    every = request.GET.get("every") == "1"
    page = Paginator(listed(actor, whose, every_version=every), SIZE).get_page(request.GET.get("page"))

    def url(**changed: Any) -> str:
        asked = {"whose": whose, "every": "1" if every else ""} | changed
        return f"?{urlencode({k: v for k, v in asked.items() if v})}"

    context = {
        "head": "按行业、按单位列出要查找的风险点；经另一人发布后生效，历次版本都可查。",
        "subnav": subnav(actor, "guides"),
        "may_draft": bool(sectors_to_draft_for(actor, at=now())) or may_have_own(actor),
        "may_register": _may_register(actor),
        "drafts": [_line(guide) for guide in own_drafts(actor)] if not page.has_previous() else [],
        "chip_rows": [
            {
                "label": "谁的",
                "chips": [{"text": t, "url": url(whose=k), "current": k == whose} for k, t in WHOSE.items()],
            },
            {
                "label": "版本",
                "chips": [
                    {"text": "现行", "url": url(every=""), "current": not every},
                    {"text": "历次", "url": url(every="1"), "current": every},
                ],
            },
        ],
        "bar": {"count_text": f"{page.paginator.count:,}", "unit_text": "份手册" if not every else "个版本"},
        "subject_label": "行业领域" if whose == "sector" else "单位",
        "lines": [_line(guide) for guide in page],
        "empty_text": _EMPTY[whose],
        "page": {
            "text": f"第 {page.number} 页，共 {page.paginator.num_pages} 页",
            "prev_url": url(page=page.previous_page_number()) if page.has_previous() else "",
            "next_url": url(page=page.next_page_number()) if page.has_next() else "",
        },
    }
    return render(request, "risks/guides/list.html", context)


_EMPTY = {
    "sector": "主管部门发布后，会在这里列出。",
    "area": "乡街、部门发布后，会在这里列出。",
    "enterprise": "企业可以从本行业的手册带出条目，编制本单位的手册。",
}


def _may_register(actor: Actor) -> bool:
    return actor.may(Right.REGISTER_RISK) and actor.scope == Scope.OWN


def _line(guide: Any) -> dict[str, Any]:
    published = guide.published_at
    return {
        "guide": guide,
        "url": reverse("risks:guide", args=[guide.pk]),
        "on": f"{published.astimezone(SHANGHAI):%Y-%m-%d}" if published else "",
        "drafted_on": f"{guide.drafted_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}",
    }


@acting(Right.ASSESS, Right.REGISTER_RISK)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: ActorRequest) -> HttpResponse:
    """Of what first (`?of=hazchem` or `?of=own`), then its head."""
    actor, at = request.actor, now()
    sectors = sectors_to_draft_for(actor, at=at)
    own = may_have_own(actor)
    of = request.GET.get("of", "" if sectors else OWN)
    crumbs = [{"text": "指导手册", "url": reverse("risks:guides")}, {"text": "起草"}]
    if not of:
        return render(request, "risks/guides/choose.html", {"crumbs": crumbs, "sectors": _choices(sectors), "own": own})
    sector = None if of == OWN else next((s for s in sectors if s.code == of), None)
    if (sector is None and of != OWN) or (of == OWN and not own):
        raise Http404
    before, source = _beginnings(sector, actor)
    initial = {
        "title": before.title if before else f"{sector.name if sector else actor.unit}安全风险点查找指导手册"[:80],
        "basis": before.basis if before else BASIS,
    }
    form = BeginForm(request.POST or None, source=source, initial=initial)

    def act() -> str:
        based_on = source if form.cleaned_data.get("take_over") else None
        told = {"title": form.cleaned_data["title"], "basis": form.cleaned_data["basis"]}
        guide = begin_guide(sector=sector, based_on=based_on, actor=actor, at=at, **told)
        return reverse("risks:guide", args=[guide.pk])

    if request.method == "POST":
        done = submit(request, form, act, actor=actor, at=at, refusals=(Refused,), done="已开始起草，接着填写条目。")
        if done is not None:
            return done
    context = {
        "crumbs": crumbs,
        "heading": f"起草{sector.name if sector else '本单位'}手册",
        "form": form,
        "form_key": request.POST.get("form_key") or new_form_key(),
        "will": f"从现行的第 {before.version} 版带出全部条目，改好后由另一人发布为新版。"
        if before
        else "草稿只有本单位看得到；提交后由本单位另一人发布。",
        "submit_label": "开始起草",
        "cancel_url": reverse("risks:guides"),
    }
    return render(request, "risks/guides/form.html", context, status=422 if form.is_bound and form.errors else 200)


def _choices(sectors: list[Sector]) -> list[dict[str, Any]]:
    in_force = {g.sector_id: g for g in Guide.objects.published().filter(sector__in=sectors)}
    return [
        {
            "text": sector.name,
            "url": f"{reverse('risks:guide-new')}?of={sector.code}",
            "side": f"现行第 {in_force[sector.pk].version} 版" if sector.pk in in_force else "还没有",
        }
        for sector in sectors
    ]


def _beginnings(sector: Sector | None, actor: Actor) -> tuple[Guide | None, Guide | None]:
    """(the version in force, or else the sector's manual that an enterprise's own one may begin with)."""
    published = Guide.objects.published().filter(district=actor.district_id)
    if sector is not None:
        return published.filter(sector=sector).first(), None
    before = published.filter(sector=None, issuer=actor.unit_id).first()
    enterprise = Enterprise.objects.filter(pk=actor.unit_id).first()
    if before is not None or enterprise is None:
        return before, None
    return None, published.filter(sector=enterprise.sector_id).select_related("sector").first()


def found(request: ActorRequest, pk: int) -> Guide:
    related = ("sector", "issuer", "published_by", "drafted_by", "ended_by", "based_on", "district")
    return get_object_or_404(Guide.objects.for_actor(request.actor).select_related(*related), pk=pk)

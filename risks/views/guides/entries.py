"""Typing the entries of a draft one by one, or from a workbook (三(一)1)."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audit.clock import local_date, now
from deadlines.workflow import Refused
from organisations.access import ActorRequest, acting
from organisations.roles import Right
from organisations.row_ids import row_id
from organisations.views.enterprises import xlsx_response
from records.web import new_form_key, submit
from risks import guide_flow
from risks.forms.guides import EntryForm, ImportForm
from risks.guide_exports import export_guide
from risks.models import Guide, GuideEntry
from risks.services.guides import drafting, sheet
from risks.services.guides.importing import Report, import_entries
from risks.views.guides.listing import found

DRAFTERS = (Right.ASSESS, Right.REGISTER_RISK)
PROBLEMS_SHOWN = 500


@acting(*DRAFTERS, scoped=True)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: ActorRequest, pk: int) -> HttpResponse:
    """`more` in the form: saved, and on to the next one at the same place."""
    guide, at = found(request, pk), now()
    if away := _away(request, guide):
        return away
    initial = {"area": request.GET.get("area", "")[:60]}
    form = EntryForm(request.POST or None, on=local_date(at), initial=initial)

    def act() -> str:
        entry = drafting.add_entry(guide=guide, fields=form.values(), actor=request.actor, at=at)
        if "more" in request.POST:
            again = QueryDict(mutable=True)
            again["area"] = entry.area
            return f"{reverse('risks:guide-entry-new', args=[pk])}?{again.urlencode()}"
        return f"{_url(guide)}#e{entry.pk}"

    if request.method == "POST":
        done = submit(request, form, act, actor=request.actor, at=at, refusals=(Refused,), done="条目已增加。")
        if done is not None:
            return done
    more = {"name": "more", "value": "1", "label": "保存，再加一条"}
    return _form_page(request, guide, form, heading="增加条目", submit_label="保存", buttons=[more])


@acting(*DRAFTERS, scoped=True)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: ActorRequest, pk: int) -> HttpResponse:
    entry, at = _entry(request, pk), now()
    guide = entry.guide
    if away := _away(request, guide):
        return away
    kept = entry.accident_types
    form = EntryForm(request.POST or None, on=local_date(at), kept_types=kept, initial=EntryForm.initial_of(entry))

    def act() -> str:
        revision = row_id(request.POST.get("version", ""))
        drafting.change_entry(entry=entry, fields=form.values(), actor=request.actor, at=at, revision=revision)
        return f"{_url(guide)}#e{entry.pk}"

    if request.method == "POST":
        done = submit(request, form, act, actor=request.actor, at=at, refusals=(Refused,), done="条目已修改。")
        if done is not None:
            return done
    remove_url = reverse("risks:guide-entry-remove", args=[pk])
    return _form_page(
        request, guide, form, heading="修改条目", submit_label="保存", version=guide.revision, remove_url=remove_url
    )


@acting(*DRAFTERS, scoped=True)
@require_POST
def remove(request: ActorRequest, pk: int) -> HttpResponse:
    entry, at = _entry(request, pk), now()
    try:
        drafting.remove_entry(entry=entry, actor=request.actor, at=at, revision=row_id(request.POST.get("version", "")))
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, f"已删去“{entry}”。")
    return redirect(_url(entry.guide))


@acting(*DRAFTERS, scoped=True)
@require_http_methods(["GET", "HEAD", "POST"])
def import_file(request: ActorRequest, pk: int) -> HttpResponse:
    """Every bad row is named, and nothing is kept unless every row is good."""
    guide, at = found(request, pk), now()
    if away := _away(request, guide):
        return away
    form = ImportForm(request.POST, request.FILES) if request.method == "POST" else ImportForm()
    report: Report | None = None
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data["file"].read()
        try:
            report = import_entries(guide=guide, data=data, read=_reader(local_date(at)), actor=request.actor, at=at)
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            if not report.problems:
                told = f"新增 {report.added} 条，修改 {report.changed} 条，没有变化 {report.unchanged} 条。"
                messages.success(request, told)
                return redirect(_url(guide))
    context = {
        "guide": guide,
        "crumbs": _crumbs(guide, "导入条目"),
        "form": form,
        "report": report,
        "problems": report.problems[:PROBLEMS_SHOWN] if report else [],
        "columns": sheet.COLUMNS,
        "back_url": _url(guide),
    }
    bad = bool(form.errors) or bool(report and report.problems)
    return render(request, "risks/guides/import.html", context, status=422 if bad else 200)


def _reader(today: date) -> Any:
    def read(typed: Mapping[str, list[str]]) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        data = QueryDict(mutable=True)
        for name, values in typed.items():
            data.setlist(name, [value for value in values if value])
        form = EntryForm(data, on=today)
        if form.is_valid():
            return form.values(), []
        return {}, [(name, str(error)) for name, errors in form.errors.items() for error in errors]

    return read


@acting(*DRAFTERS)
@require_safe
def template(request: ActorRequest) -> HttpResponse:
    return xlsx_response(sheet.write(), "指导手册条目模板.xlsx")


@acting(scoped=True)
@require_safe
def export(request: ActorRequest, pk: int) -> HttpResponse:
    """The entries in the columns of the import."""
    guide = found(request, pk)
    data = export_guide(guide=guide, actor=request.actor, at=now())
    return xlsx_response(data, f"{guide.title}{guide.version_text}.xlsx")


def _entry(request: ActorRequest, pk: int) -> GuideEntry:
    guides = Guide.objects.for_actor(request.actor)
    related = ("guide__issuer", "guide__sector", "guide__drafted_by")
    return get_object_or_404(GuideEntry.objects.filter(guide__in=guides).select_related(*related), pk=pk)


def _away(request: ActorRequest, guide: Guide) -> HttpResponse | None:
    """Back to the manual with the reason, where its entries are not this post's to write."""
    if why := guide_flow.refusal(guide, "edit", request.actor):
        messages.info(request, why)
        return redirect(_url(guide))
    return None


def _url(guide: Guide) -> str:
    return reverse("risks:guide", args=[guide.pk])


def _crumbs(guide: Guide, here: str) -> list[dict[str, str]]:
    return [
        {"text": "指导手册", "url": reverse("risks:guides")},
        {"text": guide.title, "url": _url(guide)},
        {"text": here},
    ]


def _form_page(request: ActorRequest, guide: Guide, form: EntryForm, **told: Any) -> HttpResponse:
    context = {
        "crumbs": _crumbs(guide, told["heading"]),
        "form": form,
        "form_key": request.POST.get("form_key") or new_form_key(),
        "cancel_url": _url(guide),
    }
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "risks/guides/form.html", context | told, status=status)

"""Dossiers: asking for one, how far it is, and taking it along (X10)."""

from typing import Any

from django import forms
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from audit.clock import SHANGHAI, now
from organisations.access import ActorRequest, acting
from records.kinds import case_url
from records.models import Case, DossierRequest
from records.services.dossiers import KEPT, note_download, request_dossier
from records.web import new_form_key, submit

_TYPES = {DossierRequest.Form.PDF: "application/pdf", DossierRequest.Form.ZIP: "application/zip"}
SHOWN = 20


class DossierForm(forms.Form):
    form = forms.ChoiceField(
        label="形式",
        choices=[
            (DossierRequest.Form.PDF, "一个 PDF：卷宗首页、卷内目录、案情、办理过程、时限、签字、文书和附件"),
            (DossierRequest.Form.ZIP, "一个压缩包：上面的 PDF，加全部附件原件和摘要清单（SHA256SUMS）"),
        ],
        widget=forms.RadioSelect,
        initial=DossierRequest.Form.PDF,
        error_messages={"required": "请选择形式", "invalid_choice": "请选择形式"},
    )


@acting(scoped=True)
@require_http_methods(["GET", "HEAD", "POST"])
def of_case(request: ActorRequest, pk: int) -> HttpResponse:
    case = get_object_or_404(Case.objects.for_actor(request.actor), pk=pk)
    form = DossierForm(request.POST or None)
    if request.method == "POST":
        at = now()

        def act() -> str:
            made = request_dossier(case=case, form=form.cleaned_data["form"], actor=request.actor, at=at)
            return reverse("dossiers:detail", args=[made.pk])

        if answer := submit(request, form, act, actor=request.actor, at=at, refusals=(), done="已开始编制案卷"):
            return answer
    earlier = DossierRequest.objects.for_actor(request.actor).filter(case=case).select_related("person")[:SHOWN]
    context = {
        "case": case,
        "crumbs": [{"text": case.title, "url": case_url(case)}, {"text": "导出案卷"}],
        "form": form,
        "form_key": new_form_key(),
        "earlier": [_row(dossier, case) for dossier in earlier],
        "days": KEPT.days,
    }
    return render(request, "dossiers/of_case.html", context, status=422 if form.errors else 200)


def _row(dossier: DossierRequest, case: Case) -> dict[str, Any]:
    return {
        "dossier": dossier,
        "when": f"{dossier.at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}",
        "state": _STATES[dossier.state],
        "stale": dossier.case_version is not None and dossier.case_version != case.version,
        "size": _size(dossier),
    }


_STATES = {"queued": "排队中", "done": "已完成", "failed": "没有完成", "removed": "已清除"}


def _size(dossier: DossierRequest) -> str:
    return f"{dossier.pages} 页，{max(1, round((dossier.size or 0) / 1024)):,} KB" if dossier.pages else ""


def _found(request: ActorRequest, pk: int) -> DossierRequest:
    return get_object_or_404(DossierRequest.objects.for_actor(request.actor).select_related("case", "person"), pk=pk)


@acting(scoped=True)
@require_safe
def detail(request: ActorRequest, pk: int) -> HttpResponse:
    """How far it is; the page can be left and come back to."""
    dossier = _found(request, pk)
    case, state = dossier.case, dossier.state
    again = reverse("dossiers:of-case", args=[case.pk])
    job: dict[str, Any] = {
        "title": dossier.get_form_display(),
        "sub": f"{dossier.person}，{dossier.at.astimezone(SHANGHAI):%Y-%m-%d %H:%M} 申请",
        "state": {"removed": "done"}.get(state, state),
        "refresh_seconds": 3,
    }
    match state:
        case "queued":
            job["text"] = "后台编制，一般几秒到一分钟。"
            job["detail"] = f"上次没有成功：{dossier.error}，会自动再试。" if dossier.error else ""
        case "failed":
            job |= {
                "text": "多次没有成功，请联系系统管理员。",
                "detail": dossier.error,
                "again_url": again,
                "again_label": "重新申请",
            }
        case "removed":
            job |= {
                "text": f"文件已在 {KEPT.days} 天后清除，摘要 {dossier.digest}。",
                "again_url": again,
                "again_label": "重新编制",
            }
        case _:
            finished = dossier.finished_at.astimezone(SHANGHAI) if dossier.finished_at else None
            stale = dossier.case_version != case.version
            job |= {
                "text": f"{_size(dossier)}，{finished:%Y-%m-%d %H:%M} 编成",
                "detail": f"SHA-256 {dossier.digest}\n文件保留 {KEPT.days} 天；每次下载都记入审计。"
                + ("\n编成以后案卷又有办理，要最新的请重新编制。" if stale else ""),
                "result_url": reverse("dossiers:file", args=[pk]),
                "result_label": f"下载{dossier.get_form_display()}",
                "again_url": again,
                "again_label": "重新编制",
            }
    context = {
        "case": case,
        "job": job,
        "crumbs": [
            {"text": case.title, "url": case_url(case)},
            {"text": "导出案卷", "url": again},
            {"text": dossier.get_form_display()},
        ],
    }
    return render(request, "dossiers/detail.html", context)


@acting(scoped=True)
@require_safe
def file(request: ActorRequest, pk: int) -> HttpResponse:
    dossier = _found(request, pk)
    if dossier.state != "done" or not default_storage.exists(dossier.path):
        raise Http404("案卷文件不在，请重新编制")
    if request.method == "GET":
        note_download(dossier, actor=request.actor, at=now())
    stored = default_storage.open(dossier.path)
    name = f"案卷-{dossier.case.number}.{dossier.form}"
    response = FileResponse(
        stored, as_attachment=True, filename=name, content_type=_TYPES[DossierRequest.Form(dossier.form)]
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response  # type: ignore[return-value]

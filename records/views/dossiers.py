"""Dossiers: asking for one, of a case or of an enterprise, how far it is, and taking it along (X10)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from audit.clock import SHANGHAI, now
from organisations.access import ActorRequest, acting
from organisations.actors import Actor
from organisations.models import Enterprise
from records.dossier.enterprise import cases_of, version_of
from records.kinds import case_url
from records.models import Case, DossierRequest
from records.models.dossier import enterprises_with_dossier
from records.services.dossiers import KEPT, note_download, request_dossier
from records.web import new_form_key, submit

Form = DossierRequest.Form
_TYPES = {Form.PDF: "application/pdf", Form.ZIP: "application/zip"}
SHOWN = 20
LISTED = 100


@dataclass(frozen=True)
class Subject:
    """A case or an enterprise, in the words of the pages."""

    of: Case | Enterprise
    word: str
    title: str
    number: str
    url: str
    ask_url: str
    version: int
    forms: Mapping[str, str]
    will: str
    takes: str

    @property
    def heading(self) -> str:
        return f"导出{self.word}"

    def crumbs(self, *last: str) -> list[dict[str, str]]:
        asking = {"text": self.heading} | ({"url": self.ask_url} if last else {})
        return [{"text": self.title, "url": self.url}, asking, *({"text": text} for text in last)]


def _case_subject(case: Case) -> Subject:
    return Subject(
        of=case,
        word="案卷",
        title=case.title,
        number=case.number,
        url=case_url(case),
        ask_url=reverse("dossiers:of-case", args=[case.pk]),
        version=case.version,
        forms={
            Form.PDF: "一个 PDF：卷宗首页、卷内目录、案情、办理过程、时限、签字、文书和附件",
            Form.ZIP: "一个压缩包：上面的 PDF，加全部附件原件和摘要清单（SHA256SUMS）",
        },
        will="本案卷标有“敏感”，请按规定保管。" if case.is_confidential else "",
        takes="一般几秒到一分钟",
    )


def _enterprise_subject(enterprise: Enterprise, actor: Actor) -> Subject:
    cases = cases_of(enterprise, actor)
    count, marked = cases.count(), cases.filter(is_confidential=True).count()
    told = f"装入您看得见的 {count} 件案卷（{actor.scope.label}）。"
    if marked:
        told += f"其中 {marked} 件标有“敏感”，请按规定保管，每次下载记为查看。"
    return Subject(
        of=enterprise,
        word="企业档案",
        title=enterprise.unit.name,
        number=enterprise.uscc or "无统一社会信用代码",
        url=reverse("enterprises:detail", args=[enterprise.pk]),
        ask_url=reverse("dossiers:of-enterprise", args=[enterprise.pk]),
        version=version_of(enterprise, actor),
        forms={
            Form.PDF: "一个 PDF：企业登记、变更、人员、报送、时限、风险点和文书一览，再逐件装订每个案卷",
            Form.ZIP: "一个压缩包：上面的 PDF，加各案卷的全部附件原件（按案卷编号分目录）和摘要清单（SHA256SUMS）",
        },
        will=told,
        takes="每件案卷一两秒，案卷多的要几分钟",
    )


def _subject_of(dossier: DossierRequest, actor: Actor) -> Subject:
    if dossier.case is not None:
        return _case_subject(dossier.case)
    assert dossier.enterprise is not None  # by constraint
    return _enterprise_subject(dossier.enterprise, actor)


class DossierForm(forms.Form):
    form = forms.ChoiceField(
        label="形式",
        choices=Form.choices,
        widget=forms.RadioSelect,
        initial=Form.PDF,
        error_messages={"required": "请选择形式", "invalid_choice": "请选择形式"},
    )

    def __init__(self, *args: Any, words: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["form"].choices = list(words.items())  # type: ignore[attr-defined]


@acting()
@require_safe
def index(request: ActorRequest) -> HttpResponse:
    """What the unit had compiled, of whatever case or enterprise."""
    found = DossierRequest.objects.for_actor(request.actor).select_related("person", "case", "enterprise__unit")
    rows = [_row(dossier) for dossier in found[:LISTED]]
    return render(request, "dossiers/list.html", {"rows": rows, "most": LISTED, "days": KEPT.days})


@acting(scoped=True)
@require_http_methods(["GET", "HEAD", "POST"])
def of_case(request: ActorRequest, pk: int) -> HttpResponse:
    return _ask(request, _case_subject(get_object_or_404(Case.objects.for_actor(request.actor), pk=pk)))


@acting(scoped=True)
@require_http_methods(["GET", "HEAD", "POST"])
def of_enterprise(request: ActorRequest, pk: int) -> HttpResponse:
    found = enterprises_with_dossier(request.actor).select_related("unit")
    return _ask(request, _enterprise_subject(get_object_or_404(found, pk=pk), request.actor))


def _ask(request: ActorRequest, subject: Subject) -> HttpResponse:
    form = DossierForm(request.POST or None, words=subject.forms)
    if request.method == "POST":
        at = now()

        def act() -> str:
            made = request_dossier(of=subject.of, form=form.cleaned_data["form"], actor=request.actor, at=at)
            return reverse("dossiers:detail", args=[made.pk])

        done = f"已开始编制{subject.word}"
        if answer := submit(request, form, act, actor=request.actor, at=at, refusals=(), done=done):
            return answer
    of = {"case": subject.of} if isinstance(subject.of, Case) else {"enterprise": subject.of}
    earlier = DossierRequest.objects.for_actor(request.actor).filter(**of).select_related("person")[:SHOWN]
    context = {
        "subject": subject,
        "crumbs": subject.crumbs(),
        "form": form,
        "form_key": new_form_key(),
        "earlier": [_row(dossier, subject) for dossier in earlier],
        "days": KEPT.days,
    }
    return render(request, "dossiers/ask.html", context, status=422 if form.errors else 200)


def _row(dossier: DossierRequest, subject: Subject | None = None) -> dict[str, Any]:
    return {
        "dossier": dossier,
        "when": f"{dossier.at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}",
        "state": _STATES[dossier.state],
        "stale": subject is not None and _is_stale(dossier, subject),
        "size": _size(dossier),
    }


def _is_stale(dossier: DossierRequest, subject: Subject) -> bool:
    return dossier.version is not None and dossier.version != subject.version


_STATES = {"queued": "排队中", "done": "已完成", "failed": "没有完成", "removed": "已清除"}


def _size(dossier: DossierRequest) -> str:
    return f"{dossier.pages} 页，{max(1, round((dossier.size or 0) / 1024)):,} KB" if dossier.pages else ""


def _found(request: ActorRequest, pk: int) -> DossierRequest:
    found = DossierRequest.objects.for_actor(request.actor).select_related("case", "enterprise__unit", "person")
    return get_object_or_404(found, pk=pk)


@acting(scoped=True)
@require_safe
def detail(request: ActorRequest, pk: int) -> HttpResponse:
    """How far it is; the page can be left and come back to."""
    dossier = _found(request, pk)
    subject, state = _subject_of(dossier, request.actor), dossier.state
    job: dict[str, Any] = {
        "title": dossier.label,
        "sub": f"{dossier.person}，{dossier.at.astimezone(SHANGHAI):%Y-%m-%d %H:%M} 申请",
        "state": {"removed": "done"}.get(state, state),
        "refresh_seconds": 3,
    }
    match state:
        case "queued":
            job["text"] = f"后台编制，{subject.takes}。"
            job["detail"] = f"上次没有成功：{dossier.error}，会自动再试。" if dossier.error else ""
        case "failed":
            job |= {
                "text": "多次没有成功，请联系系统管理员。",
                "detail": dossier.error,
                "again_url": subject.ask_url,
                "again_label": "重新申请",
            }
        case "removed":
            job |= {
                "text": f"文件已在 {KEPT.days} 天后清除，摘要 {dossier.digest}。",
                "again_url": subject.ask_url,
                "again_label": "重新编制",
            }
        case _:
            finished = dossier.finished_at.astimezone(SHANGHAI) if dossier.finished_at else None
            stale = f"\n编成以后{subject.word}又有办理，要最新的请重新编制。" if _is_stale(dossier, subject) else ""
            job |= {
                "text": f"{_size(dossier)}，{finished:%Y-%m-%d %H:%M} 编成",
                "detail": f"SHA-256 {dossier.digest}\n文件保留 {KEPT.days} 天；每次下载都记入审计。{stale}",
                "result_url": reverse("dossiers:file", args=[pk]),
                "result_label": f"下载{dossier.label}",
                "again_url": subject.ask_url,
                "again_label": "重新编制",
            }
    context = {"subject": subject, "job": job, "crumbs": subject.crumbs(dossier.label)}
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
    name = f"案卷-{dossier.case.number}" if dossier.case else f"企业档案-{dossier.title}"
    response = FileResponse(
        stored, as_attachment=True, filename=f"{name}.{dossier.form}", content_type=_TYPES[Form(dossier.form)]
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response  # type: ignore[return-value]

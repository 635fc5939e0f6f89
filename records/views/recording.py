"""委托代录: who lets whom key in what was signed on paper (X6)."""

from typing import Any

from django import forms
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from audit.clock import local_date, now
from organisations.access import ActorRequest, acting
from organisations.forms.fields import DayField
from organisations.models import Enterprise
from organisations.roles import Right
from organisations.row_ids import row_id
from records.models import RecordingAuthorisation
from records.services.recording import (
    RecordingRefused,
    may_record,
    may_revoke,
    register_authorisation,
    revoke_authorisation,
    scan_of,
)
from records.views.files import serve
from records.web import new_form_key, submit

PAGE = 50


class AuthorisationForm(forms.Form):
    enterprise = forms.CharField(
        label="委托的企业",
        max_length=120,
        help_text="统一社会信用代码，或登记的全称",
        error_messages={"required": "请填写委托的企业"},
    )
    signer = forms.CharField(
        label="委托书签字人",
        max_length=60,
        help_text="企业主要负责人",
        error_messages={"required": "请填写委托书签字人"},
    )
    valid_from = DayField(label="有效期起")
    valid_to = DayField(label="有效期止")
    scan = forms.FileField(
        label="委托代录书扫描件",
        help_text="企业盖章、主要负责人签字的原件，PDF 或照片",
        widget=forms.FileInput(attrs={"accept": "application/pdf,image/*"}),
        error_messages={"required": "请上传委托代录书扫描件", "empty": "这是空文件，请重新选择"},
    )

    def __init__(self, *args: Any, enterprises: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.enterprises = enterprises

    def clean_enterprise(self) -> Enterprise:
        words = self.cleaned_data["enterprise"].strip()
        found: Enterprise | None = self.enterprises.filter(Q(uscc=words.upper()) | Q(unit__name=words)).first()
        if found is None:
            raise forms.ValidationError("您的权限范围内没有这个代码或名称的企业")
        return found


class RevokeForm(forms.Form):
    reason = forms.CharField(
        label="撤销原因",
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "请写明撤销原因"},
    )


@acting()
@require_safe
def index(request: ActorRequest) -> HttpResponse:
    """Newest first, keyset paging by id."""
    actor, today = request.actor, local_date(now())
    found = RecordingAuthorisation.objects.for_actor(actor).select_related("enterprise", "recorder")
    before = row_id(request.GET.get("before", ""))
    page = list((found.filter(pk__lt=before) if before else found)[: PAGE + 1])
    rows = [
        {"it": row, "state": row.state_on(today), "may_revoke": row.revoked_at is None and may_revoke(row, actor)}
        for row in page[:PAGE]
    ]
    more = page[PAGE - 1].pk if len(page) > PAGE else None
    context = {
        "rows": rows,
        "may_register": may_record(actor),
        "page": {
            "text": f"本页 {len(rows)} 份",
            "next_url": f"?before={more}" if more else "",
            "prev_url": "?" if before else "",
        },
    }
    return render(request, "recording/list.html", context)


@acting(Right.TREAT)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: ActorRequest) -> HttpResponse:
    actor, at = request.actor, now()
    enterprises = Enterprise.objects.for_actor(actor).select_related("unit")
    if request.method == "POST":
        form = AuthorisationForm(request.POST, request.FILES, enterprises=enterprises)
    else:
        form = AuthorisationForm(initial={"valid_from": local_date(at)}, enterprises=enterprises)

    def act() -> str:
        register_authorisation(**form.cleaned_data, actor=actor, at=at)
        return reverse("recording:list")

    if request.method == "POST":
        refusals = (RecordingRefused,)
        if answer := submit(request, form, act, actor=actor, at=at, refusals=refusals, done="委托代录已登记"):
            return answer
    return _form(request, form, "登记委托代录", "登记")


@acting(Right.TREAT, scoped=True)
@require_http_methods(["GET", "HEAD", "POST"])
def revoke(request: ActorRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(
        RecordingAuthorisation.objects.for_actor(request.actor).select_related("enterprise", "recorder"), pk=pk
    )
    form, at = RevokeForm(request.POST or None), now()

    def act() -> str:
        revoke_authorisation(authorisation=found, **form.cleaned_data, actor=request.actor, at=at)
        return reverse("recording:list")

    if request.method == "POST":
        refusals = (RecordingRefused,)
        if answer := submit(request, form, act, actor=request.actor, at=at, refusals=refusals, done="委托已撤销"):
            return answer
    title = f"撤销委托：{found.enterprise}委托{found.recorder}"
    return _form(request, form, title, "撤销", will="撤销后不能再代录；已经代录的不受影响。")


def _form(request: ActorRequest, form: forms.Form, title: str, submit_label: str, will: str = "") -> HttpResponse:
    context = {
        "form": form,
        "form_key": request.POST.get("form_key") or new_form_key(),
        "title": title,
        "submit_label": submit_label,
        "will": will,
        "crumbs": [{"text": "委托代录", "url": reverse("recording:list")}, {"text": title}],
    }
    return render(request, "recording/form.html", context, status=422 if form.is_bound and form.errors else 200)


@acting(scoped=True)
@require_safe
def scan(request: ActorRequest, pk: int) -> HttpResponse:
    return serve(scan_of(get_object_or_404(RecordingAuthorisation.objects.for_actor(request.actor), pk=pk)))

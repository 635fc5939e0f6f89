"""管理 › 个人信息: erase personal values from beside the evidence; one administrator asks, another one decides (X6)."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from audit.clock import SHANGHAI, now
from audit.erasing import ErasureRefused, ask_erasure, decide_erasure, values_like
from audit.models import AuditErasure, AuditPersonal
from audit.personal import ERASED
from organisations.access import ActorRequest, acting
from organisations.models.people import mask_phone
from organisations.roles import Right
from organisations.row_ids import row_id
from organisations.views.manage_frame import frame, paged

# The last word of a value's place in its event that is no number.
_FIELDS = {
    "name": "姓名",
    "name_before": "原姓名",
    "phone": "手机",
    "person": "姓名",
    "address": "登录地址",
    "principal_name": "主要负责人",
    "principal_phone": "主要负责人电话",
    "responsible": "责任人",
    "responsible_person": "责任人",
    "responsible_phone": "责任人电话",
    "witnesses": "见证人",
}
# More than this is not one person's matter but a wrong search.
MOST = 200


class ValueSearch(forms.Form):
    """Sent by POST: what is looked for must not stand in an address, where proxies and logs keep it."""

    q = forms.CharField(
        label="要删除的内容",
        max_length=120,
        help_text="完整的姓名、电话或地址，和记录的一字不差；电话也找隐去中间四位的写法。",
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
        error_messages={"required": "请填要找的内容"},
    )


class AskForm(forms.Form):
    reason = forms.CharField(
        label="理由和依据",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="写入审计记录，不要在这里写要删除的内容。如“本人书面申请，个人信息保护法第四十七条，保存期已满”。",
        error_messages={"required": "写明理由和依据"},
    )


class DecideForm(forms.Form):
    approve = forms.ChoiceField(
        label="决定",
        choices=[("yes", "同意，立即删除，不能恢复"), ("no", "不同意")],
        widget=forms.RadioSelect,
        error_messages={"required": "请选择"},
    )
    note = forms.CharField(label="意见", max_length=300, required=False, help_text="不同意须写明理由。")


@acting(Right.MANAGE_ACCOUNTS, Right.READ_AUDIT)
def erasures(request: ActorRequest) -> HttpResponse:
    """Requests, and above them the search from which a new one is asked."""
    search = ValueSearch(request.POST or None)
    text = search.cleaned_data["q"].strip() if search.is_valid() else ""
    district = request.actor.unit.district.code
    found = list(values_like({text, mask_phone(text)}, district_code=district)[:MOST]) if text else []
    chosen = {pk for raw in request.POST.getlist("values") if (pk := row_id(raw)) is not None}
    form = AskForm(request.POST if "reason" in request.POST else None)
    if form.is_valid():
        try:
            ask_erasure(values=chosen, by=request.actor.stamp, at=now(), **form.cleaned_data)
        except ErasureRefused as refused:
            form.add_error(refused.field if refused.field in form.fields else None, str(refused))
        else:
            messages.success(request, "已提出，由另一名管理员批准后删除。")
            return redirect("manage:erasures")
    rows, _, page = paged(request, AuditErasure.objects.filter(district_code=district).order_by("-pk"), unit="份申请")
    context = frame(
        request.actor,
        "manage:erasures",
        "个人信息",
        sub="审计记录里只有个人信息的承诺值，内容存在旁边，可以依法删除；删除后证据链仍然完整。登记资料在各自的页面修改。",
    )
    context |= {
        "search": search,
        "sought": text,
        "values": [_value(row, ticked=not chosen or row.pk in chosen) for row in found],
        "form": form,
        "erasures": rows,
        "page": page,
    }
    return render(request, "audit/erasures.html", context)


@acting(Right.MANAGE_ACCOUNTS, Right.READ_AUDIT, scoped=True)
def erasure(request: ActorRequest, pk: int) -> HttpResponse:
    asked = get_object_or_404(AuditErasure, pk=pk, district_code=request.actor.unit.district.code)
    form = DecideForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        approve, note = form.cleaned_data["approve"] == "yes", form.cleaned_data["note"]
        try:
            count = decide_erasure(erasure=asked, approve=approve, note=note, by=request.actor.stamp, at=now())
        except ErasureRefused as refused:
            if refused.field not in form.fields:
                # Decided meanwhile, or one's own: the form is not shown again.
                messages.error(request, str(refused))
                return redirect("manage:erasure", pk)
            form.add_error(refused.field, str(refused))
        else:
            messages.success(request, f"已删除 {count} 处。" if approve else "已记下不同意，内容保留。")
            return redirect("manage:erasures")
    rows = AuditPersonal.objects.filter(erasure=asked).select_related("event").order_by("event_id", "field")
    is_own = asked.asked_by == request.actor.post.person_id
    context = frame(request.actor, "manage:erasures", f"第 {asked.pk} 号申请") | {
        "erasure": asked,
        "facts": _facts(asked),
        "values": [_value(row) for row in rows],
        "may_decide": asked.state == AuditErasure.State.ASKED and not is_own,
        "is_own": is_own and asked.state == AuditErasure.State.ASKED,
        "form": form,
    }
    return render(request, "audit/erasure.html", context)


def _value(row: AuditPersonal, *, ticked: bool = True) -> dict[str, Any]:
    words = [word for word in row.field.split("/") if not word.isdigit()]
    return {
        "pk": row.pk,
        "text": ERASED if row.value is None else row.value,
        "field": _FIELDS.get(words[-1], words[-1]),
        "event": row.event,
        "claimed": row.erasure_id is not None,
        "ticked": ticked,
    }


def _facts(asked: AuditErasure) -> list[dict[str, Any]]:
    facts = [
        {"label": "状态", "value": asked.get_state_display(), "strong": True},
        {"label": "申请人", "value": asked.asked_label, "wide": True},
        {"label": "申请时间", "value": f"{asked.asked_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}", "num": True},
        {"label": "理由和依据", "value": asked.reason, "wide": True},
    ]
    if asked.decided_at:
        decided = f"{asked.decided_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
        facts += [
            {"label": "批准人", "value": asked.decided_label, "wide": True},
            {"label": "批准时间", "value": decided, "num": True},
            {"label": "意见", "value": asked.note or "–", "wide": True},
        ]
    return facts

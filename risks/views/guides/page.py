"""One manual: its entries, its versions and what each changed, and what can be done about it (三(一)1)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Count, Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from audit.clock import SHANGHAI, now
from audit.models import AuditEvent
from audit.names import label_of
from deadlines.workflow import Refused
from organisations.access import ActorRequest, acting
from organisations.actors import Actor
from organisations.models import Enterprise
from organisations.roles import Right
from organisations.row_ids import row_id
from records.kinds import grade_of
from records.models import Case
from records.web import new_form_key, submit
from risks import guide_flow
from risks.events import GuideEvent
from risks.forms.guides import HeadForm, NoteForm, PlainForm, ReasonForm
from risks.models import Guide, GuideEntry, GuideState
from risks.selectors.guide_changes import Changes, changes_between, version_before
from risks.services.guides import drafting, publishing
from risks.views.guides.listing import found

RIGHTS = (Right.ASSESS, Right.REGISTER_RISK, Right.ISSUE_LETTER, Right.SIGN_PRINCIPAL)


@dataclass(frozen=True)
class Act:
    form: type[forms.Form]
    perform: Callable[..., Guide]  # the service
    will: str
    done: str
    icon: str
    submit_label: str
    initial: Callable[[Guide], dict[str, Any]] = lambda guide: {}


ACTS = {
    "edit": Act(
        HeadForm,
        drafting.edit_head,
        "改名称和依据；条目在下面逐条改。",
        "修改已保存。",
        "edit",
        "保存",
        lambda guide: {"title": guide.title, "basis": guide.basis},
    ),
    "submit": Act(
        PlainForm,
        publishing.submit_guide,
        "提交后不能再改，由本单位另一人发布或退回。您对全部条目负责。",
        "已提交，待本单位另一人发布。",
        "check",
        "提交发布",
    ),
    "publish": Act(
        PlainForm,
        publishing.publish_guide,
        "立即生效，全区可查，企业可按它登记风险点；现行的版本同时被替代。发布后不能再改，只能另出新版或撤销。",
        "已发布，立即生效。",
        "circle-check",
        "发布",
    ),
    "return": Act(
        NoteForm, publishing.return_guide, "退回起草人修改，写明意见。", "已退回修改。", "arrow-back-up", "退回修改"
    ),
    "withdraw": Act(
        ReasonForm,
        publishing.withdraw_guide,
        "撤销后不能再按它登记，各版仍可查；已登记的风险点不受影响。",
        "已撤销。",
        "x",
        "撤销",
    ),
    "discard": Act(ReasonForm, publishing.discard_guide, "放弃后不能恢复，也不占版本号。", "已放弃。", "x", "放弃草稿"),
}


@acting(scoped=True)
@require_safe
def detail(request: ActorRequest, pk: int) -> HttpResponse:
    """`?do=<act>` opens the act's form beside it."""
    guide = found(request, pk)
    action = request.GET.get("do", "")
    if not action:
        return _page(request, guide)
    if action not in ACTS:
        raise Http404
    if why := guide_flow.refusal(guide, action, request.actor):
        messages.info(request, why)
        return redirect("risks:guide", pk=pk)
    return _page(request, guide, action=action, form=ACTS[action].form(initial=ACTS[action].initial(guide)))


@acting(*RIGHTS, scoped=True)
@require_POST
def act(request: ActorRequest, pk: int, action: str) -> HttpResponse:
    guide, actor, at = found(request, pk), request.actor, now()
    if action not in ACTS:
        raise Http404
    chosen = ACTS[action]
    form = chosen.form(request.POST)

    def perform() -> str:
        revision = row_id(request.POST.get("version", ""))
        chosen.perform(guide=guide, actor=actor, at=at, revision=revision, **form.cleaned_data)
        return reverse("risks:guide", args=[pk])

    answer = submit(request, form, perform, actor=actor, at=at, refusals=(Refused,), done=chosen.done)
    return answer or _page(request, found(request, pk), action=action, form=form, status=422)


def _page(
    request: ActorRequest, guide: Guide, *, action: str = "", form: forms.Form | None = None, status: int = 200
) -> HttpResponse:
    actor, url = request.actor, reverse("risks:guide", args=[guide.pk])
    # Of the register that the reader may see: an enterprise counts its own.
    seen = Q(risks__case__in=Case.objects.for_actor(actor))
    entries = list(guide.entries.annotate(risk_count=Count("risks", filter=seen)).order_by("position", "pk"))
    before = version_before(guide)
    page: dict[str, Any] = {
        "guide": guide,
        "crumbs": [{"text": "指导手册", "url": reverse("risks:guides")}, {"text": str(guide)}],
        "banner": _banner(guide),
        "facts": _facts(guide),
        "groups": _groups(entries),
        "entry_count": len(entries),
        "may_edit": not guide_flow.refusal(guide, "edit", actor),
        "export_url": reverse("risks:guide-export", args=[guide.pk]),
        "before": before,
        "changes": _changes(changes_between(before, guide)) if before else None,
        "versions": _versions(guide, actor),
        "entries_of_timeline": _timeline(guide, actor),
        "next_rows": _next_rows(guide, actor, url, action),
    }
    if form is not None:
        chosen = ACTS[action]
        page |= {
            "form": form,
            "heading": guide_flow.STEPS[action].label,
            "action": reverse("risks:guide-act", args=[guide.pk, action]),
            "close_url": url,
            "will": chosen.will,
            "submit_label": chosen.submit_label,
            "version": guide.revision,
            "form_key": new_form_key(),
            "form_id": f"act-{action}",
        }
    return render(request, "risks/guides/detail.html", page, status=status)


def _next_rows(guide: Guide, actor: Actor, url: str, action: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    if guide.state == GuideState.PUBLISHED and _registers(actor):
        rows.append(
            {"text": "按手册登记风险点", "url": f"{reverse('risks:guide-register')}?guide={guide.pk}", "icon": "plus"}
        )
    if not guide_flow.refusal(guide, "edit", actor):
        rows.append({"text": "增加条目", "url": reverse("risks:guide-entry-new", args=[guide.pk]), "icon": "plus"})
        rows.append(
            {"text": "从 Excel 导入条目", "url": reverse("risks:guide-import", args=[guide.pk]), "icon": "file-import"}
        )
    if guide.state == GuideState.PUBLISHED and guide.issuer_id == actor.unit_id and actor.may(Right.REGISTER_RISK):
        of = guide.sector.code if guide.sector else "own"
        rows.append({"text": "起草新版", "url": f"{reverse('risks:guide-new')}?of={of}", "icon": "edit"})
    for step in guide_flow.actions_for(guide, actor):
        rows.append(
            {
                "text": "改名称、依据" if step.action == "edit" else step.label,
                "url": f"{url}?do={step.action}",
                "icon": ACTS[step.action].icon,
                "current": step.action == action,
            }
        )
    return rows


def _registers(actor: Actor) -> bool:
    return actor.may(Right.REGISTER_RISK) and Enterprise.objects.filter(pk=actor.unit_id).exists()


def _banner(guide: Guide) -> dict[str, str] | None:
    if guide.state == GuideState.DRAFT and guide.return_note:
        return {"kind": "other", "title": "已退回修改", "text": guide.return_note}
    if guide.state == GuideState.SUPERSEDED:
        now_in_force = guide.siblings().published().first()
        told = {"kind": "superseded", "title": "已被新版替代", "text": _when(guide.ended_at)}
        if now_in_force is not None:
            told |= {"link_url": reverse("risks:guide", args=[now_in_force.pk]), "link_text": "看现行版本"}
        return told
    if guide.state in {GuideState.WITHDRAWN, GuideState.DISCARDED}:
        return {
            "kind": "void",
            "title": guide.get_state_display(),
            "text": f"{_when(guide.ended_at)}　{guide.ended_by}：{guide.end_reason}",
        }
    return None


def _facts(guide: Guide) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [
        {"label": "适用", "value": f"{guide.subject}{'行业' if guide.is_of_sector else '（本单位）'}", "wide": True},
        {"label": "编制单位", "value": guide.issuer.name, "wide": True},
        {"label": "编制依据", "value": guide.basis, "wide": True},
    ]
    if guide.based_on is not None:
        rows.append(
            {
                "label": "条目带自",
                "value": str(guide.based_on),
                "url": reverse("risks:guide", args=[guide.based_on_id]),
                "wide": True,
            }
        )
    rows.append({"label": "起草人", "value": str(guide.drafted_by), "sub": _when(guide.drafted_at), "wide": True})
    if guide.published_by is not None:
        rows.append(
            {"label": "发布人", "value": str(guide.published_by), "sub": _when(guide.published_at), "wide": True}
        )
    return rows


def _groups(entries: list[GuideEntry]) -> list[dict[str, Any]]:
    """Entries under the place where they are looked for, in the manual's order."""
    groups: list[dict[str, Any]] = []
    by_area: dict[str, dict[str, Any]] = {}
    for entry in entries:
        if entry.area not in by_area:
            by_area[entry.area] = {"area": entry.area, "entries": []}
            groups.append(by_area[entry.area])
        told = {
            "entry": entry,
            "grade": grade_of(entry.reference_grade),
            "measures": [
                {"kind": GuideEntry._meta.get_field(kind).verbose_name.removesuffix("措施"), "text": text}  # type: ignore[union-attr]
                for kind, text in entry.measures.items()
            ],
        }
        by_area[entry.area]["entries"].append(told)
    return groups


def _changes(changes: Changes) -> dict[str, Any]:
    return {
        "any": bool(changes),
        "added": [str(entry) for entry in changes.added],
        "removed": [str(entry) for entry in changes.removed],
        "changed": [
            {
                "entry": str(change.entry),
                "fields": [{"label": a, "before": b or "空", "after": c or "空"} for a, b, c in change.fields],
            }
            for change in changes.changed
        ],
    }


def _versions(guide: Guide, actor: Actor) -> list[dict[str, Any]]:
    """Every version, the newest first; what is not published only where the post may see it."""
    rows = guide.siblings().for_actor(actor).exclude(state=GuideState.DISCARDED).order_by("-version", "-pk")
    return [
        {
            "text": version.version_text,
            "url": reverse("risks:guide", args=[version.pk]),
            "sub": _when(version.published_at),
            "side": version.get_state_display(),
            "current": version.pk == guide.pk,
        }
        for version in sorted(rows, key=lambda v: v.version or 10_000, reverse=True)
    ]


def _timeline(guide: Guide, actor: Actor) -> list[dict[str, Any]]:
    """What happened to it. Others read how it came into force and out of it, not how it was written."""
    found_ = AuditEvent.objects.filter(subject_kind="guide", subject_id=str(guide.pk)).order_by("-pk")
    if actor.unit_id != guide.issuer_id:
        found_ = found_.filter(name__in=_PUBLIC)
    # Each entry that was typed and each export is in the audit; here they would hide the rest.
    shown = [event for event in found_ if event.name in _TOLD]
    return [
        {
            "at_text": f"{event.at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}",
            "at_iso": event.at.astimezone(SHANGHAI).isoformat(),
            "title": label_of(event.name),
            "by": event.actor_label,
            "said": _said(event.data),
        }
        for event in shown
    ]


_TOLD = {name for name in GuideEvent.values if not name.startswith("risks.guide_entry_")}
_PUBLIC = (GuideEvent.PUBLISHED, GuideEvent.SUPERSEDED, GuideEvent.WITHDRAWN)


def _said(data: dict[str, Any]) -> str:
    if told := data.get("note") or data.get("reason"):
        return str(told)
    counts = [
        f"{word} {data[key]} 条"
        for key, word in (("added", "增加"), ("removed", "删去"), ("changed", "修改"))
        if data.get(key)
    ]
    return "，".join(counts)


def _when(moment: datetime | None) -> str:
    return f"{moment.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" if moment else ""

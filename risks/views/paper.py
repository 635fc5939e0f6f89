"""Acts on paper: the same acts, keyed in with a scan and performed once a second person has compared (X6).

Who may key in whose paper: the responsible unit's own people, or a unit with its authorisation in force (代录); an
official the own signature. Everything else is the table in risks/workflow.py.
"""

from dataclasses import replace
from typing import Any

from django.db import transaction
from django.forms import BaseForm, Form
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.datastructures import MultiValueDict
from django.views.decorators.http import require_http_methods

from audit.clock import SHANGHAI, now
from deadlines.workflow import Refused
from organisations.access import ActorRequest, acting
from organisations.actors import Actor
from records.models import Attachment, PaperAct
from records.services import paper as papers
from records.services.attachments import KeptFile
from records.services.paper import PaperRefused, authorisation_for, keyer_of
from records.services.recording import may_record
from records.services.signing import Hand
from records.web import submit
from risks.forms.paper import CompareForm, files_of, on_paper, told
from risks.models import RiskPoint
from risks.views import actions
from risks.views.actions import ACTS
from risks.views.acts.act import Act, Context
from risks.workflow import WORKFLOW

_NOT_KEPT = (
    "csrfmiddlewaretoken",
    "form_key",
    "version",
    "signature",
    "password",
    "paper_signer",
    "paper_title",
    "paper_on",
)


def keyer(c: Context) -> Context | None:
    """The same context, for keying in what the responsible unit signed; None when this actor has no such standing."""
    case = c.risk.case
    own = c.actor.unit_id == case.responsible_unit_id
    if not own and not (may_record(c.actor) and authorisation_for(c.actor, case, at=c.at)):
        return None
    return replace(c, actor=replace(c.actor, records_for=case.responsible_unit))


def context_for(c: Context, action: str) -> tuple[Context | None, str]:
    """As whom the act is keyed in, or why it cannot be."""
    act = ACTS[action]
    if not act.on_paper:
        return None, f"“{act.label}”须在平台上办理"
    acting_as = c if act.on_paper == "own" else keyer(c)
    if acting_as is None:
        return None, f"没有{c.responsible}有效的委托代录书，不能代录"
    why = actions.refusal(acting_as, action)
    return (None, why) if why else (acting_as, "")


def only_on_paper(c: Context, possible: list[str]) -> list[dict[str, Any]]:
    """Acts that this actor cannot do in the own name, but may key in from paper."""
    acting_as = keyer(c)
    if acting_as is None:
        return []
    how = "纸质签署" if c.actor.unit_id == c.risk.case.responsible_unit_id else "代录"
    url = reverse("risks:case", args=[c.risk.pk])
    return [
        {"text": f"{act.label}（{how}）", "url": f"{url}?do={name}&paper=1", "icon": "file-import"}
        for name, act in ACTS.items()
        if act.on_paper == "party" and name not in possible and not actions.refusal(acting_as, name)
    ]


def form_of(act: Act, *, keyed: bool = True) -> type[Form]:
    return on_paper(act.form, party=act.on_paper == "party", keyed=keyed)


def key(c: Context, action: str, form: Any, *, post: QueryDict, version: int | None) -> str:
    """Try the act, roll the trial back, and keep what was typed with its scan for the second person."""
    act = ACTS[action]
    WORKFLOW.lock(c.risk.case, version=version)
    sheet = form.sheet()
    with transaction.atomic():
        act.perform(replace(c, risk=_fresh(c.risk.pk)), form, None)
        transaction.set_rollback(True)
    papers.key_paper_act(
        case=c.risk.case,
        action=action,
        label=act.label,
        typed={name: post.getlist(name) for name in post if name not in _NOT_KEPT},
        files=files_of(form),
        scan=sheet["paper_scan"],
        signer_name=sheet["paper_signer"] or c.actor.person.name,
        signer_title=sheet["paper_title"],
        document_on=sheet["paper_on"],
        actor=c.actor,
        at=c.at,
    )
    return reverse("risks:case", args=[c.risk.pk])


@acting(scoped=True)
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: ActorRequest, pk: int) -> HttpResponse:
    """与原件一致: only here the act is performed."""
    seen = PaperAct.objects.filter(case__in=RiskPoint.objects.for_actor(request.actor).values("pk"))
    paper = get_object_or_404(seen.select_related("case__responsible_unit", "unit", "keyed_by", "post__unit"), pk=pk)
    back = f"{reverse('risks:case', args=[paper.case_id])}?check={pk}"
    if request.method != "POST":
        return redirect(back)
    from risks.views.case import REFUSALS, checking_page

    at, form = now(), CompareForm(request.POST)

    def act() -> str:
        if form.cleaned_data["decision"] == "differs":
            papers.reject_paper_act(paper=paper, note=form.cleaned_data["note"], actor=request.actor, at=at)
        else:
            _confirm(paper, actor=request.actor, at=at)
        return reverse("risks:case", args=[paper.case_id])

    answer = submit(request, form, act, actor=request.actor, at=at, refusals=REFUSALS, done="核对结果已记录")
    return answer or checking_page(request, paper, form, status=422)


def _confirm(paper: PaperAct, *, actor: Actor, at: Any) -> None:
    chosen = ACTS.get(paper.action)
    if chosen is None:
        raise PaperRefused("平台已没有这个事项，请退回重录")
    paper = (
        PaperAct.objects.select_related("case__responsible_unit", "post__unit__district", "post__person", "account")
        .select_related("recorded_for")
        .get(pk=paper.pk)
    )
    c = _context_of(paper)

    def perform(hand: Hand) -> None:
        if why := actions.refusal(c, paper.action):
            raise Refused(f"录入以后情况有变：{why}。请退回重录")
        form = _kept_form(c, paper)
        if not form.is_valid():
            wrong = "；".join(str(error) for errors in form.errors.values() for error in errors)
            raise PaperRefused(f"录入的内容现在不能办理：{wrong}。请退回重录")
        form.taken = hand  # type: ignore[attr-defined]
        chosen.perform(c, form, None)

    papers.confirm_paper_act(paper=paper, perform=perform, purpose=chosen.label, actor=actor, at=at)


def _context_of(paper: PaperAct) -> Context:
    """As it stands now, for whoever keyed it in, at the moment it was keyed in."""
    return actions.context_of(_fresh(paper.case_id), keyer_of(paper), paper.keyed_at)


def _kept_form(c: Context, paper: PaperAct) -> BaseForm:
    act = ACTS[paper.action]
    typed = QueryDict(mutable=True)
    for name, values in paper.typed.items():
        typed.setlist(name, values)
    kept = Attachment.objects.in_bulk([pk for ids in paper.files.values() for pk in ids])
    files = MultiValueDict({name: [KeptFile(kept[pk]) for pk in ids] for name, ids in paper.files.items()})
    return form_of(act, keyed=False)(typed, files, **act.arguments(c))


def _fresh(pk: int) -> RiskPoint:
    related = ("case__district", "case__township", "case__sector", "case__lead_unit", "case__responsible_unit")
    return RiskPoint.objects.select_related(*related).get(pk=pk)


def pending_on(risk: RiskPoint) -> list[PaperAct]:
    found = PaperAct.objects.filter(case=risk.pk, state=PaperAct.State.PENDING)
    return list(found.select_related("keyed_by", "unit", "recorded_for", "scan").order_by("id"))


def row_of(paper: PaperAct, actor: Actor) -> dict[str, Any]:
    """One line of the panel 待核对的纸质签署."""
    when = f"{paper.keyed_at.astimezone(SHANGHAI):%m-%d %H:%M}"
    on_behalf = f"，代录：{paper.recorded_for}" if paper.recorded_for else ""
    mine = not papers.refusal_to_check(paper, actor)
    return {
        "text": f"{paper.label}：{paper.signer_name}{paper.signer_title}签字",
        "url": f"{reverse('risks:case', args=[paper.case_id])}?check={paper.pk}",
        "sub": f"{paper.keyed_by}（{paper.unit}{on_behalf}）{when} 录入，{'请您核对' if mine else '待另一人核对'}",
        "icon": "clipboard-check",
    }


def facts_of(paper: PaperAct) -> list[dict[str, Any]]:
    """What the second person compares: the sheet, and everything that was typed from it."""
    if paper.action not in ACTS:
        raise Http404
    rows: list[dict[str, Any]] = [
        {"label": "事项", "value": paper.label, "wide": True, "strong": True},
        {"label": "扫描件", "value": paper.scan.name, "url": reverse("file", args=[paper.scan_id]), "wide": True},
        {"label": "签字人", "value": f"{paper.signer_name}　{paper.signer_title}", "wide": True},
        {"label": "文件日期", "value": paper.document_on.isoformat(), "wide": True, "num": True},
    ]
    if paper.recorded_for:
        rows.append({"label": "代录", "value": f"{paper.unit}代{paper.recorded_for}录入", "wide": True})
    form = _kept_form(_context_of(paper), paper)
    rows += told(form) if form.is_valid() else [_raw(name, values) for name, values in paper.typed.items()]
    material = Attachment.objects.filter(pk__in=[pk for ids in paper.files.values() for pk in ids])
    rows += [
        {"label": "所附材料", "value": a.name, "url": reverse("file", args=[a.pk]), "wide": True} for a in material
    ]
    return rows


def _raw(name: str, values: list[str]) -> dict[str, Any]:
    return {"label": name, "value": "、".join(values), "wide": True}

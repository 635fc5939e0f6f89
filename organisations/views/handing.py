"""岗位委托 (every holder of a post) and 岗位交接 (系统管理员), with the slip that both parties confirm."""

import json
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from audit.clock import local_date, now
from organisations.access import ActorRequest, acting
from organisations.forms.accounts import PersonSearch
from organisations.forms.fields import refuse
from organisations.forms.handing import ConfirmForm, DecideForm, DelegationForm, HandOverForm
from organisations.models import Delegation, Person, Post, PostHandover
from organisations.roles import Right
from organisations.row_ids import row_id
from organisations.services import delegations as services
from organisations.services.handing_over import confirm_handover, hand_over_post, open_work, part_of
from organisations.views.manage_frame import frame, paged

_RELATED = ("source__person", "source__unit", "person", "decided_by", "post")


@acting()
def delegations(request: ActorRequest) -> HttpResponse:
    """What I lent, what was lent to me, and what waits for my decision."""
    person, today = request.actor.person, local_date(now())
    mine = Delegation.objects.filter(Q(source__person=person) | Q(person=person)).select_related(*_RELATED)
    slips = PostHandover.objects.filter(Q(post__person=person) | Q(successor__person=person))
    slips = list(slips.select_related("post__person", "post__unit", "successor__person")[:20])
    for slip in slips:
        slip.mine_open = getattr(slip, part_of(slip, request.actor)) is None  # type: ignore[attr-defined]
    context = _frame(request, "岗位委托") | {
        "slips": slips,
        "waiting": [_line(row, request) for row in services.waiting_for(request.actor).select_related(*_RELATED)[:50]],
        "rows": [_line(row, request) for row in mine[:50]],
        "may_lend": bool(services.lendable(request.actor.post))
        and services.colleagues(request.actor.post, on=today).exists(),
    }
    return render(request, "organisations/delegations.html", context)


def _line(row: Delegation, request: ActorRequest) -> dict[str, Any]:
    today = local_date(now())
    runs = row.post is not None and row.post.valid_to is not None and row.post.valid_to >= today
    state = row.state
    if row.approved:
        state = "生效中" if runs else "已结束"
    return {
        "row": row,
        "rights": "、".join(Right(right).label for right in row.rights),
        "state": state,
        "may_end": row.source.person_id == request.actor.post.person_id
        and (row.decided_at is None or (runs and row.post is not None and row.post.valid_to != today)),
    }


@acting()
def delegation_new(request: ActorRequest) -> HttpResponse:
    at = now()
    if not services.lendable(request.actor.post):
        messages.info(request, "这个岗位没有可以委托的事项。")
        return redirect("my-delegations")
    form = DelegationForm(request.POST or None, post=request.actor.post, today=local_date(at))
    if request.method == "POST" and form.is_valid():
        try:
            services.ask_delegation(actor=request.actor, at=at, **form.cleaned_data)
        except ValidationError as error:
            refuse(form, error)
        else:
            messages.success(request, "已提出，本单位主要负责人或系统管理员同意后生效。")
            return redirect("my-delegations")
    context = _frame(request, "委托岗位") | {
        "form": form,
        "known": [{"label": "委托岗位", "value": str(request.actor.post)}],
        "will": "同意后，受托人可选“受托”岗位办理所选事项，办理记录写明受您委托；责任仍由您承担。",
        "submit_label": "提出委托",
        "cancel_url": reverse("my-delegations"),
    }
    return render(request, "manage/form.html", context)


@acting(Right.APPROVE_UNIT, Right.MANAGE_PEOPLE, scoped=True)
def delegation_decide(request: ActorRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(services.waiting_for(request.actor).select_related(*_RELATED), pk=pk)
    form = DecideForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.decide_delegation(
                delegation=row,
                approve=form.cleaned_data["decision"] == "yes",
                note=form.cleaned_data["note"],
                actor=request.actor,
                at=now(),
            )
        except ValidationError as error:
            refuse(form, error)
        else:
            messages.success(request, "已办理。")
            return redirect("my-delegations")
    context = _frame(request, "审批岗位委托") | {
        "form": form,
        "known": [
            {"label": "委托人", "value": f"{row.source.person.name}　{row.source}"},
            {"label": "受托人", "value": row.person.name},
            {"label": "事项", "value": "、".join(Right(right).label for right in row.rights), "wide": True},
            {"label": "期限", "value": f"{row.valid_from} 至 {row.valid_to}", "num": True},
            {"label": "依据", "value": row.basis, "wide": True},
        ],
        "submit_label": "提交",
        "cancel_url": reverse("my-delegations"),
    }
    return render(request, "manage/form.html", context)


@acting(scoped=True)
@require_POST
def delegation_end(request: ActorRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(Delegation, pk=pk, source__person=request.actor.person)
    done = services.end_delegation(delegation=row, actor=request.actor, at=now())
    messages.success(request, "委托已结束。" if done else "这项委托此前已结束。")
    return redirect("my-delegations")


@acting(Right.MANAGE_PEOPLE, scoped=True)
def post_hand_over(request: ActorRequest, pk: int) -> HttpResponse:
    """First the successor, then what goes along: seen before it is done, done in one transaction."""
    posts = Post.objects.for_actor(request.actor).select_related("person", "unit")
    post = get_object_or_404(posts, pk=pk)
    above = [(post.person.name, reverse("manage:person-edit", args=[post.person_id]))]
    context = frame(request.actor, "manage:people", "岗位交接", above=above, sub=f"{post.person.name}　{post}")
    people = Person.objects.filter(district_id=request.actor.district_id).exclude(pk=post.person_id)
    asked = row_id(request.GET.get("person", ""))
    if asked is None:
        return _choose_successor(request, post, people, context)
    successor, at = get_object_or_404(people, pk=asked), now()
    form = HandOverForm(request.POST or None, initial={"last_day": local_date(at)})
    if request.method == "POST" and form.is_valid():
        try:
            slip = hand_over_post(post=post, successor=successor, actor=request.actor, at=at, **form.cleaned_data)
        except ValidationError as error:
            refuse(form, error)
        else:
            messages.success(request, "交接已办理，请双方确认交接单。")
            return redirect("handover-slip", pk=slip.pk)
    context |= {
        "form": form,
        "known": [
            {"label": "移交人", "value": post.person.name},
            {"label": "接收人", "value": successor.name},
            {"label": "岗位", "value": f"{post}（{post.role.label}）", "wide": True},
        ],
        "work": open_work(post, successor, at),
        "will": "接收人自移交人最后一日起任这个岗位，下列可移交的事项随之转给接收人，原岗位到期关闭；生成交接单。",
        "submit_label": "办理交接",
        "cancel_url": reverse("manage:person-edit", args=[post.person_id]),
    }
    return render(request, "organisations/post_hand_over.html", context)


def _choose_successor(
    request: ActorRequest, post: Post, people: QuerySet[Person], context: dict[str, Any]
) -> HttpResponse:
    """Colleagues of the unit come first; the rest of the district by name."""
    form, today = PersonSearch(request.GET), local_date(now())
    held = Post.objects.open_on(today).select_related("unit")
    of_unit = Exists(held.filter(person=OuterRef("pk"), unit_id=post.unit_id))
    if q := form.value("q"):
        named = Q(unit__name__icontains=q) | Q(unit__short_name__icontains=q)
        people = people.filter(Q(name__icontains=q) | Exists(held.filter(named, person=OuterRef("pk"))))
    rows = people.annotate(of_unit=of_unit).order_by("-of_unit", "sort_key", "pk")
    rows = rows.prefetch_related(Prefetch("posts", held, to_attr="open_posts"))
    found, _, page = paged(request, rows, unit="人")
    return render(request, "organisations/successor.html", context | {"filter": form, "people": found, "page": page})


@acting(scoped=True)
@sensitive_post_parameters("password")
def slip(request: ActorRequest, pk: int) -> HttpResponse:
    """The 交接单: for the two parties and the people's administrator; printable."""
    rows = PostHandover.objects.filter(post__unit__district_id=request.actor.district_id)
    found = get_object_or_404(rows.select_related("post__person", "post__unit", "successor__person"), pk=pk)
    part = part_of(found, request.actor)
    if not part and not request.actor.may(Right.MANAGE_PEOPLE):
        raise Http404
    form = ConfirmForm(request.POST or None) if part and getattr(found, part) is None else None
    if request.method == "POST" and form is not None and form.is_valid():
        try:
            confirm_handover(slip=found, actor=request.actor, at=now(), **form.cleaned_data)
        except ValidationError as error:
            refuse(form, error)
        else:
            messages.success(request, "已确认交接单。")
            return redirect("handover-slip", pk=pk)
    content = json.loads(found.content)
    context = _frame(request, "岗位交接单") | {
        "slip": found,
        "content": content,
        "moved": [work for work in content["work"] if not work["hold"]],
        "held": [work for work in content["work"] if work["hold"]],
        "form": form,
    }
    return render(request, "organisations/handover_slip.html", context)


def _frame(request: ActorRequest, title: str) -> dict[str, Any]:
    crumbs = [{"text": "岗位委托", "url": reverse("my-delegations")}, {"text": title, "url": ""}]
    return frame(request.actor, "", title) | {"crumbs": crumbs if title != "岗位委托" else [], "sections": []}

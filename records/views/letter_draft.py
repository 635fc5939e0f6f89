"""Writing a letter of its own: new, rewritten, or one that recalls or replaces an earlier letter (X7)."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from audit.clock import local_date, now
from organisations.access import ActorRequest, acting
from organisations.actors import Actor
from organisations.models import Post, Unit
from organisations.roles import ROLES, Right, UnitKind
from organisations.row_ids import row_id
from records.kinds import OWN_CASE
from records.letter_forms import LetterForm
from records.letters.flow import refusal
from records.models import Attachment, Letter
from records.selectors import letters_for
from records.services import countersigns
from records.services.attachments import FileRefused
from records.services.own_letters import Draft, write
from records.services.refusals import LetterRefused
from records.web import new_form_key, submit, version_of

_DRAFT_FIELDS = (
    "kind", "form", "title", "body", "urgency", "attachment_names", "note", "is_sealed", "attendees", "absentees", "observers",
)  # fmt: skip
# Who is listed to choose from: enterprises are too many, they are named.
_LISTED = [
    k for k in UnitKind.values if k not in {UnitKind.ENTERPRISE, UnitKind.EXPERT, UnitKind.PLATFORM}
]  # fmt: skip


@acting(Right.DRAFT_LETTER)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: ActorRequest) -> HttpResponse:
    """`?recalls=` or `?replaces=` names the letter that the new one takes back or stands for."""
    earlier, relation = _earlier(request)
    if earlier is not None and (
        why := refusal(earlier, "recall" if relation == "recalls" else "replace", request.actor)
    ):
        messages.info(request, why)
        return redirect("letters:detail", pk=earlier.pk)
    return _form_page(request, None, earlier=earlier, relation=relation)


@acting(Right.DRAFT_LETTER, scoped=True)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: ActorRequest, pk: int) -> HttpResponse:
    letter = get_object_or_404(letters_for(request.actor).select_related("case", "recalls", "replaces"), pk=pk)
    if letter.case.kind != OWN_CASE and letter.recalls_id is None:
        messages.info(request, "这份文书在案卷页拟稿、修改")
        return redirect("letters:detail", pk=pk)
    if why := refusal(letter, "edit", request.actor):
        messages.info(request, why)
        return redirect("letters:detail", pk=pk)
    relation = "recalls" if letter.recalls_id else "replaces" if letter.replaces_id else ""
    return _form_page(request, letter, earlier=letter.recalls or letter.replaces, relation=relation)


def _earlier(request: ActorRequest) -> tuple[Letter | None, str]:
    for relation in ("recalls", "replaces"):
        if relation in request.GET:
            pk = row_id(request.GET[relation])
            found = letters_for(request.actor).filter(pk=pk).select_related("case", "issuer").first() if pk else None
            if found is None or (relation == "replaces" and found.case.kind != OWN_CASE):
                raise Http404
            return found, relation
    return None, ""


def _form_page(request: ActorRequest, letter: Letter | None, *, earlier: Letter | None, relation: str) -> HttpResponse:
    actor, at = request.actor, now()
    day = local_date(at)
    choices: dict[str, Any] = {
        "units": Unit.objects.for_actor(actor).valid_on(day).filter(kind__in=_LISTED).exclude(pk=actor.unit_id)
        .order_by("kind", "pk"),
        "checkers": _with_right(Right.CHECK_LETTER, actor, at),
        "countersigners": countersigns.choices_for(actor, at=at),
        "files": letter.enclosures.all() if letter else Attachment.objects.none(),
    }  # fmt: skip
    form = (
        LetterForm(request.POST, request.FILES, **choices)
        if request.method == "POST"
        else LetterForm(initial=_initial(letter, earlier, relation), **choices)
    )

    def act() -> str:
        told = form.cleaned_data
        written = write(
            letter=letter,
            draft=Draft(**{name: told[name] for name in _DRAFT_FIELDS}),
            main=form.main(),
            copies=form.copies_named(),
            addressee=told["addressee"],
            enclosures=told["enclosures"],
            taken_out=told.get("taken_out") or (),
            countersigners=countersigns.chosen(told.get("countersigners") or [], actor=actor),
            in_order=bool(told.get("in_order")),
            checker=told["checker"],
            recalls=earlier if relation == "recalls" else None,
            replaces=earlier if relation == "replaces" else None,
            version=version_of(request) if letter else None,
            actor=actor,
            at=at,
        )
        return reverse("letters:detail", args=[written.pk])

    if request.method == "POST":
        refusals = (LetterRefused, FileRefused)
        answer = submit(request, form, act, actor=actor, at=at, refusals=refusals, done="稿件已保存")
        if answer:
            return answer
    heading = {"recalls": "拟撤回函", "replaces": "拟更正替代的文书"}.get(relation, "拟稿")
    context = {
        "form": form,
        "heading": heading,
        "crumbs": [{"text": "文书", "url": reverse("letters:list")}, {"text": heading}],
        "earlier": earlier,
        "return_note": letter.return_note if letter else "",
        "will": {
            "recalls": "撤回函同样经核稿、签发、编号；送达时原文书标明“已撤回”，不删除。",
            "replaces": "新文书另编文号并写明替代哪一份；送达时原文书标明“已被替代”，不删除。",
        }.get(relation, "须经另一人核稿，签发时编号，签发后不能修改。"),
        "cancel_url": reverse("letters:detail", args=[letter.pk]) if letter else reverse("letters:list"),
        "version": letter.case.version if letter else None,
        "form_key": new_form_key(),
    }
    return render(request, "letters/form.html", context, status=422 if form.errors else 200)


def _with_right(right: Right, actor: Actor, at: Any) -> Any:
    roles = [role.key for role in ROLES if right in role.rights]
    posts = Post.objects.open_on(local_date(at)).filter(unit=actor.unit_id, role_key__in=roles)
    return posts.exclude(person=actor.post.person_id).select_related("person", "unit")


def _initial(letter: Letter | None, earlier: Letter | None, relation: str) -> dict[str, Any]:
    if letter is not None:
        return _as_typed(letter) | {"checker": letter.checker_id}
    if earlier is None:
        return {"kind": Letter.Kind.NOTICE, "form": Letter.Form.WENJIAN}
    if relation == "replaces":
        return _as_typed(earlier)
    to = _as_typed(earlier)
    return {name: to[name] for name in ("main_units", "main_others", "copies")} | {
        "kind": Letter.Kind.LETTER,
        "form": Letter.Form.XINHAN,
        "title": f"关于撤回{earlier.number}文书的函",
        "body": f"我单位《{earlier.title}》（{earlier.number}）因__________，现予撤回，请停止执行。",
    }


def _as_typed(letter: Letter) -> dict[str, Any]:
    rows = list(letter.deliveries.select_related("unit"))
    main = [row for row in rows if not row.is_copy]
    listed = [row for row in main if row.unit and row.unit.kind in _LISTED]
    printed = "，".join(row.name for row in main)
    return {name: getattr(letter, name) for name in _DRAFT_FIELDS} | {
        "main_units": [row.unit_id for row in listed],
        "main_others": "、".join(row.name for row in main if row not in listed),
        "addressee": "" if letter.addressee == printed else letter.addressee,
        "copies": "、".join(str(row.unit or row.name) for row in rows if row.is_copy),
        "countersigners": countersigns.keys(letter),
        "in_order": letter.countersign_in_order,
    }

"""Letters that wait for one post's check go with the post (岗位交接)."""

from datetime import datetime

from django.db.models import QuerySet
from django.urls import reverse

from audit.services import record
from organisations.actors import Actor
from organisations.models import Person, Post
from organisations.roles import ROLE_BY_KEY, Right
from organisations.services.handing_over import Work
from records.events import Event
from records.models import Case, Letter


def _waiting(post: Post) -> QuerySet[Letter]:
    return Letter.objects.filter(checker=post, state=Letter.State.SUBMITTED).order_by("case_id", "pk")


def letters_to_check(post: Post, successor: Person, at: datetime) -> list[Work]:
    rows = []
    for letter in _waiting(post):
        own = letter.drafted_by_id == successor.pk
        hold = "接收人是拟稿人，不能核自己的稿；请退回后另选核稿人" if own else ""
        if not own and Right.CHECK_LETTER not in ROLE_BY_KEY[post.role_key].rights:
            hold = "这个岗位没有核稿权限"
        rows.append(Work(f"待核稿：{letter.title}", reverse("letters:detail", args=[letter.pk]), hold))
    return rows


def move_letters(post: Post, successor: Post, actor: Actor, at: datetime) -> int:
    """Under each case's lock, with an event on the case."""
    moved = 0
    for letter in _waiting(post).exclude(drafted_by=successor.person_id):
        Case.objects.select_for_update().get(pk=letter.case_id)
        if not Letter.objects.filter(pk=letter.pk, checker=post, state=Letter.State.SUBMITTED).update(
            checker=successor
        ):
            continue
        record(
            Event.CHECKER_CHANGED,
            by=actor.stamp,
            at=at,
            case_id=letter.case_id,
            subject=("letter", letter.pk),
            data={"from": post.person.name, "to": successor.person.name},
        )
        moved += 1
    return moved

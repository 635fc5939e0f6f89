"""Coming in, choosing the acting post, going out: each is an event (X3, X6)."""

from collections.abc import Iterable
from datetime import datetime

from django.contrib.postgres.expressions import ArraySubquery
from django.db import transaction
from django.db.models import OuterRef

from audit.clock import local_date
from audit.personal import Personal
from audit.services import Stamp, record
from organisations.actors import Actor
from organisations.events import Event
from organisations.models import Account, ApiToken, District, Post, Sector
from organisations.services import passwords
from organisations.services.devices import end_sessions


def open_posts(account: Account, *, at: datetime) -> list[Post]:
    """The posts in which this person may act at `at`, the earliest first; with the sectors that their units supervise."""
    supervised = Sector.departments.through.objects.filter(unit=OuterRef("unit"))
    return list(
        Post.objects.open_on(local_date(at))
        .filter(person_id=account.person_id)
        .annotate(supervised_sectors=ArraySubquery(supervised.values("sector")))
        .select_related("person", "unit__district", "unit__territory")
        .order_by("valid_from", "pk")
    )


def stamp_of(account: Account) -> Stamp:
    """Who it is before a post is chosen."""
    return Stamp(
        label=f"{account.person.name}（{account.username}）",
        account_id=account.pk,
        person_id=account.person_id,
        district_code=account.person.district.code,
    )


@transaction.atomic
def record_login(*, account: Account, posts: Iterable[Post], at: datetime, address: str = "") -> None:
    # Django's own signal wrote the computer's time; the register shows the portal's.
    Account.objects.filter(pk=account.pk).update(last_login=at)
    record(
        Event.LOGGED_IN,
        by=stamp_of(account),
        at=at,
        subject=("account", account.pk),
        data={"username": account.username, "posts": [str(post) for post in posts]},
        personal={"address": address},
    )


@transaction.atomic
def record_failure(*, username: str, at: datetime, address: str = "", locked: bool = False) -> None:
    """The name that was tried, never the password. An unknown name belongs to the only district, if there is only one."""
    name = username[:40]
    account = Account.objects.select_related("person__district").filter(username=name).first()
    data = {"username": name, "address": Personal(address), "known": account is not None, "locked": locked}
    if account is not None:
        by = stamp_of(account)
    else:
        codes = list(District.objects.values_list("code", flat=True)[:2])
        by = Stamp(label=f"未知用户（{name}）", district_code=codes[0] if len(codes) == 1 else "")
    record(Event.LOGIN_FAILED, by=by, at=at, subject=("account", account.pk if account else ""), data=data)


@transaction.atomic
def record_logout(*, account: Account, actor: Actor | None, at: datetime, why: str = "") -> None:
    record(
        Event.LOGGED_OUT,
        by=actor.stamp if actor else stamp_of(account),
        at=at,
        subject=("account", account.pk),
        data={"why": why} if why else {},
    )


@transaction.atomic
def choose_post(*, account: Account, post: Post, at: datetime) -> Actor:
    """Act in `post` from now on. ValueError for another person's post or one out of its term."""
    if post.person_id != account.person_id or not post.is_open_on(local_date(at)):
        raise ValueError("这个岗位不在任期内，不能选择")
    actor = Actor(account=account, post=post)
    record(Event.POST_CHOSEN, by=actor.stamp, at=at, subject=("post", post.pk), data={"role": post.role.label})
    return actor


@transaction.atomic
def change_password(*, account: Account, password: str, actor: Actor | None, at: datetime) -> None:
    """The holder sets a new password. Other sessions and all API tokens end with it."""
    passwords.set_password(account, password, at=at, first=False)
    revoke_tokens(account, at=at)
    end_sessions(account)
    record(
        Event.PASSWORD_CHANGED, by=actor.stamp if actor else stamp_of(account), at=at, subject=("account", account.pk)
    )


def demand_new_password(*, account: Account) -> None:
    """The password has stood its time; nothing can be done with it but changing it."""
    account.must_change_password = True
    account.save(update_fields=["must_change_password"])


def revoke_tokens(account: Account, *, at: datetime) -> int:
    """Whoever loses the password or the account loses what was obtained with it."""
    return ApiToken.objects.filter(account=account, revoked_at=None).update(revoked_at=at)

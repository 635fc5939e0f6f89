"""Who plays whom in the demo's history: for each unit a clerk, a colleague and a principal."""

from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.hashers import make_password

from config.demo.people import IN_OFFICE_SINCE
from organisations.actors import Actor
from organisations.models import Account, District, Enterprise, Person, Post, Unit
from organisations.pinyin import sort_key
from records.services.signing import Hand

# One drawn signature for all, as the signature field sends it.
STROKES = "M60 120 C90 60 120 60 140 110 M180 70 L300 72 C320 90 330 120 300 150 M380 60 L380 150 L460 140"


@dataclass(frozen=True)
class Side:
    """The people of one unit. A unit with a single person in it plays all three parts."""

    clerk: Actor
    colleague: Actor
    principal: Actor


class Cast:
    """All actors of the district by unit, read once."""

    def __init__(self, district: District) -> None:
        self.hand = Hand(strokes=STROKES, password=settings.DEMO_PASSWORD)
        accounts = {a.person_id: a for a in Account.objects.filter(person__district=district)}
        for account in accounts.values():
            # Set by this very command a moment ago; deriving it anew for each signature would take a minute.
            account.check_password = lambda raw: raw == settings.DEMO_PASSWORD  # type: ignore[method-assign]
        posts = Post.objects.filter(unit__district=district).select_related(
            "person", "unit__district", "unit__territory"
        )
        self._actors: dict[int, list[Actor]] = {}
        for post in posts.order_by("pk"):
            self._actors.setdefault(post.unit_id, []).append(Actor(account=accounts[post.person_id], post=post))

    def side_of(self, unit: Unit) -> Side:
        """The first post of a unit is its clerk, the second the colleague; the principal by role."""
        actors = self._actors[unit.pk]
        principal = next((a for a in actors if a.role.is_principal), actors[-1])
        return Side(clerk=actors[0], colleague=actors[min(1, len(actors) - 1)], principal=principal)


def add_principals(enterprises: list[Enterprise]) -> int:
    """Accounts for the principals of enterprises that have none yet; the user name is the enterprise's code."""
    people = Person.objects.bulk_create(
        Person(
            district_id=e.unit.district_id,
            name=e.principal_name,
            sort_key=sort_key(e.principal_name),
            phone=e.principal_phone,
        )
        for e in enterprises
    )
    password = make_password(settings.DEMO_PASSWORD)
    Account.objects.bulk_create(
        Account(username=e.uscc, person=p, password=password, must_change_password=False)
        for e, p in zip(enterprises, people, strict=True)
    )
    Post.objects.bulk_create(
        Post(person=p, unit=e.unit, title="主要负责人", role_key="enterprise_principal", valid_from=IN_OFFICE_SINCE)
        for e, p in zip(enterprises, people, strict=True)
    )
    return len(people)

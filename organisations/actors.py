"""The one who acts: an account, in one of its person's posts."""

from dataclasses import dataclass, replace
from functools import cached_property

from audit.services import Stamp
from organisations.models import Account, Person, Post, Unit
from organisations.roles import Right, Role, Scope


@dataclass(frozen=True)
class Actor:
    """Passed into every service. Rights and scope are the acting post's, identity is the person's."""

    account: Account
    post: Post
    # What a token narrows the post's rights to; None for somebody who is there in person.
    within: frozenset[Right] | None = None
    # Whose paper this post keys in: set only on the way where a scan is kept and a second person compares (X6).
    records_for: Unit | None = None
    # Enters a past case (补录): who acted then is what the papers say, whatever this post may do today.
    from_paper: bool = False

    @property
    def person(self) -> Person:
        return self.post.person

    @property
    def unit(self) -> Unit:
        return self.post.unit

    @property
    def unit_id(self) -> int:
        return self.post.unit_id

    @property
    def district_id(self) -> int:
        return self.post.unit.district_id

    @cached_property
    def supervised_sectors(self) -> list[int]:
        """The sectors its unit is in charge of: read with the post where somebody logged in (`logins.open_posts`)."""
        known: list[int] | None = getattr(self.post, "supervised_sectors", None)
        return list(self.unit.sectors.values_list("pk", flat=True)) if known is None else known

    @property
    def role(self) -> Role:
        role = self.post.role
        return role if self.within is None else replace(role, rights=role.rights & self.within)

    @property
    def scope(self) -> Scope:
        return self.post.role.scope

    @property
    def is_system_admin(self) -> bool:
        return Right.MANAGE_UNITS in self.post.role.rights

    def may(self, right: Right) -> bool:
        return right in self.role.rights

    @property
    def label(self) -> str:
        """周立新·区应急管理局危化工贸科科室负责人, as it stands on timelines and in evidence."""
        own = f"{self.person.name}·{self.unit}{self.post.section}{self.post.title}"
        if self.records_for is None or self.records_for.pk == self.unit_id:
            return own
        return f"{own}（代录：{self.records_for}）"

    @property
    def acts_for(self) -> Unit:
        """The own unit, or the one whose paper is keyed in (代录)."""
        return self.records_for or self.unit

    def stands_for(self, unit_id: int) -> bool:
        """Acts as that unit: in one of its posts, or by keying in what it signed on paper."""
        return unit_id == self.acts_for.pk

    @property
    def stamp(self) -> Stamp:
        return Stamp(
            label=self.label,
            account_id=self.account.pk,
            person_id=self.post.person_id,
            post_id=self.post.pk,
            unit_id=self.post.unit_id,
            district_code=self.unit.district.code,
        )

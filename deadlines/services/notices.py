"""Telling people in the portal. The row is the claim: a rung tells a person of a deadline once, however often it is said."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from audit.clock import local_date
from deadlines.models import Deadline, Notice
from deadlines.rungs import kind_of
from organisations.models import Person, Post
from organisations.roles import ROLES, Right

# Posts that work on cases; administrators and tip officers are not told of other people's deadlines.
WORKING = [r.key for r in ROLES if r.rights & {Right.TREAT, Right.ASSESS, Right.PROPOSE_ENFORCER, Right.DESIGNATE}]

_TO_OWNERS = """
INSERT INTO deadlines_notice (deadline_id, rung, text, person_id, post_id, at)
SELECT DISTINCT ON (d.id, p.person_id) d.id, %(rung)s, %(text)s, p.person_id, p.id, %(at)s
FROM deadlines_deadline d JOIN organisations_post p ON p.unit_id = d.owner_unit_id
WHERE d.id = ANY(%(deadlines)s)
  AND p.role_key = ANY(%(roles)s) AND p.valid_from <= %(today)s AND (p.valid_to IS NULL OR p.valid_to >= %(today)s)
ORDER BY d.id, p.person_id, p.id
ON CONFLICT (deadline_id, rung, person_id) DO NOTHING
"""


@transaction.atomic
def tell_owners(deadline_ids: Sequence[int], *, rung: str, text: str, at: datetime) -> int:
    """Tell everybody at work in the units that owe these deadlines; returns how many notices are new."""
    kind_of(rung)
    values: dict[str, Any] = {"deadlines": list(deadline_ids), "rung": rung, "text": text, "at": at}
    with connection.cursor() as cursor:
        cursor.execute(_TO_OWNERS, values | {"today": local_date(at), "roles": WORKING})
        return int(cursor.rowcount)


@transaction.atomic
def tell_person(*, person: Person, post: Post, deadline: Deadline, rung: str, text: str, at: datetime) -> bool:
    """Tell one person, in the post that the matter concerns; False when this rung has told them before."""
    kind_of(rung)
    _, is_new = Notice.objects.get_or_create(
        deadline=deadline, rung=rung, person=person, defaults={"post": post, "text": text, "at": at}
    )
    return is_new

"""A sheet that passed its check waits here for its sender's word. Unapplied it is forgotten, for it names people."""

import hashlib
from datetime import datetime, timedelta

from django.db import transaction

from organisations.actors import Actor
from risks.models import RiskImport
from risks.services.importing.sheet import Sheet

KEPT_FOR = timedelta(hours=72)


@transaction.atomic
def keep_upload(*, sheet: Sheet, data: bytes, file_name: str, actor: Actor, at: datetime) -> RiskImport:
    """Replaces what the same post uploaded before and did not apply."""
    RiskImport.objects.for_actor(actor).filter(applied_at=None).delete()
    return RiskImport.objects.create(
        account=actor.account,
        post=actor.post,
        file_name=file_name[:120],
        digest=hashlib.sha256(data).hexdigest(),
        rows=sheet.rows,
        letters=sheet.letters,
        uploaded_at=at,
    )


def forget_unapplied(*, at: datetime) -> int:
    return RiskImport.objects.filter(applied_at=None, uploaded_at__lt=at - KEPT_FOR).delete()[0]

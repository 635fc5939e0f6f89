"""X6: the database itself refuses to change evidence, whoever asks."""

import pytest
from django.db import InternalError, connection, transaction
from django.db.utils import DatabaseError

from audit.models import AuditEvent, AuditLink
from audit.sealing import seal
from records.models import Signature
from tests.risks.builders import risk_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def evidence() -> None:
    risk_in("graded")
    seal()
    assert AuditEvent.objects.exists() and AuditLink.objects.exists() and Signature.objects.exists()


@pytest.mark.parametrize("table", ["audit_auditevent", "audit_auditlink", "records_signature"])
@pytest.mark.parametrize("verb", ["UPDATE {} SET digest = 'x'", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_x6_evidence_cannot_be_changed(evidence, table, verb):
    with connection.cursor() as cursor:
        # Deferred foreign keys would otherwise refuse the TRUNCATE first.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"SELECT count(*), min(digest) FROM {table}")
        before = cursor.fetchone()
        with pytest.raises((InternalError, DatabaseError), match="evidence is append-only"), transaction.atomic():
            cursor.execute(verb.format(table))
        cursor.execute(f"SELECT count(*), min(digest) FROM {table}")
        assert cursor.fetchone() == before


def test_x6_objects_refuse_too(evidence):
    event = AuditEvent.objects.earliest("id")
    event.actor_label = "别人"
    with pytest.raises(DatabaseError, match="evidence is append-only"), transaction.atomic():
        event.save()
    with pytest.raises(DatabaseError), transaction.atomic():
        Signature.objects.all().delete()
    assert AuditEvent.objects.earliest("id").actor_label != "别人"

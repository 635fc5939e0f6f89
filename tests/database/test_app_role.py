"""X6: the application's role in the database can do a whole act, and nothing to the evidence but add to it."""

import io
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, connections, transaction
from django.test import Client

from audit.anchors.writing import read_own, write_anchor
from audit.erasing import ask_erasure, decide_erasure, values_like
from audit.models import AuditEvent, AuditPersonal
from audit.sealing import seal
from audit.verification import verify
from config.checks import application_role
from tests.factories import PASSWORD, at, make_actor
from tests.risks.builders import risk_in

ROLE, SECRET = f"app_{secrets.token_hex(4)}", secrets.token_hex(12)


def as_owner(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.fixture(scope="module")
def role(cloned_db: str) -> Iterator[str]:
    as_owner(f"CREATE ROLE {ROLE} LOGIN PASSWORD '{SECRET}'")
    call_command("grant_app_role", ROLE, stdout=io.StringIO())
    yield ROLE
    as_owner(f"DROP OWNED BY {ROLE}")
    as_owner(f"DROP ROLE {ROLE}")


@contextmanager
def connected_as(role: str) -> Iterator[None]:
    settings = connections["default"].settings_dict
    before = settings["USER"], settings["PASSWORD"]
    connection.close()
    settings["USER"], settings["PASSWORD"] = role, SECRET
    try:
        yield
    finally:
        connection.close()
        settings["USER"], settings["PASSWORD"] = before


def test_x6_a_whole_act_works_as_the_application(role, anchor_dir, media, plain_font):
    with connected_as(role):
        scene = risk_in("treating")
        assert scene.letter().number and scene.state == "treating"
        actor = make_actor("security_admin", username="anquan")
        client = Client()
        assert client.post("/login/", {"username": "anquan", "password": PASSWORD}).status_code == 302
        assert client.get("/manage/accounts/").status_code == 200
        assert client.get("/readyz").json() == {"status": "ok"}
        assert seal() > 0
        assert write_anchor(at=datetime.now(UTC)) is not None
        values = values_like(["127.0.0.1"], district_code="340303")
        erasure = ask_erasure(
            values=[v.pk for v in values], reason="本人申请", by=actor.stamp, at=at("2026-10-09 09:00")
        )
        other = make_actor("audit_admin")
        assert decide_erasure(erasure=erasure, approve=True, note="", by=other.stamp, at=at("2026-10-09 10:00")) == 1
        assert verify(reading=read_own()).problems == []


REFUSED = [
    *(
        verb.format(table)
        for table in ("audit_auditevent", "audit_auditlink", "records_signature")
        for verb in (
            "UPDATE {} SET digest = 'x'",
            "DELETE FROM {}",
            "TRUNCATE {} CASCADE",
            "ALTER TABLE {} DISABLE TRIGGER ALL",
            "DROP TABLE {} CASCADE",
        )
    ),
    "UPDATE audit_auditpersonal SET field = 'x'",
    "DELETE FROM audit_auditpersonal",
    "TRUNCATE audit_auditpersonal",
    "SET session_replication_role = 'replica'",
    "DROP FUNCTION evidence_is_append_only() CASCADE",
    "CREATE OR REPLACE FUNCTION evidence_is_append_only() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "CREATE TABLE audit_copy (x int)",
    "DELETE FROM django_migrations",
]


def test_x6_the_application_cannot_tamper(role):
    risk_in("graded")
    before = AuditEvent.objects.count(), AuditPersonal.objects.count()
    allowed = []
    owner = connection.settings_dict["USER"]
    with connected_as(role):
        for statement in [*REFUSED, f'SET ROLE "{owner}"']:
            try:
                with transaction.atomic(), connection.cursor() as cursor:
                    cursor.execute(statement)
                allowed.append(statement)
            except DatabaseError as error:
                # By the server's rights, not by a guard that could be switched off.
                if getattr(error.__cause__, "pgcode", "") != "42501":
                    allowed.append(f"{statement}: {error}")
    assert allowed == []
    assert (AuditEvent.objects.count(), AuditPersonal.objects.count()) == before


def test_x6_granting_again_takes_back_what_was_added(role):
    as_owner(f"GRANT UPDATE ON audit_auditevent TO {role}")
    with connected_as(role):
        assert [warning.id for warning in application_role()] == ["zhuan.W001"]
    call_command("grant_app_role", role, stdout=io.StringIO())
    with connected_as(role):
        assert application_role() == []


def test_x6_statements_can_be_printed_and_run_by_hand(role):
    out = io.StringIO()
    call_command("grant_app_role", role, "--print", stdout=out)
    lines = out.getvalue().splitlines()
    assert f'GRANT SELECT, INSERT ON "audit_auditevent" TO "{role}";' in lines
    assert f'GRANT SELECT, INSERT, UPDATE, DELETE ON "records_case" TO "{role}";' in lines
    assert all(line.endswith(";") for line in lines)


def test_x6_owner_or_unknown_role_is_refused(cloned_db):
    owner = connection.settings_dict["USER"]
    with pytest.raises(CommandError, match="是超级用户"):
        call_command("grant_app_role", owner)
    with pytest.raises(CommandError, match="没有数据库角色 nobody_here"):
        call_command("grant_app_role", "nobody_here")


def test_x6_deploy_check_warns_of_an_owner_outside_the_demo(cloned_db, settings):
    settings.DEMO = False
    assert [(w.id, "超级用户" in w.msg) for w in application_role()] == [("zhuan.W001", True)]
    settings.DEMO = True
    assert application_role() == []

"""Accounts nobody uses are disabled by the portal itself (X3)."""

from datetime import timedelta

import pytest

from audit.models import AuditEvent
from organisations.events import Event
from organisations.models import Account, ApiToken
from organisations.services.stale import disable_stale
from organisations.services.tokens import issue_token
from tests.factories import at, client_for, make_actor

pytestmark = pytest.mark.django_db
NOW = at("2026-10-09 03:00")


def used(actor, *, days: int):
    Account.objects.filter(pk=actor.account.pk).update(
        last_login=NOW - timedelta(days=days), password_set_at=NOW - timedelta(days=900)
    )
    return actor


def active(actor) -> bool:
    return Account.objects.get(pk=actor.account.pk).is_active


def test_x3_ninety_days_without_use_disable_an_account_on_record():
    old, recent, new = used(make_actor(), days=91), used(make_actor(), days=89), make_actor()
    _, row = issue_token(actor=old, at=NOW - timedelta(days=100))
    assert disable_stale(at=NOW) == (1, 1)
    assert (active(old), active(recent), active(new)) == (False, True, True)
    row.refresh_from_db()
    assert row.revoked_at == NOW
    event = AuditEvent.objects.get(name=Event.ACCOUNT_STALE)
    assert (event.actor_label, event.account_id, event.subject_id) == ("系统", None, str(old.account.pk))
    assert disable_stale(at=NOW) == (0, 0)


def test_x3_an_account_opened_long_ago_and_never_used_is_stale():
    actor = make_actor()
    Account.objects.filter(pk=actor.account.pk).update(password_set_at=NOW - timedelta(days=91), last_login=None)
    assert disable_stale(at=NOW) == (1, 1)


def test_x3_a_program_uses_an_account_too():
    actor = used(make_actor(), days=200)
    issue_token(actor=actor, at=NOW - timedelta(days=20))
    ApiToken.objects.update(used_at=NOW - timedelta(days=3))
    assert disable_stale(at=NOW) == (0, 0)


def test_x3_the_last_security_administrator_stays():
    first, second = used(make_actor("security_admin"), days=300), used(make_actor("security_admin"), days=200)
    assert disable_stale(at=NOW) == (2, 1)
    assert (active(first), active(second)) == (False, True)


def test_x3_zero_days_is_never(settings):
    settings.STALE_ACCOUNT_DAYS = 0
    used(make_actor(), days=9000)
    assert disable_stale(at=NOW) == (0, 0)


def test_x3_the_security_administrator_is_warned_a_fortnight_before(settings):
    settings.BUSINESS_NOW = NOW.isoformat()
    used(make_actor(username="jiangting"), days=77)
    used(make_actor(username="haizao"), days=75)
    client = client_for(make_actor("security_admin"))
    assert "有 1 个账号停用在即" in client.get("/manage/accounts/").content.decode()
    page = client.get("/manage/accounts/?state=stale").content.decode()
    assert "jiangting" in page and "haizao" not in page

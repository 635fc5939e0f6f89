"""动态口令: enrolled, asked for, never taken twice, reset by another (X3). The oracle is RFC 6238 written out here."""

import base64
import hashlib
import hmac
import re
import struct
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from audit.models import AuditEvent
from organisations.events import Event
from organisations.models import RecoveryCode, SecondFactor
from organisations.services import second_factor
from organisations.services.second_factor import CodeRefused
from tests.api.test_tokens import ask
from tests.factories import PASSWORD, at, client_for, make_actor, make_enterprise

pytestmark = pytest.mark.django_db
NOW = at("2026-10-09 09:00")


def code_for(secret: bytes, moment: float) -> str:
    mac = hmac.new(secret, struct.pack(">Q", int(moment) // 30), hashlib.sha1).digest()
    start = mac[-1] & 15
    return f"{(struct.unpack('>I', mac[start : start + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"


def test_x3_the_oracle_agrees_with_the_standard():
    assert code_for(b"12345678901234567890", 59) == "287082"
    assert code_for(b"12345678901234567890", 1111111109) == "081804"


def log_in(username="anjian", following=""):
    client = Client()
    url = f"/login/?next={following}" if following else "/login/"
    return client, client.post(url, {"username": username, "password": PASSWORD})


def secret_on(page: str) -> bytes:
    word = re.search(r'<code class="long">([A-Z2-7 ]+)</code>', page).group(1).replace(" ", "")
    return base64.b32decode(word + "=" * (-len(word) % 8))


def enrolled(actor, moment: datetime) -> tuple[bytes, list[str]]:
    secret = second_factor.offered_secret(actor.account)
    code = code_for(secret, moment.timestamp())
    return secret, second_factor.enrol(account=actor.account, code=code, phone_time=moment, at=NOW)


def test_x3_an_official_enrols_at_the_first_login_and_goes_on_where_he_wanted(settings):
    settings.REQUIRE_TOTP = "officials"
    actor = make_actor(username="anjian")
    client, response = log_in(following="/rules/")
    assert response.url == "/login/enrol/?next=%2Frules%2F"
    assert "_auth_user_id" not in client.session
    page = client.get(response.url).content.decode()
    assert "<svg" in page and "style=" not in page and "<script>" not in page
    secret = secret_on(page)
    assert secret == secret_on(client.get(response.url).content.decode()), "a reload shows the same picture"
    wrong = client.post(response.url, {"code": "000000" if code_for(secret, time.time()) != "000000" else "111111"})
    assert "动态口令不对" in wrong.content.decode()
    shown = client.post(response.url, {"code": code_for(secret, time.time())}).content.decode()
    codes = re.findall(r"<code>([a-z0-9-]+)</code>", shown)
    assert (len(codes), 'href="/rules/"' in shown) == (10, True)
    assert client.get("/rules/").status_code == 200
    row = SecondFactor.objects.get(account=actor.account)
    assert base64.b32encode(secret).decode() not in row.secret and secret.hex() not in row.secret
    assert not RecoveryCode.objects.filter(digest__in=codes).exists()
    assert AuditEvent.objects.filter(name=Event.FACTOR_ENROLLED).count() == 1


def test_x3_afterwards_the_password_alone_opens_nothing():
    actor = make_actor(username="anjian")
    moment = datetime.now(UTC)
    secret, _ = enrolled(actor, moment - timedelta(seconds=60))
    client, response = log_in()
    assert response.url == "/login/code/"
    assert client.get("/rules/").url.startswith("/login/")
    assert client.post("/login/code/", {"code": "12345"}).status_code == 200
    assert client.post("/login/code/", {"code": code_for(secret, time.time())}).url == "/"
    assert client.get("/rules/").status_code == 200


def test_x3_a_code_counts_once():
    actor = make_actor()
    moment = datetime(2026, 10, 9, 1, 0, tzinfo=UTC)
    secret, _ = enrolled(actor, moment)
    with pytest.raises(CodeRefused, match="已用过"):
        second_factor.verify(
            account=actor.account, code=code_for(secret, moment.timestamp()), phone_time=moment, at=NOW
        )
    later = moment + timedelta(seconds=30)
    code = code_for(secret, later.timestamp())
    second_factor.verify(account=actor.account, code=code, phone_time=later, at=NOW)
    with pytest.raises(CodeRefused, match="已用过"):
        second_factor.verify(account=actor.account, code=code, phone_time=later + timedelta(seconds=29), at=NOW)


@pytest.mark.parametrize(("seconds", "taken"), [(-60, False), (-30, True), (30, True), (60, False)])
def test_x3_one_step_of_drift_is_forgiven(seconds, taken):
    actor = make_actor()
    start = datetime(2026, 10, 9, 1, 0, tzinfo=UTC)
    secret, _ = enrolled(actor, start)
    moment = start + timedelta(minutes=10)
    code = code_for(secret, moment.timestamp() + seconds)
    if taken:
        second_factor.verify(account=actor.account, code=code, phone_time=moment, at=NOW)
    else:
        with pytest.raises(CodeRefused, match="动态口令不对"):
            second_factor.verify(account=actor.account, code=code, phone_time=moment, at=NOW)


def test_x3_five_wrong_codes_rest_for_a_quarter_of_an_hour():
    actor = make_actor()
    moment = datetime(2026, 10, 9, 1, 0, tzinfo=UTC)
    secret, _ = enrolled(actor, moment)
    later = moment + timedelta(minutes=5)
    for _ in range(5):
        with pytest.raises(CodeRefused):
            second_factor.verify(account=actor.account, code="no-code", phone_time=later, at=NOW)
    right = code_for(secret, later.timestamp())
    with pytest.raises(CodeRefused, match="15 分钟后"):
        second_factor.verify(account=actor.account, code=right, phone_time=later, at=NOW + timedelta(minutes=14))
    second_factor.verify(account=actor.account, code=right, phone_time=later, at=NOW + timedelta(minutes=15))
    assert AuditEvent.objects.filter(name=Event.FACTOR_FAILED).count() == 5


def test_x3_a_recovery_code_works_once():
    actor = make_actor()
    moment = datetime(2026, 10, 9, 1, 0, tzinfo=UTC)
    _, codes = enrolled(actor, moment)
    second_factor.verify(account=actor.account, code=codes[3].upper(), phone_time=moment, at=NOW)
    with pytest.raises(CodeRefused, match="已用过"):
        second_factor.verify(account=actor.account, code=codes[3], phone_time=moment, at=NOW)
    assert AuditEvent.objects.get(name=Event.RECOVERY_CODE_USED).data == {"left": 9}


def test_x3_the_security_administrator_resets_it_never_the_own():
    actor, admin = make_actor(username="anjian"), make_actor("security_admin")
    enrolled(actor, datetime.now(UTC))
    client = client_for(admin)
    url = f"/manage/accounts/{actor.account.pk}/"
    assert "备用码还有 10 个" in client.get(url).content.decode()
    assert client.post(f"{url}do/reset-factor/", {"reason": "换手机，已当面核对"}).url == url
    assert (SecondFactor.objects.count(), RecoveryCode.objects.count()) == (0, 0)
    assert AuditEvent.objects.get(name=Event.FACTOR_RESET).data["reason"] == "换手机，已当面核对"
    enrolled(admin, datetime.now(UTC))
    own = client.post(f"/manage/accounts/{admin.account.pk}/do/reset-factor/", {"reason": "试"})
    assert "不能重置自己的动态口令" in own.content.decode()
    assert SecondFactor.objects.filter(account=admin.account).exists()


def test_x3_who_must_have_one(settings):
    official = make_actor().account
    reporter = make_actor("enterprise_reporter", make_enterprise()).account
    table = {"off": (False, False), "officials": (True, False), "all": (True, True)}
    for value, expected in table.items():
        settings.REQUIRE_TOTP = value
        assert (
            second_factor.is_required(official, at=NOW),
            second_factor.is_required(reporter, at=NOW),
        ) == expected, value


def test_x3_a_token_asks_for_it_too(settings):
    actor = make_actor(username="anjian")
    secret, _ = enrolled(actor, datetime.now(UTC) - timedelta(seconds=60))
    assert ask(400, username="anjian", password=PASSWORD)["errors"] == {"code": ["请填写动态口令"]}
    assert ask(400, username="anjian", password=PASSWORD, code="x")["errors"] == {"code": ["备用码不对，或已用过"]}
    assert ask(200, username="anjian", password=PASSWORD, code=code_for(secret, time.time()))["token"]
    settings.REQUIRE_TOTP = "officials"
    make_actor(username="juzhang")
    assert "启用动态口令" in ask(403, username="juzhang", password=PASSWORD)["detail"]


def test_x3_with_another_key_nothing_can_be_read(settings):
    actor = make_actor()
    moment = datetime(2026, 10, 9, 1, 0, tzinfo=UTC)
    secret, _ = enrolled(actor, moment)
    settings.SECOND_FACTOR_KEY = "another key"
    with pytest.raises(CodeRefused, match="密钥已更换"):
        second_factor.verify(
            account=actor.account,
            code=code_for(secret, moment.timestamp() + 60),
            phone_time=moment + timedelta(seconds=60),
            at=NOW,
        )

"""动态口令: the second factor of officials, by RFC 6238 (docs/adr/0023)."""

import base64
import hashlib
import secrets
from datetime import datetime, timedelta
from urllib.parse import quote, urlencode

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import transaction
from django_otp.oath import TOTP

from audit.services import record
from organisations.events import Event
from organisations.models import Account, RecoveryCode, SecondFactor
from organisations.services.logins import stamp_of
from organisations.services.passwords import is_official

STEP = 30
MOST_FAILURES = 5
WAIT = timedelta(minutes=15)
RECOVERY_CODES = 10
_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"


class CodeRefused(Exception):
    """Shown at the field of the code."""

    field = "code"


def is_required(account: Account, *, at: datetime) -> bool:
    """By the district's setting, and always for somebody who has one."""
    if settings.REQUIRE_TOTP == "all" or is_enrolled(account):
        return True
    return settings.REQUIRE_TOTP == "officials" and is_official(account, at=at)


def is_enrolled(account: Account) -> bool:
    return SecondFactor.objects.filter(account=account, confirmed_at__isnull=False).exists()


def _cipher() -> Fernet:
    """Its own key when the district gives one, else one derived from SECRET_KEY: losing that costs enrolling anew."""
    given = settings.SECOND_FACTOR_KEY or settings.SECRET_KEY
    kdf = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"zhuan second factor")
    return Fernet(base64.urlsafe_b64encode(kdf.derive(given.encode())))


def secret_of(factor: SecondFactor) -> bytes:
    """The shared secret. CodeRefused when the key that encrypted it is gone."""
    try:
        return _cipher().decrypt(factor.secret.encode())
    except InvalidToken as error:
        raise CodeRefused("动态口令的密钥已更换，请联系安全管理员重置动态口令") from error


@transaction.atomic
def offered_secret(account: Account) -> bytes:
    """The secret on the enrolment page: the same until it is confirmed, so that a reload does not spoil the picture."""
    factor, _ = SecondFactor.objects.select_for_update().get_or_create(account=account, defaults={"secret": ""})
    if factor.confirmed_at is not None:
        raise CodeRefused("这个账号已启用动态口令")
    if factor.secret:
        try:
            return secret_of(factor)
        except CodeRefused:
            pass
    secret = secrets.token_bytes(20)
    factor.secret = _cipher().encrypt(secret).decode()
    factor.save(update_fields=["secret"])
    return secret


def address_for_app(account: Account, secret: bytes, *, issuer: str) -> str:
    """What the picture says to the authenticator app."""
    label = quote(f"{issuer}:{account.username}")
    word = base64.b32encode(secret).decode().rstrip("=")
    return f"otpauth://totp/{label}?{urlencode({'secret': word, 'issuer': issuer}, quote_via=quote)}"


@transaction.atomic
def enrol(*, account: Account, code: str, phone_time: datetime, at: datetime) -> list[str]:
    """Confirm with a first code, judged at the world's time and not at the portal's, which the demo can set. Returns the recovery codes, which are shown once. CodeRefused for a wrong code."""
    factor = SecondFactor.objects.select_for_update().filter(account=account, confirmed_at=None).first()
    if factor is None or not factor.secret:
        raise CodeRefused("请重新打开本页，扫描新的二维码")
    step = _matching_step(factor, code, phone_time)
    if step is None:
        raise CodeRefused("动态口令不对，请核对手机时间是否准确")
    factor.confirmed_at, factor.last_step, factor.failures = at, step, 0
    factor.save()
    codes = [
        "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(2)) for _ in range(RECOVERY_CODES)
    ]
    RecoveryCode.objects.filter(account=account).delete()
    RecoveryCode.objects.bulk_create(RecoveryCode(account=account, digest=_digest(account, code)) for code in codes)
    record(Event.FACTOR_ENROLLED, by=stamp_of(account), at=at, subject=("account", account.pk))
    return codes


def verify(*, account: Account, code: str, phone_time: datetime, at: datetime) -> None:
    """CodeRefused for a wrong, used or throttled code. Failures are kept although the login does not go on."""
    with transaction.atomic():
        factor = SecondFactor.objects.select_for_update().filter(account=account).first()
        if factor is None or factor.confirmed_at is None:
            raise CodeRefused("这个账号还没有启用动态口令")
        if factor.locked_until and at < factor.locked_until:
            raise CodeRefused("动态口令连续输错，请 15 分钟后再试")
        refusal = _use(factor, code, phone_time, at)
        if refusal:
            factor.failures += 1
            if factor.failures >= MOST_FAILURES:
                factor.failures, factor.locked_until = 0, at + WAIT
            record(Event.FACTOR_FAILED, by=stamp_of(account), at=at, subject=("account", account.pk))
        else:
            factor.failures, factor.locked_until = 0, None
        factor.save()
    if refusal:
        raise CodeRefused(refusal)


def _use(factor: SecondFactor, code: str, phone_time: datetime, at: datetime) -> str:
    """Use up the code, or say why not."""
    code = "".join(code.split()).lower()
    if not code.isdigit():
        spent = RecoveryCode.objects.filter(
            account=factor.account_id, digest=_digest(factor.account, code), used_at=None
        ).update(used_at=at)
        if not spent:
            return "备用码不对，或已用过"
        left = RecoveryCode.objects.filter(account=factor.account_id, used_at=None).count()
        record(
            Event.RECOVERY_CODE_USED,
            by=stamp_of(factor.account),
            at=at,
            subject=("account", factor.account_id),
            data={"left": left},
        )
        return ""
    step = _matching_step(factor, code, phone_time)
    if step is None:
        return "动态口令不对"
    if step <= factor.last_step:
        return "这个动态口令已用过，请等下一个"
    factor.last_step = step
    return ""


def _matching_step(factor: SecondFactor, code: str, phone_time: datetime) -> int | None:
    """One step of drift either way."""
    code = "".join(code.split())
    if len(code) != 6 or not (code.isascii() and code.isdigit()):
        return None
    generator = TOTP(secret_of(factor), step=STEP)
    generator.time = phone_time.timestamp()
    return generator.t() if generator.verify(int(code), tolerance=1) else None


def _digest(account: Account, code: str) -> str:
    """Forty bits of chance are hashed with the portal's key: the table alone gives nothing to try against."""
    return hashlib.blake2b(
        f"{account.pk}:{code}".encode(), key=settings.SECRET_KEY.encode()[:64], digest_size=32
    ).hexdigest()

"""What stands around an account: devices, sessions, earlier passwords, the second factor."""

from django.db import models

from organisations.models.people import Account


class KnownDevice(models.Model):
    """A browser and an address from which this account has logged in. Guessing from elsewhere does not count against it."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="devices")
    # SHA-256 of the random word in the browser's `device` cookie.
    digest = models.CharField(max_length=64)
    address = models.GenericIPAddressField("地址", null=True)
    agent = models.CharField("浏览器", max_length=60, blank=True)
    first_at = models.DateTimeField("首次登录")
    last_at = models.DateTimeField("最近登录")

    class Meta:
        verbose_name = verbose_name_plural = "常用设备"
        constraints = [models.UniqueConstraint(fields=["account", "digest", "address"], name="known_device_once")]
        indexes = [models.Index(fields=["account", "address"])]


class LoginSession(models.Model):
    """A running login, so that its holder can see and end it. The session itself is Django's row of the same key."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="sessions")
    session_key = models.CharField(max_length=40, unique=True)
    started_at = models.DateTimeField("登录时间")
    seen_at = models.DateTimeField("最近操作")
    address = models.GenericIPAddressField("地址", null=True)
    agent = models.CharField("浏览器", max_length=60, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "登录"
        ordering = ["-seen_at", "-pk"]


class PasswordHistory(models.Model):
    """Hashes of the passwords an account had, so that they do not come back."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="earlier_passwords")
    password = models.CharField(max_length=128)
    at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "历次密码"
        ordering = ["-at", "-pk"]


class SecondFactor(models.Model):
    """The secret that an authenticator app shares with the portal; encrypted, see organisations/services/second_factor.py."""

    account = models.OneToOneField(Account, on_delete=models.CASCADE, primary_key=True, related_name="second_factor")
    secret = models.TextField()
    confirmed_at = models.DateTimeField("启用时间", null=True)
    # The last 30-second step that was used: no code counts twice.
    last_step = models.BigIntegerField(default=-1)
    failures = models.PositiveSmallIntegerField(default=0)
    locked_until = models.DateTimeField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = "动态口令"


class RecoveryCode(models.Model):
    """Instead of the telephone, once each. Only the digest is kept."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="recovery_codes")
    digest = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = "备用码"
        constraints = [models.UniqueConstraint(fields=["account", "digest"], name="recovery_code_once")]

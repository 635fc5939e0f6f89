"""Natural persons, the accounts they log in with and the posts they act in."""

from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Self

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q

from organisations.models.district import District
from organisations.models.unit import Unit
from organisations.pinyin import sort_key
from organisations.roles import ROLE_BY_KEY, ROLE_CHOICES, Role, TokenScope

if TYPE_CHECKING:
    from organisations.actors import Actor


class Person(models.Model):
    """A natural person. "Not your own act" is checked by person: two accounts of one person are one."""

    district = models.ForeignKey(District, on_delete=models.PROTECT, verbose_name="区县")
    name = models.CharField("姓名", max_length=40)
    sort_key = models.CharField("拼音", max_length=240, editable=False)
    phone = models.CharField("手机", max_length=20, blank=True)
    email = models.EmailField("电子邮件", blank=True, default="", db_default="")

    class Meta:
        verbose_name = verbose_name_plural = "人员"
        ordering = ["sort_key"]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: object, **kwargs: object) -> None:
        self.sort_key = sort_key(self.name)
        super().save(*args, **kwargs)  # type: ignore[arg-type]

    @property
    def masked_phone(self) -> str:
        return mask_phone(self.phone)

    @property
    def masked_email(self) -> str:
        """z***@example.gov.cn"""
        name, _, host = self.email.partition("@")
        return f"{name[:1]}***@{host}" if host else ""


def mask_phone(phone: str) -> str:
    """138****8000; anything shorter than 8 characters is hidden whole."""
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) >= 8 else "*" * len(phone)


class AccountManager(BaseUserManager["Account"]):
    def get_by_natural_key(self, username: str | None) -> "Account":
        return self.select_related("person").get(username=username)


class Account(AbstractBaseUser):
    username = models.CharField("用户名", max_length=40, unique=True, error_messages={"unique": "这个用户名已有人使用"})
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="accounts", verbose_name="人员")
    is_active = models.BooleanField("启用", default=True)
    must_change_password = models.BooleanField("首次登录须改密码", default=True)
    password_set_at = models.DateTimeField("密码设定时间", null=True, blank=True)

    objects = AccountManager()
    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: list[str] = []

    class Meta:
        verbose_name = verbose_name_plural = "账号"
        ordering = ["username"]

    def __str__(self) -> str:
        return self.username

    # Django's admin is not used; rights come from the acting post alone.
    is_staff = False
    is_superuser = False


class PostQuerySet(models.QuerySet["Post"]):
    def open_on(self, day: date) -> Self:
        return self.filter(valid_from__lte=day).filter(Q(valid_to__isnull=True) | Q(valid_to__gte=day))

    def for_actor(self, actor: "Actor") -> Self:
        return self.filter(unit__district_id=actor.district_id)


class Post(models.Model):
    """A person's post in a unit: the hat under which every act is done."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="posts", verbose_name="人员")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="posts", verbose_name="单位")
    section = models.CharField("科室", max_length=40, blank=True)
    title = models.CharField("职务", max_length=40)
    role_key = models.CharField("角色", max_length=30, choices=ROLE_CHOICES)
    is_acting = models.BooleanField("主持工作", default=False, help_text="以文件明确代行主要负责人职责")
    basis = models.CharField("任职依据", max_length=120, blank=True)
    valid_from = models.DateField("任职日期")
    valid_to = models.DateField("免职日期", null=True, blank=True)
    # A post that was lent: the rights of its role that came with it (values of Right). None: all of them.
    granted = models.JSONField("委托事项", null=True, blank=True, editable=False)

    objects = PostQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "岗位"
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
                name="post_validity_in_order",
                violation_error_message="免职日期不能早于任职日期",
            )
        ]
        indexes = [models.Index(fields=["unit", "role_key"])]

    def __str__(self) -> str:
        return f"{self.unit_label}{self.title}"

    @property
    def role(self) -> Role:
        role = ROLE_BY_KEY[self.role_key]
        return role if self.granted is None else replace(role, rights=role.rights & set(self.granted))

    @property
    def unit_label(self) -> str:
        return f"{self.unit}·{self.section}" if self.section else str(self.unit)

    def is_open_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


class ApiToken(models.Model):
    """A bearer token. Only its digest is stored; it speaks for one account in one post, as far as its scopes go."""

    digest = models.CharField(max_length=64, unique=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    post = models.ForeignKey(Post, on_delete=models.PROTECT)
    name = models.CharField("用途", max_length=60, blank=True)
    # Values of organisations.roles.TokenScope.
    scopes = models.JSONField("范围", default=list)
    created_at = models.DateTimeField("签发时间")
    address = models.GenericIPAddressField("签发地址", null=True)
    expires_at = models.DateTimeField("有效期至")
    revoked_at = models.DateTimeField("停用时间", null=True, blank=True)
    used_at = models.DateTimeField("最近使用", null=True)
    used_from = models.GenericIPAddressField("使用地址", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "接口令牌"
        ordering = ["-pk"]

    @property
    def scope_labels(self) -> list[str]:
        return [TokenScope(scope).label.partition("：")[0] for scope in self.scopes]

    def is_usable_at(self, at: datetime) -> bool:
        return self.revoked_at is None and at < self.expires_at

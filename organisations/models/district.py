"""The district, its territory and its sectors."""

from typing import Any

from django.db import models


class District(models.Model):
    """A district that the portal serves. Several may share a database; every scoped row names its district."""

    code = models.CharField("区划代码", max_length=6, unique=True)
    name = models.CharField("名称", max_length=60)
    city_name = models.CharField("所属市", max_length=60)
    portal_title = models.CharField("平台名称", max_length=60)
    # Checked by organisations.profile on loading: terms, letterheads, thresholds of this district.
    profile = models.JSONField("区县配置", default=dict)
    is_demo = models.BooleanField("演示区县", default=False)

    class Meta:
        verbose_name = verbose_name_plural = "区县"

    def __str__(self) -> str:
        return self.name

    def term(self, key: str, default: str) -> str:
        """A configurable term of the profile in the ledger's text form (`WD2`), or the rule's default."""
        terms: dict[str, Any] = self.profile.get("terms", {})
        return str(terms.get(key, default))

    def schedule(self, key: str, default: str) -> str:
        """How often and by when something is filed, in the text form of `deadlines.periods` (`Q+1-10R`), or the default."""
        schedules: dict[str, Any] = self.profile.get("schedules", {})
        return str(schedules.get(key, default))


class Territory(models.Model):
    """An area by statistics code (国家统计局区划代码), as a tree: district 340303 → townships and streets 340303001 …"""

    class Kind(models.TextChoices):
        DISTRICT = "district", "区"
        STREET = "street", "街道"
        TOWNSHIP = "township", "乡"
        TOWN = "town", "镇"
        COMMUNITY_CENTRE = "community_centre", "社区行政事务管理中心"

    district = models.ForeignKey(District, on_delete=models.PROTECT, related_name="territories", verbose_name="区县")
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, verbose_name="上级区划")
    code = models.CharField("统计代码", max_length=12, unique=True)
    name = models.CharField("名称", max_length=60)
    kind = models.CharField("类型", max_length=20, choices=Kind.choices)
    # False for the areas that the development zone runs: they are in the district but not its to supervise.
    is_district_managed = models.BooleanField("由本区管理", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "区划"
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class Sector(models.Model):
    """An industry or field that the notice names (二(五), 三(三), 三(四)), with the departments that supervise it."""

    district = models.ForeignKey(District, on_delete=models.PROTECT, related_name="sectors", verbose_name="区县")
    code = models.SlugField("代码", max_length=40)
    name = models.CharField("名称", max_length=40)
    sections = models.CharField("国民经济行业门类", max_length=10, blank=True, help_text="GB/T 4754-2017 门类字母")
    is_high_risk = models.BooleanField("高危行业", default=False)
    order = models.PositiveSmallIntegerField("顺序", default=0)
    departments = models.ManyToManyField(
        "organisations.Unit", blank=True, related_name="sectors", verbose_name="主管部门"
    )

    class Meta:
        verbose_name = verbose_name_plural = "行业领域"
        ordering = ["order", "code"]
        constraints = [models.UniqueConstraint(fields=["district", "code"], name="sector_code_per_district")]

    def __str__(self) -> str:
        return self.name

"""Kế hoạch chính thức: which plan counts, where and from when. Computed from target versions."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from programs.models import Indicator, Period, Program, Province, TargetVersion
from programs.planning import Plan, Shape
from reports.models.places import Scope


class OfficialPlan(models.Model):
    """The plan of one indicator at one place for one period, while it is the official one.

    `version` is the place's own; None where the plan is the sum of `parts` plans of the units
    that make up the place. Official from `from_day` (None: from the start) until the day before
    `until_day` (None: for good). A row never changes: another plan is another row.
    """

    program = models.ForeignKey(
        Program, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    indicator = models.ForeignKey(
        Indicator, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    period = models.ForeignKey(
        Period, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    scope = models.CharField("phạm vi", max_length=8, choices=Scope)
    province = models.ForeignKey(
        Province,
        models.DO_NOTHING,
        null=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    region = models.CharField("vùng", max_length=60, blank=True)
    from_day = models.DateField("từ ngày", null=True)
    until_day = models.DateField("đến trước ngày", null=True)

    version = models.ForeignKey(
        TargetVersion,
        models.DO_NOTHING,
        null=True,
        related_name="official_plans",
        db_constraint=False,
        db_index=False,
        verbose_name="phiên bản",
    )
    parts = models.PositiveSmallIntegerField("số kế hoạch cộng lại", default=0)
    shape = models.CharField("dạng", max_length=8)
    lower = models.DecimalField("từ", max_digits=30, decimal_places=6, null=True)
    upper = models.DecimalField("đến", max_digits=30, decimal_places=6, null=True)
    baseline = models.DecimalField("gốc", max_digits=30, decimal_places=6, null=True)
    disputed = models.BooleanField("nguồn không thống nhất", default=False)

    class Meta:
        verbose_name = "kế hoạch chính thức"
        verbose_name_plural = "kế hoạch chính thức"
        ordering = ("program", "indicator", "period", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=(
                    "program",
                    "indicator",
                    "period",
                    "scope",
                    "province",
                    "region",
                    "from_day",
                ),
                nulls_distinct=False,
                name="official_plan_from",
            ),
            models.CheckConstraint(
                condition=Q(version__isnull=False, parts=0) | Q(version=None, parts__gt=0),
                name="official_plan_own_or_sum",
            ),
        )

    def __str__(self) -> str:
        return str(self.version) if self.version else f"tổng {self.parts} kế hoạch"

    @property
    def promise(self) -> Plan:
        """The plan as the arithmetic takes it."""
        return Plan(Shape(self.shape), self.lower, self.upper, self.baseline)

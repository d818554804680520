"""Tỷ lệ thực hiện: the computed row. Pages read it; nobody types it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q

from programs.access import Right, rows_where
from programs.models import Indicator, Period, Program, Province, TargetVersion
from programs.numbers import show_percent

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User


class Scope(models.TextChoices):
    """The place a row speaks of. Totals of REPORTED and CURRENT are equal for every period."""

    REPORTED = "reported", "đơn vị báo cáo khi đó"
    CURRENT = "current", "theo địa giới hiện nay"
    REGION = "region", "vùng"
    NATION = "nation", "cả nước"


class Layer(models.TextChoices):
    """Which figures a row adds up. Layers are never mixed."""

    OFFICIAL = "official", "đã duyệt"
    SUBMITTED = "submitted", "đã gửi, chưa duyệt"
    ESTIMATE = "estimate", "ước thực hiện"


class AttainmentQuerySet(models.QuerySet["Attainment"]):
    def visible_to(self, user: User | AnonymousUser) -> AttainmentQuerySet:
        """Rows of a region or the nation add up many provinces: every member sees those totals."""
        return self.filter(rows_where(user, Right.SEE))

    def of_program_page(self, program: Program, period: Period) -> AttainmentQuerySet:
        """The official rows of one program and period, with what a table row shows."""
        return self.filter(program=program, period=period, layer=Layer.OFFICIAL).select_related(
            "indicator__content_group",
            "province",
            "target_version",
            "base_period",
        )


class Attainment(models.Model):
    """One indicator of one program at one place in one period, on one layer.

    `percent` is what is printed (percentage points, at most one decimal); when there is none,
    `reason` names why. `standing` («đạt», «chưa đạt», «trong mức» …) was decided on the exact
    figures. `actual` is None when nothing countable was reported, which is not zero; `no_actual`
    names why.
    """

    program = models.ForeignKey(
        Program, on_delete=models.CASCADE, related_name="attainments", verbose_name="chương trình"
    )
    indicator = models.ForeignKey(
        Indicator, on_delete=models.CASCADE, related_name="attainments", verbose_name="chỉ tiêu"
    )
    period = models.ForeignKey(
        Period, on_delete=models.CASCADE, related_name="attainments", verbose_name="kỳ"
    )
    scope = models.CharField("phạm vi", max_length=8, choices=Scope)
    province = models.ForeignKey(
        Province,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="attainments",
        verbose_name="tỉnh",
    )
    region = models.CharField("vùng", max_length=60, blank=True)
    layer = models.CharField("lớp số liệu", max_length=9, choices=Layer, default=Layer.OFFICIAL)

    # What was done, in the indicator's unit; of a ratio also its two sums.
    actual = models.DecimalField(
        "thực hiện", max_digits=30, decimal_places=6, null=True, blank=True
    )
    no_actual = models.CharField("lý do không có số thực hiện", max_length=24, blank=True)
    numerator = models.DecimalField("tử số", max_digits=30, decimal_places=6, null=True, blank=True)
    denominator = models.DecimalField(
        "mẫu số", max_digits=30, decimal_places=6, null=True, blank=True
    )

    # What was promised: the version in force at the end of the period.
    target_version = models.ForeignKey(
        TargetVersion,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="attainments",
        verbose_name="kế hoạch",
    )
    disputed = models.BooleanField("nguồn kế hoạch không thống nhất", default=False)

    percent = models.DecimalField(
        "tỷ lệ (%)", max_digits=40, decimal_places=1, null=True, blank=True
    )
    reason = models.CharField("lý do không có tỷ lệ", max_length=24, blank=True)
    standing = models.CharField("kết luận", max_length=16)

    # The same indicator in the period it is compared with.
    base_period = models.ForeignKey(
        Period,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="kỳ so sánh",
    )
    base_actual = models.DecimalField(
        "số kỳ so sánh", max_digits=30, decimal_places=6, null=True, blank=True
    )
    relative_percent = models.DecimalField(
        "bằng (%) kỳ so sánh", max_digits=40, decimal_places=1, null=True, blank=True
    )
    no_comparison = models.CharField("lý do không so sánh", max_length=24, blank=True)

    # Coverage and age: no total without them.
    units_expected = models.PositiveIntegerField("số đơn vị phải báo cáo")
    units_reported = models.PositiveIntegerField("số đơn vị đã báo cáo")
    leaves_expected = models.PositiveIntegerField("số kỳ phải báo cáo")
    leaves_reported = models.PositiveIntegerField("số kỳ đã báo cáo")
    computed_at = models.DateTimeField("tính lúc")

    objects = AttainmentQuerySet.as_manager()

    class Meta:
        verbose_name = "tỷ lệ thực hiện"
        verbose_name_plural = "tỷ lệ thực hiện"
        ordering = ("program", "indicator__position", "period__starts_on", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=(
                    "program",
                    "period",
                    "scope",
                    "province",
                    "region",
                    "layer",
                    "indicator",
                ),
                nulls_distinct=False,
                name="attainment_cell",
            ),
            models.CheckConstraint(
                condition=Q(percent__isnull=False, reason="") | (Q(percent=None) & ~Q(reason="")),
                name="attainment_percent_or_reason",
            ),
            models.CheckConstraint(
                condition=Q(actual__isnull=False, no_actual="")
                | (Q(actual=None) & ~Q(no_actual="")),
                name="attainment_actual_or_reason",
            ),
            models.CheckConstraint(
                condition=Q(scope__in=("reported", "current"), province__isnull=False, region="")
                | (Q(scope="region", province=None) & ~Q(region=""))
                | Q(scope="nation", province=None, region=""),
                name="attainment_place_of_its_scope",
            ),
            models.CheckConstraint(
                condition=Q(units_reported__lte=F("units_expected"))
                & Q(leaves_reported__lte=F("leaves_expected")),
                name="attainment_coverage_in_bounds",
            ),
        )

    def __str__(self) -> str:
        share = "không có tỷ lệ" if self.percent is None else show_percent(self.percent)
        return f"{self.indicator.name}, {self.period.name}: {share}"

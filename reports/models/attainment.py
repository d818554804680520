"""Tỷ lệ thực hiện: the computed row. Pages read it; nobody types it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from programs.access import Right, rows_where
from programs.models import Indicator, Period, Program, Province
from programs.numbers import show_percent
from reports.models.places import Layer, Scope
from reports.models.plan import OfficialPlan

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User


class AttainmentQuerySet(models.QuerySet["Attainment"]):
    def visible_to(self, user: User | AnonymousUser) -> AttainmentQuerySet:
        """Rows of a region or the nation add up many provinces: every member sees those totals."""
        return self.filter(rows_where(user, Right.SEE))

    def of_program_page(self, program: Program, period: Period) -> AttainmentQuerySet:
        """The official rows of one program and period, with what a table row shows."""
        return self.filter(program=program, period=period, layer=Layer.OFFICIAL).select_related(
            "program__stage",
            "indicator__content_group",
            "period",
            "province",
            "plan__version",
            "year_plan",
        )


class Attainment(models.Model):
    """One indicator of one program at one place in one period, on one layer.

    The rules are in docs/attainment.md. `percent` is what is printed (percentage points, at most
    one decimal); when there is none, `reason` names why. `standing` («đạt», «chưa đạt», «trong
    mức» …) was decided on the exact figures. `actual` is None when nothing countable was
    reported, which is not zero; `no_actual` names why.
    """

    # Computed rows by the million: no foreign keys in the database (a deleted parent leaves a
    # mark, and the next run removes what is gone), no index but the two below.
    program = models.ForeignKey(
        Program,
        models.DO_NOTHING,
        related_name="attainments",
        db_constraint=False,
        db_index=False,
        verbose_name="chương trình",
    )
    indicator = models.ForeignKey(
        Indicator,
        models.DO_NOTHING,
        related_name="attainments",
        db_constraint=False,
        db_index=False,
        verbose_name="chỉ tiêu",
    )
    period = models.ForeignKey(
        Period,
        models.DO_NOTHING,
        related_name="attainments",
        db_constraint=False,
        db_index=False,
        verbose_name="kỳ",
    )
    scope = models.CharField("phạm vi", max_length=8, choices=Scope)
    province = models.ForeignKey(
        Province,
        models.DO_NOTHING,
        null=True,
        blank=True,
        related_name="attainments",
        db_constraint=False,
        db_index=False,
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

    # What was promised, as of the end of the period, and what that amounts to.
    plan = models.ForeignKey(
        OfficialPlan,
        models.DO_NOTHING,
        null=True,
        blank=True,
        related_name="attainments",
        db_constraint=False,
        db_index=False,
        verbose_name="kế hoạch",
    )
    percent = models.DecimalField(
        "tỷ lệ (%)", max_digits=40, decimal_places=1, null=True, blank=True
    )
    reason = models.CharField(
        "lý do không có tỷ lệ", max_length=24, blank=True, default="no_target"
    )
    standing = models.CharField("kết luận", max_length=16, default="unknown")

    # Of a to-date period («6 tháng đầu năm») also against the whole year's plan.
    year_plan = models.ForeignKey(
        OfficialPlan,
        models.DO_NOTHING,
        null=True,
        blank=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
        verbose_name="kế hoạch năm",
    )
    year_percent = models.DecimalField(
        "tỷ lệ so với kế hoạch năm (%)", max_digits=40, decimal_places=1, null=True, blank=True
    )
    year_reason = models.CharField("lý do không có tỷ lệ năm", max_length=24, blank=True)

    # Coverage and age: no total without them. See docs/attainment.md, section 8.
    units_expected = models.PositiveIntegerField("số đơn vị phải báo cáo")
    units_reported = models.PositiveIntegerField("số đơn vị đã báo cáo")
    leaves_expected = models.PositiveIntegerField("số kỳ phải báo cáo")
    leaves_reported = models.PositiveIntegerField("số kỳ đã báo cáo")
    leaves_unexpected = models.PositiveIntegerField("số kỳ báo cáo thêm", default=0)
    leaves_provisional = models.PositiveIntegerField("số kỳ chưa chính thức", default=0)

    # Like for like, of regions and the nation.
    units_complete = models.PositiveIntegerField("số đơn vị báo cáo đủ", default=0)
    units_unplanned = models.PositiveIntegerField("số đơn vị chưa giao kế hoạch", default=0)
    units_unplanned_in_year = models.PositiveIntegerField(
        "số đơn vị chưa giao kế hoạch năm", default=0
    )
    parts_planned = models.DecimalField(
        "tổng kế hoạch các đơn vị", max_digits=30, decimal_places=6, null=True, blank=True
    )
    complete_planned = models.DecimalField(
        "kế hoạch của đơn vị báo cáo đủ", max_digits=30, decimal_places=6, null=True, blank=True
    )
    complete_actual = models.DecimalField(
        "thực hiện của đơn vị báo cáo đủ", max_digits=30, decimal_places=6, null=True, blank=True
    )
    computed_at = models.DateTimeField("tính lúc", db_default=Now())

    objects = AttainmentQuerySet.as_manager()

    class Meta:
        verbose_name = "tỷ lệ thực hiện"
        verbose_name_plural = "tỷ lệ thực hiện"
        ordering = ("program", "indicator__position", "period__starts_on", "pk")
        constraints = (
            models.UniqueConstraint(
                # In the order in which the engine reads: one indicator, its periods, all places.
                fields=(
                    "program",
                    "indicator",
                    "period",
                    "scope",
                    "province",
                    "region",
                    "layer",
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
            models.CheckConstraint(
                condition=Q(year_plan=None, year_percent=None, year_reason="")
                | Q(year_plan__isnull=False, year_percent__isnull=False, year_reason="")
                | (Q(year_plan__isnull=False, year_percent=None) & ~Q(year_reason="")),
                name="attainment_year_percent_or_reason",
            ),
        )
        indexes = (
            # What a page asks for: one period at one place.
            models.Index(
                fields=("program", "period", "scope", "province", "layer"),
                name="attainment_page",
            ),
        )

    def __str__(self) -> str:
        share = "không có tỷ lệ" if self.percent is None else show_percent(self.percent)
        return f"{self.indicator.name}, {self.period.name}: {share}"

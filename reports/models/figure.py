"""Số liệu thực hiện: one indicator's value in a report, in the indicator's unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pghistory
from django.conf import settings
from django.db import models
from django.db.models import Q

from programs.access import Right, rows_where
from programs.fields import NfcCharField, NfcTextField
from programs.models import Activity, Indicator, Organisation, Period, Program, Province
from programs.numbers import show_number
from programs.planning import Qualifier
from reports.models.report import Report

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User


class FigureState(models.TextChoices):
    """State is separate from value: four different things, and None is never 0."""

    REPORTED = "reported", "có số liệu"
    ZERO = "zero", "không phát sinh"
    MISSING = "missing", "chưa báo cáo"
    NOT_APPLICABLE = "not_applicable", "không áp dụng"


class Review(models.TextChoices):
    """Where one figure stands that was returned by itself, while the rest of the report goes on."""

    NONE = "", "—"
    RETURNED = "returned", "bị trả lại"  # open to its author, whatever the report's state
    ANSWERED = "answered", "đã sửa, chờ duyệt"


class FigureNature(models.TextChoices):
    ACTUAL = "actual", "thực hiện"
    ESTIMATE = "estimate", "ước thực hiện"


QUALIFIER_LABELS = {
    Qualifier.EXACT.value: "chính xác",
    Qualifier.AT_LEAST.value: "trên, hơn",
    Qualifier.NEARLY.value: "gần",
    Qualifier.ABOUT.value: "khoảng",
}


class FigureQuerySet(models.QuerySet["Figure"]):
    def visible_to(self, user: User | AnonymousUser) -> FigureQuerySet:
        return self.filter(rows_where(user, Right.SEE))

    def whole(self) -> FigureQuerySet:
        """Figures of the whole province, not of one unit or activity."""
        return self.filter(unit=None, activity=None)

    def returned(self) -> FigureQuerySet:
        """Figures that wait for their author."""
        return self.filter(review=Review.RETURNED)


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent())
class Figure(models.Model):
    """What was typed, and beside it what the latest approval made official.

    `value` and `state` are the report as it is being worked on. The columns `approved_…` are
    the last edition's: sums of official figures read these alone, so a
    report that is being corrected keeps its published figure until the correction is approved.

    A figure without unit and activity is the whole province's. Where it is given, figures of
    units and activities beside it are its detail and approval does not count them again.
    """

    report = models.ForeignKey(
        Report,
        on_delete=models.PROTECT,
        related_name="figures",
        db_index=False,  # figure_once begins with it
        verbose_name="báo cáo",
    )
    # Copies of the report's identity: sums need no join. A foreign key on all four together
    # (migration 0002) keeps them equal to the report's.
    program = models.ForeignKey(
        Program,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        verbose_name="chương trình",
    )
    province = models.ForeignKey(
        Province, on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name="tỉnh"
    )
    period = models.ForeignKey(
        Period, on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name="kỳ"
    )
    indicator = models.ForeignKey(
        Indicator, on_delete=models.PROTECT, related_name="figures", verbose_name="chỉ tiêu"
    )
    unit = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="figures",
        verbose_name="đơn vị báo cáo",
    )
    activity = models.ForeignKey(
        Activity,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="figures",
        verbose_name="hoạt động",
    )
    nature = models.CharField(
        "loại số", max_length=8, choices=FigureNature, default=FigureNature.ACTUAL
    )

    state = models.CharField("trạng thái", max_length=14, choices=FigureState)
    value = models.DecimalField("giá trị", max_digits=20, decimal_places=6, null=True, blank=True)
    approved_state = models.CharField(
        "trạng thái đã duyệt", max_length=14, choices=FigureState, blank=True, default=""
    )
    approved_value = models.DecimalField(
        "giá trị đã duyệt", max_digits=20, decimal_places=6, null=True, blank=True
    )
    approved_qualifier = models.CharField(
        "mức chính xác đã duyệt", max_length=8, choices=QUALIFIER_LABELS, blank=True, default=""
    )
    approved_word = NfcCharField("từ kèm theo đã duyệt", max_length=20, blank=True, default="")

    qualifier = models.CharField(
        "mức chính xác",
        max_length=8,
        choices=QUALIFIER_LABELS,
        default=Qualifier.EXACT.value,
    )
    qualifier_word = NfcCharField("từ kèm theo", max_length=20, blank=True)
    as_of = models.DateField(
        "số liệu đến ngày", null=True, blank=True, help_text="Để trống: đến hết kỳ."
    )
    is_derived = models.BooleanField("suy ra", default=False)
    note = NfcTextField("ghi chú", blank=True)
    review = models.CharField(
        "xem lại", max_length=8, choices=Review, blank=True, default="", db_default=""
    )
    typed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name="người nhập",
        help_text="Để trống: số liệu nạp trước khi có cột này.",
    )
    typed_at = models.DateTimeField("nhập lúc", null=True, blank=True)
    version = models.PositiveIntegerField("lần sửa", default=1)

    objects = FigureQuerySet.as_manager()

    class Meta:
        verbose_name = "số liệu thực hiện"
        verbose_name_plural = "số liệu thực hiện"
        ordering = ("report", "indicator__position", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=("report", "indicator", "nature", "unit", "activity"),
                nulls_distinct=False,
                name="figure_once",
                violation_error_message="Báo cáo đã có số liệu của chỉ tiêu này.",
            ),
            models.CheckConstraint(
                condition=Q(state="reported", value__isnull=False) & ~Q(value=0)
                | Q(state="zero", value__isnull=False, value=0)
                | Q(state__in=("missing", "not_applicable"), value=None),
                name="figure_state_fits_value",
                violation_error_message=(
                    "Trạng thái không hợp với giá trị: «không phát sinh» là 0; "
                    "«chưa báo cáo» và «không áp dụng» thì để trống."
                ),
            ),
            models.CheckConstraint(
                condition=Q(approved_state="reported", approved_value__isnull=False)
                & ~Q(approved_value=0)
                | Q(approved_state="zero", approved_value__isnull=False, approved_value=0)
                | Q(approved_state__in=("", "missing", "not_applicable"), approved_value=None),
                name="figure_approved_state_fits_value",
                violation_error_message="Trạng thái đã duyệt không hợp với giá trị đã duyệt.",
            ),
            models.CheckConstraint(
                condition=Q(review__in=[review.value for review in Review]),
                name="figure_review",
                violation_error_message="Tình trạng xem lại không có trong danh sách.",
            ),
            models.CheckConstraint(
                condition=Q(is_derived=False) | ~Q(note=""),
                name="figure_derived_says_why",
                violation_error_message="Số suy ra phải có ghi chú: tính từ đâu.",
            ),
        )
        indexes = (
            models.Index(fields=("program", "indicator", "province", "period"), name="figure_cell"),
            # Few: the layer of estimates looks for them by themselves.
            models.Index(
                fields=("program", "indicator", "province", "period"),
                condition=Q(nature=FigureNature.ESTIMATE),
                name="figure_estimate",
            ),
        )

    def __str__(self) -> str:
        shown = self.get_state_display() if self.value is None else show_number(self.value)
        return f"{self.indicator.name}: {shown}"

    @property
    def stated_qualifier(self) -> Qualifier:
        return Qualifier(self.qualifier)

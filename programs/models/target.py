"""What was promised: kế hoạch, in shapes and in versions that rest on documents."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pghistory
from django.db import models
from django.db.models import F, Q

from programs.access import Right, rows_where
from programs.fields import NfcCharField, NfcTextField
from programs.models.document import LegalDocument
from programs.models.indicator import Indicator
from programs.models.period import Period
from programs.models.program import Program
from programs.models.province import Province
from programs.planning import Plan, Shape

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User


class TargetQuerySet(models.QuerySet["Target"]):
    def visible_to(self, user: User | AnonymousUser) -> TargetQuerySet:
        return self.filter(rows_where(user, Right.SEE))


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent())
class Target(models.Model):
    """One indicator × province × program × period for which something was promised.

    A target without a province is the whole nation's; it is never the sum of the provinces'
    by definition, only by agreement. The promise itself is in the versions.
    """

    program = models.ForeignKey(
        Program, on_delete=models.PROTECT, related_name="targets", verbose_name="chương trình"
    )
    indicator = models.ForeignKey(
        Indicator, on_delete=models.PROTECT, related_name="targets", verbose_name="chỉ tiêu"
    )
    province = models.ForeignKey(
        Province,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="targets",
        verbose_name="tỉnh",
        help_text="Để trống: kế hoạch của cả nước.",
    )
    period = models.ForeignKey(
        Period, on_delete=models.PROTECT, related_name="targets", verbose_name="kỳ"
    )

    objects = TargetQuerySet.as_manager()

    class Meta:
        verbose_name = "kế hoạch"
        verbose_name_plural = "kế hoạch"
        ordering = ("program", "indicator__position", "period__starts_on", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=("program", "indicator", "province", "period"),
                nulls_distinct=False,
                name="target_once",
                violation_error_message=(
                    "Đã có kế hoạch cho chỉ tiêu, tỉnh và kỳ này; hãy thêm một phiên bản vào đó."
                ),
            ),
        )

    def __str__(self) -> str:
        place = self.province.name if self.province else "cả nước"
        return f"{self.indicator.name}, {place}, {self.period.name}"


class TargetStatus(models.TextChoices):
    REGISTERED = "registered", "đăng ký"
    ASSIGNED = "assigned", "giao"
    REVISED = "revised", "điều chỉnh"


SHAPE_LABELS = {
    Shape.EXACT.value: "đúng bằng",
    Shape.AT_LEAST.value: "ít nhất",
    Shape.ABOVE.value: "trên",
    Shape.ABOUT.value: "khoảng",
    Shape.RANGE.value: "từ … đến …",
    Shape.AT_MOST.value: "không quá",
}


class TargetVersionQuerySet(models.QuerySet["TargetVersion"]):
    def visible_to(self, user: User | AnonymousUser) -> TargetVersionQuerySet:
        return self.filter(rows_where(user, Right.SEE, "target__province"))

    def in_force_on(self, day: date | F) -> TargetVersionQuerySet:
        """Versions given or revised by `day`; a version without a date counts from the start.

        `day` may be a column: F("target__period__ends_on") is the end of each plan's period.

        A registered version is a wish: it is never in force.
        """
        return self.exclude(status=TargetStatus.REGISTERED).filter(
            Q(decided_on=None) | Q(decided_on__lte=day)
        )


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent())
class TargetVersion(models.Model):
    """One promise: its shape and bounds in the indicator's unit, its document, date and status.

    Of the versions in force at the end of the period that nothing replaces, the latest decided
    is official, and of two decided on the same day (or on none) the higher number. An old
    version stays computable.
    Two sources that disagree are two versions of which neither replaces the other.
    """

    target = models.ForeignKey(
        Target, on_delete=models.CASCADE, related_name="versions", verbose_name="kế hoạch"
    )
    number = models.PositiveSmallIntegerField("phiên bản", default=1)
    status = models.CharField("tình trạng", max_length=10, choices=TargetStatus)
    shape = models.CharField(
        "dạng",
        max_length=8,
        choices=SHAPE_LABELS,
        default=Shape.EXACT.value,
    )
    lower = models.DecimalField("từ", max_digits=20, decimal_places=6, null=True, blank=True)
    upper = models.DecimalField("đến", max_digits=20, decimal_places=6, null=True, blank=True)
    baseline = models.DecimalField(
        "gốc",
        max_digits=20,
        decimal_places=6,
        null=True,
        blank=True,
        help_text="Cho chỉ tiêu giảm: mức ban đầu, để tính tiến độ giảm.",
    )
    documents = models.ManyToManyField(
        LegalDocument,
        blank=True,
        related_name="target_versions",
        verbose_name="văn bản",
        help_text="Văn bản giao kế hoạch; nhiều nguồn cùng nêu một số thì chọn cả.",
    )
    decided_on = models.DateField(
        "ngày quyết định",
        null=True,
        blank=True,
        help_text="Để trống: nguồn không ghi ngày, coi như có từ đầu kỳ.",
    )
    replaces = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="replaced_by",
        verbose_name="thay cho phiên bản",
    )
    is_derived = models.BooleanField(
        "suy ra",
        default=False,
        help_text="Không có văn bản nêu số này; nó được tính ngược từ một tỷ lệ đã công bố.",
    )
    quote = NfcCharField("nguyên văn", max_length=200, blank=True)
    note = NfcTextField("ghi chú", blank=True)

    objects = TargetVersionQuerySet.as_manager()

    class Meta:
        verbose_name = "phiên bản kế hoạch"
        verbose_name_plural = "phiên bản kế hoạch"
        ordering = ("target", "number")
        constraints = (
            models.UniqueConstraint(
                fields=("target", "number"),
                name="target_version_number",
                violation_error_message="Kế hoạch này đã có phiên bản mang số này.",
            ),
            models.CheckConstraint(
                # Every bound is asked for by name: a comparison with NULL would pass the check.
                condition=Q(
                    shape__in=("exact", "about"),
                    lower__isnull=False,
                    upper__isnull=False,
                    upper=F("lower"),
                )
                | Q(shape__in=("at_least", "above"), lower__isnull=False, upper=None)
                | Q(shape="at_most", lower=None, upper__isnull=False)
                | Q(
                    shape="range",
                    lower__isnull=False,
                    upper__isnull=False,
                    lower__lt=F("upper"),
                ),
                name="target_version_bounds",
                violation_error_message=(
                    "Giới hạn không hợp với dạng kế hoạch: «đúng», «khoảng» cần hai ô bằng nhau; "
                    "«ít nhất», «trên» chỉ ô «từ»; «không quá» chỉ ô «đến»; "
                    "«từ … đến …» cần ô «từ» nhỏ hơn ô «đến»."
                ),
            ),
            models.CheckConstraint(
                condition=Q(status="revised", replaces__isnull=False)
                | (~Q(status="revised") & Q(replaces=None)),
                name="target_version_replaces_when_revised",
                violation_error_message=(
                    "Phiên bản điều chỉnh phải nêu thay phiên bản nào; phiên bản khác thì không."
                ),
            ),
            models.CheckConstraint(
                condition=~Q(replaces=F("pk")),
                name="target_version_not_own_replacement",
                violation_error_message="Một phiên bản không thể thay cho chính nó.",
            ),
            models.CheckConstraint(
                condition=Q(is_derived=False) | ~Q(note=""),
                name="target_version_derived_says_why",
                violation_error_message="Số suy ra phải có ghi chú: tính từ đâu.",
            ),
        )

    def __str__(self) -> str:
        return f"{self.target}, phiên bản {self.number} ({self.get_status_display()})"

    @property
    def plan(self) -> Plan:
        """The promise as the arithmetic takes it. Raises ValueError for an unsaved, wrong shape."""
        return Plan(Shape(self.shape), self.lower, self.upper, self.baseline)

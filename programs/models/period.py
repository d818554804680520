"""Reporting periods are identities (calendar, kind, year, number), not pairs of dates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pghistory
from django.db import models
from django.db.models import F, Q

from programs.fields import NfcCharField

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User


class Calendar(models.TextChoices):
    """Statistical periods follow the calendar; administrative ones run from the 15th to the 14th.

    Source: Nghị định 09/2019/NĐ-CP, Điều 12 (administrative reports; it does not govern
    statistical ones).
    """

    STATISTICAL = "statistical", "thống kê"
    ADMINISTRATIVE = "administrative", "hành chính (chốt ngày 14)"


class PeriodKind(models.TextChoices):
    MONTH = "month", "tháng"
    QUARTER = "quarter", "quý"
    HALF = "half", "6 tháng"
    NINE_MONTHS = "nine_months", "9 tháng"
    YEAR = "year", "năm"
    STAGE = "stage", "giai đoạn"
    TO_DATE = "to_date", "n tháng đầu năm"


class PeriodQuerySet(models.QuerySet["Period"]):
    def visible_to(self, user: User | AnonymousUser) -> PeriodQuerySet:
        """Periods are the same for everyone who is a member of anything."""
        if user.is_anonymous or not user.is_active:
            return self.none()
        return self.filter(models.Exists(user.memberships.all()))

    def within(self, period: Period) -> PeriodQuerySet:
        """The periods of the same calendar that lie inside `period`, itself included."""
        return self.filter(
            calendar=period.calendar, starts_on__gte=period.starts_on, ends_on__lte=period.ends_on
        )


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent())
class Period(models.Model):
    """Quarters, 6, 9 and 12 months overlap: they are derived from the leaves, never added up.

    «6 tháng» and «9 tháng» always start the year; with «3 tháng» (quý I) and «12 tháng» (năm)
    they leave 2, 4, 5, 7, 8, 10 and 11 to «n tháng đầu năm», so no span has two names.
    A stage has its first year as `year` and its length in years as `number`.
    """

    calendar = models.CharField("lịch", max_length=14, choices=Calendar)
    kind = models.CharField("loại kỳ", max_length=11, choices=PeriodKind)
    year = models.PositiveSmallIntegerField("năm")
    number = models.PositiveSmallIntegerField("số thứ tự")
    key = models.CharField("khóa", max_length=20, unique=True)
    name = NfcCharField("tên", max_length=60)
    starts_on = models.DateField("từ ngày")
    ends_on = models.DateField("đến hết ngày")
    cutoff_on = models.DateField("chốt số liệu ngày")
    due_on = models.DateField(
        "hạn gửi", null=True, blank=True, help_text="Để trống: chưa quy định hạn."
    )

    objects = PeriodQuerySet.as_manager()

    class Meta:
        verbose_name = "kỳ báo cáo"
        verbose_name_plural = "kỳ báo cáo"
        ordering = ("calendar", "starts_on", "ends_on")
        constraints = (
            models.UniqueConstraint(
                fields=("calendar", "kind", "year", "number"),
                name="period_identity",
                violation_error_message="Kỳ báo cáo này đã có.",
            ),
            models.CheckConstraint(
                condition=Q(starts_on__lte=F("ends_on"))
                & Q(cutoff_on__gte=F("starts_on"))
                & (Q(due_on=None) | Q(due_on__gte=F("cutoff_on"))),
                name="period_dates_in_order",
                violation_error_message=(
                    "Ngày phải theo thứ tự: bắt đầu, kết thúc; chốt số liệu, hạn gửi."
                ),
            ),
            models.CheckConstraint(
                condition=Q(kind="month", number__range=(1, 12))
                | Q(kind="quarter", number__range=(1, 4))
                | Q(kind__in=("half", "nine_months", "year"), number=1)
                | Q(kind="stage", number__range=(2, 20))
                | Q(kind="to_date", number__in=(2, 4, 5, 7, 8, 10, 11)),
                name="period_number_of_its_kind",
                violation_error_message="Số thứ tự không hợp với loại kỳ.",
            ),
        )
        indexes = (models.Index(fields=("calendar", "starts_on", "ends_on"), name="period_span"),)

    def __str__(self) -> str:
        if self.calendar == Calendar.ADMINISTRATIVE:
            return f"{self.name} (chốt {self.cutoff_on:%d/%m/%Y})"
        return self.name

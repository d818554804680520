"""Nhắc việc: which person was reminded of which report, on which occasion, once."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from reports.models.report import Report


class Reminder(models.Model):
    """Kept so that a task that runs twice reminds once.

    `occasion` names the reason in time: «due-7» (seven days before the deadline), «late-1»,
    «returned-<number of the transition>».
    """

    report = models.ForeignKey(
        Report, on_delete=models.CASCADE, related_name="reminders", verbose_name="báo cáo"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="reminders",
        verbose_name="người nhận",
    )
    occasion = models.CharField("dịp", max_length=40)
    written_at = models.DateTimeField("lập lúc")
    sent_at = models.DateTimeField("gửi thư lúc", null=True, blank=True)

    class Meta:
        verbose_name = "nhắc việc"
        verbose_name_plural = "nhắc việc"
        ordering = ("-written_at", "-pk")
        constraints = (
            models.UniqueConstraint(
                fields=("report", "user", "occasion"),
                name="reminder_once",
                violation_error_message="Người này đã được nhắc về việc này.",
            ),
        )

    def __str__(self) -> str:
        return f"{self.user}: {self.report} ({self.occasion})"

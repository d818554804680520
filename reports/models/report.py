"""One province's report for one program and period: its state, its history, its editions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pghistory
import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q

from programs.access import Right, rows_where
from programs.fields import NfcTextField
from programs.models import Period, Program, Province

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User


class ReportState(models.TextChoices):
    DRAFT = "draft", "đang nhập"
    SUBMITTED = "submitted", "đã gửi, chờ duyệt"
    APPROVED = "approved", "đã duyệt"
    RETURNED = "returned", "bị trả lại"
    REOPENED = "reopened", "mở lại để đính chính"


# Figures may be typed in these states only.
OPEN_STATES = (ReportState.DRAFT, ReportState.RETURNED, ReportState.REOPENED)


class ReportQuerySet(models.QuerySet["Report"]):
    def visible_to(self, user: User | AnonymousUser) -> ReportQuerySet:
        return self.filter(rows_where(user, Right.SEE))


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent())
class Report(models.Model):
    """Draft → submitted → approved, or returned; reopened only with a reason.

    Nothing becomes approved by the passing of a deadline. `reports.entry.workflow` moves a
    report; the database refuses every other step.
    """

    program = models.ForeignKey(
        Program, on_delete=models.PROTECT, related_name="reports", verbose_name="chương trình"
    )
    province = models.ForeignKey(
        Province, on_delete=models.PROTECT, related_name="reports", verbose_name="tỉnh"
    )
    period = models.ForeignKey(
        Period, on_delete=models.PROTECT, related_name="reports", verbose_name="kỳ"
    )
    state = models.CharField(
        "tình trạng", max_length=9, choices=ReportState, default=ReportState.DRAFT
    )
    due_on = models.DateField(
        "hạn riêng", null=True, blank=True, help_text="Để trống: theo hạn của kỳ."
    )
    note = NfcTextField("ghi chú", blank=True)

    objects = ReportQuerySet.as_manager()

    class Meta:
        verbose_name = "báo cáo"
        verbose_name_plural = "báo cáo"
        ordering = ("-period__starts_on", "province__code", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=("program", "province", "period"),
                name="report_once",
                violation_error_message="Tỉnh đã có báo cáo của chương trình cho kỳ này.",
            ),
            # The key that figures refer to, so that their copies of these columns cannot differ.
            models.UniqueConstraint(
                fields=("id", "program", "province", "period"), name="report_identity"
            ),
            models.CheckConstraint(
                condition=Q(state__in=[state.value for state in ReportState]),
                name="report_state",
                violation_error_message="Tình trạng báo cáo không có trong danh sách.",
            ),
        )
        triggers = (
            pgtrigger.FSM(
                name="state_in_order",
                field="state",
                transitions=[
                    ("draft", "submitted"),
                    ("returned", "submitted"),
                    ("reopened", "submitted"),
                    ("submitted", "approved"),
                    ("submitted", "returned"),
                    ("approved", "reopened"),
                ],
            ),
        )

    def __str__(self) -> str:
        return f"{self.program}, {self.province.name}, {self.period.name}"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES


class Transition(models.Model):
    """Who moved a report from which state to which, when and why. Never changed afterwards."""

    report = models.ForeignKey(
        Report, on_delete=models.PROTECT, related_name="transitions", verbose_name="báo cáo"
    )
    from_state = models.CharField("từ", max_length=9, choices=ReportState)
    to_state = models.CharField("sang", max_length=9, choices=ReportState)
    at = models.DateTimeField("lúc")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="transitions",
        verbose_name="người thực hiện",
    )
    reason = NfcTextField("lý do", blank=True)

    class Meta:
        verbose_name = "lần chuyển tình trạng"
        verbose_name_plural = "các lần chuyển tình trạng"
        ordering = ("report", "at", "pk")
        constraints = (
            models.CheckConstraint(
                condition=~Q(to_state__in=("returned", "reopened")) | ~Q(reason=""),
                name="transition_says_why",
                violation_error_message="Trả lại hoặc mở lại báo cáo thì phải nêu lý do.",
            ),
            models.CheckConstraint(
                condition=~Q(from_state=F("to_state")),
                name="transition_moves",
                violation_error_message="Báo cáo đang ở tình trạng này rồi.",
            ),
        )
        triggers = (
            pgtrigger.Protect(name="keep_history", operation=pgtrigger.Update | pgtrigger.Delete),
        )

    def __str__(self) -> str:
        return f"{self.get_from_state_display()} → {self.get_to_state_display()}"


class Edition(models.Model):
    """What was approved, frozen: figures with the plans and the rule they were judged by.

    A correction makes the next edition; the old one stays readable as it was printed.
    `content` is canonical JSON whose SHA-256 is `digest` (hexadecimal).
    """

    report = models.ForeignKey(
        Report, on_delete=models.PROTECT, related_name="editions", verbose_name="báo cáo"
    )
    number = models.PositiveSmallIntegerField("lần")
    approved_at = models.DateTimeField("duyệt lúc")
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="editions",
        verbose_name="người duyệt",
    )
    accepts = models.OneToOneField(
        "reports.Remark",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="edition",
        verbose_name="chấp nhận một số liệu",
        help_text="Để trống: bản của một lần duyệt cả báo cáo.",
    )
    content = models.JSONField("nội dung")
    digest = models.CharField("mã kiểm tra", max_length=64)

    class Meta:
        verbose_name = "bản đã duyệt"
        verbose_name_plural = "các bản đã duyệt"
        ordering = ("report", "number")
        constraints = (
            models.UniqueConstraint(
                fields=("report", "number"),
                name="edition_number",
                violation_error_message="Báo cáo đã có bản mang số này.",
            ),
        )
        triggers = (
            pgtrigger.Protect(name="keep_edition", operation=pgtrigger.Update | pgtrigger.Delete),
        )

    def __str__(self) -> str:
        return f"{self.report}, bản {self.number}"

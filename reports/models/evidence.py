"""Chứng cứ: what a report, one of its figures or an activity rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pghistory
from django.conf import settings
from django.db import models
from django.db.models import Q

from programs.access import Right, rows_where
from programs.fields import NfcCharField
from programs.models import Activity, Indicator, LegalDocument, Province
from reports.models.report import Report

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User


class Evidence(models.Model):
    """The document a report, or one of its indicators, rests on."""

    report = models.ForeignKey(
        Report, on_delete=models.CASCADE, related_name="evidence", verbose_name="báo cáo"
    )
    indicator = models.ForeignKey(
        Indicator,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="evidence",
        verbose_name="chỉ tiêu",
        help_text="Để trống: cho cả báo cáo.",
    )
    document = models.ForeignKey(
        LegalDocument, on_delete=models.PROTECT, related_name="evidence", verbose_name="văn bản"
    )

    class Meta:
        verbose_name = "chứng cứ"
        verbose_name_plural = "chứng cứ"
        ordering = ("report", "indicator", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=("report", "indicator", "document"),
                nulls_distinct=False,
                name="evidence_once",
                violation_error_message="Văn bản này đã được gắn vào đây.",
            ),
        )

    def __str__(self) -> str:
        return str(self.document)


class EvidenceFileQuerySet(models.QuerySet["EvidenceFile"]):
    def visible_to(self, user: User | AnonymousUser) -> EvidenceFileQuerySet:
        return self.filter(rows_where(user, Right.SEE))


class FileKind(models.TextChoices):
    """What the file's first bytes say it is; its name decides nothing."""

    PDF = "pdf", "PDF"
    JPEG = "jpeg", "ảnh JPEG"
    PNG = "png", "ảnh PNG"
    WORD = "docx", "Word"
    EXCEL = "xlsx", "Excel"


@pghistory.track(pghistory.InsertEvent(), pghistory.DeleteEvent())
class EvidenceFile(models.Model):
    """One uploaded file of a report (all of it, or one indicator's) or of an activity.

    It lies outside the web root and is sent to whoever may see its province.
    """

    province = models.ForeignKey(
        Province, on_delete=models.PROTECT, related_name="+", verbose_name="tỉnh"
    )
    report = models.ForeignKey(
        Report,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="files",
        verbose_name="báo cáo",
    )
    indicator = models.ForeignKey(
        Indicator,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="chỉ tiêu",
        help_text="Để trống: cho cả báo cáo.",
    )
    activity = models.ForeignKey(
        Activity,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="files",
        verbose_name="hoạt động",
    )
    file = models.FileField("tệp", upload_to="evidence/%Y/%m/")
    name = NfcCharField("tên tệp", max_length=200)
    kind = models.CharField("loại", max_length=4, choices=FileKind)
    size = models.PositiveIntegerField("dung lượng (byte)")
    digest = models.CharField("mã kiểm tra", max_length=64)  # SHA-256, hexadecimal
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name="người tải lên",
    )
    uploaded_at = models.DateTimeField("tải lên lúc")

    objects = EvidenceFileQuerySet.as_manager()

    class Meta:
        verbose_name = "tệp chứng cứ"
        verbose_name_plural = "tệp chứng cứ"
        ordering = ("-uploaded_at", "-pk")
        constraints = (
            models.CheckConstraint(
                condition=Q(report__isnull=False, activity=None)
                | Q(report=None, activity__isnull=False, indicator=None),
                name="evidence_file_of_one",
                violation_error_message="Tệp thuộc một báo cáo hoặc một hoạt động.",
            ),
        )

    def __str__(self) -> str:
        return self.name

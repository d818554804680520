"""Excel files that people sent back: what was read in them, what would change, what was done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q

from programs.access import Right, rows_where
from programs.fields import NfcCharField
from reports.models.report import Report

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User


class ImportState(models.TextChoices):
    WAITING = "waiting", "chờ đọc"
    READING = "reading", "đang đọc"
    MAPPING = "mapping", "chờ xác nhận cột"
    FAULTY = "faulty", "có lỗi, chưa ghi gì"
    READY = "ready", "chờ xác nhận ghi"
    WRITTEN = "written", "đã ghi"
    FAILED = "failed", "không đọc được"


class WorkbookImportQuerySet(models.QuerySet["WorkbookImport"]):
    def visible_to(self, user: User | AnonymousUser) -> WorkbookImportQuerySet:
        return self.filter(rows_where(user, Right.SEE, "report__province"))


class WorkbookImport(models.Model):
    """One file sent for one report. Written whole or not at all.

    `faults` is a list of {sheet, cell, wrong, remedy}; `changes` a list of the three-way
    difference, a change each. Both are empty until the file is read.
    """

    report = models.ForeignKey(
        Report, on_delete=models.CASCADE, related_name="imports", verbose_name="báo cáo"
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="imports",
        verbose_name="người gửi",
    )
    file = models.FileField("tệp", upload_to="imports/%Y/%m/")
    name = NfcCharField("tên tệp", max_length=200)
    state = models.CharField(
        "tình trạng", max_length=7, choices=ImportState, default=ImportState.WAITING
    )
    rows_read = models.PositiveIntegerField("số dòng đã đọc", default=0)
    rows_expected = models.PositiveIntegerField("số dòng", null=True, blank=True)
    mapping = models.JSONField("cột", default=dict, blank=True)
    faults = models.JSONField("lỗi", default=list, blank=True)
    changes = models.JSONField("thay đổi", default=list, blank=True)
    annotated = models.FileField("tệp có đánh dấu lỗi", upload_to="imports/%Y/%m/", blank=True)
    sent_at = models.DateTimeField("gửi lúc")
    read_at = models.DateTimeField("đọc xong lúc", null=True, blank=True)
    written_at = models.DateTimeField("ghi lúc", null=True, blank=True)

    objects = WorkbookImportQuerySet.as_manager()

    class Meta:
        verbose_name = "lần nhập từ Excel"
        verbose_name_plural = "các lần nhập từ Excel"
        ordering = ("-sent_at", "-pk")
        constraints = (
            models.CheckConstraint(
                condition=Q(state="written", written_at__isnull=False)
                | (~Q(state="written") & Q(written_at=None)),
                name="import_written_when",
            ),
        )

    def __str__(self) -> str:
        return f"{self.name} ({self.get_state_display()})"


class ColumnMapping(models.Model):
    """Which column of a free table is what, as its owner once confirmed it.

    `heading` is the SHA-256 of the header row's folded texts, so that next month's table with
    the same headings is recognised. `columns` maps a column's index to an indicator's code.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="column_mappings",
        verbose_name="người dùng",
    )
    heading = models.CharField("tiêu đề", max_length=64)
    columns = models.JSONField("cột")
    confirmed_at = models.DateTimeField("xác nhận lúc")

    class Meta:
        verbose_name = "cách hiểu cột"
        verbose_name_plural = "các cách hiểu cột"
        ordering = ("user", "-confirmed_at")
        constraints = (
            models.UniqueConstraint(fields=("user", "heading"), name="column_mapping_once"),
        )

    def __str__(self) -> str:
        return f"{self.user}, {self.confirmed_at:%d/%m/%Y}"

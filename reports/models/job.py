"""What is still to be recomputed, and the record of the runs that did it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class MarkKind(models.TextChoices):
    """What was written. It decides from which step on a cell is computed anew."""

    FIGURE = "figure", "số liệu"
    PLAN = "plan", "kế hoạch"
    PARTICIPATION = "participation", "lượt tham gia"
    FRAME = "frame", "danh mục, địa giới, kỳ"


class RecomputeMark(models.Model):
    """A write touched these cells. Append-only; triggers write it with the change itself.

    None means «every»: a mark without indicator covers all indicators of its program, one
    without program covers everything (a merger, a shifted period); a plan without a province
    is the nation's. Rows are taken by deleting them; a unique mark would lose changes that
    commit while it is being worked on.
    """

    kind = models.CharField(
        "loại", max_length=13, choices=MarkKind, db_default=MarkKind.FRAME.value
    )

    program = models.ForeignKey(
        "programs.Program",
        models.DO_NOTHING,
        null=True,
        related_name="+",
        db_constraint=False,
        verbose_name="chương trình",
    )
    indicator = models.ForeignKey(
        "programs.Indicator",
        models.DO_NOTHING,
        null=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
        verbose_name="chỉ tiêu",
    )
    province = models.ForeignKey(
        "programs.Province",
        models.DO_NOTHING,
        null=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
        verbose_name="tỉnh",
    )
    period = models.ForeignKey(
        "programs.Period",
        models.DO_NOTHING,
        null=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
        verbose_name="kỳ",
    )
    marked_at = models.DateTimeField("ghi lúc", db_default=Now())

    class Meta:
        verbose_name = "phần chờ tính lại"
        verbose_name_plural = "các phần chờ tính lại"
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"Phần chờ tính lại số {self.pk}"


class JobState(models.TextChoices):
    RUNNING = "running", "đang chạy"
    DONE = "done", "xong"
    FAILED = "failed", "lỗi"


class JobKind(models.TextChoices):
    RECOMPUTE = "recompute", "tính lại"
    PROOF = "proof", "kiểm chứng"


class JobRun(models.Model):
    """One run of the engine or of its proof: what it took and changed, how long, what went wrong.

    A proof changes nothing; what differs is its error.
    """

    kind = models.CharField("loại", max_length=9, choices=JobKind, default=JobKind.RECOMPUTE)
    state = models.CharField("tình trạng", max_length=7, choices=JobState)
    started_at = models.DateTimeField("bắt đầu")
    finished_at = models.DateTimeField("kết thúc", null=True, blank=True)
    worker = models.CharField("tiến trình", max_length=100, blank=True)
    marks_taken = models.PositiveIntegerField("số dấu đã nhận", default=0)
    rows_computed = models.PositiveIntegerField("số ô đã tính", default=0)
    rows_changed = models.PositiveIntegerField("số ô thay đổi", default=0)
    error = models.TextField("lỗi", blank=True)

    class Meta:
        verbose_name = "lần tính"
        verbose_name_plural = "các lần tính"
        ordering = ("-started_at", "-pk")
        constraints = (
            models.CheckConstraint(
                condition=Q(state="running", finished_at=None)
                | (~Q(state="running") & Q(finished_at__isnull=False)),
                name="job_finished_when_not_running",
            ),
            models.CheckConstraint(
                condition=Q(state="failed") | Q(error=""), name="job_error_when_failed"
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_state_display()} {self.started_at:%H:%M %d/%m/%Y}"

"""What people say about one figure: why it came back, what it should be, why it is right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q

from programs.access import Right, rows_where
from programs.fields import NfcTextField
from reports.models.figure import Figure, FigureState

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User


class RemarkKind(models.TextChoices):
    RETURNED = "returned", "trả lại"
    ANSWERED = "answered", "sửa xong, gửi lại"
    ACCEPTED = "accepted", "chấp nhận"
    COMMENT = "comment", "ý kiến"


class RemarkQuerySet(models.QuerySet["Remark"]):
    def visible_to(self, user: User | AnonymousUser) -> RemarkQuerySet:
        return self.filter(rows_where(user, Right.SEE, "figure__province"))


class Remark(models.Model):
    """One entry of a figure's thread, in the order of `at`. Never changed afterwards.

    A return may propose what the figure should be, as a state with its value (in the
    indicator's unit; None with a state that has none).
    """

    figure = models.ForeignKey(
        Figure, on_delete=models.PROTECT, related_name="remarks", verbose_name="số liệu"
    )
    kind = models.CharField("loại", max_length=8, choices=RemarkKind)
    text = NfcTextField("nội dung", blank=True)
    proposed_state = models.CharField(
        "trạng thái đề nghị", max_length=14, choices=FigureState, blank=True, default=""
    )
    proposed_value = models.DecimalField(
        "giá trị đề nghị", max_digits=20, decimal_places=6, null=True, blank=True
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name="người"
    )
    at = models.DateTimeField("lúc")

    objects = RemarkQuerySet.as_manager()

    class Meta:
        verbose_name = "ý kiến về số liệu"
        verbose_name_plural = "ý kiến về số liệu"
        ordering = ("figure", "at", "pk")
        constraints = (
            models.CheckConstraint(
                condition=~Q(kind__in=("returned", "comment")) | ~Q(text=""),
                name="remark_says_why",
                violation_error_message="Trả lại một số liệu thì phải nêu lý do.",
            ),
            models.CheckConstraint(
                condition=Q(proposed_value=None)
                | Q(kind="returned", proposed_state__in=("reported", "zero")),
                name="remark_proposal",
                violation_error_message="Chỉ khi trả lại mới đề nghị được giá trị.",
            ),
        )
        triggers = (
            pgtrigger.Protect(name="keep_remark", operation=pgtrigger.Update | pgtrigger.Delete),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.text}" if self.text else self.get_kind_display()


class Justification(models.Model):
    """«Đúng, vì …»: why an unlikely figure is right. It stays with the figure.

    `about` is what the check found, so that another value of the figure is asked about again.
    """

    figure = models.ForeignKey(
        Figure, on_delete=models.CASCADE, related_name="justifications", verbose_name="số liệu"
    )
    check_name = models.CharField("phép kiểm tra", max_length=20)
    about = models.CharField("về", max_length=100)
    reason = NfcTextField("lý do")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name="người"
    )
    at = models.DateTimeField("lúc")

    class Meta:
        verbose_name = "giải trình"
        verbose_name_plural = "giải trình"
        ordering = ("figure", "at", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=("figure", "check_name", "about"),
                name="justification_once",
                violation_error_message="Điều này đã được giải trình.",
            ),
            models.CheckConstraint(
                condition=~Q(reason=""),
                name="justification_says_why",
                violation_error_message="Hãy nêu vì sao số này đúng.",
            ),
        )

    def __str__(self) -> str:
        return self.reason

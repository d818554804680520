"""What a source claims in words. Kept as quoted, shown beside what is computed, never merged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models

from programs.access import Right, rows_where
from programs.fields import NfcCharField
from programs.models import Indicator, LegalDocument, Period, Program, Province

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User


class QuotationKind(models.TextChoices):
    ATTAINMENT = "attainment", "tỷ lệ so với kế hoạch"
    GROWTH = "growth", "tốc độ tăng, giảm"
    RELATIVE = "relative", "bằng bao nhiêu phần trăm"
    VALUE = "value", "giá trị"


class QuotationQuerySet(models.QuerySet["Quotation"]):
    def visible_to(self, user: User | AnonymousUser) -> QuotationQuerySet:
        return self.filter(rows_where(user, Right.SEE))


class Quotation(models.Model):
    program = models.ForeignKey(
        Program, on_delete=models.CASCADE, related_name="quotations", verbose_name="chương trình"
    )
    indicator = models.ForeignKey(
        Indicator, on_delete=models.PROTECT, related_name="quotations", verbose_name="chỉ tiêu"
    )
    province = models.ForeignKey(
        Province, on_delete=models.PROTECT, related_name="quotations", verbose_name="tỉnh"
    )
    period = models.ForeignKey(
        Period, on_delete=models.PROTECT, related_name="quotations", verbose_name="kỳ"
    )
    kind = models.CharField("loại", max_length=10, choices=QuotationKind)
    text = NfcCharField("nguyên văn", max_length=200)
    documents = models.ManyToManyField(
        LegalDocument, related_name="quotations", verbose_name="nguồn"
    )

    objects = QuotationQuerySet.as_manager()

    class Meta:
        verbose_name = "trích dẫn"
        verbose_name_plural = "trích dẫn"
        ordering = ("program", "indicator__position", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=("program", "indicator", "province", "period", "kind"),
                name="quotation_once",
                violation_error_message="Đã có trích dẫn loại này cho chỉ tiêu và kỳ này.",
            ),
        )

    def __str__(self) -> str:
        return f"«{self.text}»"

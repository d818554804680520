"""What a target or a decision rests on: số, ký hiệu, ngày, cơ quan, trích yếu, tệp."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pghistory
from django.core.validators import FileExtensionValidator
from django.db import models
from django.db.models import Q

from programs.access import Right, rows_where
from programs.fields import NfcCharField, NfcTextField, search_key_of
from programs.models.province import Province

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User


class LegalDocumentQuerySet(models.QuerySet["LegalDocument"]):
    def visible_to(self, user: User | AnonymousUser) -> LegalDocumentQuerySet:
        return self.filter(rows_where(user, Right.SEE))


class DocumentKind(models.TextChoices):
    DECREE = "decree", "nghị định"
    RESOLUTION = "resolution", "nghị quyết"
    DECISION = "decision", "quyết định"
    CIRCULAR = "circular", "thông tư"
    DIRECTIVE = "directive", "chỉ thị"
    PLAN = "plan", "kế hoạch"
    REPORT = "report", "báo cáo"
    PRESS = "press", "bài báo"
    OTHER = "other", "văn bản khác"


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent())
class LegalDocument(models.Model):
    key = models.SlugField(
        "khóa", max_length=60, unique=True, help_text="Tên ngắn không dấu, ví dụ nd-45-2012."
    )
    kind = models.CharField("loại", max_length=12, choices=DocumentKind)
    number = NfcCharField("số, ký hiệu", max_length=60, blank=True)
    issued_on = models.DateField(
        "ngày ban hành", null=True, blank=True, help_text="Để trống: nguồn không ghi ngày."
    )
    issuer = NfcCharField("cơ quan ban hành", max_length=200)
    abstract = NfcTextField("trích yếu")
    file = models.FileField(
        "tệp",
        upload_to="documents/",
        blank=True,
        validators=[FileExtensionValidator(["pdf", "docx", "doc", "xlsx"])],
    )
    province = models.ForeignKey(
        Province,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="documents",
        verbose_name="của tỉnh",
        help_text="Để trống: văn bản của trung ương.",
    )
    search_key = search_key_of("abstract")

    objects = LegalDocumentQuerySet.as_manager()

    class Meta:
        verbose_name = "văn bản"
        verbose_name_plural = "văn bản"
        ordering = ("-issued_on", "number", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=("number", "issuer"),
                condition=~Q(number=""),
                name="document_number_issuer",
                violation_error_message="Cơ quan này đã có văn bản mang số, ký hiệu này.",
            ),
            models.CheckConstraint(
                condition=Q(kind="press") | ~Q(number=""),
                name="document_has_number",
                violation_error_message="Văn bản phải có số, ký hiệu; chỉ bài báo thì không.",
            ),
        )

    def __str__(self) -> str:
        if not self.number:
            return f"{self.get_kind_display()} của {self.issuer}"
        day = f" ngày {self.issued_on:%d/%m/%Y}" if self.issued_on else ""
        return f"{self.number}{day}"

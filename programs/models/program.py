"""Programs: chương trình khuyến công of the nation (KCQG) or of one province (KCĐP)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pghistory
from django.db import models
from django.db.models import Q

from programs.access import Right, rows_where
from programs.fields import NfcCharField, search_key_of, sort_key_of
from programs.models.document import LegalDocument
from programs.models.period import Calendar, Period, PeriodKind
from programs.models.province import Province

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User


class ProgramQuerySet(models.QuerySet["Program"]):
    def visible_to(self, user: User | AnonymousUser) -> ProgramQuerySet:
        return self.filter(rows_where(user, Right.SEE))


class Level(models.TextChoices):
    """Who pays. KCQG and KCĐP never overlap, so the level of the program is also the source."""

    NATIONAL = "national", "khuyến công quốc gia"
    LOCAL = "local", "khuyến công địa phương"


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent())
class Program(models.Model):
    """One program during one stage. It is reported in one kind of period only, its leaf.

    Every other period is derived from the leaves it contains.
    """

    code = models.SlugField("mã", max_length=40, unique=True)
    name = NfcCharField("tên", max_length=200)
    level = models.CharField("cấp", max_length=8, choices=Level)
    province = models.ForeignKey(
        Province,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="programs",
        verbose_name="của tỉnh",
        help_text="Để trống: chương trình quốc gia, mọi tỉnh đều báo cáo.",
    )
    stage = models.ForeignKey(
        Period,
        on_delete=models.PROTECT,
        related_name="programs",
        verbose_name="giai đoạn",
        limit_choices_to={"kind__in": (PeriodKind.STAGE, PeriodKind.YEAR)},
    )
    calendar = models.CharField("lịch", max_length=14, choices=Calendar)
    leaf_kind = models.CharField(
        "kỳ báo cáo",
        max_length=11,
        choices=[
            choice
            for choice in PeriodKind.choices
            if choice[0] in ("month", "quarter", "year", "stage")
        ],
        help_text="Loại kỳ duy nhất mà tỉnh nhập số liệu; các kỳ khác được tính ra từ kỳ này.",
    )
    follows = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="followed_by",
        verbose_name="nối tiếp chương trình",
        help_text="Dùng để so với giai đoạn trước.",
    )
    document = models.ForeignKey(
        LegalDocument,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="programs",
        verbose_name="văn bản phê duyệt",
    )
    is_sample = models.BooleanField(
        "số liệu minh họa",
        default=False,
        editable=False,
        help_text="Không phải số liệu thật: mọi trang nêu rõ, không cộng vào tổng nào khác.",
    )
    search_key = search_key_of("name")
    sort_key = sort_key_of("name")

    objects = ProgramQuerySet.as_manager()

    class Meta:
        verbose_name = "chương trình"
        verbose_name_plural = "chương trình"
        ordering = ("sort_key", "pk")
        constraints = (
            models.CheckConstraint(
                condition=Q(level="national", province=None)
                | Q(level="local", province__isnull=False),
                name="program_level_owner",
                violation_error_message=(
                    "Chương trình địa phương phải thuộc một tỉnh; chương trình quốc gia thì không."
                ),
            ),
            models.CheckConstraint(
                condition=Q(leaf_kind__in=("month", "quarter", "year", "stage")),
                name="program_leaf_kind",
                violation_error_message=(
                    "Kỳ báo cáo của chương trình là tháng, quý, năm hoặc giai đoạn."
                ),
            ),
            models.CheckConstraint(
                condition=~Q(follows=models.F("pk")),
                name="program_not_own_follower",
                violation_error_message="Chương trình không thể nối tiếp chính nó.",
            ),
        )

    def __str__(self) -> str:
        return self.name

"""What is counted: nội dung hoạt động and chỉ tiêu, in a national and in provincial catalogues."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pghistory
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q

from programs.access import Right, rows_where
from programs.fields import NfcCharField, search_key_of, sort_key_of
from programs.models.document import LegalDocument
from programs.models.province import Province
from programs.planning import Direction

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent())
class ContentGroup(models.Model):
    """One of the nine contents of khuyến công, in one version of the law.

    Source: Nghị định 45/2012/NĐ-CP, Điều 4.
    """

    version = NfcCharField("bản", max_length=40)
    number = models.PositiveSmallIntegerField("số thứ tự")
    name = NfcCharField("tên", max_length=300)
    short_name = NfcCharField("tên ngắn", max_length=80)
    document = models.ForeignKey(
        LegalDocument, on_delete=models.PROTECT, related_name="+", verbose_name="văn bản"
    )
    replaces = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="replaced_by",
        verbose_name="thay cho",
        help_text="Nhóm tương ứng trong bản trước.",
    )

    class Meta:
        verbose_name = "nội dung hoạt động"
        verbose_name_plural = "nội dung hoạt động"
        ordering = ("version", "number")
        constraints = (
            models.UniqueConstraint(
                fields=("version", "number"),
                name="content_group_number",
                violation_error_message="Bản này đã có nội dung mang số này.",
            ),
        )

    def __str__(self) -> str:
        return f"{self.number}. {self.short_name}"


class Section(models.TextChoices):
    """Where an indicator stands in a report; contents are divided further by ContentGroup."""

    CONTENT = "content", "nội dung hoạt động"
    PROJECTS = "projects", "đề án"
    MONEY = "money", "kinh phí"
    REPORTING = "reporting", "chế độ báo cáo"
    OUTCOME = "outcome", "kết quả chung"


class Aggregation(models.TextChoices):
    """How values of an indicator may be added up. Declared, never inferred."""

    FLOW = "flow", "cộng dồn theo kỳ và theo địa bàn"
    STOCK = "stock", "giá trị mới nhất theo kỳ, cộng theo địa bàn"
    RATIO = "ratio", "tỷ số của hai tổng"
    DISTINCT = "distinct", "đếm lại đối tượng không trùng, không cộng"
    RATE = "rate", "nhập sẵn, không cộng"


class EntryMode(models.TextChoices):
    PERIOD = "period", "số trong kỳ"
    CUMULATIVE = "cumulative", "lũy kế từ đầu năm"


class Counted(models.TextChoices):
    """The entities a distinct indicator recounts."""

    NOTHING = "", "—"
    ORGANISATION = "organisation", "cơ sở, đơn vị"
    COUNTRY = "country", "quốc gia, vùng lãnh thổ"


class IndicatorQuerySet(models.QuerySet["Indicator"]):
    def visible_to(self, user: User | AnonymousUser) -> IndicatorQuerySet:
        return self.filter(rows_where(user, Right.SEE))


DIRECTION_LABELS = {
    Direction.HIGHER.value: "càng cao càng tốt",
    Direction.LOWER.value: "càng thấp càng tốt",
    Direction.NEUTRAL.value: "không xét cao thấp",
}


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent())
class Indicator(models.Model):
    """One chỉ tiêu with its unit and its way of adding up.

    The catalogue is national (province empty) or one province's own: the province issues its
    system of indicators. Source: Thông tư 46/2012/TT-BCT, Điều 9, khoản 1, điểm c.
    """

    province = models.ForeignKey(
        Province,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="indicators",
        verbose_name="danh mục của tỉnh",
        help_text="Để trống: danh mục quốc gia.",
    )
    code = models.SlugField("mã", max_length=60)
    name = NfcCharField("tên", max_length=250)
    unit = NfcCharField("đơn vị tính", max_length=40)
    section = models.CharField("phần", max_length=9, choices=Section, default=Section.CONTENT)
    content_group = models.ForeignKey(
        ContentGroup,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="indicators",
        verbose_name="nội dung hoạt động",
    )
    position = models.PositiveSmallIntegerField("thứ tự", default=0)
    aggregation = models.CharField("cách cộng", max_length=8, choices=Aggregation)
    entry_mode = models.CharField(
        "cách nhập", max_length=10, choices=EntryMode, default=EntryMode.PERIOD
    )
    direction = models.CharField(
        "chiều", max_length=7, choices=DIRECTION_LABELS, default=Direction.HIGHER.value
    )
    decimals = models.PositiveSmallIntegerField(
        "số chữ số thập phân", default=0, validators=[MaxValueValidator(6)]
    )
    numerator = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="numerator_of",
        verbose_name="tử số",
    )
    denominator = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="denominator_of",
        verbose_name="mẫu số",
    )
    ratio_scale = models.PositiveIntegerField(
        "nhân với", null=True, blank=True, help_text="100 cho tỷ lệ %, 1 cho tỷ số thường."
    )
    counted = models.CharField(
        "đếm đối tượng", max_length=12, choices=Counted, blank=True, default=Counted.NOTHING
    )
    minimum_base = models.DecimalField(
        "gốc nhỏ nhất để tính tốc độ tăng",
        max_digits=20,
        decimal_places=6,
        default=5,
        help_text="Gốc nhỏ hơn số này thì chỉ nêu mức tăng giảm, không nêu tỷ lệ.",
    )
    evidence_required = models.BooleanField("phải có chứng cứ", default=False)
    in_use = models.BooleanField("đang dùng", default=True)
    search_key = search_key_of("name")
    sort_key = sort_key_of("name")

    objects = IndicatorQuerySet.as_manager()

    class Meta:
        verbose_name = "chỉ tiêu"
        verbose_name_plural = "chỉ tiêu"
        ordering = ("position", "code", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=("province", "code"),
                nulls_distinct=False,
                name="indicator_code_in_catalogue",
                violation_error_message="Danh mục này đã có chỉ tiêu mang mã này.",
            ),
            models.CheckConstraint(
                condition=Q(section="content", content_group__isnull=False)
                | (~Q(section="content") & Q(content_group=None)),
                name="indicator_content_has_group",
                violation_error_message=(
                    "Chỉ tiêu nội dung hoạt động phải thuộc một nội dung; chỉ tiêu khác thì không."
                ),
            ),
            models.CheckConstraint(
                condition=Q(
                    aggregation="ratio",
                    numerator__isnull=False,
                    denominator__isnull=False,
                    ratio_scale__isnull=False,
                    ratio_scale__gte=1,
                )
                | (~Q(aggregation="ratio") & Q(numerator=None, denominator=None, ratio_scale=None)),
                name="indicator_ratio_parts",
                violation_error_message=(
                    "Tỷ số phải có tử số, mẫu số và số nhân; chỉ tiêu khác thì để trống cả ba."
                ),
            ),
            models.CheckConstraint(
                condition=~Q(numerator=F("denominator")),
                name="indicator_ratio_of_two",
                violation_error_message="Tử số và mẫu số phải là hai chỉ tiêu khác nhau.",
            ),
            models.CheckConstraint(
                condition=Q(aggregation="distinct", counted__in=("organisation", "country"))
                | (~Q(aggregation="distinct") & Q(counted="")),
                name="indicator_distinct_counts",
                violation_error_message=(
                    "Chỉ tiêu đếm không trùng phải nêu đếm đối tượng nào; chỉ tiêu khác thì không."
                ),
            ),
            models.CheckConstraint(
                condition=Q(entry_mode="period") | Q(aggregation="flow"),
                name="indicator_cumulative_flow",
                violation_error_message="Chỉ chỉ tiêu cộng dồn mới nhập theo lũy kế.",
            ),
            models.CheckConstraint(
                condition=Q(decimals__lte=6),
                name="indicator_decimals",
                violation_error_message="Nhiều nhất 6 chữ số thập phân.",
            ),
            models.CheckConstraint(
                condition=Q(minimum_base__gt=0),
                name="indicator_minimum_base",
                violation_error_message="Gốc nhỏ nhất phải lớn hơn 0.",
            ),
        )
        indexes = (models.Index(fields=("search_key",), name="indicator_search"),)

    def __str__(self) -> str:
        return f"{self.name} ({self.unit})"

    @property
    def is_percentage(self) -> bool:
        """Whether differences are in percentage points («điểm phần trăm»)."""
        return self.unit.startswith("%")

    @property
    def is_cumulative(self) -> bool:
        """Whether people type what was done since the year began («lũy kế»)."""
        return self.entry_mode == EntryMode.CUMULATIVE

"""Provinces live in time: 63 until 30/06/2025, 34 after. Nothing is moved at a merger."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pghistory
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, IntegerRangeField, RangeOperators
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Cast

from programs.fields import NfcCharField, search_key_of, sort_key_of

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User


class ProvinceQuerySet(models.QuerySet["Province"]):
    def on(self, day: date) -> ProvinceQuerySet:
        """The units that exist on `day`; a unit without valid_to exists today and on."""
        return self.filter(valid_from__lte=day).exclude(valid_to__lt=day)

    def visible_to(self, user: User | AnonymousUser) -> ProvinceQuerySet:
        """Every member sees the names of all units; figures are narrowed where they are."""
        if user.is_anonymous or not user.is_active:
            return self.none()
        return self.filter(models.Exists(user.memberships.all()))


class ProvinceKind(models.TextChoices):
    PROVINCE = "tỉnh", "tỉnh"
    CITY = "thành phố", "thành phố"


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent())
class Province(models.Model):
    """One unit during one span of time; the same code may name another province later.

    Source: Nghị quyết 202/2025/QH15 and Quyết định 19/2025/QĐ-TTg (63 units became 34).
    """

    code = NfcCharField(
        "mã",
        max_length=2,
        validators=[RegexValidator(r"^\d\d$", "Mã tỉnh gồm hai chữ số, ví dụ 01.")],
    )
    name = NfcCharField("tên", max_length=100)
    kind = NfcCharField("loại", max_length=10, choices=ProvinceKind)
    region = NfcCharField("vùng", max_length=60)
    valid_from = models.DateField("có từ ngày")
    valid_to = models.DateField(
        "đến hết ngày", null=True, blank=True, help_text="Để trống: đang tồn tại."
    )
    successor = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="predecessors",
        verbose_name="đơn vị kế tiếp",
        help_text="Đơn vị nhận toàn bộ địa bàn khi sáp nhập hoặc đổi loại.",
    )
    search_key = search_key_of("name")
    sort_key = sort_key_of("name")

    objects = ProvinceQuerySet.as_manager()

    class Meta:
        verbose_name = "tỉnh, thành phố"
        verbose_name_plural = "tỉnh, thành phố"
        ordering = ("code", "valid_from")
        constraints = (
            models.UniqueConstraint(
                fields=("code", "valid_from"),
                name="province_code_from",
                violation_error_message="Đã có đơn vị mang mã này từ ngày này.",
            ),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from")),
                name="province_dates_in_order",
                violation_error_message="Ngày kết thúc phải từ ngày bắt đầu trở đi.",
            ),
            models.CheckConstraint(
                # A closed unit may wait for its successor: where the code goes on, the next
                # unit can be written only after this one is closed.
                condition=Q(successor=None) | Q(valid_to__isnull=False),
                name="province_open_has_no_successor",
                violation_error_message=(
                    "Đơn vị đang tồn tại thì chưa có đơn vị kế tiếp; hãy ghi ngày kết thúc trước."
                ),
            ),
            models.CheckConstraint(
                condition=~Q(successor=F("pk")),
                name="province_not_own_successor",
                violation_error_message="Một đơn vị không thể kế tiếp chính nó.",
            ),
            models.CheckConstraint(
                condition=Q(code__regex=r"^\d\d$"),
                name="province_code_two_digits",
                violation_error_message="Mã tỉnh gồm hai chữ số, ví dụ 01.",
            ),
            # The code as a one-number range: a plain "=" on text would need btree_gist,
            # which not every PostgreSQL has at hand.
            ExclusionConstraint(
                name="province_code_one_unit_a_day",
                expressions=(
                    (
                        Func(
                            Cast("code", models.IntegerField()),
                            Cast("code", models.IntegerField()),
                            Value("[]"),
                            function="int4range",
                            output_field=IntegerRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                    (
                        Func(
                            F("valid_from"),
                            F("valid_to"),
                            Value("[]"),
                            function="daterange",
                            output_field=DateRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ),
                violation_error_message="Trong cùng một ngày, một mã chỉ thuộc một đơn vị.",
            ),
        )
        indexes = (models.Index(fields=("search_key",), name="province_search"),)

    def __str__(self) -> str:
        return self.name if self.valid_to is None else f"{self.name} (đến {self.valid_to:%d/%m/%Y})"

    @property
    def full_name(self) -> str:
        """The name with its kind, as it is written at the head of a document."""
        return f"{self.get_kind_display()} {self.name}"


class Lineage(models.Model):
    """Which units a unit contains: itself and all its predecessors. A view, so never stale.

    `unit` 68 (Lâm Đồng since 01/07/2025) has four parts: itself, old Lâm Đồng, Đắk Nông and
    Bình Thuận.
    """

    pk = models.CompositePrimaryKey("unit_id", "part_id")
    unit = models.ForeignKey(Province, models.DO_NOTHING, related_name="parts")
    part = models.ForeignKey(Province, models.DO_NOTHING, related_name="units")

    class Meta:
        managed = False
        db_table = "programs_lineage"
        verbose_name = "phả hệ địa giới"
        verbose_name_plural = "phả hệ địa giới"

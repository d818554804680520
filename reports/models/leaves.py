"""Between figures and attainment: what each leaf amounts to, and who should have reported."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from programs.models import Indicator, Period, Program, Province
from reports.models.places import Layer


class Span(models.Model):
    """One leaf of a period that the program's leaves fill to the day."""

    pk = models.CompositePrimaryKey("program_id", "period_id", "leaf_id")
    program = models.ForeignKey(
        Program, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    period = models.ForeignKey(
        Period, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    leaf = models.ForeignKey(
        Period, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    is_last = models.BooleanField("kết thúc cùng kỳ")

    class Meta:
        verbose_name = "kỳ và các kỳ nhỏ nhất của nó"
        verbose_name_plural = "kỳ và các kỳ nhỏ nhất của nó"

    def __str__(self) -> str:
        return f"{self.leaf} trong {self.period}"


class Expectation(models.Model):
    """How much one province owes for one period of a program: the frame of every coverage.

    There is a row for each province of the program, also where it owes nothing.
    """

    pk = models.CompositePrimaryKey("program_id", "period_id", "province_id")
    program = models.ForeignKey(
        Program, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    period = models.ForeignKey(
        Period, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    province = models.ForeignKey(
        Province, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    leaves = models.PositiveSmallIntegerField("số kỳ phải báo cáo")
    exists_then = models.BooleanField("có trong kỳ")
    stands = models.BooleanField("còn đến cuối kỳ")
    unit = models.ForeignKey(
        Province,
        models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        db_index=False,
        verbose_name="đơn vị quản lý địa bàn vào cuối kỳ",
    )
    current = models.ForeignKey(
        Province,
        models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        db_index=False,
        verbose_name="đơn vị quản lý địa bàn hiện nay",
    )
    region = models.CharField("vùng của đơn vị hiện nay", max_length=60)

    class Meta:
        verbose_name = "phần phải báo cáo"
        verbose_name_plural = "phần phải báo cáo"

    def __str__(self) -> str:
        return f"{self.province}, {self.period}: {self.leaves}"


class LeafState(models.TextChoices):
    REPORTED = "reported", "có trả lời"
    NOT_APPLICABLE = "not_applicable", "không áp dụng"
    MISSING = "missing", "chưa báo cáo"  # only on a layer that takes back an official figure


class LeafSum(models.Model):
    """One indicator in one unit and leaf, its parts added up, on one layer.

    `value` is in the indicator's unit; None where the answer has no value. It is the work done
    from `since` to the leaf's end: longer than the leaf for a figure typed cumulatively after a
    gap. Layers other than the official one have rows only where they differ from it.
    """

    pk = models.CompositePrimaryKey(
        "program_id", "indicator_id", "province_id", "period_id", "layer"
    )
    program = models.ForeignKey(
        Program, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    indicator = models.ForeignKey(
        Indicator, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    province = models.ForeignKey(
        Province, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    period = models.ForeignKey(
        Period, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    layer = models.CharField("lớp số liệu", max_length=9, choices=Layer)
    state = models.CharField("trạng thái", max_length=14, choices=LeafState)
    value = models.DecimalField("giá trị", max_digits=30, decimal_places=6, null=True)
    since = models.DateField("kể từ ngày")
    was_due = models.BooleanField("phải báo cáo")
    computed_at = models.DateTimeField("tính lúc", db_default=Now())

    class Meta:
        verbose_name = "giá trị của kỳ nhỏ nhất"
        verbose_name_plural = "giá trị của kỳ nhỏ nhất"

    def __str__(self) -> str:
        return f"{self.indicator}, {self.province}, {self.period}"

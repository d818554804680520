"""The tables: which columns, in which order they sort. What a cell looks like is a template's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import django_tables2 as tables
from django.contrib.postgres.fields import ArrayField
from django.core.paginator import Page, Paginator
from django.db import models
from django.db.models import F, Func, Value
from django.http import QueryDict

from programs.models.program import ProgramQuerySet
from reports.attainment.arithmetic import Comparison
from reports.attainment.comparison import bases_of
from reports.models.attainment import AttainmentQuerySet

if TYPE_CHECKING:
    # django_tables2 has no types; what is used of it is said here.
    class _Table:
        order_by: Any
        wishes: tuple[str, ...]  # what the address asked for and the table can do
        page: Page[Any]
        paginator: Paginator[Any]
        paginated_rows: Any

        def __init__(self, data: models.QuerySet[Any]) -> None: ...

        def paginate(self) -> None: ...

    class _Column:
        def __init__(self, verbose_name: str, **options: Any) -> None: ...
else:
    _Table, _Column = tables.Table, tables.Column

_KEYS: ArrayField[Any, Any] = ArrayField(models.BigIntegerField())

AnyTable = TypeVar("AnyTable", bound=_Table)


def arranged(table: AnyTable, asked: QueryDict) -> AnyTable:
    """Sort and page `table` as the address asks; what it cannot do is left as it is.

    Not by RequestConfig, which lets anybody ask for a page of any size.
    """
    wishes = asked.getlist("xep")
    if wishes:
        table.order_by = wishes
    table.wishes = tuple(table.order_by) if wishes else ()
    table.paginate()
    table.page = table.paginator.get_page(asked.get("trang"))
    return table


def records_of(table: _Table) -> list[Any]:
    """The rows of the table's page, read once."""
    return [row.record for row in table.paginated_rows]


class ProgramTable(_Table):
    name = _Column("Chương trình", order_by=("sort_key", "pk"))
    level = _Column("Cấp", order_by=("level", "sort_key", "pk"))
    place = _Column("Địa bàn")
    stage = _Column("Giai đoạn", order_by=("stage__starts_on", "stage__ends_on", "sort_key", "pk"))
    reached = _Column("Kết quả", orderable=False)

    class Meta:
        order_by_field = "xep"
        page_field = "trang"
        per_page = 50

    def order_place(
        self, queryset: ProgramQuerySet, is_descending: bool
    ) -> tuple[ProgramQuerySet, bool]:
        """National programs, which have no province, last either way."""
        by = F("province__sort_key")
        ordering = by.desc(nulls_last=True) if is_descending else by.asc(nulls_last=True)
        return queryset.order_by(ordering, "sort_key", "pk"), True


class AttainmentTable(_Table):
    """Rows of one program, period and place. Unless asked otherwise they stand as in a report."""

    number = _Column("STT", order_by=("indicator__position", "indicator__code", "pk"))
    name = _Column("Chỉ tiêu", order_by=("indicator__sort_key", "pk"))
    unit = _Column("ĐVT", orderable=False)
    plan = _Column("Kế hoạch", orderable=False)  # units differ: an order would mean nothing
    actual = _Column("Thực hiện", orderable=False)
    percent = _Column("Tỷ lệ so với kế hoạch")
    relative = _Column("So sánh")
    coverage = _Column("Đã báo cáo", orderable=False)

    class Meta:
        order_by_field = "xep"
        page_field = "trang"
        per_page = 100

    def order_percent(
        self, queryset: AttainmentQuerySet, is_descending: bool
    ) -> tuple[AttainmentQuerySet, bool]:
        """Rows without a percentage come last either way; the key keeps pages stable on ties."""
        by = F("percent")
        ordering = by.desc(nulls_last=True) if is_descending else by.asc(nulls_last=True)
        return queryset.order_by(ordering, "indicator__position", "pk"), True

    def order_relative(
        self, queryset: AttainmentQuerySet, is_descending: bool
    ) -> tuple[AttainmentQuerySet, bool]:
        """Rows without a rate come last either way. A rate is not stored: read once to sort by."""
        in_report_order = queryset.order_by("indicator__position", "pk")
        rates = {
            pk: bases.leading.outcome.relative
            for pk, bases in bases_of(in_report_order).items()
            if bases.leading and isinstance(bases.leading.outcome, Comparison)
        }
        ranking = sorted(rates, key=rates.__getitem__, reverse=is_descending)
        rank = Func(Value(ranking, _KEYS), F("pk"), function="array_position")
        return queryset.order_by(rank.asc(nulls_last=True), "indicator__position", "pk"), True

    @property
    def is_grouped(self) -> bool:
        """Whether the rows stand in the report's order, so that group headings make sense."""
        return not self.order_by or tuple(self.order_by) == ("number",)

"""What is stored, read for comparison, and what differs, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Field

from programs.models import Indicator, Program
from programs.models.target import SHAPE_LABELS
from programs.numbers import show_number, show_percent
from reports.attainment.verify.answers import millionths, millionths_or_none
from reports.attainment.verify.ground import Ground, Place
from reports.attainment.verify.promises import Promise
from reports.attainment.verify.rows import Cell, Row
from reports.models import Attainment, Layer, OfficialPlan, Scope

AMOUNTS = (
    "actual",
    "numerator",
    "denominator",
    "parts_planned",
    "complete_planned",
    "complete_actual",
)
PERCENTAGES = ("percent", "year_percent")
PLANS = ("plan", "year_plan")
_POSITIONS = {
    columns: [Row._fields.index(column) for column in columns]
    for columns in (AMOUNTS, PERCENTAGES, PLANS)
}

# A row that points to a plan which is not there: unlike every plan.
LOST_PLAN = Promise(None, -1, "", None, None, None, False)


@dataclass(frozen=True, slots=True)
class Difference:
    """One column of one cell, as stored and as recomputed; of a whole row `column` is empty."""

    cell: str
    column: str
    stored: str
    recomputed: str

    def __str__(self) -> str:
        if self.column:
            return (
                f"{self.cell}: «{self.column}» đang lưu {self.stored}, tính lại {self.recomputed}"
            )
        if self.stored:
            return f"{self.cell}: thừa dòng này ({self.stored})"
        return f"{self.cell}: thiếu dòng này ({self.recomputed})"


def stored_rows(program: Program, indicator: int) -> dict[Cell, Row]:
    """The stored rows of one indicator, with their plans' content in place of their keys."""
    plans = {
        pk: Promise(
            version,
            parts,
            shape,
            millionths_or_none(lower),
            millionths_or_none(upper),
            millionths_or_none(baseline),
            disputed,
        )
        for pk, version, parts, shape, lower, upper, baseline, disputed in (
            OfficialPlan.objects.filter(program=program, indicator=indicator)
            .order_by()
            .values_list(
                "pk", "version_id", "parts", "shape", "lower", "upper", "baseline", "disputed"
            )
        )
    }
    columns = [f"{column}_id" if column in PLANS else column for column in Row._fields]
    attainments = Attainment.objects.filter(program=program, indicator=indicator).order_by()
    rows: dict[Cell, Row] = {}
    for scope, province, region, period, layer, *values in attainments.values_list(
        "scope", "province_id", "region", "period_id", "layer", *columns
    ).iterator(chunk_size=5_000):
        cell = Cell(Place(scope, province, region), period, layer)
        rows[cell] = _row(values, plans)
    return rows


def _row(values: list[Any], plans: dict[int, Promise]) -> Row:
    for position in _POSITIONS[AMOUNTS]:
        values[position] = millionths_or_none(values[position])
    for position in _POSITIONS[PERCENTAGES]:
        if values[position] is not None:
            values[position] = millionths(values[position]) // 100_000
    for position in _POSITIONS[PLANS]:
        if values[position] is not None:
            values[position] = plans.get(values[position], LOST_PLAN)
    return Row._make(values)


def differences_between(
    stored: dict[Cell, Row], recomputed: dict[Cell, Row], indicator: Indicator, ground: Ground
) -> Iterator[Difference]:
    order = {span.pk: number for number, span in enumerate(ground.spans)}
    differing = [
        cell for cell in {*stored, *recomputed} if stored.get(cell) != recomputed.get(cell)
    ]
    for cell in sorted(differing, key=lambda cell: (order.get(cell.period, -1), str(cell))):
        was, is_now = stored.get(cell), recomputed.get(cell)
        where = _in_words(cell, indicator, ground)
        if was is None or is_now is None:
            yield Difference(where, "", _row_in_words(was), _row_in_words(is_now))
            continue
        for column, old, new in zip(Row._fields, was, is_now, strict=True):
            if old != new:
                yield Difference(where, _label(column), _shown(column, old), _shown(column, new))


def rows_of_nothing(program: Program, indicator: int, rows: int) -> Difference:
    where = f"Chương trình {program.code}, chỉ tiêu số {indicator} không còn trong danh mục"
    return Difference(where, "", f"{show_number(rows)} dòng", "")


def _in_words(cell: Cell, indicator: Indicator, ground: Ground) -> str:
    periods = {span.pk: span.name for span in ground.spans}
    period = periods.get(cell.period, f"kỳ số {cell.period}")
    return (
        f"Chương trình {ground.program.code}, chỉ tiêu {indicator.code}, "
        f"{_place_in_words(cell.place, ground)}, {period}, lớp {Layer(cell.layer).label}"
    )


def _place_in_words(place: Place, ground: Ground) -> str:
    scope = Scope(place.scope)
    if scope is Scope.NATION:
        return scope.label
    if scope is Scope.REGION:
        return f"{scope.label} {place.region}"
    unit = ground.units.get(place.province or 0)
    return f"{unit.name if unit else place.province} ({scope.label})"


def _row_in_words(row: Row | None) -> str:
    if row is None:
        return ""
    done = _shown("actual", row.actual) if row.actual is not None else row.no_actual
    return f"thực hiện {done}, kế hoạch {_shown('plan', row.plan)}"


def _label(column: str) -> str:
    described = Attainment._meta.get_field(column)
    assert isinstance(described, Field)
    return str(described.verbose_name)


def _shown(column: str, value: Any) -> str:
    if value is None or value == "":
        return "(trống)"
    if column in AMOUNTS:
        return _amount(value)
    if column in PERCENTAGES:
        return show_percent(Decimal(value) / 10)
    if column in PLANS:
        return _plan_in_words(value)
    return show_number(value) if isinstance(value, int) else str(value)


def _amount(value: int) -> str:
    return show_number(Decimal(value).scaleb(-6))


def _plan_in_words(plan: Promise) -> str:
    if plan == LOST_PLAN:
        return "(không còn)"
    whose = f"tổng {plan.parts} kế hoạch" if plan.version is None else f"phiên bản {plan.version}"
    bounds = " … ".join(_amount(bound) for bound in (plan.lower, plan.upper) if bound is not None)
    baseline = "" if plan.baseline is None else f", gốc {_amount(plan.baseline)}"
    disputed = ", nguồn không thống nhất" if plan.disputed else ""
    return f"[{whose}: {SHAPE_LABELS[plan.shape]} {bounds}{baseline}{disputed}]"

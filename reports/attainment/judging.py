"""One row for every cell: its figure, its plan, a percentage or a reason, the comparison, coverage.

Every decision is taken by arithmetic.py on exact numbers; what is stored is for showing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from django.utils import timezone

from programs.models import Indicator, Period, Program, Province
from programs.models.indicator import Aggregation
from programs.models.period import PeriodKind
from programs.planning import Direction
from reports.attainment.arithmetic import (
    Comparison,
    NoComparison,
    NoPercentage,
    attainment,
    compare,
    exact,
    ratio_of_sums,
    rounded,
    shown_percent,
    standing,
)
from reports.attainment.plans import OfficialPlan, official_plans
from reports.attainment.sums import Cell, Expected, Sum, expected_of, sums_of
from reports.models import Attainment, Layer

STORED_DECIMALS = 6
NOBODY = Expected(units=0, leaves=0)


def rows_of(program: Program, indicator_ids: set[int]) -> Iterator[Attainment]:
    """Yield an unsaved row for every cell that has figures or a plan, in a fixed order."""
    indicators = Indicator.objects.select_related("numerator").in_bulk(indicator_ids)
    plans = official_plans(program, indicator_ids)
    sums = sums_of(program, indicator_ids)
    expected = expected_of(program)
    periods = Period.objects.in_bulk({cell.period for cell in (*sums, *plans)})
    provinces = Province.objects.in_bulk({cell.province for cell in (*sums, *plans)} - {None})
    bases = _Bases(program, indicator_ids, sums, expected)
    now = timezone.now()

    for cell in sorted({*sums, *plans}, key=lambda cell: (cell[:3], cell.province or 0)):
        indicator, period = indicators[cell.indicator], periods[cell.period]
        yield _row(
            Attainment(
                program=program,
                indicator=indicator,
                period=period,
                scope=cell.scope,
                province=provinces.get(cell.province or 0),
                layer=Layer.OFFICIAL,
                computed_at=now,
            ),
            found=sums.get(cell),
            plan=plans.get(cell),
            base=bases.of(cell, period),
            expected=expected.get((cell.period, cell.province), NOBODY),
        )


def _row(
    row: Attainment,
    *,
    found: Sum | None,
    plan: OfficialPlan | None,
    base: Base | None,
    expected: Expected,
) -> Attainment:
    """Fill `row`: the figure, the plan, a percentage or a reason, the comparison, the coverage."""
    indicator = row.indicator
    direction = Direction(indicator.direction)

    done = _actual(indicator, found)
    actual = done if isinstance(done, Fraction) else None
    row.actual = _stored(actual)
    row.no_actual = done.value if isinstance(done, NoPercentage) else ""
    if found is not None:
        row.numerator, row.denominator = found.numerator, found.denominator

    promised = None
    if plan is not None:
        row.target_version, row.disputed = plan.version, plan.disputed
        promised = plan.version.plan

    judged: Fraction | NoPercentage
    if promised is None:
        judged = NoPercentage.NO_TARGET
    elif isinstance(done, NoPercentage):
        judged = done
    else:
        judged = attainment(actual, promised, direction)
    if isinstance(judged, NoPercentage):
        row.reason = judged.value
    else:
        row.percent = shown_percent(judged)
    row.standing = standing(actual, promised, direction).value

    row.units_reported = found.units_reported if found else 0
    row.leaves_reported = found.leaves_reported if found else 0
    row.units_expected = max(expected.units, row.units_reported)
    row.leaves_expected = _leaves_due(indicator, expected)
    row.leaves_expected += found.leaves_unexpected if found else 0

    if base is not None:
        _compare(row, actual, base)
    return row


def _actual(indicator: Indicator, found: Sum | None) -> Fraction | NoPercentage:
    """The exact figure in the indicator's unit, or why there is none."""
    if found is None:
        return NoPercentage.NOT_REPORTED
    if found.not_applicable:
        return NoPercentage.NOT_APPLICABLE
    if not found.addable:
        return NoPercentage.NOT_ADDABLE
    if indicator.aggregation == Aggregation.RATIO:
        return ratio_of_sums(found.numerator, found.denominator, scale=indicator.ratio_scale or 1)
    return NoPercentage.NOT_REPORTED if found.value is None else exact(found.value)


def _leaves_due(indicator: Indicator, expected: Expected) -> int:
    """How many unit × leaf make the cell complete; of a stock only the last leaf counts."""
    measured = indicator.numerator or indicator
    is_stock = measured.aggregation == Aggregation.STOCK
    return expected.units if is_stock else expected.leaves


def _compare(row: Attainment, actual: Fraction | None, base: Base) -> None:
    """Percentages are compared in points by whoever prints them; the rest as a rate here.

    One year of five against five years would be a fall that nobody has seen: both periods must
    be fully reported.
    """
    before = _actual(row.indicator, base.sum)
    if isinstance(before, NoPercentage):
        return
    row.base_period, row.base_actual = base.period, _stored(before)

    base_is_complete = base.sum.leaves_reported >= _leaves_due(row.indicator, base.expected)
    is_complete = row.leaves_reported >= row.leaves_expected and _stood_throughout(row, base)
    if not (is_complete and base_is_complete):
        row.no_comparison = NoComparison.PARTIAL.value
        return
    if row.indicator.is_percentage:
        return
    against = compare(actual, before, minimum_base=row.indicator.minimum_base)
    if isinstance(against, Comparison):
        row.relative_percent = shown_percent(against.relative)
    else:
        row.no_comparison = against.value


def _stood_throughout(row: Attainment, base: Base) -> bool:
    """Whether the province was the same unit from the start of the base to the end of the row."""
    unit = row.province
    if unit is None:
        return True
    is_there_still = unit.valid_to is None or unit.valid_to >= row.period.ends_on
    return unit.valid_from <= base.period.starts_on and is_there_still


def _stored(value: Fraction | None) -> Decimal | None:
    """A ratio may have no end; six decimals are for showing, its two sums are stored beside it."""
    return None if value is None else rounded(value, decimals=STORED_DECIMALS)


@dataclass(frozen=True, slots=True)
class Base:
    """What a cell is compared with, and who should have reported for it."""

    period: Period
    sum: Sum
    expected: Expected


class _Bases:
    """The same cell one step back: the year before, or the stage before in the program before."""

    def __init__(
        self,
        program: Program,
        indicators: set[int],
        sums: Mapping[Cell, Sum],
        expected: Mapping[tuple[int, int | None], Expected],
    ) -> None:
        before = program.follows
        self.sums = {**(sums_of(before, indicators) if before else {}), **sums}
        self.expected = {**(expected_of(before) if before else {}), **expected}
        kinds = Period.objects.filter(calendar=program.calendar)
        self.periods = {(p.kind, p.year, p.number): p for p in kinds}

    def of(self, cell: Cell, period: Period) -> Base | None:
        years_back = period.number if period.kind == PeriodKind.STAGE else 1
        earlier = self.periods.get((period.kind, period.year - years_back, period.number))
        if earlier is None:
            return None
        found = self.sums.get(cell._replace(period=earlier.pk))
        if found is None:
            return None
        return Base(earlier, found, self.expected.get((earlier.pk, cell.province), NOBODY))

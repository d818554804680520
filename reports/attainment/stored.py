"""What a stored row says, as the arithmetic takes it, and how a stored row is found again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import NamedTuple

from django.db.models import Q

from programs.models import Indicator
from reports.attainment.arithmetic import NoPercentage, exact, ratio_of_sums
from reports.models import Attainment, OfficialPlan


def done_in(row: Attainment) -> Fraction | NoPercentage:
    """Return the figure in the indicator's unit, or why there is none.

    Of a ratio it is made from the two sums: six stored decimals may not hold it.
    """
    if row.actual is None:
        return NoPercentage(row.no_actual)
    if row.indicator.ratio_scale is None:
        return exact(row.actual)
    return ratio_of_sums(row.numerator, row.denominator, scale=row.indicator.ratio_scale)


def exact_actual(row: Attainment) -> Fraction | None:
    """Return the figure in the indicator's unit; None if there is none."""
    done = done_in(row)
    return None if isinstance(done, NoPercentage) else done


def is_complete(row: Attainment) -> bool:
    """Whether everything that was due has been answered."""
    return row.leaves_reported >= row.leaves_expected


def added_up(indicator: Indicator, rows: Sequence[Attainment]) -> Fraction | NoPercentage:
    """Return the sum of the figures of `rows`, of a ratio the ratio of the sums, or why none.

    For rows that may be added: of a flow, of a stock at several places, of a ratio of such. A
    row without a figure adds nothing; where none has one, nothing was reported, unless all say
    that it does not apply.
    """
    if indicator.ratio_scale is not None:
        pairs = [
            (exact(row.numerator), exact(row.denominator))
            for row in rows
            if row.numerator is not None and row.denominator is not None
        ]
        if pairs:
            numerator, denominator = (sum(part, Fraction(0)) for part in zip(*pairs, strict=True))
            return ratio_of_sums(numerator, denominator, scale=indicator.ratio_scale)
    figures = [exact(row.actual) for row in rows if row.actual is not None]
    if figures:
        return sum(figures, Fraction(0))
    excused = rows and all(row.no_actual == NoPercentage.NOT_APPLICABLE for row in rows)
    return NoPercentage.NOT_APPLICABLE if excused else NoPercentage.NOT_REPORTED


class Place(NamedTuple):
    """Where a row or a plan stands; the nation has neither province nor region."""

    scope: str
    province: int | None = None
    region: str = ""


class Cell(NamedTuple):
    program: int
    indicator: int
    period: int
    place: Place


def place_of(row: Attainment | OfficialPlan) -> Place:
    return Place(row.scope, row.province_id, row.region)


def cell_of(row: Attainment | OfficialPlan) -> Cell:
    return Cell(row.program_id, row.indicator_id, row.period_id, place_of(row))


def at_places(places: Iterable[Place]) -> Q:
    """Rows, or plans, at one of `places`; without a place none."""
    condition = Q(pk__in=[])
    for place in set(places):
        condition |= Q(scope=place.scope, province=place.province, region=place.region)
    return condition

"""Every division and every rounding of the project. Pure, exact, without floats.

Fractions inside, Decimals only as printed. A missing figure is None and never 0; where there
is no percentage or no rate there is a named reason. Shares are numbers of which 1 is 100%;
«points» are percentage points.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from enum import StrEnum
from fractions import Fraction
from math import floor

from programs.planning import Direction, Plan, Shape

Exact = Fraction | Decimal | int


class NoPercentage(StrEnum):
    """Why there is no percentage. Each reason is a different sentence (phrases.py)."""

    NO_TARGET = "no_target"  # no plan was assigned
    PLAN_PARTIAL = "plan_partial"  # the plan is a sum, and a unit with a figure has none
    NOT_REPORTED = "not_reported"  # a reported zero is a figure, this is none
    NOT_APPLICABLE = "not_applicable"  # the unit says the indicator is not for it
    OUTSIDE_PLAN = "outside_plan"  # plan 0, something done
    NOTHING_PLANNED = "nothing_planned"  # plan 0, nothing done
    RANGE = "range"  # below, within or above, in words
    LIMIT = "limit"  # within or over a ceiling, and no baseline to measure progress from
    AT_BOUND = "at_bound"  # «trên 50» and exactly 50: 100% of it, yet not reached
    NO_CHANGE_PLANNED = "no_change_planned"  # the ceiling is the baseline
    BASELINE_CONTRADICTS = "baseline_contradicts"  # the ceiling is above the baseline
    SHAPE_CONTRADICTS = "shape_contradicts"  # «ít nhất» where lower is better
    NEGATIVE = "negative"  # a negative plan, actual or baseline
    NOT_ADDABLE = "not_addable"  # rates and distinct counts have no total
    ZERO_DENOMINATOR = "zero_denominator"  # a ratio of something to nothing


class NoComparison(StrEnum):
    """Why there is no rate of growth."""

    NOT_REPORTED = "not_reported"
    NO_BASE = "no_base"
    ZERO_BASE = "zero_base"
    NEGATIVE_BASE = "negative_base"
    SMALL_BASE = "small_base"
    NEGATIVE_CURRENT = "negative_current"  # a fall of more than 100% says nothing
    PARTIAL = "partial"  # not everybody has reported for one of the two periods
    BOUNDARY = "boundary"  # the two periods speak of different areas


class Standing(StrEnum):
    """What is concluded from the exact figures, never from a printed percentage."""

    REACHED = "reached"
    NOT_REACHED = "not_reached"
    BELOW_RANGE = "below_range"
    WITHIN_RANGE = "within_range"
    ABOVE_RANGE = "above_range"
    WITHIN_LIMIT = "within_limit"
    OVER_LIMIT = "over_limit"
    UNKNOWN = "unknown"  # no plan, no figure, a plan of 0, or a plan that contradicts itself


class Method(StrEnum):
    """What a percentage is a percentage of; phrases.py words the two differently."""

    OF_PLAN = "of_plan"  # actual ÷ plan: «đạt 128% kế hoạch»
    FROM_BASELINE = "from_baseline"  # reduction done ÷ reduction planned


PLAIN_SHAPES = (Shape.EXACT, Shape.AT_LEAST, Shape.ABOUT)


@dataclass(frozen=True, slots=True)
class Comparison:
    """A figure against a positive base: «bằng 199,5%» and «tăng 99,5%» are one fact."""

    relative: Fraction  # current ÷ base

    @property
    def change(self) -> Fraction:
        return self.relative - 1


def exact(value: Exact) -> Fraction:
    """Return `value` unchanged as a fraction. Raises TypeError for a float, ValueError for NaN."""
    if not isinstance(value, Exact):
        raise TypeError(f"not an exact number: {value!r}")
    if isinstance(value, Decimal) and not value.is_finite():
        raise ValueError(f"not a finite number: {value}")
    return Fraction(value)


def is_limit(plan: Plan, direction: Direction) -> bool:
    """Return whether less is better under `plan`: at_most, or one number of a LOWER indicator."""
    lower_is_better = direction is Direction.LOWER
    return plan.shape is Shape.AT_MOST or (
        lower_is_better and plan.shape in (Shape.EXACT, Shape.ABOUT)
    )


def method(plan: Plan, direction: Direction) -> Method:
    """Return what a percentage of `plan` would be a percentage of, if there is one."""
    return Method.FROM_BASELINE if is_limit(plan, direction) else Method.OF_PLAN


def attainment(
    actual: Exact | None, plan: Plan | None, direction: Direction
) -> Fraction | NoPercentage:
    """Return the share of `plan` that is done, exact and uncapped (1 is 100%), or why none.

    Actual ÷ lower bound; for a limit with a baseline the reduction done ÷ the reduction
    planned, which is negative if things got worse (see `method`). A neutral indicator counts
    as HIGHER: its plan is to be carried out. A plan of 0 assigns nothing.

    Source: usage of official reports, «đạt X% kế hoạch» = TH / KH × 100.
    Decided: the project, 11/2026 (the reasons; the baseline method).
    """
    if plan is None:
        return NoPercentage.NO_TARGET
    if actual is None:
        return NoPercentage.NOT_REPORTED
    done = exact(actual)

    if plan.shape is Shape.RANGE:
        return NoPercentage.RANGE
    if is_limit(plan, direction):
        return _reduction(done, plan)
    if direction is Direction.LOWER:
        return NoPercentage.SHAPE_CONTRADICTS
    if done < 0 or plan.floor < 0:
        return NoPercentage.NEGATIVE
    if plan.floor == 0:
        return NoPercentage.OUTSIDE_PLAN if done else NoPercentage.NOTHING_PLANNED
    if plan.shape is Shape.ABOVE and done == plan.floor:
        return NoPercentage.AT_BOUND
    return done / plan.floor


@dataclass(frozen=True, slots=True)
class Working:
    """The division behind a percentage, for whoever wants to do it again."""

    method: Method
    dividend: Fraction  # what was done; of a reduction, by how much it was reduced
    divisor: Fraction  # what was planned; of a reduction, the reduction that was planned

    @property
    def points(self) -> Fraction:
        """In percentage points, before rounding."""
        return self.dividend / self.divisor * 100


def working(actual: Exact | None, plan: Plan | None, direction: Direction) -> Working | None:
    """Return the division that `attainment` makes; None where it has no percentage."""
    share = attainment(actual, plan, direction)
    if plan is None or actual is None or isinstance(share, NoPercentage):
        return None
    if method(plan, direction) is Method.FROM_BASELINE and plan.baseline is not None:
        start = Fraction(plan.baseline)
        return Working(Method.FROM_BASELINE, start - exact(actual), start - plan.ceiling)
    return Working(Method.OF_PLAN, exact(actual), plan.floor)


def percentage(
    actual: Exact | NoPercentage,
    plan: Plan | None,
    direction: Direction,
    *,
    plan_is_partial: bool = False,
) -> Decimal | NoPercentage:
    """Return what is printed of `attainment`, or why nothing is.

    `actual` may be the reason for which there is no figure. `plan_is_partial`: the plan is a
    sum, and something that is in `actual` has no plan in it.
    """
    if plan is None and not plan_is_partial:
        return NoPercentage.NO_TARGET
    if isinstance(actual, NoPercentage):
        return actual
    if plan_is_partial:
        return NoPercentage.PLAN_PARTIAL
    share = attainment(actual, plan, direction)
    return share if isinstance(share, NoPercentage) else shown_percent(share)


def judged(
    actual: Exact | NoPercentage,
    plan: Plan | None,
    direction: Direction,
    *,
    plan_is_partial: bool = False,
) -> tuple[Decimal | NoPercentage, Standing]:
    """Return `percentage` and `standing` together: what is stored of a figure and its plan.

    The plan of most rows is one number to reach. For it both are found in whole numbers, the
    same ones as by the functions above and below: a nation has a million such rows.
    """
    if (
        type(actual) is Decimal
        and plan is not None
        and plan.lower is not None
        and plan.shape in PLAIN_SHAPES
        and direction is not Direction.LOWER
        and not plan_is_partial
        and actual >= 0 < plan.lower
    ):
        done, done_in = actual.as_integer_ratio()
        promised, promised_in = plan.lower.as_integer_ratio()
        part, whole = done * promised_in, promised * done_in
        tenths = (2000 * part + whole) // (2 * whole)  # of a percent, half up
        if part < whole:
            return Decimal(min(tenths, 999)).scaleb(-1), Standing.NOT_REACHED
        return Decimal(tenths).scaleb(-1), Standing.REACHED

    shown = percentage(actual, plan, direction, plan_is_partial=plan_is_partial)
    if plan_is_partial or isinstance(actual, NoPercentage):
        return shown, Standing.UNKNOWN
    return shown, standing(actual, plan, direction)


def _reduction(done: Fraction, plan: Plan) -> Fraction | NoPercentage:
    if plan.baseline is None:
        return NoPercentage.LIMIT
    start, end = Fraction(plan.baseline), plan.ceiling
    if done < 0 or start < 0 or end < 0:
        return NoPercentage.NEGATIVE
    if end == start:
        return NoPercentage.NO_CHANGE_PLANNED
    if end > start:
        return NoPercentage.BASELINE_CONTRADICTS
    return (start - done) / (start - end)


def standing(actual: Exact | None, plan: Plan | None, direction: Direction) -> Standing:
    """Return the conclusion on exact figures.

    UNKNOWN for a plan of 0, so that «27/34 chỉ tiêu đạt» counts only what was assigned.

    Source: «trên N» is reached beyond N, the other shapes at N: usage of official plans.
    Decided: the project, 11/2026.
    """
    if plan is None or actual is None:
        return Standing.UNKNOWN
    done = exact(actual)

    if plan.shape is Shape.RANGE:
        if done < plan.floor:
            return Standing.BELOW_RANGE
        return Standing.ABOVE_RANGE if done > plan.ceiling else Standing.WITHIN_RANGE
    if is_limit(plan, direction):
        return Standing.WITHIN_LIMIT if done <= plan.ceiling else Standing.OVER_LIMIT
    if direction is Direction.LOWER or plan.floor == 0:
        return Standing.UNKNOWN
    reached = done > plan.floor if plan.shape is Shape.ABOVE else done >= plan.floor
    return Standing.REACHED if reached else Standing.NOT_REACHED


def gap(actual: Exact | None, plan: Plan | None, direction: Direction) -> Fraction | None:
    """Return how far `actual` is from the nearest bound that satisfies `plan`, in its unit.

    Never negative; `standing` tells the side. 0 when satisfied, and for «trên 50» also at 50,
    which no distance separates from being reached. None when the standing is UNKNOWN.
    """
    if plan is None or actual is None:
        return None
    match standing(actual, plan, direction):
        case Standing.UNKNOWN:
            return None
        case Standing.NOT_REACHED | Standing.BELOW_RANGE:
            return plan.floor - exact(actual)
        case Standing.ABOVE_RANGE | Standing.OVER_LIMIT:
            return exact(actual) - plan.ceiling
        case _:
            return Fraction(0)


# What shapes add up to, by what they may be mixed with. Decided: the project, 11/2026.
_NUMBERS = frozenset({Shape.EXACT, Shape.ABOUT})
_SUMS = (
    (Shape.EXACT, frozenset({Shape.EXACT})),
    (Shape.ABOUT, _NUMBERS),
    (Shape.AT_LEAST, _NUMBERS | {Shape.AT_LEAST}),
    (Shape.ABOVE, _NUMBERS | {Shape.ABOVE}),
    (Shape.RANGE, _NUMBERS | {Shape.RANGE}),
    (Shape.AT_MOST, frozenset({Shape.AT_MOST})),
)


def sum_of_plans(plans: Sequence[Plan]) -> Plan | None:
    """Return what `plans` promise together, each bound added; None if they have no sum.

    The upper bound is lost where one of them has none, and so is the baseline.
    """
    shapes = {plan.shape for plan in plans}
    shape = next((shape for shape, fitting in _SUMS if shapes <= fitting), None)
    if not plans or shape is None:
        return None
    return Plan(
        shape,
        lower=_sum_of(plan.lower for plan in plans),
        upper=_sum_of(plan.upper for plan in plans),
        baseline=_sum_of(plan.baseline for plan in plans),
    )


def _sum_of(bounds: Iterable[Decimal | None]) -> Decimal | None:
    """Return the exact sum; None if a bound is missing."""
    total = Decimal(0)
    with localcontext(prec=120):
        for bound in bounds:
            if bound is None:
                return None
            total += bound
    return total


def is_eased(now: Plan, before: Plan, direction: Direction) -> bool:
    """Return whether `now` asks for less than `before`: a lower floor; of a limit a higher one.

    Where less is better every upper bound is a limit. Bounds that one of the two does not have
    are not compared.
    """
    less_is_better = direction is Direction.LOWER or (
        is_limit(now, direction) and is_limit(before, direction)
    )
    if less_is_better:
        return now.upper is not None and before.upper is not None and now.upper > before.upper
    return now.lower is not None and before.lower is not None and now.lower < before.lower


def rounded(value: Exact, *, decimals: int) -> Decimal:
    """Return `value` with `decimals` digits after the comma, half up.

    Half goes away from zero for negatives, so that a fall prints the digits of an equal rise.

    Decided: the project, 11/2026.
    """
    fraction = exact(value)
    steps = floor(abs(fraction) * 10**decimals + Fraction(1, 2))
    return Decimal(f"{-steps if fraction < 0 else steps}E-{decimals}")


def shown_points(points: Exact, *, decimals: int = 1) -> Decimal:
    """Return percentage points as printed: half up, but never 100 before 100 is reached.

    Decided: the project, 11/2026.
    """
    shown = rounded(points, decimals=decimals)
    if shown >= 100 and exact(points) < 100:
        return Decimal(f"{10 ** (decimals + 2) - 1}E-{decimals}")
    return shown


def shown_percent(share: Exact) -> Decimal:
    """Return `share` in percentage points as printed: 1.28 is 128, 0.9996 is 99.9. Not capped.

    One decimal, half up. Nothing is decided by it: see `standing`.

    Decided: the project, 11/2026.
    """
    return shown_points(exact(share) * 100)


def shown_change(relative_percent: Decimal) -> Decimal:
    """Return the change in percent that belongs to a printed «bằng … %»: 199.5 gives 99.5.

    Taken from the printed number, so that the two sentences agree to the last digit.
    """
    return rounded(exact(relative_percent) - 100, decimals=1)


def ratio_of_sums(
    numerator: Exact | None, denominator: Exact | None, *, scale: int
) -> Fraction | NoPercentage:
    """Return numerator ÷ denominator × scale; both are sums already (never average ratios).

    `scale` 100 gives percentage points, 1 a plain ratio.
    """
    if numerator is None or denominator is None:
        return NoPercentage.NOT_REPORTED
    part, whole = exact(numerator), exact(denominator)
    if part < 0 or whole < 0:
        return NoPercentage.NEGATIVE
    if whole == 0:
        return NoPercentage.ZERO_DENOMINATOR
    return part / whole * scale


def compare(
    current: Exact | None, base: Exact | None, *, minimum_base: Exact
) -> Comparison | NoComparison:
    """Return current ÷ base, or why there is no rate. For a «%» indicator use `points`.

    The base must be positive and at least `minimum_base` (in the indicator's unit). Of a merged
    province the caller adds the predecessors first.
    """
    if current is None:
        return NoComparison.NOT_REPORTED
    if base is None:
        return NoComparison.NO_BASE
    if exact(base) < 0:
        return NoComparison.NEGATIVE_BASE
    if exact(current) < 0:
        return NoComparison.NEGATIVE_CURRENT
    if base == 0:
        return NoComparison.ZERO_BASE
    if exact(base) < exact(minimum_base):
        return NoComparison.SMALL_BASE
    return Comparison(exact(current) / exact(base))


def points(current: Exact | None, base: Exact | None) -> Fraction | NoComparison:
    """Return current − base, both in percentage points: 40% → 50% is 10 points."""
    if current is None:
        return NoComparison.NOT_REPORTED
    if base is None:
        return NoComparison.NO_BASE
    return exact(current) - exact(base)


def average_yearly_growth(
    first: Exact | None, last: Exact | None, *, years: int, minimum_base: Exact
) -> Comparison | NoComparison:
    """Return the yearly factor that leads from `first` to `last` in `years` steps (geometric).

    The root is right to forty decimals, and exact where it has no more than that. Raises
    ValueError if `years` is less than 1.

    Source: usual practice of «bình quân/năm»; Decided: the project, 11/2026.
    """
    if years < 1:
        raise ValueError(f"years must be at least 1: {years}")
    overall = compare(last, first, minimum_base=minimum_base)
    if isinstance(overall, NoComparison):
        return overall
    with localcontext(prec=120):
        factor = Decimal(overall.relative.numerator) / Decimal(overall.relative.denominator)
        root = (factor ** (1 / Decimal(years))).quantize(Decimal("1E-40"))
    return Comparison(Fraction(root))

"""The one place that divides and rounds, against worked examples, properties and an oracle."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from programs.planning import Direction, Plan, Shape
from reports.attainment.arithmetic import (
    Comparison,
    Method,
    NoComparison,
    NoPercentage,
    Standing,
    attainment,
    average_yearly_growth,
    compare,
    exact,
    gap,
    is_eased,
    judged,
    method,
    percentage,
    points,
    ratio_of_sums,
    rounded,
    shown_change,
    shown_percent,
    shown_points,
    standing,
    sum_of_plans,
)

UP, DOWN, NEUTRAL = Direction.HIGHER, Direction.LOWER, Direction.NEUTRAL
D = Decimal


def exactly(value: Decimal | int | str, baseline: Decimal | int | None = None) -> Plan:
    bound = D(value)
    return Plan(Shape.EXACT, bound, bound, None if baseline is None else D(baseline))


def at_least(value: int) -> Plan:
    return Plan(Shape.AT_LEAST, D(value))


def above(value: int) -> Plan:
    return Plan(Shape.ABOVE, D(value))


def about(value: int) -> Plan:
    return Plan(Shape.ABOUT, D(value), D(value))


def between(low: int, high: int) -> Plan:
    return Plan(Shape.RANGE, D(low), D(high))


def at_most(value: int, baseline: int | None = None) -> Plan:
    return Plan(Shape.AT_MOST, None, D(value), None if baseline is None else D(baseline))


def percent_of(actual: Decimal | int | str, target: Decimal | int | str) -> Decimal:
    share = attainment(D(actual), exactly(target), UP)
    assert isinstance(share, Fraction)
    return shown_percent(share)


figures = st.decimals(min_value=0, max_value=D("1e12"), places=3)
positive = figures.filter(bool)
floors = st.sampled_from((Shape.EXACT, Shape.ABOUT, Shape.AT_LEAST))


def floor_plan(shape: Shape, bound: Decimal) -> Plan:
    return Plan(shape, bound, None if shape is Shape.AT_LEAST else bound)


# Worked examples: official texts and the twelve traps.


@pytest.mark.parametrize(
    ("actual", "target", "percent"),
    [
        (64, 50, "128"),  # Hà Nội 2016-2020: thiết bị
        (85, 50, "170"),  # thiết kế mẫu
        (5, 5, "100"),  # hội chợ
        (7, 5, "140"),  # Tây Ninh 2026: against the 5 assigned
        (7, 7, "100"),  # and against the 7 planned
        (0, 50, "0"),
        ("6398", "5000", "128"),
        ("1.15", "1", "115"),
        ("5.065", "8.51", "59.5"),  # Lâm Đồng 2017
        ("5.065", "8.85", "57.2"),
        (64, 100, "64"),
        (98, 1, "9800"),
    ],
)
def test_attainment_is_actual_over_plan_and_never_capped(actual, target, percent):
    assert percent_of(actual, target) == D(percent)


def test_the_year_is_the_sum_of_its_quarters_over_the_annual_plan():
    quarters = [30, 20, 25, 53]

    assert [percent_of(sum(quarters[:n]), 100) for n in (1, 2, 3, 4)] == [30, 50, 75, 128]


@pytest.mark.parametrize(
    ("target", "actual", "expected", "concluded"),
    [
        (50, 0, Fraction(0), Standing.NOT_REACHED),
        (50, None, NoPercentage.NOT_REPORTED, Standing.UNKNOWN),
        (0, 5, NoPercentage.OUTSIDE_PLAN, Standing.UNKNOWN),
        (0, 0, NoPercentage.NOTHING_PLANNED, Standing.UNKNOWN),
        (None, 5, NoPercentage.NO_TARGET, Standing.UNKNOWN),
        (None, None, NoPercentage.NO_TARGET, Standing.UNKNOWN),
    ],
)
def test_zero_missing_and_no_target_are_different_things(target, actual, expected, concluded):
    plan = None if target is None else exactly(target)

    assert attainment(actual, plan, UP) == expected
    assert standing(actual, plan, UP) is concluded


@pytest.mark.parametrize("shape", [exactly, about, at_least, above])
@pytest.mark.parametrize("actual", [0, 5])
def test_a_plan_of_zero_assigns_nothing_whatever_its_shape(shape, actual):
    expected = NoPercentage.OUTSIDE_PLAN if actual else NoPercentage.NOTHING_PLANNED

    assert attainment(actual, shape(0), UP) is expected
    assert standing(actual, shape(0), UP) is Standing.UNKNOWN
    assert gap(actual, shape(0), UP) is None


@pytest.mark.parametrize("plan", [exactly(40, 50), at_most(40, 50)])
@pytest.mark.parametrize(
    ("actual", "percent", "concluded", "over"),
    [
        (38, 120, Standing.WITHIN_LIMIT, 0),
        (40, 100, Standing.WITHIN_LIMIT, 0),
        (45, 50, Standing.OVER_LIMIT, 5),
        (50, 0, Standing.OVER_LIMIT, 10),
        (80, -300, Standing.OVER_LIMIT, 40),
        (0, 500, Standing.WITHIN_LIMIT, 0),
    ],
)
def test_lower_is_better_is_measured_from_the_baseline(plan, actual, percent, concluded, over):
    share = attainment(actual, plan, DOWN)

    assert shown_percent(share) == percent
    assert method(plan, DOWN) is Method.FROM_BASELINE
    assert standing(actual, plan, DOWN) is concluded
    assert gap(actual, plan, DOWN) == over


@pytest.mark.parametrize(
    ("plan", "direction"),
    [
        (exactly(40), DOWN),
        (about(40), DOWN),
        (at_most(40), DOWN),
        (at_most(40), UP),
        (at_most(0), UP),
    ],
)
@pytest.mark.parametrize("actual", [0, 38, 40, 45, 80])
def test_a_limit_without_baseline_has_no_percentage(plan, direction, actual):
    assert attainment(actual, plan, direction) is NoPercentage.LIMIT
    within = actual <= plan.ceiling
    assert standing(actual, plan, direction) is (
        Standing.WITHIN_LIMIT if within else Standing.OVER_LIMIT
    )
    assert gap(actual, plan, direction) == (0 if within else actual - plan.ceiling)


@pytest.mark.parametrize(
    ("plan", "reason"),
    [
        (exactly(50, 50), NoPercentage.NO_CHANGE_PLANNED),
        (exactly(60, 50), NoPercentage.BASELINE_CONTRADICTS),
        (at_most(60, 50), NoPercentage.BASELINE_CONTRADICTS),
        (at_most(40, -1), NoPercentage.NEGATIVE),
        (at_most(-40, 50), NoPercentage.NEGATIVE),
    ],
)
def test_a_baseline_that_leaves_nothing_to_reduce_gives_no_percentage(plan, reason):
    assert attainment(45, plan, DOWN) is reason


def test_a_baseline_does_not_change_the_percentage_of_what_should_rise():
    assert attainment(64, exactly(50, 40), UP) == Fraction(64, 50)
    assert method(exactly(50, 40), UP) is Method.OF_PLAN


@pytest.mark.parametrize("plan", [at_least(40), above(40)])
def test_a_minimum_for_what_should_fall_is_a_contradiction(plan):
    assert attainment(45, plan, DOWN) is NoPercentage.SHAPE_CONTRADICTS
    assert standing(45, plan, DOWN) is Standing.UNKNOWN
    assert gap(45, plan, DOWN) is None


@pytest.mark.parametrize(
    ("plan", "actual", "concluded", "missing"),
    [
        (at_least(10000), 9999, Standing.NOT_REACHED, 1),
        (at_least(10000), 10000, Standing.REACHED, 0),
        (above(10000), 9999, Standing.NOT_REACHED, 1),
        (above(10000), 10000, Standing.NOT_REACHED, 0),
        (above(10000), 10001, Standing.REACHED, 0),
        (about(3500), 3499, Standing.NOT_REACHED, 1),
        (about(3500), 3500, Standing.REACHED, 0),
        (exactly(50), D("49.999"), Standing.NOT_REACHED, Fraction(1, 1000)),
        (exactly(50), 64, Standing.REACHED, 0),
        (between(60000, 70000), 52000, Standing.BELOW_RANGE, 8000),
        (between(60000, 70000), 60000, Standing.WITHIN_RANGE, 0),
        (between(60000, 70000), 70000, Standing.WITHIN_RANGE, 0),
        (between(60000, 70000), 70001, Standing.ABOVE_RANGE, 1),
    ],
)
def test_each_shape_is_reached_where_its_words_say(plan, actual, concluded, missing):
    assert standing(actual, plan, UP) is concluded
    assert standing(actual, plan, NEUTRAL) is concluded
    assert gap(actual, plan, UP) == missing


@pytest.mark.parametrize("direction", Direction)
@pytest.mark.parametrize("actual", [-1, 52000, 65000, 75000])
def test_a_range_has_words_and_no_percentage(actual, direction):
    assert attainment(actual, between(60000, 70000), direction) is NoPercentage.RANGE


def test_exactly_the_bound_of_an_above_plan_is_not_printed_as_100_percent():
    assert attainment(10000, above(10000), UP) is NoPercentage.AT_BOUND
    assert attainment(10001, above(10000), UP) == Fraction(10001, 10000)


def test_a_missed_percentage_target_is_told_in_points():
    assert percent_of(40, 50) == 80
    assert gap(40, exactly(50), UP) == 10


@pytest.mark.parametrize(
    ("parts", "wholes", "ratio"),
    [
        ((90, 300), (100, 1000), "35.5"),
        ((20, 500), (10, 1000), "51.5"),
        ((7774,), (9590,), "81.1"),
        ((229,), (943,), "24.3"),
    ],
)
def test_a_ratio_is_the_ratio_of_sums(parts, wholes, ratio):
    assert shown_points(ratio_of_sums(sum(parts), sum(wholes), scale=100)) == D(ratio)


@pytest.mark.parametrize(("people", "classes", "each"), [(9590, 274, 35), (7200, 72, 100)])
def test_a_ratio_may_be_a_plain_number(people, classes, each):
    assert ratio_of_sums(people, classes, scale=1) == each


@pytest.mark.parametrize(
    ("numerator", "denominator", "reason"),
    [
        (None, 10, NoPercentage.NOT_REPORTED),
        (10, None, NoPercentage.NOT_REPORTED),
        (10, 0, NoPercentage.ZERO_DENOMINATOR),
        (0, 0, NoPercentage.ZERO_DENOMINATOR),
        (-1, 10, NoPercentage.NEGATIVE),
        (1, -10, NoPercentage.NEGATIVE),
    ],
)
def test_a_ratio_without_its_two_parts_is_a_reason_and_not_zero(numerator, denominator, reason):
    assert ratio_of_sums(numerator, denominator, scale=100) is reason


def test_a_merged_province_is_compared_with_all_its_predecessors():
    before, plans = [10, 20, 30], [12, 24, 36]

    merged = compare(75, sum(before), minimum_base=5)

    assert merged == Comparison(Fraction(5, 4))
    assert merged.change == Fraction(1, 4)
    assert percent_of(75, sum(plans)) == D("104.2")


def test_a_correction_and_a_revised_plan_each_give_their_own_percentage():
    assert (percent_of(100, 80), percent_of(90, 80)) == (D(125), D("112.5"))
    assert (percent_of(64, 50), percent_of(64, 64)) == (D(128), D(100))


@pytest.mark.parametrize(
    ("current", "base", "relative", "change"),
    [
        (373, 187, "199.5", "99.5"),
        (3225, 2630, "122.6", "22.6"),
        (3225, 2631, "122.6", "22.6"),
        (75, 100, "75", "-25"),
        (100, 100, "100", "0"),
        (0, 100, "0", "-100"),
        (140, 100, "140", "40"),
    ],
)
def test_equal_to_and_risen_by_are_the_same_fact(current, base, relative, change):
    compared = compare(current, base, minimum_base=5)

    assert shown_percent(compared.relative) == D(relative)
    assert shown_change(shown_percent(compared.relative)) == D(change)


@pytest.mark.parametrize(
    ("current", "base", "reason"),
    [
        (None, 5, NoComparison.NOT_REPORTED),
        (None, None, NoComparison.NOT_REPORTED),
        (5, None, NoComparison.NO_BASE),
        (3, -5, NoComparison.NEGATIVE_BASE),
        (-3, -5, NoComparison.NEGATIVE_BASE),
        (-3, 5, NoComparison.NEGATIVE_CURRENT),
        (9, 0, NoComparison.ZERO_BASE),
        (0, 0, NoComparison.ZERO_BASE),
        (9, 1, NoComparison.SMALL_BASE),
        (9, D("4.999"), NoComparison.SMALL_BASE),
    ],
)
def test_no_rate_without_a_positive_base_of_some_size(current, base, reason):
    assert compare(current, base, minimum_base=5) is reason


def test_a_base_of_exactly_the_minimum_is_enough():
    assert compare(10, 5, minimum_base=5) == Comparison(Fraction(2))


def test_shares_are_compared_in_points():
    assert points(50, 40) == 10
    assert points(D("22.6"), 25) == Fraction(-24, 10)
    assert points(None, 40) is NoComparison.NOT_REPORTED
    assert points(50, None) is NoComparison.NO_BASE


def test_yearly_growth_is_geometric():
    growth = average_yearly_growth(100, 140, years=5, minimum_base=5)

    assert shown_change(shown_percent(growth.relative)) == D("7.0")


@pytest.mark.parametrize(
    ("first", "last", "reason"),
    [
        (0, 9, NoComparison.ZERO_BASE),
        (-5, 3, NoComparison.NEGATIVE_BASE),
        (1, 9, NoComparison.SMALL_BASE),
        (100, None, NoComparison.NOT_REPORTED),
        (None, 140, NoComparison.NO_BASE),
    ],
)
def test_yearly_growth_needs_a_base_like_any_other_rate(first, last, reason):
    assert average_yearly_growth(first, last, years=5, minimum_base=5) is reason


def test_growth_over_no_year_is_an_error():
    with pytest.raises(ValueError, match="at least 1"):
        average_yearly_growth(100, 140, years=0, minimum_base=5)


@pytest.mark.parametrize(
    ("share", "printed"),
    [
        ("1.2796", "128.0"),
        ("1.2846", "128.5"),
        ("1.28449", "128.4"),
        ("0.9996", "99.9"),
        ("0.9995", "99.9"),
        ("0.9994", "99.9"),
        ("0.99999999", "99.9"),
        ("1", "100.0"),
        ("1.0004", "100.0"),
        ("1.0005", "100.1"),
        ("0.0005", "0.1"),
        ("0.00049", "0.0"),
        ("-0.0005", "-0.1"),
        ("-3", "-300.0"),
    ],
)
def test_percentages_are_printed_half_up_and_100_only_when_reached(share, printed):
    assert str(shown_percent(D(share))) == printed


@pytest.mark.parametrize(
    ("value", "decimals", "printed"),
    [
        ("128.5", 0, "129"),
        ("2.675", 2, "2.68"),
        ("-128.5", 0, "-129"),
        ("-0.4", 0, "0"),
        ("1.005", 2, "1.01"),
    ],
)
def test_a_tie_goes_up_and_for_a_fall_as_far_down(value, decimals, printed):
    assert str(rounded(D(value), decimals=decimals)) == printed


def test_a_share_of_99_96_is_not_shown_as_everything_at_any_number_of_decimals():
    assert [str(shown_points(D("99.996"), decimals=n)) for n in (0, 1, 2, 3)] == [
        "99", "99.9", "99.99", "99.996",
    ]  # fmt: skip


def test_partly_reported_periods_have_two_true_ratios_and_a_coverage():
    plans, reported = [10] * 34, [10] * 30

    assert percent_of(sum(reported), sum(plans)) == D("88.2")
    assert percent_of(sum(reported), sum(plans[: len(reported)])) == 100
    assert (percent_of(64, 100), percent_of(64, 50)) == (D(64), D(128))


@pytest.mark.parametrize("value", [0.5, "5", None])
def test_a_float_is_never_computed_with(value):
    with pytest.raises(TypeError):
        exact(value)


@pytest.mark.parametrize("value", ["NaN", "Infinity"])
def test_what_is_not_finite_is_never_computed_with(value):
    with pytest.raises(ValueError, match="finite"):
        exact(D(value))


@pytest.mark.parametrize(
    ("shape", "lower", "upper"),
    [
        (Shape.EXACT, D(5), D(6)),
        (Shape.EXACT, D(5), None),
        (Shape.ABOUT, None, D(5)),
        (Shape.AT_LEAST, D(5), D(5)),
        (Shape.AT_LEAST, None, None),
        (Shape.ABOVE, None, D(5)),
        (Shape.AT_MOST, D(5), None),
        (Shape.AT_MOST, D(5), D(5)),
        (Shape.RANGE, D(5), D(5)),
        (Shape.RANGE, D(6), D(5)),
        (Shape.RANGE, D(5), None),
        (Shape.RANGE, None, None),
        (Shape.EXACT, D("NaN"), D("NaN")),
        (Shape.AT_LEAST, D("Infinity"), None),
        (Shape.EXACT, 5.0, 5.0),
    ],
)
def test_a_plan_whose_bounds_do_not_fit_its_shape_cannot_be_made(shape, lower, upper):
    with pytest.raises(ValueError, match=r"bounds do not fit|not a finite"):
        Plan(shape, lower, upper)


@pytest.mark.parametrize(
    ("actual", "plan", "is_partial", "printed"),
    [
        (64, exactly(50), False, D(128)),
        (D("49.98"), exactly(50), False, D("99.9")),
        # In this order: no plan, no figure, a plan that leaves someone out, the plan's own kind.
        (NoPercentage.NOT_REPORTED, None, False, NoPercentage.NO_TARGET),
        (NoPercentage.NOT_APPLICABLE, exactly(50), True, NoPercentage.NOT_APPLICABLE),
        (64, exactly(50), True, NoPercentage.PLAN_PARTIAL),
        (64, between(60, 70), True, NoPercentage.PLAN_PARTIAL),
        (64, None, True, NoPercentage.PLAN_PARTIAL),
        (64, between(60, 70), False, NoPercentage.RANGE),
        (5, exactly(0), False, NoPercentage.OUTSIDE_PLAN),
    ],
)
def test_what_is_printed_is_a_percentage_or_the_first_reason(actual, plan, is_partial, printed):
    assert percentage(actual, plan, UP, plan_is_partial=is_partial) == printed


@pytest.mark.parametrize(
    ("plans", "together"),
    [
        ((exactly(12), exactly(24), exactly(36)), exactly(72)),
        ((exactly(12), about(24)), about(36)),
        ((exactly(12), at_least(24), about(1)), at_least(37)),
        ((exactly(12), above(24)), above(36)),
        ((between(5, 8), exactly(12), between(1, 2)), between(18, 22)),
        ((at_most(40), at_most(2)), at_most(42)),
        ((exactly(40, 50), exactly(4, 5)), exactly(44, 55)),
        ((exactly(40, 50), exactly(4)), exactly(44)),
        ((at_most(40, 50),), at_most(40, 50)),
        ((at_most(40), exactly(2)), None),
        ((at_least(40), above(2)), None),
        ((between(5, 8), at_least(2)), None),
        ((), None),
    ],
)
def test_plans_are_added_by_their_bounds(plans, together):
    assert sum_of_plans(plans) == together
    assert sum_of_plans(plans[::-1]) == together


def test_large_plans_are_added_exactly():
    big = D("999999999999999999999999.123456")

    assert sum_of_plans([exactly(big)] * 34).floor == 34 * Fraction(big)


@pytest.mark.parametrize(
    ("now", "before", "direction", "eased"),
    [
        (exactly(50), exactly(64), UP, True),
        (exactly(64), exactly(64), UP, False),
        (exactly(70), exactly(64), UP, False),
        (between(50, 80), at_least(64), UP, True),
        (exactly(50), exactly(64), NEUTRAL, True),
        (exactly(50), exactly(40), DOWN, True),
        (exactly(30), exactly(40), DOWN, False),
        (at_most(50), at_most(40), UP, True),
        (at_most(30), at_most(40), UP, False),
        (between(30, 60), between(30, 50), DOWN, True),
        (at_most(50), exactly(64), UP, False),
        (at_least(50), at_least(64), DOWN, False),
    ],
)
def test_a_plan_is_eased_when_it_asks_for_less(now, before, direction, eased):
    assert is_eased(now, before, direction) is eased


def test_the_reasons_fit_their_columns():
    assert max(len(reason) for reason in (*NoPercentage, *NoComparison)) <= 24
    assert max(len(concluded) for concluded in Standing) <= 16


# Properties.


@given(target=figures, shape=floors, direction=st.sampled_from(Direction))
def test_nothing_reported_is_not_zero(target, shape, direction):
    plan = floor_plan(shape, target)

    assert attainment(None, plan, direction) is NoPercentage.NOT_REPORTED
    assert standing(None, plan, direction) is Standing.UNKNOWN
    assert gap(None, plan, direction) is None


@given(actual=figures | st.none(), direction=st.sampled_from(Direction))
def test_without_a_plan_there_is_nothing_to_attain(actual, direction):
    assert attainment(actual, None, direction) is NoPercentage.NO_TARGET
    assert standing(actual, None, direction) is Standing.UNKNOWN


@given(actual=figures, target=positive, shape=floors, n=st.integers(-499, 499))
def test_100_is_printed_exactly_when_reached(actual, target, shape, n):
    plan = floor_plan(shape, target)
    near = target * (1 + D(n) / 1_000_000)  # within 0.05% of the plan, where printing is tempted

    for done in (actual, near):
        reached = standing(done, plan, UP) is Standing.REACHED
        assert reached == (done >= target)
        assert (shown_percent(attainment(done, plan, UP)) >= 100) == reached


@given(actual=figures, more=positive, target=positive)
def test_doing_more_never_attains_less(actual, more, target):
    plan = exactly(target)
    less, greater = (attainment(done, plan, UP) for done in (actual, actual + more))
    assert isinstance(less, Fraction)
    assert isinstance(greater, Fraction)

    assert less < greater
    assert shown_percent(less) <= shown_percent(greater)


@given(actual=figures, target=positive, unit=st.integers(1, 10**9))
def test_the_unit_does_not_matter(actual, target, unit):
    larger = Plan(Shape.AT_LEAST, target * unit)

    assert attainment(actual * unit, larger, UP) == attainment(actual, exactly(target), UP)


@given(actual=positive, target=figures, direction=st.sampled_from([UP, NEUTRAL]))
def test_negative_figures_have_no_percentage(actual, target, direction):
    assert attainment(-actual, exactly(target), direction) is NoPercentage.NEGATIVE
    assert attainment(target, exactly(-actual), direction) is NoPercentage.NEGATIVE


@given(actual=figures, target=figures, drop=positive)
def test_a_reduction_is_100_percent_exactly_when_within_the_limit(actual, target, drop):
    plan = Plan(Shape.AT_MOST, None, target, target + drop)
    within = standing(actual, plan, DOWN) is Standing.WITHIN_LIMIT

    assert within == (actual <= target)
    assert (shown_percent(attainment(actual, plan, DOWN)) >= 100) == within


@given(
    actual=figures,
    low=figures,
    width=positive,
    shape=st.sampled_from(Shape),
    way=st.sampled_from(Direction),
)
def test_closing_the_gap_satisfies_the_plan(actual, low, width, shape, way):
    high = low + width
    bounds = {Shape.RANGE: (low, high), Shape.AT_MOST: (None, low)}
    one = (low, low if shape in (Shape.EXACT, Shape.ABOUT) else None)
    plan = Plan(shape, *bounds.get(shape, one))

    missing = gap(actual, plan, way)
    if missing is None:
        assert standing(actual, plan, way) is Standing.UNKNOWN
        return

    assert missing >= 0
    satisfied = {Standing.REACHED, Standing.WITHIN_RANGE, Standing.WITHIN_LIMIT}
    down = standing(actual, plan, way) in (Standing.OVER_LIMIT, Standing.ABOVE_RANGE)
    closed = exact(actual) - missing if down else exact(actual) + missing
    if shape is Shape.ABOVE:
        closed += Fraction(1, 10**9)
    assert standing(closed, plan, way) in satisfied
    assert (missing == 0) or standing(actual, plan, way) not in satisfied


@given(current=figures, base=positive)
def test_the_printed_rise_is_always_100_less_than_the_printed_relation(current, base):
    compared = compare(current, base, minimum_base=0)
    relative = shown_percent(compared.relative)

    assert exact(relative) - exact(shown_change(relative)) == 100
    assert compared.change == compared.relative - 1
    assert (relative < 100) == (current < base)


@given(value=st.fractions(), decimals=st.integers(0, 6))
def test_rounding_mirrors_and_is_never_off_by_more_than_half_a_step(value, decimals):
    shown = rounded(value, decimals=decimals)

    assert abs(exact(shown) - value) <= Fraction(1, 2 * 10**decimals)
    assert exact(rounded(-value, decimals=decimals)) == -exact(shown)
    assert shown.as_tuple().exponent == -decimals


@given(first=positive, rate=st.decimals(D("-0.5"), D("2"), places=4), years=st.integers(1, 8))
def test_steady_growth_is_found_again_exactly(first, rate, years):
    last = exact(first) * (1 + Fraction(rate)) ** years

    growth = average_yearly_growth(first, last, years=years, minimum_base=0)

    assert growth.change == Fraction(rate)


# An independent oracle, and the edges that random figures never reach.


@given(actual=figures, target=positive)
def test_agrees_with_sixty_digit_decimals(actual, target):
    """An oracle that shares no code with the function: decimals, not fractions."""
    with localcontext(prec=60):
        expected = (actual * 100 / target).quantize(D("0.1"), ROUND_HALF_UP)
    assume(not (actual < target and expected == 100))

    assert percent_of(actual, target) == expected


@given(start=figures, drop=positive, actual=figures)
def test_reductions_agree_with_sixty_digit_decimals(start, drop, actual):
    assume(drop <= start)
    end = start - drop
    with localcontext(prec=60):
        expected = ((start - actual) * 100 / (start - end)).quantize(D("0.1"), ROUND_HALF_UP)
    assume(not (actual > end and expected == 100))

    assert shown_percent(attainment(actual, exactly(end, start), DOWN)) == expected


@given(k=st.integers(0, 10**7), n=st.integers(1, 10**6))
def test_ties_round_up(k, n):
    """Random figures almost never fall half-way between two steps, so build the ties."""
    assume(k != 999)  # 99.95%, which must not be printed as 100
    actual, target = D(n * (2 * k + 1)) / 1000, D(2 * n)

    assert percent_of(actual, target) == D(k + 1) / 10


@given(short=st.integers(1, 499), n=st.integers(1, 10**6))
def test_just_short_of_the_plan_is_printed_as_99_9(short, n):
    """The other place random figures never reach: between 99.95% and 100%."""
    target = D(1_000_000 * n)

    assert percent_of(target - D(short * n), target) == D("99.9")


@given(short=st.integers(1, 499), n=st.integers(1, 10**6))
def test_just_short_of_the_reduction_is_printed_as_99_9(short, n):
    plan = at_most(1_000_000 * n, 2_000_000 * n)

    assert shown_percent(attainment(D((1_000_000 + short) * n), plan, DOWN)) == D("99.9")


@given(actual=st.integers(1, 10**24 - 1), target=st.integers(1, 10**14))
def test_the_largest_figures_are_exact_whatever_the_decimal_context(actual, target):
    tenths = (2000 * actual + target) // (2 * target)  # half up, in whole numbers
    assume(actual >= target)

    with localcontext(prec=2):
        assert str(percent_of(actual, target)) == f"{tenths // 10}.{tenths % 10}"


# The short way that most rows take.


@given(
    actual=st.one_of(figures, st.sampled_from(list(NoPercentage))),
    bound=figures,
    shape=st.sampled_from((Shape.EXACT, Shape.ABOUT, Shape.AT_LEAST, Shape.ABOVE)),
    direction=st.sampled_from(Direction),
    partial=st.booleans(),
)
def test_judging_a_row_at_once_says_what_the_parts_say(actual, bound, shape, direction, partial):
    plan = Plan(shape, bound, bound if shape in (Shape.EXACT, Shape.ABOUT) else None)

    shown, stands = judged(actual, plan, direction, plan_is_partial=partial)

    assert shown == percentage(actual, plan, direction, plan_is_partial=partial)
    is_judged = isinstance(actual, Decimal) and not partial
    assert stands is (standing(actual, plan, direction) if is_judged else Standing.UNKNOWN)


@given(k=st.integers(0, 10**7), n=st.integers(1, 10**6), short=st.integers(0, 499))
def test_judging_at_once_rounds_ties_up_and_never_up_to_100(k, n, short):
    tie = judged(D(n * (2 * k + 1)) / 1000, exactly(2 * n), UP)[0]
    target = D(1_000_000 * n)
    almost = judged(target - D(short * n), exactly(target), UP)

    assert tie == (D("99.9") if k == 999 else D(k + 1) / 10)
    assert almost == ((D("99.9"), Standing.NOT_REACHED) if short else (D(100), Standing.REACHED))

"""Where such systems go wrong, with numbers: traps 1 to 4, 9 and 10, from typed figures to rows.

Traps of counting twice are in test_counting_twice.py; those of time and place (mergers, late
edits, revised plans, partly reported and overlapping periods) in test_traps_in_time.py.
"""

from __future__ import annotations

from decimal import Decimal

import pytest

from programs.models import Period, Program, Province
from reports.attainment.recompute import recompute_marked
from reports.models import FigureState
from tests.factories import IndicatorFactory, ProvinceFactory, RatioFactory
from tests.reports.attainment.story import (
    calendar,
    find,
    local,
    nation,
    national,
    plan,
    report_and_approve,
    row,
)

pytestmark = pytest.mark.django_db

D = Decimal


@pytest.fixture
def ha_noi(db: None) -> Province:
    return ProvinceFactory.create(code="01", name="Hà Nội")


@pytest.fixture
def periods(db: None) -> dict[str, Period]:
    return calendar(2026)


@pytest.fixture
def by_quarter(ha_noi: Province, periods: dict[str, Period]) -> Program:
    return local(ha_noi, periods["2026"], "quarter")


@pytest.fixture
def by_year(ha_noi: Province, periods: dict[str, Period]) -> Program:
    return local(ha_noi, periods["2026"], "year")


# Trap 1. Cumulative against periodic: the real work of the quarters is 30, 20, 25 and 53; year
# to date 30, 50, 75, 128; the year's plan is 100, to date 25, 50, 75, 100.
# (The sum alone: test_arithmetic.py, test_the_year_is_the_sum_of_its_quarters_….)

QUARTERS = ("2026-Q1", "2026-Q2", "2026-Q3", "2026-Q4")
MODES = {"period": (30, 20, 25, 53), "cumulative": (30, 50, 75, 128)}


@pytest.mark.parametrize("mode", MODES)
def test_the_year_to_date_stands_beside_the_plan_to_date_and_the_year_plan(
    by_quarter, periods, ha_noi, mode
):
    classes = IndicatorFactory.create(entry_mode=mode)
    for key, planned in {"2026-Q1": 25, "2026-6T": 50, "2026-9T": 75, "2026": 100}.items():
        plan(by_quarter, classes, periods[key], planned)
    for key, value in zip(QUARTERS, MODES[mode], strict=True):
        report_and_approve(by_quarter, periods[key], {classes: value})

    recompute_marked()

    rows = {
        key: row(classes, periods[key], ha_noi) for key in (*QUARTERS, "2026-6T", "2026-9T", "2026")
    }
    assert {
        key: (found.actual, found.percent, found.year_percent) for key, found in rows.items()
    } == {
        "2026-Q1": (30, 120, 30),  # of 25 to date, of 100
        "2026-Q2": (20, None, None),  # planned within «6 tháng» only, and not from the year's start
        "2026-6T": (50, 100, 50),
        "2026-Q3": (25, None, None),
        "2026-9T": (75, 100, 75),
        "2026-Q4": (53, None, None),  # never 53 of 100
        "2026": (128, 128, None),  # its own plan is the year's
    }
    assert rows["2026-Q4"].reason == "no_target"
    assert rows["2026"].year_plan is None
    assert rows["2026-6T"].year_plan.version.lower == 100


@pytest.mark.parametrize(
    ("key", "beside"),
    [
        ("2026-01", True),
        ("2026-02", False),
        ("2026-2T", True),
        ("2026-Q1", True),
        ("2026-5T", True),
        ("2026-Q2", False),
        ("2026-6T", True),
        ("2026-11T", True),
        ("2026", False),
    ],
)
def test_the_year_plan_stands_beside_what_begins_with_the_year(periods, ha_noi, key, beside):
    program = local(ha_noi, periods["2026"], "month")
    classes = IndicatorFactory.create()
    plan(program, classes, periods["2026"], 100)
    for month in range(1, 13):
        report_and_approve(program, periods[f"2026-{month:02}"], {classes: 10})

    recompute_marked()

    found = row(classes, periods[key], ha_noi)
    assert (found.year_percent is not None) == beside
    assert (found.year_percent == found.actual) == beside  # of 100, so the same number


def test_a_stage_has_no_year_plan(db):
    periods = calendar(2026, 2027)
    program = national(periods["2026-2027"], "year")
    province = ProvinceFactory.create(code="02")
    classes = IndicatorFactory.create()
    plan(program, classes, periods["2026"], 100, province=province)
    plan(program, classes, periods["2026-2027"], 200, province=province)
    report_and_approve(program, periods["2026"], {classes: 50}, province=province)

    recompute_marked()

    stage = row(classes, periods["2026-2027"], province)
    assert (stage.percent, stage.year_plan, stage.year_reason) == (25, None, "")


def test_without_a_percentage_of_the_year_the_reason_is_named(by_quarter, periods, ha_noi):
    fairs, classes = IndicatorFactory.create_batch(2)
    plan(by_quarter, fairs, periods["2026"], 0)
    plan(by_quarter, classes, periods["2026"], 100)
    plan(by_quarter, classes, periods["2026-Q1"], 20)
    report_and_approve(by_quarter, periods["2026-Q1"], {fairs: 5})

    recompute_marked()

    beyond = row(fairs, periods["2026-Q1"], ha_noi)
    missing = row(classes, periods["2026-Q1"], ha_noi)
    assert (beyond.reason, beyond.year_reason) == ("no_target", "outside_plan")
    assert (missing.reason, missing.year_reason) == ("not_reported", "not_reported")


def test_a_year_to_date_that_falls_shows_as_negative_work_and_leaves_the_year_right(
    by_quarter, periods, ha_noi
):
    classes = IndicatorFactory.create(entry_mode="cumulative")
    plan(by_quarter, classes, periods["2026-Q2"], 25)
    report_and_approve(by_quarter, periods["2026-Q1"], {classes: 30})
    report_and_approve(by_quarter, periods["2026-Q2"], {classes: 20})

    recompute_marked()

    fallen = row(classes, periods["2026-Q2"], ha_noi)
    assert (fallen.actual, fallen.percent, fallen.reason) == (-10, None, "negative")
    assert row(classes, periods["2026-6T"], ha_noi).actual == 20


# Trap 2. Zero, missing and no target: five lines of one table, and two answers without a number.


@pytest.mark.parametrize(
    ("planned", "said", "actual", "no_actual", "percent", "reason", "standing", "answered"),
    [
        (50, 0, 0, "", 0, "", "not_reached", 1),
        (50, None, None, "not_reported", None, "not_reported", "unknown", 0),
        (0, 5, 5, "", None, "outside_plan", "unknown", 1),
        (0, 0, 0, "", None, "nothing_planned", "unknown", 1),
        (None, 5, 5, "", None, "no_target", "unknown", 1),
        (50, FigureState.MISSING, None, "not_reported", None, "not_reported", "unknown", 0),
        (50, FigureState.NOT_APPLICABLE, None, "not_applicable", None, "not_applicable",
         "unknown", 1),
        (None, FigureState.NOT_APPLICABLE, None, "not_applicable", None, "no_target",
         "unknown", 1),
    ],
)  # fmt: skip
def test_zero_missing_and_no_target_are_different_things(
    by_year, periods, ha_noi, planned, said, actual, no_actual, percent, reason, standing, answered
):
    classes = IndicatorFactory.create()
    if planned is not None:
        plan(by_year, classes, periods["2026"], planned)
    report_and_approve(by_year, periods["2026"], {classes: said})

    recompute_marked()

    found = row(classes, periods["2026"], ha_noi)
    assert (found.actual, found.no_actual) == (actual, no_actual)
    assert (found.percent, found.reason, found.standing) == (percent, reason, standing)
    assert (found.leaves_reported, found.leaves_expected) == (answered, 1)
    assert (found.units_reported, found.units_expected) == (answered, 1)


@pytest.mark.parametrize("said", [None, FigureState.MISSING])
def test_nothing_said_and_nothing_planned_is_no_row(by_year, periods, ha_noi, said):
    classes = IndicatorFactory.create()
    report_and_approve(by_year, periods["2026"], {classes: said})

    recompute_marked()

    assert find(classes, periods["2026"], ha_noi) is None


def test_who_is_silent_adds_no_zero_to_the_nation(periods):
    program = national(periods["2026"], "year")
    idle, silent = ProvinceFactory.create(code="02"), ProvinceFactory.create(code="04")
    classes, fairs = IndicatorFactory.create_batch(2)
    for province in (idle, silent):
        plan(program, classes, periods["2026"], 50, province=province)
        plan(program, fairs, periods["2026"], 50, province=province)
    report_and_approve(program, periods["2026"], {classes: 0}, province=idle)

    recompute_marked()

    said_zero, said_nothing = nation(classes, periods["2026"]), nation(fairs, periods["2026"])
    assert (said_zero.actual, said_zero.percent) == (0, 0)
    assert (said_zero.units_reported, said_zero.units_expected) == (1, 2)
    assert (said_nothing.actual, said_nothing.no_actual) == (None, "not_reported")
    assert (said_nothing.units_reported, said_nothing.units_expected) == (0, 2)


def test_a_ratio_of_nothing_to_nothing_is_not_0_percent(by_year, periods, ha_noi):
    ratio = RatioFactory.create()
    plan(by_year, ratio, periods["2026"], 50)
    report_and_approve(by_year, periods["2026"], {ratio.numerator: 0, ratio.denominator: 0})

    recompute_marked()

    found = row(ratio, periods["2026"], ha_noi)
    assert (found.actual, found.no_actual) == (None, "zero_denominator")
    assert (found.percent, found.reason) == (None, "zero_denominator")


# Trap 3. Lower is better: baseline 50, plan 40, measured from the baseline.


@pytest.mark.parametrize("aggregation", ["flow", "stock", "rate"])
@pytest.mark.parametrize(
    "bounds", [{"lower": 40}, {"lower": None, "shape": "at_most", "upper": 40}]
)
@pytest.mark.parametrize(
    ("done", "percent", "standing"),
    [
        (38, 120, "within_limit"),
        (45, 50, "over_limit"),
        (80, -300, "over_limit"),
        (0, 500, "within_limit"),
    ],
)
def test_lower_is_better_is_measured_from_the_baseline(
    by_year, periods, ha_noi, aggregation, bounds, done, percent, standing
):
    waste = IndicatorFactory.create(direction="lower", aggregation=aggregation)
    plan(by_year, waste, periods["2026"], **bounds, baseline=D(50))
    report_and_approve(by_year, periods["2026"], {waste: done})

    recompute_marked()

    found = row(waste, periods["2026"], ha_noi)
    assert (found.percent, found.reason, found.standing) == (percent, "", standing)


@pytest.mark.parametrize(
    ("version", "done", "reason", "standing"),
    [
        ({"lower": 40}, 38, "limit", "within_limit"),
        ({"lower": 40}, 45, "limit", "over_limit"),
        ({"lower": 50, "baseline": D(50)}, 45, "no_change_planned", "within_limit"),
        ({"lower": 60, "baseline": D(50)}, 64, "baseline_contradicts", "over_limit"),
        ({"lower": 40, "shape": "at_least"}, 45, "shape_contradicts", "unknown"),
        ({"lower": 40, "shape": "above"}, 45, "shape_contradicts", "unknown"),
        ({"lower": 5, "shape": "range", "upper": D(8)}, 6, "range", "within_range"),
    ],
)
def test_a_limit_never_reads_as_a_share_of_the_plan(
    by_year, periods, ha_noi, version, done, reason, standing
):
    waste = IndicatorFactory.create(direction="lower")
    plan(by_year, waste, periods["2026"], **version)
    report_and_approve(by_year, periods["2026"], {waste: done})

    recompute_marked()

    found = row(waste, periods["2026"], ha_noi)
    assert (found.percent, found.reason, found.standing) == (None, reason, standing)


# Trap 4. The ratio of sums, never the average of ratios, over places and over time.

PAIRS = [
    (((90, 100), (300, 1000)), D("35.454545")),  # jobs after training; on average 60%
    (((20, 10), (500, 1000)), D("51.485149")),  # on average 125%
]


@pytest.mark.parametrize(("pairs", "expected"), PAIRS)
def test_a_ratio_over_places_is_the_ratio_of_sums(periods, pairs, expected):
    program = national(periods["2026"], "year")
    ratio = RatioFactory.create()
    for code, (part, whole) in zip(("02", "04"), pairs, strict=True):
        report_and_approve(
            program,
            periods["2026"],
            {ratio.numerator: part, ratio.denominator: whole},
            province=ProvinceFactory.create(code=code),
        )

    recompute_marked()

    found = nation(ratio, periods["2026"])
    assert found.actual == expected
    assert (found.numerator, found.denominator) == tuple(map(sum, zip(*pairs, strict=True)))


@pytest.mark.parametrize(("pairs", "expected"), PAIRS)
def test_a_ratio_over_time_is_the_ratio_of_sums(by_quarter, periods, ha_noi, pairs, expected):
    ratio = RatioFactory.create()
    for key, (part, whole) in zip(QUARTERS[:2], pairs, strict=True):
        report_and_approve(
            by_quarter, periods[key], {ratio.numerator: part, ratio.denominator: whole}
        )

    recompute_marked()

    for key in ("2026-6T", "2026"):
        assert row(ratio, periods[key], ha_noi).actual == expected


def test_the_share_of_a_sum_of_plans_is_a_ratio_of_sums_too(periods):
    program = national(periods["2026"], "year")
    machines = IndicatorFactory.create()
    for code, planned, done in (("02", 10, 20), ("04", 1000, 500)):
        province = ProvinceFactory.create(code=code)
        plan(program, machines, periods["2026"], planned, province=province)
        report_and_approve(program, periods["2026"], {machines: done}, province=province)

    recompute_marked()

    assert nation(machines, periods["2026"]).percent == D("51.5")  # on average 125%


def test_the_exact_ratio_is_judged_and_not_its_stored_decimals(by_year, periods, ha_noi):
    ratio = RatioFactory.create()  # 2 of 3 is 66.6666…%, stored as 66.666667
    plan(by_year, ratio, periods["2026"], D("66.666667"))
    report_and_approve(by_year, periods["2026"], {ratio.numerator: 2, ratio.denominator: 3})

    recompute_marked()

    found = row(ratio, periods["2026"], ha_noi)
    assert (found.percent, found.standing) == (D("99.9"), "not_reached")


# Trap 9. Percent and percentage points: 40% of a planned 50% is 80% of the plan. Its 10 points
# short, and growth, are in test_arithmetic.py (test_a_missed_percentage_target_is_told_in_points,
# test_shares_are_compared_in_points, test_equal_to_and_risen_by_are_the_same_fact,
# test_no_rate_without_a_positive_base_of_some_size, test_yearly_growth_is_geometric) and in
# test_comparison.py.


def test_a_share_of_40_percent_of_a_planned_50_is_80_percent_of_the_plan(by_year, periods, ha_noi):
    ratio = RatioFactory.create()
    plan(by_year, ratio, periods["2026"], 50)
    report_and_approve(by_year, periods["2026"], {ratio.numerator: 40, ratio.denominator: 100})

    recompute_marked()

    found = row(ratio, periods["2026"], ha_noi)
    assert (found.actual, found.percent, found.standing) == (40, 80, "not_reached")


# Trap 10. Rounding and clipping. (Ties and the window below 100 in full: test_arithmetic.py,
# test_ties_round_up and test_just_short_of_the_plan_is_printed_as_99_9.)


@pytest.mark.parametrize(
    ("planned", "done", "percent", "standing"),
    [
        (5000, 6398, "128", "reached"),  # 127.96: no floor, no cap
        (10000, 9996, "99.9", "not_reached"),
        (10000, 9995, "99.9", "not_reached"),  # 99.95 would round to 100
        (1000000, 999999, "99.9", "not_reached"),
        (10000, 10000, "100", "reached"),
        (200, 257, "128.5", "reached"),
        (20000, 2570, "12.9", "not_reached"),  # 12.85: half to even would say 12.8
        (2000, 1, "0.1", "not_reached"),  # 0.05: half to even would say 0
        (10000, 10005, "100.1", "reached"),
        (3, 1, "33.3", "not_reached"),
        ("1", "1.15", "115", "reached"),
        ("100", "2.675", "2.7", "not_reached"),
        (1, 10**12, 10**14, "reached"),
    ],
)
def test_percentages_are_exact_rounded_half_up_and_never_capped(
    by_year, periods, ha_noi, planned, done, percent, standing
):
    machines = IndicatorFactory.create(decimals=3)
    plan(by_year, machines, periods["2026"], planned)
    report_and_approve(by_year, periods["2026"], {machines: done})

    recompute_marked()

    found = row(machines, periods["2026"], ha_noi)
    assert (found.percent, found.standing) == (D(percent), standing)


@pytest.mark.parametrize(
    ("done", "percent"), [(1, "99.9"), (0, "100"), (2001, "-0.1"), (1999, "0.1")]
)
def test_a_reduction_is_rounded_by_the_same_rule(by_year, periods, ha_noi, done, percent):
    waste = IndicatorFactory.create(direction="lower")
    plan(by_year, waste, periods["2026"], 0, baseline=D(2000))
    report_and_approve(by_year, periods["2026"], {waste: done})

    recompute_marked()

    assert row(waste, periods["2026"], ha_noi).percent == D(percent)

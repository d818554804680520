"""Plans of places that are made of units: section 6 of docs/attainment.md.

A current unit without a plan of its own has the sum of its lineage's plans, a region that of its
current units, the nation its own or else that of its current units.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from programs.models import Indicator, Period, Program, Province
from reports.attainment.recompute import recompute_marked
from reports.models import OfficialPlan, Scope
from tests.factories import (
    IndicatorFactory,
    ProvinceFactory,
    RatioFactory,
    TargetVersionFactory,
)
from tests.reports.attainment.story import (
    calendar,
    current,
    find,
    nation,
    national,
    plan,
    region,
    report_and_approve,
    revise,
    row,
)

pytestmark = pytest.mark.django_db

D = Decimal


@dataclass
class Country:
    """In the middle of 2025 `new` took over three units; `alone` stands in another region."""

    new: Province
    gone: list[Province]
    alone: Province
    periods: dict[str, Period]
    program: Program


@pytest.fixture
def land(db: None) -> Country:
    new = ProvinceFactory.create(code="68", name="Mới", region="Tây", valid_from=date(2025, 7, 1))
    periods = calendar(2025, 2026)
    return Country(
        new=new,
        gone=[
            ProvinceFactory.create(
                code=code, region="Đông", valid_to=date(2025, 6, 30), successor=new
            )
            for code in ("60", "67", "68")
        ],
        alone=ProvinceFactory.create(code="12", name="Riêng", region="Đông"),
        periods=periods,
        program=national(periods["2025-2026"], "quarter"),
    )


@pytest.fixture
def machines(db: None) -> Indicator:
    return IndicatorFactory.create()


def planned(found: Any) -> tuple[Any, ...] | None:
    """What a plan promises: shape, bounds, baseline, and how many plans were added."""
    if found is None or found.plan is None:
        return None
    stored = found.plan
    return (stored.shape, stored.lower, stored.upper, stored.baseline, stored.parts)


def test_a_merged_unit_has_the_sum_of_its_predecessors_plans(land, machines):
    year = land.periods["2025"]
    for province, lower in zip(land.gone, (12, 24, 36), strict=True):
        plan(land.program, machines, year, lower, province=province)
    report_and_approve(land.program, land.periods["2025-Q3"], {machines: 75}, province=land.new)

    recompute_marked()

    found = current(machines, year, land.new)
    assert planned(found) == ("exact", 72, 72, None, 3)
    assert (found.percent, found.standing) == (D("104.2"), "reached")
    assert row(machines, year, land.new).reason == "no_target"  # its own plan there is none
    assert current(machines, land.periods["2025-9T"], land.new).year_percent == D("104.2")


def test_its_own_plan_goes_before_the_sum_from_its_day_on(land, machines):
    year = land.periods["2025"]
    for province, lower in zip(land.gone, (12, 24, 36), strict=True):
        plan(land.program, machines, year, lower, province=province)
    own = plan(land.program, machines, year, 60, province=land.new, decided_on=date(2025, 8, 15))
    report_and_approve(land.program, land.periods["2025-Q2"], {machines: 36}, province=land.gone[0])
    report_and_approve(land.program, land.periods["2025-Q3"], {machines: 39}, province=land.new)

    recompute_marked()

    found = current(machines, year, land.new)
    assert (found.plan.version, found.plan.parts, found.percent) == (own, 0, 125)
    half, nine = (current(machines, land.periods[key], land.new) for key in ("2025-6T", "2025-9T"))
    assert (half.year_plan.lower, half.year_plan.parts, half.year_percent) == (72, 3, 50)
    assert (nine.year_plan.version, nine.year_percent) == (own, 125)
    assert planned(nation(machines, year)) == ("exact", 60, 60, None, 1)


def test_regions_and_the_nation_add_the_plans_of_current_units(land, machines):
    half = land.periods["2025-6T"]
    for province, lower in zip((*land.gone, land.alone), (12, 24, 36, 8), strict=True):
        plan(land.program, machines, half, lower, province=province)
        report_and_approve(land.program, land.periods["2025-Q1"], {machines: 10}, province=province)

    recompute_marked()

    assert planned(region(machines, half, "Tây")) == ("exact", 72, 72, None, 1)
    assert planned(region(machines, half, "Đông")) == ("exact", 8, 8, None, 1)
    whole = nation(machines, half)
    assert planned(whole) == ("exact", 80, 80, None, 2)
    assert (whole.percent, whole.parts_planned) == (50, 80)
    assert region(machines, half, "Đông").percent == 125


def test_the_nations_own_plan_goes_before_the_sum_and_a_region_has_none(land, machines):
    year = land.periods["2025"]
    own = plan(land.program, machines, year, 100)
    plan(land.program, machines, year, 8, province=land.alone)
    report_and_approve(land.program, land.periods["2025-Q1"], {machines: 10}, province=land.gone[0])

    recompute_marked()

    whole = nation(machines, year)
    assert (whole.plan.version, whole.plan.parts, whole.percent) == (own, 0, 10)
    assert (whole.parts_planned, whole.units_unplanned) == (8, 1)
    assert region(machines, year, "Tây").reason == "no_target"


def test_the_nation_to_date_is_measured_by_the_sum_of_the_year_plans(land, machines):
    quarter = land.periods["2026-Q1"]
    for province, lower in ((land.new, 60), (land.alone, 40)):
        plan(land.program, machines, land.periods["2026"], lower, province=province)
        report_and_approve(land.program, quarter, {machines: 10}, province=province)
    plan(land.program, machines, quarter, 8, province=land.alone)

    recompute_marked()

    # Of the quarter's own plans one is missing, of the year's none.
    whole = nation(machines, quarter)
    assert (whole.percent, whole.reason, whole.units_unplanned) == (None, "plan_partial", 1)
    assert whole.units_unplanned_in_year == 0
    assert (whole.year_plan.lower, whole.year_percent, whole.year_reason) == (100, 20, "")
    assert region(machines, quarter, "Tây").year_percent == Decimal("16.7")
    half = nation(machines, land.periods["2026-6T"])
    assert (half.reason, half.year_percent) == ("no_target", 20)


def test_of_the_nation_to_date_the_year_plan_may_be_partial_and_the_own_one_whole(land, machines):
    quarter = land.periods["2026-Q1"]
    for province in (land.new, land.alone):
        plan(land.program, machines, quarter, 10, province=province)
        report_and_approve(land.program, quarter, {machines: 10}, province=province)
    plan(land.program, machines, land.periods["2026"], 60, province=land.new)

    recompute_marked()

    whole = nation(machines, quarter)
    assert (whole.percent, whole.units_unplanned, whole.units_unplanned_in_year) == (100, 0, 1)
    assert (whole.year_percent, whole.year_reason) == (None, "plan_partial")
    assert region(machines, quarter, "Tây").year_percent == Decimal("16.7")


def test_the_nations_own_plan_counts_from_the_day_it_was_decided(land, machines):
    year = land.periods["2025"]
    plan(land.program, machines, year, 20, province=land.alone)
    own = plan(land.program, machines, year, 40, decided_on=date(2025, 9, 1))
    TargetVersionFactory.create(target=own.target, number=2, status="registered", lower=D(5))
    report_and_approve(land.program, land.periods["2025-Q1"], {machines: 10}, province=land.alone)

    recompute_marked()

    half, nine = (nation(machines, land.periods[key]) for key in ("2025-6T", "2025-9T"))
    assert (half.year_plan.parts, half.year_percent) == (1, 50)
    assert (nine.year_plan.version, nine.year_percent) == (own, 25)


def test_a_wish_of_the_new_unit_does_not_set_aside_its_predecessors_plans(land, machines):
    year = land.periods["2025"]
    plan(land.program, machines, year, 12, province=land.gone[0])
    plan(land.program, machines, year, 99, province=land.new, status="registered")

    recompute_marked()

    assert planned(current(machines, year, land.new)) == ("exact", 12, 12, None, 1)
    assert find(machines, year, land.new) is None  # a wish is no plan


def test_a_sum_that_leaves_out_a_unit_with_a_figure_is_no_plan_for_all(land, machines):
    year = land.periods["2025"]
    plan(land.program, machines, year, 8, province=land.alone)
    report_and_approve(land.program, land.periods["2025-Q1"], {machines: 10}, province=land.gone[0])
    report_and_approve(land.program, land.periods["2025-Q1"], {machines: 4}, province=land.alone)

    recompute_marked()

    whole = nation(machines, year)
    assert (whole.percent, whole.reason, whole.standing) == (None, "plan_partial", "unknown")
    assert (whole.units_unplanned, planned(whole)) == (1, ("exact", 8, 8, None, 1))
    assert region(machines, year, "Đông").percent == 50  # there all have a plan
    quarter = nation(machines, land.periods["2025-Q1"])
    assert (quarter.reason, quarter.year_reason) == ("no_target", "plan_partial")

    plan(land.program, machines, year, 20, province=land.gone[2])  # the unit's, through its lineage
    recompute_marked()

    assert (nation(machines, year).percent, nation(machines, year).units_unplanned) == (50, 0)


def test_the_order_of_reasons_a_missing_figure_before_a_partial_plan(land, machines):
    year, next_year = land.periods["2025"], land.periods["2026"]
    for period in (year, next_year):
        plan(land.program, machines, period, 5, province=land.alone, shape="range", upper=D(8))
    report_and_approve(land.program, land.periods["2025-Q3"], {machines: 10}, province=land.new)

    recompute_marked()

    assert nation(machines, year).reason == "plan_partial"  # before the range
    assert nation(machines, next_year).reason == "not_reported"


def test_a_sum_is_disputed_if_a_part_is(land, machines):
    year = land.periods["2025"]
    plan(land.program, machines, year, 24, province=land.gone[1])
    plan(land.program, machines, year, 8, province=land.alone)
    version = plan(land.program, machines, year, 12, province=land.gone[0])
    TargetVersionFactory.create(target=version.target, number=2, lower=D(14))

    recompute_marked()

    assert planned(current(machines, year, land.new)) == ("exact", 38, 38, None, 2)
    assert current(machines, year, land.new).plan.disputed
    assert region(machines, year, "Tây").plan.disputed
    assert nation(machines, year).plan.disputed
    assert not region(machines, year, "Đông").plan.disputed


def test_a_sum_follows_a_revision_of_one_part_from_its_day_on(land, machines):
    year = land.periods["2025"]
    version = plan(land.program, machines, year, 12, province=land.gone[0])
    plan(land.program, machines, year, 24, province=land.gone[1], decided_on=date(2025, 4, 10))
    plan(land.program, machines, year, 8, province=land.alone)
    revise(version, 26, date(2025, 9, 1))
    for key in ("2025-Q1", "2025-Q2", "2025-Q3", "2025-Q4"):
        report_and_approve(land.program, land.periods[key], {machines: 2}, province=land.alone)

    recompute_marked()

    keys = ("2025-Q1", "2025-6T", "2025-9T")
    to_date = [nation(machines, land.periods[key]) for key in keys]
    assert [each.year_plan.lower for each in to_date] == [20, 44, 58]
    assert [each.year_plan.parts for each in to_date] == [2, 2, 2]
    assert nation(machines, year).plan.lower == 58


@pytest.mark.parametrize(
    ("first", "second", "third", "summed"),
    [
        ({"lower": 12}, {"lower": 24}, {"lower": 36}, ("exact", 72, 72)),
        ({"lower": 12}, {"lower": 24, "shape": "about"}, {"lower": 36}, ("about", 72, 72)),
        ({"lower": 12}, {"lower": 24, "shape": "at_least"}, {"lower": 36}, ("at_least", 72, None)),
        ({"lower": 12}, {"lower": 24, "shape": "above"}, {"lower": 36}, ("above", 72, None)),
        (
            {"lower": 12, "shape": "at_least"},
            {"lower": 24, "shape": "at_least"},
            {"lower": 36},
            ("at_least", 72, None),
        ),
        (
            {"lower": 5, "upper": 8, "shape": "range"},
            {"lower": 10},
            {"lower": 20, "shape": "about"},
            ("range", 35, 38),
        ),
        (
            {"lower": 5, "upper": 8, "shape": "range"},
            {"lower": 10, "upper": 11, "shape": "range"},
            {"lower": 20},
            ("range", 35, 39),
        ),
        (
            {"lower": None, "upper": 5, "shape": "at_most"},
            {"lower": None, "upper": 6, "shape": "at_most"},
            {"lower": None, "upper": 7, "shape": "at_most"},
            ("at_most", None, 18),
        ),
        ({"lower": None, "upper": 5, "shape": "at_most"}, {"lower": 6}, {"lower": 7}, None),
        (
            {"lower": 5, "upper": 8, "shape": "range"},
            {"lower": 10, "shape": "at_least"},
            {"lower": 20},
            None,
        ),
        (
            {"lower": 5, "upper": 8, "shape": "range"},
            {"lower": 10, "shape": "above"},
            {"lower": 20},
            None,
        ),
    ],
)
def test_plans_are_added_by_their_shapes(land, machines, first, second, third, summed):
    year = land.periods["2025"]
    for province, version in zip(land.gone, (first, second, third), strict=True):
        fields = dict(version)
        plan(land.program, machines, year, fields.pop("lower"), province=province, **fields)
    report_and_approve(land.program, land.periods["2025-Q3"], {machines: 75}, province=land.new)

    recompute_marked()

    expected = None if summed is None else (*summed, None, 3)
    assert planned(current(machines, year, land.new)) == expected
    assert (current(machines, year, land.new).reason == "no_target") == (summed is None)


@pytest.mark.parametrize(
    ("baselines", "summed", "percent"), [((50, 60, 70), 180, 75), ((50, None, 70), None, None)]
)
def test_baselines_are_added_if_all_have_one(land, baselines, summed, percent):
    waste = IndicatorFactory.create(aggregation="stock", direction="lower")
    year = land.periods["2025"]
    for province, lower, baseline in zip(land.gone, (40, 50, 50), baselines, strict=True):
        plan(land.program, waste, year, lower, province=province, baseline=baseline)
    report_and_approve(land.program, land.periods["2025-Q4"], {waste: 150}, province=land.new)

    recompute_marked()

    found = current(waste, year, land.new)
    assert planned(found) == ("exact", 140, 140, summed, 3)
    assert (found.percent, found.reason) == (percent, "" if percent else "limit")
    assert found.standing == "over_limit"


def test_a_sum_ends_on_the_day_from_which_its_parts_cannot_be_added(land, machines):
    year = land.periods["2025"]
    plan(land.program, machines, year, 12, province=land.gone[0])
    version = plan(land.program, machines, year, 24, province=land.gone[1])
    revise(version, None, date(2025, 9, 1), shape="at_most", upper=D(30))
    report_and_approve(land.program, land.periods["2025-Q1"], {machines: 9}, province=land.gone[0])

    recompute_marked()

    half, nine = (current(machines, land.periods[key], land.new) for key in ("2025-6T", "2025-9T"))
    assert (half.year_plan.lower, half.year_percent) == (36, 25)
    assert (nine.year_plan, nine.year_reason) == (None, "")
    assert current(machines, year, land.new).reason == "no_target"
    spells = OfficialPlan.objects.filter(indicator=machines, scope=Scope.CURRENT)
    assert [each.until_day for each in spells] == [date(2025, 9, 1)]


@pytest.mark.parametrize("aggregation", ["rate", "distinct"])
def test_plans_of_what_cannot_be_added_have_no_sum(land, aggregation):
    counted = "organisation" if aggregation == "distinct" else ""
    indicator = IndicatorFactory.create(aggregation=aggregation, counted=counted)
    year = land.periods["2025"]
    for province in (land.gone[0], land.gone[1], land.alone):
        plan(land.program, indicator, year, 5, province=province)

    recompute_marked()

    assert planned(current(indicator, year, land.alone)) == ("exact", 5, 5, None, 0)  # its own
    for scope, place in ((Scope.CURRENT, land.new), (Scope.REGION, "Đông"), (Scope.NATION, None)):
        found = find(indicator, year, place, scope)
        assert found is None or found.plan is None


def test_plans_of_a_ratio_have_no_sum(land):
    ratio = RatioFactory.create()
    for province in (land.gone[0], land.alone):
        plan(land.program, ratio, land.periods["2025"], 50, province=province)
        report_and_approve(
            land.program,
            land.periods["2025-Q1"],
            {ratio.numerator: 1, ratio.denominator: 2},
            province=province,
        )

    recompute_marked()

    whole = nation(ratio, land.periods["2025"])
    assert (whole.actual, whole.plan, whole.reason) == (50, None, "no_target")
    assert (whole.parts_planned, whole.complete_planned, whole.units_complete) == (None, None, 0)
    assert whole.units_unplanned == 1  # the merged unit: the other one has a plan of its own
    assert current(ratio, land.periods["2025"], land.alone).percent == 100


# A plan that was assigned to a unit for a time when it is gone.


def test_what_predecessors_were_to_do_after_the_merger_is_the_new_units_plan(land, machines):
    third = land.periods["2025-Q3"]
    for province, lower in zip(land.gone, (3, 6, 9), strict=True):
        plan(land.program, machines, third, lower, province=province)
    plan(land.program, machines, third, 2, province=land.alone)
    report_and_approve(land.program, third, {machines: 1}, province=land.alone)

    recompute_marked()

    found = current(machines, third, land.new)
    assert (planned(found), found.reason) == (("exact", 18, 18, None, 3), "not_reported")
    assert (found.units_expected, found.leaves_expected) == (1, 1)
    gone = row(machines, third, land.gone[0])
    assert (gone.plan.lower, gone.no_actual) == (3, "not_reported")
    assert (gone.units_expected, gone.leaves_expected) == (0, 0)  # it is not late
    whole = nation(machines, third)
    assert (whole.percent, whole.parts_planned, whole.units_expected) == (5, 20, 2)


def test_a_period_that_leaves_do_not_fill_has_a_row_if_it_is_planned(land, machines):
    five = land.periods["2025-5T"]
    plan(land.program, machines, five, 10, province=land.alone)
    report_and_approve(land.program, land.periods["2025-Q1"], {machines: 4}, province=land.alone)

    recompute_marked()

    for found in (row(machines, five, land.alone), nation(machines, five)):
        assert (found.plan.lower, found.actual, found.reason) == (10, None, "not_reported")
        assert found.leaves_expected == 0
    assert find(machines, land.periods["2025-4T"], land.alone) is None

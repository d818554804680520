"""Units that merge, change their type or lend their code: made-up ones, to the last figure.

Nothing is moved at a merger: a figure stays with the unit that reported it, and belongs to one
current unit (docs/attainment.md, section 1). The real 88 units are in test_real_mergers.py, random
ones in test_both_views.py, plans of merged units in test_merged_plans.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pytest
from django.db.models import Sum

from programs.models import Period, Province
from reports.attainment.recompute import recompute_marked
from reports.attainment.verify.proof import differences_of
from reports.models import Attainment, Scope
from tests.factories import IndicatorFactory, ProvinceFactory, RatioFactory
from tests.reports.attainment.story import (
    approve_in_bulk,
    calendar,
    current,
    find,
    local,
    nation,
    national,
    plan,
    region,
    report_and_approve,
    row,
)

pytestmark = pytest.mark.django_db

MERGER = date(2025, 7, 1)
EVE = date(2025, 6, 30)


@dataclass
class Country:
    """On 1/7/2025 `new` took the place and the code of `one` and the place of `two`."""

    new: Province
    one: Province
    two: Province
    alone: Province
    periods: dict[str, Period]


@pytest.fixture
def land(db: None) -> Country:
    new = ProvinceFactory.create(code="10", name="Mới", region="Tây", valid_from=MERGER)
    gone = {"valid_to": EVE, "successor": new}
    return Country(
        new=new,
        one=ProvinceFactory.create(code="10", name="Một", region="Đông", **gone),
        two=ProvinceFactory.create(code="11", name="Hai", region="Tây", **gone),
        alone=ProvinceFactory.create(code="12", name="Riêng", region="Đông"),
        periods=calendar(2024, 2025),
    )


def test_a_current_unit_is_itself_and_all_it_took_over(land):
    program = national(land.periods["2024-2025"], "quarter")
    classes = IndicatorFactory.create()
    done = {
        (land.one, "2025-Q2"): 10,
        (land.two, "2025-Q2"): 20,
        (land.alone, "2025-Q2"): 7,
        (land.new, "2025-Q3"): 40,
        (land.alone, "2025-Q3"): 8,
    }
    approve_in_bulk(
        program, classes, {(unit, land.periods[key]): done[unit, key] for unit, key in done}
    )

    recompute_marked()

    year, half = land.periods["2025"], land.periods["2025-6T"]
    assert (current(classes, half, land.new).actual, current(classes, year, land.new).actual) == (
        30,
        70,
    )
    assert [row(classes, year, unit).actual for unit in (land.new, land.one, land.two)] == [
        40,
        10,
        20,
    ]
    assert find(classes, year, land.one, Scope.CURRENT) is None
    assert find(classes, half, land.new) is None  # it reported nothing then
    assert current(classes, year, land.alone).actual == row(classes, year, land.alone).actual == 15
    # A figure is of the region of the unit that stands there now.
    assert region(classes, year, "Tây").actual == 70
    assert region(classes, year, "Đông").actual == 15
    assert nation(classes, year).actual == 85


def test_a_unit_closed_on_30_june_is_not_late_on_31_july(land):
    program = national(land.periods["2024-2025"], "month")
    classes = IndicatorFactory.create()
    for key in ("2025-06", "2025-07", "2025-6T", "2025"):
        plan(program, classes, land.periods[key], 100)
    for unit, key in ((land.one, "2025-06"), (land.new, "2025-07")):
        report_and_approve(program, land.periods[key], {classes: 5}, province=unit)

    recompute_marked()

    def owed(key: str, found: Attainment) -> tuple[int, ...]:
        assert found.period == land.periods[key]
        return (
            found.units_reported,
            found.units_expected,
            found.leaves_reported,
            found.leaves_expected,
        )

    june, july, half, year = ("2025-06", "2025-07", "2025-6T", "2025")
    assert owed(june, nation(classes, land.periods[june])) == (1, 3, 1, 3)
    assert owed(july, nation(classes, land.periods[july])) == (1, 2, 1, 2)
    assert owed(half, nation(classes, land.periods[half])) == (1, 3, 1, 18)
    # The figure of a unit that is gone counts for the one that stands in its place.
    assert owed(year, nation(classes, land.periods[year])) == (1, 2, 2, 6 + 6 + 6 + 12)
    assert owed(june, current(classes, land.periods[june], land.new)) == (1, 2, 1, 2)
    assert owed(july, current(classes, land.periods[july], land.new)) == (1, 1, 1, 1)
    assert owed(year, current(classes, land.periods[year], land.new)) == (1, 1, 2, 18)
    assert owed(half, row(classes, land.periods[half], land.one)) == (1, 1, 1, 6)
    assert owed(june, region(classes, land.periods[june], "Tây")) == (1, 2, 1, 2)


def test_a_unit_gone_before_the_year_is_over_is_not_due_but_counts(land):
    program = national(land.periods["2024-2025"], "year")
    classes, clusters = IndicatorFactory.create(), IndicatorFactory.create(aggregation="stock")
    year = land.periods["2025"]
    report_and_approve(program, year, {classes: 4, clusters: 10}, province=land.one)

    recompute_marked()

    # Expected are the two units that stand in December and the figure that nobody expected.
    found = nation(classes, year)
    assert (found.actual, found.leaves_reported, found.leaves_expected) == (4, 1, 3)
    assert (found.leaves_unexpected, found.units_reported, found.units_expected) == (1, 1, 2)
    assert row(classes, year, land.one).actual == 4

    report_and_approve(program, year, {classes: 5, clusters: 12}, province=land.new)
    recompute_marked()

    assert nation(classes, year).actual == 9
    assert (nation(classes, year).units_reported, nation(classes, year).units_expected) == (1, 2)
    # What stood in June and is gone is no stock of December.
    for found in (nation(clusters, year), current(clusters, year, land.new)):
        assert found.actual == 12
        assert found.leaves_unexpected == 0
    assert (nation(clusters, year).leaves_reported, nation(clusters, year).leaves_expected) == (
        1,
        2,
    )


def test_the_stock_of_june_is_added_in_june_and_gone_in_september(land):
    program = national(land.periods["2024-2025"], "quarter")
    clusters = IndicatorFactory.create(aggregation="stock")
    for unit, stock in ((land.one, 10), (land.two, 20), (land.alone, 7)):
        report_and_approve(program, land.periods["2025-Q2"], {clusters: stock}, province=unit)
    report_and_approve(program, land.periods["2025-Q3"], {clusters: 33}, province=land.new)

    recompute_marked()

    half, nine = land.periods["2025-6T"], land.periods["2025-9T"]
    assert (nation(clusters, half).actual, current(clusters, half, land.new).actual) == (37, 30)
    assert (nation(clusters, nine).actual, current(clusters, nine, land.new).actual) == (33, 33)
    # Of the unit that stands alone the last value is missing: not the value before it.
    assert (nation(clusters, nine).leaves_reported, nation(clusters, nine).leaves_expected) == (
        1,
        2,
    )


def test_a_unit_formed_within_the_year_types_what_it_did_since_then(land):
    program = national(land.periods["2024-2025"], "quarter")
    classes = IndicatorFactory.create(entry_mode="cumulative")
    typed = {
        (land.one, "2025-Q1"): 3,
        (land.one, "2025-Q2"): 10,
        (land.two, "2025-Q2"): 20,
        (land.new, "2025-Q3"): 5,
        (land.new, "2025-Q4"): 12,
    }
    approve_in_bulk(
        program, classes, {(unit, land.periods[key]): typed[unit, key] for unit, key in typed}
    )

    recompute_marked()

    work = {
        key: current(classes, land.periods[key], land.new).actual
        for key in ("2025-Q1", "2025-Q3", "2025-Q4", "2025-6T", "2025-9T", "2025")
    }
    assert work == {
        "2025-Q1": 3,
        "2025-Q3": 5,
        "2025-Q4": 7,
        "2025-6T": 30,
        "2025-9T": 35,
        "2025": 42,
    }
    # Unit «Hai» typed nothing in quarter I: its 20 are of both quarters, not of the second one.
    assert current(classes, land.periods["2025-Q2"], land.new).actual == 7
    assert row(classes, land.periods["2025-6T"], land.two).actual == 20


def test_a_late_first_figure_of_a_new_unit_is_of_all_the_time_since_it_was_formed(land):
    program = national(land.periods["2024-2025"], "quarter")
    classes = IndicatorFactory.create(entry_mode="cumulative")
    plan(program, classes, land.periods["2025-Q4"], 9, province=land.new)
    report_and_approve(program, land.periods["2025-Q4"], {classes: 12}, province=land.new)

    recompute_marked()

    assert row(classes, land.periods["2025-Q4"], land.new).no_actual == "not_reported"
    assert row(classes, land.periods["2025"], land.new).actual == 12


def test_the_rate_of_a_unit_that_stood_alone_is_its_own(land):
    program = national(land.periods["2024-2025"], "quarter")
    growth = IndicatorFactory.create(aggregation="rate", decimals=1)
    for unit, key, rate in (
        (land.one, "2025-Q2", "6.5"),
        (land.alone, "2025-Q2", "7"),
        (land.new, "2025-Q3", "8"),
        (land.alone, "2025-Q3", "9"),
    ):
        report_and_approve(program, land.periods[key], {growth: rate}, province=unit)

    recompute_marked()

    before, after = land.periods["2025-Q2"], land.periods["2025-Q3"]
    assert current(growth, before, land.alone).actual == 7
    assert current(growth, after, land.alone).actual == 9
    assert current(growth, after, land.new).actual == 8
    # «Một» and «Hai» stood there: the rate of one of them is not that of both.
    assert current(growth, before, land.new).no_actual == "not_addable"
    assert region(growth, after, "Tây").no_actual == "not_addable"
    assert nation(growth, after).no_actual == "not_addable"
    assert row(growth, before, land.one).actual == Decimal("6.5")
    assert row(growth, land.periods["2025"], land.alone).no_actual == "not_addable"


def test_a_current_unit_of_which_one_unit_exists_simply_is_that_unit(land):
    program = national(land.periods["2024-2025"], "quarter")
    growth = IndicatorFactory.create(aggregation="rate")
    units = IndicatorFactory.create(aggregation="distinct", counted="organisation")
    before, after = land.periods["2025-Q2"], land.periods["2025-Q3"]
    heir = ProvinceFactory.create(code="13", name="Đổi loại", valid_from=MERGER)
    old = ProvinceFactory.create(code="13", name="Chưa đổi", valid_to=EVE, successor=heir)
    for unit, quarter in ((old, before), (heir, after), (land.one, before), (land.new, after)):
        report_and_approve(program, quarter, {growth: 6, units: 15}, province=unit)

    recompute_marked()

    for indicator, value in ((growth, 6), (units, 15)):
        assert current(indicator, before, heir).actual == value
        assert current(indicator, after, heir).actual == value
        assert current(indicator, after, land.new).actual == value
        assert current(indicator, before, land.new).no_actual == "not_addable"
        year = current(indicator, land.periods["2025"], heir)
        assert (year.actual, year.no_actual) == (None, "not_addable")


def test_a_unit_that_changes_in_the_middle_of_a_quarter(land):
    program = national(land.periods["2024-2025"], "quarter")
    classes, growth = IndicatorFactory.create(), IndicatorFactory.create(aggregation="rate")
    to_date = IndicatorFactory.create(entry_mode="cumulative")
    quarter = land.periods["2025-Q3"]
    heir = ProvinceFactory.create(code="13", region="Nam", valid_from=date(2025, 8, 15))
    old = ProvinceFactory.create(code="13", valid_to=date(2025, 8, 14), successor=heir)
    for unit, said in ((old, 4), (heir, 5)):
        values = {classes: said, growth: said, to_date: said}
        report_and_approve(program, quarter, values, province=unit)

    recompute_marked()

    found = current(classes, quarter, heir)
    assert (found.actual, found.leaves_reported, found.leaves_expected) == (9, 2, 2)
    assert (found.leaves_unexpected, found.units_reported, found.units_expected) == (1, 1, 1)
    assert current(growth, quarter, heir).no_actual == "not_addable"
    # The heir stands first at the end of quarter III; the old unit counts since January.
    assert row(to_date, quarter, heir).actual == 5
    assert find(to_date, quarter, old) is None
    assert current(to_date, land.periods["2025-9T"], heir).actual == 9


def test_a_closed_unit_that_waits_for_its_successor_is_still_its_own(land):
    program = national(land.periods["2024-2025"], "quarter")
    classes = IndicatorFactory.create()
    closed = ProvinceFactory.create(code="14", region="Nam", valid_to=EVE)
    plan(program, classes, land.periods["2025"], 10, province=closed)
    report_and_approve(program, land.periods["2025-Q2"], {classes: 5}, province=closed)

    recompute_marked()

    half, year = (current(classes, land.periods[key], closed) for key in ("2025-6T", "2025"))
    assert (half.actual, half.units_expected, half.leaves_expected) == (5, 1, 2)
    # Gone by December, it owes nothing more; what it did counts, so one is expected.
    assert (year.percent, year.units_reported, year.units_expected) == (50, 1, 1)
    assert year.leaves_expected == 2
    assert region(classes, land.periods["2025"], "Nam").actual == 5


def test_a_local_program_goes_on_in_the_unit_that_took_over(land):
    program = local(land.one, land.periods["2024-2025"], "month")
    classes = IndicatorFactory.create()
    year = land.periods["2025"]
    for unit, key in ((land.one, "2025-06"), (land.new, "2025-07")):
        report_and_approve(program, land.periods[key], {classes: 5}, province=unit)

    recompute_marked()

    whole = current(classes, year, land.new)
    assert (whole.actual, whole.units_reported, whole.units_expected) == (10, 1, 1)
    # «Hai» has programs of its own: of this one it owes nothing.
    assert (whole.leaves_reported, whole.leaves_expected) == (2, 6 + 6)
    assert current(classes, land.periods["2025-06"], land.new).leaves_expected == 1
    assert not Attainment.objects.filter(scope__in=("region", "nation")).exists()


def test_a_merger_recorded_late_moves_what_was_computed(land):
    program = national(land.periods["2024-2025"], "quarter")
    classes = IndicatorFactory.create()
    report_and_approve(program, land.periods["2024-Q4"], {classes: 5}, province=land.alone)
    recompute_marked()
    heir = ProvinceFactory.create(code="13", name="Thừa kế", region="Nam", valid_from=MERGER)

    Province.objects.filter(pk=land.alone.pk).update(valid_to=EVE, successor=heir)
    recompute_marked()

    before = land.periods["2024-Q4"]
    assert current(classes, before, heir).actual == 5
    assert find(classes, before, land.alone, Scope.CURRENT) is None
    assert row(classes, before, land.alone).actual == 5
    assert region(classes, before, "Nam").actual == 5
    assert find(classes, before, "Đông", Scope.REGION) is None
    assert nation(classes, before).actual == 5


def test_sums_of_a_ratio_are_equal_in_both_views(land):
    program = national(land.periods["2024-2025"], "quarter")
    ratio = RatioFactory.create()
    for unit, key, part, whole in (
        (land.one, "2025-Q2", 9, 10),
        (land.two, "2025-Q2", 30, 100),
        (land.new, "2025-Q3", 10, 30),
        (land.alone, "2025-Q3", 1, 60),
    ):
        report_and_approve(
            program,
            land.periods[key],
            {ratio.numerator: part, ratio.denominator: whole},
            province=unit,
        )

    recompute_marked()

    year = land.periods["2025"]
    rows = Attainment.objects.filter(indicator=ratio, period=year)
    for scope in ("reported", "current", "region", "nation"):
        sums = rows.filter(scope=scope).aggregate(Sum("numerator"), Sum("denominator"))
        assert sums == {"numerator__sum": 50, "denominator__sum": 200}
    assert (nation(ratio, year).actual, current(ratio, year, land.new).actual) == (25, 35)


def test_after_a_merger_is_taken_back_another_units_plans_and_figures_have_no_row(land):
    """The plan of «Mới» in the program of «Hai» stays where it is, and is of no program now."""
    program = local(land.two, land.periods["2024-2025"], "quarter")
    classes = IndicatorFactory.create()
    plan(program, classes, land.periods["2025-9T"], 5, province=land.new)
    recompute_marked()
    assert Attainment.objects.filter(program=program, province=land.new).exists()

    Province.objects.filter(pk=land.two.pk).update(valid_to=None, successor=None)
    recompute_marked()

    assert not Attainment.objects.filter(program=program, province=land.new).exists()
    assert differences_of(program) == []


@pytest.mark.parametrize("begins", [MERGER, date(2026, 1, 1)])
@pytest.mark.parametrize("leaf", ["quarter", "month"])
def test_figures_from_before_the_day_on_which_a_unit_is_now_said_to_begin(land, leaf, begins):
    """Somebody corrects a unit's first day: what it had reported before is unexpected, not lost."""
    program = national(land.periods["2024-2025"], leaf)
    early = land.periods["2025-Q2" if leaf == "quarter" else "2025-02"]
    flow = IndicatorFactory.create()
    others = [
        IndicatorFactory.create(entry_mode="cumulative"),
        IndicatorFactory.create(aggregation="stock"),
        IndicatorFactory.create(aggregation="rate"),
        IndicatorFactory.create(aggregation="distinct", counted="organisation"),
    ]
    ratio = RatioFactory.create(numerator=flow, denominator=IndicatorFactory.create())
    typed = dict.fromkeys((flow, ratio.denominator, *others), 5)
    report_and_approve(program, early, typed, province=land.alone)
    recompute_marked()

    Province.objects.filter(pk=land.alone.pk).update(valid_from=begins)
    recompute_marked()

    year = row(flow, land.periods["2025"], land.alone)
    assert (year.actual, year.leaves_unexpected) == (5, 1)
    assert differences_of(program) == []


def test_where_all_of_a_lineage_are_gone_the_last_of_them_stands_for_it(land):
    """«Mới» is closed too, and nobody has said yet who takes its place."""
    program = national(land.periods["2024-2025"], "quarter")
    classes = IndicatorFactory.create()
    for unit, key in ((land.two, "2025-Q2"), (land.new, "2025-Q3")):
        report_and_approve(program, land.periods[key], {classes: 5}, province=unit)
    Province.objects.filter(pk=land.new.pk).update(valid_to=date(2025, 10, 31))
    recompute_marked()

    whole = current(classes, land.periods["2025"], land.new)
    assert (whole.actual, whole.units_reported) == (10, 1)
    assert differences_of(program) == []

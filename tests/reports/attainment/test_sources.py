"""What the nation's money and the provinces' money came to, apart and together."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from programs.models import Indicator, Period, Program, Province
from reports.attainment.arithmetic import NoPercentage
from reports.attainment.sources import SourceTotals, totals_by_source
from reports.attainment.stored import Place
from reports.models import Attainment
from tests.factories import IndicatorFactory, ProgramFactory, ProvinceFactory, RatioFactory
from tests.reports.attainment.rows import at, official, stored, stored_ratio, year_of

pytestmark = pytest.mark.django_db

NATION = Place("nation")


@pytest.fixture
def kcqg(db: None) -> Program:
    return ProgramFactory.create(level="national", province=None)


@pytest.fixture
def provinces(hanoi: Province, an_giang: Province) -> list[Province]:
    Province.objects.filter(pk=an_giang.pk).update(region="Vùng khác")
    return [hanoi, an_giang]


@pytest.fixture
def kcdp(provinces: list[Province]) -> list[Program]:
    """The programs of Hà Nội and of An Giang."""
    return [ProgramFactory.create(province=province) for province in provinces]


@pytest.fixture
def year(db: None) -> Period:
    return year_of(2016)


@pytest.fixture
def machines(db: None) -> Indicator:
    return IndicatorFactory.create()


def totals(period: Period, place: Place = NATION, **layer: Any) -> SourceTotals:
    (found,) = totals_by_source(Attainment.objects.all(), place=place, period=period, **layer)
    return found


def figures(found: SourceTotals) -> list[Fraction | NoPercentage]:
    return [total.done for total in (found.national, found.local, found.together)]


def local_rows(kcdp, indicator, period, values, **fields):
    """Rows of each province's program: as it reported, and of the same area today."""
    return [
        stored(program, indicator, period, value, **at(program.province, scope), **fields)
        for program, value in zip(kcdp, values, strict=True)
        for scope in ("reported", "current")
    ]


def test_the_nation_adds_its_own_row_and_the_programs_of_all_provinces(kcqg, kcdp, machines, year):
    stored(kcqg, machines, year, 100, units_expected=34, units_reported=30)
    for scope in ("reported", "current"):
        stored(kcqg, machines, year, 60, **at(kcdp[0].province, scope))
    local_rows(kcdp, machines, year, (20, 7), leaves_expected=4, leaves_reported=3)

    found = totals(year)

    assert figures(found) == [100, 27, 127]
    assert (found.local.programs, found.together.programs) == (2, 3)
    assert (found.national.units_reported, found.national.units_expected) == (30, 34)
    assert (found.local.leaves_reported, found.local.leaves_expected) == (6, 8)


def test_a_region_adds_the_programs_of_todays_units_in_it(kcqg, kcdp, machines, year):
    stored(kcqg, machines, year, 100, scope="region", region="Vùng khác")
    stored(kcqg, machines, year, 900, scope="region", region="Vùng thử")
    local_rows(kcdp, machines, year, (20, 7))

    found = totals(year, Place("region", None, "Vùng khác"))

    assert figures(found) == [100, 7, 107]


@pytest.mark.parametrize("scope", ["reported", "current"])
def test_a_province_adds_what_both_programs_did_there(kcqg, kcdp, machines, year, scope):
    stored(kcqg, machines, year, 60, **at(kcdp[0].province, scope))
    local_rows(kcdp, machines, year, (20, 7))

    found = totals(year, Place(scope, kcdp[0].province_id))

    assert figures(found) == [60, 20, 80]


def test_a_source_without_a_row_has_no_total(kcqg, machines, year):
    stored(kcqg, machines, year, 60)

    found = totals(year)

    assert found.local is None
    assert found.together.done == 60


def test_only_rows_that_the_reader_may_see_are_added(kcqg, kcdp, machines, year, staff):
    stored(kcqg, machines, year, 100)
    local_rows(kcdp, machines, year, (20, 7))
    visible = Attainment.objects.visible_to(staff)

    (found,) = totals_by_source(visible, place=NATION, period=year)

    assert (found.local.done, found.local.programs) == (20, 1)


def test_another_period_and_another_layer_are_left_out(kcqg, machines, year):
    stored(kcqg, machines, year, 60)
    stored(kcqg, machines, year, 99, layer="submitted")
    stored(kcqg, machines, year_of(2017), 99)

    assert totals(year).together.done == 60


def test_on_a_layer_each_program_gives_its_row_of_it_or_else_its_official_one(
    kcqg, kcdp, machines, year
):
    stored(kcqg, machines, year, 60)
    stored(kcqg, machines, year, 70, layer="estimate", leaves_provisional=1)
    stored(kcqg, machines, year, 99, layer="submitted")
    local_rows(kcdp, machines, year, (20, 7))

    found = totals(year, layer="estimate")

    assert figures(found) == [70, 27, 97]
    assert found.together.leaves_provisional == 1


def test_a_ratio_is_the_ratio_of_all_sums(kcqg, kcdp, year):
    ratio = RatioFactory.create()
    plan = official(kcqg, ratio, year, 80)
    stored_ratio(kcqg, ratio, year, 90, 100, plan=plan)
    place = at(kcdp[0].province, "current")
    stored_ratio(kcdp[0], ratio, year, 300, 1000, plan=plan, **place)

    assert totals(year).together.done == Fraction(390 * 100, 1100)
    assert totals(year).together.percent is NoPercentage.NOT_ADDABLE  # 80% and 80% are not 160%


def test_nobody_reported_is_not_zero(kcqg, kcdp, machines, year):
    stored(kcqg, machines, year)
    local_rows(kcdp, machines, year, (None, None), no_actual="not_applicable")

    found = totals(year)

    assert found.local.done is NoPercentage.NOT_APPLICABLE
    assert found.together.done is NoPercentage.NOT_REPORTED


def test_a_province_without_a_figure_takes_nothing_from_the_others(kcdp, machines, year):
    local_rows(kcdp, machines, year, (20, None))

    assert totals(year).local.done == 20


def test_distinct_counts_are_told_of_one_program_only(kcqg, kcdp, year):
    countries = IndicatorFactory.create(aggregation="distinct", counted="country")
    stored(kcqg, countries, year, 6)
    local_rows(kcdp, countries, year, (4, None))

    found = totals(year)

    assert (found.national.done, found.local.done) == (6, 4)
    assert found.together.done is NoPercentage.NOT_ADDABLE


def test_one_provinces_rate_is_not_the_nations(kcqg, kcdp, year):
    growth = IndicatorFactory.create(aggregation="rate", unit="%/năm")
    local_rows(kcdp, growth, year, (6, None))
    assert totals(year).local.done is NoPercentage.NOT_ADDABLE
    assert totals(year, Place("reported", kcdp[0].province_id)).local.done == 6

    stored(kcqg, growth, year, no_actual="not_addable")

    assert totals(year).national.done is NoPercentage.NOT_ADDABLE


# Plans


def test_plans_of_the_two_sources_are_added(kcqg, kcdp, machines, year):
    stored(kcqg, machines, year, 64, plan=official(kcqg, machines, year, 50))
    local_rows(kcdp[:1], machines, year, (16,), plan=official(kcdp[0], machines, year, 50))

    found = totals(year)

    assert (found.national.percent, found.local.percent) == (Decimal(128), Decimal(32))
    assert found.together.percent == 80
    assert found.together.plan.lower == 100


def test_a_plan_that_nobody_has_reported_against_counts(kcqg, kcdp, machines, year):
    stored(kcqg, machines, year, 50, plan=official(kcqg, machines, year, 50))
    local_rows(kcdp[:1], machines, year, (None,), plan=official(kcdp[0], machines, year, 50))

    assert totals(year).together.percent == 50


def test_a_program_with_a_figure_and_without_a_plan_leaves_no_percentage(
    kcqg, kcdp, machines, year
):
    stored(kcqg, machines, year, 64, plan=official(kcqg, machines, year, 50))
    local_rows(kcdp, machines, year, (5, None))

    found = totals(year)

    assert found.together.percent is NoPercentage.PLAN_PARTIAL
    assert found.local.percent is NoPercentage.NO_TARGET
    assert found.national.percent == 128


def test_a_plan_that_is_partial_itself_stays_so(kcqg, machines, year):
    plan = official(kcqg, machines, year, 50)
    stored(kcqg, machines, year, 64, plan=plan, reason="plan_partial")

    assert totals(year).together.percent is NoPercentage.PLAN_PARTIAL


def test_plans_that_have_no_sum_give_no_percentage(kcqg, kcdp, machines, year):
    stored(kcqg, machines, year, 64, plan=official(kcqg, machines, year, 50))
    ceiling = official(kcdp[0], machines, year, None, shape="at_most", upper=Decimal(40))
    local_rows(kcdp[:1], machines, year, (16,), plan=ceiling)

    found = totals(year)

    assert found.local.percent is NoPercentage.LIMIT
    assert found.together.percent is NoPercentage.NOT_ADDABLE


def test_indicators_stand_in_the_order_of_the_report(kcqg, year):
    last, first = IndicatorFactory.create(position=9), IndicatorFactory.create(position=1)
    for indicator in (last, first):
        stored(kcqg, indicator, year, 5)

    found = totals_by_source(Attainment.objects.all(), place=NATION, period=year)

    assert [each.indicator for each in found] == [first, last]


@pytest.mark.parametrize("provinces", [1, 5])
def test_the_nation_costs_one_query_however_many_provinces(
    kcqg, machines, year, provinces, django_assert_num_queries
):
    stored(kcqg, machines, year, 64, plan=official(kcqg, machines, year, 50))
    for province in ProvinceFactory.create_batch(provinces):
        program = ProgramFactory.create(province=province)
        plan = official(program, machines, year, 50)
        stored(program, machines, year, 50, plan=plan, **at(province, "current"))

    with django_assert_num_queries(1):
        found = totals(year)

    assert found.together.done == 64 + 50 * provinces

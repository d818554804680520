"""How far a period has brought its year and its stage, and what other plans would say."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest

from accounts.models import User
from programs.models import Indicator, Program, Province, TargetVersion
from reports.attainment.arithmetic import NoPercentage
from reports.attainment.progress import (
    StageToDate,
    against,
    lowered_after_results,
    stage_to_date,
    to_date_rows,
)
from reports.models import Attainment, Edition, Expectation
from tests.factories import (
    IndicatorFactory,
    PeriodFactory,
    ProgramFactory,
    ProvinceFactory,
    RatioFactory,
    ReportFactory,
    StageFactory,
    TargetFactory,
    TargetVersionFactory,
    UserFactory,
)
from tests.reports.attainment.rows import (
    at,
    half,
    month,
    nine_months,
    official,
    quarter,
    read,
    stored,
    stored_ratio,
    year_of,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def program(hanoi: Province) -> Program:
    return ProgramFactory.create(province=hanoi, leaf_kind="quarter")


@pytest.fixture
def classes(db: None) -> Indicator:
    return IndicatorFactory.create()


def again(row: Attainment) -> Attainment:
    return read(row)[0]


# Lũy kế


def to_date(row: Attainment) -> Attainment | None:
    return to_date_rows(read(row)).get(row.pk)


@pytest.mark.parametrize(
    ("period", "cumulative"),
    [
        ((quarter, 2017, 2), (half, 2017)),
        ((quarter, 2017, 3), (nine_months, 2017)),
        ((month, 2017, 9), (nine_months, 2017)),
        ((quarter, 2017, 4), (year_of, 2017)),
        ((month, 2017, 3), (quarter, 2017, 1)),
    ],
)
def test_the_work_so_far_is_the_row_that_ends_with_the_period(program, classes, period, cumulative):
    def made(recipe):
        maker, *numbers = recipe
        return maker(*numbers)

    row = stored(program, classes, made(period), 30)
    other_end = stored(program, classes, quarter(2018, 1), 1)
    expected = stored(program, classes, made(cumulative), 80)

    assert to_date(row) == expected != other_end


@pytest.mark.parametrize(
    "period", [(quarter, 2017, 1), (month, 2017, 1), (half, 2017), (year_of, 2017)]
)
def test_a_period_that_begins_the_year_is_its_own_work_so_far(program, classes, period):
    maker, *numbers = period
    row = stored(program, classes, maker(*numbers), 30)

    assert to_date(row) == row


def test_the_work_so_far_is_of_the_same_place_and_calendar(program, classes, an_giang):
    row = stored(program, classes, quarter(2017, 2), 30)
    stored(program, classes, half(2017), 99, **at(an_giang))
    administrative = PeriodFactory.create(
        kind="half",
        year=2018,
        calendar="administrative",
        key="2017-6T-HC",
        starts_on=date(2016, 12, 15),
        ends_on=date(2017, 6, 30),
    )
    stored(program, classes, administrative, 99)

    assert to_date(row) is None


def test_the_work_so_far_stays_on_its_layer_and_falls_back_to_the_official_one(program, classes):
    second, first_half = quarter(2017, 2), half(2017)
    row = stored(program, classes, second, 30, layer="submitted")
    approved = stored(program, classes, first_half, 70)
    assert to_date(row) == approved

    sent = stored(program, classes, first_half, 100, layer="submitted")

    assert to_date(row) == sent


# The stage so far


def so_far(row: Attainment) -> StageToDate:
    return stage_to_date(read(row))[row.pk]


def test_a_stage_is_the_years_before_and_the_work_of_this_year(program, classes):
    for year, value in ((2016, 30), (2017, 20)):
        stored(program, classes, year_of(year), value, leaves_expected=4, leaves_reported=4)
    row = stored(program, classes, quarter(2018, 2), 10)
    stored(program, classes, half(2018), 25, leaves_expected=2, leaves_reported=1)
    official(program, classes, program.stage, 200)

    found = so_far(row)

    assert found.done == 75
    assert found.percent == Decimal("37.5")
    assert (found.leaves_reported, found.leaves_expected) == (9, 10)
    assert [each.period.key for each in found.rows] == ["2016", "2017", "2018-6T"]


def test_a_year_that_nobody_reported_is_missing_from_the_coverage_not_from_the_stage(
    program, classes
):
    year = year_of(2016)
    row = stored(program, classes, year_of(2017), 20, leaves_expected=4, leaves_reported=4)
    Expectation.objects.create(
        program=program,
        period=year,
        province=program.province,
        unit=program.province,
        current=program.province,
        region="",
        leaves=4,
        exists_then=True,
        stands=True,
    )

    found = so_far(row)

    assert found.done == 20
    assert (found.leaves_reported, found.leaves_expected) == (4, 8)


def test_without_any_figure_the_stage_has_none(program, classes):
    stored(program, classes, year_of(2016), no_actual="not_applicable")
    row = stored(program, classes, year_of(2017), no_actual="not_applicable")
    assert so_far(row).done is NoPercentage.NOT_APPLICABLE

    later = stored(program, classes, year_of(2018))

    assert so_far(later).done is NoPercentage.NOT_REPORTED


def test_the_years_of_the_stage_before_are_not_added(hanoi, classes):
    before = ProgramFactory.create(province=hanoi, stage=StageFactory.create(year=2011))
    program = ProgramFactory.create(province=hanoi, follows=before)
    stored(before, classes, year_of(2015), 99)
    stored(program, classes, year_of(2015), 99)

    assert so_far(stored(program, classes, year_of(2016), 20)).done == 20


def test_a_stock_is_the_latest_value(program):
    clusters = IndicatorFactory.create(aggregation="stock")
    stored(program, clusters, year_of(2016), 60)
    row = stored(program, clusters, quarter(2017, 2), 70)
    stored(program, clusters, half(2017), 70)
    official(program, clusters, program.stage, 100)

    assert so_far(row).done == 70
    assert so_far(row).percent == 70


def test_a_ratio_adds_its_two_sums(program):
    ratio = RatioFactory.create()
    stored_ratio(program, ratio, year_of(2016), 90, 100)

    found = so_far(stored_ratio(program, ratio, year_of(2017), 300, 1000))

    assert found.done == Fraction(390 * 100, 1100)


def test_a_ratio_of_stocks_is_the_latest_one(program):
    parts = IndicatorFactory.create_batch(2, aggregation="stock")
    ratio = RatioFactory.create(numerator=parts[0], denominator=parts[1])
    stored_ratio(program, ratio, year_of(2016), 90, 100)

    assert so_far(stored_ratio(program, ratio, year_of(2017), 300, 1000)).done == 30


@pytest.mark.parametrize(
    "kind", [{"aggregation": "rate"}, {"aggregation": "distinct", "counted": "country"}]
)
def test_rates_and_distinct_counts_have_a_stage_only_in_its_first_year(program, kind):
    indicator = IndicatorFactory.create(**kind)
    first = stored(program, indicator, year_of(2016), 6)
    second = stored(program, indicator, year_of(2017), 7)
    official(program, indicator, program.stage, 12)

    assert so_far(first).done == 6
    assert so_far(first).percent == 50
    assert so_far(second).percent is NoPercentage.NOT_ADDABLE


@pytest.mark.parametrize(
    ("year", "percent"),
    [(2016, NoPercentage.NO_TARGET), (2017, Decimal(50)), (2018, Decimal(30))],
)
def test_the_plan_of_a_stage_is_the_one_in_force_that_day(program, classes, year, percent):
    """100 from the middle of 2017, 200 from the last day of 2018 on."""
    revised = date(2018, 12, 31)
    official(program, classes, program.stage, 100, from_day=date(2017, 7, 1), until_day=revised)
    official(program, classes, program.stage, 200, from_day=revised)
    for each, value in ((2016, 30), (2017, 20), (2018, 10)):
        row = stored(program, classes, year_of(each), value)
        if each == year:
            break

    assert so_far(row).percent == percent


def test_a_sum_of_plans_that_leaves_a_unit_out_gives_no_percentage(classes):
    program = ProgramFactory.create(level="national", province=None)
    row = stored(program, classes, year_of(2016), 60)
    stored(program, classes, program.stage, 60, units_unplanned=1)
    plan = official(program, classes, program.stage, 100)
    assert so_far(row).percent is NoPercentage.PLAN_PARTIAL

    plan.delete()
    own = TargetVersionFactory.create(
        target__program=program, target__indicator=classes, target__province=None
    )
    official(program, classes, program.stage, 100, version=own)

    assert so_far(row).percent == 60


def test_the_row_of_a_stage_says_it_itself(program, classes):
    row = stored(program, classes, program.stage, 60)

    assert stage_to_date(read(row)) == {}


@pytest.mark.parametrize("rows", [1, 12])
def test_a_stage_costs_the_same_queries_whatever_the_number_of_rows(
    program, django_assert_max_num_queries, rows
):
    now = []
    for indicator in RatioFactory.create_batch(rows):
        now.append(stored_ratio(program, indicator, quarter(2018, 2), 1, 2))
    year_of(2016)
    half(2018)
    shown = read(*now)

    with django_assert_max_num_queries(6):
        assert len(stage_to_date(shown)) == rows
    with django_assert_max_num_queries(2):
        to_date_rows(shown)


# Other plans


@pytest.mark.parametrize(
    ("version", "percent"),
    [
        ({"lower": Decimal(50)}, Decimal(128)),
        ({"lower": Decimal(64), "status": "registered"}, Decimal(100)),
        ({"lower": Decimal(64), "shape": "above"}, NoPercentage.AT_BOUND),
        ({"lower": Decimal(60), "upper": Decimal(70), "shape": "range"}, NoPercentage.RANGE),
    ],
)
def test_every_other_version_stays_computable(program, classes, version, percent):
    row = stored(program, classes, year_of(2016), 64)

    assert against(again(row), TargetVersionFactory.create(**version)) == percent


def test_without_a_figure_no_version_has_a_percentage(program, classes):
    row = stored(program, classes, year_of(2016), no_actual="not_applicable")

    assert against(again(row), TargetVersionFactory.create()) is NoPercentage.NOT_APPLICABLE


@pytest.fixture
def officer(db: None) -> User:
    return UserFactory.create()


def approved(program: Program, officer: User, at: datetime, **fields: object) -> None:
    report = ReportFactory.create(program=program, **fields)
    Edition.objects.create(
        report=report, number=1, approved_at=at, approved_by=officer, content={}, digest="0" * 64
    )


def revised(program: Program, on: date | None, *, lower: int = 50, **fields) -> TargetVersion:
    """From 64 to `lower` by a decision of `on`, for the year 2016."""
    target = fields.pop("target", None) or TargetFactory.create(
        program=program, period=year_of(2016), **fields
    )
    first = TargetVersionFactory.create(target=target, lower=Decimal(64))
    return TargetVersionFactory.create(
        target=target,
        number=2,
        status="revised",
        replaces=first,
        lower=Decimal(lower),
        decided_on=on,
    )


# 00:30 on 1 July in Hà Nội.
APPROVED_AT = datetime(2016, 6, 30, 17, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("decided_on", "lower", "is_marked"),
    [
        (date(2016, 7, 2), 50, True),
        (date(2016, 7, 1), 50, False),  # the same day: nobody knows which was first
        (date(2016, 6, 30), 50, False),
        (date(2016, 7, 2), 70, False),
        (None, 50, False),
    ],
)
def test_a_plan_lowered_after_the_first_approval_is_marked(
    program, officer, decided_on, lower, is_marked
):
    version = revised(program, decided_on, lower=lower)
    approved(program, officer, APPROVED_AT, period=quarter(2016, 1))
    approved(program, officer, datetime(2017, 1, 5, tzinfo=UTC), period=quarter(2016, 2))

    assert lowered_after_results([version]) == ({version.pk} if is_marked else set())


def test_results_of_another_period_place_or_program_mark_nothing(program, officer, an_giang):
    version = revised(program, date(2016, 7, 2))
    approved(program, officer, APPROVED_AT, period=quarter(2017, 1))
    approved(ProgramFactory.create(leaf_kind="quarter"), officer, APPROVED_AT,
             period=quarter(2016, 1))  # fmt: skip
    national = ProgramFactory.create(level="national", province=None, leaf_kind="quarter")
    of_one_unit = revised(national, date(2016, 7, 2), province=program.province)
    approved(national, officer, APPROVED_AT, period=quarter(2016, 1), province=an_giang)

    assert lowered_after_results([version, of_one_unit]) == set()


def test_the_nations_plan_is_lowered_after_the_first_report_of_anyone(officer, an_giang):
    national = ProgramFactory.create(level="national", province=None, leaf_kind="quarter")
    version = revised(national, date(2016, 7, 2))
    approved(national, officer, APPROVED_AT, period=quarter(2016, 1), province=an_giang)

    assert lowered_after_results([version]) == {version.pk}


def test_a_unit_knows_the_results_of_those_it_took_over(officer):
    new = ProvinceFactory.create(valid_from=date(2016, 7, 1))
    old = ProvinceFactory.create(valid_to=date(2016, 6, 30), successor=new)
    national = ProgramFactory.create(level="national", province=None, leaf_kind="quarter")
    version = revised(national, date(2016, 7, 2), province=new)
    approved(national, officer, APPROVED_AT, period=quarter(2016, 1), province=old)

    assert lowered_after_results([version]) == {version.pk}


def test_a_raised_ceiling_is_a_lowered_plan(program, officer):
    target = TargetFactory.create(
        program=program,
        period=year_of(2016),
        indicator=IndicatorFactory.create(direction="lower"),
    )
    version = revised(program, date(2016, 7, 2), lower=70, target=target)
    approved(program, officer, APPROVED_AT, period=quarter(2016, 1))

    assert lowered_after_results([version]) == {version.pk}


def test_any_number_of_versions_is_looked_at_in_one_query(
    program, officer, django_assert_num_queries
):
    versions = [revised(program, date(2016, 7, 2)) for _ in range(5)]
    approved(program, officer, APPROVED_AT, period=quarter(2016, 1))

    with django_assert_num_queries(1):
        assert len(lowered_after_results(versions)) == 5

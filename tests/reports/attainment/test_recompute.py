"""From figures to stored rows: sums over time, coverage, plans in force.

What goes wrong elsewhere is in test_traps.py and its neighbours, mergers in test_mergers.py,
layers in test_layers.py, comparisons in test_comparison.py, runs and their cost in test_runs.py.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from programs.models import Period, Program, Province
from reports.attainment.recompute import recompute_marked
from reports.models import (
    Attainment,
    FigureNature,
    FigureState,
    JobState,
    RecomputeMark,
)
from tests.factories import (
    IndicatorFactory,
    PeriodFactory,
    ProgramFactory,
    ProvinceFactory,
    RatioFactory,
    TargetVersionFactory,
)
from tests.reports.attainment.story import (
    accept,
    calendar,
    draft,
    local,
    nation,
    plan,
    reopened,
    report_and_approve,
    report_and_send,
    revise,
    row,
    type_in,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def years(db: None) -> dict[int, Period]:
    return {year: PeriodFactory.create(year=year) for year in range(2015, 2021)}


@pytest.fixture
def program(years: dict[int, Period], hanoi: Province) -> Program:
    return ProgramFactory.create(province=hanoi)


@pytest.fixture
def nationwide(years: dict[int, Period]) -> Program:
    return ProgramFactory.create(level="national", province=None)


@pytest.fixture
def periods(db: None) -> dict[str, Period]:
    return calendar(2026)


@pytest.fixture
def by_quarter(hanoi: Province, periods: dict[str, Period]) -> Program:
    return local(hanoi, periods["2026"], "quarter")


def test_64_of_50_is_128_percent(program, years, hanoi):
    machines = IndicatorFactory.create()
    plan(program, machines, years[2016], 50)
    report_and_approve(program, years[2016], {machines: 64})

    recompute_marked()

    found = row(machines, years[2016], hanoi)
    assert (found.percent, found.reason, found.standing) == (Decimal(128), "", "reached")


def test_a_flow_adds_up_over_the_years_and_says_which_are_missing(program, years, hanoi):
    classes = IndicatorFactory.create()
    plan(program, classes, program.stage, 200)
    for year, value in {2016: 30, 2017: 20, 2018: 25}.items():
        report_and_approve(program, years[year], {classes: value})

    recompute_marked()

    stage = row(classes, program.stage, hanoi)
    assert (stage.actual, stage.percent) == (Decimal(75), Decimal("37.5"))
    assert (stage.leaves_reported, stage.leaves_expected) == (3, 5)
    assert (stage.units_reported, stage.units_expected) == (1, 1)


def test_a_stock_is_the_last_value_and_missing_when_the_last_one_is(program, years, hanoi):
    clusters = IndicatorFactory.create(aggregation="stock")
    for year, value in {2018: 60, 2019: 70}.items():
        report_and_approve(program, years[year], {clusters: value})
    recompute_marked()
    stage = row(clusters, program.stage, hanoi)
    assert (stage.actual, stage.no_actual) == (None, "not_reported")
    assert (stage.leaves_reported, stage.leaves_expected) == (0, 1)

    report_and_approve(program, years[2020], {clusters: 75})
    recompute_marked()

    stage = row(clusters, program.stage, hanoi)
    assert stage.actual == Decimal(75)
    assert (stage.leaves_reported, stage.leaves_expected) == (1, 1)  # complete with its last leaf


def test_a_part_of_a_ratio_typed_alone_does_not_stop_the_worker(program, years, hanoi):
    ratio = RatioFactory.create()
    report_and_approve(program, years[2016], {ratio.numerator: 90, ratio.denominator: 100})
    recompute_marked()
    RecomputeMark.objects.all().delete()

    draft(program, years[2017], {ratio.numerator: 5})
    run = recompute_marked()

    assert run.state == JobState.DONE
    assert row(ratio, years[2016], hanoi).actual == Decimal(90)


def test_cumulative_work_over_a_missing_quarter_belongs_to_the_year_alone(
    by_quarter, periods, hanoi
):
    classes = IndicatorFactory.create(entry_mode="cumulative")
    report_and_approve(by_quarter, periods["2026-Q1"], {classes: 30})
    report_and_approve(by_quarter, periods["2026-Q3"], {classes: 75})
    plan(by_quarter, classes, periods["2026-Q3"], 20)

    recompute_marked()

    assert row(classes, periods["2026"], hanoi).actual == Decimal(75)
    assert row(classes, periods["2026-9T"], hanoi).actual == Decimal(75)
    assert row(classes, periods["2026-Q3"], hanoi).no_actual == "not_reported"  # 45 of two quarters


def test_cumulative_figures_go_on_past_a_quarter_that_was_not_applicable(
    by_quarter, periods, hanoi
):
    classes = IndicatorFactory.create(entry_mode="cumulative")
    said = (30, FigureState.NOT_APPLICABLE, 75, 128)
    for number, to_date in enumerate(said, start=1):
        report_and_approve(by_quarter, periods[f"2026-Q{number}"], {classes: to_date})

    recompute_marked()

    assert row(classes, periods["2026"], hanoi).actual == Decimal(128)


def test_a_year_to_date_starts_anew_with_the_year(hanoi):
    periods = calendar(2025, 2026)
    program = local(hanoi, periods["2025-2026"], "quarter")
    classes = IndicatorFactory.create(entry_mode="cumulative")
    report_and_approve(program, periods["2025-Q4"], {classes: 100})
    report_and_approve(program, periods["2026-Q1"], {classes: 30})

    recompute_marked()

    assert row(classes, periods["2026-Q1"], hanoi).actual == Decimal(30)
    assert row(classes, periods["2025-2026"], hanoi).actual == Decimal(130)


def test_five_months_of_a_program_by_quarters_have_no_figure(by_quarter, periods):
    classes = IndicatorFactory.create()
    report_and_approve(by_quarter, periods["2026-Q1"], {classes: 30})

    recompute_marked()

    assert not Attainment.objects.filter(period=periods["2026-5T"]).exists()


def test_a_ratio_leaves_out_what_reported_only_one_of_its_parts(program, years, hanoi):
    ratio = RatioFactory.create()
    report_and_approve(program, years[2016], {ratio.numerator: 90, ratio.denominator: 100})
    report_and_approve(program, years[2017], {ratio.denominator: 900})

    recompute_marked()

    stage = row(ratio, program.stage, hanoi)
    assert (stage.actual, stage.leaves_reported) == (Decimal(90), 1)


@pytest.mark.parametrize(
    ("part", "whole", "actual", "leaves"),
    [
        (FigureState.NOT_APPLICABLE, FigureState.NOT_APPLICABLE, 90, 2),  # answered alike
        (FigureState.NOT_APPLICABLE, 900, 90, 1),
        (5, FigureState.NOT_APPLICABLE, 90, 1),
        (FigureState.MISSING, 900, 90, 1),
        (0, 900, 9, 2),
    ],
)
def test_a_ratio_counts_where_both_parts_were_answered_alike(
    program, years, hanoi, part, whole, actual, leaves
):
    ratio = RatioFactory.create()
    report_and_approve(program, years[2016], {ratio.numerator: 90, ratio.denominator: 100})
    report_and_approve(program, years[2017], {ratio.numerator: part, ratio.denominator: whole})

    recompute_marked()

    stage = row(ratio, program.stage, hanoi)
    assert (stage.actual, stage.leaves_reported) == (actual, leaves)


def test_a_ratio_of_stocks_is_that_of_the_last_leaf(program, years, hanoi):
    stocks = IndicatorFactory.create_batch(2, aggregation="stock")
    ratio = RatioFactory.create(numerator=stocks[0], denominator=stocks[1])
    for year, (part, whole) in {2019: (1, 2), 2020: (30, 40)}.items():
        report_and_approve(program, years[year], {stocks[0]: part, stocks[1]: whole})

    recompute_marked()

    stage = row(ratio, program.stage, hanoi)
    assert (stage.actual, stage.leaves_reported, stage.leaves_expected) == (Decimal(75), 1, 1)


def test_a_ratio_of_stocks_whose_last_leaf_is_missing_says_so(program, years, hanoi):
    stocks = IndicatorFactory.create_batch(2, aggregation="stock")
    ratio = RatioFactory.create(numerator=stocks[0], denominator=stocks[1])
    report_and_approve(program, years[2019], {stocks[0]: 1, stocks[1]: 2})

    recompute_marked()

    assert row(ratio, years[2019], hanoi).actual == Decimal(50)
    stage = row(ratio, program.stage, hanoi)
    assert (stage.actual, stage.no_actual) == (None, "not_reported")  # not the 50 before it
    assert (stage.leaves_reported, stage.leaves_expected) == (0, 1)


def test_rates_are_never_added_over_time(program, years, hanoi):
    growth = IndicatorFactory.create(aggregation="rate", unit="%/năm")
    for year in (2016, 2017):
        report_and_approve(program, years[year], {growth: 6})

    recompute_marked()

    assert row(growth, years[2016], hanoi).actual == Decimal(6)
    stage = row(growth, program.stage, hanoi)
    assert (stage.actual, stage.no_actual) == (None, "not_addable")


def test_the_only_rate_of_a_nation_is_not_the_nations(nationwide, years, hanoi):
    growth = IndicatorFactory.create(aggregation="rate")
    report_and_approve(nationwide, years[2016], {growth: 6}, province=hanoi)

    recompute_marked()

    assert row(growth, years[2016], hanoi).actual == Decimal(6)
    assert nation(growth, years[2016]).no_actual == "not_addable"


def test_the_plan_in_force_at_the_end_of_the_period_is_official(program, years, hanoi):
    # 50 machines, revised to 64 on 1 September; result 64: 100 %, not 128 %.
    machines = IndicatorFactory.create()
    first = plan(program, machines, years[2016], 50, decided_on=date(2016, 1, 15))
    report_and_approve(program, years[2016], {machines: 64})
    recompute_marked()
    assert row(machines, years[2016], hanoi).percent == Decimal(128)

    revise(first, 64, date(2016, 9, 1))
    revise(first, 10, date(2017, 2, 1), number=3)
    TargetVersionFactory.create(
        target=first.target, number=4, status="registered", lower=Decimal(5)
    )
    recompute_marked()

    found = row(machines, years[2016], hanoi)
    assert (found.percent, found.plan.disputed, found.plan.version.number) == (
        Decimal(100),
        False,
        2,
    )


def test_two_sources_that_disagree_are_shown_as_a_disagreement(program, years, hanoi):
    jobs = IndicatorFactory.create()
    first = plan(program, jobs, program.stage, 60000)
    TargetVersionFactory.create(target=first.target, number=2, lower=Decimal(50000), shape="about")

    recompute_marked()

    found = row(jobs, program.stage, hanoi)
    assert (found.plan.disputed, found.plan.version.number) == (True, 2)


def test_two_sources_that_agree_are_no_disagreement(program, years, hanoi):
    jobs = IndicatorFactory.create()
    first = plan(program, jobs, program.stage, 50)
    TargetVersionFactory.create(target=first.target, number=2, lower=Decimal("50.0"))

    recompute_marked()

    assert not row(jobs, program.stage, hanoi).plan.disputed


def test_a_unit_that_says_not_applicable_has_answered_and_adds_nothing(nationwide, years):
    machines = IndicatorFactory.create()
    answering, excused = (ProvinceFactory.create(code=code) for code in ("02", "04"))
    report_and_approve(nationwide, years[2016], {machines: 10}, province=answering)
    report_and_approve(
        nationwide, years[2016], {machines: FigureState.NOT_APPLICABLE}, province=excused
    )

    recompute_marked()

    whole = nation(machines, years[2016])
    assert (whole.actual, whole.units_reported, whole.units_expected) == (Decimal(10), 2, 2)
    assert row(machines, years[2016], excused).no_actual == "not_applicable"


def test_only_approved_figures_are_official(program, years):
    report_and_send(program, years[2016], {IndicatorFactory.create(): 64})

    recompute_marked()

    assert not Attainment.objects.filter(layer="official").exists()


def test_an_estimate_is_not_added_to_the_official_layer(program, years, hanoi):
    machines = IndicatorFactory.create()
    report = draft(program, years[2016], {machines: 50})
    type_in(report, machines, 64, nature=FigureNature.ESTIMATE)
    accept(report)

    recompute_marked()

    assert row(machines, years[2016], hanoi).actual == Decimal(50)


def test_a_report_being_corrected_keeps_its_published_figure(program, years, hanoi):
    machines = IndicatorFactory.create()
    plan(program, machines, years[2016], 80)
    report = report_and_approve(program, years[2016], {machines: 100})
    reopened(report, {machines: 90})
    recompute_marked()
    assert row(machines, years[2016], hanoi).percent == Decimal(125)

    accept(report)
    recompute_marked()

    assert row(machines, years[2016], hanoi).percent == Decimal("112.5")

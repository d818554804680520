"""From figures to stored rows: sums in SQL, coverage, plans in force, comparison, replacement."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.models import User
from programs.access import Role
from programs.models import Indicator, Period, Program, Province
from reports.attainment.recompute import recompute_all, recompute_marked
from reports.entry.figures import Typed, enter_figure, state_of
from reports.entry.workflow import approve, reopen, submit
from reports.models import (
    Attainment,
    FigureNature,
    FigureState,
    JobRun,
    JobState,
    RecomputeMark,
    Report,
    Scope,
)
from tests.conftest import person
from tests.factories import (
    IndicatorFactory,
    MembershipFactory,
    PeriodFactory,
    ProgramFactory,
    ProvinceFactory,
    RatioFactory,
    ReportFactory,
    StageFactory,
    TargetFactory,
    TargetVersionFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk(db: None) -> User:
    """Enters and approves for the whole nation: the tests here are about sums, not about rights."""
    user = person("clerk", Role.STAFF, None)
    MembershipFactory.create(user=user, role=Role.MANAGER.value, province=None)
    return user


@pytest.fixture
def years(db: None) -> dict[int, Period]:
    return {year: PeriodFactory.create(year=year) for year in range(2015, 2021)}


@pytest.fixture
def program(years: dict[int, Period], hanoi: Province) -> Program:
    return ProgramFactory.create(province=hanoi)


def report_and_approve(
    program: Program,
    period: Period,
    values: dict[Indicator, Decimal | int | str | None],
    *,
    by: User,
    province: Province | None = None,
) -> Report:
    report = ReportFactory.create(
        program=program, period=period, province=province or program.province
    )
    for indicator, value in values.items():
        if value is None:
            continue
        number = Decimal(value)
        enter_figure(report, indicator, Typed(state=state_of(number), value=number), by=by)
    submit(report, by=by)
    approve(report, by=by)
    return report


def row(
    indicator: Indicator, period: Period, province: Province | None, scope: Scope = Scope.REPORTED
) -> Attainment:
    return Attainment.objects.get(
        indicator=indicator, period=period, province=province, scope=scope
    )


def plan(program: Program, indicator: Indicator, period: Period, value: int, **fields: object):
    target = TargetFactory.create(program=program, indicator=indicator, period=period)
    return TargetVersionFactory.create(target=target, lower=Decimal(value), **fields)


def test_64_of_50_is_128_percent(program, years, clerk, hanoi):
    machines = IndicatorFactory.create()
    plan(program, machines, years[2016], 50)
    report_and_approve(program, years[2016], {machines: 64}, by=clerk)

    recompute_marked()

    found = row(machines, years[2016], hanoi)
    assert (found.percent, found.reason, found.standing) == (Decimal(128), "", "reached")


def test_a_flow_adds_up_over_the_years_and_says_which_are_missing(program, years, clerk, hanoi):
    classes = IndicatorFactory.create()
    plan(program, classes, program.stage, 200)
    for year, value in {2016: 30, 2017: 20, 2018: 25}.items():
        report_and_approve(program, years[year], {classes: value}, by=clerk)

    recompute_marked()

    stage = row(classes, program.stage, hanoi)
    assert (stage.actual, stage.percent) == (Decimal(75), Decimal("37.5"))
    assert (stage.leaves_reported, stage.leaves_expected) == (3, 5)
    assert (stage.units_reported, stage.units_expected) == (1, 1)


def test_quarters_typed_in_the_period_or_cumulatively_give_the_same(hanoi, clerk):
    # Real quarterly work 30, 20, 25, 53; year to date 30, 50, 75, 128; annual plan 100.
    year = PeriodFactory.create(year=2026)
    quarters = [
        PeriodFactory.create(
            kind="quarter",
            year=2026,
            number=n,
            key=f"2026-Q{n}",
            starts_on=date(2026, 3 * n - 2, 1),
            ends_on=date(2026, 3 * n, 31 if n in (1, 4) else 30),
        )
        for n in range(1, 5)
    ]
    PeriodFactory.reset_sequence(0)
    program = ProgramFactory.create(province=hanoi, leaf_kind="quarter", stage=year)
    periodic = IndicatorFactory.create()
    cumulative = IndicatorFactory.create(entry_mode="cumulative")
    for indicator in (periodic, cumulative):
        plan(program, indicator, year, 100)
    for quarter, work, to_date in zip(quarters, (30, 20, 25, 53), (30, 50, 75, 128), strict=True):
        report_and_approve(program, quarter, {periodic: work, cumulative: to_date}, by=clerk)

    recompute_marked()

    for indicator in (periodic, cumulative):
        assert row(indicator, year, hanoi).percent == Decimal(128)
        assert row(indicator, quarters[3], hanoi).actual == Decimal(53)


def test_a_stock_is_the_last_value_and_missing_when_the_last_one_is(program, years, clerk, hanoi):
    clusters = IndicatorFactory.create(aggregation="stock")
    for year, value in {2018: 60, 2019: 70}.items():
        report_and_approve(program, years[year], {clusters: value}, by=clerk)
    recompute_marked()
    assert not Attainment.objects.filter(indicator=clusters, period=program.stage).exists()

    plan(program, clusters, program.stage, 159)
    recompute_marked()
    stage = row(clusters, program.stage, hanoi)
    assert (stage.actual, stage.reason) == (None, "not_reported")

    report_and_approve(program, years[2020], {clusters: 75}, by=clerk)
    recompute_marked()
    assert row(clusters, program.stage, hanoi).actual == Decimal(75)


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        # Jobs after training; the average of ratios would be 60 %.
        ([(90, 100), (300, 1000)], Decimal("35.454545")),
        ([(20, 10), (500, 1000)], Decimal("51.485149")),
    ],
)
def test_a_ratio_is_the_ratio_of_sums_over_years(program, years, clerk, hanoi, pairs, expected):
    ratio = RatioFactory.create()
    for year, (part, whole) in zip((2016, 2017), pairs, strict=True):
        report_and_approve(
            program, years[year], {ratio.numerator: part, ratio.denominator: whole}, by=clerk
        )

    recompute_marked()

    assert row(ratio, program.stage, hanoi).actual == expected


def test_a_part_of_a_ratio_typed_alone_does_not_stop_the_worker(program, years, clerk, hanoi):
    ratio = RatioFactory.create()
    parts = {ratio.numerator: 90, ratio.denominator: 100}
    report_and_approve(program, years[2016], parts, by=clerk)
    recompute_marked()
    draft = ReportFactory.create(program=program, period=years[2017])
    RecomputeMark.objects.all().delete()

    enter_figure(
        draft, ratio.numerator, Typed(state=FigureState.REPORTED, value=Decimal(5)), by=clerk
    )
    run = recompute_marked()

    assert run.state == JobState.DONE
    assert row(ratio, years[2016], hanoi).actual == Decimal(90)


def quarterly(hanoi: Province) -> tuple[Program, list[Period]]:
    """A program of 2026 that is reported by quarter."""
    year = PeriodFactory.create(year=2026)
    ends = ((1, 3, 31), (4, 6, 30), (7, 9, 30), (10, 12, 31))
    quarters = [
        PeriodFactory.create(
            kind="quarter",
            year=2026,
            number=number,
            key=f"2026-Q{number}",
            starts_on=date(2026, first, 1),
            ends_on=date(2026, last, day),
        )
        for number, (first, last, day) in enumerate(ends, start=1)
    ]
    return ProgramFactory.create(province=hanoi, leaf_kind="quarter", stage=year), quarters


def test_cumulative_work_over_a_missing_quarter_belongs_to_the_year_alone(hanoi, clerk):
    program, quarters = quarterly(hanoi)
    classes = IndicatorFactory.create(entry_mode="cumulative")
    report_and_approve(program, quarters[0], {classes: 30}, by=clerk)
    report_and_approve(program, quarters[2], {classes: 75}, by=clerk)
    plan(program, classes, quarters[2], 20)

    recompute_marked()

    assert row(classes, program.stage, hanoi).actual == Decimal(75)
    assert row(classes, quarters[2], hanoi).no_actual == "not_reported"  # 45 is of two quarters


def test_cumulative_figures_go_on_past_a_quarter_that_was_not_applicable(hanoi, clerk):
    program, quarters = quarterly(hanoi)
    classes = IndicatorFactory.create(entry_mode="cumulative")
    for quarter, to_date in zip(quarters, (30, None, 75, 128), strict=True):
        if to_date is not None:
            report_and_approve(program, quarter, {classes: to_date}, by=clerk)
            continue
        excused = ReportFactory.create(program=program, period=quarter)
        enter_figure(excused, classes, Typed(state=FigureState.NOT_APPLICABLE), by=clerk)
        submit(excused, by=clerk)
        approve(excused, by=clerk)

    recompute_marked()

    assert row(classes, program.stage, hanoi).actual == Decimal(128)


def test_five_months_of_a_program_by_quarters_have_no_figure(hanoi, clerk):
    program, quarters = quarterly(hanoi)
    five_months = PeriodFactory.create(
        kind="to_date", year=2026, number=5, key="2026-5T", ends_on=date(2026, 5, 31)
    )
    classes = IndicatorFactory.create()
    report_and_approve(program, quarters[0], {classes: 30}, by=clerk)

    recompute_marked()

    assert not Attainment.objects.filter(period=five_months).exists()


def test_a_unit_that_is_gone_adds_no_stock_and_hides_no_gap(clerk, years):
    program = ProgramFactory.create(level="national", province=None)
    new = ProvinceFactory.create(valid_from=date(2016, 7, 1))
    old = ProvinceFactory.create(valid_to=date(2016, 6, 30), successor=new)
    clusters = IndicatorFactory.create(aggregation="stock")
    classes = IndicatorFactory.create()
    report_and_approve(program, years[2016], {clusters: 10, classes: 4}, province=old, by=clerk)
    recompute_marked()
    nation = row(classes, years[2016], None, Scope.NATION)
    assert (nation.actual, nation.leaves_reported, nation.leaves_expected) == (Decimal(4), 1, 2)

    report_and_approve(program, years[2016], {clusters: 12, classes: 5}, province=new, by=clerk)
    recompute_marked()

    assert row(clusters, years[2016], None, Scope.NATION).actual == Decimal(12)
    assert row(classes, years[2016], None, Scope.NATION).actual == Decimal(9)


def test_a_ratio_leaves_out_what_reported_only_one_of_its_parts(program, years, clerk, hanoi):
    ratio = RatioFactory.create()
    report_and_approve(
        program, years[2016], {ratio.numerator: 90, ratio.denominator: 100}, by=clerk
    )
    report_and_approve(program, years[2017], {ratio.denominator: 900}, by=clerk)

    recompute_marked()

    stage = row(ratio, program.stage, hanoi)
    assert (stage.actual, stage.leaves_reported) == (Decimal(90), 1)


def test_rates_are_never_added(program, years, clerk, hanoi):
    growth = IndicatorFactory.create(aggregation="rate", unit="%/năm")
    for year in (2016, 2017):
        report_and_approve(program, years[year], {growth: 6}, by=clerk)

    recompute_marked()

    assert row(growth, years[2016], hanoi).actual == Decimal(6)
    assert (
        row(growth, program.stage, hanoi).actual,
        row(growth, program.stage, hanoi).no_actual,
    ) == (None, "not_addable")


def test_the_only_rate_of_a_nation_is_not_the_nations(years, clerk, hanoi):
    program = ProgramFactory.create(level="national", province=None)
    growth = IndicatorFactory.create(aggregation="rate")
    report_and_approve(program, years[2016], {growth: 6}, province=hanoi, by=clerk)

    recompute_marked()

    assert row(growth, years[2016], hanoi).actual == Decimal(6)
    assert row(growth, years[2016], None, Scope.NATION).no_actual == "not_addable"


@pytest.mark.parametrize(
    ("planned", "done", "percent", "reason"),
    [
        # Different things, each with its own words.
        (50, 0, Decimal(0), ""),
        (50, None, None, "not_reported"),
        (0, 5, None, "outside_plan"),
        (0, 0, None, "nothing_planned"),
        (None, 5, None, "no_target"),
    ],
)
def test_zero_missing_and_no_target_are_different(
    program, years, clerk, hanoi, planned, done, percent, reason
):
    indicator = IndicatorFactory.create()
    if planned is not None:
        plan(program, indicator, years[2016], planned)
    report_and_approve(program, years[2016], {indicator: done}, by=clerk)

    recompute_marked()

    found = row(indicator, years[2016], hanoi)
    assert (found.percent, found.reason) == (percent, reason)


def test_the_nation_says_how_many_of_its_provinces_it_speaks_of(clerk, years):
    # Shrunk: 4 provinces, planned 40, 3 have reported exactly their 10.
    program = ProgramFactory.create(level="national", province=None)
    provinces = ProvinceFactory.create_batch(4)
    machines = IndicatorFactory.create()
    target = TargetFactory.create(
        program=program, indicator=machines, province=None, period=years[2016]
    )
    TargetVersionFactory.create(target=target, lower=Decimal(40))
    for province in provinces[:3]:
        report_and_approve(program, years[2016], {machines: 10}, province=province, by=clerk)

    recompute_marked()

    nation = row(machines, years[2016], None, Scope.NATION)
    assert (nation.actual, nation.percent) == (Decimal(30), Decimal(75))
    assert (nation.units_reported, nation.units_expected) == (3, 4)


def test_a_unit_closed_in_june_is_not_late_in_december(clerk, years):
    program = ProgramFactory.create(level="national", province=None)
    new = ProvinceFactory.create(valid_from=date(2016, 7, 1))
    old = [
        ProvinceFactory.create(valid_to=date(2016, 6, 30), successor=new),
        ProvinceFactory.create(valid_to=date(2016, 6, 30), successor=new),
    ]
    machines = IndicatorFactory.create()
    report_and_approve(program, years[2015 + 1], {machines: 75}, province=new, by=clerk)
    assert all(unit.valid_to for unit in old)

    recompute_marked()

    nation = row(machines, years[2016], None, Scope.NATION)
    assert (nation.units_reported, nation.units_expected) == (1, 1)
    assert (nation.leaves_reported, nation.leaves_expected) == (1, 1)


def test_the_plan_in_force_at_the_end_of_the_period_is_official(program, years, clerk, hanoi):
    # 50 machines, revised to 64 on 1 September; result 64: 100 %, not 128 %.
    machines = IndicatorFactory.create()
    first = plan(program, machines, years[2016], 50, decided_on=date(2016, 1, 15))
    report_and_approve(program, years[2016], {machines: 64}, by=clerk)
    recompute_marked()
    assert row(machines, years[2016], hanoi).percent == Decimal(128)

    later = {"target": first.target, "status": "revised", "lower": Decimal(64)}
    TargetVersionFactory.create(number=2, decided_on=date(2016, 9, 1), replaces=first, **later)
    TargetVersionFactory.create(
        number=3, decided_on=date(2017, 2, 1), replaces=first, **later | {"lower": Decimal(10)}
    )
    TargetVersionFactory.create(
        target=first.target, number=4, status="registered", lower=Decimal(5)
    )
    recompute_marked()

    found = row(machines, years[2016], hanoi)
    assert (found.percent, found.disputed) == (Decimal(100), False)
    assert found.target_version is not None
    assert found.target_version.number == 2


def test_two_sources_that_disagree_are_shown_as_a_disagreement(program, years, clerk, hanoi):
    jobs = IndicatorFactory.create()
    first = plan(program, jobs, program.stage, 60000)
    TargetVersionFactory.create(target=first.target, number=2, lower=Decimal(50000), shape="about")

    recompute_marked()

    found = row(jobs, program.stage, hanoi)
    assert found.disputed
    assert found.target_version is not None
    assert found.target_version.number == 2


def test_two_sources_that_agree_are_no_disagreement(program, years, clerk, hanoi):
    jobs = IndicatorFactory.create()
    first = plan(program, jobs, program.stage, 50)
    TargetVersionFactory.create(target=first.target, number=2, lower=Decimal("50.0"))

    recompute_marked()

    assert not row(jobs, program.stage, hanoi).disputed


@pytest.mark.parametrize(
    ("now", "before", "relative", "why"),
    [
        (373, 187, Decimal("199.5"), ""),
        (3225, 2630, Decimal("122.6"), ""),
        (3, 5, Decimal(60), ""),
        (9, 0, None, "zero_base"),
        (9, 1, None, "small_base"),
    ],
)
def test_a_year_is_compared_with_the_year_before(
    program, years, clerk, hanoi, now, before, relative, why
):
    visits = IndicatorFactory.create()
    report_and_approve(program, years[2017], {visits: now}, by=clerk)
    report_and_approve(program, years[2016], {visits: before}, by=clerk)

    recompute_marked()

    found = row(visits, years[2017], hanoi)
    assert (found.base_actual, found.relative_percent, found.no_comparison) == (
        Decimal(before),
        relative,
        why,
    )


def test_a_stage_is_compared_with_the_stage_of_the_program_before(clerk, hanoi):
    old_stage, new_stage = StageFactory.create(year=2011), StageFactory.create(year=2016)
    before = ProgramFactory.create(province=hanoi, stage=old_stage, leaf_kind="stage")
    after = ProgramFactory.create(
        province=hanoi, stage=new_stage, leaf_kind="stage", follows=before
    )
    stands = IndicatorFactory.create()
    report_and_approve(after, new_stage, {stands: 3225}, by=clerk)
    recompute_marked()
    assert row(stands, new_stage, hanoi).base_actual is None

    # The base arrives later: the program that follows goes stale with it.
    report_and_approve(before, old_stage, {stands: 2630}, by=clerk)
    recompute_marked()

    found = row(stands, new_stage, hanoi)
    assert (found.base_period, found.relative_percent) == (old_stage, Decimal("122.6"))


def test_a_year_of_five_is_not_compared_with_five_years(clerk, hanoi, years):
    before = ProgramFactory.create(
        province=hanoi, stage=StageFactory.create(year=2011), leaf_kind="stage"
    )
    after = ProgramFactory.create(province=hanoi, follows=before)
    classes = IndicatorFactory.create()
    report_and_approve(before, before.stage, {classes: 72}, by=clerk)
    report_and_approve(after, years[2016], {classes: 20}, by=clerk)

    recompute_marked()

    found = row(classes, after.stage, hanoi)
    assert (found.base_actual, found.relative_percent) == (Decimal(72), None)
    assert found.no_comparison == "partial"


def test_a_stock_is_complete_with_its_last_leaf(program, years, clerk, hanoi):
    clusters = IndicatorFactory.create(aggregation="stock")
    report_and_approve(program, years[2020], {clusters: 75}, by=clerk)

    recompute_marked()

    stage = row(clusters, program.stage, hanoi)
    assert (stage.leaves_reported, stage.leaves_expected) == (1, 1)


def test_a_unit_that_says_not_applicable_has_answered_and_adds_nothing(clerk, years):
    program = ProgramFactory.create(level="national", province=None)
    machines = IndicatorFactory.create()
    answering, excused = ProvinceFactory.create_batch(2)
    report_and_approve(program, years[2016], {machines: 10}, province=answering, by=clerk)
    report = ReportFactory.create(program=program, period=years[2016], province=excused)
    enter_figure(report, machines, Typed(state=FigureState.NOT_APPLICABLE), by=clerk)
    submit(report, by=clerk)
    approve(report, by=clerk)

    recompute_marked()

    nation = row(machines, years[2016], None, Scope.NATION)
    assert (nation.actual, nation.units_reported, nation.units_expected) == (Decimal(10), 2, 2)
    assert row(machines, years[2016], excused).no_actual == "not_applicable"


def test_only_approved_figures_are_official(program, years, clerk, hanoi):
    machines = IndicatorFactory.create()
    report = ReportFactory.create(program=program, period=years[2016])
    enter_figure(report, machines, Typed(state=state_of(Decimal(64)), value=Decimal(64)), by=clerk)
    submit(report, by=clerk)

    recompute_marked()

    assert not Attainment.objects.exists()


def test_an_estimate_is_not_added_to_the_official_layer(program, years, clerk, hanoi):
    machines = IndicatorFactory.create()
    report = ReportFactory.create(program=program, period=years[2016])
    for nature, value in ((FigureNature.ACTUAL, 50), (FigureNature.ESTIMATE, 64)):
        enter_figure(
            report,
            machines,
            Typed(state=state_of(Decimal(value)), value=Decimal(value)),
            by=clerk,
            nature=nature,
        )
    submit(report, by=clerk)
    approve(report, by=clerk)

    recompute_marked()

    assert row(machines, years[2016], hanoi).actual == Decimal(50)


def test_a_report_being_corrected_keeps_its_published_figure(program, years, clerk, hanoi):
    machines = IndicatorFactory.create()
    plan(program, machines, years[2016], 80)
    report = report_and_approve(program, years[2016], {machines: 100}, by=clerk)
    reopen(report, by=clerk, reason="Một lớp ghi hai lần")
    report.refresh_from_db()
    enter_figure(report, machines, Typed(state=state_of(Decimal(90)), value=Decimal(90)), by=clerk)
    recompute_marked()
    assert row(machines, years[2016], hanoi).percent == Decimal(125)

    submit(report, by=clerk)
    approve(report, by=clerk)
    recompute_marked()
    assert row(machines, years[2016], hanoi).percent == Decimal("112.5")


def test_a_run_leaves_nothing_marked_and_a_second_run_nothing_to_do(program, years, clerk):
    report_and_approve(program, years[2016], {IndicatorFactory.create(): 64}, by=clerk)

    run = recompute_marked(worker="celery@here")

    assert run is not None
    assert (run.state, run.worker, run.rows_changed) == (JobState.DONE, "celery@here", 2)
    assert not RecomputeMark.objects.exists()
    assert recompute_marked() is None


def test_a_full_rebuild_of_unchanged_figures_writes_no_row(program, years, clerk):
    ratio = RatioFactory.create()
    plan(program, ratio, program.stage, 80, shape="at_least")
    report_and_approve(program, years[2016], {ratio.numerator: 1, ratio.denominator: 3}, by=clerk)
    recompute_marked()
    before = list(Attainment.objects.order_by("pk").values())

    run = recompute_all()

    assert run is not None
    assert run.rows_changed == 0
    assert run.rows_computed == len(before) > 0
    assert list(Attainment.objects.order_by("pk").values()) == before


def test_a_row_whose_ground_is_gone_goes_too(program, years, clerk):
    machines = IndicatorFactory.create()
    version = plan(program, machines, years[2016], 50)
    recompute_marked()
    assert Attainment.objects.filter(indicator=machines).exists()

    version.target.delete()
    recompute_marked()

    assert not Attainment.objects.filter(indicator=machines).exists()


def test_a_run_that_fails_keeps_the_marks_and_says_why(program, years, clerk, monkeypatch):
    report_and_approve(program, years[2016], {IndicatorFactory.create(): 64}, by=clerk)
    marked = RecomputeMark.objects.count()

    def broken(*args: object) -> None:
        raise RuntimeError("hết bộ nhớ")

    monkeypatch.setattr("reports.attainment.judging.sums_of", broken)
    with pytest.raises(RuntimeError, match="hết bộ nhớ"):
        recompute_marked()

    run = JobRun.objects.get()
    assert (run.state, run.error) == (JobState.FAILED, "RuntimeError: hết bộ nhớ")
    assert RecomputeMark.objects.count() == marked


def test_a_run_whose_worker_was_killed_is_closed_by_a_later_one(db):
    long_ago = timezone.now() - timedelta(hours=1)
    JobRun.objects.create(state=JobState.RUNNING, started_at=long_ago)
    JobRun.objects.create(state=JobState.RUNNING, started_at=timezone.now())

    recompute_marked()

    assert [run.state for run in JobRun.objects.order_by("started_at")][:2] == ["failed", "running"]


@pytest.mark.parametrize("indicators", [1, 12])
def test_a_program_is_recomputed_in_a_fixed_number_of_statements(
    program, years, clerk, indicators, django_assert_max_num_queries
):
    for indicator in IndicatorFactory.create_batch(indicators):
        plan(program, indicator, years[2016], 50)
    report_and_approve(program, years[2016], dict.fromkeys(Indicator.objects.all(), 64), by=clerk)

    with django_assert_max_num_queries(32):
        recompute_marked()

    assert Attainment.objects.filter(percent=128).count() == indicators

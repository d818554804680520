"""Runs of the worker: idempotent, all or nothing for a program, and cheap for one change."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from programs.models import Period, Program, Province
from reports.attainment.recompute import recompute_all, recompute_marked
from reports.models import Attainment, JobRun, JobState, OfficialPlan, RecomputeMark
from tests.factories import (
    IndicatorFactory,
    PeriodFactory,
    ProgramFactory,
    RatioFactory,
    ReportFactory,
    StageFactory,
)
from tests.reports.attainment.story import (
    accept,
    everything_stored,
    nation,
    plan,
    reopened,
    report_and_approve,
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


def test_a_run_leaves_nothing_marked_and_a_second_run_nothing_to_do(program, years):
    report_and_approve(program, years[2016], {IndicatorFactory.create(): 64})

    run = recompute_marked(worker="celery@here")

    assert run is not None
    # The year and the stage, as reported and in today's boundaries.
    assert (run.state, run.worker, run.rows_changed) == (JobState.DONE, "celery@here", 4)
    assert Attainment.objects.count() == 4
    assert not RecomputeMark.objects.exists()
    assert recompute_marked() is None


def test_a_full_rebuild_of_unchanged_figures_writes_no_row(program, years):
    ratio = RatioFactory.create()
    plan(program, ratio, program.stage, 80, shape="at_least")
    report_and_approve(program, years[2016], {ratio.numerator: 1, ratio.denominator: 3})
    recompute_marked()
    before = list(Attainment.objects.order_by("pk").values())

    run = recompute_all()

    assert run is not None
    assert run.rows_changed == 0
    assert run.rows_computed == len(before) > 0
    assert list(Attainment.objects.order_by("pk").values()) == before


def test_a_figure_approved_again_unchanged_writes_no_row(program, years):
    machines = IndicatorFactory.create()
    plan(program, machines, years[2016], 50)
    report = report_and_approve(program, years[2016], {machines: 64})
    recompute_marked()
    before = list(Attainment.objects.order_by("pk").values())

    accept(reopened(report, {machines: 64}))
    run = recompute_marked()

    assert run.rows_changed == 0
    assert list(Attainment.objects.order_by("pk").values()) == before


def test_a_row_whose_ground_is_gone_goes_too(program, years):
    machines = IndicatorFactory.create()
    version = plan(program, machines, years[2016], 50)
    recompute_marked()
    assert Attainment.objects.filter(indicator=machines).exists()

    version.target.delete()
    recompute_marked()

    assert not Attainment.objects.filter(indicator=machines).exists()
    assert not OfficialPlan.objects.filter(indicator=machines).exists()


def test_a_plan_that_is_taken_away_takes_its_percentage_along(program, years, hanoi):
    machines = IndicatorFactory.create()
    version = plan(program, machines, years[2016], 50)
    report_and_approve(program, years[2016], {machines: 64})
    recompute_marked()

    version.target.delete()
    recompute_marked()

    found = row(machines, years[2016], hanoi)
    assert (found.actual, found.plan, found.percent) == (64, None, None)
    assert (found.reason, found.standing) == ("no_target", "unknown")


def refuse_rows_of(program: Program) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION no_more() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'hết bộ nhớ'; END $$;"
            "CREATE TRIGGER no_more BEFORE INSERT ON reports_attainment"
            f" FOR EACH ROW WHEN (NEW.program_id = {program.pk}) EXECUTE FUNCTION no_more()"
        )


def test_a_program_that_fails_keeps_its_marks_says_why_and_is_done_by_a_later_run(
    program, years, hanoi
):
    machines = IndicatorFactory.create()
    report_and_approve(program, years[2016], {machines: 64})
    refuse_rows_of(program)

    with pytest.raises(DatabaseError, match="hết bộ nhớ"):
        recompute_marked()

    run = JobRun.objects.get()
    assert run.state == JobState.FAILED
    assert "hết bộ nhớ" in run.error
    assert RecomputeMark.objects.filter(program=program).exists()
    assert not Attainment.objects.exists()

    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER no_more ON reports_attainment")
    assert recompute_marked().state == JobState.DONE
    assert row(machines, years[2016], hanoi).actual == 64
    assert not RecomputeMark.objects.exists()


def test_a_program_that_fails_holds_up_no_other(program, nationwide, years, hanoi):
    machines, fairs = IndicatorFactory.create_batch(2)
    for each in (program, nationwide):
        indicator = machines if each == program else fairs
        report_and_approve(each, years[2016], {indicator: 64}, province=hanoi)
    refuse_rows_of(program)

    with pytest.raises(DatabaseError):
        recompute_marked()

    assert nation(fairs, years[2016]).actual == 64
    assert not Attainment.objects.filter(program=program).exists()
    assert not RecomputeMark.objects.exclude(program=program).exists()


def test_a_run_whose_worker_was_killed_is_closed_by_a_later_one(db):
    long_ago = timezone.now() - timedelta(hours=1)
    JobRun.objects.create(state=JobState.RUNNING, started_at=long_ago)
    JobRun.objects.create(state=JobState.RUNNING, started_at=timezone.now())

    recompute_marked()

    assert [run.state for run in JobRun.objects.order_by("started_at")][:2] == ["failed", "running"]


# What a run costs.

# Not counted: savepoints, and what a connection prepares once for all its changes.
UNCOUNTED = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT", "ROLLBACK", "PREPARE")


@pytest.mark.parametrize("history", [2, 10])
@pytest.mark.parametrize("indicators", [1, 12])
def test_one_changed_figure_is_recomputed_in_at_most_8_statements(hanoi, indicators, history):
    stage = StageFactory.create(year=2011, number=10)
    program = ProgramFactory.create(province=hanoi, stage=stage)
    counted = IndicatorFactory.create_batch(indicators)
    years = [PeriodFactory.create(year=year) for year in range(2011, 2021)]
    reports = []
    for year in years[:history]:
        for indicator in counted:
            plan(program, indicator, year, 50)
        reports.append(report_and_approve(program, year, dict.fromkeys(counted, 64)))
    recompute_marked()
    accept(reopened(reports[0], {counted[0]: 32}))

    with CaptureQueriesContext(connection) as captured:
        run = recompute_marked()

    statements = [query["sql"] for query in captured if not query["sql"].startswith(UNCOUNTED)]
    assert len(statements) <= 8, "\n".join(each.strip()[:80] for each in statements)
    assert run.rows_changed == 4
    assert row(counted[0], reports[0].period, hanoi).percent == 64
    assert row(counted[0], stage, hanoi).actual == 64 * (history - 1) + 32


def test_a_draft_that_nobody_has_sent_moves_no_row(program, years):
    machines = IndicatorFactory.create()
    report_and_approve(program, years[2016], {machines: 64})
    recompute_marked()
    before = everything_stored()
    report = ReportFactory.create(program=program, period=years[2017])

    type_in(report, machines, 30)
    run = recompute_marked()

    assert (run.rows_changed, everything_stored()) == (0, before)

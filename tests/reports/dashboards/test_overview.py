"""Which period a program is opened at, and what its counts rest on."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from programs.models import Program
from reports.attainment.recompute import recompute_marked
from reports.dashboards.overview import summaries_of, tally, with_leading_period
from reports.entry.figures import enter_figure
from reports.entry.said import Typed, state_of
from reports.entry.workflow import approve, submit
from reports.models import Attainment, Scope
from tests.factories import (
    IndicatorFactory,
    PeriodFactory,
    ProgramFactory,
    ReportFactory,
    StageFactory,
)
from tests.reports.dashboards.story import Told, clerk, told_program

pytestmark = pytest.mark.django_db


def reported(program: Program, year: int, value: int) -> None:
    officer = clerk()
    indicator = IndicatorFactory.create()
    report = ReportFactory.create(program=program, period=PeriodFactory.create(year=year))
    number = Decimal(value)
    enter_figure(report, indicator, Typed(state=state_of(number), value=number), by=officer)
    submit(report, by=officer)
    approve(report, by=officer)
    recompute_marked()


@pytest.mark.parametrize(
    ("today", "leading"),
    [
        (date(2017, 6, 1), "2016"),  # the stage has figures too, but is far from its end
        (date(2021, 1, 1), "2016-2020"),  # of the periods that have ended, the last and longest
    ],
)
def test_the_leading_period_is_the_last_that_has_ended(hanoi, national_viewer, today, leading):
    program = ProgramFactory.create(province=hanoi, stage=StageFactory.create())
    for year in range(2016, 2021):
        PeriodFactory.create(year=year)
    reported(program, 2016, 10)
    programs = with_leading_period(Program.objects.all(), national_viewer, on=today)

    (summary,) = summaries_of(programs, national_viewer)

    assert summary.period is not None
    assert summary.period.key == leading


def test_coverage_counts_indicators_without_figures_apart(hanoi, national_viewer):
    told_program([Told("Có", 5, 5), Told("Chưa", None, 5)], province=hanoi, by=clerk())

    counted = tally(Attainment.objects.visible_to(national_viewer).filter(scope=Scope.REPORTED))

    assert counted.coverage == "1/2 chỉ tiêu có số liệu, 1/1 đơn vị"


def test_coverage_names_the_periods_that_are_missing(hanoi, national_viewer):
    program = ProgramFactory.create(province=hanoi, stage=StageFactory.create())
    for year in range(2017, 2021):
        PeriodFactory.create(year=year)
    reported(program, 2016, 10)

    counted = tally(Attainment.objects.visible_to(national_viewer).filter(period=program.stage))

    assert counted.coverage == "1/1 đơn vị, 1/5 kỳ"


def test_nothing_computed_counts_nothing(national_viewer):
    counted = tally(Attainment.objects.visible_to(national_viewer))

    assert (counted.assigned, counted.shown, counted.coverage) == (0, 0, "")

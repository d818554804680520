"""A living program: Hà Nội reports monthly in 2026, with plans for the year."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from accounts.models import User
from programs.models import Indicator, Period, Program, Province
from reports.attainment.recompute import recompute_marked
from reports.entry.figures import Cell, Change, save_cells
from reports.entry.workflow import approve, submit
from reports.models import Report
from tests.factories import (
    IndicatorFactory,
    PeriodFactory,
    ProgramFactory,
    StageFactory,
    TargetFactory,
    TargetVersionFactory,
)


def month(number: int, *, year: int = 2026) -> Period:
    first = date(year, number, 1)
    last = (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    return PeriodFactory.create(
        kind="month",
        year=year,
        number=number,
        key=f"{year}-{number:02}",
        name=f"tháng {number}/{year}",
        starts_on=first,
        ends_on=last,
    )


def open_report(program: Program, period: Period) -> Report:
    assert program.province
    return Report.objects.create(program=program, province=program.province, period=period)


def say(report: Report, *said: tuple[Indicator, object], by: User) -> None:
    """Type into the sheet: the texts as a person types them."""
    answers = save_cells(
        [Change(Cell(report.pk, each.pk), base=None, text=str(text)) for each, text in said], by=by
    )
    assert [answer.message for answer in answers] == [""] * len(said)


def report_month(program, number, *said, staff, manager) -> Report:
    """A month that is through."""
    report = open_report(program, month(number))
    say(report, *said, by=staff)
    submit(report, by=staff)
    approve(report, by=manager)
    return report


@pytest.fixture
def monthly(hanoi: Province) -> Program:
    return ProgramFactory.create(
        province=hanoi,
        code="KC-2026",
        name="Khuyến công Hà Nội 2026",
        leaf_kind="month",
        stage=StageFactory.create(year=2026, number=5, key="2026-2030"),
    )


@pytest.fixture
def classes(monthly: Program) -> Indicator:
    """Lớp truyền nghề: a flow, 120 planned in the year."""
    indicator = IndicatorFactory.create(name="Lớp truyền nghề", code="lop", position=1)
    plan_of_year(monthly, indicator, 120)
    return indicator


def plan_of_year(program: Program, indicator: Indicator, number: int) -> None:
    TargetVersionFactory.create(
        target=TargetFactory.create(
            program=program, indicator=indicator, period=PeriodFactory.create(year=2026)
        ),
        lower=Decimal(number),
    )
    recompute_marked()


@pytest.fixture
def august(monthly: Program, classes: Indicator) -> Report:
    return open_report(monthly, month(8))

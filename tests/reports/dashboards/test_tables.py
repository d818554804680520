"""In which order rows stand, also by what is not stored."""

from __future__ import annotations

import pytest

from programs.models import Program
from reports.dashboards.tables import AttainmentTable, records_of
from reports.models import Attainment
from tests.factories import IndicatorFactory, PeriodFactory, ProgramFactory
from tests.reports.attainment.rows import stored

pytestmark = pytest.mark.django_db

# Name, value of 2016, value of 2017.
TOLD = (
    ("không có gốc", None, 9),
    ("giảm", 50, 40),
    ("gốc nhỏ", 1, 9),
    ("tăng nhiều", 50, 500),
    ("tăng", 50, 60),
    ("chưa báo cáo", 50, None),
)


@pytest.fixture
def program() -> Program:
    program: Program = ProgramFactory.create()
    for position, (name, before, now) in enumerate(TOLD):
        indicator = IndicatorFactory.create(name=name, position=position)
        for year, value in ((2016, before), (2017, now)):
            stored(program, indicator, PeriodFactory.create(year=year), value)
    return program


def shown(program: Program, sort: str) -> list[str]:
    rows = Attainment.objects.of_program_page(program, PeriodFactory.create(year=2017))
    table = AttainmentTable(rows)
    table.order_by = [sort]
    table.paginate()
    return [row.indicator.name for row in records_of(table)]


@pytest.mark.parametrize("sort", ["relative", "-relative"])
def test_rates_are_sorted_and_rows_without_one_come_last_in_the_reports_order(program, sort):
    names = shown(program, sort)

    rising = ["giảm", "tăng", "tăng nhiều"]
    assert names[:3] == (rising if sort == "relative" else rising[::-1])
    assert names[3:] == ["không có gốc", "gốc nhỏ", "chưa báo cáo"]


def test_without_any_rate_the_rows_stand_as_in_the_report(program):
    Attainment.objects.filter(period__year=2016).delete()

    assert shown(program, "-relative") == [name for name, _before, _now in TOLD]


def test_sorting_by_rate_costs_four_queries_more_whatever_the_number_of_rows(
    program, django_assert_max_num_queries
):
    with django_assert_max_num_queries(6):
        shown(program, "relative")

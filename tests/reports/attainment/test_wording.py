"""A stored row in the words of a report: plan to date and of the year, comparison, conditions."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from programs.models import Indicator, Program, Province
from reports.attainment.comparison import bases_of
from reports.attainment.wording import Wording, wording_of
from reports.models import Attainment
from tests.factories import IndicatorFactory, ProgramFactory, ProvinceFactory, RatioFactory
from tests.reports.attainment.rows import (
    at,
    half,
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
    return ProgramFactory.create(province=hanoi)


@pytest.fixture
def machines(db: None) -> Indicator:
    return IndicatorFactory.create(name="Lượt cơ sở được hỗ trợ", unit="lượt cơ sở")


def words(row: Attainment) -> Wording:
    (again,) = read(row)
    return wording_of(again, base=bases_of([again])[again.pk].leading)


def judged(percent: int | None, year_percent: int | None = None, **fields):
    judged: dict[str, object] = {}
    if percent is not None:
        judged |= {"percent": Decimal(percent), "reason": ""}
    if year_percent is not None:
        judged |= {"year_percent": Decimal(year_percent)}
    return judged | fields


def test_half_a_year_is_told_against_the_year_and_the_plan_to_date(program, machines):
    plan = official(program, machines, half(2017), 50)
    year_plan = official(program, machines, year_of(2017), 100)
    row = stored(
        program, machines, half(2017), 64, **judged(128, 64, plan=plan, year_plan=year_plan)
    )

    told = words(row)

    assert told.sentence == (
        "64 lượt cơ sở được hỗ trợ (đạt 64% kế hoạch năm, 128% kế hoạch đến kỳ)"
    )
    assert (told.plan, told.share, told.share_of_year) == ("50", "128%", "64% kế hoạch năm")


def test_without_a_plan_to_date_there_is_the_plan_of_the_year(program, machines):
    year_plan = official(program, machines, year_of(2017), 100)
    row = stored(program, machines, half(2017), 64, **judged(None, 64, year_plan=year_plan))

    told = words(row)

    assert told.sentence == "64 lượt cơ sở được hỗ trợ (đạt 64% kế hoạch năm)"
    assert (told.plan, told.share, told.share_of_year) == ("–", "64% kế hoạch năm", "")


def test_a_range_to_date_is_told_before_the_year(program, machines):
    plan = official(program, machines, half(2017), 60, shape="range", upper=Decimal(70))
    year_plan = official(program, machines, year_of(2017), 100)
    fields = judged(None, 64, plan=plan, year_plan=year_plan, reason="range")

    told = words(stored(program, machines, half(2017), 64, **fields))

    assert told.attained == "trong khoảng 60-70, đạt 64% kế hoạch năm"


def test_why_there_is_no_percentage_of_the_year_is_not_told(program, machines):
    year_plan = official(program, machines, year_of(2017), 60, shape="range", upper=Decimal(70))
    row = stored(program, machines, half(2017), 64, year_plan=year_plan, year_reason="range")

    assert words(row).sentence == "64 lượt cơ sở được hỗ trợ"


def test_a_sum_of_plans_that_leaves_a_unit_out_says_so(program, machines):
    plan = official(program, machines, year_of(2017), 50)
    row = stored(program, machines, year_of(2017), 64, plan=plan, reason="plan_partial")

    assert words(row).share == "chưa giao đủ kế hoạch cho các đơn vị, không tính tỷ lệ"


@pytest.mark.parametrize(
    ("before", "now", "compared"),
    [
        (60, 75, "tăng 25% so với năm 2016"),
        (187, 373, "bằng 199,5% so với năm 2016"),
        (60, 60, "bằng 100% so với năm 2016"),
        (1, 9, "tăng 8 (gốc nhỏ)"),
        (None, 9, ""),
        (60, None, ""),
    ],
)
def test_the_comparison_is_told_in_the_table_and_in_the_sentence(
    program, machines, before, now, compared
):
    stored(program, machines, year_of(2016), before)

    told = words(stored(program, machines, year_of(2017), now))

    assert told.compared == compared
    assert compared in told.sentence


def test_shares_are_told_in_points(program):
    ratio = RatioFactory.create()
    stored_ratio(program, ratio, year_of(2016), 40, 100)
    row = stored_ratio(program, ratio, year_of(2017), 50, 100)

    assert words(row).compared == "tăng 10 điểm phần trăm so với năm 2016"


def test_what_cannot_be_compared_is_no_news_for_a_report(program, machines):
    stored(program, machines, year_of(2016), 60, leaves_expected=4)

    told = words(stored(program, machines, year_of(2017), 75))

    assert told.compared == "chưa đủ báo cáo để so sánh"
    assert told.sentence == "75 lượt cơ sở được hỗ trợ"


def test_a_base_in_which_predecessors_are_added_is_named(machines):
    program = ProgramFactory.create(level="national", province=None)
    new = ProvinceFactory.create(valid_from=date(2018, 7, 1))
    ProvinceFactory.create(valid_to=date(2018, 6, 30), successor=new)
    stored(program, machines, quarter(2017, 3), 60, **at(new, "current"))

    told = words(stored(program, machines, quarter(2018, 3), 75, **at(new)))

    assert told.compared == "tăng 25% so với quarter 3/2017 (theo địa giới hiện nay)"


def test_an_incomplete_total_says_of_how_many_it_speaks(program, machines):
    row = stored(program, machines, year_of(2017), 64, leaves_expected=4, leaves_reported=3)

    assert words(row).sentence == "64 lượt cơ sở được hỗ trợ (mới có số liệu 3/4 kỳ)"

"""With what a row is compared: which earlier row, over which area, and when with none at all."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from programs.models import Indicator, Program, Province
from reports.attainment.arithmetic import Comparison, NoComparison, shown_percent
from reports.attainment.comparison import Bases, bases_of
from reports.models import Attainment
from tests.factories import (
    IndicatorFactory,
    PeriodFactory,
    ProgramFactory,
    ProvinceFactory,
    RatioFactory,
    StageFactory,
)
from tests.reports.attainment.rows import (
    at,
    half,
    month,
    nine_months,
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
def visits(db: None) -> Indicator:
    return IndicatorFactory.create()


def bases(row: Attainment) -> Bases:
    return bases_of(read(row))[row.pk]


def relative(row: Attainment) -> Decimal | NoComparison | None:
    """What is printed of the leading comparison, or why nothing is."""
    leading = bases(row).leading
    if leading is None:
        return None
    assert isinstance(leading.outcome, Comparison | NoComparison)
    if isinstance(leading.outcome, NoComparison):
        return leading.outcome
    return shown_percent(leading.outcome.relative)


@pytest.mark.parametrize(
    ("now", "before", "outcome"),
    [
        (373, 187, Decimal("199.5")),
        (3225, 2630, Decimal("122.6")),
        (3, 5, Decimal(60)),
        (0, 60, Decimal(0)),
        (9, 0, NoComparison.ZERO_BASE),
        (9, 1, NoComparison.SMALL_BASE),
        (3, -5, NoComparison.NEGATIVE_BASE),
        (-3, 5, NoComparison.NEGATIVE_CURRENT),
        (None, 60, NoComparison.NOT_REPORTED),
        (60, None, NoComparison.NO_BASE),
    ],
)
def test_a_year_is_compared_with_the_year_before(program, visits, now, before, outcome):
    stored(program, visits, year_of(2016), before)
    row = stored(program, visits, year_of(2017), now)

    assert relative(row) == outcome
    assert bases(row).leading.actual == before


def test_the_smallest_base_is_the_indicators_own(program):
    visits = IndicatorFactory.create(minimum_base=Decimal(100))
    stored(program, visits, year_of(2016), 99)
    row = stored(program, visits, year_of(2017), 120)

    assert relative(row) is NoComparison.SMALL_BASE


def test_of_a_year_the_period_before_is_the_year_before_and_told_once(program, visits):
    stored(program, visits, year_of(2016), 50)
    found = bases(stored(program, visits, year_of(2017), 60))

    assert found.previous is found.year_before
    assert found.stage_before is None
    assert len(list(found)) == 1


@pytest.mark.parametrize(
    ("period", "previous", "year_before"),
    [
        ((quarter, 2017, 3), (quarter, 2017, 2), (quarter, 2016, 3)),
        ((quarter, 2017, 1), (quarter, 2016, 4), (quarter, 2016, 1)),
        ((month, 2017, 8), (month, 2017, 7), (month, 2016, 8)),
        ((month, 2017, 1), (month, 2016, 12), (month, 2016, 1)),
        ((half, 2017), None, (half, 2016)),
        ((nine_months, 2017), None, (nine_months, 2016)),
    ],
)
def test_a_part_of_a_year_has_the_part_before_and_the_same_part_of_last_year(
    program, visits, period, previous, year_before
):
    def made(recipe):
        maker, *numbers = recipe
        return maker(*numbers)

    row = stored(program, visits, made(period), 80)
    for recipe, value in ((previous, 64), (year_before, 40)):
        if recipe is not None:
            stored(program, visits, made(recipe), value)

    found = bases(row)

    assert [base.outcome.relative for base in found] == [
        *([Fraction(80, 64)] if previous else []),
        Fraction(2),
    ]
    assert found.leading is found.year_before
    assert found.year_before.period == made(year_before)


def test_administrative_and_statistical_periods_are_not_compared_with_each_other(program, visits):
    statistical = year_of(2016)
    stored(program, visits, statistical, 50)
    administrative = PeriodFactory.create(
        year=2017,
        calendar="administrative",
        key="2017-HC",
        starts_on=date(2016, 12, 15),
        ends_on=date(2017, 12, 14),
    )

    assert bases(stored(program, visits, administrative, 60)).leading is None


def stages(province: Province | None, **fields: object) -> tuple[Program, Program]:
    """The programs of 2011-2015 and of 2016-2020 that follows it."""
    before = ProgramFactory.create(
        province=province, stage=StageFactory.create(year=2011), **fields
    )
    return before, ProgramFactory.create(province=province, follows=before, **fields)


def test_a_stage_is_compared_with_the_stage_of_the_program_before(hanoi, visits):
    before, after = stages(hanoi)
    row = stored(after, visits, after.stage, 3225)
    assert relative(row) is NoComparison.NO_BASE

    stored(before, visits, before.stage, 2630)

    assert bases(row).stage_before.period == before.stage
    assert relative(row) == Decimal("122.6")


def test_a_stage_of_another_length_is_no_base(hanoi, visits):
    before = ProgramFactory.create(province=hanoi, stage=StageFactory.create(year=2013, number=3))
    after = ProgramFactory.create(province=hanoi, follows=before)
    stored(before, visits, before.stage, 50)

    assert bases(stored(after, visits, after.stage, 60)).leading is None


def test_the_first_year_of_a_stage_is_compared_with_the_last_of_the_stage_before(hanoi, visits):
    before, after = stages(hanoi)
    stored(before, visits, year_of(2015), 60)

    assert relative(stored(after, visits, year_of(2016), 75)) == 125


def test_another_programs_rows_are_no_base(hanoi, program, visits):
    stored(ProgramFactory.create(province=hanoi), visits, year_of(2016), 50)

    assert relative(stored(program, visits, year_of(2017), 60)) is NoComparison.NO_BASE


def test_a_year_of_five_is_not_compared_with_five_years(hanoi, visits):
    before, after = stages(hanoi)
    stored(before, visits, before.stage, 72)
    row = stored(after, visits, after.stage, 20, leaves_expected=5)

    assert relative(row) is NoComparison.PARTIAL
    assert bases(row).leading.actual == 72


def test_an_incomplete_base_is_no_base_of_a_rate(program, visits):
    stored(program, visits, year_of(2016), 72, leaves_expected=4, leaves_reported=3)

    assert relative(stored(program, visits, year_of(2017), 90)) is NoComparison.PARTIAL


def test_percentages_are_compared_in_points_and_exactly(program):
    ratio = RatioFactory.create()
    stored_ratio(program, ratio, year_of(2016), 1, 3)
    same = stored_ratio(program, ratio, year_of(2017), 100, 300)
    more = stored_ratio(program, ratio, year_of(2018), 2, 3)

    assert bases(same).leading.outcome == 0
    assert bases(more).leading.outcome == Fraction(100, 3)


def test_a_plain_ratio_is_compared_by_its_exact_sums(program):
    ratio = RatioFactory.create(unit="người/lớp", ratio_scale=1, minimum_base=Decimal("0.1"))
    stored_ratio(program, ratio, year_of(2016), 1, 3)
    row = stored_ratio(program, ratio, year_of(2017), 2, 3)

    assert bases(row).leading.outcome == Comparison(Fraction(2))


def test_bases_are_official_whatever_the_layer_of_the_row(program, visits):
    stored(program, visits, year_of(2016), 50)
    stored(program, visits, year_of(2016), 99, layer="submitted")
    row = stored(program, visits, year_of(2017), 60, layer="submitted")

    assert relative(row) == 120


@pytest.fixture
def merged() -> tuple[Province, list[Province]]:
    """Three units that became one on 01/07/2018."""
    new = ProvinceFactory.create(name="Lâm Đồng", valid_from=date(2018, 7, 1))
    return new, [
        ProvinceFactory.create(name=name, valid_to=date(2018, 6, 30), successor=new)
        for name in ("Lâm Đồng cũ", "Đắk Nông", "Bình Thuận")
    ]


@pytest.fixture
def national(visits: Indicator, merged: tuple[Province, list[Province]]) -> Program:
    """10, 20 and 30 in the year and the quarter before the merger, 60 together."""
    program: Program = ProgramFactory.create(level="national", province=None)
    new, old = merged
    for period in (year_of(2017), quarter(2017, 3), quarter(2018, 2)):
        for unit, value in zip(old, (10, 20, 30), strict=True):
            stored(program, visits, period, value, **at(unit))
        stored(program, visits, period, 60, **at(new, "current"))
    return program


def test_a_merged_unit_is_compared_with_its_predecessors_together(national, visits, merged):
    new, _old = merged
    row = stored(national, visits, quarter(2018, 3), 75, **at(new))

    found = bases(row)

    assert [base.outcome.relative for base in found] == [Fraction(5, 4)] * 2
    assert found.leading.adds_predecessors


def test_todays_units_are_compared_with_todays_units(national, visits, merged):
    new, _old = merged
    found = bases(stored(national, visits, year_of(2018), 75, **at(new, "current")))

    assert found.leading.outcome.relative == Fraction(5, 4)
    assert not found.leading.adds_predecessors


def test_a_unit_is_compared_with_itself_while_it_stands(national, visits, merged):
    _new, old = merged
    row = stored(national, visits, quarter(2018, 1), 12, **at(old[0]))
    stored(national, visits, quarter(2017, 1), 10, **at(old[0]))

    assert relative(row) == 120


@pytest.mark.parametrize("which", ["new", "old"])
def test_a_unit_that_stood_for_half_a_year_has_no_year_to_compare(national, visits, merged, which):
    new, old = merged
    row = stored(national, visits, year_of(2018), 40, **at(new if which == "new" else old[0]))

    assert relative(row) is NoComparison.PARTIAL


def test_the_area_of_a_unit_that_came_and_went_has_no_base(visits):
    program = ProgramFactory.create(level="national", province=None)
    today = ProvinceFactory.create(valid_from=date(2019, 1, 1))
    between = ProvinceFactory.create(
        valid_from=date(2017, 1, 1), valid_to=date(2018, 12, 31), successor=today
    )
    ProvinceFactory.create(valid_to=date(2016, 12, 31), successor=between)
    year_of(2016)

    row = stored(program, visits, year_of(2017), 40, **at(between))

    assert relative(row) is NoComparison.BOUNDARY
    assert bases(row).leading.actual is None


@pytest.mark.parametrize(("scope", "region"), [("region", "Tây Nguyên"), ("nation", "")])
def test_regions_and_the_nation_are_compared_with_themselves(visits, scope, region):
    program = ProgramFactory.create(level="national", province=None)
    place = {"scope": scope, "region": region}
    stored(program, visits, year_of(2016), 60, **place)
    stored(program, visits, year_of(2016), 99, scope="region", region="Vùng khác")

    assert relative(stored(program, visits, year_of(2017), 75, **place)) == 125


def test_the_program_of_one_of_three_merged_provinces_is_no_base_for_all_three(visits, merged):
    """75 against the 30 of old Lâm Đồng would be a rise of 150% that nobody has seen."""
    new, (old, *_others) = merged
    before = ProgramFactory.create(province=old, stage=StageFactory.create(year=2014, number=5))
    after = ProgramFactory.create(
        province=new, stage=StageFactory.create(year=2019, number=5), follows=before
    )
    stored(before, visits, quarter(2018, 2), 30, **at(new, "current"))
    stored(before, visits, before.stage, 30, **at(new, "current"))

    of_own = stored(before, visits, quarter(2018, 3), 75, **at(new))
    of_next = stored(after, visits, after.stage, 75, **at(new, "current"))

    assert bases(of_own).previous.outcome is NoComparison.BOUNDARY
    assert relative(of_next) is NoComparison.BOUNDARY


def test_a_province_that_only_changed_its_name_keeps_its_bases(visits):
    new = ProvinceFactory.create(kind="thành phố", valid_from=date(2018, 7, 1))
    old = ProvinceFactory.create(valid_to=date(2018, 6, 30), successor=new)
    program = ProgramFactory.create(province=old)
    stored(program, visits, quarter(2017, 3), 30, **at(new, "current"))

    assert relative(stored(program, visits, quarter(2018, 3), 45, **at(new))) == 150


@pytest.mark.parametrize("rows", [1, 12])
def test_bases_cost_three_queries_whatever_the_number_of_rows(
    merged, django_assert_num_queries, rows
):
    new, _old = merged
    program = ProgramFactory.create(province=new)
    now = []
    for indicator in IndicatorFactory.create_batch(rows):
        for period in (quarter(2017, 4), quarter(2018, 3)):
            stored(program, indicator, period, 40, **at(new, "current"))
        now.append(stored(program, indicator, quarter(2018, 4), 60))
    shown = read(*now)

    with django_assert_num_queries(3):
        found = bases_of(shown)

    assert {each.leading.outcome for each in found.values()} == {Comparison(Fraction(3, 2))}


def test_no_rows_have_no_bases(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert bases_of([]) == {}

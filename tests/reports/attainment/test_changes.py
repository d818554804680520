"""Whatever else is changed, the rows follow: catalogues, boundaries, periods, records.

Each test changes one thing after the rows were computed, and reads what docs/attainment.md says
of the new state.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection

from programs.models import Indicator, Period, Program, Province
from reports.attainment.recompute import recompute_all, recompute_marked
from reports.entry.workflow import send_back
from reports.models import Attainment, FigureState, Scope
from tests.factories import (
    ActivityFactory,
    ContentGroupFactory,
    IndicatorFactory,
    OrganisationFactory,
    ProvinceFactory,
    RatioFactory,
)
from tests.reports.attainment.story import (
    accept,
    calendar,
    clerk,
    current,
    draft,
    everything_stored,
    find,
    local,
    nation,
    national,
    plan,
    region,
    report_and_approve,
    report_and_send,
    row,
    take_part,
    type_in,
)

pytestmark = pytest.mark.django_db

D = Decimal


@pytest.fixture
def ha_noi(db: None) -> Province:
    return ProvinceFactory.create(code="01", name="Hà Nội")


@pytest.fixture
def periods(db: None) -> dict[str, Period]:
    return calendar(2026)


@pytest.fixture
def program(ha_noi: Province, periods: dict[str, Period]) -> Program:
    return local(ha_noi, periods["2026"], "quarter")


# Catalogues.


def test_an_indicator_that_should_fall_is_judged_as_one(program, periods, ha_noi):
    waste = IndicatorFactory.create()
    plan(program, waste, periods["2026-Q1"], 50)
    report_and_approve(program, periods["2026-Q1"], {waste: 64})
    recompute_marked()
    assert row(waste, periods["2026-Q1"], ha_noi).percent == 128

    Indicator.objects.filter(pk=waste.pk).update(direction="lower")
    recompute_marked()

    found = row(waste, periods["2026-Q1"], ha_noi)
    assert (found.percent, found.reason, found.standing) == (None, "limit", "over_limit")


def test_a_ratio_that_is_no_percentage_after_all(program, periods, ha_noi):
    ratio = RatioFactory.create()
    parts = {ratio.numerator: 90, ratio.denominator: 100}
    report_and_approve(program, periods["2026-Q1"], parts)
    recompute_marked()
    assert row(ratio, periods["2026-Q1"], ha_noi).actual == 90

    Indicator.objects.filter(pk=ratio.pk).update(ratio_scale=1)
    recompute_marked()

    assert row(ratio, periods["2026-Q1"], ha_noi).actual == D("0.9")


def test_a_ratio_of_other_parts(program, periods, ha_noi):
    ratio = RatioFactory.create()
    other = IndicatorFactory.create()
    parts = {ratio.numerator: 90, ratio.denominator: 100, other: 45}
    report_and_approve(program, periods["2026-Q1"], parts)
    recompute_marked()

    Indicator.objects.filter(pk=ratio.pk).update(numerator=other)
    recompute_marked()

    assert row(ratio, periods["2026-Q1"], ha_noi).actual == 45


def test_a_ratio_that_is_made_later_finds_its_figures(program, periods, ha_noi):
    numerator, denominator = IndicatorFactory.create_batch(2)
    report_and_approve(program, periods["2026-Q1"], {numerator: 90, denominator: 100})
    recompute_marked()

    ratio = RatioFactory.create(numerator=numerator, denominator=denominator)
    recompute_marked()

    assert row(ratio, periods["2026"], ha_noi).actual == 90


def test_a_ratio_that_is_deleted_leaves_no_row(program, periods):
    ratio = RatioFactory.create()
    parts = {ratio.numerator: 90, ratio.denominator: 100}
    report_and_approve(program, periods["2026-Q1"], parts)
    recompute_marked()
    pk = ratio.pk
    assert Attainment.objects.filter(indicator=pk).exists()

    ratio.delete()
    recompute_marked()

    assert not Attainment.objects.filter(indicator=pk).exists()


def test_a_count_of_another_content(program, periods, ha_noi):
    training, design = (ContentGroupFactory.create(number=n) for n in (1, 4))
    units = IndicatorFactory.create(
        aggregation="distinct", counted="organisation", section="content", content_group=training
    )
    plan(program, units, periods["2026"], 5)
    contest = ActivityFactory.create(program=program)
    contest.content_groups.set([design])
    guests = OrganisationFactory.create_batch(3, province=ha_noi)
    take_part(contest, guests, date(2026, 2, 1))
    report_and_approve(program, periods["2026-Q1"], {})
    recompute_marked()
    assert row(units, periods["2026"], ha_noi).no_actual == "not_reported"  # and no zero

    Indicator.objects.filter(pk=units.pk).update(content_group=design)
    recompute_marked()

    assert row(units, periods["2026"], ha_noi).actual == 3


def test_the_catalogue_of_another_province_counts_nothing_here(program, periods, ha_noi):
    elsewhere = ProvinceFactory.create(code="92")
    theirs = IndicatorFactory.create(
        aggregation="distinct", counted="organisation", province=elsewhere
    )
    ours = IndicatorFactory.create(aggregation="distinct", counted="organisation", province=ha_noi)
    fair = ActivityFactory.create(program=program)
    take_part(fair, [OrganisationFactory.create(province=ha_noi)], date(2026, 2, 1))
    report_and_approve(program, periods["2026-Q1"], {})

    recompute_marked()

    assert row(ours, periods["2026-Q1"], ha_noi).actual == 1
    assert not Attainment.objects.filter(indicator=theirs).exists()


def test_a_count_that_moves_to_another_catalogue_goes_with_it(program, periods, ha_noi):
    elsewhere = ProvinceFactory.create(code="92")
    units = IndicatorFactory.create(
        aggregation="distinct", counted="organisation", province=elsewhere
    )
    fair = ActivityFactory.create(program=program)
    take_part(fair, [OrganisationFactory.create(province=ha_noi)], date(2026, 2, 1))
    report_and_approve(program, periods["2026-Q1"], {})
    recompute_marked()
    assert find(units, periods["2026-Q1"], ha_noi) is None

    Indicator.objects.filter(pk=units.pk).update(province=ha_noi)
    recompute_marked()

    assert row(units, periods["2026-Q1"], ha_noi).actual == 1


def test_two_programs_that_count_the_same_never_mix(program, periods, ha_noi):
    classes = IndicatorFactory.create()
    nationwide = national(periods["2026"], "quarter")
    for each, planned, done in ((program, 50, 64), (nationwide, 10, 5)):
        plan(each, classes, periods["2026-Q1"], planned, province=ha_noi)
        report_and_approve(each, periods["2026-Q1"], {classes: done}, province=ha_noi)
    recompute_marked()
    theirs = Attainment.objects.filter(program=nationwide).order_by("pk")
    before = list(theirs.values())

    report_and_approve(program, periods["2026-Q2"], {classes: 7})
    recompute_marked()

    assert list(theirs.values()) == before
    own = Attainment.objects.filter(indicator=classes, scope="current", period__key="2026-Q1")
    assert {each.program: each.percent for each in own.select_related("program")} == {
        program: 128,
        nationwide: 50,
    }


# Boundaries, recorded late.


def test_who_reported_after_a_merger_nobody_had_recorded_still_counts(periods):
    program = national(periods["2026"], "quarter")
    classes = IndicatorFactory.create()
    new = ProvinceFactory.create(code="20", region="Tây", valid_from=date(2026, 7, 1))
    old = ProvinceFactory.create(code="10", region="Đông")
    for key, value in (("2026-Q2", 10), ("2026-Q3", 3)):
        report_and_approve(program, periods[key], {classes: value}, province=old)
    report_and_approve(program, periods["2026-Q3"], {classes: 4}, province=new)
    recompute_marked()

    Province.objects.filter(pk=old.pk).update(valid_to=date(2026, 6, 30), successor=new)
    recompute_marked()

    quarter = periods["2026-Q3"]
    assert row(classes, quarter, old).actual == 3  # unexpected, and it counts
    found = current(classes, quarter, new)
    assert (found.actual, found.leaves_unexpected, found.leaves_expected) == (7, 1, 2)
    assert (found.units_reported, found.units_expected) == (1, 1)
    assert nation(classes, quarter).actual == region(classes, quarter, "Tây").actual == 7
    assert nation(classes, periods["2026"]).actual == 17
    assert find(classes, quarter, "Đông", Scope.REGION) is None


def test_a_plan_of_a_unit_that_turns_out_to_be_gone_is_not_late(periods):
    program = national(periods["2026"], "quarter")
    classes = IndicatorFactory.create()
    new = ProvinceFactory.create(code="20", valid_from=date(2026, 7, 1))
    old = ProvinceFactory.create(code="10")
    plan(program, classes, periods["2026-Q3"], 5, province=old)
    recompute_marked()
    assert row(classes, periods["2026-Q3"], old).units_expected == 1

    Province.objects.filter(pk=old.pk).update(valid_to=date(2026, 6, 30), successor=new)
    recompute_marked()

    gone = row(classes, periods["2026-Q3"], old)
    assert (gone.units_expected, gone.leaves_expected, gone.plan.lower) == (0, 0, 5)
    assert current(classes, periods["2026-Q3"], new).plan.lower == 5
    assert find(classes, periods["2026-Q3"], old, Scope.CURRENT) is None


def test_a_unit_that_moves_to_another_region_takes_its_figures_along(periods):
    program = national(periods["2026"], "quarter")
    classes = IndicatorFactory.create()
    one, two = (ProvinceFactory.create(code=code, region="Đông") for code in ("10", "11"))
    for province in (one, two):
        plan(program, classes, periods["2026-Q1"], 10, province=province)
        report_and_approve(program, periods["2026-Q1"], {classes: 5}, province=province)
    recompute_marked()
    assert region(classes, periods["2026-Q1"], "Đông").percent == 50

    Province.objects.filter(pk=two.pk).update(region="Tây")
    recompute_marked()

    for name in ("Đông", "Tây"):
        found = region(classes, periods["2026-Q1"], name)
        assert (found.actual, found.plan.lower, found.units_expected) == (5, 10, 1)


def test_what_goes_in_the_same_breath_as_a_reform_leaves_no_row(periods):
    program = national(periods["2026"], "quarter")
    planned, sent = IndicatorFactory.create_batch(2)
    province = ProvinceFactory.create(code="10", region="Đông")
    version = plan(program, planned, periods["2026"], 50, province=province)
    report = report_and_send(program, periods["2026-Q1"], {sent: 5}, province=province)
    recompute_marked()
    assert set(Attainment.objects.values_list("indicator", flat=True)) == {planned.pk, sent.pk}

    version.target.delete()
    send_back(report, by=clerk(), reason="Thiếu chứng cứ")
    Province.objects.filter(pk=province.pk).update(region="Tây")
    recompute_marked()

    assert not Attainment.objects.exists()


# Periods.


def test_a_period_that_is_deleted_leaves_no_row(program, periods):
    classes = IndicatorFactory.create()
    report_and_approve(program, periods["2026-Q1"], {classes: 5})
    recompute_marked()
    half = periods["2026-6T"].pk
    assert Attainment.objects.filter(period=half).exists()

    Period.objects.filter(pk=half).delete()
    recompute_marked()

    assert not Attainment.objects.filter(period=half).exists()
    assert Attainment.objects.filter(period=periods["2026-9T"]).exists()


def test_a_period_that_leaves_no_longer_fill_loses_its_figures(program, periods, ha_noi):
    classes = IndicatorFactory.create()
    report_and_approve(program, periods["2026-Q1"], {classes: 5})
    recompute_marked()
    assert row(classes, periods["2026-6T"], ha_noi).actual == 5

    Period.objects.filter(key="2026-6T").update(
        ends_on=date(2026, 6, 29), cutoff_on=date(2026, 6, 29)
    )
    recompute_marked()

    assert find(classes, periods["2026-6T"], ha_noi) is None
    assert find(classes, periods["2026-6T"], ha_noi, Scope.CURRENT) is None


def test_a_period_that_is_added_later_is_computed(program, periods, ha_noi):
    classes = IndicatorFactory.create()
    report_and_approve(program, periods["2026-Q1"], {classes: 5})
    half = periods["2026-6T"]
    Period.objects.filter(pk=half.pk).delete()
    recompute_marked()

    half.pk = None
    half.save()
    recompute_marked()

    assert row(classes, half, ha_noi).actual == 5


# Rows that somebody tampered with.


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE reports_attainment SET actual = 65 WHERE actual = 64",
        "UPDATE reports_attainment SET percent = 65 WHERE percent = 128",
        "UPDATE reports_attainment SET standing = 'not_reached'",
        "UPDATE reports_attainment SET leaves_expected = 9",
        "DELETE FROM reports_attainment WHERE scope = 'reported'",
        "DELETE FROM reports_attainment",
        "DELETE FROM reports_officialplan",
        "UPDATE reports_officialplan SET lower = 64, upper = 64",
        "DELETE FROM reports_leafsum",
        "UPDATE reports_leafsum SET value = 65",
        "DELETE FROM reports_expectation; DELETE FROM reports_span",
    ],
)
def test_a_full_rebuild_restores_what_the_figures_say(program, periods, tampering):
    classes = IndicatorFactory.create()
    plan(program, classes, periods["2026-Q1"], 50)
    plan(program, classes, periods["2026"], 200)
    report_and_approve(program, periods["2026-Q1"], {classes: 64})
    recompute_marked()
    before = contents()

    with connection.cursor() as cursor:
        cursor.execute(tampering)
    recompute_all()

    assert contents() == before


def contents() -> set[tuple[object, ...]]:
    """All rows with what they rest on, whatever their primary keys are."""
    plans = {
        each.pk: (each.plan and each.plan.lower, each.year_plan and each.year_plan.lower)
        for each in Attainment.objects.select_related("plan", "year_plan")
    }
    return {
        (*plans[each["id"]], *(each[name] for name in sorted(each.keys() - KEYS)))
        for each in everything_stored()
    }


KEYS = {"id", "plan_id", "year_plan_id"}


# Parts of a figure that is typed year to date.


def test_of_several_parts_the_earliest_day_decides(program, periods, ha_noi):
    to_date = IndicatorFactory.create(entry_mode="cumulative")
    punctual, late = OrganisationFactory.create_batch(2, province=ha_noi)
    for key, said in (("2026-Q1", {punctual: 10}), ("2026-Q2", {punctual: 15, late: 7})):
        report = draft(program, periods[key], {})
        for school, number in said.items():
            type_in(report, to_date, number, unit=school)
        accept(report)
    plan(program, to_date, periods["2026-Q2"], 5)

    recompute_marked()

    # 5 of quarter II alone and 7 of both quarters: 12 that belong to the half-year.
    assert row(to_date, periods["2026-Q2"], ha_noi).no_actual == "not_reported"
    assert row(to_date, periods["2026-6T"], ha_noi).actual == 22
    assert row(to_date, periods["2026-Q1"], ha_noi).actual == 10


def test_a_quarter_that_is_not_applicable_says_so_of_itself(program, periods, ha_noi):
    to_date = IndicatorFactory.create(entry_mode="cumulative")
    for key, said in (("2026-Q1", 30), ("2026-Q2", FigureState.NOT_APPLICABLE), ("2026-Q3", 75)):
        report_and_approve(program, periods[key], {to_date: said})

    recompute_marked()

    second = row(to_date, periods["2026-Q2"], ha_noi)
    assert (second.actual, second.no_actual) == (None, "not_applicable")
    assert (second.leaves_reported, second.leaves_expected) == (1, 1)
    half = row(to_date, periods["2026-6T"], ha_noi)
    assert (half.actual, half.leaves_reported) == (30, 2)
    nine = row(to_date, periods["2026-9T"], ha_noi)
    assert (nine.actual, nine.leaves_reported) == (75, 3)

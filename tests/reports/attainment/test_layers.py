"""Figures that are sent but not approved: a layer beside the official one.

Section 1 of docs/attainment.md: a row of another layer exists where one of its leaves differs
from the official layer, and only there. Estimates are in test_estimates.py.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from programs.models import Indicator, Organisation, Period, Program, Province
from reports.attainment.recompute import recompute_all, recompute_marked
from reports.entry.workflow import send_back
from reports.models import Attainment, FigureNature, FigureState, Layer, Scope
from tests.factories import (
    ActivityFactory,
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
    reopened,
    report_and_approve,
    report_and_send,
    row,
    send,
    type_in,
)

pytestmark = pytest.mark.django_db

OFFICIAL, SUBMITTED = Layer.OFFICIAL, Layer.SUBMITTED
MISSING, NOT_APPLICABLE = FigureState.MISSING, FigureState.NOT_APPLICABLE
OF_QUARTER_1 = {"2026-Q1", "2026-6T", "2026-9T", "2026"}


@pytest.fixture
def ha_noi(db: None) -> Province:
    return ProvinceFactory.create(code="01", name="Hà Nội")


@pytest.fixture
def periods(db: None) -> dict[str, Period]:
    return calendar(2026)


@pytest.fixture
def program(ha_noi: Province, periods: dict[str, Period]) -> Program:
    return local(ha_noi, periods["2026"], "quarter")


@pytest.fixture
def classes(db: None) -> Indicator:
    return IndicatorFactory.create()


def stored(layer: Layer, scope: Scope = Scope.REPORTED) -> dict[str, Any]:
    """What is stored on a layer, by the period's key."""
    rows = Attainment.objects.filter(layer=layer, scope=scope).select_related("period")
    return {each.period.key: each.actual for each in rows}


# What is sent and not yet approved.


def test_a_sent_figure_has_rows_of_its_own_layer_until_it_is_approved(
    program, periods, ha_noi, classes
):
    plan(program, classes, periods["2026-Q1"], 50)
    report = draft(program, periods["2026-Q1"], {classes: 64})
    recompute_marked()
    assert stored(SUBMITTED) == {}  # a draft is nobody's figure

    send(report)
    recompute_marked()

    assert stored(SUBMITTED) == stored(SUBMITTED, Scope.CURRENT) == dict.fromkeys(OF_QUARTER_1, 64)
    assert stored(OFFICIAL) == {"2026-Q1": None}  # the plan's row
    quarter = row(classes, periods["2026-Q1"], ha_noi, layer=SUBMITTED)
    assert (quarter.percent, quarter.standing) == (128, "reached")
    assert (quarter.leaves_provisional, quarter.leaves_reported, quarter.leaves_expected) == (
        1,
        1,
        1,
    )
    year = row(classes, periods["2026"], ha_noi, layer=SUBMITTED)
    assert (year.leaves_provisional, year.leaves_reported, year.leaves_expected) == (1, 1, 4)

    accept(report)
    recompute_marked()

    assert stored(SUBMITTED) == {}
    assert stored(OFFICIAL) == dict.fromkeys(OF_QUARTER_1, 64)
    assert row(classes, periods["2026-Q1"], ha_noi).leaves_provisional == 0


def test_a_report_that_is_returned_takes_its_rows_along(program, periods, ha_noi, classes):
    report = report_and_send(program, periods["2026-Q1"], {classes: 64})
    recompute_marked()
    assert stored(SUBMITTED) == dict.fromkeys(OF_QUARTER_1, 64)

    send_back(report, by=clerk(), reason="Thiếu lớp ở xã")
    recompute_marked()
    assert stored(SUBMITTED) == stored(OFFICIAL) == {}

    type_in(report, classes, 70)
    send(report)
    recompute_marked()
    assert stored(SUBMITTED) == dict.fromkeys(OF_QUARTER_1, 70)


def test_a_correction_is_seen_beside_the_published_figure(program, periods, ha_noi, classes):
    report = report_and_approve(program, periods["2026-Q1"], {classes: 100})
    report_and_approve(program, periods["2026-Q2"], {classes: 7})
    recompute_marked()
    published = stored(OFFICIAL)

    reopened(report, {classes: 90})
    recompute_marked()
    assert (stored(OFFICIAL), stored(SUBMITTED)) == (published, {})

    send(report)
    recompute_marked()
    corrected = {"2026-Q1": 90, "2026-6T": 97, "2026-9T": 97, "2026": 97}
    assert (stored(OFFICIAL), stored(SUBMITTED)) == (published, corrected)
    half = row(classes, periods["2026-6T"], ha_noi, layer=SUBMITTED)
    assert (half.leaves_provisional, half.leaves_reported) == (1, 2)

    accept(report)
    recompute_marked()
    assert (stored(OFFICIAL), stored(SUBMITTED)) == ({"2026-Q2": 7, **corrected}, {})


def test_a_correction_that_is_returned_leaves_what_was_published(program, periods, ha_noi, classes):
    report = report_and_approve(program, periods["2026-Q1"], {classes: 100})
    send(reopened(report, {classes: 90}))
    recompute_marked()
    assert stored(SUBMITTED) == dict.fromkeys(OF_QUARTER_1, 90)

    send_back(report, by=clerk(), reason="Thiếu chứng cứ")
    recompute_marked()

    assert (stored(OFFICIAL), stored(SUBMITTED)) == (dict.fromkeys(OF_QUARTER_1, 100), {})


def test_a_report_sent_again_unchanged_differs_in_nothing(program, periods, ha_noi, classes):
    report = report_and_approve(program, periods["2026-Q1"], {classes: 100})
    recompute_marked()
    before = everything_stored()

    send(reopened(report, {classes: 100}))
    recompute_marked()

    assert everything_stored() == before


def test_not_reported_after_all_takes_back_an_official_figure(program, periods, ha_noi, classes):
    plan(program, classes, periods["2026-Q1"], 80)
    report = report_and_approve(program, periods["2026-Q1"], {classes: 100})
    report_and_approve(program, periods["2026-Q2"], {classes: 7})

    send(reopened(report, {classes: MISSING}))
    recompute_marked()

    quarter = row(classes, periods["2026-Q1"], ha_noi, layer=SUBMITTED)
    assert (quarter.actual, quarter.no_actual, quarter.reason) == (None, *["not_reported"] * 2)
    assert (quarter.leaves_reported, quarter.units_reported, quarter.leaves_provisional) == (
        0,
        0,
        1,
    )
    half = row(classes, periods["2026-6T"], ha_noi, layer=SUBMITTED)
    assert (half.actual, half.leaves_reported, half.leaves_provisional) == (7, 1, 1)
    assert row(classes, periods["2026-Q1"], ha_noi).percent == 125
    assert row(classes, periods["2026-6T"], ha_noi).actual == 107


def test_not_applicable_is_an_answer_on_the_layer_too(program, periods, ha_noi, classes):
    report = report_and_approve(program, periods["2026-Q1"], {classes: 100})

    send(reopened(report, {classes: NOT_APPLICABLE}))
    recompute_marked()

    quarter = row(classes, periods["2026-Q1"], ha_noi, layer=SUBMITTED)
    assert (quarter.actual, quarter.no_actual, quarter.leaves_reported) == (
        None,
        "not_applicable",
        1,
    )


@pytest.mark.parametrize(
    ("whole", "units", "activities", "counted"),
    [
        (130, (70, 50), (80, 40), 130),
        (None, (70, 50), (80, 40), 120),
        (MISSING, (70, 51), (80, 40), 121),
        (None, (70, MISSING), (80, 40), 70),
        (None, (MISSING, MISSING), (80, 42), 122),
        (None, (), (80, 43), 123),
        (NOT_APPLICABLE, (70, 50), (), None),
    ],
)
def test_of_what_is_sent_one_level_counts(
    program, periods, ha_noi, classes, whole, units, activities, counted
):
    report = draft(program, periods["2026-Q1"], {classes: whole})
    for said in units:
        type_in(report, classes, said, unit=OrganisationFactory.create(province=ha_noi))
    for said in activities:
        type_in(report, classes, said, activity=ActivityFactory.create(program=program))
    send(report)
    recompute_marked()
    found = row(classes, periods["2026-Q1"], ha_noi, layer=SUBMITTED)
    assert (found.actual, found.leaves_reported) == (counted, 1)

    accept(report)
    recompute_marked()

    assert row(classes, periods["2026-Q1"], ha_noi).actual == counted  # approval decides alike
    assert stored(SUBMITTED) == {}


def test_a_whole_typed_over_approved_parts_counts_on_the_layer(program, periods, ha_noi, classes):
    school: Organisation = OrganisationFactory.create(province=ha_noi)
    report = draft(program, periods["2026-Q1"], {})
    type_in(report, classes, 120, unit=school)
    accept(report)

    send(reopened(report, {classes: 125}))
    recompute_marked()

    quarter = periods["2026-Q1"]
    assert row(classes, quarter, ha_noi).actual == 120
    assert row(classes, quarter, ha_noi, layer=SUBMITTED).actual == 125  # not 245


# Year to date: what is sent for one quarter moves the work of the next.


def test_a_year_to_date_that_is_sent_is_counted_from_the_official_one_before(
    program, periods, ha_noi
):
    to_date = IndicatorFactory.create(entry_mode="cumulative")
    report_and_approve(program, periods["2026-Q1"], {to_date: 30})
    report_and_send(program, periods["2026-Q2"], {to_date: 50})

    recompute_marked()

    assert stored(SUBMITTED) == {"2026-Q2": 20, "2026-6T": 50, "2026-9T": 50, "2026": 50}
    assert stored(OFFICIAL) == dict.fromkeys(OF_QUARTER_1, 30)


def test_a_corrected_year_to_date_moves_the_quarter_after_it(program, periods, ha_noi):
    to_date = IndicatorFactory.create(entry_mode="cumulative")
    report = report_and_approve(program, periods["2026-Q1"], {to_date: 30})
    report_and_approve(program, periods["2026-Q2"], {to_date: 50})
    report_and_approve(program, periods["2026-Q3"], {to_date: 75})

    send(reopened(report, {to_date: 35}))
    recompute_marked()

    # Quarter II was approved, yet on this layer it is 15; quarter III differs in nothing.
    assert stored(SUBMITTED) == {
        "2026-Q1": 35,
        "2026-Q2": 15,
        "2026-6T": 50,
        "2026-9T": 75,
        "2026": 75,
    }
    half = row(to_date, periods["2026-6T"], ha_noi, layer=SUBMITTED)
    assert (half.leaves_provisional, half.leaves_reported) == (2, 2)
    assert row(to_date, periods["2026-Q2"], ha_noi).actual == 20


def test_a_year_to_date_that_is_taken_back_leaves_its_work_to_the_next(program, periods, ha_noi):
    to_date = IndicatorFactory.create(entry_mode="cumulative")
    report = report_and_approve(program, periods["2026-Q1"], {to_date: 30})
    report_and_approve(program, periods["2026-Q2"], {to_date: 50})

    send(reopened(report, {to_date: MISSING}))
    recompute_marked()

    # The 50 are of both quarters now.
    assert row(to_date, periods["2026-Q1"], ha_noi, layer=SUBMITTED).no_actual == "not_reported"
    assert row(to_date, periods["2026-Q2"], ha_noi, layer=SUBMITTED).no_actual == "not_reported"
    assert row(to_date, periods["2026-6T"], ha_noi, layer=SUBMITTED).actual == 50


# The nation, of official figures and of figures that are on their way.


def test_the_nation_adds_sent_figures_to_official_ones_and_says_how_many(periods, classes):
    program = national(periods["2026"], "quarter")
    approved, sending, silent = (
        ProvinceFactory.create(code=code, region=region)
        for code, region in (("02", "Bắc"), ("04", "Bắc"), ("92", "Nam"))
    )
    quarter = periods["2026-Q1"]
    for province in (approved, sending, silent):
        plan(program, classes, quarter, 10, province=province)
    report_and_approve(program, quarter, {classes: 10}, province=approved)
    report = report_and_send(program, quarter, {classes: 5}, province=sending)

    recompute_marked()

    official, provisional = (nation(classes, quarter, layer) for layer in (OFFICIAL, SUBMITTED))
    assert (official.actual, official.percent, official.units_reported) == (10, Decimal("33.3"), 1)
    assert (provisional.actual, provisional.percent) == (15, 50)
    assert (provisional.units_reported, provisional.units_expected) == (2, 3)
    assert (provisional.leaves_reported, provisional.leaves_provisional) == (2, 1)
    assert (provisional.complete_actual, provisional.complete_planned) == (15, 20)
    assert (official.units_complete, provisional.units_complete) == (1, 2)
    assert region(classes, quarter, "Bắc", SUBMITTED).actual == 15
    for scope, place in ((Scope.REGION, "Nam"), (Scope.CURRENT, approved), (Scope.CURRENT, silent)):
        assert find(classes, quarter, place, scope, SUBMITTED) is None

    accept(report)
    recompute_marked()
    assert stored(SUBMITTED, Scope.NATION) == {}
    assert nation(classes, quarter).actual == 15


def test_the_ratio_of_a_nation_follows_the_part_that_was_sent(periods):
    program = national(periods["2026"], "quarter")
    ratio = RatioFactory.create()
    quarter = periods["2026-Q1"]
    first, second = (ProvinceFactory.create(code=code) for code in ("02", "04"))
    pair = {ratio.numerator: 90, ratio.denominator: 100}
    report = report_and_approve(program, quarter, pair, province=first)
    report_and_approve(
        program, quarter, {ratio.numerator: 300, ratio.denominator: 1000}, province=second
    )

    send(reopened(report, {ratio.numerator: 50}))
    recompute_marked()

    assert row(ratio, quarter, first, layer=SUBMITTED).actual == 50
    found = nation(ratio, quarter, SUBMITTED)
    assert (found.numerator, found.denominator) == (350, 1100)
    assert nation(ratio, quarter).actual == Decimal("35.454545")
    assert find(ratio.denominator, quarter, first, layer=SUBMITTED) is None


def test_a_merged_unit_adds_what_each_part_has_on_the_layer(classes):
    periods = calendar(2025)
    program = national(periods["2025"], "quarter")
    new = ProvinceFactory.create(code="68", valid_from="2025-07-01")
    one, two = (
        ProvinceFactory.create(code=code, valid_to="2025-06-30", successor=new)
        for code in ("60", "68")
    )
    report_and_approve(program, periods["2025-Q2"], {classes: 10}, province=one)
    report_and_send(program, periods["2025-Q2"], {classes: 20}, province=two)

    recompute_marked()

    assert current(classes, periods["2025-6T"], new).actual == 10
    found = current(classes, periods["2025-6T"], new, SUBMITTED)
    assert (found.actual, found.leaves_provisional, found.leaves_reported) == (30, 1, 2)


def test_a_full_rebuild_finds_the_same_layers(periods, classes):
    program = national(periods["2026"], "quarter")
    one, two = (ProvinceFactory.create(code=code) for code in ("02", "04"))
    to_date = IndicatorFactory.create(entry_mode="cumulative")
    report = report_and_approve(
        program, periods["2026-Q1"], {classes: 10, to_date: 30}, province=one
    )
    report_and_approve(program, periods["2026-Q2"], {to_date: 50}, province=one)
    report_and_send(program, periods["2026-Q1"], {classes: 5, to_date: 7}, province=two)
    send(reopened(report, {to_date: 35}))
    foreseen = draft(program, periods["2026-Q2"], {}, province=two)
    type_in(foreseen, classes, 8, nature=FigureNature.ESTIMATE)
    accept(foreseen)
    recompute_marked()
    before = everything_stored()
    assert {each["layer"] for each in before} == {"official", "submitted", "estimate"}

    run = recompute_all()

    assert (run.rows_changed, everything_stored()) == (0, before)

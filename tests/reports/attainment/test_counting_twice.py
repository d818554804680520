"""Trap 5, counting twice: parts beside their whole, joins, and lượt against cơ sở.

Sections 2 (parts) and 5 (recounting) of docs/attainment.md.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import cycle, islice

import pytest

from programs.models import Activity, Indicator, Organisation, Period, Program, Province
from reports.attainment.recompute import recompute_all, recompute_marked
from reports.models import Evidence, FigureNature, FigureState
from tests.factories import (
    ActivityFactory,
    ContentGroupFactory,
    IndicatorFactory,
    LegalDocumentFactory,
    OrganisationFactory,
    ProvinceFactory,
)
from tests.reports.attainment.story import (
    accept,
    calendar,
    current,
    draft,
    everything_stored,
    find,
    local,
    nation,
    national,
    plan,
    reopened,
    report_and_approve,
    row,
    take_part,
    type_in,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def ha_noi(db: None) -> Province:
    return ProvinceFactory.create(code="01", name="Hà Nội")


@pytest.fixture
def periods(db: None) -> dict[str, Period]:
    return calendar(2026)


@pytest.fixture
def program(ha_noi: Province, periods: dict[str, Period]) -> Program:
    return local(ha_noi, periods["2026"], "quarter")


# Disaggregations: 120 trainees, by two schools 70 + 50, by two classes 80 + 40; all cells 240+.

SCHOOLS = (70, 50)
CLASSES = (80, 40)


@pytest.mark.parametrize(
    ("whole", "schools", "classes", "counted"),
    [
        (120, SCHOOLS, CLASSES, 120),
        (125, SCHOOLS, CLASSES, 125),  # the whole counts although its detail differs
        (None, SCHOOLS, CLASSES, 120),
        (FigureState.MISSING, SCHOOLS, CLASSES, 120),  # «chưa báo cáo» is no figure
        (None, (70, 51), CLASSES, 121),
        (None, (70, FigureState.MISSING), CLASSES, 70),
        (None, (FigureState.MISSING,) * 2, (80, 41), 121),
        (None, (), CLASSES, 120),
        (0, SCHOOLS, CLASSES, 0),  # a reported zero is a figure
        (FigureState.NOT_APPLICABLE, SCHOOLS, CLASSES, None),  # and so is «không áp dụng»
        (None, (70, FigureState.NOT_APPLICABLE), CLASSES, 70),
        (None, (FigureState.NOT_APPLICABLE,) * 2, CLASSES, None),
    ],
)
def test_of_a_whole_and_its_parts_one_level_counts(
    program, periods, ha_noi, whole, schools, classes, counted
):
    trainees = IndicatorFactory.create()
    report = draft(program, periods["2026-Q1"], {trainees: whole})
    for said in schools:
        type_in(report, trainees, said, unit=OrganisationFactory.create(province=ha_noi))
    for said in classes:
        type_in(report, trainees, said, activity=ActivityFactory.create(program=program))
    accept(report)

    recompute_marked()

    for key in ("2026-Q1", "2026"):
        found = row(trainees, periods[key], ha_noi)
        assert found.actual == counted
        assert (found.no_actual == "not_applicable") == (counted is None)
        assert found.leaves_reported == 1


def test_a_rate_has_no_sum_of_its_parts(program, periods, ha_noi):
    growth = IndicatorFactory.create(aggregation="rate")
    report = draft(program, periods["2026-Q1"], {})
    for said in (5, 7):
        type_in(report, growth, said, unit=OrganisationFactory.create(province=ha_noi))
    accept(report)

    recompute_marked()

    found = row(growth, periods["2026-Q1"], ha_noi)
    assert (found.actual, found.no_actual) == (None, "not_addable")
    assert (found.leaves_reported, found.leaves_expected) == (1, 1)  # answered, without a value


# Joins: a second row beside a figure or a plan never doubles it.


def test_evidence_labels_documents_and_an_estimate_beside_change_no_total(program, periods, ha_noi):
    trainees = IndicatorFactory.create()
    version = plan(program, trainees, periods["2026-Q1"], 100)
    plan(program, trainees, periods["2026"], 400)
    activity = ActivityFactory.create(program=program)
    report = draft(program, periods["2026-Q1"], {trainees: 120})
    type_in(report, trainees, 80, activity=activity)
    accept(report)
    recompute_marked()
    before = everything_stored()
    assert row(trainees, periods["2026-Q1"], ha_noi).percent == 120

    reopened(report)
    type_in(report, trainees, 130, nature=FigureNature.ESTIMATE)
    accept(report)
    for indicator in (None, trainees, trainees):
        Evidence.objects.create(
            report=report, indicator=indicator, document=LegalDocumentFactory.create()
        )
    version.documents.set(LegalDocumentFactory.create_batch(2))
    activity.documents.set(LegalDocumentFactory.create_batch(2))
    activity.content_groups.set([ContentGroupFactory.create(number=n) for n in (1, 2)])
    recompute_all()

    assert everything_stored() == before


# Entities: 42 lượt of 30 different cơ sở in the year, 10, 12, 9 and 11 by quarter.

TURNS = {"2026-Q1": 10, "2026-Q2": 12, "2026-Q3": 9, "2026-Q4": 11}
DAYS = {
    "2026-Q1": date(2026, 3, 31),
    "2026-Q2": date(2026, 4, 1),
    "2026-Q3": date(2026, 8, 15),
    "2026-Q4": date(2026, 12, 31),
}


@pytest.fixture
def thirty(ha_noi: Province) -> list[Organisation]:
    return OrganisationFactory.create_batch(30, province=ha_noi)


def distinct(**fields: object) -> Indicator:
    return IndicatorFactory.create(aggregation="distinct", counted="organisation", **fields)


def hold(activity: Activity, organisations: list[Organisation]) -> None:
    """Everyone in turn, from quarter to quarter: 42 turns of 30 units."""
    turn = cycle(organisations)
    for key, turns in TURNS.items():
        take_part(activity, islice(turn, turns), DAYS[key])


def test_42_turns_of_30_units_are_140_percent_or_100_percent_of_30(
    program, periods, ha_noi, thirty
):
    turns, units = IndicatorFactory.create(), distinct()
    for indicator in (turns, units):
        plan(program, indicator, periods["2026"], 30)
    hold(ActivityFactory.create(program=program), thirty)
    for key, value in TURNS.items():
        report_and_approve(program, periods[key], {turns: value})

    recompute_marked()

    year_of_turns, year = (row(each, periods["2026"], ha_noi) for each in (turns, units))
    assert (year_of_turns.actual, year_of_turns.percent) == (42, 140)
    assert (year.actual, year.percent, year.standing) == (30, 100, "reached")
    assert (year.leaves_reported, year.leaves_expected) == (4, 4)
    counted = {key: row(units, periods[key], ha_noi).actual for key in (*TURNS, "2026-6T")}
    assert counted == {**TURNS, "2026-6T": 22}
    assert row(units, periods["2026-9T"], ha_noi).actual == 30  # one came back in quarter III
    assert current(units, periods["2026"], ha_noi).actual == 30


def test_only_quarters_whose_report_was_approved_are_recounted(program, periods, ha_noi, thirty):
    units = distinct()
    plan(program, units, periods["2026"], 30)
    hold(ActivityFactory.create(program=program), thirty)
    reports = [report_and_approve(program, periods[key], {}) for key in ("2026-Q1", "2026-Q2")]
    draft(program, periods["2026-Q3"], {})
    reopened(reports[1])  # it was approved at least once

    recompute_marked()

    year = row(units, periods["2026"], ha_noi)
    assert (year.actual, year.percent) == (22, Decimal("73.3"))
    assert (year.leaves_reported, year.leaves_expected) == (2, 4)
    assert find(units, periods["2026-Q4"], ha_noi) is None


def test_a_recount_follows_the_records(program, periods, ha_noi, thirty):
    units = distinct()
    plan(program, units, periods["2026"], 30)
    activity = ActivityFactory.create(program=program)
    take_part(activity, thirty[:3], DAYS["2026-Q1"])
    report_and_approve(program, periods["2026-Q1"], {})
    recompute_marked()
    assert row(units, periods["2026"], ha_noi).actual == 3

    take_part(activity, thirty[2:5], date(2026, 2, 1))
    recompute_marked()
    assert row(units, periods["2026"], ha_noi).actual == 5

    activity.participations.filter(took_part_on=DAYS["2026-Q1"]).delete()
    recompute_marked()
    assert row(units, periods["2026"], ha_noi).actual == 3


def test_only_beneficiaries_of_the_indicators_own_content_are_counted(
    program, periods, ha_noi, thirty
):
    training, design = (ContentGroupFactory.create(number=n) for n in (1, 4))
    trained = distinct(section="content", content_group=training)
    anyone = distinct()
    for units in (trained, anyone):
        plan(program, units, periods["2026"], 30)
    classes, contest = ActivityFactory.create_batch(2, program=program)
    classes.content_groups.set([training, design])
    contest.content_groups.set([design])
    take_part(classes, thirty[:4], DAYS["2026-Q1"])
    take_part(contest, thirty[3:9], DAYS["2026-Q1"])
    take_part(contest, thirty[20:], DAYS["2026-Q1"], role="implementer")
    report_and_approve(program, periods["2026-Q1"], {})
    recompute_marked()
    assert row(trained, periods["2026"], ha_noi).actual == 4
    assert row(anyone, periods["2026"], ha_noi).actual == 9

    contest.content_groups.add(training)  # a label that counts
    recompute_marked()

    assert row(trained, periods["2026"], ha_noi).actual == 9


def test_countries_are_counted_once_each(program, periods, ha_noi):
    countries = IndicatorFactory.create(aggregation="distinct", counted="country")
    plan(program, countries, periods["2026"], 5)
    fair = ActivityFactory.create(program=program)
    guests = [
        OrganisationFactory.create(province=ha_noi, country=country)
        for country in ("Nhật Bản", "Nhật Bản", "Hàn Quốc")
    ]
    take_part(fair, guests, DAYS["2026-Q1"])
    report_and_approve(program, periods["2026-Q1"], {})
    recompute_marked()
    assert row(countries, periods["2026"], ha_noi).actual == 2

    guests[1].country = "Lào"
    guests[1].save()
    recompute_marked()

    assert row(countries, periods["2026"], ha_noi).actual == 3


def test_a_unit_known_to_two_provinces_is_counted_once_in_the_nation(periods):
    program = national(periods["2026"], "quarter")
    provinces = [ProvinceFactory.create(code=code) for code in ("02", "04")]
    units = distinct()
    plan(program, units, periods["2026"], 5)
    everyone = OrganisationFactory.create_batch(5, province=provinces[0])
    for province, guests in zip(provinces, (everyone[:3], everyone[1:]), strict=True):
        fair = ActivityFactory.create(program=program, province=province)
        take_part(fair, guests, DAYS["2026-Q1"])
        report_and_approve(program, periods["2026-Q1"], {}, province=province)

    recompute_marked()

    assert [row(units, periods["2026"], each).actual for each in provinces] == [3, 4]
    found = nation(units, periods["2026"])
    assert (found.actual, found.percent) == (5, 100)
    assert (found.units_reported, found.units_expected) == (2, 2)


def test_a_typed_count_stands_in_its_quarter_and_is_never_added(program, periods, ha_noi, thirty):
    units = distinct()
    for key in ("2026-Q1", "2026"):
        plan(program, units, periods[key], 30)
    hold(ActivityFactory.create(program=program), thirty)
    for key in TURNS:
        report_and_approve(program, periods[key], {units: 15 if key == "2026-Q1" else None})

    recompute_marked()

    quarter = row(units, periods["2026-Q1"], ha_noi)
    assert (quarter.actual, quarter.percent) == (15, 50)  # typed, although 10 are on record
    assert row(units, periods["2026-Q2"], ha_noi).actual == 12
    assert row(units, periods["2026"], ha_noi).actual == 30  # 30 on record cover the 15


def test_records_that_are_fewer_than_a_typed_count_give_no_number(program, periods, ha_noi, thirty):
    units = distinct()
    plan(program, units, periods["2026"], 30)
    take_part(ActivityFactory.create(program=program), thirty[:14], DAYS["2026-Q2"])
    for key, typed in {"2026-Q1": 15, "2026-Q2": None}.items():
        report_and_approve(program, periods[key], {units: typed})

    recompute_marked()

    year = row(units, periods["2026"], ha_noi)
    assert (year.actual, year.no_actual, year.reason) == (None, "not_addable", "not_addable")
    assert (year.leaves_reported, year.leaves_expected) == (2, 4)
    assert row(units, periods["2026-Q2"], ha_noi).actual == 14


def test_a_typed_count_alone_says_nothing_of_a_year_or_a_nation(periods):
    program = national(periods["2026"], "quarter")
    province = ProvinceFactory.create(code="02")
    units = distinct()
    report_and_approve(program, periods["2026-Q1"], {units: 15}, province=province)

    recompute_marked()

    assert row(units, periods["2026-Q1"], province).actual == 15
    assert row(units, periods["2026"], province).no_actual == "not_addable"
    assert nation(units, periods["2026-Q1"]).no_actual == "not_addable"

"""Estimates («ước thực hiện»): a layer that gives way to the final figure.

Section 1 of docs/attainment.md: the official figure; where a leaf has none, its estimate, the
approved one or the typed one of a report that is sent.
"""

from __future__ import annotations

from typing import Any

import pytest

from programs.models import Indicator, Period, Program, Province
from reports.attainment.recompute import recompute_marked
from reports.entry.workflow import send_back
from reports.models import Attainment, FigureNature, FigureState, Layer, Report
from tests.factories import (
    ActivityFactory,
    IndicatorFactory,
    OrganisationFactory,
    ProvinceFactory,
)
from tests.reports.attainment.story import (
    Said,
    accept,
    calendar,
    clerk,
    draft,
    local,
    nation,
    national,
    plan,
    reopened,
    report_and_approve,
    row,
    send,
    type_in,
)

pytestmark = pytest.mark.django_db

OFFICIAL, SUBMITTED, ESTIMATE = Layer.OFFICIAL, Layer.SUBMITTED, Layer.ESTIMATE
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


def stored(layer: Layer) -> dict[str, Any]:
    """What is stored of the reporting unit on a layer, by the period's key."""
    rows = Attainment.objects.filter(layer=layer, scope="reported").select_related("period")
    return {each.period.key: each.actual for each in rows}


def estimate(report: Report, indicator: Indicator, said: Said, **where: object) -> None:
    type_in(report, indicator, said, nature=FigureNature.ESTIMATE, **where)


def test_an_estimate_stands_in_until_the_final_figure_arrives(program, periods, ha_noi, classes):
    plan(program, classes, periods["2026-Q2"], 20)
    report_and_approve(program, periods["2026-Q1"], {classes: 30})
    report = draft(program, periods["2026-Q2"], {})
    estimate(report, classes, 18)
    recompute_marked()
    assert stored(ESTIMATE) == {}

    send(report)
    recompute_marked()
    foreseen = {"2026-Q2": 18, "2026-6T": 48, "2026-9T": 48, "2026": 48}
    assert stored(ESTIMATE) == foreseen
    assert stored(SUBMITTED) == {}  # no final figure was sent
    half = row(classes, periods["2026-6T"], ha_noi, layer=ESTIMATE)
    assert (half.leaves_provisional, half.leaves_reported) == (1, 2)
    assert row(classes, periods["2026-Q2"], ha_noi, layer=ESTIMATE).percent == 90

    accept(report)
    recompute_marked()
    assert stored(ESTIMATE) == foreseen
    assert row(classes, periods["2026-Q2"], ha_noi).reason == "not_reported"

    reopened(report, {classes: 21})
    recompute_marked()
    assert stored(ESTIMATE) == foreseen  # the approved estimate, until then

    send(report)
    recompute_marked()
    assert stored(ESTIMATE) == foreseen
    assert stored(SUBMITTED) == {"2026-Q2": 21, "2026-6T": 51, "2026-9T": 51, "2026": 51}

    accept(report)
    recompute_marked()
    assert stored(ESTIMATE) == stored(SUBMITTED) == {}
    assert row(classes, periods["2026-Q2"], ha_noi).percent == 105


def test_a_corrected_estimate_counts_once_it_is_sent(program, periods, ha_noi, classes):
    report = draft(program, periods["2026-Q1"], {})
    estimate(report, classes, 18)
    accept(report)
    reopened(report)
    estimate(report, classes, 25)
    recompute_marked()
    assert stored(ESTIMATE) == dict.fromkeys(OF_QUARTER_1, 18)

    send(report)
    recompute_marked()

    assert stored(ESTIMATE) == dict.fromkeys(OF_QUARTER_1, 25)


@pytest.mark.parametrize(("final", "estimated"), [(0, False), (NOT_APPLICABLE, False),
                                                  (MISSING, True)])  # fmt: skip
def test_an_estimate_gives_way_to_any_answer(program, periods, ha_noi, classes, final, estimated):
    report = draft(program, periods["2026-Q1"], {classes: final})
    estimate(report, classes, 18)
    accept(report)

    recompute_marked()

    assert stored(ESTIMATE) == (dict.fromkeys(OF_QUARTER_1, 18) if estimated else {})


def test_an_estimate_and_a_sent_figure_stand_on_their_own_layers(program, periods, ha_noi, classes):
    report = draft(program, periods["2026-Q1"], {classes: 50})
    estimate(report, classes, 64)
    send(report)

    recompute_marked()

    assert stored(SUBMITTED) == dict.fromkeys(OF_QUARTER_1, 50)
    assert stored(ESTIMATE) == dict.fromkeys(OF_QUARTER_1, 64)
    assert stored(OFFICIAL) == {}


def test_of_an_estimate_one_level_counts(program, periods, ha_noi, classes):
    report = draft(program, periods["2026-Q1"], {})
    for said in (70, 50):
        estimate(report, classes, said, unit=OrganisationFactory.create(province=ha_noi))
    estimate(report, classes, 80, activity=ActivityFactory.create(program=program))
    send(report)
    recompute_marked()
    assert row(classes, periods["2026-Q1"], ha_noi, layer=ESTIMATE).actual == 120

    send_back(report, by=clerk(), reason="Có số của cả tỉnh")
    estimate(report, classes, 130)
    send(report)
    recompute_marked()

    assert row(classes, periods["2026-Q1"], ha_noi, layer=ESTIMATE).actual == 130


def test_an_estimated_year_to_date_is_counted_from_the_official_one(program, periods, ha_noi):
    to_date = IndicatorFactory.create(entry_mode="cumulative")
    report_and_approve(program, periods["2026-Q1"], {to_date: 30})
    report = draft(program, periods["2026-Q2"], {})
    estimate(report, to_date, 50)
    accept(report)

    recompute_marked()

    assert stored(ESTIMATE) == {"2026-Q2": 20, "2026-6T": 50, "2026-9T": 50, "2026": 50}


def test_an_estimated_stock_is_the_value_at_the_end(program, periods, ha_noi):
    clusters = IndicatorFactory.create(aggregation="stock")
    report_and_approve(program, periods["2026-Q1"], {clusters: 60})
    report = draft(program, periods["2026-Q2"], {})
    estimate(report, clusters, 70)
    send(report)

    recompute_marked()

    assert stored(ESTIMATE)["2026-6T"] == stored(ESTIMATE)["2026-Q2"] == 70
    half = row(clusters, periods["2026-6T"], ha_noi)
    assert (half.actual, half.no_actual) == (None, "not_reported")


def test_an_estimate_before_an_official_year_to_date_takes_its_part_of_it(program, periods, ha_noi):
    to_date = IndicatorFactory.create(entry_mode="cumulative")
    report = draft(program, periods["2026-Q1"], {})
    estimate(report, to_date, 30)
    accept(report)
    report_and_approve(program, periods["2026-Q2"], {to_date: 50})

    recompute_marked()

    assert stored(OFFICIAL) == dict.fromkeys(("2026-6T", "2026-9T", "2026"), 50)
    assert stored(ESTIMATE) == {"2026-Q1": 30, "2026-Q2": 20, "2026-6T": 50, "2026-9T": 50,
                                "2026": 50}  # fmt: skip


def test_the_nation_foresees_with_estimates_where_there_is_nothing_final(periods, classes):
    program = national(periods["2026"], "quarter")
    final, foreseen, silent = (ProvinceFactory.create(code=code) for code in ("02", "04", "06"))
    quarter = periods["2026-Q1"]
    report_and_approve(program, quarter, {classes: 10}, province=final)
    report = draft(program, quarter, {}, province=foreseen)
    estimate(report, classes, 5)
    send(report)

    recompute_marked()

    assert silent.valid_to is None
    found = nation(classes, quarter, ESTIMATE)
    assert (found.actual, found.units_reported, found.units_expected) == (15, 2, 3)
    assert (found.leaves_provisional, found.leaves_reported, found.leaves_expected) == (1, 2, 3)
    assert nation(classes, quarter).actual == 10

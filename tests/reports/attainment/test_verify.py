"""The second implementation of docs/attainment.md, against numbers worked out by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import InternalError, connection

from programs.catalogues import load_catalogues
from programs.models import Indicator, Period, Program, Province
from reports.attainment.recompute import recompute_marked
from reports.attainment.verify.ground import ground_of
from reports.attainment.verify.promises import Promise
from reports.attainment.verify.proof import differences_of, one_snapshot, recomputed_rows, verify
from reports.attainment.verify.rows import Row
from reports.attainment.verify.sample import check_sample
from reports.attainment.verify.verdicts import Verdict, half_up, verdict
from reports.hanoi.load import load_hanoi
from reports.models import (
    Attainment,
    Expectation,
    FigureNature,
    FigureState,
    JobState,
    LeafSum,
    OfficialPlan,
    RecomputeMark,
    Span,
)
from tests.factories import (
    ActivityFactory,
    IndicatorFactory,
    OrganisationFactory,
    ProvinceFactory,
    RatioFactory,
    TargetVersionFactory,
)
from tests.reports.attainment.story import (
    accept,
    approve_in_bulk,
    calendar,
    draft,
    local,
    national,
    plan,
    reopened,
    report_and_approve,
    report_and_send,
    revise,
    send,
    take_part,
    type_in,
)

pytestmark = pytest.mark.django_db

MILLION = 1_000_000
MERGED_ON = date(2025, 7, 1)
DAY_BEFORE = date(2025, 6, 30)


def rows(
    program: Program,
    indicator: Indicator,
    period: Period,
    layer: str = "official",
) -> dict[tuple[str, str], Row]:
    """The recomputed rows of one period by scope and name of the place."""
    named = {None: ""} | {unit.pk: unit.name for unit in Province.objects.all()}
    return {
        (cell.place.scope, cell.place.region or named[cell.place.province]): row
        for cell, row in recomputed_rows(program, indicator).items()
        if (cell.period, cell.layer) == (period.pk, layer)
    }


def nation(program: Program, indicator: Indicator, period: Period, layer: str = "official") -> Row:
    return rows(program, indicator, period, layer)["nation", ""]


def own(program: Program, indicator: Indicator, period: Period, layer: str = "official") -> Row:
    return rows(program, indicator, period, layer)["reported", program.province.name]


def number(amount: int | None) -> Any:
    return None if amount is None else Decimal(amount) / MILLION


@pytest.fixture
def periods(db: None) -> dict[str, Period]:
    return calendar(2021, 2025)


@pytest.fixture
def quarterly(periods: dict[str, Period], hanoi: Province) -> Program:
    return local(hanoi, periods["2021-2025"], "quarter")


@pytest.fixture
def yearly(periods: dict[str, Period]) -> Program:
    return national(periods["2021-2025"], "year")


@pytest.fixture
def lam_dong(db: None) -> dict[str, Province]:
    """Three units of which one was made on 1 July 2025."""
    new = ProvinceFactory.create(name="Lâm Đồng", region="Tây Nguyên", valid_from=MERGED_ON)
    old = {
        name: ProvinceFactory.create(name=name, valid_to=DAY_BEFORE, successor=new)
        for name in ("Đắk Nông", "Bình Thuận", "Lâm Đồng cũ")
    }
    return old | {"Lâm Đồng": new}


def test_64_of_50_is_128_percent(quarterly, periods):
    machines = IndicatorFactory.create()
    version = plan(quarterly, machines, periods["2021-Q1"], 50)
    report_and_approve(quarterly, periods["2021-Q1"], {machines: 64})

    row = own(quarterly, machines, periods["2021-Q1"])

    fifty = 50 * MILLION
    assert row == Row(
        actual=64 * MILLION,
        no_actual="",
        numerator=None,
        denominator=None,
        plan=Promise(version.pk, 0, "exact", fifty, fifty, None, False),
        percent=1280,
        reason="",
        standing="reached",
        year_plan=None,
        year_percent=None,
        year_reason="",
        units_expected=1,
        units_reported=1,
        leaves_expected=1,
        leaves_reported=1,
        leaves_unexpected=0,
        leaves_provisional=0,
        units_complete=0,
        units_unplanned=0,
        units_unplanned_in_year=0,
        parts_planned=None,
        complete_planned=None,
        complete_actual=None,
    )


def test_64_in_six_months_is_128_percent_to_date_and_64_of_the_year(quarterly, periods):
    machines = IndicatorFactory.create()
    plan(quarterly, machines, periods["2021-6T"], 50)
    plan(quarterly, machines, periods["2021"], 100)
    report_and_approve(quarterly, periods["2021-Q1"], {machines: 30})
    report_and_approve(quarterly, periods["2021-Q2"], {machines: 34})

    half = own(quarterly, machines, periods["2021-6T"])
    year = own(quarterly, machines, periods["2021"])

    assert (half.percent, half.year_percent) == (1280, 640)
    assert (year.percent, year.year_plan) == (640, None)
    assert own(quarterly, machines, periods["2021-Q2"]).year_plan is None
    assert (year.leaves_reported, year.leaves_expected) == (2, 4)


@pytest.mark.parametrize(
    ("entry_mode", "typed"),
    [("period", (30, 20, 25, 53)), ("cumulative", (30, 50, 75, 128))],
)
def test_work_typed_by_quarter_or_to_date_gives_the_same(quarterly, periods, entry_mode, typed):
    classes = IndicatorFactory.create(entry_mode=entry_mode)
    for quarter, said in zip(("Q1", "Q2", "Q3", "Q4"), typed, strict=True):
        report_and_approve(quarterly, periods[f"2021-{quarter}"], {classes: said})

    done = {
        key: number(own(quarterly, classes, periods[key]).actual)
        for key in ("2021-Q3", "2021-Q4", "2021-6T", "2021-9T", "2021", "2021-2025")
    }

    assert list(done.values()) == [25, 53, 50, 75, 128, 128]


def test_work_to_date_over_a_missing_quarter_counts_from_the_one_before(quarterly, periods):
    classes = IndicatorFactory.create(entry_mode="cumulative")
    plan(quarterly, classes, periods["2021-Q3"], 20)
    report_and_approve(quarterly, periods["2021-Q1"], {classes: 30})
    report_and_approve(quarterly, periods["2021-Q2"], {classes: FigureState.NOT_APPLICABLE})
    report_and_approve(quarterly, periods["2021-Q3"], {classes: 75})

    third = own(quarterly, classes, periods["2021-Q3"])

    assert (third.actual, third.no_actual, third.leaves_reported) == (None, "not_reported", 0)
    assert number(own(quarterly, classes, periods["2021-9T"]).actual) == 75
    assert own(quarterly, classes, periods["2021-Q2"]).no_actual == "not_applicable"


def test_a_unit_formed_in_july_types_what_it_did_since(lam_dong, periods):
    program = national(periods["2021-2025"], "quarter")
    classes = IndicatorFactory.create(entry_mode="cumulative")
    old, new = lam_dong["Đắk Nông"], lam_dong["Lâm Đồng"]
    report_and_approve(program, periods["2025-Q1"], {classes: 4}, province=old)
    report_and_approve(program, periods["2025-Q2"], {classes: 10}, province=old)
    report_and_approve(program, periods["2025-Q4"], {classes: 50}, province=new)

    year = rows(program, classes, periods["2025"])

    assert number(year["current", "Lâm Đồng"].actual) == 60
    assert number(nation(program, classes, periods["2025"]).actual) == 60
    assert number(rows(program, classes, periods["2025-6T"])["nation", ""].actual) == 10
    assert not rows(program, classes, periods["2025-Q4"])


def test_a_stock_is_its_last_leaf_and_nothing_before_it(quarterly, periods):
    clusters = IndicatorFactory.create(aggregation="stock")
    report_and_approve(quarterly, periods["2021-Q1"], {clusters: 60})
    report_and_approve(quarterly, periods["2021-Q2"], {clusters: 70})

    year = own(quarterly, clusters, periods["2021"])

    assert number(own(quarterly, clusters, periods["2021-6T"]).actual) == 70
    assert (year.actual, year.no_actual, year.units_reported) == (None, "not_reported", 0)
    assert (year.leaves_reported, year.leaves_expected) == (0, 1)


@pytest.mark.parametrize(
    ("pairs", "actual"),
    [(((90, 100), (300, 1000)), "35.454545"), (((20, 10), (500, 1000)), "51.485149")],
)
def test_a_ratio_is_a_ratio_of_sums(yearly, periods, pairs, actual):
    ratio = RatioFactory.create()
    for part, whole in pairs:
        values = {ratio.numerator: part, ratio.denominator: whole}
        report_and_approve(yearly, periods["2021"], values, province=ProvinceFactory.create())

    row = nation(yearly, ratio, periods["2021"])

    assert number(row.actual) == Decimal(actual)
    assert (row.numerator, row.denominator) == tuple(
        sum(each) * MILLION for each in zip(*pairs, strict=True)
    )


def test_a_ratio_leaves_out_what_reported_one_half_of_it(yearly, periods, hanoi):
    ratio = RatioFactory.create()
    both = {ratio.numerator: 90, ratio.denominator: 100}
    report_and_approve(yearly, periods["2021"], both, province=hanoi)
    report_and_approve(yearly, periods["2022"], {ratio.denominator: 900}, province=hanoi)

    row = nation(yearly, ratio, periods["2021-2025"])

    assert (number(row.actual), row.leaves_reported, row.leaves_expected) == (90, 1, 5)


def test_a_ratio_to_nothing_has_no_value(yearly, periods, hanoi):
    ratio = RatioFactory.create()
    values = {ratio.numerator: 3, ratio.denominator: 0}
    report_and_approve(yearly, periods["2021"], values, province=hanoi)

    row = nation(yearly, ratio, periods["2021"])

    assert (row.actual, row.no_actual) == (None, "zero_denominator")
    assert (row.numerator, row.denominator) == (3 * MILLION, 0)


def test_predecessors_are_added_and_so_are_their_plans(lam_dong, yearly, periods):
    machines = IndicatorFactory.create()
    for name, done, planned in (
        ("Đắk Nông", 10, 12),
        ("Bình Thuận", 20, 24),
        ("Lâm Đồng cũ", 30, 36),
    ):
        plan(yearly, machines, periods["2025"], planned, province=lam_dong[name])
        report_and_approve(yearly, periods["2024"], {machines: done}, province=lam_dong[name])
    report_and_approve(yearly, periods["2025"], {machines: 75}, province=lam_dong["Lâm Đồng"])

    before = rows(yearly, machines, periods["2024"])
    after = rows(yearly, machines, periods["2025"])

    assert number(before["current", "Lâm Đồng"].actual) == 60
    assert before["current", "Lâm Đồng"].units_expected == 3
    merged = after["current", "Lâm Đồng"]
    assert (merged.percent, merged.plan.parts, number(merged.plan.lower)) == (1042, 3, 72)
    assert (merged.units_reported, merged.units_expected) == (1, 1)
    assert after["reported", "Lâm Đồng"].reason == "no_target"
    assert after["reported", "Đắk Nông"].reason == "not_reported"
    assert after["region", "Tây Nguyên"].percent == after["nation", ""].percent == 1042


def test_a_figure_of_a_unit_that_is_gone_counts_and_is_unexpected(lam_dong, yearly, periods):
    machines = IndicatorFactory.create()
    clusters = IndicatorFactory.create(aggregation="stock")
    for name, value in (("Đắk Nông", 4), ("Lâm Đồng", 5)):
        report_and_approve(
            yearly, periods["2025"], {machines: value, clusters: value}, province=lam_dong[name]
        )

    flow = rows(yearly, machines, periods["2025"])
    stock = rows(yearly, clusters, periods["2025"])

    merged = flow["current", "Lâm Đồng"]
    assert (number(merged.actual), merged.units_reported, merged.units_expected) == (9, 1, 1)
    assert (merged.leaves_reported, merged.leaves_expected, merged.leaves_unexpected) == (2, 2, 1)
    gone = flow["reported", "Đắk Nông"]
    assert (gone.units_reported, gone.units_expected, gone.leaves_unexpected) == (1, 1, 1)
    assert number(stock["current", "Lâm Đồng"].actual) == 5
    assert ("reported", "Đắk Nông") not in stock


def test_the_nation_says_of_how_many_of_its_provinces_it_speaks(yearly, periods):
    machines = IndicatorFactory.create()
    provinces = ProvinceFactory.create_batch(34)
    for province in provinces:
        plan(yearly, machines, periods["2021"], 10, province=province)
    reported = {(province, periods["2021"]): 10 for province in provinces[:30]}
    approve_in_bulk(yearly, machines, reported)

    row = nation(yearly, machines, periods["2021"])

    assert (number(row.plan.lower), row.plan.parts, row.percent) == (340, 34, 882)
    assert (row.units_reported, row.units_expected, row.units_complete) == (30, 34, 30)
    assert (number(row.parts_planned), number(row.complete_planned)) == (340, 300)
    assert number(row.complete_actual) == 300


def test_a_sum_without_the_plan_of_a_unit_that_worked_has_no_percentage(yearly, periods):
    machines = IndicatorFactory.create()
    planned, unplanned = ProvinceFactory.create_batch(2)
    plan(yearly, machines, periods["2021"], 10, province=planned)
    for province in (planned, unplanned):
        report_and_approve(yearly, periods["2021"], {machines: 10}, province=province)

    summed = nation(yearly, machines, periods["2021"])
    assert (summed.reason, summed.standing) == ("plan_partial", "unknown")
    assert (summed.units_unplanned, summed.units_complete) == (1, 1)

    plan(yearly, machines, periods["2021"], 40, province=None)
    assert nation(yearly, machines, periods["2021"]).percent == 500


def test_rates_are_not_added_but_a_unit_alone_keeps_its_own(lam_dong, yearly, periods):
    growth = IndicatorFactory.create(aggregation="rate", unit="%/năm")
    for key, name in (("2024", "Đắk Nông"), ("2025", "Lâm Đồng")):
        report_and_approve(yearly, periods[key], {growth: 6}, province=lam_dong[name])
    quiet = ProvinceFactory.create(name="Huế")
    report_and_approve(yearly, periods["2024"], {growth: 5}, province=quiet)

    row = rows(yearly, growth, periods["2024"])

    assert number(row["reported", "Đắk Nông"].actual) == 6
    assert number(row["current", "Huế"].actual) == 5
    assert row["nation", ""].no_actual == "not_addable"
    assert rows(yearly, growth, periods["2025"])["current", "Lâm Đồng"].no_actual == "not_addable"
    assert rows(yearly, growth, periods["2021-2025"])["current", "Huế"].no_actual == "not_addable"


def test_a_period_that_leaves_do_not_fill_has_a_row_only_for_a_plan(quarterly, periods):
    classes = IndicatorFactory.create()
    report_and_approve(quarterly, periods["2021-Q1"], {classes: 30})
    assert not rows(quarterly, classes, periods["2021-5T"])

    plan(quarterly, classes, periods["2021-5T"], 40)

    row = own(quarterly, classes, periods["2021-5T"])
    assert (row.reason, row.leaves_expected, row.units_expected) == ("not_reported", 0, 1)


def test_details_of_a_figure_do_not_count_beside_it(quarterly, periods, hanoi):
    classes = IndicatorFactory.create()
    growth = IndicatorFactory.create(aggregation="rate")
    commune = OrganisationFactory.create(province=hanoi)
    first, second = ActivityFactory.create_batch(2, program=quarterly)
    report = draft(quarterly, periods["2021-Q1"], {})
    type_in(report, classes, FigureState.MISSING)
    for activity, value in ((first, 3), (second, 4)):
        type_in(report, classes, value, activity=activity)
    type_in(report, growth, 6, unit=commune)
    send(report)

    submitted = own(quarterly, classes, periods["2021-Q1"], "submitted")
    assert (number(submitted.actual), submitted.leaves_provisional) == (7, 1)
    assert not rows(quarterly, classes, periods["2021-Q1"])

    accept(report)
    reopened(report)
    type_in(report, classes, 9, unit=commune)
    send(report)

    assert number(own(quarterly, classes, periods["2021-Q1"]).actual) == 7
    assert number(own(quarterly, classes, periods["2021-Q1"], "submitted").actual) == 9
    assert own(quarterly, growth, periods["2021-Q1"]).no_actual == "not_addable"


def test_what_is_sent_shows_beside_what_is_official_and_only_where_it_differs(quarterly, periods):
    classes = IndicatorFactory.create(entry_mode="cumulative")
    first = report_and_approve(quarterly, periods["2021-Q1"], {classes: 30})
    report_and_approve(quarterly, periods["2021-Q2"], {classes: 50})
    send(reopened(first, {classes: 35}))

    def layers(key):
        return [
            number(row.actual)
            for layer in ("official", "submitted")
            for row in rows(quarterly, classes, periods[key], layer).values()
        ]

    # The reported row and the current one of each layer.
    assert layers("2021-Q1") == [30, 30, 35, 35]
    assert layers("2021-Q2") == [20, 20, 15, 15]
    assert layers("2021-6T") == [50, 50, 50, 50]
    assert layers("2022-Q1") == []
    assert own(quarterly, classes, periods["2021"], "submitted").leaves_provisional == 2


def test_a_figure_taken_back_is_missing_where_it_was_sent(quarterly, periods):
    classes = IndicatorFactory.create()
    report = report_and_approve(quarterly, periods["2021-Q1"], {classes: 30})
    send(reopened(report, {classes: FigureState.MISSING}))

    row = own(quarterly, classes, periods["2021-Q1"], "submitted")

    assert (row.actual, row.no_actual, row.leaves_reported) == (None, "not_reported", 0)
    assert number(own(quarterly, classes, periods["2021-Q1"]).actual) == 30


def test_an_estimate_stands_until_the_final_figure_arrives(quarterly, periods):
    classes = IndicatorFactory.create()
    report_and_approve(quarterly, periods["2021-Q1"], {classes: 30})
    report = draft(quarterly, periods["2021-Q2"], {})
    type_in(report, classes, 25, nature=FigureNature.ESTIMATE)
    accept(report)

    half = own(quarterly, classes, periods["2021-6T"], "estimate")
    assert (number(half.actual), half.leaves_provisional) == (55, 1)
    assert number(own(quarterly, classes, periods["2021-6T"]).actual) == 30

    accept(reopened(report, {classes: 20}))
    assert number(own(quarterly, classes, periods["2021-6T"]).actual) == 50
    assert not rows(quarterly, classes, periods["2021-6T"], "estimate")


def test_the_nations_layer_takes_official_rows_where_nothing_else_is(yearly, periods):
    machines = IndicatorFactory.create()
    first, second = ProvinceFactory.create_batch(2)
    report_and_approve(yearly, periods["2021"], {machines: 10}, province=first)
    report_and_send(yearly, periods["2021"], {machines: 7}, province=second)

    row = nation(yearly, machines, periods["2021"], "submitted")

    assert (number(row.actual), row.units_reported, row.leaves_provisional) == (17, 2, 1)
    assert number(nation(yearly, machines, periods["2021"]).actual) == 10


def test_the_plan_is_the_one_in_force_at_the_end_of_the_period(quarterly, periods):
    machines = IndicatorFactory.create()
    first = plan(quarterly, machines, periods["2021"], 50, decided_on=date(2021, 1, 15))
    revised = revise(first, 64, date(2021, 9, 1))
    revise(revised, 10, date(2022, 2, 1), replaces=first)
    TargetVersionFactory.create(target=first.target, number=9, status="registered")
    report_and_approve(quarterly, periods["2021-Q1"], {machines: 64})

    year = own(quarterly, machines, periods["2021"])

    assert (year.percent, year.plan.version, year.plan.disputed) == (1000, revised.pk, False)
    assert own(quarterly, machines, periods["2021-6T"]).year_percent == 1280
    assert own(quarterly, machines, periods["2021-9T"]).year_percent == 1000


def test_two_sources_that_disagree_make_a_dispute(quarterly, periods):
    jobs = IndicatorFactory.create()
    first = plan(quarterly, jobs, periods["2021"], 60000)
    same = {"target": first.target, "number": 2, "lower": Decimal("60000.0")}
    second = TargetVersionFactory.create(**same)
    assert own(quarterly, jobs, periods["2021"]).plan.disputed is False

    second.shape = "about"
    second.save()

    found = own(quarterly, jobs, periods["2021"]).plan
    assert (found.version, found.disputed) == (second.pk, True)


@pytest.mark.parametrize(
    ("shapes", "summed"),
    [
        (("exact", "exact"), ("exact", 100, 100)),
        (("exact", "about"), ("about", 100, 100)),
        (("about", "at_least"), ("at_least", 100, None)),
        (("exact", "above"), ("above", 100, None)),
        (("range", "about"), ("range", 100, 110)),
        (("at_most", "at_most"), ("at_most", None, 100)),
        (("at_most", "exact"), None),
        (("range", "at_least"), None),
    ],
)
def test_plans_are_added_by_their_shapes(yearly, periods, shapes, summed):
    machines = IndicatorFactory.create()
    bounds = {"range": (50, 60), "at_most": (None, 50)}
    for shape in shapes:
        lower, upper = bounds.get(shape, (50, 50 if shape in ("exact", "about") else None))
        whose = {"province": ProvinceFactory.create(), "shape": shape, "upper": upper}
        plan(yearly, machines, periods["2021"], lower, **whose)

    found = nation(yearly, machines, periods["2021"]).plan

    if summed is None:
        assert found is None
    else:
        assert (found.shape, number(found.lower), number(found.upper)) == summed


def test_who_took_part_is_counted_anew_for_every_period(yearly, periods, hanoi):
    visitors = IndicatorFactory.create(aggregation="distinct", counted="organisation")
    activity = ActivityFactory.create(program=yearly, province=hanoi)
    one, two, three = OrganisationFactory.create_batch(3, province=hanoi)
    take_part(activity, [one, two], date(2021, 3, 1))
    take_part(activity, [two], date(2022, 5, 1))
    take_part(activity, [three], date(2022, 5, 1), role="implementer")
    take_part(activity, [three], date(2023, 5, 1))
    for key in ("2021", "2022"):  # nothing was approved for 2023
        report_and_approve(yearly, periods[key], {}, province=hanoi)

    counts = {
        key: number(nation(yearly, visitors, periods[key]).actual)
        for key in ("2021", "2022", "2021-2025")
    }

    assert counts == {"2021": 2, "2022": 1, "2021-2025": 2}
    assert nation(yearly, visitors, periods["2021-2025"]).leaves_reported == 2
    assert not rows(yearly, visitors, periods["2023"])


def test_fewer_records_than_were_typed_make_no_number(yearly, periods, hanoi):
    visitors = IndicatorFactory.create(aggregation="distinct", counted="country")
    activity = ActivityFactory.create(program=yearly, province=hanoi)
    guests = [
        OrganisationFactory.create(province=hanoi, country=country)
        for country in ("Trung Quốc", "Lào")
    ]
    take_part(activity, guests, date(2021, 3, 1))
    report_and_approve(yearly, periods["2021"], {visitors: 3}, province=hanoi)

    row = rows(yearly, visitors, periods["2021"])

    assert number(row["reported", "Hà Nội"].actual) == 3
    assert row["nation", ""].no_actual == "not_addable"

    take_part(activity, [OrganisationFactory.create(country="Nhật Bản")], date(2021, 4, 1))
    assert number(nation(yearly, visitors, periods["2021"]).actual) == 3


def a_plan(shape="exact", lower=None, upper=None, baseline=None, parts=0) -> Promise:
    return Promise(None if parts else 1, parts, shape, lower, upper, baseline, False)


@pytest.mark.parametrize(
    ("done", "promise", "direction", "is_partial", "expected"),
    [
        (64, None, "higher", False, (None, "no_target", "unknown")),
        (None, a_plan(lower=50, upper=50), "higher", True, (None, "not_reported", "unknown")),
        (
            64,
            a_plan(lower=50, upper=50, parts=2),
            "higher",
            True,
            (None, "plan_partial", "unknown"),
        ),
        (64, a_plan(lower=50, upper=50), "higher", False, (1280, "", "reached")),
        (0, a_plan(lower=50, upper=50), "higher", False, (0, "", "not_reached")),
        (9996, a_plan(lower=10000, upper=10000), "higher", False, (999, "", "not_reached")),
        (99949, a_plan(lower=10**5, upper=10**5), "higher", False, (999, "", "not_reached")),
        (20009, a_plan(lower=20000, upper=20000), "higher", False, (1000, "", "reached")),
        (20010, a_plan(lower=20000, upper=20000), "neutral", False, (1001, "", "reached")),
        (5, a_plan(lower=0, upper=0), "higher", False, (None, "outside_plan", "unknown")),
        (0, a_plan(lower=0, upper=0), "higher", False, (None, "nothing_planned", "unknown")),
        (-5, a_plan(lower=50, upper=50), "higher", False, (None, "negative", "not_reached")),
        (50, a_plan("above", 50), "higher", False, (None, "at_bound", "not_reached")),
        (51, a_plan("above", 50), "higher", False, (1020, "", "reached")),
        (50, a_plan("at_least", 50), "higher", False, (1000, "", "reached")),
        (50, a_plan("at_least", 50), "lower", False, (None, "shape_contradicts", "unknown")),
        (4, a_plan("range", 5, 8), "higher", False, (None, "range", "below_range")),
        (8, a_plan("range", 5, 8), "lower", False, (None, "range", "within_range")),
        (9, a_plan("range", 5, 8), "higher", False, (None, "range", "above_range")),
        (40, a_plan("at_most", None, 40), "higher", False, (None, "limit", "within_limit")),
        (41, a_plan(lower=40, upper=40), "lower", False, (None, "limit", "over_limit")),
        (38, a_plan("about", 40, 40, 50), "lower", False, (1200, "", "within_limit")),
        (45, a_plan("at_most", None, 40, 50), "lower", False, (500, "", "over_limit")),
        (80, a_plan("at_most", None, 40, 50), "lower", False, (-3000, "", "over_limit")),
        (0, a_plan("at_most", None, 40, 50), "lower", False, (5000, "", "within_limit")),
        (
            38,
            a_plan("at_most", None, 40, 40),
            "lower",
            False,
            (None, "no_change_planned", "within_limit"),
        ),
        (
            38,
            a_plan("at_most", None, 40, 30),
            "lower",
            False,
            (None, "baseline_contradicts", "within_limit"),
        ),
        (38, a_plan("at_most", None, 40, -1), "lower", False, (None, "negative", "within_limit")),
    ],
)
def test_a_percentage_or_the_reason_why_there_is_none(
    done, promise, direction, is_partial, expected
):
    exact = None if done is None else (done, 1)

    found = verdict(exact, "not_reported", promise, direction, is_partial=is_partial)

    assert found == Verdict(*expected)


@pytest.mark.parametrize(
    ("above", "below", "whole"), [(5, 2, 3), (-5, 2, -3), (4, 3, 1), (-4, 3, -1), (7, -2, -4)]
)
def test_halves_go_away_from_zero(above, below, whole):
    assert half_up(above, below) == whole


def test_a_local_program_is_of_its_provinces_lineage_before_and_after(lam_dong, periods):
    program = local(lam_dong["Đắk Nông"], periods["2021-2025"], "year")
    machines = IndicatorFactory.create()
    report_and_approve(program, periods["2024"], {machines: 10})
    report_and_approve(program, periods["2025"], {machines: 5}, province=lam_dong["Lâm Đồng"])

    stage = rows(program, machines, periods["2021-2025"])

    assert set(stage) == {
        ("reported", "Đắk Nông"),
        ("reported", "Lâm Đồng"),
        ("current", "Lâm Đồng"),
    }
    merged = stage["current", "Lâm Đồng"]
    assert (number(merged.actual), merged.units_expected, merged.leaves_expected) == (15, 1, 5)


def test_administrative_leaves_fill_the_administrative_year(periods, hanoi):
    program = local(hanoi, periods["2021-2025-HC"], "month")

    ground = ground_of(program)

    year = next(span for span in ground.spans if span.pk == periods["2021-HC"].pk)
    assert (len(year.leaves), year.starts_on) == (12, date(2020, 12, 15))
    january = next(span for span in ground.spans if span.pk == periods["2021-01-HC"].pk)
    assert january.year == year.pk


# What is stored against what is recomputed.


@pytest.fixture
def computed(quarterly: Program, periods: dict[str, Period]) -> Program:
    """64 machines of 50 in the first quarter, computed by the engine."""
    machines = IndicatorFactory.create(code="may-moc")
    plan(quarterly, machines, periods["2021-Q1"], 50)
    report_and_approve(quarterly, periods["2021-Q1"], {machines: 64})
    recompute_marked()
    return quarterly


def said_by_the_command(*arguments: str) -> str:
    out = StringIO()
    call_command("verify_attainment", *arguments, stdout=out)
    return out.getvalue()


def first_quarter(program: Program):
    return Attainment.objects.filter(program=program, period__key="2021-Q1", scope="reported")


def test_the_engine_and_the_proof_agree(computed):
    assert differences_of(computed) == []
    assert said_by_the_command("--program", computed.code) == "0 khác biệt trong 10 ô\n"


def test_nothing_that_the_engine_computed_is_read_but_the_rows_themselves(computed):
    for steps in (LeafSum, Span, Expectation):
        steps.objects.all().delete()

    assert differences_of(computed) == []


def test_a_changed_percentage_is_found_and_the_command_fails(computed):
    first_quarter(computed).update(percent=Decimal("127.9"))

    with pytest.raises(CommandError, match=r"^1 khác biệt trong 10 ô$"):
        said_by_the_command()

    (found,) = differences_of(computed)
    assert str(found) == (
        f"Chương trình {computed.code}, chỉ tiêu may-moc, Hà Nội (đơn vị báo cáo khi đó), "
        "quý I/2021, lớp đã duyệt: «tỷ lệ (%)» đang lưu 127,9%, tính lại 128%"
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"actual": Decimal("64.000001")},
        {"actual": None, "no_actual": "not_reported"},
        {"percent": None, "reason": "range"},
        {"standing": "not_reached"},
        {"plan": None},
        {"plan": 10**9},
        {"units_expected": 2},
        {"leaves_expected": 2},
        {"leaves_unexpected": 1},
        {"leaves_provisional": 1},
        {"units_complete": 1},
        {"units_unplanned": 1},
        {"units_unplanned_in_year": 2},
        {"parts_planned": 0},
        {"complete_planned": 50},
        {"complete_actual": 64},
        {"numerator": 64},
        {"denominator": 1},
    ],
)
def test_every_column_is_compared(computed, changes):
    first_quarter(computed).update(**changes)

    assert {each.column for each in differences_of(computed)} == {
        str(Attainment._meta.get_field(column).verbose_name) for column in changes
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"version": None, "parts": 1},
        {"shape": "about"},
        {"lower": 51},
        {"upper": 51},
        {"baseline": 10},
        {"disputed": True},
    ],
)
def test_what_the_plan_says_is_compared(computed, changes):
    OfficialPlan.objects.filter(scope="reported").update(**changes)

    assert {each.column for each in differences_of(computed)} == {"kế hoạch"}


def test_a_row_too_many_and_a_row_too_few_are_found(computed, periods):
    first_quarter(computed).update(period=periods["2021-Q3"])

    few, many = sorted(differences_of(computed), key=lambda each: each.stored)

    assert "quý I/2021" in str(few)
    assert "thiếu dòng này (thực hiện 64, kế hoạch [phiên bản" in str(few)
    assert "quý III/2021" in str(many)
    assert "thừa dòng này" in str(many)


def test_rows_of_an_indicator_that_is_gone_are_found(computed):
    first_quarter(computed).update(indicator=10**9)

    assert [str(each) for each in differences_of(computed) if each.stored] == [
        f"Chương trình {computed.code}, chỉ tiêu số {10**9} không còn trong danh mục: "
        "thừa dòng này (1 dòng)"
    ]


def test_a_program_with_waiting_marks_is_not_compared(computed):
    RecomputeMark.objects.create(kind="figure", program=computed)
    first_quarter(computed).update(percent=1)

    said = said_by_the_command()

    assert said == (
        f"Chương trình {computed.code}: 1 phần đang chờ tính lại, chưa đối chiếu.\n"
        "0 khác biệt trong 0 ô\n"
    )


def test_only_so_many_differences_are_printed(computed):
    Attainment.objects.update(leaves_expected=99)
    out = StringIO()

    with pytest.raises(CommandError, match="10 khác biệt trong 10 ô"):
        call_command("verify_attainment", "--limit-printed", "3", stdout=out)

    assert len(out.getvalue().splitlines()) == 3


def test_a_nightly_sample_is_recorded_and_fails_with_a_difference(computed, caplog):
    Indicator.objects.exclude(code="may-moc").delete()
    assert check_sample(1, worker="celery@here").state == JobState.DONE

    first_quarter(computed).update(percent=1)
    run = check_sample(1)

    assert (run.state, run.rows_computed, run.rows_changed) == (JobState.FAILED, 10, 1)
    assert run.error.startswith("1 khác biệt trong 10 ô\nChương trình ")
    assert [record.levelname for record in caplog.records] == ["ERROR"]


def test_the_published_figures_of_ha_noi_have_no_difference():
    list(load_catalogues())
    list(load_hanoi())
    recompute_marked()

    verified = list(verify())

    assert [str(found) for each in verified for found in each.differences] == []
    assert not any(each.marks_waiting for each in verified)
    assert sum(each.cells for each in verified) > 100


@pytest.mark.django_db(transaction=True)
def test_everything_is_read_from_one_moment():
    with one_snapshot(), connection.cursor() as cursor:
        cursor.execute("SHOW transaction_isolation")
        assert cursor.fetchone() == ("repeatable read",)
        with pytest.raises(InternalError):  # and nothing is written
            cursor.execute("UPDATE reports_attainment SET percent = 1")

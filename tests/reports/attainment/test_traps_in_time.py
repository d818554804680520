"""Traps of time and place, from typed figures to rows: 6 mergers, 7 late edits, 8 revised plans,
11 partly reported periods, 12 overlapping periods, cut-off dates and the time zone.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db.models import Sum
from django.utils import timezone

from programs.models import Period, Province
from programs.planning import Direction, Plan, Shape
from reports.attainment.arithmetic import attainment, shown_percent
from reports.attainment.recompute import recompute_all, recompute_marked
from reports.entry.workflow import approve
from reports.models import Attainment, OfficialPlan
from tests.factories import (
    ActivityFactory,
    IndicatorFactory,
    OrganisationFactory,
    ProvinceFactory,
    TargetVersionFactory,
)
from tests.reports.attainment.story import (
    accept,
    approve_in_bulk,
    calendar,
    clerk,
    current,
    find,
    local,
    nation,
    national,
    plan,
    region,
    reopened,
    report_and_approve,
    report_and_send,
    revise,
    row,
    take_part,
)

pytestmark = pytest.mark.django_db

D = Decimal


@pytest.fixture
def ha_noi(db: None) -> Province:
    return ProvinceFactory.create(code="01", name="Hà Nội")


@pytest.fixture
def periods(db: None) -> dict[str, Period]:
    return calendar(2026)


# Trap 6. New Lâm Đồng (1/7/2025) took over Đắk Nông 10, Bình Thuận 20 and old Lâm Đồng 30 (of
# 2024); in 2025 it has 75, plans were 12 + 24 + 36. (Growth alone: test_arithmetic.py,
# test_a_merged_province_is_compared_with_all_its_predecessors. More of it: test_mergers.py.)


def test_a_merged_province_is_its_predecessors_added_in_work_and_in_plans(db):
    periods = calendar(2024, 2025)
    program = national(periods["2024-2025"], "year")
    new = ProvinceFactory.create(code="68", name="Lâm Đồng", valid_from=date(2025, 7, 1))
    gone = {"valid_to": date(2025, 6, 30), "successor": new}
    dak_nong, binh_thuan, old = (
        ProvinceFactory.create(code=code, name=name, **gone)
        for code, name in (("67", "Đắk Nông"), ("60", "Bình Thuận"), ("68", "Lâm Đồng"))
    )
    machines = IndicatorFactory.create()
    for province, before, planned in ((dak_nong, 10, 12), (binh_thuan, 20, 24), (old, 30, 36)):
        report_and_approve(program, periods["2024"], {machines: before}, province=province)
        plan(program, machines, periods["2025"], planned, province=province)
    report_and_approve(program, periods["2025"], {machines: 75}, province=new)

    recompute_marked()

    before, after = (current(machines, periods[key], new) for key in ("2024", "2025"))
    assert (before.actual, after.actual) == (60, 75)  # +25%, not +150% nor +650%
    assert (after.plan.lower, after.plan.parts, after.plan.version) == (72, 3, None)
    assert (after.percent, after.standing) == (D("104.2"), "reached")  # not 208.3
    as_reported = row(machines, periods["2025"], new)
    assert (as_reported.actual, as_reported.reason) == (75, "no_target")
    assert row(machines, periods["2024"], old).actual == 30  # nothing was moved
    assert nation(machines, periods["2025"]).percent == D("104.2")


# Trap 7. Six months 2026: 100 of 80 is approved, 125%, and printed. In August a duplicate is
# found: 90. The edition keeps what was printed, everything live follows.


def test_a_late_edit_moves_the_live_rows_and_leaves_the_edition(ha_noi, periods):
    program = local(ha_noi, periods["2026"], "quarter")
    classes = IndicatorFactory.create()
    for key, planned in (("2026-Q2", 80), ("2026-6T", 80), ("2026-9T", 100), ("2026", 200)):
        plan(program, classes, periods[key], planned)
    report_and_approve(program, periods["2026-Q1"], {classes: 0})
    report = report_and_approve(program, periods["2026-Q2"], {classes: 100})
    report_and_approve(program, periods["2026-Q3"], {classes: 20})
    recompute_marked()
    assert percentages(classes, periods, ha_noi) == ("125", "125", "120", "60")

    reopened(report, {classes: 90})
    recompute_marked()
    assert percentages(classes, periods, ha_noi) == ("125", "125", "120", "60")

    accept(report)
    recompute_marked()
    assert percentages(classes, periods, ha_noi) == ("112.5", "112.5", "110", "55")
    assert row(classes, periods["2026-6T"], ha_noi).year_percent == 45
    editions = report.editions.order_by("number")
    assert [printed(edition.content) for edition in editions] == ["125", "112.5"]


def percentages(indicator, periods, province) -> tuple[str, ...]:
    keys = ("2026-Q2", "2026-6T", "2026-9T", "2026")
    rows = [row(indicator, periods[key], province) for key in keys]
    return tuple(f"{each.percent.normalize():f}" for each in rows)


def printed(content) -> str:
    """What an edition says: its own figure against its own plan."""
    [figure], [promised] = content["figures"], content["plans"]
    version = Plan(Shape(promised["shape"]), D(promised["lower"]), D(promised["upper"]))
    share = attainment(D(figure["value"]), version, Direction.HIGHER)
    return f"{shown_percent(share).normalize():f}"


# Trap 8. 50 machines, on 1 September revised to 64; result 64: 100% of the year's plan, and of
# the 50 in force in June what was done until June. (Both shares: test_arithmetic.py,
# test_a_correction_and_a_revised_plan_each_give_their_own_percentage.)


def test_june_is_judged_by_the_plan_of_june_and_the_year_by_the_revised_one(ha_noi, periods):
    program = local(ha_noi, periods["2026"], "quarter")
    machines = IndicatorFactory.create()
    first = plan(program, machines, periods["2026"], 50, decided_on=date(2026, 1, 15))
    second = revise(first, 64, date(2026, 9, 1))
    for key, value in (("2026-Q1", 10), ("2026-Q2", 15), ("2026-Q3", 23), ("2026-Q4", 16)):
        report_and_approve(program, periods[key], {machines: value})

    recompute_marked()

    half, nine, year = (row(machines, periods[key], ha_noi) for key in HALF_NINE_YEAR)
    assert (half.year_plan.version, half.year_percent) == (first, 50)  # 25 of 50, not of 64
    assert (nine.year_plan.version, nine.year_percent) == (second, 75)  # 48 of 64
    assert (year.plan.version, year.percent, year.plan.disputed) == (second, 100, False)  # not 128


HALF_NINE_YEAR = ("2026-6T", "2026-9T", "2026")


@pytest.mark.parametrize(
    ("decided_on", "lower"),
    [
        (date(2026, 6, 30), 64),  # on the last day
        (date(2026, 7, 1), 50),
        (None, 64),  # a source that gives no date: from the start
    ],
)
def test_a_version_is_in_force_from_its_day_on(ha_noi, periods, decided_on, lower):
    program = local(ha_noi, periods["2026"], "quarter")
    machines = IndicatorFactory.create()
    first = plan(program, machines, periods["2026-6T"], 50, decided_on=date(2026, 1, 15))
    revise(first, 64, decided_on)

    recompute_marked()

    half = row(machines, periods["2026-6T"], ha_noi)
    assert (half.plan.lower, half.plan.parts, half.plan.disputed) == (lower, 0, False)


def test_a_wish_and_a_decision_of_next_year_are_never_in_force(ha_noi, periods):
    program = local(ha_noi, periods["2026"], "year")
    machines = IndicatorFactory.create()
    first = plan(program, machines, periods["2026"], 50, decided_on=date(2026, 1, 15))
    revise(first, 10, date(2027, 1, 1))
    TargetVersionFactory.create(
        target=first.target, number=3, status="registered", lower=D(5), decided_on=date(2026, 2, 1)
    )

    recompute_marked()

    found = row(machines, periods["2026"], ha_noi)
    assert (found.plan.version, found.plan.disputed) == (first, False)


def test_of_a_chain_of_revisions_the_last_one_in_force_counts(ha_noi, periods):
    program = local(ha_noi, periods["2026"], "quarter")
    machines = IndicatorFactory.create()
    version = plan(program, machines, periods["2026"], 50)
    for lower, day in ((60, date(2026, 4, 1)), (40, date(2026, 8, 1)), (70, date(2027, 2, 1))):
        version = revise(version, lower, day)
    for key in ("2026-Q1", "2026-Q2", "2026-Q3", "2026-Q4"):
        report_and_approve(program, periods[key], {machines: 10})

    recompute_marked()

    half, nine, year = (row(machines, periods[key], ha_noi) for key in HALF_NINE_YEAR)
    assert (half.year_plan.lower, nine.year_plan.lower, year.plan.lower) == (60, 40, 40)
    assert row(machines, periods["2026-Q1"], ha_noi).year_plan.lower == 50


def test_of_sources_that_disagree_the_latest_decided_counts_and_the_row_says_so(ha_noi, periods):
    program = local(ha_noi, periods["2026"], "year")
    machines, jobs = IndicatorFactory.create_batch(2)
    dated = plan(program, machines, periods["2026"], 50, decided_on=date(2026, 1, 15))
    TargetVersionFactory.create(target=dated.target, number=2, lower=D(64))
    undated = plan(program, jobs, periods["2026"], 50)
    higher = TargetVersionFactory.create(target=undated.target, number=2, lower=D(64))

    recompute_marked()

    found = row(machines, periods["2026"], ha_noi)
    assert (found.plan.version, found.plan.disputed) == (dated, True)
    found = row(jobs, periods["2026"], ha_noi)
    assert (found.plan.version, found.plan.disputed) == (higher, True)


def test_each_spell_of_a_plan_is_stored_with_its_days(ha_noi, periods):
    program = local(ha_noi, periods["2026"], "quarter")
    machines = IndicatorFactory.create()
    first = plan(program, machines, periods["2026"], 50)
    second = revise(first, 64, date(2026, 9, 1))

    recompute_marked()

    own = OfficialPlan.objects.filter(indicator=machines, scope="reported").order_by("lower")
    assert [(each.version, each.from_day, each.until_day) for each in own] == [
        (first, None, date(2026, 9, 1)),
        (second, date(2026, 9, 1), None),
    ]


# Trap 11. 34 provinces planned 10 each, 30 have reported, exactly on plan. (The two ratios alone:
# test_arithmetic.py, test_partly_reported_periods_have_two_true_ratios_and_a_coverage.)


@pytest.mark.parametrize("own", [False, True])
def test_30_of_34_provinces_are_88_2_percent_and_like_for_like_300_of_300(periods, own):
    program = national(periods["2026"], "year")
    machines = IndicatorFactory.create()
    provinces = [
        ProvinceFactory.create(code=f"{10 + n}", region="Vùng A" if n < 17 else "Vùng B")
        for n in range(34)
    ]
    for province in provinces:
        plan(program, machines, periods["2026"], 10, province=province)
    if own:
        plan(program, machines, periods["2026"], 340)
    approve_in_bulk(program, machines, {(each, periods["2026"]): 10 for each in provinces[:30]})

    recompute_marked()

    whole = nation(machines, periods["2026"])
    assert (whole.actual, whole.percent, whole.standing) == (300, D("88.2"), "not_reached")
    assert (whole.plan.lower, whole.plan.parts) == (340, 0 if own else 34)
    assert (whole.units_reported, whole.units_expected, whole.units_complete) == (30, 34, 30)
    assert (whole.parts_planned, whole.complete_planned, whole.complete_actual) == (340, 300, 300)
    assert (whole.leaves_reported, whole.leaves_expected, whole.units_unplanned) == (30, 34, 0)
    unit, silent = (current(machines, periods["2026"], provinces[n]) for n in (0, 33))
    assert (unit.units_complete, unit.complete_planned, unit.complete_actual) == (1, 10, 10)
    assert (silent.units_complete, silent.parts_planned, silent.complete_planned) == (0, 10, None)
    full, part = (region(machines, periods["2026"], name) for name in ("Vùng A", "Vùng B"))
    assert (full.percent, full.units_reported, full.units_expected) == (100, 17, 17)
    assert (part.actual, part.percent) == (130, D("76.5"))
    assert (part.parts_planned, part.complete_planned, part.units_complete) == (170, 130, 13)


def test_64_on_30_june_is_64_percent_of_the_year_and_128_percent_to_date(ha_noi, periods):
    program = local(ha_noi, periods["2026"], "quarter")
    machines = IndicatorFactory.create()
    plan(program, machines, periods["2026-6T"], 50)
    plan(program, machines, periods["2026"], 100)
    for key in ("2026-Q1", "2026-Q2"):
        report_and_approve(program, periods[key], {machines: 32})

    recompute_marked()

    half, year = (row(machines, periods[key], ha_noi) for key in ("2026-6T", "2026"))
    assert (half.actual, half.percent, half.year_percent) == (64, 128, 64)
    assert (half.leaves_reported, half.leaves_expected) == (2, 2)
    assert (year.percent, year.leaves_reported, year.leaves_expected) == (64, 2, 4)


def test_who_is_behind_is_not_compared_like_for_like(periods):
    program = national(periods["2026"], "quarter")
    machines = IndicatorFactory.create()
    punctual, behind, unplanned = (ProvinceFactory.create(code=code) for code in ("02", "04", "06"))
    for province in (punctual, behind):
        plan(program, machines, periods["2026-6T"], 10, province=province)
    for key in ("2026-Q1", "2026-Q2"):
        for province in (punctual, unplanned):
            report_and_approve(program, periods[key], {machines: 6}, province=province)
    report_and_approve(program, periods["2026-Q1"], {machines: 9}, province=behind)

    recompute_marked()

    whole = nation(machines, periods["2026-6T"])
    assert (whole.actual, whole.parts_planned) == (33, 20)
    assert (whole.complete_actual, whole.complete_planned, whole.units_complete) == (12, 10, 1)
    assert whole.units_unplanned == 1
    assert (whole.percent, whole.reason, whole.standing) == (None, "plan_partial", "unknown")


# Trap 12. Quarters, 6, 9 and 12 months overlap: 30 + 20 + 50 + 75 + 128 = 303 is nothing.


@pytest.mark.parametrize("planned", [False, True])
def test_overlapping_periods_are_never_added_to_one_another(planned):
    periods = calendar(2026, 2027)
    program = national(periods["2026-2027"], "quarter")
    province = ProvinceFactory.create(code="02")
    machines = IndicatorFactory.create()
    work = {"2026-Q1": 30, "2026-Q2": 20, "2026-Q3": 25, "2026-Q4": 53}
    for key, value in work.items():
        report_and_approve(program, periods[key], {machines: value}, province=province)
    sums = {**work, "2026-6T": 50, "2026-9T": 75, "2026": 128, "2026-2027": 128}
    if planned:
        for key in sums:
            plan(program, machines, periods[key], 10, province=province)

    recompute_marked()

    for scope in ("reported", "current", "region", "nation"):
        rows = Attainment.objects.filter(indicator=machines, scope=scope, layer="official")
        assert {each.period.key: each.actual for each in rows.select_related("period")} == sums


def test_the_two_calendars_cut_the_same_quarter_at_different_days(periods):
    province = ProvinceFactory.create(code="02")
    statistical = national(periods["2026"], "quarter")
    administrative = national(periods["2026-HC"], "quarter")
    units = IndicatorFactory.create(aggregation="distinct", counted="organisation")
    for program, end in ((statistical, ""), (administrative, "-HC")):
        for period in ("2026", "2026-Q1", "2026-Q2", "2026-Q3", "2026-Q4"):
            plan(program, units, periods[f"{period}{end}"], 10, province=province)
        fair = ActivityFactory.create(program=program, province=province)
        for day in (date(2025, 12, 20), date(2026, 3, 14), date(2026, 3, 15), date(2026, 12, 20)):
            take_part(fair, [OrganisationFactory.create(province=province)], day)
        for quarter in range(1, 5):
            report_and_approve(program, periods[f"2026-Q{quarter}{end}"], {}, province=province)

    recompute_marked()

    def counted(key: str) -> Any:
        return row(units, periods[key], province).actual

    # Where nobody took part there is no count, and no zero.
    assert [counted(f"2026-Q{quarter}") for quarter in range(1, 5)] == [2, None, None, 1]
    assert [counted(f"2026-Q{quarter}-HC") for quarter in range(1, 5)] == [2, 1, None, None]
    assert (counted("2026"), counted("2026-HC")) == (3, 3)


def test_the_administrative_year_begins_on_15_december_for_figures_and_plans(periods):
    province = ProvinceFactory.create(code="02")
    program = national(periods["2026-HC"], "quarter")
    machines = IndicatorFactory.create(entry_mode="cumulative")
    first = plan(program, machines, periods["2026-HC"], 100, province=province)
    revise(first, 200, date(2026, 12, 20))
    for key, to_date in {"2026-Q1-HC": 30, "2026-Q2-HC": 50}.items():
        report_and_approve(program, periods[key], {machines: to_date}, province=province)

    recompute_marked()

    quarter = row(machines, periods["2026-Q1-HC"], province)
    assert (quarter.actual, quarter.year_percent) == (30, 30)  # it begins with its year
    assert row(machines, periods["2026-6T-HC"], province).year_percent == 50
    year = row(machines, periods["2026-HC"], province)
    assert (year.plan.version, year.percent) == (first, 50)  # closed six days before the revision
    assert find(machines, periods["2026"], province) is None


def test_what_is_approved_half_an_hour_into_april_in_ha_noi_is_of_quarter_1(ha_noi, periods):
    program = local(ha_noi, periods["2026"], "quarter")
    machines = IndicatorFactory.create()
    first = plan(program, machines, periods["2026-Q1"], 50, decided_on=date(2026, 1, 15))
    revise(first, 64, date(2026, 4, 1))
    report = report_and_send(program, periods["2026-Q1"], {machines: 64})
    at = datetime(2026, 4, 1, 0, 30, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))
    assert at == datetime(2026, 3, 31, 17, 30, tzinfo=UTC)

    edition = approve(report, by=clerk(), at=at)
    recompute_marked()

    edition.refresh_from_db()
    assert timezone.localdate(edition.approved_at) == date(2026, 4, 1)
    quarter = row(machines, periods["2026-Q1"], ha_noi)
    assert (quarter.actual, quarter.percent) == (64, 128)  # the plan of 31 March
    assert find(machines, periods["2026-Q2"], ha_noi) is None


def test_a_full_rebuild_tells_the_same_story(periods):
    program = national(periods["2026"], "month")
    machines = IndicatorFactory.create()
    provinces = [ProvinceFactory.create(code=code) for code in ("02", "04")]
    for province in provinces:
        plan(program, machines, periods["2026"], 100, province=province)
    months = [periods[f"2026-{month:02}"] for month in range(1, 13)]
    approve_in_bulk(
        program, machines, {(province, month): 7 for province in provinces for month in months}
    )
    recompute_marked()

    run = recompute_all()

    assert run.rows_changed == 0
    leaves = Attainment.objects.filter(indicator=machines, scope="reported", period__kind="month")
    assert (
        leaves.aggregate(Sum("actual"))["actual__sum"] == nation(machines, periods["2026"]).actual
    )

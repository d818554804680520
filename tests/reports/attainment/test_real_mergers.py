"""The real units: 63 until 30/06/2025, 34 after; codes that name another province later.

What belongs to what is read here from programs/data/provinces.csv, not from the database.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date
from random import Random

import pytest
from django.db import transaction
from django.db.models import Sum
from pytest_django import DjangoDbBlocker

from programs.catalogues import DATA
from programs.models import Indicator, Period, Province
from reports.attainment.recompute import recompute_marked
from reports.models import Attainment, Scope
from tests.factories import IndicatorFactory
from tests.reports.attainment.story import (
    approve_in_bulk,
    current,
    find,
    nation,
    national,
    region,
    row,
)

pytestmark = pytest.mark.django_db

Key = tuple[str, str]  # code and first day: what a unit is

# The reports of one indicator: who reported for which quarter.
QUARTERS = {
    "2024-Q4": date(2024, 12, 31),
    "2025-Q1": date(2025, 3, 31),
    "2025-Q2": date(2025, 6, 30),
    "2025-Q3": date(2025, 9, 30),
}


def file_rows() -> list[dict[str, str]]:
    with (DATA / "provinces.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def now_of() -> dict[Key, Key]:
    """For every unit the unit that stands there now."""
    rows = {(row["code"], row["valid_from"]): row for row in file_rows()}

    def last(key: Key) -> Key:
        row = rows[key]
        return (
            last((row["successor_code"], row["successor_from"])) if row["successor_code"] else key
        )

    return {key: last(key) for key in rows}


@pytest.fixture(scope="module")
def indicator(catalogue_rows: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Indicator]:
    """Every unit that stands at the end of a quarter has a figure that no sum can imitate."""
    with django_db_blocker.unblock(), transaction.atomic():
        chance = Random(202)
        indicator = IndicatorFactory.create()
        program = national(Period.objects.get(key="2021-2025"), "quarter")
        done = {
            (unit, Period.objects.get(key=key)): chance.randrange(10**10, 10**11)
            for key, day in QUARTERS.items()
            for unit in Province.objects.on(day)
        }
        approve_in_bulk(program, indicator, done)
        recompute_marked()
        yield indicator
        transaction.set_rollback(True)


def unit(code: str, valid_from: str) -> Province:
    return Province.objects.get(code=code, valid_from=valid_from)


def period(key: str) -> Period:
    return Period.objects.get(key=key)


def reported(indicator: Indicator, key: str) -> dict[Key, int]:
    """What was typed for a quarter, by unit."""
    figures = indicator.figures.filter(period__key=key).select_related("province")
    return {
        (each.province.code, each.province.valid_from.isoformat()): int(each.value)
        for each in figures
    }


@pytest.mark.parametrize("key", [*QUARTERS, "2025-6T", "2025-9T", "2024", "2025", "2021-2025"])
def test_the_nation_is_the_same_in_both_views_and_by_region(indicator, key):
    rows = Attainment.objects.filter(indicator=indicator, period__key=key)
    inside = {"2025-6T": 2, "2025-9T": 3, "2024": 1, "2025": 3, "2021-2025": 4}.get(key, 1)

    totals = {
        scope: rows.filter(scope=scope).aggregate(Sum("actual"))["actual__sum"] for scope in Scope
    }

    assert len(set(totals.values())) == 1
    assert totals[Scope.NATION] is not None
    assert rows.filter(scope=Scope.CURRENT).count() == 34
    answered = rows.filter(scope=Scope.NATION).get().leaves_reported
    assert answered == {1: 34 if key == "2025-Q3" else 63, 2: 126, 3: 160, 4: 223}[inside]


@pytest.mark.parametrize(
    ("key", "units"), [("2024-Q4", 63), ("2025-Q2", 63), ("2025-Q3", 34), ("2025-6T", 63),
                       ("2025-9T", 34), ("2025", 34)]
)  # fmt: skip
def test_expected_are_the_units_that_stand_at_the_end(indicator, key, units):
    whole = nation(indicator, period(key))
    assert (whole.units_reported, whole.units_expected) == (units, units)


def test_every_current_unit_is_the_sum_of_exactly_its_lineage(indicator):
    owner = now_of()
    for key in QUARTERS:
        expected: dict[Key, int] = {}
        for each, value in reported(indicator, key).items():
            expected[owner[each]] = expected.get(owner[each], 0) + value

        stored = Attainment.objects.filter(
            indicator=indicator, period__key=key, scope=Scope.CURRENT
        ).select_related("province")

        assert {
            (each.province.code, each.province.valid_from.isoformat()): each.actual
            for each in stored
        } == expected


def test_new_lam_dong_is_itself_and_three_predecessors(indicator):
    lam_dong = unit("68", "2025-07-01")
    second, third = (reported(indicator, key) for key in ("2025-Q2", "2025-Q3"))
    before = sum(second[code, "2008-08-01"] for code in ("67", "60", "68"))

    assert current(indicator, period("2025-Q2"), lam_dong).actual == before
    assert current(indicator, period("2025-Q3"), lam_dong).actual == third["68", "2025-07-01"]
    found = current(indicator, period("2025-9T"), lam_dong)
    first = sum(reported(indicator, "2025-Q1")[code, "2008-08-01"] for code in ("67", "60", "68"))
    assert found.actual == first + before + third["68", "2025-07-01"]
    assert (found.units_reported, found.units_expected) == (1, 1)
    assert (found.leaves_reported, found.leaves_expected) == (7, 7)


@pytest.mark.parametrize(
    ("code", "before", "after"),
    [
        ("15", "Yên Bái", "Lào Cai"),
        ("24", "Bắc Giang", "Bắc Ninh"),
        ("44", "Quảng Bình", "Quảng Trị"),
        ("52", "Bình Định", "Gia Lai"),
        ("80", "Long An", "Tây Ninh"),
        ("82", "Tiền Giang", "Đồng Tháp"),
        ("91", "Kiên Giang", "An Giang"),
    ],
)
def test_a_code_used_again_mixes_nothing(indicator, code, before, after):
    old, new = unit(code, "2008-08-01"), unit(code, "2025-07-01")
    assert (old.name, new.name) == (before, after)
    namesake = Province.objects.get(name=after, valid_to=date(2025, 6, 30))
    second, third = (reported(indicator, key) for key in ("2025-Q2", "2025-Q3"))

    half, nine = period("2025-6T"), period("2025-9T")

    assert row(indicator, period("2025-Q2"), old).actual == second[code, "2008-08-01"]
    assert row(indicator, period("2025-Q2"), namesake).actual == second[namesake.code, "2008-08-01"]
    assert row(indicator, nine, new).actual == third[code, "2025-07-01"]
    assert find(indicator, half, new) is None
    assert find(indicator, period("2025-Q3"), old) is None
    for gone in (old, namesake):
        assert find(indicator, half, gone, Scope.CURRENT) is None
    both = second[code, "2008-08-01"] + second[namesake.code, "2008-08-01"]
    assert current(indicator, period("2025-Q2"), new).actual == both


def test_regions_are_those_of_the_units_that_stand_now(indicator):
    regions = {(row["code"], row["valid_from"]): row["region"] for row in file_rows()}
    owner = now_of()
    expected: dict[str, int] = {}
    for each, value in reported(indicator, "2025-Q2").items():
        name = regions[owner[each]]
        expected[name] = expected.get(name, 0) + value

    stored = Attainment.objects.filter(
        indicator=indicator, period__key="2025-Q2", scope=Scope.REGION
    )

    assert {each.region: each.actual for each in stored} == expected
    assert "Tây Nguyên" not in expected  # a region of the 63
    # Bình Thuận reported from the old coast; its figure is of the region of new Lâm Đồng.
    coast = region(indicator, period("2025-Q2"), "Duyên hải Nam Trung Bộ và Tây Nguyên")
    assert coast.units_expected == sum(
        regions[owner[each]] == coast.region for each in reported(indicator, "2025-Q2")
    )


def test_thua_thien_hue_goes_on_as_hue(indicator):
    before, after = unit("46", "2008-08-01"), unit("46", "2025-01-01")

    last = current(indicator, period("2024-Q4"), after)
    first = current(indicator, period("2025-Q1"), after)
    stage = current(indicator, period("2021-2025"), after)

    assert last.actual == row(indicator, period("2024-Q4"), before).actual
    assert (last.units_reported, last.units_expected, last.leaves_expected) == (1, 1, 1)
    assert first.actual == row(indicator, period("2025-Q1"), after).actual
    assert (stage.units_expected, stage.leaves_expected) == (1, 20)  # every quarter is due once


def test_dong_nai_becomes_a_city_in_april_2026(catalogue_rows):
    program = national(period("2026-2030"), "quarter")
    classes = IndicatorFactory.create()
    province, city = unit("75", "2025-07-01"), unit("75", "2026-04-30")
    first, second = period("2026-Q1"), period("2026-Q2")
    approve_in_bulk(program, classes, {(province, first): 5, (province, second): 2,
                                       (city, second): 7})  # fmt: skip

    recompute_marked()

    assert current(classes, first, city).actual == 5
    quarter = current(classes, second, city)
    assert (quarter.actual, quarter.units_reported, quarter.units_expected) == (9, 1, 1)
    assert (quarter.leaves_expected, quarter.leaves_unexpected) == (2, 1)
    half = nation(classes, period("2026-6T"))
    assert (half.actual, half.units_expected) == (14, 34)
    assert (half.leaves_reported, half.leaves_expected) == (3, 34 + 34 + 1)


def test_july_2025_expects_34_units_and_june_63(catalogue_rows):
    program = national(period("2021-2025"), "month")
    classes = IndicatorFactory.create()
    alone = unit("01", "2008-08-01")
    months = [period(key) for key in ("2025-06", "2025-07")]
    approve_in_bulk(program, classes, {(alone, month): 5 for month in months})

    recompute_marked()

    owed = [
        (whole.units_expected, whole.leaves_expected)
        for whole in (nation(classes, month) for month in months)
    ]
    assert owed == [(63, 63), (34, 34)]
    assert nation(classes, period("2025")).leaves_expected == 6 * 63 + 6 * 34

"""What every installation has, loaded from the real files."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest

from programs.catalogues import load_catalogues
from programs.models import ContentGroup, Indicator, Lineage, Period, Province

pytestmark = pytest.mark.django_db


def test_loading_twice_writes_nothing_the_second_time(catalogue_rows, db):
    assert {each.what: each.written for each in load_catalogues()} == {
        "tỉnh, thành phố qua các thời kỳ": 0,
        "kỳ báo cáo, hai lịch": 0,
        "văn bản": 0,
        "nội dung hoạt động": 0,
        "chỉ tiêu quốc gia": 0,
    }


@pytest.mark.parametrize(
    ("day", "units"),
    [
        (date(2011, 1, 1), 63),
        (date(2024, 12, 31), 63),
        (date(2025, 1, 1), 63),
        (date(2025, 6, 30), 63),
        (date(2025, 7, 1), 34),
        (date(2026, 4, 30), 34),
        (date(2026, 11, 22), 34),
    ],
)
def test_there_are_63_units_until_june_2025_and_34_after(catalogue_rows, db, day, units):
    assert Province.objects.on(day).count() == units


def test_every_old_unit_leads_to_exactly_one_unit_of_today(catalogue_rows, db):
    assert Province.objects.count() == 88
    today = Lineage.objects.filter(unit__valid_to=None)
    assert sorted(today.values_list("part", flat=True)) == sorted(
        Province.objects.values_list("pk", flat=True)
    )


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Lâm Đồng", {"Lâm Đồng", "Đắk Nông", "Bình Thuận"}),
        ("TP", {"Hồ Chí Minh", "Bình Dương", "Bà Rịa - Vũng Tàu"}),
        ("Đồng Nai", {"Đồng Nai", "Bình Phước"}),  # through two changes: merger, then city
        ("Hà Nội", {"Hà Nội"}),
    ],
)
def test_a_merged_province_contains_its_predecessors(catalogue_rows, db, name, parts):
    unit = Province.objects.get(valid_to=None, name="Hồ Chí Minh" if name == "TP" else name)
    found = {lineage.part.name for lineage in unit.parts.select_related("part")}
    assert found == parts


def test_a_code_names_another_province_after_the_merger(catalogue_rows, db):
    by_day = {
        day: Province.objects.on(day).get(code="15").name
        for day in (date(2025, 6, 30), date(2025, 7, 1))
    }
    assert list(by_day.values()) == ["Yên Bái", "Lào Cai"]


def test_the_nine_contents_of_the_decree_are_there(catalogue_rows, db):
    groups = ContentGroup.objects.filter(version="NĐ 45/2012")
    assert list(groups.values_list("number", flat=True)) == list(range(1, 10))


def test_every_ratio_of_the_catalogue_has_two_parts_that_add_up(catalogue_rows, db):
    ratios = Indicator.objects.filter(aggregation="ratio").select_related(
        "numerator", "denominator"
    )
    assert ratios
    for ratio in ratios:
        assert ratio.numerator.aggregation in ("flow", "stock")
        assert ratio.denominator.aggregation in ("flow", "stock")


@pytest.mark.parametrize(
    ("key", "starts", "ends"),
    [
        ("2026-03", date(2026, 3, 1), date(2026, 3, 31)),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("2026-Q2", date(2026, 4, 1), date(2026, 6, 30)),
        ("2026-6T", date(2026, 1, 1), date(2026, 6, 30)),
        ("2026-9T", date(2026, 1, 1), date(2026, 9, 30)),
        ("2026", date(2026, 1, 1), date(2026, 12, 31)),
        ("2026-8T", date(2026, 1, 1), date(2026, 8, 31)),
        ("2016-2020", date(2016, 1, 1), date(2020, 12, 31)),
        # The administrative calendar runs from the 15th to the 14th (NĐ 09/2019).
        ("2026-03-HC", date(2026, 2, 15), date(2026, 3, 14)),
        ("2026-01-HC", date(2025, 12, 15), date(2026, 1, 14)),
        ("2026-Q2-HC", date(2026, 3, 15), date(2026, 6, 14)),
        ("2026-6T-HC", date(2025, 12, 15), date(2026, 6, 14)),
        ("2026-9T-HC", date(2025, 12, 15), date(2026, 9, 14)),
        ("2026-HC", date(2025, 12, 15), date(2026, 12, 14)),
    ],
)
def test_a_period_has_the_dates_of_its_calendar(catalogue_rows, db, key, starts, ends):
    period = Period.objects.get(key=key)
    assert (period.starts_on, period.ends_on, period.cutoff_on) == (starts, ends, ends)


def test_months_tile_every_year_of_both_calendars(catalogue_rows, db):
    for calendar in ("statistical", "administrative"):
        months = list(Period.objects.filter(calendar=calendar, kind="month").order_by("starts_on"))
        assert len(months) == 20 * 12
        for before, after in pairwise(months):
            assert (after.starts_on - before.ends_on).days == 1


def test_no_two_periods_of_one_calendar_have_the_same_span(catalogue_rows, db):
    spans = Period.objects.values_list("calendar", "starts_on", "ends_on")
    assert len(set(spans)) == len(spans)

"""Whatever is reported: the nation is the sum of its units as they were and as they are.

Random units that merge twice in three years, random figures with gaps; what is expected is
counted here in Python.
"""

from __future__ import annotations

from datetime import date
from itertools import product
from random import Random
from typing import Any

import pytest
from django.db.models import Sum

from programs.models import Indicator, Period, Province
from reports.attainment.recompute import recompute_marked
from reports.models import Attainment
from tests.factories import IndicatorFactory, ProvinceFactory
from tests.reports.attainment.story import approve_in_bulk, calendar, nation, national

pytestmark = pytest.mark.django_db


def standing_in_place_of(unit: Province, day: date) -> Province:
    while unit.valid_to is not None and unit.valid_to < day:
        assert unit.successor is not None
        unit = unit.successor
    return unit


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_national_totals_of_both_views_are_equal_for_every_period(seed):
    chance = Random(seed)
    periods = calendar(2024, 2026)
    program = national(periods["2024-2026"], "quarter")
    period, cumulative = (IndicatorFactory.create(entry_mode=m) for m in ("period", "cumulative"))
    units = [unit for code in range(20, 26) for unit in lineage(code, chance)]
    leaves = [periods[f"{year}-Q{n}"] for year, n in product((2024, 2025, 2026), range(1, 5))]
    done = {
        (unit, leaf): chance.randrange(0, 1000)
        for unit in units
        for leaf in leaves
        if unit.valid_from <= leaf.ends_on
        and (unit.valid_to is None or unit.valid_to >= leaf.starts_on)
        and chance.random() < 0.7
    }
    approve_in_bulk(program, period, done)
    other = national(periods["2024-2026"], "quarter")
    approve_in_bulk(other, cumulative, done)

    recompute_marked()

    filled = [
        each
        for each in periods.values()
        if each.calendar == "statistical" and each.kind not in ("month", "to_date")
    ]
    assert len(filled) == 12 + 3 * 3 + 1  # quarters, «6 tháng», «9 tháng» and years, the stage
    for each in filled:
        inside = {
            (unit, leaf): value
            for (unit, leaf), value in done.items()
            if each.starts_on <= leaf.starts_on and leaf.ends_on <= each.ends_on
        }
        assert totals(period, each) == {sum(inside.values())}
        assert len(totals(cumulative, each)) == 1
        whole = nation(period, each)
        due = {
            (unit, leaf)
            for unit, leaf in product(units, leaves)
            if each.starts_on <= leaf.starts_on and leaf.ends_on <= each.ends_on
            if unit.valid_from <= leaf.ends_on
            and (unit.valid_to is None or unit.valid_to >= leaf.ends_on)
        }
        answering = {standing_in_place_of(unit, each.ends_on) for unit, _leaf in inside}
        assert whole.leaves_reported == len(inside)
        assert whole.leaves_expected == len(due | set(inside))
        assert whole.leaves_unexpected == len(set(inside) - due)
        assert whole.units_reported == len(answering)
        assert whole.units_expected == Province.objects.on(each.ends_on).count()


def lineage(code: int, chance: Random) -> list[Province]:
    """A unit that stands now, with up to three that it took over, perhaps again and again."""
    region = chance.choice(("Bắc", "Trung", "Nam"))
    days = sorted(
        chance.sample([date(2024, 7, 1), date(2025, 1, 1), date(2025, 7, 1), date(2026, 5, 1)], 2)
    )
    last = ProvinceFactory.create(code=f"{code}", region=region, valid_from=days[1])
    eve = {"valid_to": date.fromordinal(days[1].toordinal() - 1), "successor": last}
    middle = ProvinceFactory.create(
        code=f"{code}", region=chance.choice(("Bắc", "Nam")), valid_from=days[0], **eve
    )
    beside = ProvinceFactory.create(code=f"{code + 20}", region="Trung", **eve)
    eve = {"valid_to": date.fromordinal(days[0].toordinal() - 1), "successor": middle}
    first = [
        ProvinceFactory.create(code=f"{code + step}", region="Trung", **eve)
        for step in (40, 60)[: chance.randrange(0, 3)]
    ]
    return [last, middle, beside, *first]


def totals(indicator: Indicator, period: Period) -> set[Any]:
    rows = Attainment.objects.filter(indicator=indicator, period=period, layer="official")
    return {
        rows.filter(scope=scope).aggregate(Sum("actual"))["actual__sum"]
        for scope in ("reported", "current", "region", "nation")
    }

"""A small country for random histories: few units, periods and indicators, one of every kind.

A step of a history computes all of it several times, so it is kept as small as it may be.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import TypeVar

from hypothesis import strategies as st
from hypothesis.strategies import DataObject, SearchStrategy

from accounts.models import User
from programs.calendars import Span, periods_of
from programs.models import ContentGroup, Indicator, Period, Program, Province
from reports.models import FigureState
from tests.factories import (
    ActivityFactory,
    ContentGroupFactory,
    IndicatorFactory,
    OrganisationFactory,
    ProvinceFactory,
    RatioFactory,
)
from tests.reports.attainment.story import Said, clerk, local, national

T = TypeVar("T")
A_DAY = timedelta(days=1)
REGIONS = ("Bắc", "Nam")

# Leaf and stage of a program. A stage by months would have too many periods.
REPORTED_BY = (
    ("quarter", "2024-2025"),
    ("year", "2024-2025"),
    ("month", "2025"),
    ("stage", "2024-2025"),
)

# Ends of leaves of either calendar, and one day within them.
LAST_DAYS = (
    date(2024, 6, 30),
    date(2024, 8, 20),
    date(2024, 12, 14),
    date(2024, 12, 31),
    date(2025, 3, 31),
    date(2025, 6, 14),
    date(2025, 6, 30),
    date(2025, 12, 31),
)

WHOLE_NUMBERS = (1, 2, 3, 7, 10, 64, 1999, 10**11)
FRACTIONS = (Decimal("0.01"), Decimal("33.33"))
WITHOUT_A_NUMBER = (0, FigureState.MISSING, FigureState.NOT_APPLICABLE)


class Idle(Exception):
    """There is nothing of the kind to do."""


@dataclass
class Country:
    """Who draws and who acts; the rest is read from the database, where it can be rolled back."""

    data: DataObject
    by: User
    programs: list[Program] = field(default_factory=list)

    def draw(self, strategy: SearchStrategy[T]) -> T:
        return self.data.draw(strategy)

    def perhaps(self) -> bool:
        return self.draw(st.booleans())

    def one_of(self, things: Iterable[T]) -> T:
        things = list(things)
        if not things:
            raise Idle
        return self.draw(st.sampled_from(things))

    def some_of(self, things: Iterable[T], *, at_most: int) -> list[T]:
        things = list(things)
        if not things:
            raise Idle
        numbers = st.lists(
            st.sampled_from(range(len(things))), min_size=1, max_size=at_most, unique=True
        )
        return [things[number] for number in self.draw(numbers)]

    @property
    def units(self) -> list[Province]:
        return list(Province.objects.order_by("pk"))

    def units_of(self, program: Program) -> list[Province]:
        return list(
            Province.objects.raw(
                "SELECT * FROM programs_province WHERE programs_belongs(%s, id) ORDER BY id",
                [program.province_id],
            )
        )

    def indicators_of(self, unit: int | None) -> list[Indicator]:
        """The nation's, and those of the unit's own catalogue."""
        return list(
            Indicator.objects.raw(
                "SELECT * FROM programs_indicator WHERE programs_belongs(province_id, %s)"
                " ORDER BY id",
                [unit],
            )
        )

    def typed_indicators_of(self, unit: int | None) -> list[Indicator]:
        return [each for each in self.indicators_of(unit) if each.aggregation != "ratio"]

    def number_of(self, indicator: Indicator) -> Said:
        numbers: tuple[Said, ...] = (*WHOLE_NUMBERS, *WITHOUT_A_NUMBER)
        if indicator.decimals:
            numbers += FRACTIONS
        if indicator.aggregation == "rate":
            numbers += (Decimal("-1.5"),)
        return self.draw(st.sampled_from(numbers))


def founded(data: DataObject) -> Country:
    """Five units, two programs and nine indicators; nothing is planned or reported yet."""
    country = Country(data, clerk())
    units = _units(country)
    country.programs = _programs(country, units)
    _indicators(country, units)
    for unit in units:
        OrganisationFactory.create(province=unit)
        OrganisationFactory.create(province=unit, country="Lào")
        ActivityFactory.create(program=country.programs[0], province=unit)
    ActivityFactory.create(program=country.programs[1], province=country.programs[1].province)
    return country


def _units(country: Country) -> list[Province]:
    """Three that always were, of which A may be merged already, and two that begin later."""
    first, second = sorted(country.one_of(LAST_DAYS[:-1]) for _ in range(2))
    new, newer = (
        ProvinceFactory.create(code=code, name=name, region="Nam", valid_from=day + A_DAY)
        for code, name, day in (("21", "M", first), ("22", "N", second))
    )
    gone = {"valid_to": first, "successor": new} if country.perhaps() else {}
    return [
        ProvinceFactory.create(code="11", name="A", region="Bắc", **gone),
        ProvinceFactory.create(code="12", name="B", region="Bắc"),
        ProvinceFactory.create(code="13", name="C", region=country.one_of(REGIONS)),
        new,
        newer,
    ]


def _programs(country: Country, units: list[Province]) -> list[Program]:
    (leaf, stage), (own_leaf, own_stage) = (country.one_of(REPORTED_BY) for _ in range(2))
    ending, own_ending = (country.one_of(("", "-HC")) for _ in range(2))
    by_months = "month" in (leaf, own_leaf)
    periods = {
        span.key: Period(**asdict(span))
        for span in periods_of(2024, 2025, stages=[(2024, 2025)])
        if _is_wanted(span, by_months=by_months)
    }
    Period.objects.bulk_create(periods.values())
    owner = country.one_of(units)
    return [
        national(periods[f"{stage}{ending}"], leaf, code="national", name="national"),
        local(owner, periods[f"{own_stage}{own_ending}"], own_leaf, code="local", name="local"),
    ]


def _is_wanted(span: Span, *, by_months: bool) -> bool:
    """Every kind of period, some of them for one year only."""
    match span.kind:
        case "month":
            return by_months and span.year == 2025
        case "to_date":
            return span.year == 2025 and span.number in (2, 5)
    return True


def _indicators(country: Country, units: list[Province]) -> None:
    def indicator(code: str, **fields: object) -> Indicator:
        made: Indicator = IndicatorFactory.create(code=code, name=code, **fields)
        return made

    groups: list[ContentGroup] = [ContentGroupFactory.create(number=each) for each in (1, 2)]
    classes = indicator("classes")
    money = indicator("money", entry_mode="cumulative", decimals=2)
    clusters = indicator("clusters", aggregation="stock")
    waste = indicator("waste", aggregation="stock", decimals=2, direction="lower")
    indicator("growth", aggregation="rate", decimals=2)
    indicator("firms", aggregation="distinct", counted="organisation")
    indicator(
        "lands",
        aggregation="distinct",
        counted="country",
        section="content",
        content_group=groups[0],
        province=country.one_of((None, None, *units)),
    )
    RatioFactory.create(code="cost", name="cost", numerator=money, denominator=classes)
    RatioFactory.create(
        code="density", name="density", numerator=waste, denominator=clusters, ratio_scale=1
    )

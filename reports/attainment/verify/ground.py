"""Where and when: a program's periods and leaves, its units and who of them stands when.

docs/attainment.md, section 1, and what section 8 says of units. Read from programs, periods
and provinces alone; the lineage is followed from successor to successor.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple

from programs.models import Period, Program, Province
from programs.models.period import PeriodKind
from reports.models import Scope

A_DAY = timedelta(days=1)


class Unit(NamedTuple):
    """One province during one span of time."""

    pk: int
    name: str
    region: str
    valid_from: date
    valid_to: date | None
    successor: int | None

    def stands_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    def was_there(self, first: date, last: date) -> bool:
        """Whether it existed on at least one of these days."""
        return self.valid_from <= last and (self.valid_to is None or first <= self.valid_to)


class Place(NamedTuple):
    """What a row speaks of: a unit as it reported or as it is now, a region, or the nation."""

    scope: str
    province: int | None
    region: str


REPORTED, CURRENT, REGION = Scope.REPORTED.value, Scope.CURRENT.value, Scope.REGION.value
NATION = Place(Scope.NATION.value, None, "")


class Dates(NamedTuple):
    """A period of the program's calendar inside its stage."""

    pk: int
    name: str
    kind: str
    year: int
    starts_on: date
    ends_on: date


@dataclass(frozen=True, slots=True, eq=False)
class Span:
    """One such period, and what of it the leaves and the units make."""

    pk: int
    name: str
    starts_on: date
    ends_on: date
    leaves: tuple[int, ...]  # in order; none if they do not fill it to the day
    year: int | None  # beside a to-date period: the period of its whole year
    standing: frozenset[int]  # the program's units that stand at its end
    in_place_of: dict[int, int]  # of every unit: the one standing in its place at the end
    due: dict[int, int]  # of the program's units: how many of the leaves are due

    @property
    def is_leaf(self) -> bool:
        return len(self.leaves) == 1


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    program: Program
    units: dict[int, Unit]  # every unit there ever was
    chains: dict[int, tuple[int, ...]]  # a unit and its successors, the current unit last
    lineage: dict[int, tuple[int, ...]]  # of a current unit: itself and all it took over
    of_region: dict[str, tuple[int, ...]]  # the lineages of its current units
    members: frozenset[int]  # the units of the program
    leaves: dict[int, Dates]  # in order
    year_starts: dict[int, date]
    spans: tuple[Span, ...]
    due: dict[int, frozenset[int]]  # of a member: the leaves due from it
    owed: dict[tuple[int, Place], tuple[int, int]] = field(default_factory=dict)

    def current(self, unit: int) -> int:
        return self.chains[unit][-1]

    def region(self, unit: int) -> str:
        return self.units[self.current(unit)].region

    def first_leaf_start(self, unit: int) -> date:
        """The start of the first leaf in which the unit exists.

        Of a unit that was gone before the first leaf the first day there is; of one that begins
        after the last leaf the last.
        """
        there = self.units[unit].was_there
        leaves = list(self.leaves.values())
        found = (leaf.starts_on for leaf in leaves if there(leaf.starts_on, leaf.ends_on))
        is_late = bool(leaves) and self.units[unit].valid_from > leaves[-1].ends_on
        return next(found, date.max if is_late else date.min)

    def is_of(self, owner: int | None, unit: int) -> bool:
        """Whether what `owner` has is the unit's too: of the nation, or of its own lineage."""
        return owner is None or owner in self.chains[unit] or unit in self.chains[owner]

    def owes(self, span: Span, place: Place) -> tuple[int, int]:
        """How many units of a place stand at the end of the period, and the leaves due from it."""
        owed = self.owed.get((span.pk, place))
        if owed is None:
            units = self.units_of(place)
            owed = self.owed[span.pk, place] = (
                sum(unit in span.standing for unit in units),
                sum(span.due.get(unit, 0) for unit in units),
            )
        return owed

    def units_of(self, place: Place) -> tuple[int, ...]:
        """The units whose reported rows make up a place."""
        if place.scope == NATION.scope:
            return tuple(self.units)
        if place.province is None:
            return self.of_region[place.region]
        return self.lineage[place.province] if place.scope == CURRENT else (place.province,)


def ground_of(program: Program) -> Ground:
    units = {
        row[0]: Unit(*row)
        for row in Province.objects.order_by("pk").values_list(
            "pk", "name", "region", "valid_from", "valid_to", "successor_id"
        )
    }
    chains = {unit: _chain(unit, units) for unit in units}
    lineage: dict[int, tuple[int, ...]] = {}
    for unit, chain in chains.items():
        lineage[chain[-1]] = (*lineage.get(chain[-1], ()), unit)
    of_region: dict[str, tuple[int, ...]] = {}
    for current, parts in lineage.items():
        region = units[current].region
        of_region[region] = of_region.get(region, ()) + parts

    owner = program.province_id
    members = frozenset(
        unit
        for unit, chain in chains.items()
        if owner is None or owner in chain or unit in chains[owner]
    )
    periods = _periods(program)
    leaves = {period.pk: period for period in periods if period.kind == program.leaf_kind}
    due = {
        unit: frozenset(leaf.pk for leaf in leaves.values() if units[unit].stands_on(leaf.ends_on))
        for unit in members
    }
    years = {period.year: period for period in periods if period.kind == PeriodKind.YEAR}
    year_starts = {year: period.starts_on for year, period in years.items()}
    for leaf in leaves.values():
        year_starts.setdefault(leaf.year, leaf.starts_on)

    spans = []
    for period in periods:
        filling = _leaves_filling(period, leaves)
        spans.append(
            Span(
                pk=period.pk,
                name=period.name,
                starts_on=period.starts_on,
                ends_on=period.ends_on,
                leaves=filling,
                year=_year_beside(period, years),
                standing=frozenset(
                    unit for unit in members if units[unit].stands_on(period.ends_on)
                ),
                in_place_of={
                    unit: _in_place(chain, period.ends_on, units) for unit, chain in chains.items()
                },
                due={unit: len(due[unit].intersection(filling)) for unit in members},
            )
        )
    return Ground(
        program=program,
        units=units,
        chains=chains,
        lineage=lineage,
        of_region=of_region,
        members=members,
        leaves=leaves,
        year_starts=year_starts,
        spans=tuple(spans),
        due=due,
    )


def _periods(program: Program) -> list[Dates]:
    """Periods of the program's calendar inside its stage, in the order of their days."""
    first, last = Period.objects.values_list("starts_on", "ends_on").get(pk=program.stage_id)
    rows = Period.objects.order_by("starts_on", "ends_on", "pk").values_list(
        "pk", "name", "kind", "year", "starts_on", "ends_on", "calendar"
    )
    return [
        Dates(*row[:6])
        for row in rows
        if row[6] == program.calendar and first <= row[4] and row[5] <= last
    ]


def _chain(unit: int, units: dict[int, Unit]) -> tuple[int, ...]:
    chain = [unit]
    while (successor := units[chain[-1]].successor) is not None:
        chain.append(successor)
    return tuple(chain)


def _in_place(chain: tuple[int, ...], day: date, units: dict[int, Unit]) -> int:
    """The first of the chain that is not yet gone on `day`; the last if all are."""
    for unit in chain:
        valid_to = units[unit].valid_to
        if valid_to is None or day <= valid_to:
            return unit
    return chain[-1]


def _leaves_filling(period: Dates, leaves: dict[int, Dates]) -> tuple[int, ...]:
    """The leaves that make up the period, day by day; none if they leave a gap."""
    if period.pk in leaves:
        return (period.pk,)
    inside = [
        leaf
        for leaf in leaves.values()
        if period.starts_on <= leaf.starts_on and leaf.ends_on <= period.ends_on
    ]
    next_day = period.starts_on
    for leaf in inside:
        if leaf.starts_on != next_day:
            return ()
        next_day = leaf.ends_on + A_DAY
    return tuple(leaf.pk for leaf in inside) if next_day == period.ends_on + A_DAY else ()


def _year_beside(period: Dates, years: dict[int, Dates]) -> int | None:
    """The year of a to-date period: one that begins with it and is neither it nor a stage."""
    year = years.get(period.year)
    if year is None or period.kind in (PeriodKind.STAGE, PeriodKind.YEAR):
        return None
    return year.pk if period.starts_on == year.starts_on else None

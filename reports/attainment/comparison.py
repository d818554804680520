"""With what a stored row is compared, and what comes of it. Read from stored rows, never stored.

«So với kỳ trước», «cùng kỳ» and «giai đoạn trước» are three bases of one row. The rules are in
docs/attainment.md, section 9.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from django.db.models import Exists, OuterRef

from programs.models import Lineage, Period, Province
from programs.models.period import PeriodKind
from reports.attainment.arithmetic import Comparison, NoComparison, compare, points
from reports.attainment.stored import (
    Cell,
    Place,
    at_places,
    cell_of,
    exact_actual,
    is_complete,
    place_of,
)
from reports.models import Attainment, Layer, Scope

# Of a «%» indicator the outcome is a difference in percentage points.
Outcome = Comparison | Fraction | NoComparison


@dataclass(frozen=True, slots=True)
class Base:
    """An earlier period, its row (None: nothing is stored of it) and what the comparison gives."""

    period: Period
    row: Attainment | None
    outcome: Outcome
    adds_predecessors: bool  # the row is of today's area, in which predecessors are added up

    @property
    def actual(self) -> Decimal | None:
        """As stored, in the indicator's unit."""
        return None if self.row is None else self.row.actual


@dataclass(frozen=True, slots=True)
class Bases:
    """The bases of one row; None where its kind of period has no such base, or no such period.

    Of a year, the period before is the year before: one base under two names.
    """

    previous: Base | None = None  # «so với kỳ trước»
    year_before: Base | None = None  # «so với cùng kỳ»
    stage_before: Base | None = None  # «so với giai đoạn trước»

    @property
    def leading(self) -> Base | None:
        """The one that a table and a report show."""
        return self.stage_before or self.year_before

    def __iter__(self) -> Iterator[Base]:
        """Each base once."""
        if self.previous is not self.year_before and self.previous is not None:
            yield self.previous
        yield from filter(None, (self.year_before, self.stage_before))


def bases_of(rows: Iterable[Attainment]) -> dict[int, Bases]:
    """Return the bases of stored rows by pk; bases are of the official layer.

    At most three queries, however many rows; the rows bring their indicator, program, period
    and province along (`of_program_page`).
    """
    shown = list(rows)
    periods = _periods_before(shown)
    searches = [
        _search(row, periods[identity])
        for row in shown
        for identity in {each(row.period) for each in _BEFORE} & set(periods)
    ]
    stored = _Stored(searches)
    bases = {(each.row.pk, each.period.pk): _base(each, stored) for each in searches}

    def base(row: Attainment, identity: _Identity | None) -> Base | None:
        period = periods.get(identity)
        return None if period is None else bases[row.pk, period.pk]

    return {
        row.pk: Bases(
            previous=base(row, _previous(row.period)),
            year_before=base(row, _year_before(row.period)),
            stage_before=base(row, _stage_before(row.period)),
        )
        for row in shown
    }


class _Identity(NamedTuple):
    calendar: str
    kind: str
    year: int
    number: int


_LAST_IN_YEAR = {PeriodKind.MONTH.value: 12, PeriodKind.QUARTER.value: 4, PeriodKind.YEAR.value: 1}


def _previous(period: Period) -> _Identity | None:
    """None for periods that overlap or have gaps between them: halves, nine months, stages."""
    last = _LAST_IN_YEAR.get(period.kind)
    if last is None:
        return None
    if period.number > 1:
        return _Identity(period.calendar, period.kind, period.year, period.number - 1)
    return _Identity(period.calendar, period.kind, period.year - 1, last)


def _year_before(period: Period) -> _Identity | None:
    if period.kind == PeriodKind.STAGE:
        return None
    return _Identity(period.calendar, period.kind, period.year - 1, period.number)


def _stage_before(period: Period) -> _Identity | None:
    if period.kind != PeriodKind.STAGE:
        return None
    return _Identity(period.calendar, period.kind, period.year - period.number, period.number)


_BEFORE = (_previous, _year_before, _stage_before)


def _periods_before(rows: Sequence[Attainment]) -> dict[_Identity | None, Period]:
    """The periods that exist, by identity. One query."""
    wanted = {each(row.period) for row in rows for each in _BEFORE} - {None}
    near = Period.objects.filter(
        calendar__in={identity.calendar for identity in wanted if identity},
        kind__in={identity.kind for identity in wanted if identity},
        year__in={identity.year for identity in wanted if identity},
    )
    found = {_Identity(each.calendar, each.kind, each.year, each.number): each for each in near}
    return {identity: period for identity, period in found.items() if identity in wanted}


@dataclass(frozen=True, slots=True)
class _Search:
    """For the base of `row` in `period`: at which places to look, and what is in the way of it."""

    row: Attainment
    period: Period
    places: Sequence[Place]
    obstacle: NoComparison | None = None


def _search(row: Attainment, before: Period) -> _Search:
    """A unit that reported is compared with itself where it stood all the time.

    If it was formed since the start of the earlier period, its area of then is found only among
    today's units, which add up their predecessors; so it must be one of them.
    """
    itself, unit = place_of(row), row.province
    if row.scope != Scope.REPORTED or unit is None:
        return _Search(row, before, [itself])
    of_today = itself._replace(scope=Scope.CURRENT.value)
    stands_to_the_end = unit.valid_to is None or unit.valid_to >= row.period.ends_on
    if not stands_to_the_end or unit.valid_from > row.period.starts_on:
        # It has only a part of the period to show.
        return _Search(row, before, [itself, of_today], NoComparison.PARTIAL)
    if unit.valid_from <= before.starts_on:
        return _Search(row, before, [itself])
    if unit.successor_id is None:
        return _Search(row, before, [of_today])
    return _Search(row, before, [], NoComparison.BOUNDARY)


def _base(search: _Search, stored: _Stored) -> Base:
    before = stored.row(search)
    obstacle = search.obstacle
    if before is not None and stored.area_changed(search, before):
        obstacle = NoComparison.BOUNDARY
    return Base(
        search.period,
        before,
        outcome=_outcome(search.row, before, obstacle),
        adds_predecessors=before is not None and before.scope != search.row.scope,
    )


def _outcome(row: Attainment, before: Attainment | None, obstacle: NoComparison | None) -> Outcome:
    """Both must be complete: one year of five against five is a fall that nobody has seen."""
    actual = exact_actual(row)
    if actual is None:
        return NoComparison.NOT_REPORTED
    if obstacle is NoComparison.BOUNDARY:
        return obstacle
    base = None if before is None else exact_actual(before)
    if before is None or base is None:
        return NoComparison.NO_BASE
    if obstacle is not None or not (is_complete(row) and is_complete(before)):
        return NoComparison.PARTIAL
    if row.indicator.is_percentage:
        return points(actual, base)
    return compare(actual, base, minimum_base=row.indicator.minimum_base)


class _Stored:
    """The rows of the earlier periods, and where areas have changed. Two queries."""

    def __init__(self, searches: Sequence[_Search]) -> None:
        rows = [search.row for search in searches]
        found = Attainment.objects.filter(
            at_places(place for search in searches for place in search.places),
            program__in={program for row in rows for program in _programs(row)},
            indicator__in={row.indicator_id for row in rows},
            period__in={search.period.pk for search in searches},
            layer=Layer.OFFICIAL,
        )
        joined = found.select_related("indicator", "program").order_by()
        self.rows = {cell_of(row): row for row in joined}
        self.joined = _units_joined(self.rows.values())

    def row(self, search: _Search) -> Attainment | None:
        """The row at the place, in the program itself or else in the one that it follows."""
        row = search.row
        for place in search.places:
            for program in _programs(row):
                cell = Cell(program, row.indicator_id, search.period.pk, place)
                if cell in self.rows:
                    return self.rows[cell]
        return None

    def area_changed(self, search: _Search, before: Attainment) -> bool:
        """Whether the area of `before` grew since by units that its program never spoke of.

        A province's own program has no figures of those that the province was merged with.
        """
        return before.scope == Scope.CURRENT and any(
            search.period.starts_on <= day < search.row.period.ends_on
            for day in self.joined[before.program.province_id]
        )


def _programs(row: Attainment) -> list[int]:
    """The program of `row` and the one that it follows."""
    return [each for each in (row.program_id, row.program.follows_id) if each is not None]


def _units_joined(rows: Iterable[Attainment]) -> defaultdict[int | None, list[date]]:
    """By province that owns a program, the last days of the units from outside that joined it."""
    joined: defaultdict[int | None, list[date]] = defaultdict(list)
    owners = {
        row.program.province_id
        for row in rows
        if row.scope == Scope.CURRENT and row.program.province_id is not None
    }
    if not owners:
        return joined
    has_an_owner = Lineage.objects.filter(unit=OuterRef("unit"), part__in=owners)
    parts: defaultdict[int, dict[int, Province]] = defaultdict(dict)
    for pair in Lineage.objects.filter(Exists(has_an_owner)).select_related("part"):
        parts[pair.unit_id][pair.part_id] = pair.part
    for owner in owners:
        # The owner, what it took over and what took it over: these report for its program.
        line = {*parts[owner], *(unit for unit, within in parts.items() if owner in within)}
        joined[owner] = [
            part.valid_to
            for unit in line & set(parts)
            for part in parts[unit].values()
            if part.successor_id == unit and part.pk not in line and part.valid_to is not None
        ]
    return joined

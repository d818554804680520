"""How far a period has brought its year and its stage, and what other plans would say of it.

Read from stored rows, never stored. The rules are in docs/attainment.md, sections 6, 7 and 9.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from django.db.models import OuterRef, Q, Subquery
from django.db.models.lookups import IsNull
from django.utils import timezone

from programs.models import Indicator, Lineage, Period, TargetVersion
from programs.models.indicator import Aggregation
from programs.models.period import PeriodKind
from programs.planning import Direction
from reports.attainment.arithmetic import NoPercentage, is_eased, percentage
from reports.attainment.stored import (
    Cell,
    added_up,
    at_places,
    cell_of,
    done_in,
    place_of,
)
from reports.models import Attainment, Edition, Expectation, Layer, OfficialPlan, Scope

# The periods that begin with the year, by which «lũy kế» is told: one for the end of each month.
TO_DATE = Q(
    kind__in=(PeriodKind.TO_DATE, PeriodKind.HALF, PeriodKind.NINE_MONTHS, PeriodKind.YEAR)
) | Q(kind__in=(PeriodKind.MONTH, PeriodKind.QUARTER), number=1)


def to_date_rows(rows: Iterable[Attainment]) -> dict[int, Attainment]:
    """Return the «lũy kế từ đầu năm» of stored rows by pk; none where nothing is stored.

    It is on the layer of the row, or official where that layer has nothing of its own. A row of
    a to-date period is its own. Two queries; the rows bring their period along.
    """
    shown = list(rows)
    periods = _to_date_periods(shown)
    stored = _Stored(shown, periods.values())
    found = {row.pk: stored.row(row, periods[_end(row)]) for row in shown if _end(row) in periods}
    return {pk: to_date for pk, to_date in found.items() if to_date is not None}


@dataclass(frozen=True, slots=True)
class StageToDate:
    """A program's stage from its start to the end of `until`, in the indicator's unit.

    `rows` are what was added, so far as it is stored: the years before and the to-date row.
    `plan` is the stage's plan in force at the end of `until`; None if there is none.
    """

    until: Period
    rows: Sequence[Attainment]
    done: Fraction | NoPercentage
    plan: OfficialPlan | None
    percent: Decimal | NoPercentage
    leaves_expected: int
    leaves_reported: int


def stage_to_date(rows: Iterable[Attainment]) -> dict[int, StageToDate]:
    """Return how far the stage has come by the end of each row's period, by pk.

    Flows, and the two sums of ratios of flows, are added: the years before and the to-date
    period. A stock is the to-date row's own. Rates and distinct counts are not added: they have
    a figure in the first year of a stage only. A year of which nothing is stored was not
    reported. A row of a stage says it all itself and gets none.

    At most six queries; the rows bring their indicator, period and program with its stage along.
    """
    within = [row for row in rows if row.period.kind != PeriodKind.STAGE]
    until = _to_date_periods(within)
    shown = [row for row in within if _end(row) in until]
    years = _years_of_stages(shown)
    as_stocks = _added_like_stocks(shown)
    parts: dict[int, list[Period]] = {}
    for row in shown:
        last = until[_end(row)]
        before = [] if row.indicator_id in as_stocks else _years_before(row, last, years)
        parts[row.pk] = [*before, last]

    stages = {row.program.stage for row in shown}
    stored = _Stored(shown, {*until.values(), *years, *stages})
    owed = _Owed(
        (row, part) for row in shown for part in parts[row.pk] if not stored.row(row, part)
    )
    plans = _StagePlans(shown)
    return {row.pk: _stage_so_far(row, parts[row.pk], stored, owed, plans) for row in shown}


def against(row: Attainment, version: TargetVersion) -> Decimal | NoPercentage:
    """Return the percentage of `row` if `version` were its plan, as printed, or why none.

    `version` is one of the same indicator: another source's, an earlier or a registered one.
    """
    return percentage(done_in(row), version.plan, Direction(row.indicator.direction))


def lowered_after_results(versions: Iterable[TargetVersion]) -> set[int]:
    """Return the pks of `versions` that ask for less than the one they replace, after the fact.

    Their day of decision is later than the day, in Việt Nam, on which a report of that program
    for a leaf inside the plan's period was first approved: the place's own, one of its
    predecessors', or for a plan of the nation anyone's. One query.
    """
    parts_of_place = Lineage.objects.filter(unit=OuterRef(OuterRef("target__province")))
    approvals = Edition.objects.filter(
        Q(report__province__in=parts_of_place.values("part"))
        | Q(IsNull(OuterRef("target__province"), True)),
        report__program=OuterRef("target__program"),
        report__period__calendar=OuterRef("target__period__calendar"),
        report__period__starts_on__gte=OuterRef("target__period__starts_on"),
        report__period__ends_on__lte=OuterRef("target__period__ends_on"),
    )
    first = approvals.order_by("approved_at").values("approved_at")[:1]
    replacing = (
        TargetVersion.objects.filter(
            pk__in=[version.pk for version in versions], decided_on__isnull=False
        )
        .select_related("replaces", "target__indicator")
        .annotate(first_approved_at=Subquery(first))
    )
    return {version.pk for version in replacing if _is_lowered(version)}


def _is_lowered(version: TargetVersion) -> bool:
    first_approved_at = getattr(version, "first_approved_at", None)
    if version.replaces is None or version.decided_on is None or first_approved_at is None:
        return False
    direction = Direction(version.target.indicator.direction)
    return version.decided_on > timezone.localdate(first_approved_at) and is_eased(
        version.plan, version.replaces.plan, direction
    )


# Periods


def _end(row: Attainment) -> tuple[str, date]:
    return row.period.calendar, row.period.ends_on


def _to_date_periods(rows: Iterable[Attainment]) -> dict[tuple[str, date], Period]:
    """The to-date periods that end when the periods of `rows` do, by calendar and end."""
    ends = {_end(row) for row in rows}
    found = Period.objects.filter(
        TO_DATE,
        calendar__in={calendar for calendar, _day in ends},
        ends_on__in={day for _calendar, day in ends},
    )
    return {(period.calendar, period.ends_on): period for period in found}


def _years_of_stages(rows: Sequence[Attainment]) -> list[Period]:
    """All years from the start of the first stage on, in their order."""
    if not rows:
        return []
    return list(
        Period.objects.filter(
            kind=PeriodKind.YEAR,
            calendar__in={row.period.calendar for row in rows},
            starts_on__gte=min(row.program.stage.starts_on for row in rows),
            ends_on__lt=max(row.period.ends_on for row in rows),
        ).order_by("starts_on")
    )


def _years_before(row: Attainment, to_date: Period, years: Iterable[Period]) -> list[Period]:
    return [
        year
        for year in years
        if year.calendar == to_date.calendar
        and year.starts_on >= row.program.stage.starts_on
        and year.ends_on < to_date.starts_on
    ]


# Rows


class _Stored:
    """The stored rows of several periods at the places of `rows`. One query."""

    def __init__(self, rows: Sequence[Attainment], periods: Iterable[Period]) -> None:
        found = (
            Attainment.objects.filter(
                at_places(place_of(row) for row in rows),
                program__in={row.program_id for row in rows},
                indicator__in={row.indicator_id for row in rows},
                period__in=[period.pk for period in periods],
                layer__in={Layer.OFFICIAL, *(row.layer for row in rows)},
            )
            .select_related("indicator", "period")
            .order_by()
        )
        self.rows = {(cell_of(row), row.layer): row for row in found}

    def row(self, row: Attainment, period: Period) -> Attainment | None:
        """The row of `period` beside `row`: on its layer, or official where that has none."""
        if period == row.period:
            return row
        cell = Cell(row.program_id, row.indicator_id, period.pk, place_of(row))
        return self.rows.get((cell, row.layer)) or self.rows.get((cell, Layer.OFFICIAL))


class _Owed:
    """Who should have reported for what nothing is stored of. One query, if there is such."""

    def __init__(self, missing: Iterable[tuple[Attainment, Period]]) -> None:
        self.found: defaultdict[tuple[int, int], list[Expectation]] = defaultdict(list)
        cells = {(row.program_id, period.pk) for row, period in missing}
        if not cells:
            return
        for each in Expectation.objects.filter(
            program__in={program for program, _period in cells},
            period__in={period for _program, period in cells},
        ):
            self.found[each.program_id, each.period_id].append(each)

    def leaves(self, row: Attainment, period: Period, *, of_stock: bool) -> int:
        """How many answers the place of `row` owes for `period`; of a stock those at its end."""
        return sum(
            each.stands if of_stock else each.leaves
            for each in self.found[row.program_id, period.pk]
            if _speaks_of(row, each)
        )


def _speaks_of(row: Attainment, expectation: Expectation) -> bool:
    match row.scope:
        case Scope.REPORTED:
            return expectation.province_id == row.province_id
        case Scope.CURRENT:
            return expectation.current_id == row.province_id
        case Scope.REGION:
            return expectation.region == row.region
    return True


class _StagePlans:
    """The plans of the programs' stages at the places of `rows`. One query."""

    def __init__(self, rows: Sequence[Attainment]) -> None:
        self.plans: defaultdict[Cell, list[OfficialPlan]] = defaultdict(list)
        for plan in OfficialPlan.objects.filter(
            at_places(place_of(row) for row in rows),
            program__in={row.program_id for row in rows},
            indicator__in={row.indicator_id for row in rows},
            period__in={row.program.stage_id for row in rows},
        ).select_related("version"):
            self.plans[cell_of(plan)].append(plan)

    def in_force(self, row: Attainment, day: date) -> OfficialPlan | None:
        cell = Cell(row.program_id, row.indicator_id, row.program.stage_id, place_of(row))
        return next(
            (
                plan
                for plan in self.plans[cell]
                if (plan.from_day is None or plan.from_day <= day)
                and (plan.until_day is None or day < plan.until_day)
            ),
            None,
        )


# Sums


def _added_like_stocks(rows: Iterable[Attainment]) -> set[int]:
    """The indicators whose last value is that of a longer period: stocks, and ratios of two."""
    indicators = {row.indicator_id: row.indicator for row in rows}
    ratios = [pk for pk, each in indicators.items() if each.aggregation == Aggregation.RATIO]
    of_stocks = Indicator.objects.filter(pk__in=ratios, numerator__aggregation=Aggregation.STOCK)
    return {
        *of_stocks.values_list("pk", flat=True),
        *(pk for pk, each in indicators.items() if each.aggregation == Aggregation.STOCK),
    }


def _stage_so_far(
    row: Attainment, parts: Sequence[Period], stored: _Stored, owed: _Owed, plans: _StagePlans
) -> StageToDate:
    until = parts[-1]
    found = {part: stored.row(row, part) for part in parts}
    added = [each for each in found.values() if each is not None]
    done = _sum_of(row.indicator, added, is_one_part=len(parts) == 1)
    plan = plans.in_force(row, until.ends_on)
    whole = stored.row(row, row.program.stage)
    unplanned = whole is not None and whole.units_unplanned > 0
    return StageToDate(
        until=until,
        rows=added,
        done=done,
        plan=plan,
        percent=percentage(
            done,
            plan.promise if plan else None,
            Direction(row.indicator.direction),
            plan_is_partial=plan is not None and plan.parts > 0 and unplanned,
        ),
        leaves_expected=sum(
            owed.leaves(row, part, of_stock=row.indicator.aggregation == Aggregation.STOCK)
            if each is None
            else each.leaves_expected
            for part, each in found.items()
        ),
        leaves_reported=sum(each.leaves_reported for each in added),
    )


def _sum_of(
    indicator: Indicator, rows: Sequence[Attainment], *, is_one_part: bool
) -> Fraction | NoPercentage:
    """What `rows` come to; where none has a figure, why not."""
    if is_one_part:
        return done_in(rows[0]) if rows else NoPercentage.NOT_REPORTED
    if indicator.aggregation in (Aggregation.RATE, Aggregation.DISTINCT):
        return NoPercentage.NOT_ADDABLE
    return added_up(indicator, rows)

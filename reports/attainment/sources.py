"""Totals by source of money: KCQG, KCĐP and both. Added up from stored rows when a page asks.

Programs of the two levels never overlap, so their rows are added. The level of a program is its
source.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from django.db.models import Q

from programs.models import Indicator, Period
from programs.models.indicator import Aggregation
from programs.models.program import Level
from programs.planning import Direction, Plan
from reports.attainment.arithmetic import NoPercentage, percentage, sum_of_plans
from reports.attainment.stored import Place, added_up, cell_of, done_in, place_of
from reports.models import Attainment, Layer, Scope
from reports.models.attainment import AttainmentQuerySet


@dataclass(frozen=True, slots=True)
class Total:
    """What the rows of one source come to, in the indicator's unit.

    `programs` counts the programs it speaks of; units and leaves are counted once in each.
    """

    rows: Sequence[Attainment]
    done: Fraction | NoPercentage
    plan: Plan | None  # of several programs, the sum of their plans
    percent: Decimal | NoPercentage
    programs: int
    units_expected: int
    units_reported: int
    leaves_expected: int
    leaves_reported: int
    leaves_provisional: int


@dataclass(frozen=True, slots=True)
class SourceTotals:
    """One indicator; None for a source that has no row of it."""

    indicator: Indicator
    national: Total | None
    local: Total | None
    together: Total


def totals_by_source(
    rows: AttainmentQuerySet, *, place: Place, period: Period, layer: Layer = Layer.OFFICIAL
) -> list[SourceTotals]:
    """Return the totals of each indicator at `place` in `period`, in the order of a report.

    `rows` are those that the reader may see, and only they are added. The nation and a region
    have rows of national programs; there the local ones are added over today's units. A layer's
    missing rows are the official ones. Sample programs are no source. One query.
    """
    found = (
        rows.filter(_of_either_source(place), period=period, layer__in={layer, Layer.OFFICIAL})
        .filter(program__is_sample=False)
        .select_related("indicator", "program", "plan")
        .order_by("indicator__position", "indicator__code", "indicator", "program", "pk")
    )
    # What is on the layer itself replaces the official row of the same cell.
    on_layer = {cell_of(row): row for row in found if row.layer == Layer.OFFICIAL}
    on_layer |= {cell_of(row): row for row in found if row.layer == layer}
    by_indicator: defaultdict[int, list[Attainment]] = defaultdict(list)
    for row in on_layer.values():
        by_indicator[row.indicator_id].append(row)
    return [_totals(each, place) for each in by_indicator.values()]


def _of_either_source(place: Place) -> Q:
    """Rows that make up `place`, none of them part of another."""
    match place.scope:
        case Scope.NATION:
            of_nation, of_units = Q(scope=Scope.NATION), Q(scope=Scope.CURRENT)
        case Scope.REGION:
            of_nation = Q(scope=Scope.REGION, region=place.region)
            of_units = Q(scope=Scope.CURRENT, province__region=place.region)
        case _:
            of_nation = of_units = Q(scope=place.scope, province=place.province)
    return (of_nation & Q(program__level=Level.NATIONAL)) | (
        of_units & Q(program__level=Level.LOCAL)
    )


def _totals(rows: Sequence[Attainment], place: Place) -> SourceTotals:
    def of(level: Level) -> Total | None:
        own = [row for row in rows if row.program.level == level]
        return _total(own, place) if own else None

    return SourceTotals(
        indicator=rows[0].indicator,
        national=of(Level.NATIONAL),
        local=of(Level.LOCAL),
        together=_total(rows, place),
    )


def _total(rows: Sequence[Attainment], place: Place) -> Total:
    done = _done(rows, place)
    plan = _plan(rows)
    return Total(
        rows=rows,
        done=done,
        plan=plan,
        percent=_percent(rows, done, plan),
        programs=len({row.program_id for row in rows}),
        units_expected=sum(row.units_expected for row in rows),
        units_reported=sum(row.units_reported for row in rows),
        leaves_expected=sum(row.leaves_expected for row in rows),
        leaves_reported=sum(row.leaves_reported for row in rows),
        leaves_provisional=sum(row.leaves_provisional for row in rows),
    )


def _done(rows: Sequence[Attainment], place: Place) -> Fraction | NoPercentage:
    """A rate or a distinct count is told only if it is the only one.

    The rate must also be of the whole place: one province's is not the nation's.
    """
    indicator = rows[0].indicator
    if indicator.aggregation not in (Aggregation.RATE, Aggregation.DISTINCT):
        return added_up(indicator, rows)
    answers = [row for row in rows if row.actual is not None or _is_not_addable(row)]
    if not answers:
        return added_up(indicator, rows)
    of_a_part = indicator.aggregation == Aggregation.RATE and place_of(answers[0]) != place
    if len(answers) > 1 or of_a_part:
        return NoPercentage.NOT_ADDABLE
    return done_in(answers[0])


def _is_not_addable(row: Attainment) -> bool:
    return row.no_actual == NoPercentage.NOT_ADDABLE


def _plan(rows: Sequence[Attainment]) -> Plan | None:
    """The plan of the only row, or the sum of plans of flows and stocks; others have no sum."""
    plans = [row.plan.promise for row in rows if row.plan is not None]
    if len(rows) > 1 and rows[0].indicator.aggregation not in (Aggregation.FLOW, Aggregation.STOCK):
        return None
    return sum_of_plans(plans)


def _percent(
    rows: Sequence[Attainment], done: Fraction | NoPercentage, plan: Plan | None
) -> Decimal | NoPercentage:
    planned = any(row.plan is not None for row in rows)
    if not planned:
        return NoPercentage.NO_TARGET
    left_out = any(row.actual is not None and row.plan is None for row in rows)
    is_partial = left_out or any(row.reason == NoPercentage.PLAN_PARTIAL for row in rows)
    if plan is None and not is_partial:
        return done if isinstance(done, NoPercentage) else NoPercentage.NOT_ADDABLE
    direction = Direction(rows[0].indicator.direction)
    return percentage(done, plan, direction, plan_is_partial=is_partial)

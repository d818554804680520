"""The rows that docs/attainment.md asks for, section 8 and all of it together."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from reports.attainment.verify.cells import NOTHING, OFFICIAL, Doings, Done, Rule, done_in
from reports.attainment.verify.ground import (
    CURRENT,
    NATION,
    REGION,
    REPORTED,
    Ground,
    Place,
    Span,
)
from reports.attainment.verify.promises import Promise, Versions, promises_on
from reports.attainment.verify.verdicts import Exact, Verdict, half_up, ratio, verdict


class Cell(NamedTuple):
    """Which row of one indicator."""

    place: Place
    period: int
    layer: str


class Row(NamedTuple):
    """The columns that are compared. Amounts in millionths, percentages in tenths of a point."""

    actual: int | None
    no_actual: str
    numerator: int | None
    denominator: int | None
    plan: Promise | None
    percent: int | None
    reason: str
    standing: str
    year_plan: Promise | None
    year_percent: int | None
    year_reason: str
    units_expected: int
    units_reported: int
    leaves_expected: int
    leaves_reported: int
    leaves_unexpected: int
    leaves_provisional: int
    units_complete: int
    units_unplanned: int
    units_unplanned_in_year: int
    parts_planned: int | None
    complete_planned: int | None
    complete_actual: int | None


class Unit(NamedTuple):
    """A current unit beside its plan, to be compared like for like (section 8)."""

    has_figure: bool
    plan: Promise | None
    has_year_plan: bool  # or is not asked for one: the period is not a to-date one
    complete: int | None  # what it did, if it answered everything due and what it did adds up


class LikeForLike(NamedTuple):
    """Of a place made of current units: those together."""

    complete: int = 0
    unplanned: int = 0
    unplanned_in_year: int = 0
    parts_planned: int | None = None
    complete_planned: int | None = None
    complete_actual: int | None = None


NO_UNITS = LikeForLike()


def rows_of(doings: Doings, versions: Versions, direction: str) -> dict[Cell, Row]:
    """Every row of one indicator, from nothing but what was typed and promised."""
    ground = doings.ground
    rows: dict[Cell, Row] = {}
    for span in ground.spans:
        by_layer = done_in(span, doings)
        plans = _promises(versions, span.pk, span.ends_on, doings)
        year_plans = _promises(versions, span.year, span.ends_on, doings)
        official = by_layer[OFFICIAL]
        for layer, done in by_layer.items():
            places = set(done)
            if layer == OFFICIAL:
                places |= _planned_places(plans, ground)
            units = _current_units(span, official | done, plans, year_plans, doings)
            for place in places:
                compared = _like_for_like(place, units, doings)
                each = done.get(place, NOTHING)
                rows[Cell(place, span.pk, layer)] = _row(
                    each,
                    plans.get(place),
                    year_plans.get(place),
                    doings.rule,
                    direction,
                    _owed(place, span, each, doings),
                    compared,
                )
    return rows


def _promises(
    versions: Versions, period: int | None, day: date, doings: Doings
) -> dict[Place, Promise]:
    if period is None or period not in versions:
        return {}
    return promises_on(day, versions[period], doings.ground, adds_up=doings.rule.adds_up)


def _planned_places(plans: dict[Place, Promise], ground: Ground) -> set[Place]:
    """Where something is planned, and the places made of units for which it is."""
    places = set(plans)
    for place in plans:
        if place.scope == REPORTED and place.province is not None:
            places.add(Place(CURRENT, ground.current(place.province), ""))
            if ground.program.province_id is None:
                places.add(Place(REGION, None, ground.region(place.province)))
                places.add(NATION)
    return places


def _owed(place: Place, span: Span, done: Done, doings: Doings) -> tuple[int, int]:
    """Units and leaves expected (section 8)."""
    units, leaves = doings.ground.owes(span, place)
    leaves_expected = units if doings.rule.of_last_leaf else leaves + done.unexpected
    return max(units, len(done.units)), leaves_expected


def _current_units(
    span: Span,
    done: dict[Place, Done],
    plans: dict[Place, Promise],
    year_plans: dict[Place, Promise],
    doings: Doings,
) -> dict[int, Unit]:
    units = {}
    for place in {**done, **plans}:
        if place.scope == CURRENT and place.province is not None:
            each = done.get(place, NOTHING)
            complete = None
            if doings.rule.adds_up and each.leaves == _owed(place, span, each, doings)[1]:
                complete = each.total
            units[place.province] = Unit(
                has_figure=_value(each, doings.rule)[0] is not None,
                plan=plans.get(place),
                has_year_plan=span.year is None or place in year_plans,
                complete=complete,
            )
    return units


def _like_for_like(place: Place, units: dict[int, Unit], doings: Doings) -> LikeForLike:
    if place.scope == REPORTED:
        return NO_UNITS
    here = [
        unit
        for current, unit in units.items()
        if place == NATION
        or (place.scope == CURRENT and current == place.province)
        or (place.scope == REGION and doings.ground.units[current].region == place.region)
    ]
    planned = [
        (unit.plan.lower, unit.complete)
        for unit in here
        if doings.rule.adds_up and unit.plan is not None and unit.plan.lower is not None
    ]
    complete = [(lower, actual) for lower, actual in planned if actual is not None]
    return LikeForLike(
        complete=len(complete),
        unplanned=sum(unit.has_figure and unit.plan is None for unit in here),
        unplanned_in_year=sum(unit.has_figure and not unit.has_year_plan for unit in here),
        parts_planned=_total([lower for lower, _ in planned]),
        complete_planned=_total([lower for lower, _ in complete]),
        complete_actual=_total([actual for _, actual in complete]),
    )


def _total(amounts: list[int]) -> int | None:
    return sum(amounts) if amounts else None


def _value(done: Done, rule: Rule) -> tuple[Exact | None, str]:
    """The exact figure of a cell, or why there is none."""
    if done.total is None:
        return None, done.reason
    if rule.is_ratio and done.over is not None:
        return ratio(done.total, done.over, rule.scale)
    return (done.total, 1), ""


def _row(
    done: Done,
    plan: Promise | None,
    year_plan: Promise | None,
    rule: Rule,
    direction: str,
    owed: tuple[int, int],
    compared: LikeForLike,
) -> Row:
    value, why = _value(done, rule)
    judged = verdict(
        value,
        why,
        plan,
        direction,
        is_partial=plan is not None and plan.parts > 0 and compared.unplanned > 0,
    )
    of_year = Verdict(None, "", "")
    if year_plan is not None:
        of_year = verdict(
            value,
            why,
            year_plan,
            direction,
            is_partial=year_plan.parts > 0 and compared.unplanned_in_year > 0,
        )
    return Row(
        actual=None if value is None else half_up(*value),
        no_actual=why,
        numerator=done.total if rule.is_ratio else None,
        denominator=done.over if rule.is_ratio else None,
        plan=plan,
        percent=judged.percent,
        reason=judged.reason,
        standing=judged.standing,
        year_plan=year_plan,
        year_percent=of_year.percent,
        year_reason=of_year.reason,
        units_expected=owed[0],
        units_reported=len(done.units),
        leaves_expected=owed[1],
        leaves_reported=done.leaves,
        leaves_unexpected=done.unexpected,
        leaves_provisional=done.provisional,
        units_complete=compared.complete,
        units_unplanned=compared.unplanned,
        units_unplanned_in_year=compared.unplanned_in_year,
        parts_planned=compared.parts_planned,
        complete_planned=compared.complete_planned,
        complete_actual=compared.complete_actual,
    )

"""Percentage, or why there is none, and the conclusion: docs/attainment.md, section 7.

Whole numbers only: a share is a pair of integers until it is printed.
"""

from __future__ import annotations

from typing import NamedTuple

from programs.planning import Direction, Shape
from reports.attainment.verify.answers import MILLION
from reports.attainment.verify.promises import Promise

# A figure as numerator and denominator, in millionths of the indicator's unit.
Exact = tuple[int, int]


class Verdict(NamedTuple):
    percent: int | None  # tenths of a percentage point
    reason: str
    standing: str


def half_up(above: int, below: int) -> int:
    """above ÷ below to the nearest whole number, halves away from zero."""
    if below < 0:
        above, below = -above, -below
    whole = (2 * abs(above) + below) // (2 * below)
    return whole if above >= 0 else -whole


def ratio(above: int, below: int, scale: int) -> tuple[Exact | None, str]:
    """The value of a ratio of two sums, or why it has none."""
    if above < 0 or below < 0:
        return None, "negative"
    if below == 0:
        return None, "zero_denominator"
    return (above * scale * MILLION, below), ""


def verdict(
    done: Exact | None, why: str, promise: Promise | None, direction: str, *, is_partial: bool
) -> Verdict:
    """Judge what was done by a plan. `why` is the reason if nothing was; `is_partial` says that
    the plan is a sum which lacks the plan of a unit that has a figure."""
    if promise is None:
        return Verdict(None, "no_target", "unknown")
    if done is None:
        return Verdict(None, why, "unknown")
    if is_partial:
        return Verdict(None, "plan_partial", "unknown")
    percent, reason = _percent(done, promise, direction)
    return Verdict(percent, reason, _standing(done, promise, direction))


def _is_limit(promise: Promise, direction: str) -> bool:
    one_number = promise.shape in (Shape.EXACT, Shape.ABOUT)
    return promise.shape == Shape.AT_MOST or (one_number and direction == Direction.LOWER)


def _percent(done: Exact, promise: Promise, direction: str) -> tuple[int | None, str]:
    value, unit = done
    if promise.shape == Shape.RANGE:
        return None, "range"
    if _is_limit(promise, direction):
        return _reduction(done, promise)
    if direction == Direction.LOWER:
        return None, "shape_contradicts"
    assert promise.lower is not None  # the database keeps bounds and shapes together
    if value < 0 or promise.lower < 0:
        return None, "negative"
    if promise.lower == 0:
        return None, "outside_plan" if value else "nothing_planned"
    if promise.shape == Shape.ABOVE and value == promise.lower * unit:
        return None, "at_bound"
    return _tenths(value, promise.lower * unit), ""


def _reduction(done: Exact, promise: Promise) -> tuple[int | None, str]:
    """The reduction done ÷ the reduction planned."""
    value, unit = done
    baseline, limit = promise.baseline, promise.upper
    assert limit is not None
    if baseline is None:
        return None, "limit"
    if baseline < 0 or limit < 0 or value < 0:
        return None, "negative"
    if baseline == limit:
        return None, "no_change_planned"
    if baseline < limit:
        return None, "baseline_contradicts"
    return _tenths(baseline * unit - value, (baseline - limit) * unit), ""


def _tenths(above: int, below: int) -> int:
    """Tenths of a percentage point, never 100 before it is reached."""
    tenths = half_up(above * 1000, below)
    return min(tenths, 999) if above < below else tenths


def _standing(done: Exact, promise: Promise, direction: str) -> str:
    value, unit = done
    lower = None if promise.lower is None else promise.lower * unit
    upper = None if promise.upper is None else promise.upper * unit
    if promise.shape == Shape.RANGE:
        assert lower is not None
        assert upper is not None
        if value < lower:
            return "below_range"
        return "above_range" if value > upper else "within_range"
    if _is_limit(promise, direction):
        assert upper is not None
        return "within_limit" if value <= upper else "over_limit"
    assert lower is not None
    if direction == Direction.LOWER or lower == 0:
        return "unknown"
    reached = value > lower if promise.shape == Shape.ABOVE else value >= lower
    return "reached" if reached else "not_reached"

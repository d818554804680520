"""Which plan counts on a day at a place: docs/attainment.md, section 6."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from django.db.models import Q

from programs.models import TargetVersion
from programs.models.target import TargetStatus
from programs.planning import Shape
from reports.attainment.verify.answers import millionths_or_none
from reports.attainment.verify.ground import CURRENT, NATION, REGION, REPORTED, Ground, Place

# A sum has the first shape here that all its parts may have.
SUMS = {
    Shape.EXACT: {Shape.EXACT},
    Shape.ABOUT: {Shape.EXACT, Shape.ABOUT},
    Shape.AT_LEAST: {Shape.EXACT, Shape.ABOUT, Shape.AT_LEAST},
    Shape.ABOVE: {Shape.EXACT, Shape.ABOUT, Shape.AT_LEAST, Shape.ABOVE},
    Shape.RANGE: {Shape.EXACT, Shape.ABOUT, Shape.RANGE},
    Shape.AT_MOST: {Shape.AT_MOST},
}


class Promise(NamedTuple):
    """A plan as it counts somewhere; bounds and baseline are in millionths.

    `version` is None for the sum of `parts` plans.
    """

    version: int | None
    parts: int
    shape: str
    lower: int | None
    upper: int | None
    baseline: int | None
    disputed: bool


class Version(NamedTuple):
    pk: int
    number: int
    decided_on: date | None
    replaces: int | None
    shape: str
    lower: int | None
    upper: int | None
    baseline: int | None

    def promised(self) -> tuple[str, int | None, int | None, int | None]:
        return self.shape, self.lower, self.upper, self.baseline


# The versions of one indicator that may come into force, by period and unit (None: the nation).
Versions = dict[int, dict[int | None, list[Version]]]


def versions_of(ground: Ground, indicator: int) -> Versions:
    """The versions given to the program's units or the nation. Registered ones are wishes."""
    versions: Versions = defaultdict(lambda: defaultdict(list))
    rows = (
        TargetVersion.objects.filter(
            Q(target__province__in=ground.members) | Q(target__province=None),
            target__program=ground.program,
            target__indicator=indicator,
        )
        .exclude(status=TargetStatus.REGISTERED)
        .order_by()
    )
    for (
        period,
        unit,
        pk,
        number,
        decided_on,
        replaces,
        shape,
        lower,
        upper,
        baseline,
    ) in rows.values_list(
        "target__period_id",
        "target__province_id",
        "pk",
        "number",
        "decided_on",
        "replaces_id",
        "shape",
        "lower",
        "upper",
        "baseline",
    ):
        bounds = [millionths_or_none(bound) for bound in (lower, upper, baseline)]
        versions[period][unit].append(Version(pk, number, decided_on, replaces, shape, *bounds))
    return versions


def own_promise(versions: Iterable[Version], day: date) -> Promise | None:
    """The official of the versions in force on `day`."""
    in_force = [each for each in versions if each.decided_on is None or each.decided_on <= day]
    replaced = {each.replaces for each in in_force}
    standing = [each for each in in_force if each.pk not in replaced]
    if not standing:
        return None
    official = max(standing, key=lambda each: (each.decided_on or date.min, each.number))
    disputed = len({each.promised() for each in standing}) > 1
    return Promise(official.pk, 0, *official.promised(), disputed)


def sum_of(promises: list[Promise]) -> Promise | None:
    """The plans added up; None if there are none, or none of their shapes fits all."""
    shapes = {Shape(each.shape) for each in promises}
    if not shapes:
        return None
    shape = next((shape for shape, fitting in SUMS.items() if shapes <= fitting), None)
    if shape is None:
        return None
    keeps_upper = shape not in (Shape.AT_LEAST, Shape.ABOVE)
    return Promise(
        version=None,
        parts=len(promises),
        shape=shape.value,
        lower=_added(each.lower for each in promises),
        upper=_added(each.upper for each in promises) if keeps_upper else None,
        baseline=_added(each.baseline for each in promises),
        disputed=any(each.disputed for each in promises),
    )


def _added(bounds: Iterable[int | None]) -> int | None:
    """None if one of them is missing."""
    total = 0
    for bound in bounds:
        if bound is None:
            return None
        total += bound
    return total


def promises_on(
    day: date, versions: dict[int | None, list[Version]], ground: Ground, *, adds_up: bool
) -> dict[Place, Promise]:
    """The plans of one indicator for one period in force on `day`, at every place that has one.

    `versions` are those of the period, by unit.
    """
    own = {unit: own_promise(each, day) for unit, each in versions.items()}
    given = {unit: promise for unit, promise in own.items() if promise is not None}
    nations = given.pop(None, None)
    units = {unit: promise for unit, promise in given.items() if unit is not None}
    places = {Place(REPORTED, unit, ""): each for unit, each in units.items()}

    currents: dict[int, Promise] = {}
    for current in {ground.current(unit) for unit in units}:
        promise = units.get(current)
        if promise is None and adds_up:
            promise = sum_of([units[part] for part in ground.lineage[current] if part in units])
        if promise is not None:
            currents[current] = promise
            places[Place(CURRENT, current, "")] = promise

    if ground.program.province_id is None:
        by_region: dict[str, list[Promise]] = defaultdict(list)
        for current, promise in currents.items():
            by_region[ground.region(current)].append(promise)
        sums: dict[Place, Promise | None] = {NATION: nations}
        if adds_up:
            for region, promises in by_region.items():
                sums[Place(REGION, None, region)] = sum_of(promises)
            sums[NATION] = nations or sum_of(list(currents.values()))
        places |= {place: promise for place, promise in sums.items() if promise is not None}
    return places

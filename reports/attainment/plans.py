"""Which plan is official: the version in force at the end of its period."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from django.db.models import F

from programs.models import Program, TargetVersion
from reports.attainment.sums import Cell
from reports.models import Scope


@dataclass(frozen=True, slots=True)
class OfficialPlan:
    """The version in force at the end of the period, and whether another source disagrees."""

    version: TargetVersion
    disputed: bool


def official_plans(program: Program, indicators: set[int]) -> dict[Cell, OfficialPlan]:
    """The plan in force at the end of each period.

    Of the versions that nothing in force replaces it is the latest decided, then the highest
    number. Where these versions promise different things, sources disagree.
    """
    versions = (
        TargetVersion.objects.in_force_on(F("target__period__ends_on"))
        .filter(target__program=program, target__indicator__in=indicators)
        .select_related("target")
        .order_by("target", "number")
    )
    by_cell: defaultdict[Cell, list[TargetVersion]] = defaultdict(list)
    for version in versions:
        target = version.target
        scope = Scope.NATION if target.province_id is None else Scope.REPORTED
        cell = Cell(target.indicator_id, target.period_id, scope, target.province_id)
        by_cell[cell].append(version)

    return {cell: _official(in_force) for cell, in_force in by_cell.items()}


def _official(in_force: list[TargetVersion]) -> OfficialPlan:
    replaced = {version.replaces_id for version in in_force}
    standing = [version for version in in_force if version.pk not in replaced]
    return OfficialPlan(
        version=max(standing, key=lambda v: (v.decided_on or date.min, v.number)),
        disputed=len({version.plan for version in standing}) > 1,
    )

"""The records of who took part, to be counted anew: docs/attainment.md, section 5."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass, field

from programs.models import Activity, Indicator, Participation, Program
from programs.models.activity import ParticipantRole
from programs.models.indicator import Counted
from reports.attainment.verify.ground import Ground
from reports.models import Edition


@dataclass(frozen=True, slots=True)
class Records:
    """By unit and leaf: where a report was approved, and who took part on its days."""

    approved: dict[int, set[int]] = field(default_factory=dict)
    entities: dict[tuple[int, int], set[object]] = field(default_factory=dict)


NO_RECORDS = Records()


def approved_reports(program: Program) -> dict[int, set[int]]:
    """The leaves of each unit whose report was approved at least once."""
    approved: dict[int, set[int]] = defaultdict(set)
    editions = Edition.objects.filter(report__program=program, number=1).order_by()
    for unit, leaf in editions.values_list("report__province_id", "report__period_id"):
        approved[unit].add(leaf)
    return approved


def records_of(
    program: Program, indicator: Indicator, approved: dict[int, set[int]], ground: Ground
) -> Records:
    """The organisations or countries that an indicator counts, in the activity's unit."""
    activities = Activity.objects.filter(program=program, province__in=ground.members).order_by()
    if indicator.content_group_id is not None:
        activities = activities.filter(content_groups=indicator.content_group_id)
    units_of_activities = dict(activities.values_list("pk", "province_id"))
    days = (
        Participation.objects.filter(activity__program=program, role=ParticipantRole.BENEFICIARY)
        .order_by()
        .values_list("activity_id", "took_part_on", "organisation_id", "organisation__country")
    )

    catalogue = indicator.province_id
    starts = [leaf.starts_on for leaf in ground.leaves.values()]
    leaves = list(ground.leaves.values())
    entities: dict[tuple[int, int], set[object]] = defaultdict(set)
    for activity, day, organisation, country in days.iterator(chunk_size=10_000):
        unit = units_of_activities.get(activity)
        position = bisect_right(starts, day) - 1
        if unit is None or position < 0 or day > leaves[position].ends_on:
            continue
        leaf = leaves[position].pk
        if leaf in approved.get(unit, ()) and ground.is_of(catalogue, unit):
            entity = country if indicator.counted == Counted.COUNTRY else organisation
            if entity != "":  # an organisation without a country is one of Việt Nam's
                entities[unit, leaf].add(entity)
    return Records(approved, entities)

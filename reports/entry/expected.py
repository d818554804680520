"""Which indicators a report is about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.db.models import Exists, OuterRef, Q

from programs.models import Indicator, Lineage, Target
from programs.models.indicator import Aggregation, IndicatorQuerySet
from reports.models import Figure, Report


def catalogue_of(report: Report) -> IndicatorQuerySet:
    """The indicators a figure of `report` may be of: the nation's and the province's own.

    Source: Thông tư 46/2012/TT-BCT, Điều 9, khoản 1, điểm c.
    """
    owners = {report.province_id, report.program.province_id} - {None}
    return Indicator.objects.filter(Q(province=None) | Q(province__in=owners))


def expected_in(report: Report) -> IndicatorQuerySet:
    """The indicators that `report` is to answer, in the order of the report.

    Those with a plan of the program for the province (or for the nation, or one of its
    predecessors), those that were reported in the program before, and those in this report; a
    program that has neither plans nor figures is about the whole catalogue in use. Ratios
    come along: they are computed and not typed.
    """
    parts = Lineage.objects.filter(unit=report.province_id).values("part")
    planned = Target.objects.filter(
        Q(province__in=parts) | Q(province=None),
        program=report.program_id,
        indicator=OuterRef("pk"),
    )
    reported = Figure.objects.filter(
        program=report.program_id, indicator=OuterRef("pk"), province__in=parts
    )
    catalogue = catalogue_of(report)
    named = catalogue.filter(Exists(planned) | Exists(reported))
    parts_of_ratios = named.exclude(numerator=None)
    wanted = catalogue.filter(
        Q(pk__in=named.values("pk"))
        | Q(pk__in=parts_of_ratios.values("numerator"))
        | Q(pk__in=parts_of_ratios.values("denominator"))
    )
    found = wanted if named.exists() else catalogue.filter(in_use=True)
    return found.select_related("content_group").order_by("position", "code", "pk")


def cell_counts(reports: Sequence[Report]) -> dict[int, int]:
    """How many cells each report has to be typed in: expected_in without ratios. Four queries."""
    programs = {report.program_id for report in reports}
    provinces = {report.province_id for report in reports}
    parts: defaultdict[int, set[int | None]] = defaultdict(set)
    for unit, part in Lineage.objects.filter(unit__in=provinces).values_list("unit", "part"):
        parts[unit].add(part)
    everywhere = set().union(*parts.values()) if parts else set()
    named: defaultdict[int, set[tuple[int | None, int]]] = defaultdict(set)
    for rows in (
        Target.objects.filter(Q(province__in=everywhere) | Q(province=None), program__in=programs),
        Figure.objects.filter(province__in=everywhere, program__in=programs),
    ):
        for program, province, indicator in (
            rows.order_by().values_list("program", "province", "indicator").distinct()
        ):
            named[program].add((province, indicator))
    catalogue = list(
        Indicator.objects.order_by().only(
            "province", "aggregation", "in_use", "numerator", "denominator"
        )
    )
    counted: dict[tuple[int, int], int] = {}
    for report in reports:
        key = (report.program_id, report.province_id)
        if key not in counted:
            here = parts[report.province_id] | {None}
            counted[key] = _count_cells(
                catalogue,
                owners={None, report.province_id, report.program.province_id},
                named={each for place, each in named[report.program_id] if place in here},
            )
    return {report.pk: counted[report.program_id, report.province_id] for report in reports}


def _count_cells(
    catalogue: Iterable[Indicator], *, owners: set[int | None], named: set[int]
) -> int:
    own = {each.pk: each for each in catalogue if each.province_id in owners}
    wanted = named & own.keys()
    for pk in list(wanted):
        parts = (own[pk].numerator_id, own[pk].denominator_id)
        wanted |= {part for part in parts if part is not None and part in own}
    if not wanted:
        wanted = {pk for pk, each in own.items() if each.in_use}
    return sum(own[pk].aggregation != Aggregation.RATIO for pk in wanted)

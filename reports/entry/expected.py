"""Which indicators a report is about."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q

from programs.models import Indicator, Lineage, Target
from programs.models.indicator import IndicatorQuerySet
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

"""One line of the indicator table: a computed row with everything that is said about it.

Words come from wording.py and phrases.py, numbers from the stored row.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Prefetch, Q

from programs.models import LegalDocument, Lineage, TargetVersion
from programs.planning import Direction
from reports.attainment.arithmetic import Method, Standing, method
from reports.attainment.comparison import Bases, bases_of
from reports.attainment.phrases import STANDING_WORDS, plan_amount
from reports.attainment.wording import Wording, sole_figures, wording_of
from reports.dashboards.outcomes import Outcome
from reports.models import Attainment, Figure, FigureNature, Quotation

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a plan that wants explaining: several sources, or none that states it."""

    row: TargetVersion
    words: str
    is_official: bool


@dataclass(frozen=True, slots=True)
class Line:
    row: Attainment
    number: int  # STT on this page
    words: Wording
    outcome: Outcome
    verdict: str  # «đạt», «trong khoảng»: the conclusion, without figures
    is_reduction: bool  # the percentage is of a reduction planned, not of a plan
    group: str  # content group, or section of the report
    starts_group: bool
    figure: Figure | None  # the one typed figure the row consists of, if it has remarks
    derived_base: Figure | None  # what is compared with, if no document states it
    versions: Sequence[Version]
    quotations: Sequence[Quotation]

    @property
    def leaves_say_more(self) -> bool:
        """Whether «1/5 kỳ» adds something to «1/1 đơn vị»."""
        row = self.row
        return (row.leaves_reported, row.leaves_expected) != (
            row.units_reported,
            row.units_expected,
        )

    @property
    def is_complete(self) -> bool:
        return self.row.leaves_reported == self.row.leaves_expected


def lines_of(
    rows: Iterable[Attainment], user: User | AnonymousUser, *, first_number: int = 1
) -> list[Line]:
    """Return the lines of rows (with_outcome) of one program, period and place, in their order.

    At most nine queries, however many rows.
    """
    shown = list(rows)
    if not shown:
        return []
    figures = sole_figures(shown, Figure.objects.visible_to(user))
    bases = bases_of(shown)
    derived = _derived_bases(shown[0], bases.values(), user)
    versions = _versions(shown, user)
    quotations = _quotations(shown[0], user)

    lines: list[Line] = []
    for number, row in enumerate(shown, first_number):
        group = _group(row)
        version = row.plan.version if row.plan else None
        figure = figures.get(row.indicator_id)
        lines.append(
            Line(
                row=row,
                number=number,
                words=wording_of(row, figure, base=bases[row.pk].leading),
                outcome=Outcome(row.outcome),  # type: ignore[attr-defined]  # with_outcome
                verdict=STANDING_WORDS[Standing(row.standing)],
                is_reduction=row.percent is not None and _is_reduction(row),
                group=group,
                starts_group=not lines or lines[-1].group != group,
                figure=figure,
                derived_base=derived.get(row.indicator_id),
                versions=versions.get(version.target_id, ()) if version else (),
                quotations=quotations.get(row.indicator_id, ()),
            )
        )
    return lines


def _group(row: Attainment) -> str:
    indicator = row.indicator
    if indicator.content_group is not None:
        return str(indicator.content_group)
    return indicator.get_section_display().capitalize()


def _is_reduction(row: Attainment) -> bool:
    if row.plan is None:
        return False
    return method(row.plan.promise, Direction(row.indicator.direction)) is Method.FROM_BASELINE


def _derived_bases(
    first: Attainment, bases: Iterable[Bases], user: User | AnonymousUser
) -> dict[int, Figure]:
    """By indicator, the figure compared with that was worked out from a published rate.

    «Tăng 22,6%» against a base that was itself taken from those 22,6% proves nothing: it says so.
    The base may be a predecessor's. `first` is any row of the page.
    """
    if first.province_id is None:
        return {}
    compared_with = {each.leading.period.pk for each in bases if each.leading}
    figures = (
        Figure.objects.visible_to(user)
        .whole()
        .filter(
            Q(program=first.program_id) | Q(program__followed_by=first.program_id),
            province__in=Lineage.objects.filter(unit=first.province_id).values("part"),
            period__in=compared_with,
            nature=FigureNature.ACTUAL,
            is_derived=True,
        )
    )
    return {figure.indicator_id: figure for figure in figures}


def _versions(rows: Iterable[Attainment], user: User | AnonymousUser) -> dict[int, list[Version]]:
    """By target, the versions of each plan that is disputed or derived. Two queries."""
    wanting = {
        row.plan.version.target_id: (row, row.plan)
        for row in rows
        if row.plan and row.plan.version and (row.plan.disputed or row.plan.version.is_derived)
    }
    by_target: defaultdict[int, list[Version]] = defaultdict(list)
    versions = (
        TargetVersion.objects.visible_to(user)
        .filter(target__in=wanting)
        .prefetch_related(Prefetch("documents", LegalDocument.objects.visible_to(user)))
        .order_by("target", "number")
    )
    for version in versions:
        row, plan = wanting[version.target_id]
        by_target[version.target_id].append(
            Version(
                version,
                words=plan_amount(version.plan, decimals=row.indicator.decimals),
                is_official=version.pk == plan.version_id,
            )
        )
    return by_target


def _quotations(row: Attainment, user: User | AnonymousUser) -> dict[int, list[Quotation]]:
    """By indicator, what sources claim about the cells beside `row`. Two queries."""
    by_indicator: defaultdict[int, list[Quotation]] = defaultdict(list)
    if row.province_id is None:
        return by_indicator
    quotations = (
        Quotation.objects.visible_to(user)
        .filter(program=row.program_id, province=row.province_id, period=row.period_id)
        .prefetch_related(Prefetch("documents", LegalDocument.objects.visible_to(user)))
        .order_by("indicator", "pk")
    )
    for quotation in quotations:
        by_indicator[quotation.indicator_id].append(quotation)
    return by_indicator

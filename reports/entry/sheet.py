"""One report on one screen: the rows of the sheet, with everything that stands beside a cell."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db.models import Q

from programs.models import Indicator
from programs.models.indicator import Aggregation
from programs.numbers import show_number, show_percent
from reports.attainment.arithmetic import Exact, NoPercentage
from reports.attainment.phrases import amount, plan_amount
from reports.entry.expected import catalogue_of, expected_in
from reports.entry.measures import Measure, measures_of
from reports.entry.said import shown
from reports.entry.years import WITHIN_YEAR
from reports.models import Figure, FigureNature, Report, Review

if TYPE_CHECKING:
    from accounts.models import User


@dataclass(frozen=True, slots=True)
class Beside:
    """What the sheet writes around a typed cell, as text; it changes as the cell does."""

    in_period: str
    so_far: str
    before: str
    missing: int  # earlier leaves of the year that nobody reported
    percent: str  # «64%», or «–»
    percent_words: str  # «đạt 64% kế hoạch», or why there is no percentage
    units: str  # «35 (3 đơn vị)», empty if no unit has a figure
    activities: str
    differs: str  # how the typed total differs from the sum of its activities or units

    @classmethod
    def of(cls, indicator: Indicator, measure: Measure, value: Decimal | None) -> Beside:
        """`value` is the figure of the whole province, None where it has none."""
        part = measure.activities or measure.units
        differs = ""
        if part and value not in (None, part.value):
            what = "hoạt động" if measure.activities else "đơn vị"
            differs = f"khác tổng {part.count} {what}: {show_number(part.value)}"
        return cls(
            in_period=_text(indicator, measure.in_period),
            so_far=_text(indicator, measure.so_far),
            before=_text(indicator, measure.before),
            missing=measure.missing,
            percent="–"
            if isinstance(measure.percent, NoPercentage)
            else show_percent(measure.percent),
            percent_words=measure.percent_words(indicator),
            units=f"{show_number(measure.units.value)} ({measure.units.count} đơn vị)"
            if measure.units
            else "",
            activities=f"{show_number(measure.activities.value)} "
            f"({measure.activities.count} hoạt động)"
            if measure.activities
            else "",
            differs=differs,
        )


@dataclass(frozen=True, slots=True)
class Row:
    indicator: Indicator
    number: int  # STT
    group: str
    starts_group: bool
    figure: Figure | None
    text: str  # what the cell shows
    plan: str  # the plan of the year
    beside: Beside
    is_typed: bool  # a ratio is computed from two other rows

    @property
    def version(self) -> int:
        return self.figure.version if self.figure else 0

    @property
    def is_returned(self) -> bool:
        return self.figure is not None and self.figure.review == Review.RETURNED

    @property
    def fillable(self) -> str:
        """The sum of the activities (else of the units) as it would be typed; empty if none."""
        return (self.beside.activities or self.beside.units).partition(" ")[0]


@dataclass(frozen=True, slots=True)
class Sheet:
    report: Report
    rows: list[Row]
    has_year: bool  # whether «lũy kế từ đầu năm» is more than the period itself

    @property
    def answered(self) -> int:
        """How many rows say something."""
        return sum(row.text != "" or row.fillable != "" for row in self.rows if row.is_typed)

    @property
    def typed_rows(self) -> int:
        return sum(row.is_typed for row in self.rows)


def sheet_of(report: Report) -> Sheet:
    """Return the sheet of a report that brings its program, province and period. Seven queries."""
    indicators = list(expected_in(report))
    measures = measures_of(report, indicators)
    figures = whole_figures(report)
    rows: list[Row] = []
    for number, indicator in enumerate(indicators, 1):
        measure = measures[indicator.pk]
        figure = figures.get(indicator.pk)
        group = group_of(indicator)
        rows.append(
            Row(
                indicator=indicator,
                number=number,
                group=group,
                starts_group=not rows or rows[-1].group != group,
                figure=figure,
                text=shown(figure),
                plan=plan_amount(measure.plan, decimals=indicator.decimals) if measure.plan else "",
                beside=Beside.of(indicator, measure, figure.value if figure else None),
                is_typed=indicator.aggregation != Aggregation.RATIO,
            )
        )
    return Sheet(report, rows, has_year=report.period.kind in WITHIN_YEAR)


def beside_of(
    report: Report,
    indicators: Collection[Indicator],
    *,
    typed: Mapping[int, Decimal | None] | None = None,
) -> dict[int, Beside]:
    """What changes around some cells, and around the ratios made of them, by indicator.

    `typed` stands for figures that are not stored (yet), by indicator.
    """
    ratios = catalogue_of(report).filter(
        Q(numerator__in=indicators) | Q(denominator__in=indicators)
    )
    touched = {indicator.pk: indicator for indicator in [*indicators, *ratios]}
    measures = measures_of(report, touched.values(), typed=typed)
    values = {pk: figure.value for pk, figure in whole_figures(report).items()}
    values |= typed or {}
    return {
        pk: Beside.of(indicator, measures[pk], values.get(pk)) for pk, indicator in touched.items()
    }


def whole_figures(report: Report) -> dict[int, Figure]:
    """The province's own figures of the report, by indicator."""
    rows = report.figures.filter(
        unit=None, activity=None, nature=FigureNature.ACTUAL
    ).select_related("typed_by", "indicator")
    return {figure.indicator_id: figure for figure in rows}


def changed_since(report: Report, moment: datetime, *, by_others_than: User) -> list[Figure]:
    """Figures of the sheet that somebody else has typed since `moment`."""
    return list(
        report.figures.filter(
            unit=None, activity=None, nature=FigureNature.ACTUAL, typed_at__gt=moment
        )
        .exclude(typed_by=by_others_than)
        .select_related("typed_by", "indicator")
    )


def group_of(indicator: Indicator) -> str:
    """The heading under which an indicator stands: its content, or its part of the report."""
    if indicator.content_group is not None:
        return str(indicator.content_group)
    return indicator.get_section_display().capitalize()


def _text(indicator: Indicator, value: Exact | None) -> str:
    return "" if value is None else amount(value, decimals=indicator.decimals)

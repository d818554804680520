"""Several units and one indicator on one screen: rows are units, columns the leaves of a year."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet

from programs.models import Indicator, Organisation, Period
from programs.models.activity import OrganisationKind
from programs.models.indicator import Aggregation
from programs.numbers import show_number
from reports.entry.said import shown
from reports.entry.years import WITHIN_YEAR
from reports.models import Figure, FigureNature, Report, Review

if TYPE_CHECKING:
    from accounts.models import User

# Who reports, in the order of the rows; supported businesses do not.
REPORTING_KINDS = (OrganisationKind.DEPARTMENT, OrganisationKind.CENTRE, OrganisationKind.COMMUNE)


@dataclass(frozen=True, slots=True)
class Totals:
    """The foot of a column, as text: the units' sum, the province's own figure, the difference."""

    total: str
    own: str
    difference: str  # «khớp», «+3», empty if one of the two is not there


@dataclass(frozen=True, slots=True)
class Column:
    """One leaf of the year with the province's report of it, if there is one."""

    period: Period
    report: Report | None
    totals: Totals

    @property
    def is_open(self) -> bool:
        return self.report is not None and self.report.is_open

    @property
    def why_locked(self) -> str:
        if self.report is None:
            return "chưa có báo cáo"
        return "" if self.report.is_open else self.report.get_state_display()


@dataclass(frozen=True, slots=True)
class UnitCell:
    column: Column
    figure: Figure | None
    existed: bool  # whether the unit was there in the column's period

    @property
    def is_open(self) -> bool:
        if self.figure is not None and self.figure.review == Review.RETURNED:
            return True
        return self.column.is_open and (self.existed or self.figure is not None)

    @property
    def text(self) -> str:
        return shown(self.figure)

    @property
    def version(self) -> int:
        return self.figure.version if self.figure else 0


@dataclass(frozen=True, slots=True)
class UnitRow:
    unit: Organisation
    cells: list[UnitCell]


@dataclass(frozen=True, slots=True)
class UnitsSheet:
    report: Report
    indicator: Indicator
    columns: list[Column]
    rows: list[UnitRow]

    @property
    def adds_up(self) -> bool:
        return adds_up(self.indicator)


def units_sheet_of(report: Report, indicator: Indicator) -> UnitsSheet:
    """Return the sheet of the report's year. Four queries, however many units."""
    periods = list(leaves_around(report))
    reports = reports_of_year(report)
    figures = list(
        Figure.objects.filter(
            report__in=[each.pk for each in reports],
            indicator=indicator,
            activity=None,
            nature=FigureNature.ACTUAL,
        )
    )
    by_period = {each.period_id: each for each in reports}
    feet = _totals(indicator, figures)
    columns = [
        Column(period, found, feet.get(found.pk, EMPTY) if found else EMPTY)
        for period in periods
        for found in [by_period.get(period.pk)]
    ]
    there = {(figure.report_id, figure.unit_id): figure for figure in figures}
    rows = [
        UnitRow(
            unit,
            [
                UnitCell(
                    column,
                    there.get((column.report.pk, unit.pk)) if column.report else None,
                    existed=_existed(unit, column.period),
                )
                for column in columns
            ],
        )
        for unit in _units(report, periods, {figure.unit_id for figure in figures})
    ]
    return UnitsSheet(report, indicator, columns, rows)


def totals_of(reports: Collection[int], indicator: Indicator) -> dict[int, Totals]:
    """The feet of some columns, by report. One query."""
    figures = Figure.objects.filter(
        report__in=reports, indicator=indicator, activity=None, nature=FigureNature.ACTUAL
    )
    return _totals(indicator, figures)


def unit_figures_since(
    report: Report, indicator: Indicator, moment: datetime, *, by_others_than: User
) -> list[Figure]:
    """Units' figures of the report's year that somebody else has typed since `moment`."""
    return list(
        Figure.objects.filter(
            report__in=[each.pk for each in reports_of_year(report)],
            indicator=indicator,
            activity=None,
            nature=FigureNature.ACTUAL,
            typed_at__gt=moment,
        )
        .exclude(typed_by=by_others_than)
        .select_related("typed_by")
    )


def leaves_around(report: Report) -> QuerySet[Period]:
    """Every leaf of the report's year, in order; of a yearly program its own period only."""
    period = report.period
    if period.kind not in WITHIN_YEAR:
        return Period.objects.filter(pk=period.pk)
    return Period.objects.filter(
        calendar=period.calendar, kind=period.kind, year=period.year
    ).order_by("number")


def reports_of_year(report: Report) -> list[Report]:
    """The province's reports of the program for those leaves."""
    return list(
        Report.objects.filter(
            program=report.program_id,
            province=report.province_id,
            period__in=leaves_around(report),
        ).select_related("program", "province", "period")
    )


def adds_up(indicator: Indicator) -> bool:
    """Whether a sum of units says something: rates and recounts are not added."""
    return indicator.aggregation in (Aggregation.FLOW, Aggregation.STOCK)


EMPTY = Totals("", "", "")


def _totals(
    indicator: Indicator, figures: Collection[Figure] | QuerySet[Figure]
) -> dict[int, Totals]:
    sums: dict[int, Decimal] = {}
    own: dict[int, Figure] = {}
    for figure in figures:
        if figure.unit_id is None:
            own[figure.report_id] = figure
        elif figure.value is not None and adds_up(indicator):
            sums[figure.report_id] = sums.get(figure.report_id, Decimal(0)) + figure.value
    return {report: _foot(sums.get(report), own.get(report)) for report in sums.keys() | own.keys()}


def _foot(total: Decimal | None, own: Figure | None) -> Totals:
    difference = ""
    if total is not None and own is not None and own.value is not None:
        gap = own.value - total
        difference = f"{'+' if gap > 0 else ''}{show_number(gap)}" if gap else "khớp"
    return Totals(
        total="" if total is None else show_number(total), own=shown(own), difference=difference
    )


def _units(
    report: Report, periods: list[Period], with_figures: set[int | None]
) -> list[Organisation]:
    first, last = periods[0].starts_on, periods[-1].ends_on
    existing = (
        Q(province=report.province_id, kind__in=REPORTING_KINDS)
        & (Q(valid_from=None) | Q(valid_from__lte=last))
        & (Q(valid_to=None) | Q(valid_to__gte=first))
    )
    units = Organisation.objects.filter(existing | Q(pk__in=with_figures - {None}))
    order = {kind.value: place for place, kind in enumerate(REPORTING_KINDS)}
    return sorted(units, key=lambda unit: (order.get(unit.kind, 9), unit.sort_key, unit.pk))


def _existed(unit: Organisation, period: Period) -> bool:
    return (unit.valid_from is None or unit.valid_from <= period.ends_on) and (
        unit.valid_to is None or unit.valid_to >= period.starts_on
    )

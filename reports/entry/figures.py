"""Typing figures: the one way a value gets into a report, a cell or a block at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from programs.access import Right, rows_where
from programs.models import Activity, Indicator, Organisation
from programs.numbers import UnreadableNumber
from reports.entry.said import Typed, read_cell
from reports.entry.years import YearSoFar
from reports.models import Figure, FigureNature, FigureState, Report, Review

NOT_YOURS = "Không có ô này, hoặc ô không thuộc báo cáo mà bạn được nhập."


class ReportClosed(Exception):
    """Figures of a report that was sent or approved do not change. str() is for the person."""


class Cell(NamedTuple):
    """Where a figure stands: the whole province's, or one unit's, or one activity's."""

    report: int
    indicator: int
    unit: int | None = None
    activity: int | None = None
    nature: str = FigureNature.ACTUAL.value


@dataclass(frozen=True, slots=True)
class Change:
    """What somebody typed in a cell, and on which version of it they were looking.

    `text` None leaves the value, `note` None leaves the note. `base` is the figure's version as
    it was shown, 0 for an empty cell; None writes over whatever is there.
    """

    cell: Cell
    base: int | None
    text: str | None = None
    note: str | None = None


class Outcome(StrEnum):
    SAVED = "saved"
    CONFLICT = "conflict"  # somebody else changed it meanwhile, to something else
    REFUSED = "refused"  # this cannot be; the message says why
    CLOSED = "closed"  # the report was sent or approved
    FORBIDDEN = "forbidden"  # no such report or cell for this person


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of one change. `figure` is the row as it is now, None if there is none."""

    change: Change
    outcome: Outcome
    figure: Figure | None = None
    message: str = ""


# What typing writes; approval and review have columns of their own.
CONTENT = ("state", "value", "qualifier", "qualifier_word", "as_of", "is_derived", "note")
TYPED = (*CONTENT, "typed_by", "typed_at", "version")


@transaction.atomic
def enter_figure(
    report: Report,
    indicator: Indicator,
    typed: Typed,
    *,
    by: User,
    unit: Organisation | None = None,
    activity: Activity | None = None,
    nature: FigureNature = FigureNature.ACTUAL,
    at: datetime | None = None,
) -> Figure:
    """Store what was typed, in the indicator's unit, as the report's figure of `indicator`.

    For loaders and programs: what people type goes through save_cells, which also holds it
    against the earlier periods of the year. Raises PermissionDenied if `by` may not enter
    figures in the report's province, and ReportClosed if the report was sent or approved.
    """
    desk = _Desk([report.pk], by=by, at=at)
    cell = Cell(
        report.pk,
        indicator.pk,
        unit.pk if unit else None,
        activity.pk if activity else None,
        nature.value,
    )
    desk.fetch([cell])
    if report.pk not in desk.reports:
        raise PermissionDenied
    if not desk.is_open(cell):
        raise ReportClosed(desk.why_closed(cell))
    figure = desk.put(cell, typed, indicator)
    desk.write()
    return figure


@transaction.atomic
def save_cells(changes: Sequence[Change], *, by: User, at: datetime | None = None) -> list[Saved]:
    """Save each change by itself and return what became of each, in their order.

    One that is refused holds up no other; nothing is written over what somebody else typed
    after the version that `by` was looking at. A fixed number of statements for one report.
    """
    desk = _Desk([change.cell.report for change in changes], by=by, at=at)
    desk.fetch([change.cell for change in changes])
    answers = [desk.take(change) for change in changes]
    desk.write()
    return answers


class _Desk:
    """The reports that are worked on: locked, with the figures that are asked for."""

    def __init__(self, reports: Iterable[int], *, by: User, at: datetime | None) -> None:
        self.by = by
        self.at = at or timezone.now()
        # An approval waits for this write, and this write for an approval.
        rows = (
            Report.objects.select_for_update(of=("self",), no_key=True)
            .filter(rows_where(by, Right.ENTER), pk__in=set(reports))
            .select_related("program", "province", "period")
            .order_by("pk")
        )
        self.reports = {report.pk: report for report in rows}
        self.figures: dict[Cell, Figure] = {}
        self.indicators: dict[int, Indicator] = {}
        self.units: dict[int, Organisation] = {}
        self.changed: dict[Cell, Figure] = {}
        self.so_far: dict[int, YearSoFar] = {}

    def fetch(self, cells: Sequence[Cell]) -> None:
        asked = [cell for cell in cells if cell.report in self.reports]
        wanted = {cell.indicator for cell in asked}
        self.indicators = Indicator.objects.in_bulk(wanted)
        units = {cell.unit for cell in asked if cell.unit is not None}
        self.units = Organisation.objects.in_bulk(units) if units else {}
        for figure in Figure.objects.filter(report__in=self.reports, indicator__in=wanted):
            self.figures[cell_of(figure)] = figure
        for pk, report in self.reports.items():
            cumulative = {
                self.indicators[cell.indicator]
                for cell in asked
                if cell.report == pk
                and cell.indicator in self.indicators
                and self.indicators[cell.indicator].is_cumulative
            }
            self.so_far[pk] = YearSoFar(report, cumulative)

    def is_open(self, cell: Cell) -> bool:
        figure = self.figures.get(cell)
        return self.reports[cell.report].is_open or (
            figure is not None and figure.review == Review.RETURNED
        )

    def why_closed(self, cell: Cell) -> str:
        report = self.reports[cell.report]
        return (
            f"Báo cáo {report} «{report.get_state_display()}» nên không sửa được số liệu; "
            "đề nghị lãnh đạo trả lại hoặc mở lại báo cáo."
        )

    def take(self, change: Change) -> Saved:
        cell = change.cell
        if cell.report not in self.reports or cell.indicator not in self.indicators:
            return Saved(
                change, Outcome.FORBIDDEN, message="Không có ô này, hoặc không phải của bạn."
            )
        indicator = self.indicators[cell.indicator]
        figure = self.figures.get(cell)
        if (cell.unit is not None and not self._has_unit(cell)) or not self._is_counted_here(
            cell, indicator
        ):
            return Saved(
                change, Outcome.FORBIDDEN, message="Ô này không phải của tỉnh lập báo cáo."
            )
        if not self.is_open(cell):
            return Saved(change, Outcome.CLOSED, figure, self.why_closed(cell))
        try:
            typed = self._typed(change, figure, indicator)
            if figure is None and typed.state is FigureState.MISSING and not typed.note:
                return Saved(change, Outcome.SAVED)  # an empty cell that stays empty
            if self._is_outdated(change, figure, typed):
                return Saved(change, Outcome.CONFLICT, figure)
        except UnreadableNumber as why:
            return Saved(change, Outcome.REFUSED, figure, str(why))
        contradiction = self.so_far[cell.report].contradicted_by(
            typed, indicator, unit=cell.unit, activity=cell.activity
        )
        if contradiction:
            return Saved(change, Outcome.REFUSED, figure, contradiction)
        return Saved(change, Outcome.SAVED, self.put(cell, typed, indicator))

    def _has_unit(self, cell: Cell) -> bool:
        if cell.unit is None:
            return True
        unit = self.units.get(cell.unit)
        return unit is not None and unit.province_id == self.reports[cell.report].province_id

    def _is_counted_here(self, cell: Cell, indicator: Indicator) -> bool:
        """Whether the indicator is of the nation's catalogue or of the reporting province's."""
        report = self.reports[cell.report]
        return indicator.province_id in (None, report.province_id, report.program.province_id)

    def _typed(self, change: Change, figure: Figure | None, indicator: Indicator) -> Typed:
        """What the figure says after `change`: the rest of it stays as it is."""
        now = typed_of(figure)
        if change.note is not None:
            now = replace(now, note=change.note)
        if change.text is not None:
            state, value = read_cell(change.text, indicator)
            if (state, value) != (now.state, now.value):
                # A new number is somebody's own: not «khoảng», not worked out by a loader.
                now = Typed(state=state, value=value, note=now.note)
        return now

    def _is_outdated(self, change: Change, figure: Figure | None, typed: Typed) -> bool:
        if change.base is None or figure is None or figure.version == change.base:
            return False
        return typed != typed_of(figure)

    def put(self, cell: Cell, typed: Typed, indicator: Indicator) -> Figure:
        """Set the figure's content in memory; `write` stores it."""
        figure = self.figures.get(cell)
        if figure is not None and typed == typed_of(figure):
            return figure
        if figure is None:
            report = self.reports[cell.report]
            figure = Figure(
                report=report,
                program_id=report.program_id,
                province_id=report.province_id,
                period_id=report.period_id,
                indicator=indicator,
                unit_id=cell.unit,
                activity_id=cell.activity,
                nature=cell.nature,
                version=0,
            )
            self.figures[cell] = figure
        figure.state = typed.state
        figure.value = typed.value
        figure.qualifier = typed.qualifier.value
        figure.qualifier_word = typed.qualifier_word
        figure.as_of = typed.as_of
        figure.is_derived = typed.is_derived
        figure.note = typed.note
        if cell not in self.changed:
            figure.version += 1
        figure.typed_by = self.by
        figure.typed_at = self.at
        self.changed[cell] = figure
        return figure

    def write(self) -> None:
        """Two statements however many cells: the triggers see each once."""
        figures = self.changed.values()
        Figure.objects.bulk_create([each for each in figures if each.pk is None])
        if changed := [each for each in figures if each.version > 1]:
            Figure.objects.bulk_update(changed, TYPED)


def cell_of(figure: Figure) -> Cell:
    return Cell(
        figure.report_id,
        figure.indicator_id,
        figure.unit_id,
        figure.activity_id,
        figure.nature,
    )


def typed_of(figure: Figure | None) -> Typed:
    """What `figure` says, as somebody would type it; an empty cell says «chưa báo cáo»."""
    if figure is None:
        return Typed(state=FigureState.MISSING)
    return Typed(
        state=FigureState(figure.state),
        value=None if figure.value is None else Decimal(figure.value),
        qualifier=figure.stated_qualifier,
        qualifier_word=figure.qualifier_word,
        as_of=figure.as_of,
        is_derived=figure.is_derived,
        note=figure.note,
    )

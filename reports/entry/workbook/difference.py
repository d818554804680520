"""The three-way difference: as sent out, as it is here now, as the file says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Self

from programs.models import Indicator
from reports.entry.figures import Cell, Change
from reports.entry.said import Typed, read_cell, shown
from reports.entry.sheet import whole_figures
from reports.entry.workbook.entries import Entry
from reports.entry.workbook.faults import Fault
from reports.entry.years import YearSoFar
from reports.models import Figure, Report, Review

DERIVED = (
    "Số này là số suy ra nên phải có ghi chú nói tính từ đâu.",
    "Hãy giữ ghi chú, hoặc thay bằng số đã có.",
)
SENT = (
    "Báo cáo đã gửi hoặc đã duyệt nên số này không sửa được.",
    "Hãy đề nghị lãnh đạo trả lại báo cáo hoặc số liệu này, rồi gửi lại tệp.",
)


class Difference(StrEnum):
    UNCHANGED = "unchanged"
    BY_FILE = "file"  # the file changed it, nobody here did
    HERE = "here"  # somebody changed it here meanwhile; the file did not
    CONFLICT = "conflict"  # both did, and not to the same


@dataclass(frozen=True, slots=True)
class Compared:
    """One row of the preview; texts as cells show them, empty for «chưa báo cáo».

    `writes_value` and `writes_note` say what the file changed without contradiction,
    `value_conflicts` and `note_conflicts` what it changed against somebody here.
    """

    indicator: int
    name: str
    unit: str
    sheet: str
    cell: str
    kind: Difference
    base: str | None
    here: str
    file: str
    note_here: str
    note_file: str
    version: int  # of the figure as it was compared; 0 if there was none
    here_by: str  # who typed what is here
    by_name: bool
    writes_value: bool
    writes_note: bool
    value_conflicts: bool
    note_conflicts: bool

    def stored(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def restored(cls, stored: Mapping[str, Any]) -> Self:
        return cls(**{**stored, "kind": Difference(stored["kind"])})

    def change(self, report: int, *, takes_file: bool) -> Change | None:
        """What is to be saved; in a conflict what is here stays unless `takes_file`."""
        value = self.writes_value or (takes_file and self.value_conflicts)
        note = self.writes_note or (takes_file and self.note_conflicts)
        if not value and not note:
            return None
        return Change(
            Cell(report, self.indicator),
            base=self.version,
            text=self.file if value else None,
            note=self.note_file if note else None,
        )


@dataclass(slots=True)
class Differences:
    """`rows` holds what is not simply unchanged."""

    rows: list[Compared] = field(default_factory=list)
    unchanged: int = 0
    faults: list[Fault] = field(default_factory=list)


def compare(report: Report, entries: Sequence[Entry]) -> Differences:
    """Hold every entry against the report as it is now. A fixed number of queries."""
    figures = whole_figures(report)
    cumulative = [entry.indicator for entry in entries if entry.indicator.is_cumulative]
    so_far = YearSoFar(report, cumulative)
    found = Differences()
    for entry in entries:
        figure = figures.get(entry.indicator.pk)
        row = _compared(entry, figure)
        if row.kind is Difference.UNCHANGED:
            found.unchanged += 1
            continue
        found.rows.append(row)
        if row.kind is not Difference.HERE:
            found.faults += _faults(report, entry, row, figure, so_far)
    return found


def _kind(base: str | None, here: str, file: str) -> Difference:
    if file in (base, here):
        return Difference.UNCHANGED if base is None or here in (base, file) else Difference.HERE
    if here == base or (base is None and not here):
        return Difference.BY_FILE
    return Difference.CONFLICT


def _compared(entry: Entry, figure: Figure | None) -> Compared:
    here = shown(figure)
    note_here = figure.note if figure else ""
    value = _kind(entry.base, here, entry.text)
    note = Difference.UNCHANGED
    if entry.note is not None and not (entry.note_base is None and not entry.note):
        note = _kind(entry.note_base, note_here, entry.note)
    by = figure.typed_by if figure else None
    return Compared(
        indicator=entry.indicator.pk,
        name=entry.indicator.name,
        unit=entry.indicator.unit,
        sheet=entry.sheet,
        cell=entry.cell,
        kind=_worst((value, note)),
        base=entry.base,
        here=here,
        file=entry.text,
        note_here=note_here,
        note_file=note_here if entry.note is None else entry.note,
        version=figure.version if figure else 0,
        here_by=by.full_name if by else "",
        by_name=entry.by_name,
        writes_value=value is Difference.BY_FILE,
        writes_note=note is Difference.BY_FILE,
        value_conflicts=value is Difference.CONFLICT,
        note_conflicts=note is Difference.CONFLICT,
    )


def _worst(kinds: Iterable[Difference]) -> Difference:
    order = list(Difference)
    ranks = {order.index(kind) for kind in kinds}
    if ranks == {order.index(Difference.BY_FILE), order.index(Difference.HERE)}:
        return Difference.BY_FILE  # the value by one, the note by the other: nothing is lost
    return order[max(ranks)]


def _faults(
    report: Report, entry: Entry, row: Compared, figure: Figure | None, so_far: YearSoFar
) -> list[Fault]:
    """Why the row could not be saved, before somebody is asked to confirm it."""
    if not report.is_open and (figure is None or figure.review != Review.RETURNED):
        return [Fault(entry.sheet, entry.cell, *SENT)]
    state, value = read_cell(entry.text, entry.indicator)
    changes_value = row.writes_value or row.value_conflicts
    if figure is not None and figure.is_derived and not changes_value and not row.note_file:
        return [Fault(entry.sheet, entry.cell, *DERIVED)]
    if not changes_value:
        return []
    said = so_far.contradicted_by(
        Typed(state=state, value=value), entry.indicator, unit=None, activity=None
    )
    return [Fault.said(entry.sheet, entry.cell, said)] if said else []


def missing_from(entries: Iterable[Entry], expected: Iterable[Indicator]) -> list[str]:
    """The indicators of the report of which the file has no row: they stay as they are."""
    answered = {entry.indicator.pk for entry in entries}
    return [indicator.name for indicator in expected if indicator.pk not in answered]

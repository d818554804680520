"""Rows of a workbook of ours, known by their hidden keys: sorted, inserted, renamed, moved."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from programs.models.indicator import Aggregation
from reports.entry.workbook import layout
from reports.entry.workbook.entries import (
    MERGED,
    Catalogue,
    Entry,
    note_of,
    once,
    tidy_note,
    value_of,
)
from reports.entry.workbook.faults import Fault, Refused
from reports.entry.workbook.layout import Column
from reports.entry.workbook.read import Kind, Row, Sheet, address

NOT_OURS = (
    "Tệp không còn mang dấu nhận biết đúng của hệ thống nên không rõ là báo cáo nào. Hãy tải lại "
    "tệp Excel từ trang của báo cáo, rồi chép số liệu sang."
)
NO_VALUES = (
    "Cột số liệu của tệp đã bị xóa. Hãy tải lại tệp Excel từ trang của báo cáo, rồi chép số liệu "
    "sang."
)
FROM_ELSEWHERE = (
    "Dòng này được chép từ tệp của một báo cáo khác.",
    "Hãy xóa dòng này và gõ số vào dòng sẵn có của chỉ tiêu; nếu không còn, hãy tải lại tệp Excel.",
)
NOT_IN_CATALOGUE = (
    "Chỉ tiêu của dòng này không còn trong danh mục của báo cáo.",
    "Hãy xóa dòng này, hoặc hỏi người quản trị danh mục.",
)
UNKNOWN_ROW = (
    "Không rõ dòng này là chỉ tiêu nào: dòng không có mã ẩn và tên không có trong danh mục.",
    "Hãy gõ số vào dòng sẵn có của chỉ tiêu, hoặc sửa tên cho đúng.",
)
PROGRESS_EVERY = 250
SEARCHED_ROWS = 200  # in a sheet of nobody knows whose

Columns = dict[Column, int]
Progress = Callable[[int, int | None], None]  # rows read, and how many there may be


@dataclass(frozen=True, slots=True)
class Identity:
    """Which report a workbook says it is of, and which of its sheets have our hidden row."""

    token: str
    sheets: list[tuple[Sheet, int, Columns]]  # with the number of the hidden row

    @property
    def report(self) -> int:
        """Raises Refused for a token that is not ours."""
        found = layout.report_of(self.token)
        if found is None:
            raise Refused(NOT_OURS)
        return found


@dataclass(slots=True)
class Matched:
    entries: list[Entry] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def identity_of(sheets: Sequence[Sheet]) -> Identity | None:
    """Who the workbook says it is; None if it bears no sign of ours."""
    token = ""
    for sheet in sheets:
        if sheet.name == layout.IDENTITY_SHEET:
            token = next((cell.text for _, row in sheet.rows() for cell in row.values()), "")
            break
    found: list[tuple[Sheet, int, Columns]] = []
    for sheet in sheets:
        for count, (number, row) in enumerate(sheet.rows()):
            if columns := _columns(row):
                found.append((sheet, number, columns))
                token = next(
                    (cell.text for cell in row.values() if layout.is_token(cell.text)), token
                )
                break
            if not token and count > SEARCHED_ROWS:
                break
    return Identity(token, found) if token or found else None


def _columns(row: Row) -> Columns:
    """Where each column has moved to, if `row` is the hidden one; empty if it is not."""
    keys = {column.value: column for column in Column}
    found = {
        keys[cell.text]: place
        for place, cell in row.items()
        if cell.kind is Kind.TEXT and cell.text in keys
    }
    return found if Column.KEY in found else {}


def match_rows(
    identity: Identity, *, report: int, catalogue: Catalogue, progress: Progress
) -> Matched:
    """Read every row that is of an indicator; all faults at once."""
    matched = Matched()
    keyed: list[Entry] = []
    named: list[Entry] = []
    declared = [sheet.declared_rows or 0 for sheet, _, _ in identity.sheets]
    count = 0
    for sheet, keys_row, columns in identity.sheets:
        if Column.VALUE not in columns:
            raise Refused(NO_VALUES)
        reader = _Reader(sheet, columns, report, catalogue, matched.faults)
        for number, row in sheet.rows():
            count += 1
            if count % PROGRESS_EVERY == 0:
                progress(count, sum(declared))
            if number == keys_row:
                continue
            entry = reader.entry_of(number, row)
            if entry is not None:
                (named if entry.by_name else keyed).append(entry)
        matched.faults += reader.merged()
    for answer in once([*keyed, *named]):
        if isinstance(answer, Fault):
            matched.faults.append(answer)
        else:
            matched.entries.append(answer)
    progress(count, count)
    return matched


@dataclass(slots=True)
class _Reader:
    """One sheet, its columns found."""

    sheet: Sheet
    columns: Columns
    report: int
    catalogue: Catalogue
    faults: list[Fault]
    rows: set[int] = field(default_factory=set)

    def entry_of(self, number: int, row: Row) -> Entry | None:
        key = self._text(row, Column.KEY)
        if key == layout.NO_INDICATOR:
            return None
        name_at = address(self.columns.get(Column.NAME, self.columns[Column.VALUE]), number)
        identity = layout.read_row_key(key)
        if identity is None:
            return self._named(number, row, name_at)
        self.rows.add(number)
        report, pk = identity
        if report != self.report:
            self.faults.append(Fault(self.sheet.name, name_at, *FROM_ELSEWHERE))
            return None
        indicator = self.catalogue.by_pk.get(pk)
        if indicator is None:
            self.faults.append(Fault(self.sheet.name, name_at, *NOT_IN_CATALOGUE))
            return None
        base = self._text(row, Column.BASE)
        if indicator.aggregation == Aggregation.RATIO and self._value(row) in ("", base):
            return None
        return self._entry(number, row, indicator.pk, base=base)

    def _named(self, number: int, row: Row, name_at: str) -> Entry | None:
        """A row that somebody added: proposed by its name, if it says anything."""
        if not any(row.get(self.columns.get(each, 0)) for each in (Column.VALUE, Column.NOTE)):
            return None
        self.rows.add(number)
        indicator = self.catalogue.named(self._text(row, Column.NAME))
        if indicator is None:
            self.faults.append(Fault(self.sheet.name, name_at, *UNKNOWN_ROW))
            return None
        return self._entry(number, row, indicator.pk, base=None)

    def _entry(self, number: int, row: Row, pk: int, *, base: str | None) -> Entry | None:
        indicator = self.catalogue.by_pk[pk]
        cell = row.get(self.columns[Column.VALUE])
        value: str | Fault
        if cell and base and cell.text == base and cell.kind in (Kind.NUMBER, Kind.TEXT):
            value = base  # nobody touched it: a rule that came later is not this person's matter
        else:
            value = value_of(cell, indicator, self.sheet.name)
        has_notes = Column.NOTE in self.columns
        note = note_of(row.get(self.columns.get(Column.NOTE, 0)), self.sheet.name)
        wrong = [each for each in (value, note) if isinstance(each, Fault)]
        self.faults += wrong
        if isinstance(value, Fault) or isinstance(note, Fault):
            # Its place is kept, so that a second row of the same indicator is told too.
            value, note = base or "", tidy_note(self._text(row, Column.NOTE_BASE))
        return Entry(
            indicator=indicator,
            sheet=self.sheet.name,
            row=number,
            cell=address(self.columns[Column.VALUE], number),
            text=value,
            note=note if has_notes else None,
            base=base,
            note_base=None if base is None else tidy_note(self._text(row, Column.NOTE_BASE)),
            by_name=base is None,
        )

    def _text(self, row: Row, column: Column) -> str:
        cell = row.get(self.columns.get(column, 0))
        return cell.text if cell else ""

    def _value(self, row: Row) -> str:
        return self._text(row, Column.VALUE)

    def merged(self) -> list[Fault]:
        """Merged areas over typed cells. Call when the rows are through."""
        places = [self.columns[each] for each in (Column.VALUE, Column.KEY)]
        rows = sorted(self.rows)
        found = []
        for left, top, right, bottom in self.sheet.merged:
            here = bisect_left(rows, top)
            covers_row = here < len(rows) and rows[here] <= bottom
            if covers_row and any(left <= place <= right for place in places):
                found.append(Fault(self.sheet.name, address(left, top), *MERGED))
        return found

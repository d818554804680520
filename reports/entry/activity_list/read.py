"""Rows of a file of activities: sorted, inserted, with columns moved, renamed or left out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import IO

from django import forms
from django.core.exceptions import ValidationError

from programs.models import Indicator
from programs.models.activity import ActivityKind
from programs.numbers import UnreadableNumber, read_number, show_date, show_number
from programs.vietnamese import nfc, search_key
from reports.entry.activities import countable
from reports.entry.activity_list import layout
from reports.entry.activity_list.kept import Texts, number_field
from reports.entry.activity_list.layout import HEADINGS, Base, Column
from reports.entry.workbook.entries import MERGED, NO_FIGURE, Catalogue, label_key, value_of
from reports.entry.workbook.faults import Fault, Refused
from reports.entry.workbook.free import TOTALS
from reports.entry.workbook.gates import pass_gates
from reports.entry.workbook.read import Cell, Kind, Row, Sheet, address, opened
from reports.models import Report

SEARCHED_ROWS = 60  # from the top, in which keys and heading are looked for
NOT_A_LIST = (
    "Không nhận ra danh sách hoạt động trong tệp: không trang nào có cột «Tên hoạt động» cùng một "
    "cột khác của danh sách. Hãy tải tệp Excel ở trang Hoạt động và điền vào đó."
)
OTHER_REPORT = (
    "Tệp này là danh sách hoạt động của một báo cáo khác. Hãy nhập tệp ở báo cáo đó, hoặc tải tệp "
    "Excel của báo cáo này."
)
NO_MARK = (
    "Tệp không còn mang dấu nhận biết đúng của hệ thống nên không rõ là của báo cáo nào. Hãy tải "
    "lại tệp Excel ở trang Hoạt động, rồi chép các dòng sang."
)
TOO_MANY = (
    f"Tệp có hơn {layout.MOST_ROWS} hoạt động. Hãy chia thành nhiều tệp, mỗi tệp không quá "
    f"{layout.MOST_ROWS} dòng, rồi gửi từng tệp."
)
TWICE = "Tệp có hai cột «{}» ({} và {}). Hãy xóa hoặc đổi tên một cột, rồi gửi lại."
NOT_COUNTED = (
    "Chỉ tiêu của cột này không nhập được theo hoạt động ở báo cáo này.",
    "Hãy xóa cột này khỏi tệp, hoặc nhập chỉ tiêu trong bảng của báo cáo.",
)
UNKNOWN_KIND = (
    "Không rõ loại «{}».",
    f"Hãy chọn một trong các loại: {'; '.join(str(label) for label in ActivityKind.labels)}.",
)
WRONG_TOTAL = (
    "Tổng ghi {} đồng, mà bốn nguồn cộng lại là {} đồng.",
    "Hãy ghi tiền vào từng nguồn (KCQG, KCĐP, đối ứng, khác); tổng tự cộng.",
)
SAME_CODE = ("Mã «{}» đã có ở ô {}, dòng này lặp lại.", "Hãy xóa một dòng, hoặc để trống Mã.")
_NUMBERING = re.compile(r"^(?:[A-Z]|[0-9]+(?:=[0-9+]+)?)$")
_KINDS = {search_key(str(label)): str(label) for label in ActivityKind.labels}
_DATE = forms.DateField()


@dataclass(slots=True)
class Said:
    """One row of the file. `texts` are in the form in which the list is kept where readable."""

    number: int
    texts: Texts = field(default_factory=dict)
    cells: dict[str, str] = field(default_factory=dict)  # addresses, by field
    base: Base | None = None


@dataclass(slots=True)
class Read:
    sheet: str
    columns: list[Indicator]
    rows: list[Said] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)  # headings and rows that are not read


def read_list(file: IO[bytes], report: Report) -> Read:
    """Read the list of `report`. Raises Refused for a file that is not taken as a whole."""
    pass_gates(file)
    catalogue = Catalogue(countable(report))
    with opened(file) as sheets:
        _hold_against(report, sheets)
        heads = [_Head.of(sheet, catalogue) for sheet in sheets if sheet.is_visible]
        likely = [head for head in heads if head.is_list]
        if not likely:
            raise Refused(NOT_A_LIST)
        head = max(likely, key=lambda each: (each.keys_row > 0, len(each.places)))
        return _Reader(head, catalogue).read()


def _hold_against(report: Report, sheets: Sequence[Sheet]) -> None:
    for sheet in sheets:
        for count, (_, row) in enumerate(sheet.rows()):
            if count > SEARCHED_ROWS:
                break
            for cell in row.values():
                if not layout.is_token(cell.text):
                    continue
                named = layout.report_of(cell.text)
                if named is None:
                    raise Refused(NO_MARK)
                if named != report.pk:
                    raise Refused(OTHER_REPORT)


@dataclass(slots=True)
class _Head:
    """Where each field stands on a sheet: by the hidden keys, else by the headings."""

    sheet: Sheet
    places: dict[str, int] = field(default_factory=dict)  # columns from 1, by field
    keys_row: int = 0
    last_row: int = 0
    indicators: dict[str, Indicator] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)
    unknown: list[int] = field(default_factory=list)  # columns of indicators not counted here

    @property
    def is_list(self) -> bool:
        return Column.NAME.value in self.places and len(self.places) > 1

    @classmethod
    def of(cls, sheet: Sheet, catalogue: Catalogue) -> _Head:
        head = cls(sheet)
        best: tuple[int, int, Row] = (0, 0, {})
        for count, (number, row) in enumerate(sheet.rows()):
            if count > SEARCHED_ROWS:
                break
            if not head.keys_row and head._take_keys(row, catalogue):
                head.keys_row = number
                continue
            named = {found for cell in row.values() if (found := _heading(cell))}
            if Column.NAME in named and len(named) > best[0]:
                best = len(named), number, row
        head._take_headings(best[2], catalogue)
        head.last_row = max(head.keys_row, best[1])
        return head

    def _take_keys(self, row: Row, catalogue: Catalogue) -> bool:
        keys = {layout.key_of(column): column.value for column in Column}
        found: dict[str, int] = {}
        for place, cell in row.items():
            if cell.text in keys:
                found.setdefault(keys[cell.text], place)
            elif (code := layout.number_code(cell.text)) is not None:
                indicator = catalogue.named(code)
                if indicator is None or indicator.code != code:
                    self.unknown.append(place)
                else:
                    self.indicators[number_field(indicator)] = indicator
                    found.setdefault(number_field(indicator), place)
        self.places = found
        return bool(found)

    def _take_headings(self, heading: Row, catalogue: Catalogue) -> None:
        taken = {*self.places.values(), *self.unknown}
        by_key = set(self.places)
        for place, cell in sorted(heading.items()):
            if place in taken or cell.text == layout.NO_ACTIVITY:
                continue
            named: str | None = _heading(cell)
            indicator = None if named else catalogue.named(cell.text)
            if indicator is not None:
                named = number_field(indicator)
                self.indicators[named] = indicator
            if named is None or named in by_key:
                self.ignored.append(f"cột «{nfc(cell.text)}» ({address(place, cell.row)})")
            elif named in self.places:
                before = address(self.places[named], cell.row)
                raise Refused(TWICE.format(nfc(cell.text), before, address(place, cell.row)))
            else:
                self.places[named] = place


def _heading(cell: Cell) -> Column | None:
    """The field whose heading this is: accents, case and unit aside."""
    if cell.kind is not Kind.TEXT:
        return None
    key = label_key(cell.text)
    return next((column for column, text in HEADINGS.items() if label_key(text) == key), None)


class _Reader:
    def __init__(self, head: _Head, catalogue: Catalogue) -> None:
        self.head = head
        self.catalogue = catalogue
        self.found = Read(
            head.sheet.name,
            sorted(head.indicators.values(), key=lambda each: head.places[number_field(each)]),
            ignored=head.ignored,
        )
        self.codes: dict[str, str] = {}

    def read(self) -> Read:
        places = self.head.places
        fields = [each for each in places if each not in (Column.TOTAL, Column.BASE)]
        unknown: dict[int, Cell] = {}
        is_first = True
        for number, row in self.head.sheet.rows():
            if number <= self.head.last_row:
                continue
            was_first, is_first = is_first, False
            if self._is_left_out(row, fields, may_be_numbering=was_first):
                continue
            for place in self.head.unknown:
                if place in row:
                    unknown.setdefault(place, row[place])
            if not any(places[each] in row for each in fields):
                continue
            if len(self.found.rows) == layout.MOST_ROWS:
                raise Refused(TOO_MANY)
            self.found.rows.append(self._said(number, row, fields))
        for cell in unknown.values():
            self._fault(cell.address, *NOT_COUNTED)
        self._merged()
        return self.found

    def _is_left_out(self, row: Row, fields: Sequence[str], *, may_be_numbering: bool) -> bool:
        """Whether the row is the one of column numbers, or a sum that somebody added."""
        places = self.head.places
        base = row.get(places.get(Column.BASE.value, 0))
        if base is not None and base.text == layout.NO_ACTIVITY:
            return True
        cells = [row[places[each]] for each in fields if places[each] in row]
        if may_be_numbering and len(cells) > 1:
            return all(_NUMBERING.match(cell.text) for cell in cells)
        words = [label_key(cell.text) for cell in cells if cell.kind is Kind.TEXT]
        described = [row.get(places.get(each.value, 0)) for each in layout.DATES]
        if words and not any(described) and all(word in TOTALS for word in words):
            self.found.ignored.append(f"dòng «{nfc(cells[0].text)}» ({cells[0].address})")
            return True
        return False

    def _said(self, number: int, row: Row, fields: Sequence[str]) -> Said:
        said = Said(number)
        for each in fields:
            place = self.head.places[each]
            said.cells[each] = address(place, number)
            said.texts[each] = self._text(each, row.get(place))
        self._hold_total(said, row)
        code = said.texts.get(Column.CODE.value, "")
        if code:
            before = self.codes.setdefault(code, said.cells[Column.CODE.value])
            if before != said.cells[Column.CODE.value]:
                wrong, remedy = SAME_CODE
                self._fault(said.cells[Column.CODE.value], wrong.format(code, before), remedy)
        if base := row.get(self.head.places.get(Column.BASE.value, 0)):
            said.base = layout.read_base(base.text)
        return said

    def _text(self, name: str, cell: Cell | None) -> str:
        """What the cell says, as the list keeps it; as it stands where that is for the form."""
        if cell is None:
            return ""
        if name in self.head.indicators:
            value = value_of(cell, self.head.indicators[name], self.found.sheet)
            if isinstance(value, Fault):
                self.found.faults.append(value)
                return ""
            return value
        allowed = (Kind.NUMBER, Kind.TEXT) if name in layout.MONEY else (Kind.DATE,)
        if cell.kind in NO_FIGURE and cell.kind not in allowed:
            wrong, remedy = NO_FIGURE[cell.kind]
            if name not in layout.MONEY:
                wrong = wrong.replace("con số", "nội dung")
                remedy = "Hãy gõ thẳng nội dung vào ô."
            self._fault(cell.address, wrong.format(cell.text), remedy)
            return ""
        if name in layout.MONEY:
            return _amount(cell.text)
        if name in layout.DATES:
            return _day(cell.text)
        text = nfc(cell.text.replace(".", "") if cell.kind is Kind.NUMBER else cell.text)
        if name == Column.KIND and text:
            kind = _KINDS.get(search_key(text))
            if kind is None:
                wrong, remedy = UNKNOWN_KIND
                self._fault(cell.address, wrong.format(text), remedy)
            return kind or ""
        return text

    def _hold_total(self, said: Said, row: Row) -> None:
        """A total that somebody typed over the formula, or without its parts."""
        cell = row.get(self.head.places.get(Column.TOTAL.value, 0))
        if cell is None or cell.kind is not Kind.NUMBER:
            return
        if any(source not in said.texts for source in layout.MONEY):
            return
        try:
            parts = sum(
                read_number(said.texts[source], decimals=0)
                for source in layout.MONEY
                if said.texts[source]
            )
        except UnreadableNumber:
            return  # said at the part
        if show_number(parts) != cell.text:
            wrong, remedy = WRONG_TOTAL
            self._fault(cell.address, wrong.format(cell.text, show_number(parts)), remedy)

    def _merged(self) -> None:
        places = set(self.head.places.values())
        for left, top, right, bottom in self.head.sheet.merged:
            inside = bottom > self.head.last_row and any(left <= each <= right for each in places)
            if inside and any(top <= said.number <= bottom for said in self.found.rows):
                self._fault(address(left, top), *MERGED)

    def _fault(self, cell: str, wrong: str, remedy: str) -> None:
        self.found.faults.append(Fault(self.found.sheet, cell, wrong, remedy))


def _amount(text: str) -> str:
    try:
        amount = read_number(text, decimals=0)
    except UnreadableNumber:
        return text  # the form says what is wrong with it
    return show_number(amount) if amount else ""


def _day(text: str) -> str:
    try:
        day = _DATE.to_python(text.strip())
    except ValidationError:
        return text
    return show_date(day) if day else ""

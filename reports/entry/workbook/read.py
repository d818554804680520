"""Rows of a workbook as they stream by: only cells that are there, each with what it is.

openpyxl's own rows are padded to the sheet's declared size, and tell a formula without a
value from an empty cell only if the file is read twice; its cell reader is used underneath.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from math import isfinite
from typing import IO, Any
from xml.etree.ElementTree import Element, ParseError
from zipfile import BadZipFile

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse
from openpyxl import Workbook, load_workbook
from openpyxl.styles.numbers import BUILTIN_FORMATS
from openpyxl.utils import get_column_letter, range_boundaries
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet._read_only import ReadOnlyWorksheet
from openpyxl.worksheet._reader import (
    CELL_TAG,
    FORMULA_TAG,
    INLINE_STRING,
    ROW_TAG,
    WorkSheetParser,
)

from programs.numbers import show_date, show_number
from reports.entry.workbook.faults import Refused
from reports.entry.workbook.gates import DAMAGED, ENTITIES

MAX_ROWS = 20_000
MAX_COLUMNS = 200
MAX_SHEETS = 30
MAX_CELLS = 1_000_000  # empty but formatted ones too
MAX_TEXT = 2_000  # characters of a note
EXCEL_TEXT = 32_767  # the longest text that Excel itself keeps

NAMESPACE = CELL_TAG.removesuffix("c")
MERGE_CELL_TAG = f"{NAMESPACE}mergeCell"

TOO_MANY_ROWS = (
    f"Tệp có dữ liệu quá dòng {show_number(MAX_ROWS)}. Hãy chép riêng bảng cần nhập sang một sổ "
    "tính mới rồi gửi lại."
)
TOO_MANY_COLUMNS = (
    f"Tệp có dữ liệu quá cột thứ {MAX_COLUMNS}. Hãy chép riêng bảng cần nhập sang một sổ tính mới "
    "rồi gửi lại."
)
TOO_MANY_CELLS = (
    f"Tệp có hơn {show_number(MAX_CELLS)} ô được định dạng. Hãy chép riêng bảng cần nhập sang một "
    "sổ tính mới rồi gửi lại."
)
TOO_MANY_SHEETS = f"Tệp có hơn {MAX_SHEETS} trang. Hãy chỉ giữ trang cần nhập, lưu lại rồi gửi lại."
TOO_LONG = (
    f"Tệp có ô dài hơn {show_number(EXCEL_TEXT)} ký tự, là giới hạn của Excel. Hãy chép bảng sang "
    "một sổ tính mới rồi gửi lại."
)
NO_SHEET = "Tệp không có trang tính nào. Hãy kiểm tra lại tệp, rồi gửi lại."

# What openpyxl raises for a file that is not what it says.
UNREADABLE = (
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    OverflowError,
    AssertionError,
    EOFError,
    OSError,
    NotImplementedError,
    RecursionError,
    ParseError,
    BadZipFile,
    InvalidFileException,
    zlib.error,
    struct.error,
)


class Kind(StrEnum):
    NUMBER = "number"
    TEXT = "text"
    DATE = "date"
    BOOLEAN = "boolean"
    ERROR = "error"
    PERCENT = "percent"  # 50% is kept as 0,5
    NOT_CALCULATED = "not_calculated"  # a formula without its value


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell with something in it. `text` is a number in Vietnamese form, or what it shows."""

    column: int  # from 1
    row: int
    kind: Kind
    text: str

    @property
    def address(self) -> str:
        return address(self.column, self.row)


Row = dict[int, Cell]  # by column; only cells with something in them


def address(column: int, row: int) -> str:
    return f"{get_column_letter(column)}{row}"


@dataclass(slots=True)
class Sheet:
    """One sheet, read from the start each time `rows` is called."""

    name: str
    is_visible: bool
    source: ReadOnlyWorksheet
    percents: frozenset[int]
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    cells: int = 0

    @property
    def declared_rows(self) -> int | None:
        """What the file says of itself: good for a progress bar, for nothing else."""
        rows = self.source.max_row
        return min(rows, MAX_ROWS) if rows else None

    def rows(self) -> Iterator[tuple[int, Row]]:
        """The rows that hold something, with their numbers, in the file's order.

        When they are through, `merged` has the merged areas as (left, top, right, bottom).
        Raises Refused where a limit is passed or the XML is broken.
        """
        self.merged, self.cells = [], 0
        with reading(), self.source._get_source() as xml:  # type: ignore[attr-defined]
            yield from self._rows(xml)

    def _rows(self, xml: IO[bytes]) -> Iterator[tuple[int, Row]]:
        book: Any = self.source.parent
        parser = WorkSheetParser(
            xml,
            self.source._shared_strings,  # type: ignore[attr-defined]
            data_only=True,
            epoch=book.epoch,
            date_formats=book._date_formats,
            timedelta_formats=book._timedelta_formats,
        )
        above: list[Element] = []
        row: Row = {}
        in_row = False
        for event, element in iterparse(xml, events=("start", "end")):
            if event == "start":
                above.append(element)
                if element.tag == ROW_TAG:
                    number = element.get("r")
                    parser.row_counter = int(number) if number else parser.row_counter + 1
                    parser.col_counter = 0
                    row, in_row = {}, True
                continue
            above.pop()
            if element.tag == CELL_TAG:
                if cell := self._cell(parser, element):
                    row[cell.column] = cell
            elif element.tag == ROW_TAG:
                in_row = False
                if row:
                    yield parser.row_counter, row
            elif element.tag == MERGE_CELL_TAG:
                left, top, right, bottom = range_boundaries(element.get("ref", ""))
                self.merged.append((left or 1, top or 1, right or 1, bottom or 1))
            # Nothing that was read stays in memory: neither the cells nor their empty shells.
            if above and (element.tag in (CELL_TAG, ROW_TAG) or not in_row):
                above[-1].clear()

    def _cell(self, parser: WorkSheetParser, element: Element) -> Cell | None:
        self.cells += 1
        if self.cells > MAX_CELLS:
            raise Refused(TOO_MANY_CELLS)
        has_formula = element.find(FORMULA_TAG) is not None
        text = _inline_text(element)
        read = parser.parse_cell(element)
        column, row = read["column"], read["row"]
        value = read["value"] if text is None else text
        is_empty = value is None or (isinstance(value, str) and not value.strip())
        # A formula may well say «», which is a result: Excel then calls the cell a text.
        has_result = not has_formula or element.get("t") == "str"
        if is_empty and has_result:
            return None
        if row > MAX_ROWS or column > MAX_COLUMNS:
            raise Refused(TOO_MANY_ROWS if row > MAX_ROWS else TOO_MANY_COLUMNS)
        if is_empty:
            return Cell(column, row, Kind.NOT_CALCULATED, "")
        kind, text = _meaning(value, read["data_type"])
        if kind is Kind.NUMBER and read["style_id"] in self.percents:
            kind = Kind.PERCENT
        return Cell(column, row, kind, text)


def _inline_text(element: Element) -> str | None:
    """The text of a cell that holds it itself, taken out of it; None for every other cell.

    openpyxl would build four objects for each. Readings of the letters (rPh) are left out.
    """
    if element.get("t") != "inlineStr":
        return None
    child = element.find(INLINE_STRING)
    if child is None:
        return None
    element.remove(child)
    runs = [child, *child.iterfind(f"{NAMESPACE}r")]
    return "".join(run.findtext(f"{NAMESPACE}t") or "" for run in runs)


def _meaning(value: object, data_type: str) -> tuple[Kind, str]:
    if data_type == "e":
        return Kind.ERROR, str(value)
    match value:
        case bool():
            return Kind.BOOLEAN, "TRUE" if value else "FALSE"
        case int():
            return Kind.NUMBER, show_number(value)
        case float():
            if not isfinite(value):
                return Kind.ERROR, str(value)
            # repr is the shortest text that is this float: 22.6, not 22.60000000000000142.
            return Kind.NUMBER, show_number(Decimal(repr(value)))
        case datetime():
            return Kind.DATE, show_date(value.date())
        case date():
            return Kind.DATE, show_date(value)
        case time() | timedelta():
            return Kind.DATE, str(value)
    text = str(value).replace("_x000D_", "")
    if len(text) > EXCEL_TEXT:
        raise Refused(TOO_LONG)
    return Kind.TEXT, text


@contextmanager
def opened(file: IO[bytes]) -> Iterator[list[Sheet]]:
    """The sheets of a file that has passed the gates. Raises Refused if there are too many."""
    with reading():
        book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        percents = _percent_styles(book)
        sources: list[Any] = [
            sheet for sheet in book.worksheets if isinstance(sheet, ReadOnlyWorksheet)
        ]
    try:
        if not sources:
            raise Refused(NO_SHEET)
        if len(sources) > MAX_SHEETS:
            raise Refused(TOO_MANY_SHEETS)
        yield [
            Sheet(source.title, source.sheet_state == "visible", source, percents)
            for source in sources
        ]
    finally:
        book.close()


def _percent_styles(book: Workbook) -> frozenset[int]:
    """The styles under which a number is shown a hundred times as large."""
    inner: Any = book
    formats = dict(BUILTIN_FORMATS) | {
        164 + index: code for index, code in enumerate(inner._number_formats)
    }
    return frozenset(
        index
        for index, style in enumerate(inner._cell_styles)
        if "%" in formats.get(style.numFmtId, "")
    )


@contextmanager
def reading() -> Iterator[None]:
    """Whatever openpyxl stumbles over is a damaged file; our own refusals pass."""
    try:
        yield
    except DefusedXmlException as why:
        raise Refused(ENTITIES) from why
    except UNREADABLE as why:
        raise Refused(DAMAGED) from why

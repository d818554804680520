"""The same workbook with what is wrong in it coloured and explained, to be mended in Excel.

Pictures and charts are not kept in the copy: openpyxl does not carry them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from io import BytesIO
from itertools import groupby
from typing import IO, cast
from zipfile import ZipFile

import xlsxwriter  # type: ignore[import-untyped]
from openpyxl import load_workbook
from openpyxl.cell import Cell
from openpyxl.comments import Comment
from openpyxl.styles import PatternFill
from openpyxl.utils.cell import coordinate_to_tuple
from openpyxl.worksheet.worksheet import Worksheet

from reports.entry.workbook.faults import Fault, Refused
from reports.entry.workbook.gates import MB
from reports.entry.workbook.read import reading

# Unpacked; openpyxl needs some forty times as much memory to change a workbook.
MAX_CHANGED = 12 * MB
AUTHOR = "Khuyến Công"
RED = PatternFill("solid", fgColor="FFF4A6A0")
HEADINGS = ("Trang", "Ô", "Sai gì", "Cần làm gì")
ONLY_A_LIST = (
    "Tệp quá lớn, hoặc có thành phần lạ, nên không đánh dấu được từng ô; đây là danh sách lỗi. Hãy "
    "sửa trong tệp gốc rồi gửi lại."
)


def can_be_marked(file: IO[bytes]) -> bool:
    with reading(), ZipFile(file) as package:
        size = sum(member.file_size for member in package.infolist())
    file.seek(0)
    return size <= MAX_CHANGED


def annotated(file: IO[bytes], faults: Sequence[Fault]) -> bytes:
    """Return the copy of a gated workbook, or a list of its faults if it is too big for that."""
    try:
        return _marked(file, faults) if can_be_marked(file) else fault_list(faults)
    except Refused:
        return fault_list(faults)


def _marked(file: IO[bytes], faults: Sequence[Fault]) -> bytes:
    with reading():
        book = load_workbook(file, keep_links=False)
        sheets = {sheet.title: sheet for sheet in book.worksheets}
        placed = [fault for fault in faults if fault.cell and fault.sheet in sheets]
        placed.sort(key=lambda fault: (fault.sheet, fault.cell))
        for (name, address), group in groupby(placed, lambda fault: (fault.sheet, fault.cell)):
            cell = _cell(sheets[name], address)
            told = "\n".join(f"{fault.wrong} {fault.remedy}" for fault in group)
            if cell.comment is not None:
                told = f"{told}\n\n{cell.comment.text}"
            cell.fill = RED
            cell.comment = Comment(told, AUTHOR, height=160, width=320)
        copy = BytesIO()
        book.save(copy)
    return copy.getvalue()


def _cell(sheet: Worksheet, address: str) -> Cell:
    """The cell, or of a merged area its first, which alone takes a comment."""
    row, column = coordinate_to_tuple(address)
    cell = cast("object", sheet.cell(row, column))  # MergedCell is not in its type
    if not isinstance(cell, Cell):
        area = next(each for each in sheet.merged_cells.ranges if address in each)
        cell = sheet.cell(area.min_row, area.min_col)
    return cast("Cell", cell)


def fault_list(faults: Iterable[Fault]) -> bytes:
    file = BytesIO()
    book = xlsxwriter.Workbook(
        file, {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    )
    sheet = book.add_worksheet("Lỗi")
    bold = book.add_format({"bold": True})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    for place, width in enumerate((20, 10, 60, 60)):
        sheet.set_column(place, place, width, wrapped)
    sheet.write_string(0, 0, ONLY_A_LIST)
    for place, heading in enumerate(HEADINGS):
        sheet.write_string(1, place, heading, bold)
    for row, fault in enumerate(faults, 2):
        for place, text in enumerate(fault):
            sheet.write_string(row, place, text, wrapped)
    book.close()
    return file.getvalue()

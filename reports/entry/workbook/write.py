"""The workbook of a report: rows come from an iterator, so its length costs no memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from tempfile import TemporaryFile
from typing import IO, Any

import xlsxwriter  # type: ignore[import-untyped]

from programs.models.indicator import Aggregation, EntryMode
from programs.numbers import UnreadableNumber, read_number, show_number
from reports.entry.sheet import Row, sheet_of
from reports.entry.workbook import layout
from reports.entry.workbook.layout import PLACE, Column
from reports.models import Report

HEADINGS = {
    Column.NUMBER: "STT",
    Column.NAME: "Chỉ tiêu",
    Column.UNIT: "ĐVT",
    Column.PLAN: "Kế hoạch",
    Column.BEFORE: "Kỳ trước",
    Column.VALUE: "Trong kỳ",
    Column.NOTE: "Ghi chú",
}
COLUMN_NUMBERS = ("A", "B", "C", "1", "2", "3", "4")
HOW_TO_FILL = (
    "Cách ghi: chỉ gõ vào các ô màu vàng. Không phát sinh thì gõ 0; chỉ tiêu không áp dụng ở tỉnh "
    "thì gõ «không áp dụng»; chưa có số thì để trống. Muốn sắp xếp hoặc đổi cột, hãy bỏ bảo vệ "
    "trang tính (không có mật khẩu). Xong thì lưu và gửi lại tệp này ở trang của báo cáo."
)
WRONG_TITLE = "Chưa phải là số liệu"
WRONG = (
    "Hãy gõ một con số không âm, không nhiều chữ số thập phân hơn chỉ tiêu cho phép, hoặc gõ "
    "«không áp dụng». Không gõ đơn vị tính trong ô này."
)
HINT_TITLE = "Số liệu"
HINT = "Gõ một con số, 0 nếu không phát sinh, hoặc «không áp dụng»."
WORDS = ("không áp dụng", "không phát sinh", "chưa báo cáo")

# Excel shows the separators of its own language: 1.250,5 in a Vietnamese one. Without the
# second format a whole number would end in a comma.
NUMBER = "#,##0.######"
WHOLE_NUMBER = "#,##0"
ANY_NUMBER = -(10**15)


@dataclass(frozen=True, slots=True)
class Head:
    """What stands above the table."""

    program: str
    province: str
    period: str
    value: str  # the heading of the typed column
    plan: str
    token: str

    @classmethod
    def of(cls, report: Report, rows: Iterable[Row]) -> Head:
        modes = {EntryMode(row.indicator.entry_mode) for row in rows if row.is_typed}
        words = {EntryMode.PERIOD: "Trong kỳ", EntryMode.CUMULATIVE: "Lũy kế"}
        return cls(
            program=report.program.name,
            province=report.province.full_name,
            period=report.period.name,
            value=words[modes.pop()] if len(modes) == 1 else "Trong kỳ hoặc lũy kế",
            plan="Kế hoạch giai đoạn" if report.period.kind == "stage" else "Kế hoạch năm",
            token=layout.token_of(report),
        )


@dataclass(frozen=True, slots=True)
class Line:
    """One indicator's row. `value` and `note` are as they are now: the base of what comes back."""

    key: str
    group: str
    number: int
    name: str
    unit: str
    plan: str
    before: str
    value: str
    note: str
    version: int
    decimals: int
    may_be_negative: bool
    is_typed: bool


def workbook_of(report: Report) -> IO[bytes]:
    """Return the .xlsx of a report that brings its program, province and period."""
    sheet = sheet_of(report)
    file = TemporaryFile()  # noqa: SIM115 - the response closes it
    write_workbook(file, Head.of(report, sheet.rows), lines_of(report, sheet.rows))
    file.seek(0)
    return file


def lines_of(report: Report, rows: Iterable[Row]) -> Iterator[Line]:
    rows = list(rows)
    is_mixed = len({row.indicator.entry_mode for row in rows if row.is_typed}) > 1
    for row in rows:
        indicator = row.indicator
        unit = indicator.unit
        if is_mixed and indicator.is_cumulative:
            unit = f"{unit} (lũy kế)"
        yield Line(
            key=layout.row_key(report.pk, indicator.pk),
            group=row.group,
            number=row.number,
            name=indicator.name,
            unit=unit,
            plan=row.plan,
            before=row.beside.before,
            value=row.text if row.is_typed else row.beside.in_period,
            note=row.figure.note if row.figure else "",
            version=row.version,
            decimals=indicator.decimals,
            may_be_negative=indicator.aggregation == Aggregation.RATE,
            is_typed=row.is_typed,
        )


def write_workbook(file: IO[bytes], head: Head, lines: Iterable[Line]) -> None:
    book = xlsxwriter.Workbook(
        file,
        {
            "constant_memory": True,
            # What looks like a formula or an address stays the text it is.
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    book.set_properties({"title": f"{head.program}, {head.province}, {head.period}"})
    sheet = book.add_worksheet(layout.SHEET)
    paper = _Paper(book, sheet)
    paper.lay_out(head)
    last = layout.FIRST_ROW - 1
    group = None
    for line in lines:
        if line.group != group:
            group = line.group
            last += 1
            paper.write_group(last, group)
        last += 1
        paper.write_line(last, line)
    paper.finish(last)
    identity = book.add_worksheet(layout.IDENTITY_SHEET)
    identity.write_string(0, 0, head.token)
    identity.protect()
    identity.very_hidden()
    book.close()


class _Paper:
    """The sheet and its formats."""

    def __init__(self, book: Any, sheet: Any) -> None:
        self.sheet = sheet
        frame = {"border": 1, "border_color": "#8B979B", "valign": "top"}
        tint = {"bg_color": "#FFF8DC", "locked": False}
        self.title = book.add_format({"bold": True, "font_size": 14})
        self.about = book.add_format({"font_size": 11})
        self.how = book.add_format({"italic": True, "text_wrap": True, "valign": "top"})
        self.heading = book.add_format(
            {**frame, "bold": True, "align": "center", "text_wrap": True, "bg_color": "#E3EFF1"}
        )
        self.small = book.add_format({**frame, "italic": True, "align": "center"})
        self.group = book.add_format({**frame, "bold": True, "bg_color": "#F4F6F6"})
        self.text = book.add_format({**frame, "text_wrap": True})
        self.number = book.add_format({**frame, "num_format": NUMBER, "align": "right"})
        self.typed = book.add_format({**frame, **tint, "num_format": NUMBER, "align": "right"})
        self.note = book.add_format({**frame, **tint, "num_format": "@", "text_wrap": True})
        self.whole = book.add_format({"num_format": WHOLE_NUMBER})

    def lay_out(self, head: Head) -> None:
        sheet = self.sheet
        for column, width in layout.WIDTHS.items():
            sheet.set_column(PLACE[column], PLACE[column], width)
        sheet.set_column(layout.VISIBLE, len(PLACE), None, None, {"hidden": True})
        sheet.write_string(0, 0, head.program, self.title)
        sheet.write_string(1, 0, f"Tỉnh, thành phố: {head.province}", self.about)
        sheet.write_string(2, 0, f"Kỳ báo cáo: {head.period}", self.about)
        sheet.set_row(3, 48)
        # Merged above the table only: a merged area inside it could not be sorted.
        sheet.merge_range(3, 0, 3, layout.VISIBLE - 1, HOW_TO_FILL, self.how)
        sheet.set_row(layout.KEYS_ROW, None, None, {"hidden": True})
        for column, place in PLACE.items():
            sheet.write_string(layout.KEYS_ROW, place, column.value)
        sheet.write_string(layout.KEYS_ROW, len(PLACE), head.token)
        headings = HEADINGS | {Column.VALUE: head.value, Column.PLAN: head.plan}
        for column, heading in headings.items():
            sheet.write_string(layout.HEADING_ROW, PLACE[column], heading, self.heading)
        sheet.write_string(layout.HEADING_ROW, PLACE[Column.KEY], layout.NO_INDICATOR)
        # XlsxWriter keeps one row at a time: rows are written from top to bottom.
        for place, number in enumerate(COLUMN_NUMBERS):
            sheet.write_string(layout.NUMBERS_ROW, place, number, self.small)
        sheet.write_string(layout.NUMBERS_ROW, PLACE[Column.KEY], layout.NO_INDICATOR)

    def write_group(self, row: int, group: str) -> None:
        for place in range(layout.VISIBLE):
            sheet_text = group if place == PLACE[Column.NAME] else ""
            if sheet_text:
                self.sheet.write_string(row, place, sheet_text, self.group)
            else:
                self.sheet.write_blank(row, place, None, self.group)

    def write_line(self, row: int, line: Line) -> None:
        sheet = self.sheet
        sheet.write_number(row, PLACE[Column.NUMBER], line.number, self.text)
        sheet.write_string(row, PLACE[Column.NAME], line.name, self.text)
        sheet.write_string(row, PLACE[Column.UNIT], line.unit, self.text)
        self._write_amount(row, Column.PLAN, line.plan, self.number)
        self._write_amount(row, Column.BEFORE, line.before, self.number)
        self._write_amount(
            row, Column.VALUE, line.value, self.typed if line.is_typed else self.number
        )
        self._write_text(row, Column.NOTE, line.note, self.note if line.is_typed else self.text)
        sheet.write_string(row, PLACE[Column.KEY], line.key)
        sheet.write_number(row, PLACE[Column.VERSION], line.version)
        self._write_text(row, Column.BASE, line.value, None)
        self._write_text(row, Column.NOTE_BASE, line.note, None)
        sheet.write_number(row, PLACE[Column.DECIMALS], line.decimals)
        sheet.write_number(row, PLACE[Column.LEAST], ANY_NUMBER if line.may_be_negative else 0)

    def _write_amount(self, row: int, column: Column, text: str, style: Any) -> None:
        """A number as a number where Excel keeps it exactly, else as the text it is."""
        value = exact_float(text)
        if value is None:
            self._write_text(row, column, text, style)
        else:
            self.sheet.write_number(row, PLACE[column], value, style)

    def _write_text(self, row: int, column: Column, text: str, style: Any) -> None:
        if text:
            self.sheet.write_string(row, PLACE[column], text, style)
        elif style is not None:
            self.sheet.write_blank(row, PLACE[column], None, style)

    def finish(self, last: int) -> None:
        sheet = self.sheet
        first = layout.FIRST_ROW
        last = max(last, first)
        value = PLACE[Column.VALUE]
        here = xlsxwriter.utility.xl_rowcol_to_cell(first, value)
        least, places = (
            xlsxwriter.utility.xl_rowcol_to_cell(first, PLACE[column], col_abs=True)
            for column in (Column.LEAST, Column.DECIMALS)
        )
        words = ",".join(f'TRIM({here})="{word}"' for word in WORDS)
        sheet.data_validation(
            first,
            value,
            last,
            value,
            {
                "validate": "custom",
                # IF and not AND: ROUND of a word would be an error, and an error refuses it.
                "value": f"=IF(ISNUMBER({here}),AND({here}>={least},"
                f"ROUND({here},{places})={here}),OR({words}))",
                "ignore_blank": True,
                "input_title": HINT_TITLE,
                "input_message": HINT,
                "error_title": WRONG_TITLE,
                "error_message": WRONG,
            },
        )
        for column in (Column.PLAN, Column.BEFORE, Column.VALUE):
            place = PLACE[column]
            cell = xlsxwriter.utility.xl_rowcol_to_cell(first, place)
            sheet.conditional_format(
                first,
                place,
                last,
                place,
                {
                    "type": "formula",
                    "criteria": f"=AND(ISNUMBER({cell}),INT({cell})={cell})",
                    "format": self.whole,
                },
            )
        sheet.protect(
            "",
            {"sort": True, "autofilter": True, "insert_rows": True, "format_columns": True}
            | {"format_rows": True},
        )
        sheet.freeze_panes(first, PLACE[Column.UNIT])
        sheet.set_selection(first, value, first, value)
        sheet.set_landscape()
        sheet.set_paper(9)  # A4
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.8, right=0.5, top=0.6, bottom=0.6)
        sheet.repeat_rows(layout.HEADING_ROW, layout.NUMBERS_ROW)
        sheet.print_area(0, 0, last, layout.VISIBLE - 1)
        sheet.set_footer("&L&8Khuyến Công&R&8Trang &P/&N")


def exact_float(text: str) -> float | None:
    """The number `text` stands for, if Excel's own numbers can hold it to the last digit."""
    try:
        exact = read_number(text, decimals=6)
    except UnreadableNumber:
        return None
    value = float(exact)
    same = Decimal(repr(value)) == exact and show_number(exact) == text
    return value if same else None

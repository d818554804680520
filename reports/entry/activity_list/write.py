"""The .xlsx of a report's activities, with prepared rows for the next ones."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from tempfile import TemporaryFile
from typing import IO, Any

import xlsxwriter  # type: ignore[import-untyped]
from xlsxwriter.utility import xl_rowcol_to_cell  # type: ignore[import-untyped]

from programs.models import Indicator
from programs.models.activity import ActivityKind
from reports.entry.activity_list import layout
from reports.entry.activity_list.kept import Kept, Texts, kept_of, number_field
from reports.entry.activity_list.layout import Base, Column
from reports.entry.workbook.write import NUMBER, WHOLE_NUMBER, exact_float
from reports.models import Report

DAY = "%d/%m/%Y"
HOW_TO_FILL = (
    "Cách ghi: mỗi hoạt động một dòng. Sửa ngay trên dòng đã có và giữ nguyên Mã; hoạt động mới "
    "thì gõ vào dòng trống và để trống Mã, hệ thống đặt. Ngày gõ dd/mm/yyyy; tiền gõ số đồng. "
    "Xóa một dòng trong tệp không xóa hoạt động. Xong thì lưu và gửi lại ở trang Hoạt động."
)
WRONG_DATE = "Hãy gõ ngày dd/mm/yyyy, ví dụ 28/08/2026."
WRONG_KIND = "Hãy chọn một loại trong danh sách của ô."
WRONG_MONEY = "Hãy gõ số đồng, không âm, không có số lẻ."


def list_workbook(report: Report, columns: Sequence[Indicator]) -> IO[bytes]:
    """Return the .xlsx of the report's activities, with a column for each of `columns`."""
    file = TemporaryFile()  # noqa: SIM115 - the response closes it
    book = xlsxwriter.Workbook(
        file,
        {
            # What looks like a formula or an address stays the text it is.
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    book.set_properties({"title": f"Hoạt động: {report.program.name}, {report.period.name}"})
    paper = _Paper(book, report, columns)
    paper.lay_out()
    row = layout.FIRST_ROW
    for each in kept_of(report, columns):
        paper.write_activity(row, each)
        row += 1
    for _ in range(layout.EMPTY_ROWS):
        paper.write_cells(row, {})
        row += 1
    paper.finish(row - 1)
    book.close()
    file.seek(0)
    return file


class _Paper:
    """The sheet, where each field stands on it, and its formats."""

    def __init__(self, book: Any, report: Report, columns: Sequence[Indicator]) -> None:
        self.book = book
        self.report = report
        self.columns = columns
        self.sheet = book.add_worksheet(layout.SHEET)
        self.keys: dict[str, str] = {
            column.value: layout.key_of(column) for column in layout.BEFORE_NUMBERS
        }
        self.keys |= {number_field(each): layout.number_key(each.code) for each in columns}
        self.keys |= {
            column.value: layout.key_of(column)
            for column in (*layout.MONEY, Column.TOTAL, Column.BASE)
        }
        self.place = {field: place for place, field in enumerate(self.keys)}
        self.base = self.place[Column.BASE]
        frame = {"border": 1, "border_color": "#8B979B", "valign": "top"}
        tint = frame | {"bg_color": "#FFF8DC"}
        self.title = book.add_format({"bold": True, "font_size": 14})
        self.about = book.add_format({"font_size": 11})
        self.how = book.add_format({"italic": True, "text_wrap": True, "valign": "top"})
        self.heading = book.add_format(
            {**frame, "bold": True, "align": "center", "text_wrap": True, "bg_color": "#E3EFF1"}
        )
        self.small = book.add_format({**frame, "italic": True, "align": "center"})
        self.text = book.add_format({**tint, "num_format": "@", "text_wrap": True})
        self.date = book.add_format({**tint, "num_format": "dd/mm/yyyy", "align": "center"})
        self.number = book.add_format({**tint, "num_format": NUMBER, "align": "right"})
        self.money = book.add_format({**tint, "num_format": WHOLE_NUMBER, "align": "right"})
        self.total = book.add_format({**frame, "num_format": WHOLE_NUMBER, "align": "right"})
        self.whole = book.add_format({"num_format": WHOLE_NUMBER})

    def lay_out(self) -> None:
        sheet, report = self.sheet, self.report
        widths = {column.value: width for column, width in layout.WIDTHS.items()}
        for field, place in self.place.items():
            sheet.set_column(place, place, widths.get(field, layout.USUAL_WIDTH))
        sheet.set_column(self.base, self.base, None, None, {"hidden": True})
        sheet.write_string(0, 0, f"Hoạt động khuyến công: {report.program.name}", self.title)
        sheet.write_string(1, 0, f"Tỉnh, thành phố: {report.province.full_name}", self.about)
        sheet.write_string(2, 0, f"Kỳ báo cáo: {report.period.name}", self.about)
        sheet.set_row(3, 48)
        # Merged above the table only: a merged area inside it could not be sorted.
        sheet.merge_range(3, 0, 3, layout.BEFORE_NUMBERS.index(Column.PLACE), HOW_TO_FILL, self.how)
        sheet.set_row(layout.KEYS_ROW, None, None, {"hidden": True})
        headings = {column.value: heading for column, heading in layout.HEADINGS.items()}
        headings |= {number_field(each): f"{each.name} ({each.unit})" for each in self.columns}
        for field, key in self.keys.items():
            place = self.place[field]
            sheet.write_string(layout.KEYS_ROW, place, key)
            if field in headings:
                sheet.write_string(layout.HEADING_ROW, place, headings[field], self.heading)
                sheet.write_string(layout.NUMBERS_ROW, place, self._numbering(place), self.small)
        sheet.write_string(layout.KEYS_ROW, self.base + 1, layout.token_of(report))
        sheet.set_column(self.base + 1, self.base + 1, None, None, {"hidden": True})
        for row in (layout.HEADING_ROW, layout.NUMBERS_ROW):
            sheet.write_string(row, self.base, layout.NO_ACTIVITY)

    def _numbering(self, place: int) -> str:
        """«A», «B», then 1, 2, 3…; the total says of which it is made."""
        if place < 2:
            return "AB"[place]
        number = place - 1
        if place == self.place[Column.TOTAL]:
            return f"{number}=" + "+".join(
                str(number - before) for before in range(len(layout.MONEY), 0, -1)
            )
        return str(number)

    def write_activity(self, row: int, kept: Kept) -> None:
        self.write_cells(row, kept.texts)
        texts = {self.keys[field]: text for field, text in kept.texts.items() if text}
        base = Base(self.report.pk, kept.activity.code, texts)
        self.sheet.write_string(row, self.base, layout.base_text(base))

    def write_cells(self, row: int, texts: Texts) -> None:
        for field, place in self.place.items():
            text = texts.get(field, "")
            if field in (Column.TOTAL, Column.BASE):
                continue
            if field in layout.DATES:
                self._write_date(row, place, text)
            elif field in layout.MONEY:
                self._write_amount(row, place, text, self.money)
            elif field in set(Column):
                self._write_text(row, place, text, self.text)
            else:
                self._write_amount(row, place, text, self.number)
        first, last = (
            xl_rowcol_to_cell(row, self.place[column])
            for column in (layout.MONEY[0], layout.MONEY[-1])
        )
        amounts = [exact_float(texts.get(source, "")) for source in layout.MONEY]
        known = [amount for amount in amounts if amount is not None]
        self.sheet.write_formula(
            row,
            self.place[Column.TOTAL],
            f'=IF(COUNT({first}:{last})=0,"",SUM({first}:{last}))',
            self.total,
            sum(known) if known else "",
        )

    def _write_date(self, row: int, place: int, text: str) -> None:
        if text:
            self.sheet.write_datetime(row, place, datetime.strptime(text, DAY), self.date)  # noqa: DTZ007
        else:
            self.sheet.write_blank(row, place, None, self.date)

    def _write_amount(self, row: int, place: int, text: str, style: Any) -> None:
        """A number as a number where Excel keeps it exactly, else as the text it is."""
        value = exact_float(text)
        if value is None:
            self._write_text(row, place, text, style)
        else:
            self.sheet.write_number(row, place, value, style)

    def _write_text(self, row: int, place: int, text: str, style: Any) -> None:
        if text:
            self.sheet.write_string(row, place, text, style)
        else:
            self.sheet.write_blank(row, place, None, style)

    def finish(self, last: int) -> None:
        sheet, first = self.sheet, layout.FIRST_ROW
        identity = self.book.add_worksheet(layout.IDENTITY_SHEET)
        identity.write_string(0, 0, layout.token_of(self.report))
        kinds = ActivityKind.labels
        for row, label in enumerate(kinds):
            identity.write_string(row, 1, str(label))
        identity.very_hidden()
        # The words have commas, so they cannot stand in the rule itself.
        words = f"='{layout.IDENTITY_SHEET}'!$B$1:$B${len(kinds)}"
        self._rule(last, Column.KIND, {"validate": "list", "source": words}, WRONG_KIND)
        for column in layout.DATES:
            rule = {"validate": "date", "criteria": ">", "value": datetime(1990, 1, 1)}  # noqa: DTZ001
            self._rule(last, column, rule, WRONG_DATE)
        for column in layout.MONEY:
            rule = {"validate": "integer", "criteria": ">=", "value": 0}
            self._rule(last, column, rule, WRONG_MONEY)
        for indicator in self.columns:
            place = self.place[number_field(indicator)]
            cell = xl_rowcol_to_cell(first, place)
            whole = f"=AND(ISNUMBER({cell}),INT({cell})={cell})"
            rule = {"type": "formula", "criteria": whole, "format": self.whole}
            sheet.conditional_format(first, place, last, place, rule)
        sheet.freeze_panes(first, self.place[Column.KIND])
        sheet.set_selection(first, self.place[Column.NAME], first, self.place[Column.NAME])
        sheet.set_landscape()
        sheet.set_paper(9)  # A4
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.8, right=0.5, top=0.6, bottom=0.6)
        sheet.repeat_rows(layout.HEADING_ROW, layout.NUMBERS_ROW)
        sheet.print_area(0, 0, last, self.base - 1)
        sheet.set_footer("&L&8Khuyến Công&R&8Trang &P/&N")

    def _rule(self, last: int, column: Column, rule: dict[str, Any], wrong: str) -> None:
        place = self.place[column]
        said = {"error_title": "Cần xem lại", "error_message": wrong, "ignore_blank": True}
        self.sheet.data_validation(layout.FIRST_ROW, place, last, place, rule | said)

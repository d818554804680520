"""The workbook as people get it."""

from __future__ import annotations

import tracemalloc
from io import BytesIO

import pytest
from openpyxl import load_workbook

from reports.entry.workbook.layout import Column
from reports.entry.workbook.write import Head, Line, write_workbook
from tests.reports.entry.conftest import say
from tests.reports.entry.workbook.conftest import NAMES, Sent

pytestmark = pytest.mark.django_db


def line(number: int = 1, **changed: object) -> Line:
    plain: dict[str, object] = {
        "key": f"1.{number}",
        "group": "Nhóm",
        "number": number,
        "name": "Lớp",
        "unit": "lớp",
        "plan": "",
        "before": "",
        "value": "",
        "note": "",
        "version": 0,
        "decimals": 0,
        "may_be_negative": False,
        "is_typed": True,
    }
    return Line(**{**plain, **changed})


HEAD = Head("CT", "tỉnh An Giang", "tháng 8", "Trong kỳ", "Kế hoạch năm", "KC1:x")


def written(*lines: Line):
    file = BytesIO()
    write_workbook(file, HEAD, lines)
    file.seek(0)
    return load_workbook(file)["Báo cáo"]


def test_it_says_whose_it_is_and_has_the_official_columns(report):
    sheet = Sent.of(report).sheet

    assert sheet["A1"].value == "Khuyến công Hà Nội 2026"
    assert sheet["A2"].value == "Tỉnh, thành phố: thành phố Hà Nội"
    assert sheet["A3"].value == "Kỳ báo cáo: tháng 8/2026"
    assert [cell.value for cell in sheet[6][:7]] == [
        "STT", "Chỉ tiêu", "ĐVT", "Kế hoạch năm", "Kỳ trước", "Trong kỳ", "Ghi chú",
    ]  # fmt: skip
    assert [cell.value for cell in sheet[7][:7]] == ["A", "B", "C", "1", "2", "3", "4"]
    assert [sheet.cell(row, 2).value for row in range(9, 14)] == NAMES
    assert sheet.cell(8, 2).font.bold


def test_only_typed_cells_are_open_and_the_protection_has_no_password(report, indicators):
    sent = Sent.of(report)
    sheet = sent.sheet

    assert sheet.protection.sheet
    assert not sheet.protection.password
    open_cells = {
        cell.coordinate for row in sheet.iter_rows() for cell in row if not cell.protection.locked
    }
    assert open_cells == {
        sent.cell(indicator, column).coordinate
        for indicator in indicators[:-1]
        for column in (Column.VALUE, Column.NOTE)
    }
    assert sent.cell(indicators[0]).fill.fgColor.rgb != "00000000"


def test_figures_are_real_numbers_in_a_format_that_follows_the_language_of_excel(
    report, indicators
):
    sent = Sent.of(report)

    assert sent.cell(indicators[0]).value == 64
    assert sent.cell(indicators[5]).value == 1250.5
    assert sent.cell(indicators[5]).number_format == "#,##0.######"


def test_hidden_keys_are_hidden_and_the_sheet_is_ready_to_print(report):
    sheet = Sent.of(report).sheet

    assert sheet.row_dimensions[5].hidden
    hidden = sheet.column_dimensions["H"]
    assert (hidden.hidden, hidden.min, hidden.max) == (True, 8, 14)
    assert sheet.freeze_panes == "C8"
    assert (sheet.page_setup.orientation, int(sheet.page_setup.paperSize)) == ("landscape", 9)
    assert sheet.print_title_rows == "$6:$7"
    assert Sent.of(report).book["KC"].sheet_state == "veryHidden"


def test_excel_itself_refuses_what_is_no_figure_in_vietnamese(report):
    [rule] = Sent.of(report).sheet.data_validations.dataValidation

    assert rule.type == "custom"
    assert "không áp dụng" in rule.formula1
    assert rule.formula1.startswith("IF(ISNUMBER(F8),AND(F8>=$M8,ROUND(F8,$L8)=F8),OR(")
    assert len(rule.formula1) <= 255
    assert "không âm" in rule.error


def test_what_looks_like_a_formula_stays_text():
    hostile = ["=1+1", "+1", "-1", "@SUM(A1)", "=cmd|' /C calc'!A0", "http://x.vn"]

    sheet = written(*(line(n, name=text, note=text, unit=text) for n, text in enumerate(hostile)))

    for row, text in enumerate(hostile, 9):
        for column in (2, 3, 7):
            cell = sheet.cell(row, column)
            assert (cell.value, cell.data_type) == (text, "s")
            assert cell.hyperlink is None


def test_a_number_that_excel_would_round_is_sent_as_text():
    sheet = written(line(value="12.345.678.901.234,567891"), line(value="12.345.678.901.234"))

    assert sheet.cell(9, 6).value == "12.345.678.901.234,567891"
    assert sheet.cell(10, 6).value == 12345678901234


def test_a_computed_ratio_is_shown_and_not_typed(report, indicators, staff):
    say(report, (indicators[2], "32"), by=staff)

    cell = Sent.of(report).cell(indicators[7])

    assert cell.value == 50
    assert cell.protection.locked


def test_memory_does_not_grow_with_the_rows():
    def peak(rows: int) -> int:
        tracemalloc.start()
        write_workbook(BytesIO(), HEAD, (line(number) for number in range(rows)))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(10)  # what is loaded once
    assert peak(2000) < 3 * peak(200)

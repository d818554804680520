"""All faults at once: on the page, and in a copy of the workbook that can be mended."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from programs.models import Indicator
from programs.numbers import UnreadableNumber, show_number
from reports.entry.said import read_cell, shown
from reports.entry.workbook import annotate
from reports.entry.workbook.entries import value_of
from reports.entry.workbook.faults import Fault
from reports.entry.workbook.layout import Column
from reports.entry.workbook.read import Cell, Kind, _meaning
from reports.models import Figure, ImportState
from tests.factories import IndicatorFactory, TargetFactory
from tests.reports.entry.conftest import month, open_report
from tests.reports.entry.workbook.conftest import Sent, send_back, told
from tests.reports.entry.workbook.packages import rewritten

# What somebody put in a typed cell, and a word of what they are told.
WRONG_VALUES = [
    ("1.25", "không rõ"),
    ("1,250.5", "kiểu Anh - Mỹ"),
    ("12 lớp", "có chữ"),
    ("50%", "dấu %"),
    ("-3", "số âm"),
    (-3, "số âm"),
    (1.5, "số nguyên"),
    ("1,5", "số nguyên"),
    ("10-12", "dấu gạch"),
    ("1 250", "dấu cách"),
    ("007", "mã số"),
    (date(2026, 8, 1), "ngày tháng (01/08/2026)"),
    (True, "đúng/sai"),
    ("#REF!", "lỗi công thức #REF!"),
    ("=1+1", "chưa có kết quả"),
    (123456789012345678, "chữ số trước dấu phẩy"),
]


@pytest.fixture
def many(monthly) -> list[Indicator]:
    found = [
        IndicatorFactory.create(name=f"Chỉ tiêu thử số {place}", position=20 + place)
        for place in range(20)
    ]
    for indicator in found:
        TargetFactory.create(program=monthly, indicator=indicator)
    return found


def wrong_workbook(report, many) -> Sent:
    """Twenty errors: sixteen values, and percent, a merged area, a row twice, one of nobody."""
    sent = Sent.of(report)
    for indicator, (value, _) in zip(many, WRONG_VALUES, strict=False):
        sent.type(indicator, value)
        if value == "#REF!":
            sent.cell(indicator).data_type = "e"
    sent.type(many[16], 0.5)
    sent.cell(many[16]).number_format = "0%"
    below = sent.row(many[17])
    sent.sheet.merge_cells(f"F{below}:F{below + 1}")
    sent.type(many[19], sent.cell(many[0], Column.KEY).value, Column.KEY)
    last = sent.sheet.max_row + 1
    sent.sheet.cell(last, 2).value = "Chỉ tiêu tự nghĩ"
    sent.sheet.cell(last, 6).value = 5
    return sent


@pytest.mark.django_db
def test_a_workbook_with_twenty_errors_reports_twenty_each_at_its_cell(report, many, staff):
    sent = wrong_workbook(report, many)
    rows = [sent.row(indicator) for indicator in many[:19]]

    imported = send_back(report, sent.bytes(), by=staff)

    assert imported.state == ImportState.FAULTY
    assert len(imported.faults) == 20
    at = {fault["cell"]: fault for fault in imported.faults}
    for row, (_, word) in zip(rows, WRONG_VALUES, strict=False):
        assert word in at[f"F{row}"]["wrong"], row
    assert "phần trăm" in at[f"F{rows[16]}"]["wrong"]
    assert "gộp" in at[f"F{rows[17]}"]["wrong"]
    assert "lặp lại" in at[f"F{rows[18] + 1}"]["wrong"]
    assert "Không rõ dòng này" in at[f"B{sent.sheet.max_row}"]["wrong"]
    for fault in imported.faults:
        assert fault["sheet"] == "Báo cáo"
        assert fault["remedy"].startswith("Hãy")
    assert report.figures.filter(indicator__in=many).count() == 0


@pytest.mark.django_db
def test_the_copy_has_the_same_cells_coloured_and_explained(report, many, staff):
    imported = send_back(report, wrong_workbook(report, many).bytes(), by=staff)

    with imported.annotated.open() as file:
        sheet = load_workbook(BytesIO(file.read()))["Báo cáo"]

    marked = {
        cell.coordinate for row in sheet.iter_rows() for cell in row if cell.comment is not None
    }
    assert marked == {fault["cell"] for fault in imported.faults}
    first = sheet[imported.faults[0]["cell"]]
    assert imported.faults[0]["wrong"] in first.comment.text
    assert first.fill.fgColor.rgb == "FFF4A6A0"
    assert sheet.protection.sheet


@pytest.mark.django_db
def test_the_copy_mended_in_its_place_is_taken(report, indicators, staff):
    sent = Sent.of(report)
    sent.type(indicators[1], "12 lớp")
    imported = send_back(report, sent.bytes(), by=staff)
    with imported.annotated.open() as file:
        mended = Sent(load_workbook(BytesIO(file.read())))
    mended.type(indicators[1], 12)

    again = send_back(report, mended.bytes(), by=staff)

    assert (again.state, len(again.changes)) == (ImportState.READY, 1)


@pytest.mark.django_db
def test_a_file_too_big_to_be_marked_gets_a_list_that_says_so(
    report, indicators, staff, monkeypatch
):
    monkeypatch.setattr(annotate, "MAX_CHANGED", 10)
    sent = Sent.of(report)
    sent.type(indicators[1], "=cmd")
    sent.cell(indicators[1]).data_type = "s"

    imported = send_back(report, sent.bytes(), by=staff)

    with imported.annotated.open() as file:
        sheet = load_workbook(BytesIO(file.read()))["Lỗi"]
    assert "không đánh dấu được" in sheet["A1"].value
    assert sheet["B3"].value == imported.faults[0]["cell"]


@pytest.mark.django_db
def test_notes_have_their_faults_too(report, indicators, staff):
    sent = Sent.of(report)
    sent.type(indicators[1], "x" * 2001, Column.NOTE)
    sent.type(indicators[2], "=A1", Column.NOTE)
    report.figures.filter(indicator=indicators[0]).update(is_derived=True, note="từ tỷ lệ")
    sent.type(indicators[0], "từ tỷ lệ", Column.NOTE_BASE)

    assert [line.split()[1] for line in told(send_back(report, sent.bytes(), by=staff))] == [
        "Ghi", "Công", "Số",
    ]  # fmt: skip


@pytest.mark.django_db
def test_a_ratio_is_not_typed(report, indicators, staff):
    sent = Sent.of(report)
    sent.type(indicators[7], 50)

    assert "tính từ hai chỉ tiêu" in told(send_back(report, sent.bytes(), by=staff))[0]


@pytest.mark.django_db
def test_a_formula_stands_for_the_value_excel_worked_out(report, indicators, staff):
    sent = Sent.of(report)
    sent.type(indicators[1], 4711)
    content = rewritten(
        sent.bytes(),
        lambda name, part: part.replace(b"<v>4711</v>", b"<f>40*3</f><v>120</v>"),
    )

    imported = send_back(report, content, by=staff)

    assert [change["file"] for change in imported.changes] == ["120"]


def indicator_with(decimals: int) -> Indicator:
    return Indicator(pk=1, code="x", name="X", unit="lớp", aggregation="flow", decimals=decimals)


def meaning(text: str, indicator: Indicator) -> str | None:
    """What typing `text` into the sheet would show; None if it is refused there."""
    try:
        state, value = read_cell(text, indicator)
    except UnreadableNumber:
        return None
    return shown(Figure(state=state, value=value))


digits = st.text("0123456789.,  -+−%aà\u00a0", max_size=12)
numbers = st.decimals(0, 10**9, places=3).map(str)
pasted = st.one_of(
    digits,
    numbers,
    numbers.map(lambda text: text.replace(".", ",")),
    st.sampled_from(["kad", "KPS", "không áp dụng", "Không phát sinh", " ", "\t12\n", "1.000"]),
    st.text(max_size=8),
)


@settings(max_examples=300)
@given(text=pasted, decimals=st.integers(0, 3))
def test_a_text_in_a_workbook_means_what_it_means_when_it_is_typed(text, decimals):
    indicator = indicator_with(decimals)
    cell = Cell(6, 9, Kind.TEXT, text) if text.strip() else None

    read = value_of(cell, indicator, "Báo cáo")

    wanted = meaning(text, indicator)
    if wanted is None:
        assert isinstance(read, Fault)
        with pytest.raises(UnreadableNumber, match=re.escape(read.wrong.removesuffix("."))):
            read_cell(text, indicator)
    else:
        assert read == wanted
        assert read_cell(wanted, indicator) == read_cell(text, indicator)


exact = st.one_of(
    st.integers(0, 10**14 - 1).map(Decimal),
    st.decimals(0, 10**8, places=6),
    st.decimals(0, 10**4, places=10),
)


@given(number=exact, decimals=st.integers(0, 6))
def test_a_number_in_a_workbook_is_taken_exactly_or_refused(number, decimals):
    indicator = indicator_with(decimals)
    kind, text = _meaning(float(number), "n")

    read = value_of(Cell(6, 9, kind, text), indicator, "Báo cáo")

    if number == round(number, decimals):
        assert read == show_number(number)
    else:
        assert isinstance(read, Fault)


@pytest.mark.django_db
def test_texts_survive_the_way_through_a_real_file(monthly, staff, hanoi):
    texts = [
        "1.250",
        " 12 ",
        "1,5",
        "kad",
        "không phát sinh",
        "1\u00a0250",
        "1.25",
        "−5",
        "٣",
        "1e3",
    ]
    found = [
        IndicatorFactory.create(name=f"Thử {place}", decimals=1, position=place)
        for place in range(len(texts))
    ]
    for indicator in found:
        TargetFactory.create(program=monthly, indicator=indicator)
    report = open_report(monthly, month(8))
    sent = Sent.of(report)
    for indicator, text in zip(found, texts, strict=True):
        sent.type(indicator, text)
        sent.cell(indicator).data_type = "s"

    imported = send_back(report, sent.bytes(), by=staff)

    refused = {fault["cell"] for fault in imported.faults}
    read = {change["cell"]: change["file"] for change in imported.changes}
    for indicator, text in zip(found, texts, strict=True):
        cell = sent.cell(indicator).coordinate
        assert (cell in refused) == (meaning(text, indicator) is None)
        if cell not in refused:
            assert read[cell] == meaning(text, indicator)

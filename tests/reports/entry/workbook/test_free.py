"""Tables that people made themselves: understood once, remembered."""

from __future__ import annotations

from io import BytesIO

import pytest
from openpyxl import Workbook

from reports.entry.workbook.run import confirm_mapping, read_import, write_import
from reports.models import ColumnMapping, ImportState, WorkbookImport
from tests.reports.entry.workbook.conftest import Sent, send_back, told, values

pytestmark = pytest.mark.django_db


def table(*rows: list[object], title: str = "Sheet") -> bytes:
    book = Workbook()
    assert book.active is not None
    book.active.title = title
    for row in rows:
        book.active.append(row)
    file = BytesIO()
    book.save(file)
    return file.getvalue()


HEADING = ["TT", "Nội dung", "ĐVT", "Kế hoạch", "Thực hiện"]


def by_rows(*figures: object) -> bytes:
    names = ["1. LOP TRUYEN NGHE (lớp)", "máy móc hỗ trợ:", "Tổng cộng"]
    rows = [
        [place, name, "lớp", 100, figure]
        for place, (name, figure) in enumerate(zip(names, figures, strict=True), 1)
    ]
    return table(["BÁO CÁO THÁNG"], [], HEADING, *rows)


def confirmed(imported: WorkbookImport, *, by, **changed: object) -> WorkbookImport:
    stored = imported.mapping["table"]
    taken = {choice["at"]: choice["indicator"] for choice in stored["choices"]}
    at = changed.get("at", stored["figures_at"])
    assert confirm_mapping(imported, taken, at, by=by)
    read_import(imported.pk)
    return WorkbookImport.objects.get(pk=imported.pk)


def test_rows_that_name_indicators_are_proposed_and_nothing_is_read_before_a_person_agrees(
    report, indicators, staff
):
    imported = send_back(report, by_rows(70, 12, 82), by=staff)

    assert imported.state == ImportState.MAPPING
    proposed = imported.mapping["table"]
    assert proposed["figures_at"] == 5
    assert [choice["indicator"] for choice in proposed["choices"]] == [
        indicators[0].pk, indicators[1].pk, None,
    ]  # fmt: skip
    assert imported.changes == []


def test_a_confirmed_table_is_compared_and_written(report, indicators, staff):
    imported = confirmed(send_back(report, by_rows(70, 12, 82), by=staff), by=staff)

    # What is here and differs is a conflict: the table does not say what it was made from.
    assert [(each["name"], each["kind"]) for each in imported.changes] == [
        ("Lớp truyền nghề", "conflict"),
        ("Máy móc hỗ trợ", "file"),
    ]
    write_import(imported.pk, [indicators[0].pk], by=staff)
    assert (values(report)["ct-1"][1], values(report)["ct-2"][1]) == ("70.000000", "12.000000")


def test_next_months_table_is_recognised(report, indicators, staff, outsider):
    confirmed(send_back(report, by_rows(70, 12, 82), by=staff), by=staff)

    again = send_back(report, by_rows(71, 13, 84), by=staff)

    assert again.state == ImportState.READY
    assert [each["file"] for each in again.changes] == ["71", "13"]
    assert ColumnMapping.objects.filter(user=staff).count() == 1


def test_a_mapping_that_was_corrected_is_remembered_as_corrected(report, indicators, staff):
    first = send_back(report, by_rows(70, 12, 82), by=staff)
    taken = {first.mapping["table"]["choices"][1]["at"]: indicators[3].pk}
    assert confirm_mapping(first, taken, 5, by=staff)

    again = send_back(report, by_rows(70, 12, 82), by=staff)

    assert [each["name"] for each in again.changes] == ["Gian hàng"]


def test_columns_that_name_indicators_are_read_in_the_line_of_the_total(report, indicators, staff):
    content = table(
        ["Huyện", "Lớp truyền nghề", "ct-2", "Khác"],
        ["Ba Vì", 30, 4, 1],
        ["Toàn thành phố", 70, 12, 2],
    )

    imported = confirmed(send_back(report, content, by=staff), by=staff)

    assert [(each["cell"], each["file"]) for each in imported.changes] == [
        ("B3", "70"), ("C3", "12"),
    ]  # fmt: skip


def test_which_column_holds_the_figures_is_asked_if_it_is_not_clear(report, indicators, staff):
    content = table(["Tên", "Quý I", "Quý II"], ["Lớp truyền nghề", 3, 4], ["Gian hàng", 5, 6])
    imported = send_back(report, content, by=staff)

    assert imported.mapping["table"]["figures_at"] is None
    assert not confirm_mapping(imported, {2: indicators[0].pk}, None, by=staff)
    assert [each["file"] for each in confirmed(imported, by=staff, at=3).changes] == ["4", "6"]


def test_faults_of_a_free_table_are_told_by_cell(report, indicators, staff):
    imported = confirmed(send_back(report, by_rows("70 lớp", 12.5, 82), by=staff), by=staff)

    assert imported.state == ImportState.FAULTY
    assert [line.split()[0] for line in told(imported)] == ["E4", "E5"]


def test_an_empty_cell_of_a_free_table_erases_nothing(report, indicators, staff):
    imported = confirmed(send_back(report, by_rows(None, 12, 82), by=staff), by=staff)

    assert [each["name"] for each in imported.changes] == ["Máy móc hỗ trợ"]


def test_a_file_without_any_indicator_says_so(report, indicators, staff):
    imported = send_back(report, table(["Họ tên", "Tuổi"], ["An", 30]), by=staff)

    assert imported.state == ImportState.FAILED
    assert "Không nhận ra chỉ tiêu nào" in told(imported)[0]


def test_our_workbook_without_its_hidden_columns_is_a_free_table(report, indicators, staff):
    sent = Sent.of(report)
    sent.type(indicators[1], 5)
    sent.sheet.delete_cols(8, 10)

    imported = send_back(report, sent.bytes(), by=staff)

    assert imported.state == ImportState.MAPPING
    assert [each["name"] for each in confirmed(imported, by=staff).changes] == ["Máy móc hỗ trợ"]

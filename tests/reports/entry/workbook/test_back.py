"""A workbook that comes back: what it changes, and what it does not."""

from __future__ import annotations

import pytest

from programs.access import Role
from reports.entry.workbook.layout import Column
from reports.entry.workbook.run import NotWritten, write_import
from reports.entry.workflow import submit
from reports.models import ImportState
from tests.conftest import person
from tests.reports.entry.conftest import month, open_report, say
from tests.reports.entry.workbook.conftest import Sent, send_back, told, values

pytestmark = pytest.mark.django_db


def by_kind(imported) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for change in imported.changes:
        found.setdefault(change["kind"], []).append(change["name"])
    return found


def test_an_untouched_workbook_changes_nothing(report, staff):
    before = values(report)

    imported = send_back(report, Sent.of(report).bytes(), by=staff)

    assert (imported.state, imported.faults, imported.changes) == (ImportState.READY, [], [])
    assert write_import(imported.pk, [], by=staff) == 0
    assert values(report) == before


def test_even_figures_with_words_notes_and_many_digits_come_back_as_they_went(
    report, indicators, staff
):
    report.figures.filter(indicator=indicators[0]).update(
        qualifier="about", qualifier_word="khoảng", note="=theo\nbáo cáo", is_derived=True
    )
    say(report, (indicators[1], "kad"), (indicators[2], "0"), (indicators[6], "-3,5"), by=staff)
    say(report, (indicators[5], "12.345.678.901.234,567"), by=staff)

    imported = send_back(report, Sent.of(report).bytes(), by=staff)

    assert (told(imported), imported.changes) == ([], [])


def test_what_was_typed_in_excel_is_in_the_report(report, indicators, staff):
    sent = Sent.of(report)
    sent.type(indicators[0], 70)
    sent.type(indicators[1], "1.250")
    sent.type(indicators[2], 0)
    sent.type(indicators[3], "Không áp dụng")
    sent.type(indicators[5], None)
    sent.type(indicators[6], -2.5)
    sent.type(indicators[4], "Chưa tổ chức", Column.NOTE)

    imported = send_back(report, sent.bytes(), by=staff)
    assert told(imported) == []
    assert write_import(imported.pk, [], by=staff) == 7

    assert values(report) == {
        "ct-1": ("reported", "70.000000"),
        "ct-2": ("reported", "1250.000000"),
        "ct-3": ("zero", "0.000000"),
        "ct-4": ("not_applicable", ""),
        "ct-5": ("missing", ""),
        "kinh-phi": ("missing", ""),
        "toc-do": ("reported", "-2.500000"),
    }
    assert report.figures.get(indicator=indicators[4]).note == "Chưa tổ chức"
    imported.refresh_from_db()
    assert imported.state == ImportState.WRITTEN


def test_the_last_row_is_read(report, indicators, staff):
    sent = Sent.of(report)
    sent.sheet.delete_rows(sent.row(indicators[7]))
    sent.type(indicators[6], "9,5")
    assert sent.row(indicators[6]) == sent.sheet.max_row

    imported = send_back(report, sent.bytes(), by=staff)

    assert by_kind(imported) == {"file": ["Tốc độ tăng"]}


def test_rows_sorted_and_inserted_and_columns_renamed_and_moved_change_nothing(
    report, indicators, staff
):
    sent = Sent.of(report)
    sent.type(indicators[1], 12)
    sheet = sent.sheet
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(max_col=14)]
    body = sorted(rows[7:], key=lambda row: str(row[1]), reverse=True)
    body.insert(2, [None, "Dòng tôi thêm để ghi nhớ", *[None] * 12])
    body.insert(0, [None] * 14)
    rows[5] = ["tt", "Tên", "Đơn vị", "KH", "Trước", "Tháng này", "Nói thêm", *rows[5][7:]]
    sheet.title = "Tháng 8 (bản cuối)"
    del sent.book["KC"]
    moved = [2, 0, 5, 13, 1, 9, 3, 4, 8, 6, 10, 7, 12, 11]
    for merged in list(sheet.merged_cells.ranges):
        sheet.unmerge_cells(str(merged))
    sheet.delete_rows(1, sheet.max_row)
    for row in [*rows[:7], *body]:
        sheet.append([row[place] for place in moved])

    imported = send_back(report, sent.bytes(), by=staff)

    assert told(imported) == []
    assert by_kind(imported) == {"file": ["Máy móc hỗ trợ"]}


def test_a_deleted_row_changes_nothing_and_is_said(report, indicators, staff):
    sent = Sent.of(report)
    sent.sheet.delete_rows(sent.row(indicators[0]))

    imported = send_back(report, sent.bytes(), by=staff)

    assert imported.changes == []
    assert imported.mapping["absent"] == ["Lớp truyền nghề"]


def test_a_row_that_lost_its_key_is_proposed_by_name(report, indicators, staff):
    sent = Sent.of(report)
    row = sent.row(indicators[1])
    sent.type(indicators[1], 5)
    for column in (Column.BASE, Column.NOTE_BASE, Column.VERSION, Column.KEY):
        sent.sheet.cell(row, sent.column(column)).value = None
    sent.sheet.cell(row, 2).value = "  2. MAY MOC hỗ trợ (lớp):"

    imported = send_back(report, sent.bytes(), by=staff)

    [change] = imported.changes
    assert (change["name"], change["by_name"], change["kind"]) == ("Máy móc hỗ trợ", True, "file")


def test_two_editors_see_what_each_did_and_lose_nothing(report, indicators, staff):
    sent = Sent.of(report)
    colleague = person("thu", Role.STAFF, report.province)
    say(report, (indicators[0], "65"), (indicators[1], "8"), (indicators[3], "7"), by=colleague)
    sent.type(indicators[0], 70)  # both, differently
    sent.type(indicators[2], 9)  # the file alone
    sent.type(indicators[3], 7)  # both, to the same

    imported = send_back(report, sent.bytes(), by=staff)

    assert by_kind(imported) == {
        "conflict": ["Lớp truyền nghề"],
        "here": ["Máy móc hỗ trợ"],
        "file": ["Cơ sở được tư vấn"],
    }
    conflict = next(each for each in imported.changes if each["kind"] == "conflict")
    assert [conflict[key] for key in ("base", "here", "file", "here_by")] == [
        "64", "65", "70", "thu",
    ]  # fmt: skip
    write_import(imported.pk, [], by=staff)
    shown = values(report)
    assert [shown[code][1] for code in ("ct-1", "ct-2", "ct-3", "ct-4")] == [
        "65.000000", "8.000000", "9.000000", "7.000000",
    ]  # fmt: skip


def test_in_a_conflict_the_file_wins_if_somebody_says_so(report, indicators, staff):
    sent = Sent.of(report)
    say(report, (indicators[0], "65"), by=staff)
    sent.type(indicators[0], 70)
    imported = send_back(report, sent.bytes(), by=staff)

    write_import(imported.pk, [indicators[0].pk], by=staff)

    assert values(report)["ct-1"][1] == "70.000000"


def test_a_note_here_and_a_value_there_are_both_kept(report, indicators, staff):
    sent = Sent.of(report)
    sent.type(indicators[0], 70)
    report.figures.filter(indicator=indicators[0]).update(note="đã kiểm tra", version=2)

    imported = send_back(report, sent.bytes(), by=staff)
    assert by_kind(imported) == {"file": ["Lớp truyền nghề"]}
    write_import(imported.pk, [], by=staff)

    figure = report.figures.get(indicator=indicators[0])
    assert (figure.value, figure.note) == (70, "đã kiểm tra")


def test_what_changed_after_the_preview_holds_up_the_whole(report, indicators, staff):
    sent = Sent.of(report)
    sent.type(indicators[0], 70)
    sent.type(indicators[1], 3)
    imported = send_back(report, sent.bytes(), by=staff)
    say(report, (indicators[0], "66"), by=staff)

    with pytest.raises(NotWritten) as why:
        write_import(imported.pk, [], by=staff)

    assert why.value.is_outdated
    assert "ct-2" not in values(report)


def test_nothing_is_written_if_the_report_was_sent_meanwhile(report, indicators, staff):
    sent = Sent.of(report)
    sent.type(indicators[0], 70)
    imported = send_back(report, sent.bytes(), by=staff)
    submit(report, by=staff)

    with pytest.raises(NotWritten, match="Chưa ghi gì"):
        write_import(imported.pk, [], by=staff)
    assert values(report)["ct-1"][1] == "64.000000"
    again = send_back(report, sent.bytes(), by=staff)
    assert again.state == ImportState.FAILED
    assert "đã gửi hoặc đã duyệt" in told(again)[0]


def test_an_import_is_written_once(report, indicators, staff):
    sent = Sent.of(report)
    sent.type(indicators[0], 70)
    imported = send_back(report, sent.bytes(), by=staff)
    write_import(imported.pk, [], by=staff)

    with pytest.raises(NotWritten):
        write_import(imported.pk, [], by=staff)


def test_one_returned_figure_of_a_sent_report_can_come_by_file_and_no_other(
    report, indicators, staff
):
    sent = Sent.of(report)
    submit(report, by=staff)
    report.figures.filter(indicator=indicators[0]).update(review="returned")
    sent.type(indicators[0], 70)

    assert send_back(report, sent.bytes(), by=staff).state == ImportState.READY
    sent.type(indicators[1], 5)
    assert "đã gửi hoặc đã duyệt" in told(send_back(report, sent.bytes(), by=staff))[0]


def test_a_cumulative_figure_below_last_months_is_an_error_before_anyone_confirms(
    report, monthly, indicators, staff
):
    indicators[3].entry_mode = "cumulative"
    indicators[3].save()
    say(open_report(monthly, month(7)), (indicators[3], "40"), by=staff)
    sent = Sent.of(report)
    assert sent.sheet["F6"].value == "Trong kỳ hoặc lũy kế"
    sent.type(indicators[3], 30)

    assert "thấp hơn 40" in told(send_back(report, sent.bytes(), by=staff))[0]


def test_a_row_copied_from_last_months_file_is_refused(report, monthly, indicators, staff):
    sent = Sent.of(report)
    july = Sent.of(open_report(monthly, month(7)))
    sent.type(indicators[1], july.cell(indicators[1], Column.KEY).value, Column.KEY)

    assert "báo cáo khác" in told(send_back(report, sent.bytes(), by=staff))[0]

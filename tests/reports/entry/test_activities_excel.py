"""The list of activities as an Excel file: out, filled in, back, whole or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from accounts.models import User
from programs.models import Activity, Indicator, Organisation
from programs.models.activity import ActivityKind, ParticipantRole
from reports.entry.activities import Described, Money, columns_of, put_activities, put_activity
from reports.entry.activity_list import layout
from reports.entry.activity_list.compare import (
    Compared,
    NotWritten,
    compare_file,
    kept_for_later,
    write_list,
)
from reports.entry.activity_list.layout import Column, key_of, number_key
from reports.entry.activity_list.read import NOT_A_LIST, OTHER_REPORT, TOO_MANY
from reports.entry.activity_list.write import list_workbook
from reports.entry.workbook import gates
from reports.entry.workbook.faults import Refused
from reports.entry.workflow import submit
from reports.models import Report
from tests.factories import IndicatorFactory, OrganisationFactory
from tests.khuyencong.test_csp import INLINE
from tests.reports.entry.conftest import month, open_report

pytestmark = pytest.mark.django_db


@pytest.fixture
def trained(monthly):
    return IndicatorFactory.create(name="Lao động được đào tạo", code="lao-dong", position=2)


@pytest.fixture
def listed(august: Report, classes: Indicator, trained: Indicator, staff: User) -> Report:
    """August with two activities, each with numbers; one with money and people."""
    put_activities(
        august,
        [
            (
                Described(
                    "Lớp mây tre đan",
                    ActivityKind.CLASS,
                    date(2026, 8, 3),
                    date(2026, 8, 20),
                    place="Phú Vinh",
                    implementer="Trung tâm Khuyến công",
                    beneficiary="HTX Phú Vinh",
                    money=Money(local=105_000_000, counterpart=20_000_000),
                    numbers={classes.pk: "1", trained.pk: "35"},
                ),
                None,
            ),
            (
                Described(
                    "=1+1 lớp thêu",
                    ActivityKind.CLASS,
                    date(2026, 8, 28),
                    numbers={classes.pk: "1", trained.pk: "không áp dụng"},
                ),
                None,
            ),
        ],
        by=staff,
    )
    return august


@dataclass
class Sent:
    """A file of ours as openpyxl opens it."""

    book: Workbook

    @classmethod
    def of(cls, report: Report) -> Sent:
        with list_workbook(report, columns_of(report, ["lop", "lao-dong"])) as file:
            return cls(load_workbook(BytesIO(file.read())))

    @property
    def sheet(self) -> Worksheet:
        sheet = self.book[layout.SHEET]
        assert isinstance(sheet, Worksheet)
        return sheet

    def column(self, key: str) -> int:
        keys = next(self.sheet.iter_rows(layout.KEYS_ROW + 1, layout.KEYS_ROW + 1))
        return next(cell.column or 0 for cell in keys if cell.value == key)

    def cell(self, row: int, column: Column | str) -> Any:
        """`row` from 0: of the list, then of the prepared rows."""
        key = key_of(column) if isinstance(column, Column) else number_key(column)
        return self.sheet.cell(layout.FIRST_ROW + 1 + row, self.column(key))

    def type(self, row: int, **said: Any) -> None:
        for field, value in said.items():
            self.cell(row, Column(field)).value = value

    def file(self) -> BytesIO:
        file = BytesIO()
        self.book.save(file)
        file.seek(0)
        return file


A_FAIR = {
    "name": "Hội chợ hàng thủ công",
    "kind": "hội chợ, triển lãm",
    "starts_on": datetime(2026, 8, 5),  # noqa: DTZ001
}


def read_back(sent: Sent, report: Report, by: User) -> Compared:
    return compare_file(sent.file(), report, by=by)


def told(compared: Compared) -> list[str]:
    return [f"{fault.cell} {fault.wrong}" for fault in compared.faults]


def write(sent: Sent, report: Report, by: User) -> list[Activity]:
    compared = read_back(sent, report, by)
    assert told(compared) == []
    return write_list(report, kept_for_later(compared, report, by=by), by=by)


def is_untouched(compared: Compared) -> bool:
    return not compared.lines and not compared.faults and not compared.absent


# Out.


def test_dates_and_numbers_are_real_and_what_looks_like_a_formula_stays_text(listed):
    sent = Sent.of(listed)

    assert sent.cell(0, Column.STARTS_ON).value == datetime(2026, 8, 3)  # noqa: DTZ001
    assert sent.cell(0, Column.LOCAL).value == 105_000_000
    assert sent.cell(0, "lao-dong").value == 35
    assert sent.cell(1, "lao-dong").value == "không áp dụng"
    name = sent.cell(1, Column.NAME)
    assert (name.value, name.data_type) == ("=1+1 lớp thêu", "s")
    assert sent.cell(0, Column.TOTAL).value.startswith("=IF(COUNT(")


def test_twenty_rows_are_prepared_with_a_list_of_kinds_and_the_page_is_set_up(listed):
    sheet = Sent.of(listed).sheet
    last = layout.FIRST_ROW + 2 + layout.EMPTY_ROWS

    assert sheet.max_row == last
    rules = sheet.data_validations.dataValidation
    kinds = next(rule for rule in rules if rule.type == "list")
    assert str(kinds.sqref).endswith(str(last))
    assert sheet.row_dimensions[layout.KEYS_ROW + 1].hidden
    assert sheet.page_setup.orientation == "landscape"
    assert sheet.print_title_rows == f"${layout.HEADING_ROW + 1}:${layout.NUMBERS_ROW + 1}"
    numbers = [cell.value for cell in sheet[layout.NUMBERS_ROW + 1]]
    assert numbers[:4] == ["A", "B", "1", "2"]
    assert "13=9+10+11+12" in numbers


# Back, unchanged.


def test_an_untouched_round_trip_changes_nothing(listed, staff):
    compared = read_back(Sent.of(listed), listed, staff)
    assert is_untouched(compared)
    assert compared.unchanged == 2


def test_the_very_file_that_was_sent_out_changes_nothing(listed, staff):
    with list_workbook(listed, columns_of(listed, [])) as file:
        assert is_untouched(compare_file(file, listed, by=staff))


def test_rows_sorted_and_inserted_and_columns_moved_and_renamed_change_nothing(listed, staff):
    sent = Sent.of(listed)
    first, second = ([cell.value for cell in sent.sheet[row]] for row in (9, 8))
    for row, values in ((8, first), (9, second)):
        for place, value in enumerate(values, start=1):
            cell = sent.sheet.cell(row, place)
            cell.value = value
            if isinstance(value, str):
                cell.data_type = "s"  # openpyxl takes «=1+1» for a formula; Excel does not
    sent.sheet.insert_rows(9, 3)
    sent.sheet.cell(layout.HEADING_ROW + 1, 2).value = "Tên lớp, hội chợ"
    sent.sheet.move_range("C5:C40", cols=20)
    sent.sheet.insert_cols(1)

    assert is_untouched(read_back(sent, listed, staff))


def test_without_hidden_keys_headings_are_known_without_accents_and_case(listed, staff):
    sent = Sent.of(listed)
    sent.sheet.delete_rows(layout.KEYS_ROW + 1)
    for cell in sent.sheet[layout.KEYS_ROW + 1]:
        cell.value = str(cell.value or "").upper().replace("Ê", "E").replace("Ừ", "U") or None
    sent.sheet.delete_cols(len(list(sent.sheet.columns)) - 1, 2)
    del sent.book[layout.IDENTITY_SHEET]

    assert is_untouched(read_back(sent, listed, staff))


def test_a_sum_that_somebody_added_below_is_not_an_activity(listed, staff):
    sent = Sent.of(listed)
    sent.type(2, name="Tổng cộng", local=105_000_000)
    compared = read_back(sent, listed, staff)
    assert is_untouched(compared)
    assert compared.ignored == ["dòng «Tổng cộng» (B10)"]


def test_what_others_changed_meanwhile_is_not_undone_by_an_older_file(listed, classes, staff):
    sent = Sent.of(listed)
    Activity.objects.filter(code="HD-001").update(place="Bát Tràng", name="Lớp gốm")
    sent.type(0, name="Lớp mây")

    (line,) = read_back(sent, listed, staff).lines

    (difference,) = line.differences
    assert difference.at_start == "Lớp mây tre đan"
    assert line.texts["place"] == "Bát Tràng"


# Back, changed.


def test_a_row_with_a_code_changes_and_a_row_without_is_new_and_the_last_row_is_read(
    listed, trained, staff
):
    sent = Sent.of(listed)
    sent.cell(0, "lao-dong").value = 40
    sent.type(0, local=None, beneficiary="htx phu vinh")
    last = layout.EMPTY_ROWS + 1
    sent.type(last, **A_FAIR, national=5_000_000)
    sent.cell(last, "lop").value = 2
    compared = read_back(sent, listed, staff)
    (changed,), (new,) = compared.changed, compared.new
    assert [(each.label, each.before, each.after) for each in changed.differences] == [
        ("KCĐP (đồng)", "105.000.000", ""),
        ("Lao động được đào tạo (lớp)", "35", "40"),
    ]
    assert new.name == "Hội chợ hàng thủ công"

    write(sent, listed, staff)

    activity = Activity.objects.get(code="HD-001")
    assert activity.figures.get(indicator=trained).value == Decimal(40)
    assert activity.funding.get().total == 20_000_000
    fair = Activity.objects.get(code="HD-003")
    assert (fair.kind, fair.funding.get().national) == ("fair", 5_000_000)
    assert is_untouched(read_back(Sent.of(listed), listed, staff))


def test_a_code_of_ones_own_is_kept_and_not_given_to_another(listed, staff):
    sent = Sent.of(listed)
    sent.type(2, **A_FAIR)
    sent.type(3, **A_FAIR, code="HD-003")
    codes = [activity.code for activity in write(sent, listed, staff)]
    assert codes == ["HD-004", "HD-003"]


def test_rows_of_the_list_that_the_file_lacks_stay(listed, staff):
    sent = Sent.of(listed)
    sent.sheet.delete_rows(layout.FIRST_ROW + 1)
    sent.type(0, name="Lớp thêu ren")
    compared = read_back(sent, listed, staff)
    assert [activity.code for activity in compared.absent] == ["HD-001"]
    write(sent, listed, staff)
    assert Activity.objects.count() == 2


def test_a_column_that_the_file_lacks_leaves_what_is_kept(listed, classes, staff):
    sent = Sent.of(listed)
    for key in (number_key("lop"), key_of(Column.PLACE)):
        sent.sheet.delete_cols(sent.column(key))
    sent.type(0, name="Lớp mây")
    write(sent, listed, staff)
    activity = Activity.objects.get(code="HD-001")
    assert (activity.place, activity.figures.count()) == ("Phú Vinh", 2)


def test_several_beneficiaries_stay_when_another_field_is_changed(listed, hanoi, staff):
    activity = Activity.objects.get(code="HD-001")
    activity.participations.create(
        organisation=OrganisationFactory.create(province=hanoi),
        role=ParticipantRole.BENEFICIARY,
        took_part_on=date(2026, 8, 20),
    )
    sent = Sent.of(listed)
    sent.type(0, name="Lớp mây")
    write(sent, listed, staff)
    assert activity.participations.filter(role=ParticipantRole.BENEFICIARY).count() == 2


# Faults.


def test_everything_wrong_is_said_at_once_by_cell_and_nothing_is_written(listed, staff):
    before = Organisation.objects.count()
    sent = Sent.of(listed)
    sent.type(0, starts_on="31/8", local="1,5", kind="lớp học")
    sent.cell(1, "lop").value = 1.25
    sent.type(2, kind="hội chợ, triển lãm", starts_on="02/09/2026")
    sent.type(3, **A_FAIR, code="HD-001")
    sent.type(4, **A_FAIR, beneficiary="HTX mới")

    compared = read_back(sent, listed, staff)

    places = [fault.cell for fault in compared.faults]
    assert places == ["C8", "D8", "L8", "I9", "B10", "D10", "A11"]
    assert all(fault.wrong and fault.remedy.startswith("Hãy") for fault in compared.faults)
    assert "nằm ngoài tháng 8/2026" in " ".join(told(compared))
    assert Activity.objects.count() == 2
    assert Organisation.objects.count() == before


def test_a_total_without_its_parts_is_not_lost_in_silence(listed, staff):
    sent = Sent.of(listed)
    sent.type(2, **A_FAIR, total=7_000_000)
    (fault,) = read_back(sent, listed, staff).faults
    assert fault.wrong.startswith("Tổng ghi 7.000.000 đồng")


def test_dates_texts_and_formulas_where_a_number_belongs_are_refused(listed, staff):
    sent = Sent.of(listed)
    sent.type(0, local=datetime(2026, 8, 1), national="nhiều", other="=SUM(1)")  # noqa: DTZ001
    assert len(read_back(sent, listed, staff).faults) == 3


def test_a_code_of_another_month_is_not_taken(listed, monthly, staff):
    september = open_report(monthly, month(9))
    put_activity(
        september,
        Described("Lớp tháng 9", ActivityKind.CLASS, date(2026, 9, 2), code="T9"),
        by=staff,
    )
    sent = Sent.of(listed)
    sent.type(2, **A_FAIR, code="T9")
    assert told(read_back(sent, listed, staff))[0].startswith("A10 ")


def test_a_file_of_another_report_or_of_no_list_is_not_taken(listed, monthly, staff):
    september = open_report(monthly, month(9))
    with pytest.raises(Refused, match=OTHER_REPORT):
        read_back(Sent.of(listed), september, staff)
    book = Sent(Workbook())
    with pytest.raises(Refused, match=NOT_A_LIST):
        read_back(book, listed, staff)
    with pytest.raises(Refused, match="CSV"):
        compare_file(BytesIO(b"a,b\n1,2\n"), listed, by=staff)
    with pytest.raises(Refused, match=gates.EMPTY[:8]):
        compare_file(BytesIO(b""), listed, by=staff)


def test_more_than_five_hundred_rows_are_refused_with_a_sentence(listed, staff):
    sent = Sent.of(listed)
    for row in range(2, layout.MOST_ROWS + 1):
        sent.type(row, name=f"Hoạt động {row}")
    with pytest.raises(Refused, match=TOO_MANY[:20]):
        read_back(sent, listed, staff)


def test_a_long_list_is_read_with_a_fixed_number_of_queries(
    listed, staff, django_assert_max_num_queries
):
    for number in range(10, 40):
        put_activity(
            listed,
            Described(f"Lớp {number}", ActivityKind.CLASS, date(2026, 8, 3)),
            by=staff,
        )
    sent = Sent.of(listed)
    with django_assert_max_num_queries(12):
        assert is_untouched(read_back(sent, listed, staff))


# Confirmation.


def test_what_was_confirmed_is_not_written_twice_nor_over_a_list_that_changed(listed, staff):
    sent = Sent.of(listed)
    sent.type(2, **A_FAIR)
    token = kept_for_later(read_back(sent, listed, staff), listed, by=staff)

    write_list(listed, token, by=staff)
    with pytest.raises(NotWritten):
        write_list(listed, token, by=staff)

    assert Activity.objects.count() == 3


def test_what_was_read_is_signed_for_its_person_and_report(listed, monthly, staff):
    sent = Sent.of(listed)
    sent.type(2, **A_FAIR)
    compared = read_back(sent, listed, staff)
    for token in (
        kept_for_later(compared, listed, by=staff) + "x",
        kept_for_later(compared, open_report(monthly, month(9)), by=staff),
        "x",
    ):
        with pytest.raises(NotWritten):
            write_list(listed, token, by=staff)


def test_no_number_of_a_closed_report_is_read(listed, staff):
    submit(listed, by=staff)
    with pytest.raises(Refused, match="đã gửi"):
        read_back(Sent.of(listed), listed, staff)


# The pages.


@pytest.fixture
def address(listed):
    return reverse("entry:activities_in", args=[listed.pk])


def upload(sent: Sent) -> dict[str, SimpleUploadedFile]:
    return {"file": SimpleUploadedFile("hd.xlsx", sent.file().read())}


def test_from_the_page_out_and_back_in_the_browser(client, listed, address, staff):
    client.force_login(staff)
    page = client.get(reverse("entry:activities", args=[listed.pk]))
    out = reverse("entry:activities_out", args=[listed.pk])
    assert out in page.text
    assert address in page.text
    got = client.get(out, {"cot": ["lao-dong"]})
    assert "hoat-dong.xlsx" in got["Content-Disposition"]
    sent = Sent(load_workbook(BytesIO(b"".join(got.streaming_content))))
    sent.type(0, name="Lớp <mây>")
    sent.type(2, **A_FAIR)

    preview = client.post(address, upload(sent))
    assert INLINE.findall(preview.text) == []
    assert "1 hoạt động mới, 1 sửa" in " ".join(preview.text.split())
    assert "Lớp &lt;mây&gt;" in preview.text
    assert Activity.objects.count() == 2
    written = client.post(address, {"da-xem": preview.context["token"]}, follow=True)

    assert "Đã ghi 2 hoạt động" in written.text
    again = client.post(address, {"da-xem": preview.context["token"]})
    assert "chưa ghi gì" in again.text
    assert Activity.objects.count() == 3


def test_faults_are_listed_and_there_is_nothing_to_confirm(client, listed, address, staff):
    client.force_login(staff)
    sent = Sent.of(listed)
    sent.type(0, starts_on="hôm qua")
    content = client.post(address, upload(sent)).text
    assert "Có 1 lỗi, chưa ghi gì" in content
    assert "D8" in content
    assert "da-xem" not in content


def test_a_file_that_is_none_is_answered_with_a_sentence(client, address, staff):
    client.force_login(staff)
    sent = client.post(address, {"file": SimpleUploadedFile("a.xlsx", b"%PDF-1.7")})
    assert "Tệp là PDF" in sent.text
    assert "Chưa chọn tệp" in client.post(address).text


def test_only_who_enters_there(client, listed, address, manager, outsider):
    client.force_login(outsider)
    assert client.post(address).status_code == 404
    client.force_login(manager)
    assert client.post(address).status_code == 403
    page = client.get(reverse("entry:activities", args=[listed.pk]))
    assert address not in page.text

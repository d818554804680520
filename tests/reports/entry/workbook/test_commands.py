"""./kc manage export_workbook and import_workbook."""

from __future__ import annotations

from datetime import date
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from openpyxl import load_workbook

from reports.models import Report
from tests.factories import ProvinceFactory
from tests.reports.entry.conftest import say
from tests.reports.entry.workbook.conftest import Sent, values

pytestmark = pytest.mark.django_db

PLACE = {"program": "KC-2026", "province": "01", "period": "2026-08"}


def call(name: str, *arguments: str, **options: object) -> str:
    out = StringIO()
    call_command(name, *arguments, stdout=out, **options)
    return out.getvalue()


def importing(path, *, code: int, **options: object) -> str:
    with pytest.raises(CommandError) as why:
        call("import_workbook", str(path), **options)
    assert why.value.returncode == code
    return str(why.value)


@pytest.fixture
def edited(report, indicators, tmp_path):
    path = tmp_path / "a.xlsx"
    call("export_workbook", **PLACE, out=path)
    sent = Sent(load_workbook(path))
    sent.type(indicators[1], 12)
    path.write_bytes(sent.bytes())
    return path


def test_without_commit_the_difference_is_printed_and_nothing_written(edited, report, staff):
    printed = call("import_workbook", str(edited), user="hoa")

    assert "Máy móc hỗ trợ (lớp): – → 12" in printed
    assert "tệp đổi 1, ở đây đã đổi 0, mâu thuẫn 0, không đổi 6" in printed
    assert "Chưa ghi gì" in printed
    assert "ct-2" not in values(report)


def test_with_commit_it_is_written_and_a_conflict_keeps_what_is_here(
    edited, report, indicators, staff
):
    sent = Sent(load_workbook(edited))
    sent.type(indicators[0], 70)
    edited.write_bytes(sent.bytes())
    say(report, (indicators[0], "65"), by=staff)

    printed = call("import_workbook", str(edited), user="hoa", commit=True)

    assert "mâu thuẫn; giữ số ở đây" in printed
    assert "Đã ghi 1 số liệu." in printed
    assert (values(report)["ct-1"][1], values(report)["ct-2"][1]) == ("65.000000", "12.000000")


def test_errors_end_with_2_a_line_each_and_write_nothing(
    edited, report, indicators, staff, tmp_path
):
    sent = Sent(load_workbook(edited))
    sent.type(indicators[2], "12 lớp")
    sent.type(indicators[3], 1.5)
    edited.write_bytes(sent.bytes())
    marked = tmp_path / "b.xlsx"

    lines = importing(edited, code=2, user="hoa", commit=True, annotated=marked).splitlines()

    assert len(lines) == 3
    assert lines[0].startswith(f"Trang «Báo cáo», {sent.cell(indicators[2]).coordinate}: ")
    assert lines[2] == "2 lỗi, chưa ghi gì."
    assert Sent(load_workbook(marked)).cell(indicators[2]).comment is not None
    assert "ct-2" not in values(report)


@pytest.mark.parametrize("user", ["minh", "an"])
def test_only_who_may_enter_imports(edited, staff, manager, outsider, user):
    message = importing(edited, code=2, user=user)

    assert "bạn không được nhập" in message
    assert "Khuyến công Hà Nội" not in message


def test_a_file_that_is_none_of_ours_is_refused(tmp_path, staff):
    path = tmp_path / "a.csv"
    path.write_text("STT;Số\n1;2\n", encoding="utf-8")

    assert "văn bản (CSV)" in importing(path, code=2, user="hoa")
    assert "Không mở được" in importing(tmp_path / "khong-co.xlsx", code=1, user="hoa")
    assert "Không có người dùng" in importing(path, code=1, user="khong-co")


def test_a_code_names_the_province_of_that_time(report, hanoi, tmp_path):
    hanoi.valid_to = date(2026, 12, 31)
    hanoi.save()
    ProvinceFactory.create(code="01", name="Đơn vị sau", valid_from=date(2027, 1, 1))

    call("export_workbook", **PLACE, out=tmp_path / "a.xlsx")

    sheet = load_workbook(tmp_path / "a.xlsx")["Báo cáo"]
    assert "Hà Nội" in sheet["A2"].value


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"program": "KHONG-CO"}, "Không có chương trình"),
        ({"province": "98"}, "không có tỉnh nào"),
        ({"period": "2026-13"}, "Không có kỳ"),
    ],
)
def test_what_is_not_there_is_named(report, tmp_path, changed, word):
    with pytest.raises(CommandError, match=word):
        call("export_workbook", **(PLACE | changed), out=tmp_path / "a.xlsx")

    assert Report.objects.count() == 1

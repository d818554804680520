"""The pages: who may open them, what they say in each state."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from programs.access import Role
from reports.entry.tasks import read_workbook
from reports.entry.workbook.layout import is_token
from reports.entry.workbook.run import give_up
from reports.models import ImportState, WorkbookImport
from tests.conftest import person
from tests.factories import ReportFactory
from tests.khuyencong.test_csp import INLINE
from tests.reports.entry.conftest import month, open_report, say
from tests.reports.entry.workbook.conftest import Sent, send_back, told, values
from tests.reports.entry.workbook.test_free import by_rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def foreign(an_giang):
    """A report of another province, in a program of its own."""
    return ReportFactory.create(program__province=an_giang, program__name="Chương trình kín")


def upload(content: bytes, name: str = "bao-cao.xlsx") -> dict[str, SimpleUploadedFile]:
    return {"file": SimpleUploadedFile(name, content)}


def page(client, imported) -> str:
    response = client.get(reverse("entry:import", args=[imported.pk]))
    assert response.status_code == 200
    assert INLINE.findall(response.text) == []
    return " ".join(response.text.split())


def test_from_download_to_figures_in_the_browser(client, report, indicators, staff):
    client.force_login(staff)
    out = client.get(reverse("entry:workbook_out", args=[report.pk]))
    assert "KC-2026-01-2026-08.xlsx" in out["Content-Disposition"]
    sent = Sent(load_workbook(BytesIO(b"".join(out.streaming_content))))
    sent.type(indicators[1], 1200)

    posted = client.post(reverse("entry:workbook_in", args=[report.pk]), upload(sent.bytes()))
    imported = WorkbookImport.objects.get()
    assert posted["Location"] == reverse("entry:import", args=[imported.pk])
    waiting = page(client, imported)
    assert "hx-trigger" in waiting
    assert "Tải lại trang" in waiting
    read_workbook(imported.pk)
    assert "1.200" in page(client, imported)
    client.post(reverse("entry:import", args=[imported.pk]), {"viec": "ghi"})

    assert values(report)["ct-2"] == ("reported", "1200.000000")
    assert "Đã ghi lúc" in page(client, imported)
    listed = client.get(reverse("entry:workbook_in", args=[report.pk])).text
    assert "bao-cao.xlsx" in listed
    assert INLINE.findall(listed) == []


def test_sending_a_file_asks_a_worker_once_it_is_stored(
    client, report, staff, monkeypatch, django_capture_on_commit_callbacks
):
    sent = []
    monkeypatch.setattr(read_workbook, "apply_async", lambda args, **_: sent.append(args))
    client.force_login(staff)

    with django_capture_on_commit_callbacks(execute=True):
        client.post(reverse("entry:workbook_in", args=[report.pk]), upload(b"x"))

    assert sent == [(WorkbookImport.objects.get().pk,)]


def test_a_file_that_nobody_reads_can_be_asked_for_again(client, report, staff):
    client.force_login(staff)
    client.post(reverse("entry:workbook_in", args=[report.pk]), upload(Sent.of(report).bytes()))
    imported = WorkbookImport.objects.get()
    assert "doc-lai" not in page(client, imported)
    WorkbookImport.objects.update(sent_at=timezone.now() - timedelta(minutes=2))
    assert "doc-lai" in page(client, imported)

    client.post(reverse("entry:import", args=[imported.pk]), {"viec": "doc-lai"})
    read_workbook(imported.pk)
    read_workbook(imported.pk)  # delivered twice

    imported.refresh_from_db()
    assert imported.state == ImportState.READY


def test_reading_that_takes_too_long_ends_with_a_sentence(client, report, staff):
    client.force_login(staff)
    client.post(reverse("entry:workbook_in", args=[report.pk]), upload(Sent.of(report).bytes()))
    imported = WorkbookImport.objects.get()

    give_up(imported.pk, "Đọc tệp quá lâu. Hãy chép riêng bảng.")

    assert "Đọc tệp quá lâu" in page(client, imported)


def test_faults_are_on_the_page_and_the_marked_copy_beside_it(client, report, indicators, staff):
    sent = Sent.of(report)
    sent.type(indicators[1], "12 lớp <b>")
    imported = send_back(report, sent.bytes(), by=staff)
    client.force_login(staff)

    text = page(client, imported)

    assert "Có 1 lỗi, chưa ghi gì" in text
    assert "12 lớp &lt;b&gt;" in text
    copy = client.get(reverse("entry:import_annotated", args=[imported.pk]))
    assert "bc-danh-dau.xlsx" in copy["Content-Disposition"]
    load_workbook(BytesIO(b"".join(copy.streaming_content)))


def test_a_conflict_is_settled_on_the_page(client, report, indicators, staff):
    sent = Sent.of(report)
    for place in (0, 5):
        sent.type(indicators[place], 70)
    say(report, (indicators[0], "65"), (indicators[5], "66"), by=staff)
    imported = send_back(report, sent.bytes(), by=staff)
    client.force_login(staff)
    assert "Không chọn thì giữ số ở đây" in page(client, imported)

    client.post(
        reverse("entry:import", args=[imported.pk]),
        {"viec": "ghi", f"chon-{indicators[5].pk}": "tep"},
    )

    assert values(report)["ct-1"][1] == "65.000000"
    assert values(report)["kinh-phi"][1] == "70.000000"


def test_a_preview_that_is_outdated_is_made_again(client, report, indicators, staff):
    sent = Sent.of(report)
    sent.type(indicators[0], 70)
    imported = send_back(report, sent.bytes(), by=staff)
    say(report, (indicators[0], "65"), by=staff)
    client.force_login(staff)

    answer = client.post(reverse("entry:import", args=[imported.pk]), {"viec": "ghi"}, follow=True)

    assert "vừa có người sửa" in answer.text
    read_workbook(imported.pk)
    assert "1 dòng mâu thuẫn" in page(client, imported)


def test_a_free_table_is_confirmed_on_the_page(client, report, indicators, staff):
    imported = send_back(report, by_rows(70, 12, 82), by=staff)
    client.force_login(staff)
    assert "bỏ qua" in page(client, imported)
    choices = imported.mapping["table"]["choices"]

    url = reverse("entry:import", args=[imported.pk])
    missing = client.post(url, {"viec": "cot"}, follow=True)
    assert "Hãy chọn nơi ghi số liệu" in missing.text
    client.post(
        url,
        {"viec": "cot", "so-lieu": "5", f"chi-tieu-{choices[0]['at']}": str(indicators[3].pk)},
    )
    read_workbook(imported.pk)

    assert "Gian hàng" in page(client, imported)
    assert "theo lần bạn đã xác nhận" in page(client, imported)


@pytest.mark.parametrize("place", ["workbook_out", "workbook_in"])
def test_another_provinces_report_is_not_there(client, report, outsider, place):
    client.force_login(outsider)
    url = reverse(f"entry:{place}", args=[report.pk])

    assert client.get(url).status_code == 404
    assert client.post(url).status_code in (404, 405)


def test_another_provinces_import_is_not_there(client, report, staff, outsider):
    imported = send_back(report, b"x", by=staff)
    for place, row in (
        ("import", imported),
        ("import_annotated", imported),
        ("workbook_in", report),
    ):
        answer = client.get(reverse(f"entry:{place}", args=[row.pk]))
        assert answer["Location"].startswith(reverse("accounts:sign_in"))
    client.force_login(outsider)

    for place in ("import", "import_annotated"):
        url = reverse(f"entry:{place}", args=[imported.pk])
        assert client.get(url).status_code == 404
        assert client.post(url, {"viec": "ghi"}).status_code in (404, 405)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.MANAGER, Role.ADMINISTRATOR])
def test_who_may_only_look_downloads_and_sends_nothing(client, report, indicators, staff, role):
    sent = Sent.of(report)
    sent.type(indicators[0], 70)
    imported = send_back(report, sent.bytes(), by=staff)
    client.force_login(person("x", role, report.province))

    assert client.get(reverse("entry:workbook_out", args=[report.pk])).status_code == 200
    assert client.get(reverse("entry:workbook_in", args=[report.pk])).status_code == 403
    assert "Ghi vào báo cáo" not in page(client, imported)
    answer = client.post(reverse("entry:import", args=[imported.pk]), {"viec": "ghi"})
    assert answer.status_code == 403
    assert values(report)["ct-1"][1] == "64.000000"


def test_a_workbook_of_another_province_is_refused_and_tells_nothing(
    client, report, staff, foreign
):
    imported = send_back(report, Sent.of(foreign).bytes(), by=staff)
    client.force_login(staff)

    text = page(client, imported)

    assert "mà bạn không được nhập" in text
    assert imported.mapping == {}
    for word in ("Chương trình kín", "An Giang", foreign.period.name):
        assert word not in text


def test_a_workbook_of_another_month_says_which_and_leads_there(
    client, report, monthly, staff, outsider
):
    july = open_report(monthly, month(7))
    imported = send_back(report, Sent.of(july).bytes(), by=staff)
    client.force_login(staff)

    text = page(client, imported)

    assert "của một báo cáo khác" in text
    assert "tháng 7/2026" in text
    assert reverse("entry:workbook_in", args=[july.pk]) in text


def test_a_forged_token_is_refused(report, staff):
    sent = Sent.of(report)
    for row in sent.sheet.iter_rows():
        for cell in row:
            if is_token(str(cell.value)):
                cell.value = f"{cell.value}x"

    assert "dấu nhận biết" in told(send_back(report, sent.bytes(), by=staff))[0]


def test_rights_are_asked_again_when_the_file_is_read(report, staff):
    content = Sent.of(report).bytes()
    staff.memberships.all().delete()
    imported = WorkbookImport(report=report, by=staff, name="x.xlsx", sent_at=timezone.now())
    imported.file.save("x.xlsx", BytesIO(content))

    read_workbook(imported.pk)

    imported.refresh_from_db()
    assert "không được nhập" in told(imported)[0]


def test_the_links_are_where_the_report_page_takes_them_from(report):
    fragment = "reports/entry/partials/workbook_links.html"
    out, back = (reverse(f"entry:workbook_{way}", args=[report.pk]) for way in ("out", "in"))

    links = render_to_string(fragment, {"report": report, "may_enter": True})
    assert out in links
    assert back in links
    assert back not in render_to_string(fragment, {"report": report})

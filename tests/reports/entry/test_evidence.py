"""Evidence files: what is taken, what is refused and why, who gets them."""

from __future__ import annotations

import io
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from reports.entry import evidence
from reports.entry.activities import put_activity
from reports.entry.evidence import FileRefused, add_file, kind_of, lacking_evidence, remove_file
from reports.entry.workflow import submit
from reports.models import EvidenceFile, FileKind
from tests.factories import IndicatorFactory
from tests.reports.entry.conftest import say
from tests.reports.entry.test_activities import a_class

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def package(*parts: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for part in parts:
            archive.writestr(part, "<xml/>")
    return packed.getvalue()


def upload(content: bytes = PDF, name: str = "bien-ban.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PDF, FileKind.PDF),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", FileKind.JPEG),
        (b"\x89PNG\r\n\x1a\n\x00", FileKind.PNG),
        (package("[Content_Types].xml", "word/document.xml"), FileKind.WORD),
        (package("[Content_Types].xml", "xl/workbook.xml"), FileKind.EXCEL),
    ],
)
def test_the_content_says_what_a_file_is(content, kind):
    assert kind_of(upload(content, "bat-ky.bin")) is kind


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"MZ\x90\x00", "hoa-don.pdf"),  # a program that calls itself a document
        (b"<html><script>", "anh.png"),
        (b"PK\x03\x04 broken", "bang.xlsx"),
        (package("evil.exe"), "tai-lieu.docx"),
        (package("word/document.xml", "word/vbaProject.bin"), "co-macro.docx"),
    ],
)
def test_what_is_something_else_is_refused_whatever_its_name(content, name):
    with pytest.raises(FileRefused, match=name):
        kind_of(upload(content, name))


def test_empty_and_too_large_files_are_refused(august, staff, monkeypatch):
    with pytest.raises(FileRefused, match="rỗng"):
        add_file(upload(b""), by=staff, report=august)
    monkeypatch.setattr(evidence, "MAX_BYTES", 4)
    with pytest.raises(FileRefused, match="nhiều nhất"):
        add_file(upload(), by=staff, report=august)


def test_a_file_lies_outside_the_web_root_under_a_name_of_ours(august, staff, files):
    kept = add_file(upload(name="../../etc/passwd.pdf"), by=staff, report=august)

    assert kept.name == "passwd.pdf"
    (stored,) = [path for path in files.rglob("*") if path.is_file()]
    assert stored.parent.parent.parent == files / "evidence"
    assert stored.suffix == ".pdf"
    assert len(kept.digest) == 64


def test_a_file_is_sent_to_whoever_sees_the_province_and_to_nobody_else(
    august, staff, manager, outsider, national_viewer, client
):
    kept = add_file(upload(), by=staff, report=august)
    address = reverse("entry:evidence_file", args=[kept.pk])

    assert client.get(address).status_code == 302
    for reader in (staff, manager, national_viewer):
        client.force_login(reader)
        sent = client.get(address)
        assert b"".join(sent.streaming_content) == PDF
        assert sent["Content-Disposition"] == 'attachment; filename="bien-ban.pdf"'
    client.force_login(outsider)
    assert client.get(address).status_code == 404
    assert client.post(reverse("entry:evidence_remove", args=[kept.pk])).status_code == 404


def test_what_is_missing_is_listed_until_it_is_there(august, classes, staff, client):
    fairs = IndicatorFactory.create(evidence_required=True, name="Hội chợ")
    say(august, (classes, 3), (fairs, 1), by=staff)
    assert lacking_evidence(august) == [fairs]

    client.force_login(staff)
    address = reverse("entry:evidence", args=[august.pk])
    assert "1 chỉ tiêu phải có chứng cứ" in client.get(address).content.decode()
    client.post(address, {"cho": f"c{fairs.pk}", "tep": upload()})

    assert lacking_evidence(august) == []
    assert "Không thiếu chứng cứ" in client.get(address).content.decode()


def test_of_several_files_the_good_ones_are_kept(august, staff, client):
    client.force_login(staff)
    page = client.post(
        reverse("entry:evidence", args=[august.pk]),
        {"cho": "", "tep": [upload(), upload(b"MZ", "virus.pdf"), upload(name="anh.pdf")]},
        follow=True,
    ).content.decode()

    assert EvidenceFile.objects.count() == 2
    assert "«virus.pdf» không phải PDF" in page


def test_files_of_an_activity(august, classes, staff, client):
    activity = put_activity(august, a_class(), by=staff)
    client.force_login(staff)
    client.post(
        reverse("entry:evidence", args=[august.pk]), {"cho": f"h{activity.pk}", "tep": upload()}
    )
    assert EvidenceFile.objects.get().activity == activity


def test_files_of_a_sent_report_stay(august, staff):
    kept = add_file(upload(), by=staff, report=august)
    submit(august, by=staff)
    kept.refresh_from_db()
    with pytest.raises(FileRefused, match="giữ nguyên"):
        remove_file(kept, by=staff)


def test_a_removed_file_is_gone_from_the_disk_once_that_is_certain(
    august, staff, files, django_capture_on_commit_callbacks
):
    kept = add_file(upload(), by=staff, report=august)
    with django_capture_on_commit_callbacks(execute=True):
        remove_file(kept, by=staff)
    assert [path for path in files.rglob("*") if path.is_file()] == []


def test_no_file_for_an_indicator_of_another_provinces_catalogue(august, staff, client, an_giang):
    theirs = IndicatorFactory.create(province=an_giang)
    client.force_login(staff)
    response = client.post(
        reverse("entry:evidence", args=[august.pk]), {"cho": f"c{theirs.pk}", "tep": upload()}
    )
    assert response.status_code == 404

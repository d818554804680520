"""Evidence files: what they are is read from their content, who sends and removes them by right."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterable
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.core.files import File
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from accounts.models import User
from programs.access import Right, may
from programs.models import Activity, Indicator
from programs.numbers import show_number
from reports.entry.expected import catalogue_of
from reports.models import Evidence, EvidenceFile, Figure, FileKind, Report

MAX_BYTES = 20 * 1024 * 1024
MAX_NAME = 200

# The first bytes of a file, by which a program that opens it goes.
BEGINNINGS = (
    (b"%PDF-", FileKind.PDF),
    (b"\xff\xd8\xff", FileKind.JPEG),
    (b"\x89PNG\r\n\x1a\n", FileKind.PNG),
)
PACKAGES = (("word/document.xml", FileKind.WORD), ("xl/workbook.xml", FileKind.EXCEL))
MACROS = "vbaProject.bin"


class FileRefused(Exception):
    """This file is not taken. str() says what is wrong and what to do."""


def kind_of(file: File[bytes]) -> FileKind:
    """Return what the content says the file is. Raises FileRefused; the name decides nothing."""
    file.seek(0)
    head = file.read(8)
    for beginning, kind in BEGINNINGS:
        if head.startswith(beginning):
            return kind
    package = _package(file) if head.startswith(b"PK\x03\x04") else None
    if package is not None:
        return package
    raise FileRefused(
        f"«{file.name}» không phải PDF, ảnh JPEG hoặc PNG, Word (.docx) hay Excel (.xlsx). "
        "Hãy lưu lại theo một trong các dạng đó; đổi đuôi tên tệp thì không đủ."
    )


def _package(file: File[bytes]) -> FileKind | None:
    """A Word or Excel file is a zip: only its list of parts is read, nothing is unpacked."""
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as package:
            names = set(package.namelist())
    except (zipfile.BadZipFile, ValueError, OSError):
        return None
    if any(name.endswith(MACROS) for name in names):
        raise FileRefused(
            f"«{file.name}» có macro. Hãy lưu lại dạng không có macro (.docx, .xlsx) hoặc PDF."
        )
    return next((kind for part, kind in PACKAGES if part in names), None)


@transaction.atomic
def add_file(
    file: File[bytes],
    *,
    by: User,
    report: Report | None = None,
    indicator: Indicator | None = None,
    activity: Activity | None = None,
    at: datetime | None = None,
) -> EvidenceFile:
    """Keep a file of a report, of one of its indicators, or of an activity.

    Also of a report that was sent: a manager may ask for it. Raises PermissionDenied, and
    FileRefused for a file that is empty, too large, or not what its use needs.
    """
    owner = report or activity
    if owner is None or not may(by, Right.ENTER, owner.province):
        raise PermissionDenied
    if indicator is not None and (
        report is None or not catalogue_of(report).filter(pk=indicator.pk).exists()
    ):
        raise PermissionDenied
    size = file.size or 0
    if size == 0:
        raise FileRefused(f"«{file.name}» rỗng. Hãy chọn lại tệp.")
    if size > MAX_BYTES:
        raise FileRefused(
            f"«{file.name}» nặng {show_number(size // 1024 // 1024)} MB, nhiều nhất là "
            f"{MAX_BYTES // 1024 // 1024} MB. Hãy nén ảnh hoặc chia tệp."
        )
    kind = kind_of(file)
    digest = hashlib.sha256()
    file.seek(0)
    for chunk in file.chunks():
        digest.update(chunk)
    kept = EvidenceFile(
        province=owner.province,
        report=report,
        indicator=indicator,
        activity=activity,
        name=(file.name or "tệp")[-MAX_NAME:],
        kind=kind,
        size=size,
        digest=digest.hexdigest(),
        uploaded_by=by,
        uploaded_at=at or timezone.now(),
    )
    file.seek(0)
    kept.file.save(f"{kept.digest[:16]}.{kind.value}", file, save=False)
    kept.save()
    return kept


@transaction.atomic
def remove_file(kept: EvidenceFile, *, by: User) -> None:
    """Take out a file that was sent by mistake, while its report is open.

    The bytes go when the row is gone for certain. Raises PermissionDenied and FileRefused.
    """
    if not may(by, Right.ENTER, kept.province):
        raise PermissionDenied
    if kept.report is not None and not kept.report.is_open:
        raise FileRefused("Báo cáo đã gửi: tệp chứng cứ của nó được giữ nguyên.")
    stored = kept.file
    kept.delete()
    transaction.on_commit(lambda: stored.delete(save=False))


def files_of(report: Report, indicator: Indicator | None = None) -> Iterable[EvidenceFile]:
    """The files of one indicator of a report; of the report as a whole without one."""
    return report.files.filter(indicator=indicator).select_related("uploaded_by")


def lacking_evidence(report: Report) -> list[Indicator]:
    """The indicators with a figure that must have evidence and have none. One query."""
    given = Evidence.objects.filter(report=report, indicator=OuterRef("pk"))
    sent = EvidenceFile.objects.filter(report=report, indicator=OuterRef("pk"))
    figure = Figure.objects.filter(report=report, indicator=OuterRef("pk"), value__gt=0)
    return list(
        catalogue_of(report)
        .filter(Exists(figure), ~Exists(given), ~Exists(sent), evidence_required=True)
        .order_by("position", "code", "pk")
    )

"""A report as an Excel file: download, upload, what was read in it, confirmation."""

from __future__ import annotations

from datetime import timedelta
from itertools import groupby
from pathlib import PurePath
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from programs.access import Right, SignedInRequest, may, rows_where
from reports.entry.expected import catalogue_of
from reports.entry.tasks import read_workbook_soon
from reports.entry.workbook import gates
from reports.entry.workbook.difference import Compared, Difference
from reports.entry.workbook.run import (
    OPEN_STATES,
    NotWritten,
    confirm_mapping,
    read_again,
    receive,
    write_import,
)
from reports.entry.workbook.write import workbook_of
from reports.models import ImportState, Report, WorkbookImport
from reports.models.report import ReportQuerySet

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHOWN_FAULTS = 500
SHOWN_ROWS = 300  # of each kind; conflicts are shown in full, for they want an answer
EARLIER = 20
# A worker that is alive has begun by then.
PATIENCE = timedelta(seconds=30)


class UploadForm(forms.Form):
    file = forms.FileField(
        label="Tệp Excel (.xlsx)",
        max_length=200,
        allow_empty_file=True,  # the gate has a better sentence for it
        error_messages={"required": "Chưa chọn tệp. Hãy chọn tệp Excel cần nhập."},
        widget=forms.FileInput({"class": "form-control p-4", "accept": f".xlsx,{XLSX}"}),
    )

    def clean_file(self) -> UploadedFile[bytes]:
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        if (file.size or 0) > gates.MAX_FILE:
            raise forms.ValidationError(gates.TOO_BIG)
        return file


@require_GET
def workbook_out(request: SignedInRequest, pk: int) -> FileResponse:
    report = get_object_or_404(_visible(request), pk=pk)
    name = f"{report.program.code}-{report.province.code}-{report.period.key}.xlsx"
    return FileResponse(workbook_of(report), as_attachment=True, filename=name, content_type=XLSX)


@require_http_methods(["GET", "POST"])
def workbook_in(request: SignedInRequest, pk: int) -> HttpResponse:
    """Send a file (POST); see which were sent before (GET)."""
    report = get_object_or_404(_visible(request), pk=pk)
    if not may(request.user, Right.ENTER, report.province):
        raise PermissionDenied
    is_sent = request.method == "POST"
    form = UploadForm(request.POST, request.FILES) if is_sent else UploadForm()
    if form.is_valid():
        file = form.cleaned_data["file"]
        imported = receive(report, file, file.name or "", by=request.user)
        read_workbook_soon(imported.pk)
        return redirect("entry:import", imported.pk)
    earlier = report.imports.select_related("by").defer("faults", "changes", "mapping")[:EARLIER]
    context = {"report": report, "form": form, "earlier": earlier}
    return render(request, "reports/entry/workbook_in.html", context)


@require_http_methods(["GET", "POST"])
def import_page(request: SignedInRequest, pk: int) -> HttpResponse:
    """How far the reading is, all faults, the questions about a free table, or the preview."""
    imported = _import(request, pk)
    may_enter = may(request.user, Right.ENTER, imported.report.province)
    if request.method == "POST":
        if not may_enter:
            raise PermissionDenied
        return _act(request, imported)
    context = {"imported": imported, "report": imported.report, "may_enter": may_enter}
    return render(request, "reports/entry/import.html", context | _said(request, imported))


@require_GET
def import_annotated(request: SignedInRequest, pk: int) -> FileResponse:
    imported = _import(request, pk)
    if not imported.annotated:
        raise Http404
    name = f"{PurePath(imported.name).stem}-danh-dau.xlsx"
    return FileResponse(
        imported.annotated.open("rb"), as_attachment=True, filename=name, content_type=XLSX
    )


def _visible(request: SignedInRequest) -> ReportQuerySet:
    reports = Report.objects.visible_to(request.user)
    return reports.select_related("program", "province", "period")


def _import(request: SignedInRequest, pk: int) -> WorkbookImport:
    imports = WorkbookImport.objects.visible_to(request.user).select_related(
        "by", "report__program", "report__province", "report__period"
    )
    return get_object_or_404(imports, pk=pk)


def _act(request: SignedInRequest, imported: WorkbookImport) -> HttpResponse:
    match request.POST.get("viec"):
        case "doc-lai" if imported.state != ImportState.WRITTEN:
            read_again(imported)
            read_workbook_soon(imported.pk)
        case "cot" if imported.state == ImportState.MAPPING:
            taken = {
                choice["at"]: _number(request.POST.get(f"chi-tieu-{choice['at']}"))
                for choice in imported.mapping["table"]["choices"]
            }
            figures_at = _number(request.POST.get("so-lieu"))
            if confirm_mapping(imported, taken, figures_at, by=request.user):
                read_workbook_soon(imported.pk)
            else:
                messages.error(
                    request, "Hãy chọn nơi ghi số liệu và ít nhất một chỉ tiêu, rồi xác nhận lại."
                )
        case "ghi":
            return _write(request, imported)
    return redirect("entry:import", imported.pk)


def _write(request: SignedInRequest, imported: WorkbookImport) -> HttpResponse:
    rows = [Compared.restored(each) for each in imported.changes]
    every = request.POST.get("moi-mau-thuan") == "tep"
    taken = [
        row.indicator for row in rows if every or request.POST.get(f"chon-{row.indicator}") == "tep"
    ]
    try:
        written = write_import(imported.pk, taken, by=request.user)
    except NotWritten as why:
        messages.error(request, str(why))
        if why.is_outdated:
            read_again(imported)
            read_workbook_soon(imported.pk)
        return redirect("entry:import", imported.pk)
    messages.success(request, f"Đã ghi {written} số liệu từ tệp «{imported.name}».")
    return redirect("entry:report", imported.report_id)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 10 else None


def _said(request: SignedInRequest, imported: WorkbookImport) -> dict[str, Any]:
    """What the page shows in the import's state."""
    match imported.state:
        case state if state in OPEN_STATES:
            return {
                "is_running": True,
                "is_late": timezone.now() - imported.sent_at > PATIENCE,
            }
        case ImportState.FAILED:
            other = Report.objects.filter(
                rows_where(request.user, Right.ENTER), pk=imported.mapping.get("belongs_to")
            )
            return {"belongs_to": other.select_related("program", "province", "period").first()}
        case ImportState.FAULTY:
            faults = imported.faults[:SHOWN_FAULTS]
            sheets = [
                (sheet, list(found)) for sheet, found in groupby(faults, lambda each: each["sheet"])
            ]
            return {"sheets": sheets, "unshown": len(imported.faults) - len(faults)}
        case ImportState.MAPPING:
            return {
                "table": imported.mapping["table"],
                "indicators": catalogue_of(imported.report).order_by("position", "code", "pk"),
            }
    return _preview(imported)


def _preview(imported: WorkbookImport) -> dict[str, Any]:
    rows = [Compared.restored(each) for each in imported.changes]
    by_kind = {kind: [row for row in rows if row.kind is kind] for kind in Difference}
    by_file, here = by_kind[Difference.BY_FILE], by_kind[Difference.HERE]
    table = imported.mapping.get("table")
    return {
        "conflicts": by_kind[Difference.CONFLICT],
        "by_file": by_file[:SHOWN_ROWS],
        "by_file_count": len(by_file),
        "here": here[:SHOWN_ROWS],
        "here_count": len(here),
        "unchanged": imported.mapping.get("unchanged", 0),
        "absent": imported.mapping.get("absent", []),
        "ignored": imported.mapping.get("ignored", []),
        "remembered": _understood(imported, table) if table else [],
    }


def _understood(imported: WorkbookImport, table: dict[str, Any]) -> list[tuple[str, str]]:
    """The headings of a free table that are taken, each with its indicator."""
    names = dict(catalogue_of(imported.report).values_list("pk", "name"))
    return [
        (choice["label"], names[choice["indicator"]])
        for choice in table["choices"]
        if choice["indicator"] in names
    ]

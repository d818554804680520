"""The list of a report's activities as an Excel file: download, upload, preview, confirmation."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from programs.access import Right, SignedInRequest, may
from reports.entry.activities import columns_of
from reports.entry.activity_list.compare import (
    NotWritten,
    compare_file,
    kept_for_later,
    write_list,
)
from reports.entry.activity_list.write import list_workbook
from reports.entry.figures import ReportClosed
from reports.entry.views.workbook import XLSX, UploadForm
from reports.entry.workbook.faults import Fault, Refused
from reports.models import Report

SHOWN_FAULTS = 500


@require_GET
def activities_out(request: SignedInRequest, pk: int) -> FileResponse:
    report = _report(request, pk)
    columns = columns_of(report, request.GET.getlist("cot"))
    name = f"{report.program.code}-{report.province.code}-{report.period.key}-hoat-dong.xlsx"
    return FileResponse(
        list_workbook(report, columns), as_attachment=True, filename=name, content_type=XLSX
    )


@require_http_methods(["GET", "POST"])
def activities_in(request: SignedInRequest, pk: int) -> HttpResponse:
    """Send a file, see what it would change (POST with a file), write it (POST with «da-xem»)."""
    report = _report(request, pk)
    if not may(request.user, Right.ENTER, report.province):
        raise PermissionDenied
    if token := request.POST.get("da-xem"):
        return _write(request, report, token)
    is_sent = request.method == "POST"
    form = UploadForm(request.POST, request.FILES) if is_sent else UploadForm()
    context: dict[str, object] = {"report": report, "form": form}
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            compared = compare_file(file, report, by=request.user)
            context |= {"compared": compared, "name": file.name, **_faults(compared.faults)}
            if compared.lines and not compared.faults:
                context["token"] = kept_for_later(compared, report, by=request.user)
        except Refused as why:
            context["refused"] = Fault.said("", "", str(why)).line
            context.pop("compared", None)
    return render(request, "reports/entry/activities_in.html", context)


def _write(request: SignedInRequest, report: Report, token: str) -> HttpResponse:
    try:
        written = write_list(report, token, by=request.user)
    except NotWritten as why:
        context: dict[str, object] = {
            "report": report,
            "form": UploadForm(),
            "refused": str(why),
            **_faults(why.faults),
        }
        return render(request, "reports/entry/activities_in.html", context)
    except ReportClosed as why:
        messages.error(request, str(why))
        return redirect("entry:activities_in", report.pk)
    messages.success(request, f"Đã ghi {len(written)} hoạt động từ tệp Excel.")
    return redirect("entry:activities", report.pk)


def _faults(faults: Sequence[Fault]) -> dict[str, object]:
    return {
        "faults": faults[:SHOWN_FAULTS],
        "fault_count": len(faults),
        "unshown": max(0, len(faults) - SHOWN_FAULTS),
    }


def _report(request: SignedInRequest, pk: int) -> Report:
    reports = Report.objects.visible_to(request.user).select_related(
        "program", "province", "period"
    )
    return get_object_or_404(reports, pk=pk)

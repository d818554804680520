from __future__ import annotations

from django.contrib import messages
from django.http import FileResponse, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from programs.access import Right, SignedInRequest, may
from programs.models import Activity, Indicator
from reports.entry.activities import activities_of
from reports.entry.evidence import FileRefused, add_file, lacking_evidence, remove_file
from reports.entry.expected import catalogue_of
from reports.models import EvidenceFile, Report


@require_http_methods(["GET", "POST"])
def evidence(request: SignedInRequest, pk: int) -> HttpResponse:
    """All evidence of a report and what is missing (GET); one more file or several (POST).

    A file that is refused holds up no other.
    """
    reports = Report.objects.visible_to(request.user).select_related(
        "program", "province", "period"
    )
    report = get_object_or_404(reports, pk=pk)
    if request.method == "POST":
        indicator, activity = _what_for(request, report)
        for file in request.FILES.getlist("tep"):
            try:
                add_file(
                    file,
                    by=request.user,
                    report=None if activity else report,
                    indicator=indicator,
                    activity=activity,
                )
            except FileRefused as why:
                messages.error(request, str(why))
            else:
                messages.success(request, f"Đã nhận «{file.name}».")
        if not request.FILES:
            messages.error(request, "Chưa chọn tệp nào.")
        if request.htmx and indicator is not None:  # type: ignore[attr-defined]  # HtmxMiddleware
            cell = {"report": report, "indicator": indicator}
            return render(request, "reports/entry/partials/evidence.html", cell)
        return redirect("entry:evidence", pk)
    activities = activities_of(report)
    context: dict[str, object] = {
        "report": report,
        "files": report.files.select_related("indicator", "uploaded_by"),
        "documents": report.evidence.select_related("indicator", "document"),
        "activity_files": EvidenceFile.objects.visible_to(request.user)
        .filter(activity__in=activities)
        .select_related("activity", "uploaded_by"),
        "lacking": lacking_evidence(report),
        "indicators": catalogue_of(report).filter(pk__in=report.figures.values("indicator")),
        "activities": activities,
        "may_enter": may(request.user, Right.ENTER, report.province),
    }
    return render(request, "reports/entry/evidence.html", context)


@require_GET
def evidence_file(request: SignedInRequest, pk: int) -> FileResponse:
    """The file, always as a download: it may be anything."""
    kept = get_object_or_404(EvidenceFile.objects.visible_to(request.user), pk=pk)
    return FileResponse(kept.file.open("rb"), as_attachment=True, filename=kept.name)


@require_POST
def evidence_remove(request: SignedInRequest, pk: int) -> HttpResponse:
    files = EvidenceFile.objects.visible_to(request.user).select_related("report", "activity")
    kept = get_object_or_404(files, pk=pk)
    report = kept.report
    try:
        remove_file(kept, by=request.user)
    except FileRefused as why:
        messages.error(request, str(why))
    else:
        messages.success(request, f"Đã xóa «{kept.name}».")
    back = request.POST.get("bao-cao", "")
    if report is None and not back.isdigit():
        return redirect("entry:work")
    return redirect("entry:evidence", report.pk if report else int(back))


def _what_for(request: SignedInRequest, report: Report) -> tuple[Indicator | None, Activity | None]:
    """«c12» is indicator 12, «h7» activity 7, nothing is the whole report."""
    chosen = request.POST.get("cho", "")
    if chosen[:1] == "c" and chosen[1:].isdigit():
        return get_object_or_404(catalogue_of(report), pk=int(chosen[1:])), None
    if chosen[:1] == "h" and chosen[1:].isdigit():
        return None, get_object_or_404(activities_of(report), pk=int(chosen[1:]))
    return None, None

"""Before a report is sent: what to look at, and «đúng, vì …» for what is right all the same."""

from __future__ import annotations

from collections import Counter

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from programs.access import Right, SignedInRequest, may
from reports.entry.checks import Finding, findings_of, justify
from reports.entry.sense import ANSWERED_TOGETHER, LABELS
from reports.entry.sheet import sheet_of
from reports.entry.workflow import WrongState, submit
from reports.models import Report


@require_http_methods(["GET", "POST"])
def send(request: SignedInRequest, pk: int) -> HttpResponse:
    """Look at the findings (GET); answer them and send the report (POST).

    A report is sent when nothing in it is impossible and everything unlikely has its reason;
    the reasons given are kept in any case.
    """
    reports = Report.objects.visible_to(request.user).select_related(
        "program__stage", "province", "period"
    )
    report = get_object_or_404(reports, pk=pk)
    if not may(request.user, Right.ENTER, report.province):
        raise PermissionDenied
    findings = findings_of(report)
    if request.method == "POST":
        findings = _answered(request, report, findings)
        if not any(finding.is_open for finding in findings):
            try:
                submit(report, by=request.user)
            except WrongState as why:
                messages.error(request, str(why))
            else:
                messages.success(request, f"Đã gửi {report}. Lãnh đạo sẽ thấy trong «Chờ duyệt».")
            return redirect("entry:report", pk)
    sheet = sheet_of(report)
    alike = Counter(finding.sense for finding in findings if finding.is_open)
    context: dict[str, object] = {
        "report": report,
        "findings": findings,
        "together": [
            (sense.value, LABELS[sense], alike[sense])
            for sense in ANSWERED_TOGETHER
            if alike[sense] > 1
        ],
        "open": sum(finding.is_open for finding in findings),
        "impossible": sum(finding.is_impossible for finding in findings),
        "unanswered": sheet.typed_rows - sheet.answered,
        "was_sent": request.method == "POST",
    }
    return render(request, "reports/entry/send.html", context)


@transaction.atomic
def _answered(request: SignedInRequest, report: Report, findings: list[Finding]) -> list[Finding]:
    given = {
        finding.key: request.POST.get(f"ly-do-{finding.key}", "").strip()
        or request.POST.get(f"ly-do-{finding.sense}", "").strip()
        for finding in findings
        if finding.is_open and not finding.is_impossible
    }
    for finding in findings:
        if reason := given.get(finding.key):
            justify(finding, reason=reason, by=request.user)
    return findings_of(report) if any(given.values()) else findings

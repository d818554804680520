"""What was approved, as it was printed, and everything that happened to a report."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from programs.access import SignedInRequest
from reports.entry.editions import history_of, printed
from reports.models import Edition, Report


@require_GET
def edition(request: SignedInRequest, pk: int, number: int) -> HttpResponse:
    report = _report(request, pk)
    found = get_object_or_404(_editions(report), number=number)
    near = _editions(report).filter(number__in=(number - 1, number))
    latest = _editions(report).order_by("-number")[:1]
    context = {
        "report": report,
        "printed": printed(found, all_editions=[*near, *latest]),
        "numbers": report.editions.order_by("number").values_list("number", flat=True),
    }
    return render(request, "reports/entry/edition.html", context)


@require_GET
def history(request: SignedInRequest, pk: int) -> HttpResponse:
    report = _report(request, pk)
    context = {"report": report, "events": history_of(report)}
    return render(request, "reports/entry/history.html", context)


def _report(request: SignedInRequest, pk: int) -> Report:
    reports = Report.objects.visible_to(request.user).select_related(
        "program", "province", "period"
    )
    return get_object_or_404(reports, pk=pk)


def _editions(report: Report) -> QuerySet[Edition]:
    return report.editions.select_related("approved_by", "accepts__figure__indicator")

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from programs.access import Right, SignedInRequest, may
from programs.models.indicator import Aggregation
from reports.entry.expected import catalogue_of
from reports.entry.units import units_sheet_of
from reports.entry.views.sheet import report_seen_by


@require_GET
def units(request: SignedInRequest, pk: int, indicator: int) -> HttpResponse:
    report = report_seen_by(request.user, pk)
    # A ratio is not typed, for the province or for anyone in it.
    typed = catalogue_of(report).exclude(aggregation=Aggregation.RATIO)
    sheet = units_sheet_of(report, get_object_or_404(typed, pk=indicator))
    may_enter = may(request.user, Right.ENTER, report.province)
    context = {
        "report": report,
        "sheet": sheet,
        "indicator": sheet.indicator,
        "may_enter": may_enter,
        "may_type": may_enter and any(column.is_open for column in sheet.columns),
        "now": timezone.now(),
    }
    return render(request, "reports/entry/units.html", context)

"""What stands beside one cell: how it went before, its plan, its history, its note."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from programs.access import Right, SignedInRequest, may
from programs.models import Organisation
from programs.models.indicator import Aggregation
from reports.entry.beside import chart_of, history_of, plan_of
from reports.entry.expected import catalogue_of
from reports.entry.said import shown
from reports.entry.views.sheet import report_seen_by
from reports.models import FigureNature, Report, Review


@require_GET
def cell(request: SignedInRequest, pk: int, indicator: int) -> HttpResponse:
    report = report_seen_by(request.user, pk)
    about = get_object_or_404(catalogue_of(report).select_related("content_group"), pk=indicator)
    unit = _unit(request, report)
    figure = (
        report.figures.filter(indicator=about, unit=unit, activity=None, nature=FigureNature.ACTUAL)
        .select_related("typed_by")
        .first()
    )
    may_enter = may(request.user, Right.ENTER, report.province)
    is_open = report.is_open or (figure is not None and figure.review == Review.RETURNED)
    context = {
        "report": report,
        "indicator": about,
        "unit": unit,
        "figure": figure,
        "text": shown(figure),
        "plan": None if unit else plan_of(report, about),
        "chart": chart_of(report, about, unit=unit),
        "history": history_of(figure) if figure else [],
        "may_enter": may_enter,
        "may_type": may_enter and is_open and about.aggregation != Aggregation.RATIO,
    }
    # Without the script the same is a page of its own.
    template = "partials/panel.html" if request.htmx else "cell.html"  # type: ignore[attr-defined]
    return render(request, f"reports/entry/{template}", context)


def _unit(request: SignedInRequest, report: Report) -> Organisation | None:
    number = request.GET.get("don-vi", "")
    if not number:
        return None
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        raise Http404
    return get_object_or_404(Organisation, pk=int(number), province=report.province_id)

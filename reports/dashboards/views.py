from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from programs.access import SignedInRequest
from programs.models import Program
from reports.attainment.marks import is_stale
from reports.dashboards.filters import IndicatorFilter, ProgramFilter
from reports.dashboards.lines import lines_of
from reports.dashboards.outcomes import with_outcome
from reports.dashboards.overview import (
    summaries_of,
    tabs,
    tally,
    with_leading_period,
)
from reports.dashboards.selection import selected
from reports.dashboards.tables import AttainmentTable, ProgramTable, arranged, records_of
from reports.models import Attainment

# The home page shows the programs at hand; the list has them all.
PROGRAMS_AT_HOME = 8


@require_GET
def home(request: SignedInRequest) -> HttpResponse:
    programs = Program.objects.visible_to(request.user).select_related("province", "stage")
    latest = with_leading_period(programs, request.user, on=timezone.localdate()).order_by(
        "-stage__ends_on", "-stage__starts_on", "sort_key", "pk"
    )
    shown = latest[: PROGRAMS_AT_HOME + 1]
    summaries = summaries_of(shown, request.user)
    context = {
        "memberships": request.user.memberships.select_related("province").order_by("pk"),
        "summaries": summaries[:PROGRAMS_AT_HOME],
        "has_more": len(summaries) > PROGRAMS_AT_HOME,
    }
    return render(request, "reports/home.html", context)


@require_GET
def program_list(request: SignedInRequest) -> HttpResponse:
    programs = Program.objects.visible_to(request.user).select_related("province", "stage")
    wanted = ProgramFilter.asked(request.GET, programs)
    found = with_leading_period(wanted.of(programs), request.user, on=timezone.localdate())
    table = arranged(ProgramTable(found.order_by("sort_key", "pk")), request.GET)
    context = {
        "filter": wanted,
        "table": table,
        "summaries": summaries_of(records_of(table), request.user),
    }
    return render(request, "reports/program_list.html", context)


@require_GET
def program_page(request: SignedInRequest, code: str, period_key: str = "") -> HttpResponse:
    programs = Program.objects.visible_to(request.user).select_related("province", "stage")
    program = get_object_or_404(programs, code=code)
    selection = selected(
        program, request.user, period_key=period_key, place_key=request.GET.get("noi", "")
    )
    rows = selection.rows(Attainment.objects.visible_to(request.user))
    wanted = IndicatorFilter.asked(request.GET, rows)
    counted = wanted.of(rows)
    whole = tally(rows)
    table = arranged(AttainmentTable(with_outcome(wanted.of_outcome(counted))), request.GET)
    context = {
        "selection": selection,
        "filter": wanted,
        "tally": whole,
        "tabs": tabs(tally(counted) if wanted.q or wanted.group else whole, wanted.outcome),
        "table": table,
        "lines": lines_of(records_of(table), request.user, first_number=table.page.start_index()),
        "is_stale": is_stale(program),
    }
    return render(request, "reports/program_page.html", context)

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from programs.access import SignedInRequest
from programs.models import Period, Program
from reports.attainment.comparison import bases_of
from reports.attainment.explain import explanation_of
from reports.attainment.marks import is_stale
from reports.attainment.wording import wording_of
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
from reports.models import Attainment, Scope

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


@require_GET
def why(request: SignedInRequest, code: str, period_key: str, indicator: int) -> HttpResponse:
    """«Vì sao 128%?»: the stored row at a place, with all that it rests on.

    `noi` is a province's key, or the nation; `dia-gioi=hien-nay` asks for it together with the
    units that it took over.
    """
    program = get_object_or_404(Program.objects.visible_to(request.user), code=code)
    period = get_object_or_404(Period.objects.visible_to(request.user), key=period_key)
    place = request.GET.get("noi", "")
    rows = Attainment.objects.visible_to(request.user).of_program_page(program, period)
    if place.isdecimal():
        is_current = request.GET.get("dia-gioi") == "hien-nay"
        scope = Scope.CURRENT if is_current else Scope.REPORTED
        rows = rows.filter(scope=scope, province=int(place))
    else:
        rows = rows.filter(scope=Scope.NATION)
    row = get_object_or_404(rows, indicator=indicator)
    explanation = explanation_of(row, request.user)
    others = (
        Attainment.objects.visible_to(request.user)
        .of_program_page(program, period)
        .filter(indicator=indicator, province=row.province_id, region=row.region)
        .exclude(pk=row.pk)
    )
    context = {
        "program": program,
        "selection": {"program": program, "period": period},
        "row": row,
        "words": wording_of(row, base=bases_of([row])[row.pk].leading),
        "why": explanation,
        "others": others,
        "is_stale": is_stale(program),
    }
    return render(request, "reports/why.html", context)

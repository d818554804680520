from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from programs.access import Right, SignedInRequest, may
from programs.models import Activity, Organisation
from reports.entry.activities import (
    NumbersRefused,
    activities_of,
    columns_of,
    countable,
    lines_of,
    put_activity,
    remove_activity,
    sums_of,
    supported_before,
)
from reports.entry.figures import ReportClosed
from reports.entry.forms import ActivityForm
from reports.entry.sheet import beside_of
from reports.models import Report

MANY = 12  # lines that are found at a glance


@require_http_methods(["GET", "POST"])
def activities(request: SignedInRequest, pk: int) -> HttpResponse:
    """The activities of a report's period and one line to enter the next or to change one."""
    report = _report(request, pk)
    columns = columns_of(report, request.GET.getlist("cot"))
    chosen = request.GET.get("sua", "")
    activity = (
        get_object_or_404(activities_of(report), pk=int(chosen)) if chosen.isdigit() else None
    )
    may_enter = report.is_open and may(request.user, Right.ENTER, report.province)
    form = ActivityForm(request.POST or None, report=report, columns=columns, activity=activity)
    if request.method == "POST" and form.is_valid():
        try:
            written = put_activity(report, form.described(), by=request.user, activity=activity)
        except NumbersRefused as refused:
            for answer in refused.answers:
                form.refuse(answer.change.cell.indicator, answer.message)
        except ReportClosed as why:
            messages.error(request, str(why))
        else:
            _say(request, written)
            # The next one is typed at once.
            return redirect(f"{_address(report, [column.code for column in columns])}&tiep=1")
    if form.errors:
        form.focus_on_first_error()
    elif activity or request.GET.get("tiep"):
        form.focus_on("name")
    lines = lines_of(report, columns)
    sought = request.GET.get("tim", "").strip()
    beside = beside_of(report, columns)
    context: dict[str, object] = {
        "report": report,
        "columns": columns,
        "countable": countable(report).exclude(pk__in=[column.pk for column in columns]),
        "lines": [line for line in lines if line.is_about(sought)],
        "line_count": len(lines),
        "is_long": len(lines) > MANY or bool(sought),
        "sought": sought,
        "paid": sum(line.paid or 0 for line in lines),
        "totals": [
            (column, total, beside[column.pk].differs)
            for column, total in zip(columns, sums_of(lines, columns), strict=True)
        ],
        "form": form,
        "activity": activity,
        "may_enter": may_enter,
        "here": _address(report, [column.code for column in columns]),
        "out": _address(report, [column.code for column in columns], "activities_out"),
        "organisations": Organisation.objects.visible_to(request.user)
        .filter(province=report.province_id)
        .order_by("sort_key")[:300]
        if may_enter
        else [],
    }
    return render(request, "reports/entry/activities.html", context)


@require_POST
def activity_remove(request: SignedInRequest, pk: int, activity: int) -> HttpResponse:
    report = _report(request, pk)
    found = get_object_or_404(activities_of(report), pk=activity)
    try:
        remove_activity(report, found, by=request.user)
    except ReportClosed as why:
        messages.error(request, str(why))
    else:
        messages.success(request, f"Đã xóa «{found.name}» và số liệu của nó.")
    return redirect("entry:activities", pk)


def _report(request: SignedInRequest, pk: int) -> Report:
    reports = Report.objects.visible_to(request.user).select_related(
        "program", "province", "period"
    )
    return get_object_or_404(reports, pk=pk)


def _address(report: Report, codes: list[str], name: str = "activities") -> str:
    query = urlencode([("cot", code) for code in codes])
    return f"{reverse(f'entry:{name}', args=[report.pk])}?{query}"


def _say(request: SignedInRequest, activity: Activity) -> None:
    messages.success(request, f"Đã ghi «{activity.name}» (mã {activity.code}).")
    for earlier in supported_before(activity):
        messages.warning(
            request,
            f"«{earlier.organisation}» đã được hỗ trợ ngày {earlier.took_part_on:%d/%m/%Y} trong "
            f"«{earlier.activity.name}»: hãy kiểm tra có phải cùng một nội dung không.",
        )

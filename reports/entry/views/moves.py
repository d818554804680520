"""A report is approved, sent back or reopened; many are approved at once, each by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from programs.access import SignedInRequest
from reports.entry import workflow
from reports.entry.tasks import remind_soon
from reports.entry.workflow import ReasonMissing, WrongState
from reports.models import Edition, Report, Review
from reports.models.report import ReportQuerySet

MOST_AT_ONCE = 200
NOT_YOURS = "Bạn không có quyền duyệt báo cáo này."


def by_post_only(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """By GET nothing is done: whoever had to sign in first comes back so, and sees the report."""

    @require_http_methods(["GET", "POST"])
    @wraps(view)
    def guarded(request: SignedInRequest, pk: int = 0, **rest: int) -> HttpResponse:
        if request.method != "POST":
            return redirect("entry:report", pk) if pk else redirect("entry:work")
        return view(request, pk, **rest) if pk else view(request)

    return guarded


def text_of(request: SignedInRequest, name: str) -> str:
    """What was typed into `name`; PostgreSQL keeps no NUL, which nobody types on purpose."""
    return request.POST.get(name, "").replace("\x00", "")


@by_post_only
def approve(request: SignedInRequest, pk: int) -> HttpResponse:
    report = get_object_or_404(_visible(request), pk=pk)
    try:
        edition = workflow.approve(report, by=request.user)
    except WrongState as why:
        messages.error(request, str(why))
    else:
        messages.success(request, f"Đã duyệt {report}, lưu thành bản {edition.number}.")
    return redirect("entry:report", pk)


@by_post_only
def send_back(request: SignedInRequest, pk: int) -> HttpResponse:
    return _with_reason(
        request,
        pk,
        workflow.send_back,
        heading="Trả lại báo cáo",
        button="Trả lại",
        question="Người nhập cần sửa gì?",
        done="Đã trả lại",
    )


@by_post_only
def reopen(request: SignedInRequest, pk: int) -> HttpResponse:
    return _with_reason(
        request,
        pk,
        workflow.reopen,
        heading="Mở lại để đính chính",
        button="Mở lại",
        question="Vì sao phải đính chính?",
        done="Đã mở lại",
    )


def _with_reason(
    request: SignedInRequest,
    pk: int,
    move: Callable[..., None],
    *,
    heading: str,
    button: str,
    question: str,
    done: str,
) -> HttpResponse:
    """Make a move that needs a reason; without one the form comes back and says so."""
    report = get_object_or_404(_visible(request), pk=pk)
    reason = text_of(request, "reason")
    try:
        move(report, by=request.user, reason=reason)
    except ReasonMissing as why:
        context = {
            "report": report,
            "heading": heading,
            "button": button,
            "question": question,
            "reason": reason,
            "error": str(why),
        }
        return render(request, "reports/entry/move.html", context)
    except WrongState as why:
        messages.error(request, str(why))
    else:
        remind_soon()
        messages.success(request, f"{done} {report}.")
    return redirect("entry:report", pk)


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one report: the edition it made, or why it was not approved."""

    report: Report
    edition: Edition | None = None
    why: str = ""
    left_out: int = 0  # figures that were returned, and so are not in the edition


@by_post_only
def approve_many(request: SignedInRequest) -> HttpResponse:
    """Approve the ticked reports. Rows that are not this person's to see are not there."""
    ticked = {int(pk) for pk in request.POST.getlist("report") if pk.isdecimal() and len(pk) < 19}
    reports = _visible(request).filter(pk__in=ticked).order_by("province__sort_key", "pk")
    results = [_approved(report, request) for report in reports[:MOST_AT_ONCE]]
    context = {
        "results": results,
        "approved": sum(result.edition is not None for result in results),
        "unknown": len(ticked) - len(results),
    }
    return render(request, "reports/entry/approve_many.html", context)


def _approved(report: Report, request: SignedInRequest) -> Result:
    """Approve one report in a transaction of its own, so that it holds up no other."""
    try:
        edition = workflow.approve(report, by=request.user)
    except PermissionDenied:
        return Result(report, why=NOT_YOURS)
    except WrongState as why:
        return Result(report, why=str(why))
    except IntegrityError as why:
        # A guard of the database: its first line is a sentence for people.
        return Result(report, why=str(why).partition("\n")[0])
    left_out = report.figures.filter(review=Review.RETURNED).count()
    return Result(report, edition, left_out=left_out)


def _visible(request: SignedInRequest) -> ReportQuerySet:
    return Report.objects.visible_to(request.user).select_related("program", "province", "period")

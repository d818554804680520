"""One figure goes back and forth: htmx gets the thread anew, a plain form the report's page."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from programs.access import SignedInRequest
from programs.models import Indicator
from programs.numbers import UnreadableNumber
from reports.entry import review
from reports.entry.expected import catalogue_of
from reports.entry.said import read_cell
from reports.entry.tasks import remind_soon
from reports.entry.thread import Attempt, NotTaken, figure_of, take_proposed, thread_of
from reports.entry.views.moves import by_post_only, text_of
from reports.entry.work import report_url
from reports.entry.workflow import ReasonMissing, WrongState
from reports.models import Figure, Remark, Report

NO_FIGURE = "Chỉ tiêu này chưa có số liệu nên chưa có gì để trao đổi. Hãy tải lại trang."
REFUSED = (ReasonMissing, WrongState, NotTaken, UnreadableNumber)


@by_post_only
def return_figure(request: SignedInRequest, pk: int, indicator: int) -> HttpResponse:
    report, of = _cell(request, pk, indicator)
    typed = Attempt("tra-lai", text=text_of(request, "text"), proposed=text_of(request, "proposed"))

    def act() -> str:
        proposed = read_cell(typed.proposed, of) if typed.proposed.strip() else None
        review.return_figure(report, of, by=request.user, reason=typed.text, proposed=proposed)
        remind_soon()
        return "Đã trả lại số này; các số khác không bị ảnh hưởng."

    return _answered(request, report, of, typed, act)


@by_post_only
def answer(request: SignedInRequest, pk: int, indicator: int) -> HttpResponse:
    """Send a returned figure in again; with `take`, first set it to what was proposed."""
    report, of = _cell(request, pk, indicator)
    typed = Attempt("gui-lai", text=text_of(request, "text"))

    def act() -> str:
        figure = _figure(report, of)
        if take := request.POST.get("take", ""):
            proposal = Remark.objects.filter(figure=figure, pk=take if take.isdecimal() else 0)
            base = request.POST.get("base", "")
            take_proposed(
                figure,
                proposal.first() or Remark(),
                by=request.user,
                base=int(base) if base.isdecimal() else None,
                text=typed.text,
            )
            return "Đã lấy giá trị đề nghị và gửi lại."
        review.answer(figure, by=request.user, text=typed.text)
        return "Đã gửi lại số này, chờ duyệt."

    return _answered(request, report, of, typed, act)


@by_post_only
def accept(request: SignedInRequest, pk: int, indicator: int) -> HttpResponse:
    report, of = _cell(request, pk, indicator)
    typed = Attempt("chap-nhan", text=text_of(request, "text"))

    def act() -> str:
        edition = review.accept(_figure(report, of), by=request.user, text=typed.text)
        return f"Đã chấp nhận số này và lưu bản {edition.number} của báo cáo."

    return _answered(request, report, of, typed, act)


@by_post_only
def comment(request: SignedInRequest, pk: int, indicator: int) -> HttpResponse:
    report, of = _cell(request, pk, indicator)
    typed = Attempt("y-kien", text=text_of(request, "text"))

    def act() -> str:
        review.comment(_figure(report, of), by=request.user, text=typed.text)
        return "Đã ghi ý kiến."

    return _answered(request, report, of, typed, act)


def _cell(request: SignedInRequest, pk: int, indicator: int) -> tuple[Report, Indicator]:
    reports = Report.objects.visible_to(request.user).select_related(
        "program", "province", "period"
    )
    report = get_object_or_404(reports, pk=pk)
    return report, get_object_or_404(catalogue_of(report), pk=indicator)


def _figure(report: Report, indicator: Indicator) -> Figure:
    figure = figure_of(report, indicator)
    if figure is None:
        raise WrongState(NO_FIGURE)
    return figure


def _answered(
    request: SignedInRequest,
    report: Report,
    indicator: Indicator,
    typed: Attempt,
    act: Callable[[], str],
) -> HttpResponse:
    """Do it and show the thread as it is then; what was refused is shown with what was typed."""
    done = ""
    try:
        done = act()
    except REFUSED as why:
        typed = Attempt(typed.form, text=typed.text, proposed=typed.proposed, error=str(why))
    else:
        typed = Attempt("")
        if not request.htmx:  # type: ignore[attr-defined]  # put there by django_htmx
            messages.success(request, done)
            return redirect(f"{report_url(report.pk)}#o-{indicator.pk}")

    thread = thread_of(
        report,
        indicator,
        figure_of(report, indicator),
        request.user,
        typed=typed,
        done=done,
    )
    template = "thread" if request.htmx else "thread_page"  # type: ignore[attr-defined]
    response = render(request, f"reports/entry/{template}.html", {"thread": thread})
    if done:
        # The sheet beside the panel may show the figure's new state.
        response["HX-Trigger"] = "figure-reviewed"
    return response

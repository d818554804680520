"""The sheet of one report: read by everyone who may see it, typed by its author."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from programs.access import Right, SignedInRequest, may
from reports.entry.deadlines import days_left, days_words, deadline_of
from reports.entry.figures import Cell, Change, Outcome, Saved, save_cells
from reports.entry.said import shown
from reports.entry.sheet import Row, Sheet, sheet_of
from reports.models import Figure, Remark, RemarkKind, Report, Review

if TYPE_CHECKING:
    from accounts.models import User


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the sheet as this person gets it: with what could not be saved, if anything."""

    row: Row
    is_open: bool
    text: str
    note: str
    version: int
    message: str = ""  # why what was typed is not saved
    returned_because: str = ""

    @property
    def is_typed_so_far(self) -> bool:
        """Whether the typed number is the one since the year began."""
        return self.row.indicator.is_cumulative

    @property
    def kind(self) -> str:
        """Empty, a zero and «không áp dụng» look different."""
        return self.row.figure.state if self.row.figure else "missing"


@require_http_methods(["GET", "POST"])
def report(request: SignedInRequest, pk: int) -> HttpResponse:
    seen = report_seen_by(request.user, pk)
    may_enter = may(request.user, Right.ENTER, seen.province)
    rejected: dict[int, Saved] = {}
    if request.method == "POST":
        if not may_enter:
            raise PermissionDenied
        answers = save_cells(_changes(seen, request.POST), by=request.user)
        rejected = {
            each.change.cell.indicator: each for each in answers if each.outcome != Outcome.SAVED
        }
        if not rejected:
            messages.success(
                request, f"Đã lưu {len(answers)} ô." if answers else "Không có ô nào thay đổi."
            )
            return redirect("entry:report", pk)
    sheet = sheet_of(seen)
    context = {
        "report": seen,
        "sheet": sheet,
        "lines": _lines(sheet, may_enter=may_enter, rejected=rejected),
        "may_enter": may_enter,
        "may_type": may_enter and _has_open_cell(sheet),
        "rejected": len(rejected),
        "deadline": deadline_of(seen),
        "days_left": days_left(seen, on=timezone.localdate()),
        "days_words": days_words(days_left(seen, on=timezone.localdate())),
        "now": timezone.now(),
    }
    return render(request, "reports/entry/sheet.html", context)


def report_seen_by(user: User, pk: int) -> Report:
    """Return the report with its program, province and period; 404 if `user` may not see it."""
    reports = Report.objects.visible_to(user).select_related("program__stage", "province", "period")
    return get_object_or_404(reports, pk=pk)


def _has_open_cell(sheet: Sheet) -> bool:
    return sheet.report.is_open or any(row.is_returned for row in sheet.rows)


def _lines(sheet: Sheet, *, may_enter: bool, rejected: dict[int, Saved]) -> list[Line]:
    reasons = _reasons(sheet.report)
    return [
        _line(
            row,
            rejected.get(row.indicator.pk),
            is_open=may_enter and row.is_typed and (sheet.report.is_open or row.is_returned),
            because=reasons.get(row.indicator.pk, ""),
        )
        for row in sheet.rows
    ]


def _line(row: Row, answer: Saved | None, *, is_open: bool, because: str) -> Line:
    note = row.figure.note if row.figure else ""
    if answer is None:
        return Line(row, is_open, row.text, note, row.version, returned_because=because)
    change = answer.change
    return Line(
        row,
        is_open,
        text=row.text if change.text is None else change.text,
        note=note if change.note is None else change.note,
        version=row.version,  # a second «Lưu», with the other's number in sight, is meant
        message=_why(answer),
        returned_because=because,
    )


def _why(answer: Saved) -> str:
    if answer.outcome != Outcome.CONFLICT:
        return answer.message
    figure = answer.figure
    who = figure.typed_by.full_name if figure and figure.typed_by else "Người khác"
    return (
        f"Trong lúc bạn gõ, {who} đã ghi «{shown(figure) or 'chưa báo cáo'}». "
        "Bấm «Lưu» lần nữa để giữ số của bạn."
    )


def _reasons(report: Report) -> dict[int, str]:
    """Why figures came back, by indicator: the latest reason of each."""
    rows = (
        Remark.objects.filter(
            figure__in=Figure.objects.whole().filter(report=report, review=Review.RETURNED),
            kind=RemarkKind.RETURNED,
        )
        .order_by("at", "pk")
        .values_list("figure__indicator", "text")
    )
    return dict(rows)


def _changes(report: Report, posted: QueryDict) -> list[Change]:
    """What differs from what the form was filled with."""
    changes = []
    for name in posted:
        kind, _, number = name.partition("-")
        if kind != "version" or not (number.isascii() and number.isdigit()):
            continue
        text, note = (_changed(posted, field, number) for field in ("text", "note"))
        base = posted.get(name, "")
        if (text, note) != (None, None) and base.isascii() and base.isdigit():
            cell = Cell(report.pk, int(number[:18]))
            changes.append(Change(cell, int(base[:9]), text=text, note=note))
    return changes


def _changed(posted: QueryDict, field: str, number: str) -> str | None:
    now = posted.get(f"{field}-{number}")
    if now is None:
        return None
    tidy = now.replace("\r\n", "\n").replace("\x00", "")
    before = posted.get(f"{field}-before-{number}", "").replace("\r\n", "\n")
    return None if tidy == before else tidy

"""What the sheet's script asks: save these cells, what would this one be, what is new."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from programs.access import SignedInRequest
from programs.models import Indicator
from programs.numbers import UnreadableNumber, show_number
from reports.entry.expected import catalogue_of
from reports.entry.figures import Cell, Change, Outcome, Saved, save_cells
from reports.entry.said import Typed, read_cell, shown
from reports.entry.sheet import beside_of, changed_since
from reports.entry.units import totals_of, unit_figures_since
from reports.entry.views.sheet import report_seen_by
from reports.entry.years import YearSoFar
from reports.models import Figure, FigureState, Report, Review

if TYPE_CHECKING:
    from decimal import Decimal

MOST_CELLS = 2000  # of one request
LONGEST_TEXT = 4000
LARGEST = 2**63 - 1
# A save may be committed this much after the moment it carries.
LATE_COMMIT = timedelta(seconds=30)


class BadRequest(ValueError):
    """The request is not what the script sends. str() is for the person."""


@require_POST
def cells(request: SignedInRequest) -> JsonResponse:
    try:
        by, changes = read_changes(request)
    except BadRequest as why:
        return JsonResponse({"message": str(why)}, status=400)
    if by != request.user.pk:
        # Two people at one PC: what the one typed is not saved in the name of the other.
        return JsonResponse(
            {
                "message": "Trang này mở bằng tài khoản khác. Hãy đăng nhập lại bằng tài khoản đã "
                "nhập các ô này."
            },
            status=409,
        )
    answers = save_cells(changes, by=request.user)
    names = _names(answers)
    return JsonResponse(
        {
            "cells": [_answer(each, names, request.user) for each in answers],
            **_around(answers),
            "now": timezone.now().isoformat(),
        }
    )


@require_GET
def preview(request: SignedInRequest, pk: int) -> JsonResponse:
    report = report_seen_by(request.user, pk)
    indicator = _indicator(request, report)
    try:
        state, value = read_cell(request.GET.get("text", "")[:LONGEST_TEXT], indicator)
    except UnreadableNumber as why:
        return JsonResponse({"refused": str(why)})
    if request.GET.get("unit"):
        return JsonResponse({"shown": _said(state, value)})
    contradiction = YearSoFar(report, {indicator}).contradicted_by(
        Typed(state=state, value=value), indicator, unit=None, activity=None
    )
    if contradiction:
        return JsonResponse({"refused": contradiction})
    around = beside_of(report, [indicator], typed={indicator.pk: value})
    return JsonResponse(
        {
            "shown": _said(state, value),
            "beside": {str(number): asdict(each) for number, each in around.items()},
        }
    )


@require_GET
def news(request: SignedInRequest, pk: int) -> HttpResponse:
    report = report_seen_by(request.user, pk)
    now = timezone.now()
    since = _moment(request.GET.get("since", ""))
    if since is None:
        return JsonResponse({"message": "Không rõ từ lúc nào."}, status=400)
    since -= LATE_COMMIT
    answer: dict[str, Any] = {
        "now": now.isoformat(),
        "is_open": report.is_open,
        "state": report.get_state_display(),
    }
    if request.GET.get("indicator"):
        indicator = _indicator(request, report)
        figures = unit_figures_since(report, indicator, since, by_others_than=request.user)
        reports = {figure.report_id for figure in figures}
        answer["totals"] = _totals(reports, indicator)
    else:
        figures = changed_since(report, since, by_others_than=request.user)
        changed = [figure.indicator for figure in figures]
        around = beside_of(report, changed) if changed else {}
        answer["beside"] = {
            str(report.pk): {str(number): asdict(each) for number, each in around.items()}
        }
        answer["returned"] = list(
            Figure.objects.whole()
            .filter(report=report, review=Review.RETURNED)
            .values_list("indicator", flat=True)
        )
    answer["cells"] = [
        {**_where(cell_of_figure(figure)), **_content(figure, figure.typed_by, request.user)}
        for figure in figures
    ]
    return JsonResponse(answer)


def read_changes(request: HttpRequest) -> tuple[int, list[Change]]:
    """Return for whom the cells were typed, and the cells. Raises BadRequest."""
    try:
        posted = json.loads(request.body)
    except ValueError as error:
        raise BadRequest("Không đọc được nội dung gửi lên.") from error
    if not isinstance(posted, dict) or not isinstance(posted.get("cells"), list):
        raise BadRequest("Nội dung gửi lên không có danh sách ô.")
    if len(posted["cells"]) > MOST_CELLS:
        raise BadRequest(
            f"Mỗi lần gửi được nhiều nhất {show_number(MOST_CELLS)} ô. Hãy chia thành nhiều lần."
        )
    by = posted.get("by")
    if not isinstance(by, int):
        raise BadRequest("Nội dung gửi lên không nói ai đã nhập.")
    return by, [_change(each) for each in posted["cells"]]


def _change(posted: Any) -> Change:
    if not isinstance(posted, dict):
        raise BadRequest("Một ô gửi lên không đúng dạng.")
    unit, base = posted.get("unit"), posted.get("base")
    if (
        not _is_whole(posted.get("report"))
        or not _is_whole(posted.get("indicator"))
        or not (unit is None or _is_whole(unit))
        or not (base is None or _is_whole(base))
    ):
        raise BadRequest("Một ô gửi lên không nói là ô nào.")
    note = _text(posted.get("note"))
    return Change(
        Cell(posted["report"], posted["indicator"], unit),
        base,
        text=_text(posted.get("text")),
        # As it will be stored, so that sending it twice changes nothing.
        note=None if note is None else Figure._meta.get_field("note").to_python(note),
    )


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        raise BadRequest(f"Nội dung một ô không phải chữ hoặc dài quá {LONGEST_TEXT} ký tự.")
    # What PostgreSQL cannot keep: NUL, and halves of a surrogate pair.
    return value.replace("\x00", "").encode("utf-8", "ignore").decode()


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST


def _names(answers: Iterable[Saved]) -> dict[int, User]:
    """Who typed what stands against the changes that were not saved."""
    return User.objects.in_bulk(
        {
            each.figure.typed_by_id
            for each in answers
            if each.figure is not None
            and each.figure.typed_by_id is not None
            and each.outcome != Outcome.SAVED
        }
    )


def _answer(saved: Saved, names: dict[int, User], by: User) -> dict[str, Any]:
    figure = saved.figure
    if saved.outcome == Outcome.SAVED:
        typed_by: User | None = by
    else:
        typed_by = names.get(figure.typed_by_id or 0) if figure else None
    return {
        **_where(saved.change.cell),
        "outcome": saved.outcome.value,
        "message": saved.message,
        **_content(figure, typed_by, by),
    }


def _where(cell: Cell) -> dict[str, int | None]:
    return {"report": cell.report, "indicator": cell.indicator, "unit": cell.unit}


def cell_of_figure(figure: Figure) -> Cell:
    return Cell(figure.report_id, figure.indicator_id, figure.unit_id)


def _content(figure: Figure | None, typed_by: User | None, reader: User) -> dict[str, Any]:
    """What stands in the cell now, who typed it and when."""
    at = figure.typed_at if figure else None
    return {
        "text": shown(figure),
        "note": figure.note if figure else "",
        "state": figure.state if figure else FigureState.MISSING.value,
        "version": figure.version if figure else 0,
        "who": typed_by.full_name if typed_by else "",
        "at": date_format(timezone.localtime(at), "H:i d/m/Y") if at else "",
        "mine": typed_by is not None and typed_by.pk == reader.pk,
    }


def _around(answers: Iterable[Saved]) -> dict[str, Any]:
    """What stands beside the province's saved cells, by report and indicator, and under units'.

    Units' cells stand on a page that shows only the feet of their columns.
    """
    saved: defaultdict[int, set[int]] = defaultdict(set)
    of_units: defaultdict[int, set[int]] = defaultdict(set)
    for each in answers:
        cell = each.change.cell
        if each.outcome == Outcome.SAVED:
            if cell.unit is None:
                saved[cell.report].add(cell.indicator)
            else:
                of_units[cell.indicator].add(cell.report)
    reports = Report.objects.select_related("program", "province", "period").in_bulk(saved)
    indicators = Indicator.objects.in_bulk(set().union(of_units, *saved.values()))
    return {
        "beside": {
            str(pk): {
                str(number): asdict(around)
                for number, around in beside_of(
                    reports[pk], [indicators[each] for each in numbers]
                ).items()
            }
            for pk, numbers in saved.items()
        },
        "totals": _merged(_totals(of, indicators[number]) for number, of in of_units.items()),
    }


def _totals(reports: set[int], indicator: Indicator) -> dict[str, dict[str, Any]]:
    return {
        str(report): {str(indicator.pk): asdict(totals)}
        for report, totals in totals_of(reports, indicator).items()
    }


def _merged(parts: Iterable[dict[str, dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    merged: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    for part in parts:
        for report, totals in part.items():
            merged[report] |= totals
    return merged


def _indicator(request: HttpRequest, report: Report) -> Indicator:
    number = request.GET.get("indicator", "")
    if not (number.isascii() and number.isdigit() and int(number) <= LARGEST):
        raise Http404
    return get_object_or_404(catalogue_of(report), pk=int(number))


def _moment(text: str) -> datetime | None:
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None


def _said(state: FigureState, value: Decimal | None) -> str:
    if state is FigureState.NOT_APPLICABLE:
        return state.label
    return "" if value is None else show_number(value)

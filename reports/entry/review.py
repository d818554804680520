"""One figure goes back to its author, with a proposed value, while the rest of the report goes on.

Returned → answered → accepted, or returned again. What is returned is open to its author whatever
the state of the report; it becomes official when it is accepted, or with the whole report.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from programs.access import Right, may
from programs.models import Indicator, Organisation
from reports.entry.workflow import (
    CLOSED_STATES,
    ReasonMissing,
    WrongState,
    freeze,
    make_official,
)
from reports.models import (
    Edition,
    Figure,
    FigureNature,
    FigureState,
    Remark,
    RemarkKind,
    Report,
    ReportState,
    Review,
)
from reports.tasks import recompute_soon


@transaction.atomic
def return_figure(
    report: Report,
    indicator: Indicator,
    *,
    by: User,
    reason: str,
    unit: Organisation | None = None,
    proposed: tuple[FigureState, Decimal | None] | None = None,
    at: datetime | None = None,
) -> Remark:
    """Send one figure of a sent or approved report back, perhaps with what it should be.

    One that nobody has typed is asked for: it is returned as «chưa báo cáo». Raises
    PermissionDenied if `by` may not approve there, ReasonMissing, and WrongState if the report
    is open anyway.
    """
    if not may(by, Right.APPROVE, report.province):
        raise PermissionDenied
    if not reason.strip():
        raise ReasonMissing("Hãy nêu vì sao trả lại số này, để người nhập biết phải sửa gì.")
    current = _locked(report)
    if current.state not in CLOSED_STATES:
        raise WrongState(
            f"Báo cáo đang ở tình trạng «{current.get_state_display()}»: người nhập sửa được ngay, "
            "không cần trả lại từng số."
        )
    figure, is_new = Figure.objects.select_for_update().get_or_create(
        report=report,
        indicator=indicator,
        unit=unit,
        activity=None,
        nature=FigureNature.ACTUAL,
        defaults={
            "program_id": report.program_id,
            "province_id": report.province_id,
            "period_id": report.period_id,
            "state": FigureState.MISSING,
            "review": Review.RETURNED,
        },
    )
    if not is_new:
        figure.review = Review.RETURNED
        figure.save(update_fields=("review",))
    state, value = proposed or ("", None)
    return Remark.objects.create(
        figure=figure,
        kind=RemarkKind.RETURNED,
        text=reason,
        proposed_state=state,
        proposed_value=value,
        by=by,
        at=at or timezone.now(),
    )


@transaction.atomic
def answer(figure: Figure, *, by: User, text: str = "", at: datetime | None = None) -> Remark:
    """Send a returned figure in again, as it is typed now. Closed from now on.

    Raises PermissionDenied if `by` may not enter figures there, and WrongState.
    """
    if not may(by, Right.ENTER, figure.province):
        raise PermissionDenied
    _locked(figure.report)
    current = Figure.objects.select_for_update().get(pk=figure.pk)
    if current.review != Review.RETURNED:
        raise WrongState("Số này không còn chờ sửa: tải lại trang để xem tình trạng mới.")
    current.review = Review.ANSWERED
    current.save(update_fields=("review",))
    return Remark.objects.create(
        figure=figure, kind=RemarkKind.ANSWERED, text=text, by=by, at=at or timezone.now()
    )


@transaction.atomic
def accept(figure: Figure, *, by: User, text: str = "", at: datetime | None = None) -> Edition:
    """Make an answered figure of an approved report official, in an edition of its own.

    In a report that is still to be approved it waits for that. Raises PermissionDenied if `by`
    may not approve there, and WrongState.
    """
    at = at or timezone.now()
    if not may(by, Right.APPROVE, figure.province):
        raise PermissionDenied
    report = _locked(figure.report)
    current = Figure.objects.select_for_update().get(pk=figure.pk)
    if current.review != Review.ANSWERED or report.state != ReportState.APPROVED:
        raise WrongState(
            "Chỉ chấp nhận riêng được số đã sửa xong của một báo cáo đã duyệt; "
            "số khác được duyệt cùng cả báo cáo."
        )
    remark = Remark.objects.create(figure=figure, kind=RemarkKind.ACCEPTED, text=text, by=by, at=at)
    Figure.objects.filter(pk=figure.pk).update(review=Review.NONE)
    make_official(report, indicator=current.indicator_id)
    recompute_soon()
    return freeze(report, by=by, at=at, accepts=remark)


def comment(figure: Figure, *, by: User, text: str, at: datetime | None = None) -> Remark:
    """Say something about a figure. Raises PermissionDenied if `by` has no part in it."""
    if not any(may(by, right, figure.province) for right in (Right.ENTER, Right.APPROVE)):
        raise PermissionDenied
    if not text.strip():
        raise ReasonMissing("Chưa có nội dung ý kiến.")
    return Remark.objects.create(
        figure=figure, kind=RemarkKind.COMMENT, text=text, by=by, at=at or timezone.now()
    )


def _locked(report: Report) -> Report:
    return (
        Report.objects.select_for_update(of=("self",))
        .select_related("program", "province", "period")
        .get(pk=report.pk)
    )

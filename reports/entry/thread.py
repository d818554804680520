"""What is said about one figure, and what this person may do next: the side panel of a cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.core.exceptions import PermissionDenied
from django.db import transaction

from accounts.models import User
from programs.access import Right, may
from programs.models import Indicator
from programs.models.indicator import Aggregation
from programs.numbers import show_number
from reports.entry.figures import Cell, Change, Outcome, save_cells
from reports.entry.review import answer
from reports.entry.workflow import CLOSED_STATES, WrongState
from reports.models import (
    Figure,
    FigureNature,
    FigureState,
    Remark,
    RemarkKind,
    Report,
    ReportState,
    Review,
)


class NotTaken(Exception):
    """The proposed value cannot be saved as it is. str() is for the person."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What a person had typed into a form that was refused, and why it was."""

    form: str  # which form: «tra-lai», «gui-lai», «chap-nhan», «y-kien»
    text: str = ""
    proposed: str = ""
    error: str = ""


NOTHING = Attempt("")


@dataclass(frozen=True, slots=True)
class Entry:
    """One word in the thread."""

    remark: Remark
    proposed: str  # «80», «không áp dụng»; empty if nothing was proposed

    @property
    def is_return(self) -> bool:
        return self.remark.kind == RemarkKind.RETURNED


@dataclass(frozen=True, slots=True)
class Thread:
    report: Report
    indicator: Indicator
    figure: Figure | None
    entries: Sequence[Entry]
    may_enter: bool
    may_approve: bool
    typed: Attempt = field(default=NOTHING)
    done: str = ""  # what was just done, for who cannot see the page change

    @property
    def is_returned(self) -> bool:
        return self.figure is not None and self.figure.review == Review.RETURNED

    @property
    def is_answered(self) -> bool:
        return self.figure is not None and self.figure.review == Review.ANSWERED

    @property
    def may_return(self) -> bool:
        """Of a sent or approved report, a figure that is typed and not back already."""
        return (
            self.may_approve
            and not self.is_returned
            and self.report.state in CLOSED_STATES
            and self.indicator.aggregation != Aggregation.RATIO
        )

    @property
    def may_answer(self) -> bool:
        return self.may_enter and self.is_returned

    @property
    def may_accept(self) -> bool:
        return self.may_approve and self.is_answered and self.report.state == ReportState.APPROVED

    @property
    def waits_for_report(self) -> bool:
        """Corrected in a report that is itself still to be approved: it goes with the whole."""
        return self.may_approve and self.is_answered and self.report.state != ReportState.APPROVED

    @property
    def may_comment(self) -> bool:
        return self.figure is not None and (self.may_enter or self.may_approve)

    @property
    def proposal(self) -> Entry | None:
        """The proposed value that the latest return asks to be taken, if it made one."""
        if not self.is_returned:
            return None
        latest = next((each for each in reversed(self.entries) if each.is_return), None)
        return latest if latest and latest.remark.proposed_state else None

    @property
    def is_silent(self) -> bool:
        """Nothing was said and this person can say nothing."""
        return not self.entries and not (self.may_return or self.may_comment)

    @property
    def now(self) -> str:
        """What the figure says now, in words."""
        if self.figure is None or self.figure.state == FigureState.MISSING:
            return FigureState.MISSING.label
        return proposed_text(self.figure.state, self.figure.value)


def thread_of(
    report: Report,
    indicator: Indicator,
    figure: Figure | None,
    user: User,
    *,
    typed: Attempt = NOTHING,
    done: str = "",
) -> Thread:
    """Return the thread of the province's figure of `indicator`. At most three queries."""
    remarks = figure.remarks.select_related("by").order_by("at", "pk") if figure is not None else ()
    return Thread(
        report=report,
        indicator=indicator,
        figure=figure,
        entries=[
            Entry(remark, proposed_text(remark.proposed_state, remark.proposed_value))
            for remark in remarks
        ],
        may_enter=may(user, Right.ENTER, report.province),
        may_approve=may(user, Right.APPROVE, report.province),
        typed=typed,
        done=done,
    )


def figure_of(report: Report, indicator: Indicator) -> Figure | None:
    """The province's own figure of `indicator`, which is what can be returned by itself."""
    return (
        report.figures.filter(
            indicator=indicator, unit=None, activity=None, nature=FigureNature.ACTUAL
        )
        .select_related("report", "province")
        .first()
    )


def proposed_text(state: str, value: Decimal | None) -> str:
    """Return what a state and its value stand for, in a form that read_cell takes back."""
    if not state:
        return ""
    return FigureState(state).label if value is None else show_number(value)


@transaction.atomic
def take_proposed(
    figure: Figure,
    proposal: Remark,
    *,
    by: User,
    base: int | None = None,
    text: str = "",
    at: datetime | None = None,
) -> Remark:
    """Save the value that `proposal` asks for, and send the figure in again: one step or none.

    `base` is the version that `by` was looking at. Raises PermissionDenied, WrongState if the
    figure is not waiting any more, and NotTaken if the value cannot be saved.
    """
    if proposal.figure_id != figure.pk or not proposal.proposed_state:
        raise WrongState("Đề nghị này không còn: tải lại trang để xem tình trạng mới.")
    if not may(by, Right.ENTER, figure.province):
        raise PermissionDenied
    said = proposed_text(proposal.proposed_state, proposal.proposed_value)
    change = Change(Cell(figure.report_id, figure.indicator_id), base, text=said)
    saved = save_cells([change], by=by, at=at)[0]
    match saved.outcome:
        case Outcome.SAVED:
            return answer(figure, by=by, text=text or f"Lấy giá trị đề nghị: {said}.", at=at)
        case Outcome.CONFLICT:
            raise NotTaken("Có người vừa sửa số này. Hãy xem số mới rồi quyết định lại.")
        case Outcome.CLOSED:
            raise WrongState("Số này không còn chờ sửa: tải lại trang để xem tình trạng mới.")
        case _:
            raise NotTaken(saved.message)

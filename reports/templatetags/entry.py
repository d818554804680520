"""What the pages of a report ask of the workflow: its moves, a figure's thread, what is to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import template

from accounts.models import User
from programs.access import Right, may
from programs.models import Indicator
from reports.entry.thread import Thread, thread_of
from reports.entry.work import Line, first_lines
from reports.models import Figure, Report, ReportState, Review

register = template.Library()


@dataclass(frozen=True, slots=True)
class Moves:
    """What this person may do with a report as it is now."""

    may_send: bool
    may_decide: bool
    may_reopen: bool
    returned: int  # figures that an approval would leave out


@register.simple_tag(takes_context=True)
def moves_of(context: dict[str, Any], report: Report) -> Moves:
    user = context["request"].user
    approves = may(user, Right.APPROVE, report.province)
    sent = report.state == ReportState.SUBMITTED
    return Moves(
        may_send=report.is_open and may(user, Right.ENTER, report.province),
        may_decide=approves and sent,
        may_reopen=approves and report.state == ReportState.APPROVED,
        returned=report.figures.filter(review=Review.RETURNED).count() if sent else 0,
    )


@register.inclusion_tag("reports/entry/thread.html", takes_context=True)
def thread(
    context: dict[str, Any], report: Report, indicator: Indicator, figure: Figure | None
) -> dict[str, Thread]:
    return {"thread": thread_of(report, indicator, figure, context["request"].user)}


@register.simple_tag(takes_context=True)
def first_things(context: dict[str, Any], count: int) -> list[Line]:
    """The most urgent things this person has to do."""
    user = context["request"].user
    return first_lines(user, count) if isinstance(user, User) else []

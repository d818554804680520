"""Deadlines: when a report is due, and the drafts that are prepared when a period opens.

Nothing is decided by a deadline: a report that is late stays as it is, and figures that nobody
typed stay missing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta

from django.db.models import QuerySet
from django.db.models.functions import Coalesce

from programs.models import Lineage, Period, Program, Province
from programs.models.program import Level
from reports.models import Report

# A report is prepared, and its author reminded, until so many days after its deadline.
AFTERWARDS = timedelta(days=31)


def deadline_of(report: Report) -> date | None:
    """The report's own deadline, else its period's; None where none was set."""
    return report.due_on or report.period.due_on


def days_left(report: Report, *, on: date) -> int | None:
    """Whole days until the deadline, by local date; negative when it has passed."""
    deadline = deadline_of(report)
    return None if deadline is None else (deadline - on).days


def days_words(days: int | None) -> str:
    """Return «còn 3 ngày», «quá hạn 2 ngày», «hạn là hôm nay», «chưa quy định hạn»."""
    if days is None:
        return "chưa quy định hạn"
    if days == 0:
        return "hạn là hôm nay"
    return f"còn {days} ngày" if days > 0 else f"quá hạn {-days} ngày"


# In a query, what deadline_of is of one report.
DEADLINE = Coalesce("due_on", "period__due_on")


def opened_periods(on: date) -> QuerySet[Period]:
    """Periods that have begun and are not long past their deadline (or their end)."""
    return Period.objects.annotate(closes_on=Coalesce("due_on", "ends_on")).filter(
        starts_on__lte=on, closes_on__gte=on - AFTERWARDS
    )


def prepare_reports(on: date) -> int:
    """Make the drafts that are missing of the periods open on `on`; return how many.

    Of each program reported in that kind of period: one for every unit that stands at the
    period's end, as that unit owes the figure. Safe to run at any time, also twice at once.
    """
    wanted = [
        Report(program=program, province=unit, period=period)
        for period in opened_periods(on)
        for program, units in _owing(period)
        for unit in units
    ]
    known = set(
        Report.objects.filter(period__in={report.period_id for report in wanted}).values_list(
            "program", "province", "period"
        )
    )
    missing = [
        report
        for report in wanted
        if (report.program_id, report.province_id, report.period_id) not in known
    ]
    Report.objects.bulk_create(missing, ignore_conflicts=True)
    return len(missing)


def _owing(period: Period) -> Iterator[tuple[Program, list[Province]]]:
    """The programs reported in `period`, each with the units that owe it a report."""
    programs = Program.objects.filter(
        leaf_kind=period.kind,
        calendar=period.calendar,
        stage__starts_on__lte=period.starts_on,
        stage__ends_on__gte=period.ends_on,
    )
    if not programs:
        return
    standing = list(Province.objects.on(period.ends_on).order_by("pk"))
    related: defaultdict[int, set[int]] = defaultdict(set)
    for unit, part in Lineage.objects.values_list("unit", "part"):
        related[unit].add(part)
        related[part].add(unit)
    for program in programs:
        if program.level == Level.NATIONAL or program.province_id is None:
            yield program, standing
        else:
            kin = related[program.province_id]
            yield program, [unit for unit in standing if unit.pk in kin]

"""Deadlines: reports are prepared when their period opens, and people are reminded once.

Nothing is decided by a deadline: a report that is late stays as it is, and figures that nobody
typed stay missing. Whoever was not asked by e-mail still finds the work on screen (work.py).
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership, User
from programs.access import ROLES_WITH, Right
from programs.models import Lineage, Period, Program, Province
from programs.models.program import Level
from programs.numbers import show_date
from reports.models import (
    Remark,
    RemarkKind,
    Reminder,
    Report,
    ReportState,
    Review,
    Transition,
)
from reports.models.report import OPEN_STATES, ReportQuerySet

log = logging.getLogger(__name__)

# A report is prepared, and its author reminded, until so many days after its deadline.
AFTERWARDS = timedelta(days=31)
# Whoever is to approve is reminded of what waits longer than this.
PATIENCE = timedelta(days=2)


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


# Preparing


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


# Reminding


def site_url(path: str) -> str:
    """The address of a page as it stands in an e-mail."""
    return f"{settings.SITE_URL.rstrip('/')}{path}"


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to tell one person: `occasion` names it in time, `sentence` says it."""

    report: Report
    user: int
    occasion: str
    sentence: str

    @property
    def key(self) -> tuple[int, int, str]:
        return self.report.pk, self.user, self.occasion

    @property
    def url(self) -> str:
        return site_url(reverse("entry:report", args=[self.report.pk]))


def remind(on: date) -> int:
    """Tell everybody once what is due, late, returned or waiting; return how many e-mails went.

    The rows are written first and are unique, so that a task that runs twice, or two at once,
    remind once. What could not be sent is tried again while it is still true.
    """
    now = timezone.now()
    notices = {notice.key: notice for notice in notices_on(on)}
    Reminder.objects.bulk_create(
        [
            Reminder(report=each.report, user_id=each.user, occasion=each.occasion, written_at=now)
            for each in notices.values()
        ],
        ignore_conflicts=True,
    )
    unsent: defaultdict[int, list[Notice]] = defaultdict(list)
    for key in Reminder.objects.filter(
        report__in={report for report, _, _ in notices}, sent_at=None
    ).values_list("report", "user", "occasion"):
        if key in notices:
            unsent[notices[key].user].append(notices[key])
    people = User.objects.filter(is_active=True, pk__in=unsent).exclude(email="")
    return sum(_send(person, unsent[person.pk]) for person in people)


def notices_on(on: date) -> Iterator[Notice]:
    """Everything that people are to be told of on `on`, whether they were told before or not."""
    typists, approvers = People(Right.ENTER), People(Right.APPROVE)
    for report, occasion, sentence in [*_deadlines(on), *_returns()]:
        for person in typists.of(report):
            yield Notice(report, person, occasion, sentence)
    for report, occasion, sentence in _waiting(on):
        for person in approvers.of(report):
            yield Notice(report, person, occasion, sentence)


class People:
    """The active people with a right, by the place they have it in. See programs.access."""

    def __init__(self, right: Right) -> None:
        units: defaultdict[int | None, set[int]] = defaultdict(set)
        for user, province in Membership.objects.filter(
            role__in=ROLES_WITH[right], user__is_active=True
        ).values_list("user", "province"):
            units[province].add(user)
        self.everywhere = units.pop(None, set())
        self.by_place: defaultdict[int, set[int]] = defaultdict(set)
        for unit, part in Lineage.objects.filter(unit__in=units).values_list("unit", "part"):
            self.by_place[part] |= units[unit]

    def of(self, report: Report) -> list[int]:
        return sorted(self.everywhere | self.by_place[report.province_id])


Told = tuple[Report, str, str]  # of which report, on which occasion, in which words


def occasion_of(days: int) -> str:
    """The occasion that `days` before (or after) a deadline belong to; empty if none.

    Seven days and one day before, one and seven days late; a day on which no task ran is made
    up for, until the next occasion.
    """
    if 1 < days <= 7:
        return "due-7"
    if 0 <= days <= 1:
        return "due-1"
    if -7 < days < 0:
        return "late-1"
    return "late-7" if -AFTERWARDS.days <= days <= -7 else ""


def _deadlines(on: date) -> Iterator[Told]:
    reports = (
        _named(Report.objects.filter(state__in=OPEN_STATES))
        .alias(deadline=DEADLINE)
        .filter(deadline__range=(on - AFTERWARDS, on + timedelta(days=7)))
    )
    for report in reports:
        deadline = deadline_of(report)
        days = days_left(report, on=on)
        if deadline is None or days is None:
            continue
        yield (
            report,
            occasion_of(days),
            f"Hạn gửi {show_date(deadline)}, {days_words(days)}: báo cáo {report} "
            f"{report.get_state_display()}.",
        )


def _returns() -> Iterator[Told]:
    """What was sent back or opened for a correction: whole reports, and single figures."""
    for report, move in _latest_moves(ReportState.RETURNED):
        yield (
            report,
            f"returned-{move.pk}",
            f"Báo cáo {report} bị trả lại. Lý do: {move.reason}",
        )
    for report, move in _latest_moves(ReportState.REOPENED):
        yield (
            report,
            f"reopened-{move.pk}",
            f"Báo cáo {report} được mở lại để đính chính. Lý do: {move.reason}",
        )
    for remark in _latest_remarks(RemarkKind.RETURNED, Review.RETURNED):
        yield (
            remark.figure.report,
            f"figure-{remark.pk}",
            f"Một số liệu bị trả lại trong báo cáo {remark.figure.report}: "
            f"{remark.figure.indicator.name}. Lý do: {remark.text}",
        )


def _waiting(on: date) -> Iterator[Told]:
    """What has waited longer than PATIENCE for whoever approves."""
    for report, move in _latest_moves(ReportState.SUBMITTED):
        if (waited := on - timezone.localdate(move.at)) > PATIENCE:
            yield (
                report,
                f"waiting-{move.pk}",
                f"Báo cáo {report} đã gửi, chờ duyệt {waited.days} ngày.",
            )
    for remark in _latest_remarks(RemarkKind.ANSWERED, Review.ANSWERED):
        report = remark.figure.report
        if (
            report.state == ReportState.APPROVED
            and (waited := on - timezone.localdate(remark.at)) > PATIENCE
        ):
            yield (
                report,
                f"answered-{remark.pk}",
                f"Một số liệu đã sửa trong báo cáo {report} chờ duyệt {waited.days} ngày: "
                f"{remark.figure.indicator.name}.",
            )


def _named(reports: ReportQuerySet) -> ReportQuerySet:
    return reports.select_related("program", "province", "period")


def _latest_moves(state: ReportState) -> Iterator[tuple[Report, Transition]]:
    """The reports now in `state`, each with the move that brought it there."""
    moves = (
        Transition.objects.filter(report__state=state, to_state=state)
        .order_by("report_id", "-at", "-pk")
        .distinct("report_id")
        .select_related("report__program", "report__province", "report__period")
    )
    for move in moves:
        yield move.report, move


def _latest_remarks(kind: RemarkKind, review: Review) -> QuerySet[Remark]:
    return (
        Remark.objects.filter(kind=kind, figure__review=review)
        .order_by("figure_id", "-at", "-pk")
        .distinct("figure_id")
        .select_related(
            "figure__indicator",
            "figure__report__program",
            "figure__report__province",
            "figure__report__period",
        )
    )


def _send(person: User, notices: Iterable[Notice]) -> int:
    """Send one e-mail with what this worker can lock; 1 if it went.

    Rows that another worker is sending are skipped. A worker that dies between the two leaves
    the rows unsent: then one e-mail comes twice rather than never.
    """
    by_key: Mapping[tuple[int, int, str], Notice] = {each.key: each for each in notices}
    try:
        with transaction.atomic():
            rows = [
                row
                for row in Reminder.objects.select_for_update(skip_locked=True)
                .filter(user=person, sent_at=None, report__in={key[0] for key in by_key})
                .order_by("pk")
                if (row.report_id, row.user_id, row.occasion) in by_key
            ]
            if not rows:
                return 0
            _mail(person, [by_key[row.report_id, row.user_id, row.occasion] for row in rows])
            Reminder.objects.filter(pk__in=[row.pk for row in rows]).update(sent_at=timezone.now())
    except (SMTPException, OSError) as why:
        log.warning("A reminder to %s was not sent and is tried again: %s", person.pk, why)
        return 0
    return 1


def _mail(person: User, notices: Sequence[Notice]) -> None:
    first = notices[0].report
    subject = (
        f"Khuyến công: {first.program.name}, {first.period.name}"
        if len(notices) == 1
        else f"Khuyến công: {len(notices)} việc cần làm"
    )
    body = render_to_string(
        "reports/entry/mail/reminder.txt",
        {
            "person": person,
            "notices": notices,
            "work_url": site_url(reverse("entry:work")),
        },
    )
    EmailMessage(" ".join(subject.split()), body, to=[person.email]).send()


# What a reminder was about, by the beginning of its occasion.
OCCASION_WORDS = {
    "due-7": "còn không quá 7 ngày",
    "due-1": "hạn là hôm nay hoặc ngày mai",
    "late-1": "đã quá hạn",
    "late-7": "đã quá hạn từ 7 ngày trở lên",
    "returned": "báo cáo bị trả lại",
    "reopened": "báo cáo được mở lại để đính chính",
    "figure": "một số liệu bị trả lại",
    "waiting": f"chờ duyệt quá {PATIENCE.days} ngày",
    "answered": f"số liệu đã sửa chờ duyệt quá {PATIENCE.days} ngày",
}


def occasion_words(occasion: str) -> str:
    return OCCASION_WORDS.get(occasion) or OCCASION_WORDS.get(occasion.partition("-")[0], occasion)


def reminders_of(user: User, *, since: date) -> QuerySet[Reminder]:
    """What `user` was reminded of since `since`, the latest first."""
    return (
        Reminder.objects.filter(user=user, written_at__date__gte=since)
        .select_related("report__program", "report__province", "report__period")
        .order_by("-written_at", "-pk")
    )

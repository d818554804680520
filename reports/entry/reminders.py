"""Nhắc việc: people are told once of what is due, late, returned or waiting for them.

Whoever was not asked by e-mail still finds the work on screen (work.py). Nobody is reminded of
invented reports.
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
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.people import People
from programs.access import Right
from programs.numbers import show_date
from reports.entry.deadlines import AFTERWARDS, DEADLINE, days_left, days_words, deadline_of
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

# Whoever is to approve is reminded of what waits longer than this.
PATIENCE = timedelta(days=2)


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
        for person in typists.of(report.province_id):
            yield Notice(report, person, occasion, sentence)
    for report, occasion, sentence in _waiting(on):
        for person in approvers.of(report.province_id):
            yield Notice(report, person, occasion, sentence)


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
        _named(Report.objects.filter(state__in=OPEN_STATES, program__is_sample=False))
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
        Transition.objects.filter(
            report__state=state, to_state=state, report__program__is_sample=False
        )
        .order_by("report_id", "-at", "-pk")
        .distinct("report_id")
        .select_related("report__program", "report__province", "report__period")
    )
    for move in moves:
        yield move.report, move


def _latest_remarks(kind: RemarkKind, review: Review) -> QuerySet[Remark]:
    return (
        Remark.objects.filter(kind=kind, figure__review=review, figure__program__is_sample=False)
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

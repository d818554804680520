"""Reports are prepared once, people are reminded once, and a deadline decides nothing."""

from __future__ import annotations

import threading
from datetime import date, datetime, timedelta
from smtplib import SMTPServerDisconnected
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection

from accounts.models import User
from accounts.people import People
from khuyencong.celery import app
from programs.access import Right, Role, may
from programs.models import Province
from reports.entry.deadlines import days_left, days_words, prepare_reports
from reports.entry.reminders import notices_on, occasion_words, remind
from reports.entry.review import answer, return_figure
from reports.entry.workflow import approve, reopen, send_back, submit
from reports.models import Figure, Reminder, Report, ReportState
from tests.conftest import person
from tests.factories import (
    FigureFactory,
    MembershipFactory,
    PeriodFactory,
    ProgramFactory,
    ProvinceFactory,
    ReportFactory,
    StageFactory,
)

pytestmark = pytest.mark.django_db

DUE = date(2017, 1, 20)


@pytest.fixture
def report(hanoi):
    """Of the year 2016, to be sent by 20/01/2017."""
    period = PeriodFactory.create(year=2016, due_on=DUE)
    return ReportFactory.create(program__province=hanoi, period=period)


@pytest.fixture(autouse=True)
def addresses(staff, manager, outsider):
    for user in (staff, manager, outsider):
        user.email = f"{user.username}@example.vn"
        user.save()


def before(days: int) -> date:
    return DUE - timedelta(days=days)


def at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 8, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))


def occasions(user: User | None = None) -> list[str]:
    rows = Reminder.objects.filter(user=user) if user else Reminder.objects.all()
    return sorted(rows.values_list("occasion", flat=True))


# Days left


@pytest.mark.parametrize(
    ("days", "words"),
    [(3, "còn 3 ngày"), (0, "hạn là hôm nay"), (-2, "quá hạn 2 ngày"), (None, "chưa quy định hạn")],
)
def test_days_left_in_words(days, words):
    assert days_words(days) == words


def test_a_report_with_a_deadline_of_its_own_is_measured_by_that(report):
    assert days_left(report, on=before(3)) == 3
    report.due_on = DUE + timedelta(days=10)
    assert days_left(report, on=before(3)) == 13


def test_without_a_deadline_there_are_no_days_left_and_no_reminder(report):
    report.period.due_on = None
    report.period.save()
    assert days_left(report, on=DUE) is None
    assert remind(DUE) == 0


# Preparing


def test_reports_of_an_open_period_are_prepared_once(hanoi):
    program = ProgramFactory.create(province=hanoi)
    PeriodFactory.create(year=2016, due_on=DUE)

    assert prepare_reports(date(2015, 12, 31)) == 0  # not begun
    assert prepare_reports(date(2016, 1, 1)) == 1
    assert prepare_reports(date(2016, 1, 1)) == 0
    assert prepare_reports(date(2016, 6, 1)) == 0
    report = Report.objects.get()
    assert (report.program, report.province, report.state) == (program, hanoi, "draft")


@pytest.mark.parametrize(("days_late", "made"), [(31, 1), (32, 0)])
def test_a_period_is_open_until_31_days_after_its_deadline(hanoi, days_late, made):
    ProgramFactory.create(province=hanoi)
    PeriodFactory.create(year=2016, due_on=DUE)
    assert prepare_reports(before(-days_late)) == made


def test_a_period_without_a_deadline_is_open_until_31_days_after_its_end(hanoi):
    ProgramFactory.create(province=hanoi)
    PeriodFactory.create(year=2016)
    assert prepare_reports(date(2017, 2, 1)) == 0
    assert prepare_reports(date(2017, 1, 31)) == 1


def test_only_periods_of_the_programs_kind_calendar_and_stage_are_prepared(hanoi):
    ProgramFactory.create(province=hanoi)
    PeriodFactory.create(year=2021)
    PeriodFactory.create(
        year=2016, calendar="administrative", key="2016-HC", cutoff_on=date(2016, 12, 14)
    )
    PeriodFactory.create(
        year=2016, kind="half", key="2016-6T", ends_on=date(2016, 6, 30), name="6 tháng 2016"
    )
    assert prepare_reports(date(2016, 5, 1)) == 0
    assert prepare_reports(date(2021, 5, 1)) == 0


def merger() -> tuple[Province, Province, Province]:
    """Old 68 and 67 become new 68 on 01/07/2016."""
    new = ProvinceFactory.create(code="68", name="Lâm Đồng", valid_from=date(2016, 7, 1))
    ended = {"valid_to": date(2016, 6, 30), "successor": new}
    old = ProvinceFactory.create(code="68", name="Lâm Đồng cũ", **ended)
    joined = ProvinceFactory.create(code="67", name="Đắk Nông", **ended)
    return new, old, joined


def half_years() -> None:
    for number, (start, end) in enumerate([((1, 1), (3, 31)), ((7, 1), (9, 30))], 1):
        PeriodFactory.create(
            year=2016,
            kind="quarter",
            number=2 * number - 1,
            key=f"2016-Q{2 * number - 1}",
            name=f"quý {2 * number - 1}",
            starts_on=date(2016, *start),
            ends_on=date(2016, *end),
        )


def test_a_local_program_is_reported_by_the_units_of_its_lineage_that_exist_then():
    new, old, _joined = merger()
    half_years()
    ProgramFactory.create(province=old, leaf_kind="quarter")

    prepare_reports(date(2016, 2, 1))
    assert [report.province for report in Report.objects.all()] == [old]
    prepare_reports(date(2016, 8, 1))
    assert {report.province for report in Report.objects.all()} == {old, new}


def test_a_program_of_the_nation_is_reported_by_every_unit_that_exists_then(hanoi):
    new, old, joined = merger()
    half_years()
    ProgramFactory.create(level="national", province=None, leaf_kind="quarter")

    def places(number: int) -> set[Province]:
        found = Report.objects.filter(period__number=number)
        return {report.province for report in found}

    prepare_reports(date(2016, 2, 1))
    assert places(1) >= {hanoi, old, joined}
    assert new not in places(1)
    prepare_reports(date(2016, 8, 1))
    assert places(3) >= {hanoi, new}
    assert not places(3) & {old, joined}


def test_what_a_person_began_is_left_alone(report, staff):
    FigureFactory.create(report=report)
    submit(report, by=staff)

    assert prepare_reports(DUE) == 0
    report.refresh_from_db()
    assert report.state == ReportState.SUBMITTED


# Reminding


@pytest.mark.parametrize(
    ("days", "occasion"),
    [(8, None), (7, "due-7"), (1, "due-1"), (-1, "late-1"), (-7, "late-7"), (-32, None)],
)
def test_the_author_is_reminded_before_and_after_the_deadline(report, staff, days, occasion):
    sent = remind(before(days))

    assert occasions() == ([occasion] if occasion else [])
    assert sent == len(mail.outbox) == (1 if occasion else 0)
    if occasion:
        assert mail.outbox[0].to == ["hoa@example.vn"]


def test_each_occasion_is_told_once_however_often_the_task_runs(report):
    for days in range(8, -9, -1):
        for _ in range(2):
            remind(before(days))

    assert occasions() == ["due-1", "due-7", "late-1", "late-7"]
    assert len(mail.outbox) == 4


def test_a_morning_without_a_worker_is_made_up_for(report):
    remind(before(5))
    assert occasions() == ["due-7"]


def test_a_sent_report_is_not_asked_for(report, staff):
    submit(report, by=staff)
    assert remind(before(1)) == 0


def test_the_mail_says_what_is_due_where_and_how_to_get_there(report, settings):
    settings.SITE_URL = "https://kc.example.vn/"
    report.program.name = "Khuyến công <A> & B"
    report.program.save()
    remind(before(7))

    text = mail.outbox[0].body
    assert "Hạn gửi 20/01/2017, còn 7 ngày" in text
    assert "Khuyến công <A> & B, Hà Nội, năm 2016" in text
    assert f"https://kc.example.vn/bao-cao/{report.pk}/" in text
    assert "https://kc.example.vn/viec-can-lam/" in text


def test_a_person_with_several_reports_gets_one_mail(report, hanoi):
    ReportFactory.create(program__province=hanoi, period=report.period)
    assert remind(before(7)) == 1
    assert "2 việc cần làm" in mail.outbox[0].subject
    assert Reminder.objects.exclude(sent_at=None).count() == 2


def test_a_returned_report_and_a_returned_figure_are_told_of_with_the_reason(
    report, staff, manager
):
    figure = FigureFactory.create(report=report)
    submit(report, by=staff)
    return_figure(report, figure.indicator, by=manager, reason="Thiếu một xã")
    far = before(100)
    remind(far)
    assert "Thiếu một xã" in mail.outbox[0].body
    send_back(report, by=manager, reason="Sai đơn vị tính")
    remind(far)
    remind(far)

    assert "Sai đơn vị tính" in mail.outbox[1].body
    assert "Thiếu một xã" not in mail.outbox[1].body
    assert len(mail.outbox) == 2


def test_a_report_reopened_for_a_correction_is_told_of(report, staff, manager):
    submit(report, by=staff)
    approve(report, by=manager)
    reopen(report, by=manager, reason="Một lớp ghi hai lần")
    assert remind(before(100)) == 1
    assert "Một lớp ghi hai lần" in mail.outbox[0].body


def test_whoever_approves_is_told_when_something_waits_longer_than_two_days(report, staff, manager):
    figure = FigureFactory.create(report=report)
    submit(report, by=staff, at=at(before(10)))

    assert remind(before(8)) == 0
    assert remind(before(7)) == 1
    assert mail.outbox[0].to == ["minh@example.vn"]
    approve(report, by=manager, at=at(before(7)))
    return_figure(report, figure.indicator, by=manager, reason="Sai", at=at(before(7)))
    figure.refresh_from_db()
    answer(figure, by=staff, at=at(before(6)))
    assert remind(before(4)) == 0
    assert remind(before(3)) == 1
    assert figure.indicator.name in mail.outbox[1].body


def test_a_person_without_an_address_is_reminded_on_screen_only(report, staff):
    User.objects.update(email="")
    assert remind(before(7)) == 0
    assert list(Reminder.objects.values_list("user", "sent_at")) == [(staff.pk, None)]


def test_a_person_who_left_is_never_reminded(report, staff):
    User.objects.filter(pk=staff.pk).update(is_active=False)
    assert remind(before(7)) == 0
    assert occasions() == []


class Broken(BaseEmailBackend):
    def send_messages(self, email_messages):
        raise SMTPServerDisconnected("không kết nối được")


def test_a_mail_that_failed_is_tried_again_and_holds_up_no_other(report, staff, settings, hanoi):
    person("thuy", Role.STAFF, hanoi)
    User.objects.filter(username="thuy").update(email="thuy@example.vn")
    working = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = f"{__name__}.Broken"
    assert remind(before(7)) == 0
    assert Reminder.objects.filter(sent_at=None).count() == 2

    settings.EMAIL_BACKEND = working
    assert remind(before(6)) == 2
    assert remind(before(6)) == 0
    assert not Reminder.objects.filter(sent_at=None).exists()


def test_what_failed_is_not_sent_when_it_is_no_longer_true(report, staff, settings):
    working = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = f"{__name__}.Broken"
    remind(before(7))
    settings.EMAIL_BACKEND = working
    submit(report, by=staff, at=at(before(7)))

    assert remind(before(6)) == 0


class Meanwhile(BaseEmailBackend):
    """While this worker is sending, another one runs the whole task."""

    others: list[int] = []  # noqa: RUF012
    sent: list[str] = []  # noqa: RUF012

    def send_messages(self, email_messages):
        def other() -> None:
            try:
                self.others.append(remind(before(7)))
            finally:
                connection.close()

        worker = threading.Thread(target=other)
        worker.start()
        worker.join(timeout=20)
        self.sent += [message.to[0] for message in email_messages]
        return len(email_messages)


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_remind_once(report, settings):
    settings.EMAIL_BACKEND = f"{__name__}.Meanwhile"
    Meanwhile.others.clear()
    Meanwhile.sent.clear()

    assert remind(before(7)) == 1
    assert Meanwhile.others == [0]
    assert Meanwhile.sent == ["hoa@example.vn"]


def test_who_is_reminded_is_who_may(report, hanoi, an_giang, administrator, national_viewer):
    new = ProvinceFactory.create(valid_from=date(2025, 7, 1))
    old = ProvinceFactory.create(valid_to=date(2025, 6, 30), successor=new)
    people = [person("kế tiếp", Role.STAFF, new), person("cả nước", Role.STAFF, None)]
    MembershipFactory.create(user=people[0], role=Role.MANAGER.value, province=an_giang)
    for right in (Right.ENTER, Right.APPROVE):
        found = People(right)
        for place in (hanoi, an_giang, old, new):
            allowed = {user.pk for user in User.objects.all() if may(user, right, place)}
            assert set(found.of(place.pk)) == allowed, (right, place)


def test_every_occasion_has_words(report, staff, manager):
    figure = FigureFactory.create(report=report)
    ReportFactory.create(program__province=report.province, period=report.period)
    submit(report, by=staff, at=at(before(10)))
    return_figure(report, figure.indicator, by=manager, reason="Sai", at=at(before(10)))
    for notice in notices_on(before(0)):
        assert occasion_words(notice.occasion) != notice.occasion


# Nothing is decided by a deadline


def test_nothing_is_approved_by_a_deadline_passing(report, staff, manager):
    figure = FigureFactory.create(report=report)
    draft = ReportFactory.create(program__province=report.province, period=report.period)
    submit(report, by=staff, at=at(before(3)))

    for days in range(3, -60, -1):
        prepare_reports(before(days))
        remind(before(days))

    for each, state in ((report, "submitted"), (draft, "draft")):
        each.refresh_from_db()
        assert each.state == state
    figure.refresh_from_db()
    assert figure.approved_state == ""


def test_what_nobody_typed_by_the_deadline_stays_missing(report):
    for days in (1, 0, -1, -7):
        prepare_reports(before(days))
        remind(before(days))
    assert not Figure.objects.exists()


def test_celery_knows_the_morning_tasks(settings):
    app.loader.import_default_modules()
    for name in ("prepare-reports", "remind"):
        assert settings.CELERY_BEAT_SCHEDULE[name]["task"] in app.tasks


def test_a_stage_is_prepared_too(hanoi):
    ProgramFactory.create(province=hanoi, leaf_kind="stage", stage=StageFactory.create())
    assert prepare_reports(date(2018, 1, 1)) == 1

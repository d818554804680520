"""«Việc cần làm»: what waits for whom, and what it costs to say so."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from programs.access import Role
from reports.entry.expected import cell_counts, expected_in
from reports.entry.reminders import remind
from reports.entry.review import answer, return_figure
from reports.entry.work import Line, first_lines, work_count, work_of
from reports.entry.workflow import approve, reopen, send_back, submit
from reports.models import Reminder, Report
from tests.conftest import person
from tests.factories import (
    FigureFactory,
    IndicatorFactory,
    MembershipFactory,
    PeriodFactory,
    ProgramFactory,
    ProvinceFactory,
    RatioFactory,
    ReportFactory,
    TargetFactory,
)

pytestmark = pytest.mark.django_db

TODAY = date(2017, 1, 20)
URL = "/viec-can-lam/"


def report_of(province, due: date | None = None, **fields) -> Report:
    return ReportFactory.create(
        program__province=province,
        period=PeriodFactory.create(year=2016),
        due_on=due,
        **fields,
    )


def lanes(user: User, **asked: str) -> dict[str, list[Report]]:
    query = QueryDict(mutable=True)
    query.update(asked)
    work = work_of(user, query, on=TODAY)
    return {lane.key: [line.report for line in lane.lines] for lane in work.lanes}


def line_of(user: User, report: Report) -> Line:
    work = work_of(user, QueryDict(), on=TODAY)
    return next(line for lane in work.lanes for line in lane.lines if line.report == report)


def text_of(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def test_a_report_moves_from_lane_to_lane_as_it_moves(hanoi, staff, manager):
    report = report_of(hanoi)
    assert lanes(staff) == {"nhap": [report], "xong": []}
    assert lanes(manager) == {"duyet": [], "xong": []}

    submit(report, by=staff)
    assert lanes(staff) == {"nhap": [], "xong": [report]}
    assert lanes(manager) == {"duyet": [report], "xong": []}

    send_back(report, by=manager, reason="Thiếu")
    assert lanes(staff) == {"nhap": [report], "xong": []}
    assert lanes(manager) == {"duyet": [], "xong": [report]}

    submit(report, by=staff)
    approve(report, by=manager)
    assert lanes(staff) == {"nhap": [], "xong": [report]}
    assert lanes(manager) == {"duyet": [], "xong": [report]}

    reopen(report, by=manager, reason="Đính chính")
    assert lanes(staff) == {"nhap": [report], "xong": []}


def test_a_figure_returned_by_itself_brings_its_approved_report_back(hanoi, staff, manager):
    report = report_of(hanoi)
    figure = FigureFactory.create(report=report, indicator__name="Lớp truyền nghề")
    submit(report, by=staff)
    approve(report, by=manager)
    return_figure(report, figure.indicator, by=manager, reason="Ghi hai lần")

    assert lanes(staff)["nhap"] == [report]
    (returned,) = line_of(staff, report).returned
    assert (returned.figure, returned.remark.text) == (figure, "Ghi hai lần")
    assert lanes(manager)["duyet"] == []

    figure.refresh_from_db()
    answer(figure, by=staff)
    assert lanes(staff)["nhap"] == []
    assert lanes(manager)["duyet"] == [report]
    assert line_of(manager, report).corrected[0].figure == figure


def test_who_enters_and_approves_has_three_lanes_and_a_viewer_none(
    client, hanoi, staff, national_viewer
):
    MembershipFactory.create(user=staff, role=Role.MANAGER.value, province=hanoi)
    assert set(lanes(staff)) == {"nhap", "duyet", "xong"}
    assert lanes(national_viewer) == {}
    client.force_login(national_viewer)
    assert "để xem, không nhập và không duyệt" in text_of(client.get(URL))


def test_work_of_another_province_is_not_there(hanoi, an_giang, staff, outsider):
    report_of(hanoi)
    theirs = report_of(an_giang)
    assert lanes(outsider)["nhap"] == [theirs]
    assert work_count(outsider) == 1


def test_a_successor_does_the_work_of_its_predecessors():
    new = ProvinceFactory.create(valid_from=date(2025, 7, 1))
    old = ProvinceFactory.create(valid_to=date(2025, 6, 30), successor=new)
    report = report_of(old)
    assert lanes(person("x", Role.STAFF, new))["nhap"] == [report]


def test_the_most_urgent_comes_first_and_without_a_deadline_last(hanoi, staff, manager):
    none = report_of(hanoi)
    later = report_of(hanoi, due=TODAY + timedelta(days=3))
    late = report_of(hanoi, due=TODAY - timedelta(days=2))
    returned = report_of(hanoi, due=TODAY + timedelta(days=9))
    submit(returned, by=staff)
    send_back(returned, by=manager, reason="Sai")

    assert lanes(staff)["nhap"] == [returned, late, later, none]
    assert [line.report for line in first_lines(staff, 3, on=TODAY)] == [returned, late, later]


@pytest.mark.parametrize(
    ("days", "words", "late"),
    [(3, "còn 3 ngày", False), (-2, "quá hạn 2 ngày", True), (None, "chưa quy định hạn", False)],
)
def test_each_line_says_the_days_left(hanoi, staff, days, words, late):
    due = None if days is None else TODAY + timedelta(days=days)
    line = line_of(staff, report_of(hanoi, due=due))
    assert (line.days_words, line.is_late) == (words, late)


def test_a_line_says_how_many_cells_are_answered(hanoi, staff):
    report = report_of(hanoi)
    for state, value in [("reported", 5), ("zero", 0), ("not_applicable", None), ("missing", None)]:
        FigureFactory.create(report=report, state=state, value=value)
    TargetFactory.create(program=report.program)

    line = line_of(staff, report)
    assert (line.answered, line.cells) == (3, 5)


def test_the_number_of_cells_is_the_number_of_rows_to_type(hanoi, an_giang):
    """The same rule as the sheet's, for programs with plans, with figures, with neither."""
    IndicatorFactory.create(province=an_giang)
    IndicatorFactory.create(in_use=False)
    ratio = RatioFactory.create()
    own = IndicatorFactory.create(province=hanoi)
    plain, planned, reported, nation = (
        report_of(hanoi),
        report_of(hanoi),
        report_of(hanoi),
        ReportFactory.create(program__level="national", program__province=None, province=an_giang),
    )
    for indicator in (ratio, own):
        TargetFactory.create(program=planned.program, indicator=indicator)
    FigureFactory.create(report=reported, indicator=own)
    TargetFactory.create(program=nation.program, province=None)

    reports = list(Report.objects.select_related("program", "province", "period"))
    assert cell_counts(reports) == {
        report.pk: expected_in(report).exclude(aggregation="ratio").count() for report in reports
    }
    assert cell_counts([nation])[nation.pk] == 1
    assert cell_counts([planned])[planned.pk] == 3
    assert cell_counts([plain])[plain.pk] > 3


def test_the_page_says_why_and_by_whom_a_report_came_back(client, hanoi, staff, manager):
    report = report_of(hanoi)
    submit(report, by=staff)
    send_back(report, by=manager, reason="Thiếu số lớp của Ba Vì")
    client.force_login(staff)

    text = text_of(client.get(URL))
    assert "Lý do: Thiếu số lớp của Ba Vì" in text
    assert "bị trả lại" in text
    assert "minh" in text


def test_an_empty_list_says_something_useful(client, staff):
    client.force_login(staff)
    text = text_of(client.get(URL))
    assert "Báo cáo của kỳ mới tự hiện ở đây khi kỳ bắt đầu" in text
    assert "Trong 30 ngày qua chưa có báo cáo nào" in text


def test_the_list_is_narrowed_by_program_and_province(client, an_giang, hanoi):
    user = person("cả nước", Role.STAFF, None)
    first, second = report_of(hanoi), report_of(an_giang)

    assert set(lanes(user)["nhap"]) == {first, second}
    assert lanes(user, tinh=str(hanoi.pk))["nhap"] == [first]
    assert lanes(user, **{"chuong-trinh": second.program.code})["nhap"] == [second]
    assert set(lanes(user, tinh="999999")["nhap"]) == {first, second}  # not offered

    client.force_login(user)
    page = client.get(URL, {"tinh": hanoi.pk, "chuong-trinh": second.program.code})
    assert "Không có báo cáo nào khớp" in text_of(page)


def test_one_program_of_one_province_needs_no_filter(client, hanoi, staff):
    report_of(hanoi)
    client.force_login(staff)
    assert 'name="tinh"' not in client.get(URL).content.decode()


def test_a_long_lane_has_pages(client, hanoi, staff):
    program = ProgramFactory.create(province=hanoi, leaf_kind="month", stage__year=2016)
    for number in range(51):
        year, month = divmod(number, 12)
        period = PeriodFactory.create(
            kind="month",
            year=2016 + year,
            number=month + 1,
            key=f"{2016 + year}-{month + 1:02}",
            starts_on=date(2016 + year, month + 1, 1),
            ends_on=date(2016 + year, month + 1, 28),
        )
        Report.objects.create(program=program, province=hanoi, period=period)
    client.force_login(staff)

    first = client.get(URL)
    assert len(first.context["work"].lanes[0].lines) == 50
    assert "?trang-nhap=2#nhap" in first.content.decode()
    second = client.get(URL, {"trang-nhap": 2})
    assert len(second.context["work"].lanes[0].lines) == 1
    assert second.context["work"].lanes[0].count == 51


def fill(hanoi, staff, manager, times: int) -> None:
    """Of everything that is on the page, `times`."""
    for _ in range(times):
        report_of(hanoi)
        sent, returned, approved, corrected = (report_of(hanoi) for _ in range(4))
        figures = [FigureFactory.create(report=each) for each in (approved, corrected)]
        for each in (sent, returned, approved, corrected):
            submit(each, by=staff)
        send_back(returned, by=manager, reason="Sai")
        for report, figure in zip((approved, corrected), figures, strict=True):
            approve(report, by=manager)
            return_figure(report, figure.indicator, by=manager, reason="Sai")
        figures[1].refresh_from_db()
        answer(figures[1], by=staff)


@pytest.mark.parametrize("times", [1, 6])
def test_the_page_costs_the_same_however_much_work_there_is(
    client: Client, hanoi, staff, manager, times, django_assert_num_queries
):
    MembershipFactory.create(user=staff, role=Role.MANAGER.value, province=hanoi)
    fill(hanoi, staff, manager, times)
    client.force_login(staff)

    with django_assert_num_queries(20):
        response = client.get(URL)

    assert [lane.count for lane in response.context["work"].lanes] == [
        3 * times, 2 * times, 0,
    ]  # fmt: skip


def test_the_count_in_the_header_is_one_query(hanoi, staff, manager, django_assert_num_queries):
    fill(hanoi, staff, manager, 2)
    with django_assert_num_queries(1):
        assert work_count(staff) == 6
    with django_assert_num_queries(1):
        assert work_count(manager) == 4


def test_the_header_links_to_the_work_of_those_who_have_any(client, hanoi, staff, national_viewer):
    report_of(hanoi)
    client.force_login(staff)
    assert re.search(
        r'href="/viec-can-lam/"\s*>Việc cần làm <span class="count">1</span>',
        client.get("/chuong-trinh/").content.decode(),
    )
    client.force_login(national_viewer)
    assert URL not in client.get("/chuong-trinh/").content.decode()


def test_the_home_page_shows_the_first_three_things(client, hanoi, staff, manager):
    due = timezone.localdate() + timedelta(days=2)
    reports = [report_of(hanoi, due=due + timedelta(days=number)) for number in range(4)]
    client.force_login(staff)
    text = text_of(client.get("/"))

    assert "còn 2 ngày" in text
    assert "Tất cả 4 việc cần làm" in text
    assert [f"{each.program.name}, năm 2016" in text for each in reports] == [True] * 3 + [False]


def test_nothing_to_do_is_not_mentioned_at_home(client, staff):
    client.force_login(staff)
    assert 'id="work"' not in client.get("/").content.decode()


def test_reminders_of_the_last_days_are_on_the_list(client, hanoi, staff):
    today = timezone.localdate()
    report = report_of(hanoi, due=today + timedelta(days=7))
    remind(today)
    client.force_login(staff)
    assert "còn không quá 7 ngày" in text_of(client.get(URL))

    Reminder.objects.update(written_at=timezone.now() - timedelta(days=9))
    assert "Nhắc việc" not in text_of(client.get(URL))
    assert reverse("entry:report", args=[report.pk]) in client.get(URL).content.decode()

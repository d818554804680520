"""A printed edition stays as it was printed; the next says how it differs."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from django.urls import reverse

from programs.models import Indicator
from reports.entry.editions import history_of, printed
from reports.entry.figures import enter_figure
from reports.entry.review import accept, answer, comment, return_figure
from reports.entry.said import Typed, state_of
from reports.entry.workflow import approve, reopen, send_back, submit
from reports.models import Edition, FigureState, Report
from tests.factories import (
    ActivityFactory,
    FigureFactory,
    IndicatorFactory,
    RatioFactory,
    ReportFactory,
    TargetFactory,
    TargetVersionFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def report(hanoi):
    return ReportFactory.create(program__province=hanoi)


@pytest.fixture
def classes(report) -> Indicator:
    """80 planned."""
    indicator = IndicatorFactory.create(name="Lớp truyền nghề")
    plan(report, indicator, 80)
    return indicator


def plan(report: Report, indicator: Indicator, value: int, **fields) -> None:
    target = TargetFactory.create(program=report.program, indicator=indicator, period=report.period)
    TargetVersionFactory.create(target=target, lower=Decimal(value), **fields)


def number(value: int) -> Typed:
    return Typed(state=state_of(Decimal(value)), value=Decimal(value))


def approved(report: Report, *said: tuple[Indicator, int], staff, manager) -> Edition:
    for indicator, value in said:
        enter_figure(report, indicator, number(value), by=staff)
    submit(report, by=staff)
    return approve(report, by=manager)


@pytest.fixture
def corrected(report, classes, staff, manager):
    """100 of 80 approved and printed; then a duplicate is found: 90."""
    approved(report, (classes, 100), staff=staff, manager=manager)
    reopen(report, by=manager, reason="Một lớp bị ghi hai lần")
    approved(report, (classes, 90), staff=staff, manager=manager)
    return report


def text_of(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def page(client, report: Report, edition: int) -> str:
    return text_of(client.get(reverse("entry:edition", args=[report.pk, edition])))


def test_the_printed_edition_still_opens_as_it_was_printed(client, corrected, staff):
    client.force_login(staff)
    text = page(client, corrected, 1)

    assert "Lớp truyền nghề lớp Kế hoạch 80 Thực hiện 100 125% đạt 125% kế hoạch" in text
    assert "minh duyệt lúc" in text
    assert "Bản này đã được đính chính" in text
    assert "khớp với nội dung" in text
    assert Edition.objects.get(number=1).digest in text


def test_the_next_edition_says_how_it_differs(client, corrected, staff):
    client.force_login(staff)
    text = page(client, corrected, 2)

    assert "Điều chỉnh so với bản 1" in text
    assert "Lớp truyền nghề: 100 → 90, 125% → 112,5%" in text
    assert "Đây là bản mới nhất" in text


def test_a_plan_changed_afterwards_does_not_change_what_was_printed(client, corrected, staff):
    target = corrected.program.targets.get()
    TargetVersionFactory.create(
        target=target, number=2, lower=Decimal(50), status="revised", replaces=target.versions.get()
    )
    Indicator.objects.update(name="Tên mới")
    client.force_login(staff)
    assert "Kế hoạch 80 Thực hiện 100 125%" in page(client, corrected, 1)


def test_a_correction_of_the_plan_is_a_difference_too(client, corrected, staff, manager):
    target = corrected.program.targets.get()
    TargetVersionFactory.create(
        target=target, number=2, lower=Decimal(60), status="revised", replaces=target.versions.get()
    )
    reopen(corrected, by=manager, reason="Kế hoạch điều chỉnh")
    approved(corrected, staff=staff, manager=manager)
    client.force_login(staff)
    assert "kế hoạch 80 → 60, 112,5% → 150%" in page(client, corrected, 3)


def test_the_same_content_approved_again_says_so(client, corrected, staff, manager):
    reopen(corrected, by=manager, reason="Xem lại")
    approved(corrected, staff=staff, manager=manager)
    client.force_login(staff)
    assert "Nội dung giống hệt bản 3" in page(client, corrected, 2)
    assert "Không có số liệu nào thay đổi" in page(client, corrected, 3)


def test_an_accepted_figure_makes_an_edition_that_names_it(
    client, corrected, classes, staff, manager
):
    return_figure(corrected, classes, by=manager, reason="Thiếu một lớp")
    enter_figure(corrected, classes, number(91), by=staff)
    figure = corrected.figures.get()
    answer(figure, by=staff)
    accept(figure, by=manager)
    client.force_login(staff)
    text = page(client, corrected, 3)
    assert "riêng chỉ tiêu «Lớp truyền nghề»" in text
    assert "90 → 91" in text


def rows(edition: Edition) -> dict[str, tuple[str, str, str]]:
    found = printed(edition, all_editions=[edition]).rows
    return {row.code: (row.value, row.percent, row.words) for row in found}


def test_each_state_has_its_words(report, staff, manager):
    zero, none, missing = IndicatorFactory.create_batch(3)
    enter_figure(report, none, Typed(state=FigureState.NOT_APPLICABLE), by=staff)
    FigureFactory.create(report=report, indicator=missing, state="missing", value=None)
    edition = approved(report, (zero, 0), staff=staff, manager=manager)

    assert rows(edition) == {
        zero.code: ("0", "–", "chưa giao kế hoạch"),
        none.code: ("không áp dụng", "–", "chưa giao kế hoạch"),
        missing.code: ("chưa báo cáo", "–", "chưa giao kế hoạch"),
    }


def test_parts_are_added_and_a_whole_with_its_parts_is_not_added_twice(report, staff, manager):
    whole, parts = IndicatorFactory.create_batch(2)
    for indicator, values in ((whole, (3, 4)), (parts, (5, 6))):
        for value in values:
            activity = ActivityFactory.create(program=report.program, province=report.province)
            enter_figure(report, indicator, number(value), by=staff, activity=activity)
    edition = approved(report, (whole, 10), staff=staff, manager=manager)

    assert {code: row[0] for code, row in rows(edition).items()} == {
        whole.code: "10",
        parts.code: "11",
    }


def test_a_ratio_is_computed_from_its_frozen_parts(report, staff, manager):
    ratio = RatioFactory.create()
    plan(report, ratio, 80)
    edition = approved(
        report, (ratio.numerator, 3), (ratio.denominator, 4), staff=staff, manager=manager
    )
    assert rows(edition)[ratio.code][:2] == ("75", "93,8%")


def test_of_plans_that_disagree_the_latest_decided_was_official(report, staff, manager):
    indicator = IndicatorFactory.create()
    plan(report, indicator, 50, number=2)
    target = report.program.targets.get()
    TargetVersionFactory.create(
        target=target, number=1, lower=Decimal(40), decided_on=report.period.starts_on
    )
    edition = approved(report, (indicator, 40), staff=staff, manager=manager)
    assert rows(edition)[indicator.code][1] == "100%"


def test_a_figure_that_waited_for_its_author_is_marked(client, report, staff, manager):
    figure = FigureFactory.create(report=report)
    submit(report, by=staff)
    return_figure(report, figure.indicator, by=manager, reason="Sai")
    approve(report, by=manager)
    client.force_login(staff)
    text = page(client, report, 1)
    assert "khi duyệt đang bị trả lại" in text
    assert "Thực hiện chưa báo cáo" in text


def test_the_history_tells_everything_in_order_with_who_and_why(
    client, report, classes, staff, manager
):
    enter_figure(report, classes, number(100), by=staff)
    submit(report, by=staff)
    send_back(report, by=manager, reason="Thiếu Ba Vì")
    submit(report, by=staff)
    approve(report, by=manager)
    return_figure(
        report, classes, by=manager, reason="Ghi hai lần", proposed=("reported", Decimal(90))
    )
    figure = report.figures.get()
    comment(figure, by=staff, text="Để xem lại")
    answer(figure, by=staff, text="Đúng là 100")
    accept(report.figures.get(), by=manager)

    events = [(each.what, each.by.username, each.why, each.edition) for each in history_of(report)]
    assert list(reversed(events)) == [
        ("Gửi duyệt", "hoa", "", None),
        ("Trả lại báo cáo", "minh", "Thiếu Ba Vì", None),
        ("Gửi duyệt", "hoa", "", None),
        ("Duyệt", "minh", "", 1),
        ("Trả lại một số liệu", "minh", "Ghi hai lần (đề nghị: 90)", None),
        ("Ý kiến về một số liệu", "hoa", "Để xem lại", None),
        ("Sửa xong, gửi lại một số liệu", "hoa", "Đúng là 100", None),
        ("Chấp nhận một số liệu", "minh", "", 2),
    ]
    client.force_login(staff)
    text = text_of(client.get(reverse("entry:history", args=[report.pk])))
    assert "Trả lại báo cáo minh Thiếu Ba Vì" in text
    assert "Lớp truyền nghề" in text


def test_a_report_that_never_moved_has_no_history(client, report, staff):
    client.force_login(staff)
    text = text_of(client.get(reverse("entry:history", args=[report.pk])))
    assert "Báo cáo chưa được gửi lần nào" in text


def test_editions_of_another_province_and_unknown_ones_are_not_there(
    client, corrected, staff, outsider
):
    client.force_login(staff)
    for number in (9, 10**9, 10**30):
        assert client.get(reverse("entry:edition", args=[corrected.pk, number])).status_code == 404
    assert client.get(reverse("entry:history", args=[10**30])).status_code == 404
    client.force_login(outsider)
    for name, args in (("edition", [corrected.pk, 1]), ("history", [corrected.pk])):
        assert client.get(reverse(f"entry:{name}", args=args)).status_code == 404


@pytest.mark.parametrize("times", [1, 5])
def test_the_pages_cost_the_same_however_long_the_history(
    client, report, classes, staff, manager, times, django_assert_num_queries
):
    for value in range(times):
        if value:
            reopen(report, by=manager, reason="Sửa")
        approved(report, (classes, 100 + value), staff=staff, manager=manager)
        figure = report.figures.get()
        comment(figure, by=staff, text="Ý kiến")
    client.force_login(staff)
    with django_assert_num_queries(8):
        client.get(reverse("entry:history", args=[report.pk]))
    with django_assert_num_queries(10):
        client.get(reverse("entry:edition", args=[report.pk, times]))

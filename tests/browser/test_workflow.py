"""The way of a report in a real browser: one figure goes back and forth, many are approved."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import User
from programs.models import Province
from reports.entry.figures import enter_figure
from reports.entry.reminders import remind
from reports.entry.review import answer, comment, return_figure
from reports.entry.said import Typed
from reports.entry.workflow import approve, reopen, send_back, submit
from reports.models import Figure, FigureState, Report
from tests.browser.conftest import PASSWORD, PHONE, WIDE
from tests.browser.test_accessibility import assert_accessible
from tests.factories import (
    FigureFactory,
    PeriodFactory,
    ReportFactory,
    TargetFactory,
    TargetVersionFactory,
)

SignIn = Callable[[User], None]
WORK = "/viec-can-lam/"


@pytest.fixture
def sign_in(page: Page, live_server: Any) -> SignIn:
    def as_user(user: User) -> None:
        User.objects.filter(pk=user.pk).update(password=make_password(PASSWORD))
        page.context.clear_cookies()
        page.goto(f"{live_server.url}/nguoi-dung/dang-nhap/")
        page.get_by_label("Tên đăng nhập").fill(user.username)
        page.get_by_label("Mật khẩu").fill(PASSWORD)
        page.get_by_role("button", name="Đăng nhập").click()
        page.wait_for_url(f"{live_server.url}/")

    return as_user


@pytest.fixture
def sent(transactional_db: None, hanoi: Province, staff: User) -> Callable[..., Report]:
    def make(name: str, value: int = 100) -> Report:
        report: Report = ReportFactory.create(
            program__province=hanoi,
            program__name=name,
            period=PeriodFactory.create(year=2016),
        )
        figure = FigureFactory.create(
            report=report, value=value, indicator__name="Lớp truyền nghề được hỗ trợ"
        )
        target = TargetFactory.create(
            program=report.program, indicator=figure.indicator, period=report.period
        )
        TargetVersionFactory.create(target=target, lower=80)
        submit(report, by=staff)
        return report

    return make


def test_one_figure_is_returned_taken_and_accepted(
    page: Page, live_server: Any, sign_in: SignIn, sent: Any, staff: User, manager: User
):
    report = sent("Khuyến công Hà Nội")
    approve(report, by=manager)
    figure = Figure.objects.get()
    cell = f"{live_server.url}/bao-cao/{report.pk}/o/{figure.indicator_id}/"

    sign_in(manager)
    page.goto(cell)
    page.get_by_text("Trả lại riêng số này").click()
    page.get_by_label("Lý do (bắt buộc)").fill("Một lớp bị ghi hai lần")
    page.get_by_label("Giá trị đề nghị").fill("9O")
    page.get_by_role("button", name="Trả lại số này").click()
    expect(page.get_by_role("alert")).to_contain_text("«9O» có chữ")
    expect(page.get_by_label("Lý do (bắt buộc)")).to_have_value("Một lớp bị ghi hai lần")
    page.get_by_label("Giá trị đề nghị").fill("90")
    page.get_by_role("button", name="Trả lại số này").click()
    expect(page.locator(".thread")).to_contain_text("Số này đang chờ người nhập")
    assert page.url == cell  # the panel changed in place

    sign_in(staff)
    expect(page.locator("#work + ul")).to_contain_text("1 số liệu bị trả lại")
    page.get_by_role("link", name="Việc cần làm 1").click()
    expect(page.locator("#nhap")).to_contain_text("Một lớp bị ghi hai lần")
    page.get_by_role("link", name="Lớp truyền nghề được hỗ trợ").click()
    page.get_by_role("button", name="Lấy giá trị đề nghị: 90").click()
    expect(page.locator(".thread")).to_contain_text("Đã lấy giá trị đề nghị và gửi lại")
    expect(page.locator("#panel-figure")).to_have_text("90")
    expect(page.locator(".thread .figure")).to_have_count(0)

    sign_in(manager)
    page.get_by_role("link", name="Việc cần làm 1").click()
    expect(page.locator("#duyet")).to_contain_text("đã sửa, chờ duyệt")
    page.get_by_role("link", name="Lớp truyền nghề được hỗ trợ").click()
    page.get_by_role("button", name="Chấp nhận số đã sửa: 90").click()
    expect(page.locator(".thread")).to_contain_text("lưu bản 2")

    page.goto(f"{live_server.url}/bao-cao/{report.pk}/ban/2/")
    expect(page.locator(".differences")).to_contain_text("100 → 90, 125% → 112,5%")
    figure.refresh_from_db()
    assert figure.approved_value == 90


def test_reports_are_approved_in_bulk_with_a_result_for_each(
    page: Page, live_server: Any, sign_in: SignIn, sent: Any, manager: User
):
    first, second, faster = sent("Chương trình A"), sent("Chương trình B"), sent("Chương trình C")
    sign_in(manager)
    page.goto(live_server.url + WORK)
    page.get_by_label(f"Chọn {first.program.name}").check()
    page.get_by_label("Chọn cả 3 báo cáo trên trang này").check()
    for report in (second, faster):
        expect(page.get_by_label(f"Chọn {report.program.name}")).to_be_checked()
    send_back(faster, by=manager, reason="Người khác đã trả lại")
    page.get_by_role("button", name="Duyệt các báo cáo đã chọn").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Đã duyệt 2/3 báo cáo")
    expect(page.locator(".result")).to_have_count(3)
    refused = page.locator(".result").filter(has_text="Chương trình C")
    expect(refused).to_contain_text("đang ở tình trạng «bị trả lại»")
    page.get_by_role("link", name="Về việc cần làm").click()
    expect(page.locator("#duyet")).to_contain_text("Không có báo cáo nào chờ duyệt")


def test_a_report_is_sent_back_from_its_page(
    page: Page, live_server: Any, sign_in: SignIn, sent: Any, manager: User, staff: User
):
    report = sent("Khuyến công Hà Nội")
    sign_in(manager)
    page.goto(f"{live_server.url}/bao-cao/{report.pk}/")
    page.locator(".moves summary", has_text="Trả lại").click()
    page.get_by_label("Người nhập cần sửa gì?").fill("   ")
    page.get_by_role("button", name="Trả lại cả báo cáo").click()
    expect(page.get_by_role("alert")).to_contain_text("Hãy nêu lý do")
    page.get_by_label("Người nhập cần sửa gì?").fill("Thiếu số liệu của Ba Vì")
    page.get_by_role("button", name="Trả lại").click()
    expect(page.get_by_role("status").first).to_contain_text("Đã trả lại")

    sign_in(staff)
    page.goto(live_server.url + WORK)
    expect(page.locator("#nhap")).to_contain_text("Lý do: Thiếu số liệu của Ba Vì")


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["1366", "390"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_on_the_pages_of_the_workflow(
    page: Page,
    live_server: Any,
    sign_in: SignIn,
    sent: Any,
    staff: User,
    manager: User,
    size: Any,
    theme: Any,
):
    page.set_viewport_size(size)
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    told(sent, staff, manager)
    report = Report.objects.get(program__name="Khuyến công địa phương Hà Nội")
    figure = report.figures.get()
    base = f"/bao-cao/{report.pk}/"
    pages = ["/", WORK, f"{base}lich-su/", f"{base}ban/1/", f"{base}ban/2/"]
    cell = f"{base}o/{figure.indicator_id}/"
    for user in (manager, staff):
        sign_in(user)
        for path in [*pages, cell]:
            page.goto(live_server.url + path)
            assert_accessible(page)
            overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert overflow <= 0, path


def told(sent: Any, staff: User, manager: User) -> None:
    """Something of everything: waiting, returned, late, corrected, approved, with editions."""
    today = timezone.localdate()
    main = sent("Khuyến công địa phương Hà Nội")
    approve(main, by=manager)
    reopen(main, by=manager, reason="Một lớp bị ghi hai lần")
    figure = main.figures.get()
    ninety = Typed(FigureState.REPORTED, Decimal(90))
    enter_figure(main, figure.indicator, ninety, by=staff)
    submit(main, by=staff)
    approve(main, by=manager)
    return_figure(
        main,
        figure.indicator,
        by=manager,
        reason="Biên bản ghi 91 lớp",
        proposed=(FigureState.REPORTED, Decimal(91)),
    )
    comment(figure, by=staff, text="Đang đối chiếu với phòng Kinh tế huyện.")
    for name, days in (("Chương trình giai đoạn 2016-2020", -2), ("Kế hoạch hỗ trợ máy", 3)):
        late = sent(name)
        send_back(late, by=manager, reason="Thiếu số liệu của Ba Vì và Thạch Thất")
        Report.objects.filter(pk=late.pk).update(due_on=today + timedelta(days=days))
    sent("Khuyến công làng nghề")
    corrected = sent("Hội chợ, triển lãm")
    approve(corrected, by=manager)
    wrong = corrected.figures.get()
    return_figure(corrected, wrong.indicator, by=manager, reason="Kiểm tra lại")
    wrong.refresh_from_db()
    answer(wrong, by=staff, text="Đã kiểm tra, đúng 100")
    remind(today)

"""The sheet in a real browser: quick from the keyboard, forgiving, impossible to lose."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from playwright.sync_api import (
    BrowserContext,
    Locator,
    Page,
    Request,
    Route,
    expect,
)
from playwright.sync_api import TimeoutError as WaitedLongEnough

from accounts.models import User
from programs.access import Role
from programs.models import Indicator, Province
from reports.entry.figures import Cell, Change, save_cells
from reports.entry.review import return_figure
from reports.entry.workflow import submit
from reports.models import Figure
from tests.browser.conftest import PHONE, WIDE
from tests.conftest import person
from tests.reports.entry.year_story import Year, told_units, told_year

SAVED = re.compile("Đã lưu hết lúc")


@pytest.fixture
def year(transactional_db: None, hanoi: Province) -> Year:
    return told_year(hanoi)


@pytest.fixture(autouse=True)
def nothing_is_under_way_at_the_end(page: Page, transactional_db: None) -> Iterator[None]:
    """The database is emptied after a test: not under a request that is still being answered."""
    under_way: set[Request] = set()
    page.context.on("request", lambda request: under_way.add(request))
    page.context.on("requestfinished", lambda request: under_way.discard(request))
    page.context.on("requestfailed", lambda request: under_way.discard(request))
    yield
    for each in page.context.pages:
        expect(each.locator('[data-status][data-state="sending"]')).to_have_count(0)
    # What a page sent while it was left may never be heard of again.
    with suppress(WaitedLongEnough):
        while under_way:
            page.context.wait_for_event("requestfinished", timeout=2000)
    for each in page.context.pages:
        each.goto("about:blank")


@pytest.fixture
def colleague(hanoi: Province) -> User:
    user = person("lien", Role.STAFF, hanoi)
    User.objects.filter(pk=user.pk).update(full_name="Trần Thị Liên")
    return user


@pytest.fixture
def as_person(page: Page, live_server: Any) -> Callable[[User], None]:
    """Sign somebody in, in the page's browser."""

    def sign_in(user: User) -> None:
        client = Client()
        client.force_login(user)
        page.context.clear_cookies()
        page.context.add_cookies(
            [
                {
                    "name": settings.SESSION_COOKIE_NAME,
                    "value": client.cookies[settings.SESSION_COOKIE_NAME].value,
                    "url": live_server.url,
                }
            ]
        )

    return sign_in


@pytest.fixture
def open_page(
    page: Page, live_server: Any, staff: User, as_person: Callable[[User], None]
) -> Callable[[str], Page]:
    """A signed-in officer of Hà Nội, who opens addresses."""
    as_person(staff)

    def open_address(path: str) -> Page:
        page.goto(live_server.url + path)
        return page

    return open_address


@pytest.fixture
def sheet(open_page: Callable[[str], Page], year: Year) -> Page:
    return open_page(f"/bao-cao/{year.report.pk}/")


@pytest.fixture
def clipboard(page: Page, live_server: Any) -> Callable[[str], None]:
    """What Excel would have put on the clipboard."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=live_server.url)

    def put(text: str) -> None:
        page.evaluate("text => navigator.clipboard.writeText(text)", text)

    return put


def box(page: Page, indicator: Indicator) -> Locator:
    return page.locator(f'[data-field="text"][data-indicator="{indicator.pk}"]')


def line(page: Page, indicator: Indicator) -> Locator:
    return page.locator(f'tr[data-indicator="{indicator.pk}"]')


def status(page: Page) -> Locator:
    return page.locator("[data-status]")


def enter(page: Page, *texts: str) -> None:
    for text in texts:
        page.keyboard.type(text)
        page.keyboard.press("Enter")


def value(year: Year, indicator: Indicator) -> Decimal | None:
    figure = Figure.objects.filter(report=year.report, indicator=indicator, unit=None).first()
    return figure.value if figure else None


def ask_for_news(page: Page) -> None:
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def test_a_whole_report_is_entered_from_the_keyboard_alone(sheet: Page, year: Year):
    sheet.get_by_label("Tìm chỉ tiêu").focus()
    sheet.keyboard.press("ArrowDown")
    expect(box(sheet, year.flow)).to_be_focused()

    enter(sheet, "12", "64", "1.250,75", "0", "không áp dụng")

    expect(status(sheet)).to_have_text(SAVED)
    expect(sheet.locator("[data-answered]")).to_have_text("5")
    expect(line(sheet, year.flow)).to_contain_text("42")
    expect(line(sheet, year.flow)).to_contain_text("84%")
    expect(line(sheet, year.cumulative)).to_contain_text("24")
    assert value(year, year.money) == Decimal("1250.75")
    assert value(year, year.more[0]) == 0
    states = Figure.objects.filter(report=year.report).order_by("indicator__position")
    assert [figure.state for figure in states] == [
        "reported",
        "reported",
        "reported",
        "zero",
        "not_applicable",
    ]


def test_arrows_f2_escape_and_delete_work_as_in_excel(sheet: Page, year: Year):
    box(sheet, year.flow).focus()
    enter(sheet, "12")
    expect(box(sheet, year.cumulative)).to_be_focused()
    sheet.keyboard.press("ArrowUp")
    sheet.keyboard.press("ArrowRight")
    expect(sheet.get_by_label(f"Ghi chú: {year.flow.name}")).to_be_focused()
    sheet.keyboard.type("theo báo cáo huyện")
    sheet.keyboard.press("Shift+Tab")
    expect(box(sheet, year.flow)).to_be_focused()

    sheet.keyboard.press("F2")
    sheet.keyboard.press("ArrowLeft")
    sheet.keyboard.type("3")
    expect(box(sheet, year.flow)).to_have_value("132")
    sheet.keyboard.press("Escape")
    expect(box(sheet, year.flow)).to_have_value("12")

    sheet.keyboard.press("Delete")
    expect(box(sheet, year.flow)).to_have_value("")
    expect(status(sheet)).to_have_text(SAVED)
    sheet.keyboard.press("Control+z")
    expect(box(sheet, year.flow)).to_have_value("12")
    sheet.keyboard.press("Control+s")
    expect(status(sheet)).to_have_text(SAVED)
    figure = Figure.objects.get(report=year.report, indicator=year.flow)
    assert (figure.value, figure.note) == (Decimal(12), "theo báo cáo huyện")


def test_while_typing_the_year_so_far_follows_and_a_refusal_says_why(sheet: Page, year: Year):
    box(sheet, year.flow).focus()
    sheet.keyboard.type("100")
    expect(line(sheet, year.flow)).to_contain_text("260%")
    assert value(year, year.flow) is None

    sheet.keyboard.press("Escape")
    expect(line(sheet, year.flow)).not_to_contain_text("260%")

    enter(sheet, "1.25")
    expect(line(sheet, year.flow)).to_contain_text("không rõ là 1,25 hay 125")
    expect(box(sheet, year.flow)).to_have_value("1.25")
    expect(box(sheet, year.flow)).to_have_attribute("aria-invalid", "true")
    expect(status(sheet)).to_contain_text("1 ô cần xem lại")
    sheet.reload()
    expect(box(sheet, year.flow)).to_have_value("1.25")
    box(sheet, year.flow).focus()
    enter(sheet, "125")
    expect(status(sheet)).to_have_text(SAVED)
    assert value(year, year.flow) == 125


def test_34_units_and_12_months_are_pasted_at_once_with_two_bad_cells(
    open_page: Callable[[str], Page],
    hanoi: Province,
    staff: User,
    transactional_db: None,
    clipboard: Callable[[str], None],
):
    year = told_year(hanoi, reports=12)
    units = told_units(hanoi, 34)
    rows = [[f"1.{month:03}" for month in range(12)] for _ in units]
    rows[3][2], rows[20][11] = "1.25", "mười"
    page = open_page(f"/bao-cao/{year.report.pk}/don-vi/{year.flow.pk}/")
    cells = page.locator("[data-cell]")
    expect(cells).to_have_count(34 * 12)
    cells.first.focus()
    clipboard("\r\n".join("\t".join(row) for row in rows) + "\r\n")

    page.keyboard.press("Control+v")

    expect(status(page)).to_contain_text("2 ô cần xem lại", timeout=20_000)
    stored = Figure.objects.filter(indicator=year.flow, unit__isnull=False)
    assert stored.count() == 34 * 12 - 2
    assert set(stored.filter(report=year.reports[5]).values_list("value", flat=True)) == {1005}
    bad = page.locator('[data-state="refused"] [data-cell]')
    assert bad.evaluate_all("boxes => boxes.map(box => box.value)") == ["1.25", "mười"]
    rows_shown = page.locator("tr[data-line]")
    expect(rows_shown.nth(3)).to_contain_text("tháng 3/2016: «1.25» không rõ")
    expect(rows_shown.nth(20)).to_contain_text("tháng 12/2016: «mười» có chữ")
    expect(page.locator('[data-total="total"]').first).to_have_text("34.000")

    page.keyboard.press("Control+z")
    expect(page.locator("#announcement")).to_have_text("Đã hoàn tác 408 ô.")
    expect(status(page)).to_have_text(SAVED, timeout=20_000)
    assert not stored.exclude(state="missing").exists()
    page.keyboard.press("Control+y")
    expect(status(page)).to_contain_text("2 ô cần xem lại", timeout=20_000)
    assert stored.filter(state="reported").count() == 34 * 12 - 2


def test_a_block_is_copied_as_excel_takes_it_and_one_too_large_is_said(
    sheet: Page, year: Year, clipboard: Callable[[str], None]
):
    box(sheet, year.flow).focus()
    enter(sheet, "12", "64")
    expect(status(sheet)).to_have_text(SAVED)
    box(sheet, year.flow).focus()
    sheet.keyboard.press("Shift+ArrowDown")
    sheet.keyboard.press("Shift+ArrowRight")
    sheet.keyboard.press("Control+c")
    assert sheet.evaluate("navigator.clipboard.readText()") == "12\t\n64\t"

    box(sheet, year.more[1]).focus()
    clipboard("1\n2\n3")
    sheet.keyboard.press("Control+v")
    expect(sheet.locator("#announcement")).to_contain_text("2 ô không có chỗ, chưa dán")
    expect(box(sheet, year.more[1])).to_have_value("1")
    expect(status(sheet)).to_have_text(SAVED)


def test_a_cell_says_zero_or_not_applicable_from_its_menu(sheet: Page, year: Year):
    box(sheet, year.flow).focus()
    sheet.keyboard.press("Alt+ArrowDown")
    sheet.get_by_role("menuitem", name="Không áp dụng").click()
    expect(box(sheet, year.flow)).to_have_value("không áp dụng")
    expect(box(sheet, year.flow)).to_be_focused()

    box(sheet, year.money).click()
    sheet.get_by_role("button", name="Lựa chọn của ô").click()
    sheet.keyboard.press("Enter")
    expect(box(sheet, year.money)).to_have_value("0")
    expect(status(sheet)).to_have_text(SAVED)
    assert value(year, year.money) == 0


def test_the_sum_of_the_units_fills_the_cell_of_the_province(
    open_page: Callable[[str], Page], year: Year, staff: User, hanoi: Province
):
    changes = [
        Change(Cell(year.report.pk, year.flow.pk, unit.pk), 0, text=text)
        for unit, text in zip(told_units(hanoi, 2), ("3", "1.004"), strict=True)
    ]
    save_cells(changes, by=staff)
    page = open_page(f"/bao-cao/{year.report.pk}/")
    box(page, year.flow).focus()
    page.keyboard.press("Alt+ArrowDown")
    page.get_by_role("menuitem", name="Điền từ đơn vị: 1.007").click()

    expect(status(page)).to_have_text(SAVED)
    assert value(year, year.flow) == 1007


def test_the_mouse_chooses_replaces_and_drags_a_range(sheet: Page, year: Year):
    box(sheet, year.flow).focus()
    enter(sheet, "12", "64", "5")
    expect(status(sheet)).to_have_text(SAVED)

    box(sheet, year.flow).click()
    sheet.keyboard.type("7")
    expect(box(sheet, year.flow)).to_have_value("7")

    box(sheet, year.more[0]).click()
    sheet.keyboard.type("1")
    box(sheet, year.more[0]).hover()
    sheet.mouse.down()
    box(sheet, year.more[1]).hover()
    sheet.mouse.up()
    expect(sheet.locator(".in-range")).to_have_count(0)  # inside a cell the mouse chooses text

    box(sheet, year.flow).hover()
    sheet.mouse.down()
    box(sheet, year.money).hover()
    sheet.mouse.up()
    expect(sheet.locator(".in-range")).to_have_count(3)
    sheet.keyboard.press("Delete")
    for indicator in (year.flow, year.cumulative, year.money):
        expect(box(sheet, indicator)).to_have_value("")
    expect(status(sheet)).to_have_text(SAVED)
    assert value(year, year.cumulative) is None
    assert value(year, year.more[0]) == 1


def test_with_the_cable_pulled_nothing_is_lost_and_it_is_sent_when_plugged_in(
    sheet: Page, year: Year
):
    sheet.context.set_offline(True)
    box(sheet, year.flow).focus()
    enter(sheet, "12", "64", "5,5")

    expect(status(sheet)).to_contain_text("3 ô chờ gửi")
    expect(line(sheet, year.flow).locator('[data-state="waiting"]')).to_be_visible()
    assert value(year, year.flow) is None

    sheet.context.set_offline(False)
    expect(status(sheet)).to_have_text(SAVED)
    assert [value(year, each) for each in (year.flow, year.cumulative, year.money)] == [
        12,
        64,
        Decimal("5.5"),
    ]


def test_unsent_cells_are_there_when_the_page_is_opened_again_and_are_sent(sheet: Page, year: Year):
    address, context = sheet.url, sheet.context
    context.set_offline(True)
    box(sheet, year.flow).focus()
    enter(sheet, "12", "64")
    expect(status(sheet)).to_contain_text("2 ô chờ gửi")
    sheet.close()
    context.set_offline(False)

    again = context.new_page()
    again.route("**/bao-cao/o/", lambda route: route.fulfill(status=503, body=""))
    again.goto(address)
    expect(box(again, year.flow)).to_have_value("12")
    expect(status(again)).to_contain_text("2 ô chờ gửi")
    assert value(year, year.flow) is None

    again.unroute_all(behavior="wait")
    expect(status(again)).to_have_text(SAVED, timeout=10_000)
    assert value(year, year.cumulative) == 64


def test_a_saved_cell_whose_answer_got_lost_is_no_quarrel_with_oneself(sheet: Page, year: Year):
    def lose(route: Route) -> None:
        route.fetch()
        route.fulfill(status=429, body="")

    sheet.route("**/bao-cao/o/", lose)
    box(sheet, year.flow).focus()
    enter(sheet, "12")
    expect(status(sheet)).to_contain_text("1 ô chờ gửi")
    assert value(year, year.flow) == 12

    box(sheet, year.flow).focus()
    enter(sheet, "13")
    sheet.unroute_all(behavior="wait")
    expect(status(sheet)).to_have_text(SAVED, timeout=10_000)
    assert value(year, year.flow) == 13


def test_a_cell_that_is_being_typed_is_kept_when_the_page_is_left(sheet: Page, year: Year):
    box(sheet, year.flow).focus()
    sheet.keyboard.type("12")

    sheet.reload()

    expect(box(sheet, year.flow)).to_have_value("12")
    expect(status(sheet)).to_be_visible()
    expect(line(sheet, year.flow)).to_contain_text("84%")


def test_a_session_that_ended_keeps_everything_until_one_signs_in_again(
    sheet: Page, year: Year, staff: User, as_person: Callable[[User], None]
):
    sheet.context.clear_cookies()
    box(sheet, year.flow).focus()
    enter(sheet, "12")
    expect(status(sheet)).to_contain_text("1 ô chờ gửi: phiên đăng nhập đã hết")

    sheet.get_by_role("link", name="Đăng nhập lại").click()
    expect(sheet.get_by_role("heading", level=1)).to_have_text("Đăng nhập")
    as_person(staff)
    sheet.go_back()

    expect(line(sheet, year.flow)).to_contain_text("84%")
    assert value(year, year.flow) == 12


def test_what_one_person_left_unsent_is_neither_shown_nor_sent_by_another(
    sheet: Page,
    year: Year,
    staff: User,
    colleague: User,
    as_person: Callable[[User], None],
):
    sheet.context.set_offline(True)
    box(sheet, year.flow).focus()
    enter(sheet, "12")
    expect(status(sheet)).to_contain_text("1 ô chờ gửi")

    # The page is still the first person's; the browser now is the second's.
    as_person(colleague)
    sheet.context.set_offline(False)
    expect(status(sheet)).to_contain_text("đang đăng nhập bằng tài khoản khác")
    sheet.reload()
    expect(box(sheet, year.flow)).to_have_value("")
    assert value(year, year.flow) is None

    as_person(staff)
    sheet.reload()
    expect(line(sheet, year.flow)).to_contain_text("84%")
    assert Figure.objects.get(report=year.report, indicator=year.flow).typed_by == staff


def test_of_two_editors_neither_overwrites_the_other_unasked(
    sheet: Page, year: Year, colleague: User
):
    def colleague_types(indicator: Indicator, text: str) -> None:
        save_cells([Change(Cell(year.report.pk, indicator.pk), None, text=text)], by=colleague)

    colleague_types(year.flow, "7")
    colleague_types(year.money, "3")
    box(sheet, year.flow).focus()
    enter(sheet, "9")
    said = line(sheet, year.flow)
    expect(said).to_contain_text("Trần Thị Liên đã ghi «7»")
    expect(said).to_contain_text("Bạn gõ «9»")
    expect(box(sheet, year.flow)).to_have_value("9")
    assert value(year, year.flow) == 7

    said.get_by_role("button", name="Giữ số của tôi").click()
    expect(status(sheet)).to_have_text(SAVED)
    assert value(year, year.flow) == 9

    box(sheet, year.money).focus()
    enter(sheet, "4")
    expect(line(sheet, year.money)).to_contain_text("Trần Thị Liên đã ghi «3»")
    box(sheet, year.money).focus()
    sheet.keyboard.press("Alt+ArrowDown")
    sheet.get_by_role("menuitem", name="Lấy số của Trần Thị Liên").click()
    expect(box(sheet, year.money)).to_have_value("3")
    assert value(year, year.money) == 3


def test_what_others_save_appears_with_their_name_but_not_over_ones_typing(
    sheet: Page, year: Year, colleague: User
):
    box(sheet, year.flow).focus()
    sheet.keyboard.type("9")
    save_cells(
        [Change(Cell(year.report.pk, each.pk), None, text="7") for each in (year.flow, year.money)],
        by=colleague,
    )
    ask_for_news(sheet)

    expect(box(sheet, year.money)).to_have_value("7")
    expect(line(sheet, year.money)).to_contain_text("Trần Thị Liên vừa nhập")
    expect(box(sheet, year.flow)).to_have_value("9")
    expect(line(sheet, year.flow)).to_contain_text("Trần Thị Liên vừa ghi «7»")
    sheet.keyboard.press("Enter")
    expect(line(sheet, year.flow)).to_contain_text("Bạn gõ «9»")
    assert value(year, year.flow) == 7


def test_a_report_that_is_sent_meanwhile_locks_but_for_what_comes_back(
    sheet: Page, year: Year, colleague: User, manager: User
):
    submit(year.report, by=colleague)
    return_figure(year.report, year.flow, by=manager, reason="Thiếu một lớp ở Ba Vì")
    ask_for_news(sheet)

    expect(sheet.locator("[data-locked]")).to_contain_text("đã gửi, chờ duyệt")
    expect(box(sheet, year.money)).not_to_be_editable()
    expect(box(sheet, year.flow)).to_be_editable()
    sheet.reload()
    expect(line(sheet, year.flow)).to_contain_text("Bị trả lại: Thiếu một lớp ở Ba Vì")


def test_a_report_is_not_sent_while_a_cell_of_it_is_not_saved(sheet: Page, year: Year):
    typed = sheet.locator('[data-field="text"]').first
    typed.click()
    sheet.keyboard.type("1.25")
    sheet.keyboard.press("Enter")
    expect(sheet.locator("[data-status]")).to_contain_text("1 ô cần xem lại")

    sheet.get_by_role("button", name="Gửi duyệt").click()

    expect(sheet.locator("#announcement")).to_contain_text("còn 1 ô chưa lưu")
    expect(sheet).to_have_url(re.compile(rf"/bao-cao/{year.report.pk}/$"))
    sheet.keyboard.press("Escape")


def test_rows_are_found_without_accents_and_by_what_is_missing(sheet: Page, year: Year):
    sheet.get_by_label("Tìm chỉ tiêu").fill("dao tao nghe")
    expect(sheet.locator("tr[data-line]:visible")).to_have_count(2)
    sheet.get_by_label("Tìm chỉ tiêu").fill("")
    box(sheet, year.flow).focus()
    enter(sheet, "12")
    sheet.get_by_label("chỉ dòng chưa nhập").check()
    expect(sheet.locator("tr[data-line]:visible")).to_have_count(4)
    expect(box(sheet, year.flow)).to_be_hidden()


def test_the_panel_follows_the_cell_is_remembered_and_takes_a_note(sheet: Page, year: Year):
    box(sheet, year.flow).focus()
    sheet.keyboard.press("Control+Enter")
    panel = sheet.locator("#panel")
    expect(panel.get_by_role("heading", name=year.flow.name)).to_be_visible()
    expect(panel).to_contain_text("50 lớp")
    sheet.keyboard.press("ArrowDown")
    expect(panel.get_by_role("heading", name=year.cumulative.name)).to_be_visible()
    panel.get_by_label("Ghi chú").fill("theo báo cáo huyện")
    panel.get_by_label("Ghi chú").blur()
    expect(status(sheet)).to_have_text(SAVED)

    sheet.reload()
    expect(panel).to_be_visible()
    expect(sheet.get_by_label(f"Ghi chú: {year.cumulative.name}")).to_have_value(
        "theo báo cáo huyện"
    )


def test_without_javascript_the_sheet_is_a_form_that_saves(
    browser: Any, live_server: Any, year: Year, staff: User
):
    client = Client()
    client.force_login(staff)
    context: BrowserContext = browser.new_context(java_script_enabled=False)
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies(
        [{"name": name, "value": client.cookies[name].value, "url": live_server.url}]
    )
    page = context.new_page()
    page.goto(f"{live_server.url}/bao-cao/{year.report.pk}/")
    box(page, year.flow).fill("12")
    box(page, year.money).fill("1.25")
    page.get_by_role("button", name="Lưu", exact=True).click()

    expect(box(page, year.money)).to_have_value("1.25")
    expect(line(page, year.money)).to_contain_text("không rõ là 1,25 hay 125")
    expect(box(page, year.flow)).to_have_value("12")
    assert value(year, year.flow) == 12
    context.close()


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["1366", "390"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_in_any_state_and_a_phone_never_scrolls_sideways(
    sheet: Page, year: Year, hanoi: Province, colleague: User, size: Any, theme: Any
):
    told_units(hanoi, 3)
    sheet.emulate_media(color_scheme=theme, reduced_motion="reduce")
    sheet.set_viewport_size(size)
    save_cells([Change(Cell(year.report.pk, year.money.pk), None, text="7")], by=colleague)
    box(sheet, year.flow).focus()
    enter(sheet, "1.25", "64", "9", "0", "không áp dụng")
    expect(status(sheet)).to_contain_text("2 ô cần xem lại")
    assert_accessible(sheet)
    sheet.keyboard.press("Control+Enter")
    expect(sheet.locator("#panel h2")).to_be_visible()
    box(sheet, year.flow).focus()
    sheet.keyboard.press("Alt+ArrowDown")
    expect(sheet.get_by_role("menu")).to_be_visible()
    assert_accessible(sheet)

    sheet.goto(sheet.url + f"don-vi/{year.flow.pk}/")
    expect(sheet.locator("[data-cell]").first).to_be_visible()
    assert_accessible(sheet)


def assert_accessible(page: Page) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

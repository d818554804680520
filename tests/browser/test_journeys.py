"""What people do here, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from programs.models import Program, Province
from tests.browser.conftest import PASSWORD, PHONE
from tests.factories import ProvinceFactory
from tests.reports.dashboards.story import clerk, told_program

PROGRAM = "/chuong-trinh/KC-THU/2016-2020/"
Open = Callable[[str], Page]


def names(page: Page) -> list[str]:
    cells = page.locator("tr.line .cell-name").all_inner_texts()
    return [cell.split("\n")[0].strip() for cell in cells]


def test_an_officer_signs_in_finds_the_program_and_reads_128_percent(at_work: Open):
    page = at_work("/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Nguyễn Thị Hoa")
    expect(page.get_by_label("Nơi bạn làm việc")).to_contain_text("Thành phố Hà Nội")
    expect(page.locator(".cards")).to_contain_text("2/4 chỉ tiêu đạt kế hoạch")

    page.get_by_role("link", name="Khuyến công Hà Nội thử nghiệm").click()

    row = page.get_by_role("row").filter(has_text="đổi mới thiết bị")
    expect(row).to_contain_text("128%")
    expect(row).to_contain_text("đạt")


def test_search_updates_in_place_without_accents_and_back_undoes_it(at_work: Open):
    page = at_work(PROGRAM)
    page.evaluate("window.sameDocument = true")

    page.get_by_label("Tìm chỉ tiêu").press_sequentially("thiet bi")
    expect(page.locator("tr.line")).to_have_count(1)

    assert names(page) == ["Lượt cơ sở được hỗ trợ đổi mới thiết bị"]
    assert page.evaluate("window.sameDocument") is True
    assert "q=thiet+bi" in page.url or "q=thiet%20bi" in page.url
    expect(page.get_by_label("Tìm chỉ tiêu")).to_be_focused()

    page.go_back()
    expect(page.locator("tr.line")).to_have_count(5)
    expect(page.get_by_label("Tìm chỉ tiêu")).to_have_value("")


def test_sorting_filtering_and_searching_add_up_in_the_address(at_work: Open):
    page = at_work(PROGRAM)

    page.get_by_role("link", name="Tỷ lệ so với kế hoạch").click()
    expect(page.get_by_role("columnheader", name="Tỷ lệ")).to_have_attribute(
        "aria-sort", "ascending"
    )
    assert names(page)[0] == "Lớp truyền nghề"
    assert names(page)[-2:] == ["Hội nghị tuyên truyền", "Cuộc bình chọn"]

    page.get_by_role("link", name="Tỷ lệ so với kế hoạch").click()
    expect(page.get_by_role("columnheader", name="Tỷ lệ")).to_have_attribute(
        "aria-sort", "descending"
    )
    assert names(page)[0] == "Mẫu sản phẩm mới"
    assert names(page)[-2:] == ["Hội nghị tuyên truyền", "Cuộc bình chọn"]

    page.get_by_role("link", name="2 đạt kế hoạch").click()
    expect(page.locator("tr.line")).to_have_count(2)
    page.get_by_label("Tìm chỉ tiêu").fill("mau")
    expect(page.locator("tr.line")).to_have_count(1)
    assert all(part in page.url for part in ("xep=-percent", "ket-qua=dat", "q=mau"))

    page.reload()
    assert names(page) == ["Mẫu sản phẩm mới"]
    page.go_back()
    expect(page.locator("tr.line")).to_have_count(2)
    assert names(page)[0] == "Mẫu sản phẩm mới"


def test_leaving_for_another_page_and_coming_back_keeps_the_filter(at_work: Open):
    page = at_work(PROGRAM)
    page.get_by_role("link", name="1 chưa đạt").click()
    expect(page.locator("tr.line")).to_have_count(1)

    page.get_by_role("link", name="Trang chính").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Nguyễn Thị Hoa")
    page.go_back()

    expect(page.locator("tr.line")).to_have_count(1)
    expect(page.get_by_role("link", name="1 chưa đạt")).to_have_attribute("aria-current", "true")


def test_choosing_a_place_of_a_national_program_updates_in_place(at_work: Open, hanoi: Province):
    ProvinceFactory.create()  # expected to report too
    told_program(province=hanoi, owner=None, level="national", by=clerk(), code="KCQG-THU")
    page = at_work("/chuong-trinh/KCQG-THU/2016-2020/")
    expect(page.locator(".age")).to_contain_text("1/2 đơn vị")

    page.get_by_label("Nơi", exact=True).select_option("Hà Nội")

    expect(page.locator(".age")).to_contain_text("1/1 đơn vị")
    assert page.url.endswith(f"?noi={hanoi.pk}")
    page.go_back()
    expect(page.locator(".age")).to_contain_text("1/2 đơn vị")
    expect(page.get_by_label("Nơi", exact=True)).to_have_value("ca-nuoc")


def test_everything_works_without_javascript(browser, live_server, staff: User, program: Program):
    staff.set_password(PASSWORD)
    staff.save(update_fields=("password",))
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(f"{live_server.url}{PROGRAM}")
    page.get_by_label("Tên đăng nhập").fill("hoa")
    page.get_by_label("Mật khẩu").fill(PASSWORD)
    page.get_by_role("button", name="Đăng nhập").click()

    page.get_by_label("Tìm chỉ tiêu").fill("thiet bi")
    page.get_by_role("button", name="Tìm").click()

    expect(page.locator("tr.line")).to_have_count(1)
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "light")
    expect(page.get_by_role("button", name="Giao diện tối")).to_be_hidden()
    page.context.close()


def test_a_session_that_ended_leads_to_the_sign_in_page_not_to_an_empty_list(at_work: Open):
    page = at_work(PROGRAM)
    page.context.clear_cookies()

    page.get_by_label("Tìm chỉ tiêu").fill("lop")

    expect(page.get_by_role("heading", level=1)).to_have_text("Đăng nhập")
    assert "next=" in page.url


def test_dark_is_followed_chosen_and_remembered(at_work: Open):
    page = at_work("/")
    page.emulate_media(color_scheme="dark")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")

    page.get_by_role("button", name="Giao diện tối").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "light")

    page.goto(page.url + "chuong-trinh/")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "light")
    expect(page.get_by_role("button", name="Giao diện tối")).to_have_attribute(
        "aria-pressed", "false"
    )


@pytest.mark.parametrize("path", ["/", "/chuong-trinh/", PROGRAM])
def test_a_phone_never_scrolls_sideways(at_work: Open, path: str):
    page = at_work(path)
    page.set_viewport_size(PHONE)

    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def test_on_a_phone_each_indicator_is_a_card_with_everything_said(at_work: Open):
    page = at_work(PROGRAM)
    page.set_viewport_size(PHONE)

    card = page.locator("tr.line").first
    expect(card.get_by_text("Kế hoạch")).to_be_visible()
    expect(card).to_contain_text(re.compile(r"50.*64.*128%", re.DOTALL))
    box = card.bounding_box()
    assert box is not None
    assert box["width"] <= PHONE["width"]


def test_the_keyboard_alone_reaches_the_filter_and_shows_where_it_is(at_work: Open):
    page = at_work(PROGRAM)

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Đến nội dung chính")).to_be_focused()
    page.keyboard.press("Enter")
    for _ in range(40):
        page.keyboard.press("Tab")
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none", page.evaluate("document.activeElement.outerHTML")
        if page.evaluate("document.activeElement.id") == "tab-chua-dat":
            break
    page.keyboard.press("Enter")

    expect(page.locator("tr.line")).to_have_count(1)
    expect(page.locator("#tab-chua-dat")).to_be_focused()


def test_the_period_menu_opens_and_closes_with_the_keyboard(at_work: Open):
    page = at_work(PROGRAM)
    menu = page.locator("details.menu summary")

    menu.press("Enter")
    expect(page.get_by_role("link", name="giai đoạn 2016-2020", exact=True)).to_be_visible()
    page.keyboard.press("Escape")

    expect(page.get_by_role("link", name="giai đoạn 2016-2020", exact=True)).to_be_hidden()
    expect(menu).to_be_focused()


def test_a_sentence_is_copied_as_it_stands(at_work: Open):
    page = at_work(PROGRAM)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])

    page.get_by_role("button", name="Chép câu 1", exact=True).click()

    expect(page.locator("#announcement")).to_have_text("Đã chép")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.locator("#cau-1").inner_text()
    assert "đạt 128% kế hoạch" in copied


def test_printing_gives_a4_pages_without_the_frame(at_work: Open):
    page = at_work(PROGRAM)

    pdf = page.pdf(prefer_css_page_size=True)
    page.emulate_media(media="print")

    assert pdf.startswith(b"%PDF")
    # Points: 210 × 297 mm, to the rounding of the browser.
    assert re.search(rb"/MediaBox \[0 0 59[45](\.\d+)? 84[12](\.\d+)?\]", pdf)
    expect(page.locator(".top")).to_be_hidden()
    expect(page.get_by_role("button", name="Tìm")).to_be_hidden()
    expect(page.get_by_role("table")).to_be_visible()

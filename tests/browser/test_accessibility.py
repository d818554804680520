"""axe finds nothing on any page, light or dark, on the office's screen or a phone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from programs.models import Program
from tests.browser.conftest import PHONE, WIDE
from tests.reports.dashboards.story import Told, clerk, told_program

PAGES = [
    "/",
    "/chuong-trinh/",
    "/chuong-trinh/?q=khong+co",
    "/chuong-trinh/KC-THU/2016-2020/",
    "/chuong-trinh/KC-THU/2016-2020/?xep=-percent&ket-qua=dat",
    "/chuong-trinh/KC-THU/2016-2020/?q=khong+co",
    "/khong-co-trang-nay/",
]


def assert_accessible(page: Page) -> None:
    """The audit runs twice: with menus and notes closed, and with all of them open."""
    for _ in ("closed", "open"):
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")


@pytest.fixture
def explained(program: Program) -> Program:
    """A second program in which every kind of remark is shown."""
    told = Told(
        "Cụm công nghiệp",
        309,
        400,
        version={"is_derived": True, "note": "Suy ra từ tỷ lệ"},
        typed={"note": "Theo báo cáo nhanh"},
    )
    return told_program([told], province=program.province, by=clerk(), code="KC-GHI-CHU")


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["1366", "390"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(
    at_work: Callable[[str], Page], explained: Program, size: Any, theme: Any
):
    page = at_work("/")
    page.set_viewport_size(size)
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")

    for path in [*PAGES, "/chuong-trinh/KC-GHI-CHU/2016-2020/"]:
        at_work(path)
        assert page.locator("html").get_attribute("data-bs-theme") == theme
        assert_accessible(page)


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["1366", "390"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_before_signing_in(
    page: Page, live_server: Any, staff: object, size: Any, theme: Any
):
    page.set_viewport_size(size)
    page.emulate_media(color_scheme=theme)
    page.goto(f"{live_server.url}/nguoi-dung/dang-nhap/?next=/")
    assert_accessible(page)

    for _ in range(5):
        page.get_by_label("Tên đăng nhập").fill("hoa")
        page.get_by_label("Mật khẩu").fill("sai")
        page.get_by_role("button", name="Đăng nhập").click()
        page.wait_for_load_state()
        assert_accessible(page)

    assert page.get_by_role("heading", level=1).inner_text() == "Tạm khóa đăng nhập"

"""A real Chromium against a real server. Without one the tests are skipped, with the reason.

CI sets REQUIRE_BROWSER=1, which turns that skip into a failure.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from playwright.sync_api import ConsoleMessage, Page

from accounts.models import User
from programs.models import Program, Province
from tests.reports.dashboards.story import clerk, told_program

CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
PASSWORD = "mot-mat-khau-du-dai"
WIDE = {"width": 1366, "height": 768}
PHONE = {"width": 390, "height": 844}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if CHROMIUM:
        return
    reason = "no Chromium on this machine (looked for chromium, chromium-browser, google-chrome)"
    if os.environ.get("REQUIRE_BROWSER"):
        raise pytest.UsageError(f"REQUIRE_BROWSER is set, but there is {reason}")
    for item in items:
        if "tests/browser/" in item.path.as_posix():
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return browser_type_launch_args | {
        "executable_path": CHROMIUM,
        "args": [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--disable-component-update",
            "--no-first-run",
        ],
    }


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return browser_context_args | {"viewport": WIDE, "locale": "vi-VN", "color_scheme": "light"}


@pytest.fixture(autouse=True)
def nothing_is_said_in_the_console(page: Page) -> Iterator[None]:
    """A blocked inline style or script shows up here, on every page of every journey."""
    said: list[str] = []

    def note(message: ConsoleMessage) -> None:
        # The browser notes every 4xx answer; tests that ask for one look at the page itself.
        if message.type in ("error", "warning") and "status of 4" not in message.text:
            said.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: said.append(str(error)))
    yield
    assert said == []


@pytest.fixture
def program(transactional_db: None, hanoi: Province) -> Program:
    """Five indicators of Hà Nội: three measured, one without a plan, one not reported."""
    return told_program(
        province=hanoi, by=clerk(), code="KC-THU", name="Khuyến công Hà Nội thử nghiệm"
    )


@pytest.fixture
def at_work(page: Page, live_server: Any, staff: User, program: Program) -> Callable[[str], Page]:
    """A signed-in officer of Hà Nội, who opens addresses."""
    User.objects.filter(pk=staff.pk).update(
        full_name="Nguyễn Thị Hoa", password=make_password(PASSWORD)
    )
    page.goto(f"{live_server.url}/nguoi-dung/dang-nhap/")
    page.get_by_label("Tên đăng nhập").fill("hoa")
    page.get_by_label("Mật khẩu").fill(PASSWORD)
    page.get_by_role("button", name="Đăng nhập").click()
    page.wait_for_url(f"{live_server.url}/")

    def open_address(path: str) -> Page:
        page.goto(live_server.url + path)
        return page

    return open_address

"""Activities typed one after another from the keyboard; the sheet's totals follow."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from programs.models import Activity, Province
from programs.models.activity import ActivityKind
from reports.entry.activities import Described, Money, put_activities
from tests.browser.conftest import PHONE, WIDE
from tests.browser.test_entry import (
    SAVED,
    as_person,
    assert_accessible,
    box,
    line,
    nothing_is_under_way_at_the_end,
    open_page,
    status,
)
from tests.reports.entry.year_story import Year, told_year

__all__ = ["as_person", "nothing_is_under_way_at_the_end", "open_page"]  # fixtures


@pytest.fixture
def year(transactional_db: None, hanoi: Province) -> Year:
    return told_year(hanoi)


@pytest.fixture
def listed(year: Year, staff: User) -> Year:
    """Fifteen activities, as many as make a list long."""
    day = year.report.period.ends_on
    put_activities(
        year.report,
        [
            (
                Described(
                    f"Lớp truyền nghề mây tre đan số {number} cho lao động nông thôn",
                    ActivityKind.CLASS,
                    date(day.year, day.month, number),
                    day,
                    place=f"xã Phú Nghĩa {number}",
                    implementer="Trung tâm Khuyến công và Tư vấn phát triển công nghiệp",
                    beneficiary=f"Hợp tác xã số {number}",
                    money=Money(local=105_000_000, counterpart=20_000_000)
                    if number % 3
                    else Money(),
                    numbers={year.flow.pk: "1" if number % 2 else ""},
                ),
                None,
            )
            for number in range(1, 16)
        ],
        by=staff,
    )
    return year


def address(year: Year) -> str:
    return f"/bao-cao/{year.report.pk}/hoat-dong/?cot={year.flow.code}"


def type_activity(page: Page, year: Year, name: str, number: str) -> None:
    """From the name to Enter in the number, without the mouse."""
    expect(page.get_by_label("Tên hoạt động")).to_be_focused()
    keys = page.keyboard
    keys.type(name)
    keys.press("Tab")
    expect(page.get_by_label("Loại")).to_be_focused()
    keys.press("Tab")
    expect(page.get_by_label("Từ ngày")).to_be_focused()
    keys.type(f"{year.report.period.starts_on:%d/%m/%Y}")
    for _ in range(5):  # last day, place, two organisations, the number
        keys.press("Tab")
    expect(page.get_by_label(year.flow.name, exact=True)).to_be_focused()
    keys.type(number)
    keys.press("Enter")
    expect(page.get_by_text(f"Đã ghi «{name}»")).to_be_visible()


def test_two_activities_from_the_keyboard_and_the_sheet_follows(
    open_page: Callable[[str], Page], year: Year
):
    page = open_page(address(year))
    page.get_by_label("Tên hoạt động").focus()
    type_activity(page, year, "Lớp mây tre đan", "3")
    type_activity(page, year, "Lớp thêu ren", "4")

    assert set(Activity.objects.values_list("code", "kind")) == {
        ("HD-001", "class"),
        ("HD-002", "class"),
    }
    expect(page.locator(".activities tfoot")).to_contain_text("7")
    page = open_page(f"/bao-cao/{year.report.pk}/")
    expect(line(page, year.flow)).to_contain_text("7")
    box(page, year.flow).focus()
    page.keyboard.press("Alt+ArrowDown")
    page.get_by_role("menuitem", name="Điền từ hoạt động: 7").click()
    expect(box(page, year.flow)).to_have_value("7")
    expect(status(page)).to_have_text(SAVED)


def test_a_mistake_is_said_at_its_field_where_the_keyboard_is(
    open_page: Callable[[str], Page], year: Year
):
    page = open_page(address(year))
    page.get_by_label("Tên hoạt động").fill("Lớp thêu")
    page.get_by_label("Từ ngày").fill("31/2")
    page.keyboard.press("Enter")

    day = page.get_by_label("Từ ngày")
    expect(day).to_be_focused()
    expect(day).to_have_accessible_description(
        "Không rõ là ngày nào. Hãy gõ dd/mm/yyyy, ví dụ 28/08/2026."
    )
    expect(page.get_by_label("Tên hoạt động")).to_have_value("Lớp thêu")


def test_a_long_list_is_searched_without_accents_and_nothing_is_deleted_by_one_click(
    open_page: Callable[[str], Page], listed: Year
):
    page = open_page(address(listed))
    page.get_by_label("Tìm trong danh sách").fill("hop tac xa 12")
    page.keyboard.press("Enter")
    expect(page.locator(".activities tbody tr")).to_have_count(1)
    expect(page.locator(".activities tfoot")).to_contain_text("Tổng 15 hoạt động")

    page.locator("summary", has_text="Xóa").click()
    assert Activity.objects.count() == 15
    page.get_by_role("button", name="Xóa hẳn").click()
    expect(page.get_by_text("Đã xóa «")).to_be_visible()
    assert Activity.objects.count() == 14


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["1366", "390"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_and_a_phone_never_scrolls_sideways(
    open_page: Callable[[str], Page], listed: Year, size: Any, theme: Any
):
    page = open_page(address(listed))
    page.set_viewport_size(size)
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    assert_accessible(page)
    page.get_by_role("button", name="Ghi hoạt động").click()
    expect(page.locator(".field-error").first).to_be_visible()
    assert_accessible(page)
    open_page(f"/bao-cao/{listed.report.pk}/hoat-dong/excel/nhap/")
    assert_accessible(page)

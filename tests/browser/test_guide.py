"""A report's whole way through the pages, as docs/huong-dan-su-dung.md tells it.

What the guide quotes («…») must have stood on one of the pages. The pictures of the guide:

    SCREENSHOTS=1 ./kc test tests/browser/test_guide.py

writes docs/images/ again, but for the README's picture (test_real_figures.py).
"""

from __future__ import annotations

import os
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import User
from programs.access import Role
from programs.models import Indicator, Province
from reports.entry.figures import Cell, Change, save_cells
from reports.entry.review import return_figure
from reports.entry.workbook.run import read_import
from reports.entry.workflow import approve, reopen, send_back, submit
from reports.models import Figure, Report, WorkbookImport
from tests.browser.test_entry import box, enter, line, status
from tests.conftest import person
from tests.factories import PeriodFactory, ReportFactory
from tests.reports.entry.workbook.conftest import Sent
from tests.reports.entry.workbook.conftest import send_back as workbook_back
from tests.reports.entry.workbook.test_free import table
from tests.reports.entry.year_story import Year, told_units, told_year

DOCS = Path(settings.BASE_DIR) / "docs"
IMAGES = DOCS / "images"
GUIDE = (DOCS / "huong-dan-su-dung.md").read_text()
SCRIPTS = Path(settings.BASE_DIR) / "khuyencong" / "static" / "khuyencong" / "entry"
LARGEST = 300_000  # bytes of one picture
WORK = "/viec-can-lam/"

# All that a page says or would say when asked: menus that are closed, labels, titles.
SAID = """() => [
    document.body.textContent,
    ...[...document.querySelectorAll("*")].flatMap((each) =>
        ["aria-label", "title", "placeholder"].map((name) => each.getAttribute(name) ?? ""))
].join(" ")"""


def chapter(*titles: str) -> str:
    """The guide's chapters of these titles."""
    found = {text.partition("\n")[0].strip(): text for text in GUIDE.split("\n## ")}
    return "\n".join(found[title] for title in titles)


def rows_of(heading: str) -> list[list[str]]:
    """The rows of the guide's table that begins with `heading`."""
    _, _, after = GUIDE.partition(f"\n| {heading} |")
    lines = after.partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in each.strip("| ").split("|")] for each in lines]


class Visit:
    """A browser that notes what it reads and draws the guide's pictures."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.address = page, address
        self.said: list[str] = []

    def sign_in(self, user: User) -> None:
        client = Client()
        client.force_login(user)
        cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
        self.page.context.clear_cookies()
        self.page.context.add_cookies(
            [{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": self.address}]
        )

    def open(self, path: str) -> Page:
        self.page.goto(self.address + path)
        self.listen()
        return self.page

    def listen(self) -> None:
        self.said.append(" ".join(str(self.page.evaluate(SAID)).split()))

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name).first.click()
        self.page.wait_for_load_state("load")
        self.listen()

    def draw(self, name: str) -> None:
        if not os.environ.get("SCREENSHOTS"):
            return
        # To hide the caret the browser would add a style, which our policy forbids.
        self.page.screenshot(path=IMAGES / f"{name}.png", caret="initial")


@pytest.fixture
def visit(page: Page, live_server: Any) -> Visit:
    page.emulate_media(reduced_motion="reduce")
    return Visit(page, live_server.url)


@pytest.fixture
def people(staff: User, manager: User, hanoi: Province) -> tuple[User, User, User]:
    """Who enters, who approves, and who enters at the same time."""
    colleague = person("lien", Role.STAFF, hanoi)
    for user, name in (
        (staff, "Nguyễn Thị Hoa"),
        (manager, "Lê Văn Minh"),
        (colleague, "Trần Thị Liên"),
    ):
        user.full_name = name
        user.save(update_fields=("full_name",))
    return staff, manager, colleague


@pytest.fixture
def year(transactional_db: None, hanoi: Province, people: tuple[User, User, User]) -> Year:
    """January is approved with a figure returned, February came back, March is being typed."""
    staff, manager, _ = people
    year = told_year(hanoi, reports=3, more=4)
    year.more[0].evidence_required = True
    year.more[0].save(update_fields=("evidence_required",))
    told_units(hanoi, 2)
    january, february, march = year.reports
    submit(january, by=staff)
    approve(january, by=manager)
    reason = "Một lớp bị ghi hai lần, theo biên bản của phòng Kinh tế huyện"
    return_figure(january, year.flow, by=manager, reason=reason)
    submit(february, by=staff)
    send_back(february, by=manager, reason="Thiếu số liệu của Ba Vì và Thạch Thất")
    for report, days in ((january, -40), (february, -2), (march, 6)):
        due_on = timezone.localdate() + timedelta(days=days)
        Report.objects.filter(pk=report.pk).update(due_on=due_on)
    other = ReportFactory.create(
        program__province=hanoi,
        program__name="Chương trình khuyến công Hà Nội giai đoạn 2016-2020",
        period=PeriodFactory.create(year=2017),
    )
    submit(other, by=staff)
    return year


def path_of(report: Report) -> str:
    return f"/bao-cao/{report.pk}/"


def test_what_the_guide_quotes_stands_on_the_pages(
    visit: Visit, year: Year, people: tuple[User, User, User]
):
    staff, manager, colleague = people
    visit.sign_in(staff)
    the_list_of_work(visit)
    the_sheet(visit, year, colleague)
    the_workbook(visit, year, staff, colleague)
    the_checks(visit, year, colleague)
    the_decisions(visit, year, staff, manager)

    said = " ".join(visit.said)
    quoted = set(re.findall("«([^»…]+)»", chapter("Nhập báo cáo", "Nhập bằng Excel")))
    assert quoted
    assert sorted(words for words in quoted if words not in said) == []


def the_list_of_work(visit: Visit) -> None:
    page = visit.open(WORK)
    expect(page.locator("#nhap")).to_contain_text("Thiếu số liệu của Ba Vì")
    expect(page.locator("#nhap")).to_contain_text("Một lớp bị ghi hai lần")
    visit.draw("work-list")


def the_sheet(visit: Visit, year: Year, colleague: User) -> None:
    page = visit.open(path_of(year.report))
    shown = page.locator(".entry-keys dl > div")
    keys = [" ".join(text.split()) for text in shown.all_text_contents()]
    assert keys == [" ".join(row) for row in rows_of("phím")]

    save_cells([Change(Cell(year.report.pk, year.more[2].pk), None, text="7")], by=colleague)
    box(page, year.flow).focus()
    enter(page, "25", "64", "1.25", "12", "kad", "9")
    expect(status(page)).to_contain_text("2 ô cần xem lại")
    expect(line(page, year.more[2])).to_contain_text("Trần Thị Liên đã ghi «7»")
    expect(line(page, year.money)).to_contain_text("không rõ là 1,25 hay 125")
    expect(box(page, year.more[1])).to_have_value("không áp dụng")
    box(page, year.flow).focus()
    page.keyboard.press("Control+Enter")
    expect(page.locator("#panel h2")).to_have_text(year.flow.name)
    expect(page.locator("#panel")).to_contain_text("Lịch sử sửa")
    visit.listen()
    visit.draw("entry-sheet")

    page.get_by_role("button", name="Lấy số của Trần Thị Liên").click()
    page.get_by_role("button", name="Bỏ số đã gõ").click()
    box(page, year.flow).focus()
    page.keyboard.press("Alt+ArrowDown")
    expect(page.get_by_role("menuitem", name="Không áp dụng")).to_be_visible()
    visit.listen()
    page.keyboard.press("Escape")
    page.keyboard.press("Control+Enter")

    for section in ("hoat-dong", "chung-cu", f"don-vi/{year.flow.pk}"):
        visit.open(f"{path_of(year.report)}{section}/")
    unit = hanoi_units(year)[0]
    save_cells([Change(Cell(year.report.pk, year.more[3].pk, unit), None, text="3")], by=colleague)
    page = visit.open(path_of(year.report))
    box(page, year.more[3]).focus()
    page.keyboard.press("Alt+ArrowDown")
    expect(page.get_by_role("menuitem", name="Điền từ đơn vị: 3")).to_be_visible()
    visit.listen()
    page.keyboard.press("Escape")


def hanoi_units(year: Year) -> list[int]:
    return list(year.report.province.organisations.order_by("pk").values_list("pk", flat=True))


def the_workbook(visit: Visit, year: Year, staff: User, colleague: User) -> None:
    sent = Sent.of(year.report)
    for indicator, number in ((year.flow, 55), (year.money, 1200000), (year.more[2], 11)):
        sent.type(indicator, number)
    save_cells([Change(Cell(year.report.pk, year.more[2].pk), None, text="8")], by=colleague)
    page = visit.open(f"{path_of(year.report)}excel/nhap/")
    page.get_by_label("Tệp Excel").set_input_files(
        {"name": "thang-3.xlsx", "mimeType": "application/zip", "buffer": sent.bytes()}
    )
    visit.press("Gửi và kiểm tra")
    imported = WorkbookImport.objects.get()
    read_import(imported.pk)
    page = visit.open(f"/nhap-excel/{imported.pk}/")
    expect(page.get_by_text("1 dòng mâu thuẫn")).to_be_visible()
    visit.draw("excel-preview")
    visit.press("Ghi vào báo cáo")
    assert number_of(year, year.flow) == 55
    assert number_of(year, year.more[2]) == 8

    rows = [["TT", "Chỉ tiêu", "Thực hiện"], [1, year.flow.name, 56], [2, year.money.name, 900]]
    own = workbook_back(year.report, table(*rows), by=staff)
    visit.open(f"/nhap-excel/{own.pk}/")


def number_of(year: Year, indicator: Indicator) -> Any:
    return Figure.objects.get(report=year.report, indicator=indicator, unit=None).value


def the_checks(visit: Visit, year: Year, colleague: User) -> None:
    def say_in_february(number: str) -> None:
        cell = Cell(year.reports[1].pk, year.cumulative.pk)
        save_cells([Change(cell, None, text=number)], by=colleague)

    say_in_february("70")  # more than March has
    page = visit.open(path_of(year.report))
    visit.press("Gửi duyệt")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Gửi duyệt báo cáo")
    found = page.locator(".finding")
    expect(found.filter(has_text="không thể")).to_contain_text("Lũy kế 64 thấp hơn 70")
    expect(found.filter(has_text="nhập lũy kế thay cho số trong kỳ")).to_have_count(1)
    expect(found.filter(has_text="nhầm đơn vị tính")).to_have_count(1)
    expect(found.filter(has_text="thiếu chứng cứ")).to_have_count(1)
    page.evaluate("scrollTo(0, 0)")
    visit.draw("checks")
    say_in_february("40")
    page = visit.open(f"{path_of(year.report)}gui/")
    for answer in page.get_by_label("Đúng, vì").all():
        answer.fill("Đã đối chiếu với danh sách của trung tâm")
    visit.press("Gửi duyệt")
    expect(page.locator("[data-report-state]")).to_contain_text("đã gửi, chờ duyệt")


def the_decisions(visit: Visit, year: Year, staff: User, manager: User) -> None:
    cell = f"{path_of(year.report)}o/{year.flow.pk}/"
    visit.sign_in(manager)
    visit.open(WORK)
    page = visit.open(path_of(year.report))
    page.goto(visit.address + cell)
    visit.listen()
    page.get_by_text("Trả lại riêng số này").click()
    page.get_by_label("Lý do (bắt buộc)").fill("55 là lũy kế; trong kỳ là 25 lớp")
    page.get_by_label("Giá trị đề nghị").fill("25")
    visit.press("Trả lại số này")
    expect(page.locator(".thread")).to_contain_text("Số này đang chờ người nhập")
    visit.open(path_of(year.report))
    visit.press("Duyệt")
    expect(page.locator("[data-report-state]")).to_contain_text("đã duyệt")

    visit.sign_in(staff)
    visit.open(cell)
    visit.draw("returned-figure")
    visit.press("Lấy giá trị đề nghị")
    expect(page.locator("#panel-figure")).to_have_text("25")

    visit.sign_in(manager)
    visit.open(cell)
    visit.press("Chấp nhận số đã sửa")
    expect(page.locator(".thread")).to_contain_text("lưu bản 2")
    visit.open(path_of(year.report))
    for section in ("lich-su", "ban/2"):
        visit.open(f"{path_of(year.report)}{section}/")
    reopen(year.report, by=manager, reason="Ghi sai kinh phí")
    visit.sign_in(staff)
    page = visit.open(f"{path_of(year.report)}gui/")
    expect(page.get_by_text("Số đúng thì nêu vì sao")).to_be_visible()
    expect(page.locator(".finding", has_text="đúng, vì Đã đối chiếu").first).to_be_visible()


def test_the_states_of_a_cell_are_those_of_the_guide():
    """The script's own words: some states pass too quickly to be looked at."""
    script = (SCRIPTS / "book.js").read_text()
    signs, words = (
        dict(re.findall(r'(\w+): "([^"]+)"', script.partition(f"const {name} = ")[2].split(";")[0]))
        for name in ("SIGNS", "WORDS")
    )

    assert rows_of("dấu") == [[sign, words[state]] for state, sign in signs.items()]


def test_the_pictures_of_the_guide_are_there_and_small():
    shown = re.findall(r"!\[[^\]]+\]\(images/([^)]+)\)", GUIDE)

    assert len(shown) == 5
    assert {path.name for path in IMAGES.iterdir()} == {*shown, "program-page.png"}
    assert [name for name in shown if (IMAGES / name).stat().st_size > LARGEST] == []

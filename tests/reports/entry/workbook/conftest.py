"""A report of eight indicators, its workbook, and a way to send it back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from accounts.models import User
from programs.models import Indicator, Program
from reports.entry.workbook.layout import Column
from reports.entry.workbook.run import read_import, receive
from reports.entry.workbook.write import workbook_of
from reports.models import Report, WorkbookImport
from tests.factories import IndicatorFactory, RatioFactory, TargetFactory
from tests.reports.entry.conftest import month, open_report, say

NAMES = ["Lớp truyền nghề", "Máy móc hỗ trợ", "Cơ sở được tư vấn", "Gian hàng", "Hội chợ"]


@pytest.fixture(autouse=True)
def files_in_a_place_of_their_own(settings, tmp_path) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture
def indicators(hanoi) -> list[Indicator]:
    """Five whole numbers, money with three decimals, a rate that may be negative, a ratio."""
    whole = [
        IndicatorFactory.create(name=name, code=f"ct-{place}", position=place)
        for place, name in enumerate(NAMES, 1)
    ]
    money = IndicatorFactory.create(
        name="Kinh phí", code="kinh-phi", unit="triệu đồng", decimals=3, position=6
    )
    rate = IndicatorFactory.create(
        name="Tốc độ tăng", code="toc-do", unit="%", aggregation="rate", decimals=1, position=7
    )
    ratio = RatioFactory.create(
        name="Tỷ lệ tư vấn", code="ty-le", numerator=whole[2], denominator=whole[0], position=8
    )
    return [*whole, money, rate, ratio]


@pytest.fixture
def report(monthly: Program, indicators: list[Indicator], staff: User) -> Report:
    """August, with 64 classes and 1.250,5 triệu đồng typed."""
    for indicator in indicators:
        TargetFactory.create(program=monthly, indicator=indicator)
    report = open_report(monthly, month(8))
    say(report, (indicators[0], "64"), (indicators[5], "1.250,5"), by=staff)
    return report


@dataclass
class Sent:
    """A workbook of ours as openpyxl opens it."""

    book: Workbook

    @classmethod
    def of(cls, report: Report) -> Sent:
        with workbook_of(report) as file:
            return cls(load_workbook(BytesIO(file.read())))

    @property
    def sheet(self) -> Worksheet:
        sheet = self.book["Báo cáo"]
        assert isinstance(sheet, Worksheet)
        return sheet

    def column(self, column: Column) -> int:
        return next(
            cell.column
            for row in self.sheet.iter_rows()
            for cell in row
            if cell.value == column.value and cell.column
        )

    def row(self, indicator: Indicator) -> int:
        keys = self.column(Column.KEY)
        return next(
            row
            for row in range(1, self.sheet.max_row + 1)
            if str(self.sheet.cell(row, keys).value).endswith(f".{indicator.pk}")
        )

    def cell(self, indicator: Indicator, column: Column = Column.VALUE) -> Any:
        return self.sheet.cell(self.row(indicator), self.column(column))

    def type(self, indicator: Indicator, value: Any, column: Column = Column.VALUE) -> None:
        self.cell(indicator, column).value = value

    def bytes(self) -> bytes:
        file = BytesIO()
        self.book.save(file)
        return file.getvalue()


Send = Callable[..., WorkbookImport]


def send_back(report: Report, content: bytes, *, by: User, name: str = "bc.xlsx") -> WorkbookImport:
    imported = receive(report, BytesIO(content), name, by=by)
    read_import(imported.pk)
    return WorkbookImport.objects.get(pk=imported.pk)


def told(imported: WorkbookImport) -> list[str]:
    return [f"{fault['cell']} {fault['wrong']}" for fault in imported.faults]


def values(report: Report) -> dict[str, tuple[str, str]]:
    return {
        figure.indicator.code: (figure.state, "" if figure.value is None else f"{figure.value:f}")
        for figure in report.figures.select_related("indicator")
    }

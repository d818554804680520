"""A province's year that is reported by month: indicators of every kind, plans, earlier months."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from programs.models import Indicator, Organisation, Period, Program, Province
from reports.attainment.recompute import recompute_marked
from reports.models import Report
from tests.factories import (
    ContentGroupFactory,
    FigureFactory,
    IndicatorFactory,
    OrganisationFactory,
    PeriodFactory,
    ProgramFactory,
    RatioFactory,
    ReportFactory,
    StageFactory,
    TargetFactory,
    TargetVersionFactory,
)

YEAR = 2016
NAMES = (
    "Lớp đào tạo nghề, truyền nghề",
    "Lao động được đào tạo nghề",
    "Lượt cơ sở được hỗ trợ đổi mới thiết bị",
    "Mô hình trình diễn kỹ thuật",
    "Gian hàng tại hội chợ, triển lãm trong nước",
    "Hội nghị, hội thảo tuyên truyền",
)


@dataclass
class Year:
    program: Program
    months: list[Period]
    reports: list[Report]  # of the first months
    flow: Indicator  # typed by month, planned 50 for the year
    cumulative: Indicator  # typed since the year began, planned 100
    money: Indicator  # two decimals
    ratio: Indicator  # flow ÷ money
    more: list[Indicator] = field(default_factory=list)

    @property
    def report(self) -> Report:
        """The month that is being typed."""
        return self.reports[-1]


def month(number: int) -> Period:
    last = monthrange(YEAR, number)[1]
    return PeriodFactory.create(
        kind="month",
        year=YEAR,
        number=number,
        key=f"{YEAR}-{number:02}",
        name=f"tháng {number}/{YEAR}",
        starts_on=date(YEAR, number, 1),
        ends_on=date(YEAR, number, last),
    )


def told_year(province: Province, *, reports: int = 3, more: int = 2) -> Year:
    """A year with `reports` months open; in the months before the last, something is typed."""
    program = ProgramFactory.create(
        province=province,
        stage=StageFactory.create(),
        leaf_kind="month",
        code="KC-THANG",
        name="Khuyến công Hà Nội theo tháng",
    )
    year = PeriodFactory.create(year=YEAR)
    months = [month(number) for number in range(1, 13)]
    opened = [
        ReportFactory.create(program=program, province=province, period=each)
        for each in months[:reports]
    ]
    flow = _indicator(0, name=NAMES[0])
    cumulative = _indicator(1, name=NAMES[1], unit="người", entry_mode="cumulative")
    money = _indicator(2, name="Kinh phí thực hiện", unit="triệu đồng", decimals=2)
    ratio = RatioFactory.create(
        name="Số lớp trên một triệu đồng",
        position=3,
        numerator=flow,
        denominator=money,
        decimals=2,
        ratio_scale=1,
        unit="lớp/triệu đồng",
    )
    others = [
        _indicator(4 + place, name=NAMES[2 + place] if place < 4 else f"Chỉ tiêu thêm {place}")
        for place in range(more)
    ]
    for indicator, plan in [
        (flow, 50),
        (cumulative, 100),
        (money, 900),
        *((o, 20) for o in others),
    ]:
        target = TargetFactory.create(
            program=program, indicator=indicator, province=province, period=year
        )
        TargetVersionFactory.create(target=target, lower=Decimal(plan))
    TargetFactory.create(program=program, indicator=ratio, province=province, period=year)
    for number, report in enumerate(opened[:-1], 1):
        FigureFactory.create(report=report, indicator=flow, value=Decimal(10 * number))
        FigureFactory.create(report=report, indicator=cumulative, value=Decimal(20 * number))
    recompute_marked()
    return Year(program, months, opened, flow, cumulative, money, ratio, others)


def told_units(province: Province, count: int) -> list[Organisation]:
    return [
        OrganisationFactory.create(province=province, kind="commune", name=f"Xã {number:02}")
        for number in range(1, count + 1)
    ]


def _indicator(position: int, **fields: Any) -> Indicator:
    number = 1 + position // 3
    return IndicatorFactory.create(
        position=position,
        section="content",
        content_group=ContentGroupFactory.create(number=number, short_name=f"Nội dung {number}"),
        **fields,
    )

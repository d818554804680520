"""What earlier leaves of the same year say: the ground on which a typed «lũy kế» stands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

from django.db.models import QuerySet

from programs.models import Indicator, Period
from programs.models.period import PeriodKind
from programs.numbers import show_number
from reports.entry.said import Typed
from reports.models import Figure, FigureNature, Report

WITHIN_YEAR = (PeriodKind.MONTH, PeriodKind.QUARTER)

LEVELS = {
    (False, False): "cả tỉnh",
    (True, False): "từng đơn vị",
    (False, True): "từng hoạt động",
    (True, True): "từng hoạt động",
}


def leaves_of_year(report: Report) -> QuerySet[Period]:
    """The leaves of the report's year up to its own, in order.

    A program that is reported by year or by stage has its own period only.
    """
    period = report.period
    if period.kind not in WITHIN_YEAR:
        return Period.objects.filter(pk=period.pk)
    return Period.objects.filter(
        calendar=period.calendar, kind=period.kind, year=period.year, number__lte=period.number
    ).order_by("number")


class YearSoFar:
    """The figures of earlier leaves of the year of indicators that are typed cumulatively.

    What is typed and not what is approved: the next report often begins before the last one
    is through.
    """

    def __init__(self, report: Report, cumulative: Iterable[Indicator]) -> None:
        self.latest: dict[tuple[int, int | None, int | None], Figure] = {}
        self.levels: defaultdict[int, dict[str, Period]] = defaultdict(dict)
        indicators = list(cumulative)
        if not indicators or report.period.kind not in WITHIN_YEAR:
            return
        figures = (
            Figure.objects.filter(
                program=report.program_id,
                indicator__in=indicators,
                province=report.province_id,
                period__in=leaves_of_year(report).exclude(pk=report.period_id),
                nature=FigureNature.ACTUAL,
                value__isnull=False,
            )
            .select_related("period")
            .order_by("period__number")
        )
        for figure in figures:
            self.latest[figure.indicator_id, figure.unit_id, figure.activity_id] = figure
            level = LEVELS[figure.unit_id is not None, figure.activity_id is not None]
            self.levels[figure.indicator_id].setdefault(level, figure.period)

    def contradicted_by(
        self, typed: Typed, indicator: Indicator, *, unit: int | None, activity: int | None
    ) -> str:
        """Return why `typed` cannot follow what was typed before; empty if it can."""
        if typed.value is None or not indicator.is_cumulative:
            return ""
        before = self.latest.get((indicator.pk, unit, activity))
        if before is not None and typed.value < (before.value or Decimal(0)):
            return (
                f"Lũy kế {show_number(typed.value)} thấp hơn {show_number(before.value or 0)} đã "
                f"ghi đến hết {before.period.name}. Lũy kế không giảm: nếu đây là số trong kỳ, "
                f"hãy cộng thêm phần các kỳ trước; nếu kỳ trước ghi sai, hãy đề nghị mở lại báo "
                f"cáo kỳ đó để đính chính."
            )
        level = LEVELS[unit is not None, activity is not None]
        for other, period in self.levels[indicator.pk].items():
            if other != level:
                return (
                    f"Trong năm nay, lũy kế của chỉ tiêu này đã nhập theo {other} ({period.name}); "
                    f"nhập thêm theo {level} thì bị tính hai lần. Hãy nhập theo {other}."
                )
        return ""

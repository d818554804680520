"""Every reporting period of a span of years, in both calendars. Pure calendar arithmetic."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from programs.models.period import Calendar, PeriodKind

ROMAN = ("I", "II", "III", "IV")

# Administrative figures are closed on this day of the month.
# Source: Nghị định 09/2019/NĐ-CP, Điều 12.
CUT_OFF_DAY = 14

# «3 tháng» is quý I, «6», «9» and «12 tháng» have kinds of their own.
MONTHS_TO_DATE = (2, 4, 5, 7, 8, 10, 11)

# Yearly statistics go out before 15/03 of the next year.
# Source: Thông tư 34/2022/TT-BCT, Biểu 10/SCT-BCT. Other deadlines are the administrator's.
YEARLY_STATISTICS_DUE = (3, 14)


@dataclass(frozen=True, slots=True)
class Span:
    """A period before it is a row; the fields are those of Period."""

    calendar: Calendar
    kind: PeriodKind
    year: int
    number: int
    key: str
    name: str
    starts_on: date
    ends_on: date
    cutoff_on: date
    due_on: date | None


def periods_of(first_year: int, last_year: int, *, stages: list[tuple[int, int]]) -> Iterator[Span]:
    """Every period of the years given, and `stages` as (first year, last year), in both calendars.

    Keys are unique: «2026-06», «2026-Q2», «2026-6T», «2026-9T», «2026», «2026-8T» for «8 tháng
    đầu năm», «2021-2025»; an administrative one ends in «-HC».
    """
    for calendar in Calendar:
        for year in range(first_year, last_year + 1):
            for kind, number, key, name, first, last in _within_year(year):
                yield _span(calendar, kind, year, number, key, name, (year, first), (year, last))
        for start, end in stages:
            key = f"{start}-{end}"
            length = end - start + 1
            yield _span(
                calendar,
                PeriodKind.STAGE,
                start,
                length,
                key,
                f"giai đoạn {key}",
                (start, 1),
                (end, 12),
            )


def _within_year(year: int) -> Iterator[tuple[PeriodKind, int, str, str, int, int]]:
    """kind, number, key, name, first and last month."""
    for month in range(1, 13):
        yield PeriodKind.MONTH, month, f"{year}-{month:02}", f"tháng {month}/{year}", month, month
    for quarter, roman in enumerate(ROMAN, start=1):
        last = 3 * quarter
        yield (
            PeriodKind.QUARTER,
            quarter,
            f"{year}-Q{quarter}",
            f"quý {roman}/{year}",
            last - 2,
            last,
        )
    yield PeriodKind.HALF, 1, f"{year}-6T", f"6 tháng đầu năm {year}", 1, 6
    yield PeriodKind.NINE_MONTHS, 1, f"{year}-9T", f"9 tháng năm {year}", 1, 9
    yield PeriodKind.YEAR, 1, f"{year}", f"năm {year}", 1, 12
    for months in MONTHS_TO_DATE:
        name = f"{months} tháng đầu năm {year}"
        yield PeriodKind.TO_DATE, months, f"{year}-{months}T", name, 1, months


def _span(
    calendar: Calendar,
    kind: PeriodKind,
    year: int,
    number: int,
    key: str,
    name: str,
    first: tuple[int, int],
    last: tuple[int, int],
) -> Span:
    due_on = None
    if calendar is Calendar.ADMINISTRATIVE:
        key = f"{key}-HC"
        starts_on = _day_after_cut_off_before(first)
        ends_on = date(*last, CUT_OFF_DAY)
    else:
        starts_on = date(*first, 1)
        ends_on = _last_day_of(last)
        if kind is PeriodKind.YEAR:
            due_on = date(year + 1, *YEARLY_STATISTICS_DUE)
    return Span(calendar, kind, year, number, key, name, starts_on, ends_on, ends_on, due_on)


def _last_day_of(month: tuple[int, int]) -> date:
    year, number = month
    after = (year + number // 12, number % 12 + 1)
    return date(*after, 1) - timedelta(days=1)


def _day_after_cut_off_before(month: tuple[int, int]) -> date:
    """The 15th of the month before."""
    month_before = date(*month, 1) - timedelta(days=1)
    return month_before.replace(day=CUT_OFF_DAY + 1)

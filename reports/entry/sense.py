"""Does this number make sense? Rules about one typed number, without a database.

A number is held against its own past: how large it usually is, what this year has brought so
far, what was typed last time. Spread is measured by the median and the largest value, which
skewed figures do not mislead as they do a standard deviation.

Decided: the project, 11/2026 (the limits; tests/reports/entry/test_sense.py counts what they
find and what they raise in vain).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from statistics import median

from programs.numbers import show_number


class Sense(StrEnum):
    """What may be wrong. The values are stored with the answers."""

    THOUSANDS = "thousands"  # đồng instead of nghìn đồng or triệu đồng
    SIZE = "size"  # a digit too many
    CUMULATIVE = "cumulative"  # lũy kế where the period's own number is asked
    COPIED = "copied"  # last period's number once more
    PARTS = "parts"  # units or activities add up to something else
    SHARE = "share"  # more than the whole it is a part of
    EVIDENCE = "evidence"  # no document where the indicator asks for one


# One reason may hold for all of these in a report.
ANSWERED_TOGETHER = (Sense.COPIED, Sense.EVIDENCE)

LABELS = {
    Sense.THOUSANDS: "nhầm đơn vị tính",
    Sense.SIZE: "lớn khác thường",
    Sense.CUMULATIVE: "nhập lũy kế thay cho số trong kỳ",
    Sense.COPIED: "giống hệt kỳ trước",
    Sense.PARTS: "không khớp tổng",
    Sense.SHARE: "lớn hơn tổng thể",
    Sense.EVIDENCE: "thiếu chứng cứ",
}


@dataclass(frozen=True, slots=True)
class Case:
    """One typed number and its past, in the indicator's unit; everything per period.

    `value` is what was done in the period, also where people type it cumulatively. `earlier`
    are the periods before, oldest first, this year's included; `this_year` those of the year,
    None if one is unknown.
    """

    value: Decimal
    earlier: Sequence[Decimal]
    this_year: Sequence[Decimal] | None
    plan: Decimal | None  # of the year
    adds_up: bool  # a flow: periods can be added
    is_cumulative: bool = False


@dataclass(frozen=True, slots=True)
class Doubt:
    """`likely` is what the number would be if the doubt is right; None if nobody can say."""

    sense: Sense
    words: str
    likely: Decimal | None = None


ENOUGH = 3  # numbers from which something is «usual»
MUCH_ENOUGH = 6
FACTORS = ((Decimal(1_000_000), "một triệu"), (Decimal(1000), "một nghìn"))
NEAR = 8  # within this factor of a slip
BEYOND = 4  # times the largest number ever: no growth does that
TELLING = 1000  # numbers this large do not repeat by chance


def doubt(case: Case) -> Doubt | None:
    """Return the first thing that is unlikely about the number, or None."""
    if case.value <= 0:
        return None
    return _cumulative(case) or _slip(case) or _copied(case)


def _usual(case: Case) -> list[Decimal]:
    return [value for value in case.earlier if value > 0]


def _slip(case: Case) -> Doubt | None:
    usual = _usual(case)
    if len(usual) < ENOUGH:
        return _slip_against_plan(case)
    typical, largest, smallest = median(usual), max(usual), min(usual)
    times = case.value / typical
    for factor, words in FACTORS:
        if case.value > 10 * largest and factor / NEAR <= times <= factor * NEAR:
            return _thousands(case, typical, words, "lớn", case.value / factor)
        if case.value * 10 < smallest and factor / NEAR <= 1 / times <= factor * NEAR:
            return _thousands(case, typical, words, "nhỏ", case.value * factor)
    if case.value > BEYOND * largest and times > 2 * BEYOND:
        return Doubt(
            Sense.SIZE,
            f"{_shown(case.value)} lớn gấp {_shown(round(times))} lần mức thường thấy "
            f"({_shown(typical)}), và hơn mọi kỳ trước (cao nhất {_shown(largest)}).",
            typical,
        )
    return None


def _slip_against_plan(case: Case) -> Doubt | None:
    """Without a past only the plan of the year says how large a number may be."""
    if not case.plan or case.plan <= 0:
        return None
    times = case.value / case.plan
    for factor, words in FACTORS:
        if times >= factor / 10:
            return Doubt(
                Sense.THOUSANDS,
                f"{_shown(case.value)} gấp {_shown(round(times))} lần kế hoạch cả năm "
                f"({_shown(case.plan)}): có thể nhầm đơn vị tính, lớn gấp {words} lần.",
                case.value / factor,
            )
    return None


def _thousands(case: Case, typical: Decimal, words: str, which: str, likely: Decimal) -> Doubt:
    return Doubt(
        Sense.THOUSANDS,
        f"{_shown(case.value)} {which} hơn mức thường thấy ({_shown(typical)}) khoảng {words} lần: "
        "có thể nhầm đơn vị tính.",
        likely,
    )


def _cumulative(case: Case) -> Doubt | None:
    """30, 20, then 75: not the period's number but what the year amounts to (25 more)."""
    if case.is_cumulative or not case.adds_up or not case.this_year:
        return None
    so_far = sum(case.this_year, Decimal(0))
    usual = _usual(case)
    if so_far <= 0 or case.value < so_far or len(usual) < ENOUGH - 1:
        return None
    largest, more = max(usual), case.value - so_far
    if len(case.this_year) == 1:
        # One number before it: doubling is common, so a longer past must speak against it.
        is_unusual = len(usual) >= MUCH_ENOUGH and case.value > Decimal("1.6") * largest
    else:
        is_unusual = case.value > Decimal("1.3") * largest
    if not is_unusual or more > 2 * largest:
        return None
    return Doubt(
        Sense.CUMULATIVE,
        f"{_shown(case.value)} lớn hơn hẳn các kỳ trước và gần bằng lũy kế từ đầu năm "
        f"({_shown(so_far)} cộng thêm {_shown(more)}): ô này cần số trong kỳ.",
        more,
    )


def _copied(case: Case) -> Doubt | None:
    if not case.adds_up or not case.earlier or case.earlier[-1] != case.value:
        return None
    if case.value < TELLING and case.value == case.value.to_integral_value():
        return None
    return Doubt(Sense.COPIED, f"{_shown(case.value)} giống hệt số của kỳ trước.")


def _shown(value: Decimal | int) -> str:
    """As printed, to a readable number of decimals."""
    exact = Decimal(value)
    short = exact if exact == exact.to_integral_value() else round(exact, 2)
    return show_number(short)

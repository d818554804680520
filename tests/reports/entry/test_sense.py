"""Which numbers are doubted, and how often in vain."""

from __future__ import annotations

import random
from collections.abc import Sequence
from decimal import Decimal

import pytest

from reports.entry.sense import Case, Sense, doubt


def case(
    value: float | str,
    earlier: Sequence[int | str],
    *,
    this_year: int | None = None,
    plan: int | None = None,
    adds_up: bool = True,
) -> Case:
    """`this_year`: how many of the last earlier numbers are of this year; None: not all known."""
    numbers = [Decimal(each) for each in earlier]
    return Case(
        value=Decimal(value),
        earlier=numbers,
        this_year=None if this_year is None else numbers[len(numbers) - this_year :],
        plan=None if plan is None else Decimal(plan),
        adds_up=adds_up,
    )


@pytest.mark.parametrize(
    ("doubted", "sense", "likely"),
    [
        (case(41_000, [38, 40, 45]), Sense.THOUSANDS, 41),
        (case(41_000_000, [38, 40, 45]), Sense.THOUSANDS, 41),
        (case("0.041", [38, 40, 45]), Sense.THOUSANDS, 41),
        (case(60_000, [], plan=50), Sense.THOUSANDS, 60),
        (case(420, [38, 40, 45]), Sense.SIZE, 40),
        # The table of trap 1: 30, 20, 25, 53 in the quarters, so 30, 50, 75, 128 to date.
        (case(75, [30, 20], this_year=2), Sense.CUMULATIVE, 25),
        (case(128, [30, 20, 25], this_year=3), Sense.CUMULATIVE, 53),
        (case(1250, [900, 1250]), Sense.COPIED, None),
        (case("12.5", [9, "12.5"]), Sense.COPIED, None),
    ],
)
def test_what_is_unlikely_says_what_is_likely(doubted, sense, likely):
    found = doubt(doubted)
    assert found is not None
    assert found.sense is sense
    assert found.likely == likely


@pytest.mark.parametrize(
    "usual",
    [
        case(53, [30, 20, 25], this_year=3),  # the honest fourth quarter
        case(120, [38, 40, 45]),  # three times as much happens
        case(2, [2, 2, 2], this_year=3),  # two classes every month
        case(60, [30], this_year=1),  # doubled in the second period
        case(0, [38, 40, 45]),
        case(5, []),
        case(50, [], plan=50),
        case(1250, [900, 1250], adds_up=False),  # a stock stays as it is
    ],
)
def test_what_happens_in_honest_reports_is_not_doubted(usual):
    assert doubt(usual) is None


def test_five_hundred_seeded_errors_of_five_kinds_are_found_and_few_honest_numbers_are_doubted():
    chance = random.Random(45)
    missed, seeded = dict.fromkeys(("nghìn", "triệu", "chữ số", "lũy kế", "chép"), 0), 0
    for number in range(500):
        kind = list(missed)[number % 5]
        past, months = honest_past(chance, large=kind == "chép")
        value = honest_next(chance, past)
        wrong = {
            "nghìn": value * 1000,
            "triệu": value * 1_000_000,
            "chữ số": value * 10,
            "lũy kế": sum(past[-months:]) + value,
            "chép": past[-1],
        }[kind]
        seeded += 1
        if not doubt(case(wrong, past, this_year=months)):
            missed[kind] += 1

    vain = 0
    for _ in range(3000):
        past, months = honest_past(chance)
        if doubt(case(honest_next(chance, past), past, this_year=months)):
            vain += 1

    assert sum(missed.values()) <= seeded * 0.1, missed
    assert vain <= 3000 * 0.003, vain


def honest_past(chance: random.Random, *, large: bool = False) -> tuple[list[int], int]:
    """Twelve to twenty-three months of one indicator, and how many of them are this year's."""
    level = chance.uniform(2000, 60_000) if large else 10 ** chance.uniform(0.9, 4.5)
    months = chance.randint(3, 11)
    return [drawn(chance, level) for _ in range(12 + months)], months


def honest_next(chance: random.Random, past: list[int]) -> int:
    return drawn(chance, sorted(past)[len(past) // 2])


def drawn(chance: random.Random, level: float) -> int:
    """A skewed month: usually near the level, at times twice as much."""
    return max(1, round(level * chance.lognormvariate(0, 0.35)))

"""What the sample provinces plan and do: invented, the same on every machine.

Seasons as in real programs (little around Tết, much before the year ends), units of different
size, some that fall behind and some that overshoot.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from decimal import Decimal

# Shares of a year's work by month, of 120.
SEASON = (4, 3, 7, 9, 10, 11, 9, 9, 12, 14, 15, 17)
GROWTH = {2024: 1.0, 2025: 1.06, 2026: 1.12}


@dataclass(frozen=True, slots=True)
class Thing:
    """One indicator of the national catalogue and a middle-sized province's year."""

    code: str
    year: float
    decimals: int = 0
    is_stock: bool = False


THINGS = (
    Thing("1-lop-dao-tao-nghe", 30),
    Thing("1-lao-dong-duoc-dao-tao", 1000),
    Thing("1-lao-dong-co-viec-lam", 820),
    Thing("2-lop-tap-huan", 15),
    Thing("2-luot-nguoi-tap-huan", 1200),
    Thing("3-mo-hinh-trinh-dien", 6),
    Thing("3-luot-co-so-may-moc", 25),
    Thing("4-hoi-cho", 8),
    Thing("4-gian-hang", 140),
    Thing("5-luot-co-so-tu-van", 24),
    Thing("7-ccn-dang-hoat-dong", 18, is_stock=True),
    Thing("kp-thuc-hien", 9000, decimals=1),
)
# Computed from two of them, with a plan of its own.
SHARE, SHARE_PLAN = "1-ty-le-co-viec-lam", 80


@dataclass(frozen=True, slots=True)
class Unit:
    """A province during its span of time: its key, and how large its programs are (1: middling)."""

    key: str
    size: float


def size_of(key: str) -> float:
    """The size of a unit that was not made of others; of others it is their sum."""
    return _drawn("size", key).uniform(0.45, 1.9)


def planned(thing: Thing, unit: Unit, year: int) -> Decimal:
    """The plan of the year: near what will be done, at times far from it."""
    hope = _drawn("plan", thing.code, unit.key, year).uniform(0.8, 1.15)
    if thing.is_stock:
        hope = 1.05
    return _rounded(thing, thing.year * unit.size * GROWTH[year] * hope)


def done(thing: Thing, unit: Unit, year: int, month: int) -> Decimal:
    """What was done in the month; of a stock what there is at its end."""
    chance = _drawn("done", thing.code, unit.key, year, month)
    level = thing.year * unit.size * GROWTH[year]
    if thing.is_stock:
        return _rounded(thing, level * (1 + 0.004 * month))
    pace = _drawn("pace", thing.code, unit.key, year).uniform(0.8, 1.25)
    share = SEASON[month - 1] / sum(SEASON)
    return _rounded(thing, level * pace * share * chance.lognormvariate(0, 0.25), chance)


def _drawn(*key: object) -> random.Random:
    """Chance that depends on the key alone: the same on every machine and in every run."""
    return random.Random("|".join(map(str, key)))  # noqa: S311  # invented numbers, no secret


def _rounded(thing: Thing, value: float, chance: random.Random | None = None) -> Decimal:
    """To the indicator's decimals; a fraction of a class is a class with that chance."""
    scaled = value * 10**thing.decimals
    whole = int(scaled)
    up = chance.random() < scaled - whole if chance else scaled - whole >= 0.5
    return Decimal(whole + up).scaleb(-thing.decimals)

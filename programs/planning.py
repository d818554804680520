"""The words a plan is made of: which way is better, how a target is shaped, how sure a figure is.

Pure: the models store these values, the arithmetic of reports decides by them.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction


class Direction(StrEnum):
    """Which way an indicator is meant to go."""

    HIGHER = "higher"
    LOWER = "lower"
    NEUTRAL = "neutral"  # neither is better; a plan for it is still to be carried out


class Shape(StrEnum):
    """What a target says about its number."""

    EXACT = "exact"  # «50»
    AT_LEAST = "at_least"  # «ít nhất 50»: reached at 50
    ABOVE = "above"  # «trên 50»: reached only beyond 50
    ABOUT = "about"  # «khoảng 50»: reached at 50
    RANGE = "range"  # «5-8»
    AT_MOST = "at_most"  # «không quá 50»


class Qualifier(StrEnum):
    """The word a source puts before an actual. Kept as a word: it changes no arithmetic."""

    EXACT = "exact"
    AT_LEAST = "at_least"  # «trên», «hơn»
    NEARLY = "nearly"
    ABOUT = "about"


@dataclass(frozen=True, slots=True)
class Plan:
    """What one version of a target promises, in the indicator's unit.

    exact, about: lower equals upper. at_least, above: lower only. at_most: upper only.
    range: lower below upper. `baseline` is where a reduction starts; None if not given.
    Raises ValueError for anything else: the database holds the same rule.
    """

    shape: Shape
    lower: Decimal | None = None
    upper: Decimal | None = None
    baseline: Decimal | None = None

    def __post_init__(self) -> None:
        for bound in (self.lower, self.upper, self.baseline):
            if bound is not None and not (isinstance(bound, Decimal) and bound.is_finite()):
                raise ValueError(f"not a finite decimal: {bound!r}")
        match self.shape, self.lower, self.upper:
            case ((Shape.EXACT | Shape.ABOUT), Decimal() as low, Decimal() as high):
                fits = low == high
            case ((Shape.AT_LEAST | Shape.ABOVE), Decimal(), None):
                fits = True
            case Shape.AT_MOST, None, Decimal():
                fits = True
            case Shape.RANGE, Decimal() as low, Decimal() as high:
                fits = low < high
            case _:
                fits = False
        if not fits:
            raise ValueError(f"bounds do not fit the shape: {self}")

    @property
    def floor(self) -> Fraction:
        """The bound to reach. Raises ValueError for at_most, which has none."""
        if self.lower is None:
            raise ValueError(f"no lower bound: {self}")
        return Fraction(self.lower)

    @property
    def ceiling(self) -> Fraction:
        """The bound to stay within. Raises ValueError for at_least and above."""
        if self.upper is None:
            raise ValueError(f"no upper bound: {self}")
        return Fraction(self.upper)

"""What a person says in one cell: a number, a reported zero, «không áp dụng», or nothing yet.

The same reader for a typed cell, a pasted block and a workbook that came back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from programs.models import Indicator
from programs.models.indicator import Aggregation
from programs.numbers import UnreadableNumber, read_number, show_number
from programs.planning import Qualifier
from programs.vietnamese import search_key
from reports.models import Figure, FigureState

# Words and their common short forms, without accents.
WORDS = {
    "khong phat sinh": FigureState.ZERO,
    "kps": FigureState.ZERO,
    "khong ap dung": FigureState.NOT_APPLICABLE,
    "kad": FigureState.NOT_APPLICABLE,
    "chua bao cao": FigureState.MISSING,
    "cbc": FigureState.MISSING,
}


@dataclass(frozen=True, slots=True)
class Typed:
    """What a person says about one indicator: a value, a reported zero, or that there is none."""

    state: FigureState
    value: Decimal | None = None
    qualifier: Qualifier = Qualifier.EXACT
    qualifier_word: str = ""
    as_of: date | None = None
    is_derived: bool = False
    note: str = ""


def state_of(value: Decimal) -> FigureState:
    """A typed 0 is «không phát sinh», a figure like any other."""
    return FigureState.REPORTED if value else FigureState.ZERO


def read_cell(text: str, indicator: Indicator) -> tuple[FigureState, Decimal | None]:
    """Return the state and the value, in the indicator's unit, that `text` stands for.

    An empty cell is «chưa báo cáo». Raises UnreadableNumber, with a sentence for the person,
    for what is no figure of this indicator.
    """
    words = search_key(text).strip()
    if not words:
        return FigureState.MISSING, None
    if words in WORDS:
        state = WORDS[words]
        return state, Decimal(0) if state is FigureState.ZERO else None
    if indicator.aggregation == Aggregation.RATIO:
        raise UnreadableNumber(
            "Tỷ lệ này được tính từ hai chỉ tiêu khác. Hãy nhập tử số và mẫu số, "
            "không nhập thẳng tỷ lệ."
        )
    value = read_number(text, decimals=indicator.decimals)
    if value < 0 and indicator.aggregation != Aggregation.RATE:
        raise UnreadableNumber(
            f"«{show_number(value)}» là số âm, mà chỉ tiêu này không thể âm. "
            "Hãy kiểm tra lại con số."
        )
    return state_of(value), value


def shown(figure: Figure | None) -> str:
    """Return what a cell shows of `figure`, in a form that read_cell takes back."""
    if figure is None or figure.state == FigureState.MISSING:
        return ""
    if figure.state == FigureState.NOT_APPLICABLE:
        return FigureState.NOT_APPLICABLE.label
    return show_number(figure.value or 0)

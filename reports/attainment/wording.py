"""A stored row in official words: what pages, documents and the command line print of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from programs.models import Period
from programs.models.indicator import Aggregation
from programs.numbers import show_date, show_percent
from programs.planning import Direction, Qualifier
from reports.attainment import phrases
from reports.attainment.arithmetic import (
    NoComparison,
    NoPercentage,
    exact,
    points,
    ratio_of_sums,
)
from reports.models import Attainment, Figure, FigureNature, FigureState
from reports.models.figure import FigureQuerySet

NOTHING = "–"

# From half as much again, «bằng 199,5%» is easier to believe than «tăng 99,5%»; below it the
# change is the news. They are one fact. Decided: the project, 11/2026.
BIG_CHANGE = Decimal(50)  # percent


@dataclass(frozen=True, slots=True)
class Wording:
    """Ready to print; every number in Vietnamese form, «–» where there is nothing to say."""

    plan: str  # «trên 10.000»
    actual: str  # «gần 309»; «chưa báo cáo»
    share: str  # «128%», or the reason there is none
    attained: str  # «đạt 128% kế hoạch», or the reason
    compared: str  # «tăng 22,6% so với giai đoạn 2011-2015», or empty
    sentence: str  # «64 lượt cơ sở … (đạt 128% kế hoạch)»


def wording_of(row: Attainment, typed: Figure | None = None) -> Wording:
    """Return the words for `row`; `typed` is the one figure it consists of, for its qualifier.

    A total of several figures has no qualifier of its own: leave `typed` out.
    """
    indicator = row.indicator
    qualifier = Qualifier(typed.approved_qualifier or Qualifier.EXACT) if typed else Qualifier.EXACT
    word = typed.approved_word if typed else ""
    plan = row.target_version.plan if row.target_version else None

    actual = exact_actual(row)
    attained = phrases.attainment_phrase(
        row.percent if row.percent is not None else NoPercentage(row.reason),
        actual=actual,
        plan=plan,
        direction=Direction(indicator.direction),
        unit=indicator.unit,
        decimals=indicator.decimals,
        qualifier=qualifier,
    )
    compared = _compared(row)
    notes = [attained] if plan is not None else []
    notes += _conditions(row, typed)
    if compared and row.no_comparison != NoComparison.PARTIAL:  # no news for a report
        notes.append(compared)
    return Wording(
        plan=phrases.plan_amount(plan, decimals=indicator.decimals) if plan else NOTHING,
        actual=_actual(row, qualifier, word),
        share=show_percent(row.percent) if row.percent is not None else attained,
        attained=attained,
        compared=compared,
        sentence=phrases.result_sentence(
            name=indicator.name,
            unit=indicator.unit,
            actual=actual,
            decimals=indicator.decimals,
            qualifier=qualifier,
            word=word,
            notes=notes,
            missing=NoPercentage(row.no_actual) if row.no_actual else NoPercentage.NOT_REPORTED,
        ),
    )


def sole_figures(rows: Sequence[Attainment], figures: FigureQuerySet) -> dict[int, Figure]:
    """By indicator, the typed figure that is a row all by itself and says more than its value.

    «Gần 309» stays «gần 309» in the five years of which only one was reported; a total of
    several figures has no qualifier. Of a stock, only the period's last leaf is the value.

    The rows are of one program, period and place; `figures` are those the reader may see.
    """
    if not rows:
        return {}
    first = rows[0]
    alone = {row.indicator_id: row for row in rows if row.leaves_reported == 1}
    remarked = (
        figures.whole()
        .filter(
            program=first.program_id,
            indicator__in=alone,
            period__in=Period.objects.within(first.period),
            nature=FigureNature.ACTUAL,
            approved_state=FigureState.REPORTED,
        )
        .exclude(approved_qualifier=Qualifier.EXACT, as_of=None, is_derived=False, note="")
        .select_related("period")
    )
    if first.province_id is not None:
        remarked = remarked.filter(province=first.province_id)
    return {
        figure.indicator_id: figure
        for figure in remarked
        if figure.period.ends_on == first.period.ends_on
        or alone[figure.indicator_id].indicator.aggregation != Aggregation.STOCK
    }


def _conditions(row: Attainment, typed: Figure | None) -> list[str]:
    """What a copied sentence must not lose: of how many it speaks, until when, from where."""
    conditions = []
    if row.actual is not None and row.leaves_reported < row.leaves_expected:
        reported = []
        if row.units_expected > 1:
            reported.append(f"{row.units_reported}/{row.units_expected} đơn vị")
        if row.leaves_expected != row.units_expected:
            reported.append(f"{row.leaves_reported}/{row.leaves_expected} kỳ")
        conditions.append(f"mới có số liệu {', '.join(reported)}")
    if typed is not None and typed.as_of is not None:
        conditions.append(f"đến {show_date(typed.as_of)}")
    if typed is not None and typed.is_derived:
        conditions.append("số suy ra")
    return conditions


def exact_actual(row: Attainment) -> Fraction | None:
    """The figure itself: of a ratio from its two sums, since six decimals may not hold it."""
    if row.actual is None:
        return None
    if row.indicator.ratio_scale is None:
        return exact(row.actual)
    ratio = ratio_of_sums(row.numerator, row.denominator, scale=row.indicator.ratio_scale)
    return None if isinstance(ratio, NoPercentage) else ratio


def _actual(row: Attainment, qualifier: Qualifier, word: str) -> str:
    done = exact_actual(row)
    if done is not None:
        # The unit has a column of its own, but «%» belongs to its number.
        unit = "%" if row.indicator.is_percentage else ""
        return phrases.amount(
            done,
            unit=unit,
            decimals=row.indicator.decimals,
            qualifier=qualifier,
            word=word,
        )
    return phrases.REASON_WORDS[NoPercentage(row.no_actual)]


def _compared(row: Attainment) -> str:
    if row.base_period is None or row.actual is None or row.base_actual is None:
        return ""
    against = row.base_period.name
    if row.indicator.is_percentage and not row.no_comparison:
        # Both as stored: a third against a third must not differ in the seventh decimal.
        moved = points(row.actual, row.base_actual)
        return "" if isinstance(moved, NoComparison) else phrases.points_phrase(moved, against)
    if row.relative_percent is None:
        return phrases.no_comparison_phrase(
            NoComparison(row.no_comparison),
            current=row.actual,
            base=row.base_actual,
            decimals=row.indicator.decimals,
        )
    if abs(row.relative_percent - 100) >= BIG_CHANGE:
        return phrases.relative_phrase(row.relative_percent, against)
    return phrases.change_phrase(row.relative_percent, against)

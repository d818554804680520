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
    Comparison,
    NoComparison,
    NoPercentage,
    method,
    shown_percent,
)
from reports.attainment.comparison import Base
from reports.attainment.stored import exact_actual
from reports.models import Attainment, Figure, FigureNature, FigureState
from reports.models.figure import FigureQuerySet

NOTHING = "–"

# From half as much again, «bằng 199,5%» is easier to believe than «tăng 99,5%»; below it the
# change is the news. They are one fact. Decided: the project, 11/2026.
BIG_CHANGE = Decimal(50)  # percent


# What a sentence about results leaves out: that there is nothing to compare is no result.
NO_NEWS = (NoComparison.PARTIAL, NoComparison.BOUNDARY)


@dataclass(frozen=True, slots=True)
class Wording:
    """Ready to print; every number in Vietnamese form, «–» where there is nothing to say."""

    plan: str  # «trên 10.000»
    actual: str  # «gần 309»; «chưa báo cáo»
    share: str  # «128%», or the reason there is none
    share_of_year: str  # «64% kế hoạch năm» beside it, or empty
    attained: str  # «đạt 128% kế hoạch», or the reason
    compared: str  # «tăng 22,6% so với giai đoạn 2011-2015», or empty
    sentence: str  # «64 lượt cơ sở … (đạt 128% kế hoạch)»


def wording_of(
    row: Attainment, typed: Figure | None = None, *, base: Base | None = None
) -> Wording:
    """Return the words for `row`; `typed` is the one figure it consists of, for its qualifier.

    A total of several figures has no qualifier of its own: leave `typed` out. `base` is what
    the row is compared with.
    """
    indicator = row.indicator
    qualifier = Qualifier(typed.approved_qualifier or Qualifier.EXACT) if typed else Qualifier.EXACT
    word = typed.approved_word if typed else ""
    plan = row.plan.promise if row.plan else None

    attained = _attained(row, qualifier)
    share = attained if row.percent is None else show_percent(row.percent)
    share_of_year = _share_of_year(row)
    if plan is None and share_of_year:  # the only plan there is
        share, share_of_year = share_of_year, ""
    compared = _compared(row, base)
    notes = [attained] if row.plan or row.year_percent is not None else []
    notes += _conditions(row, typed)
    if base is not None and compared and base.outcome not in NO_NEWS:
        notes.append(compared)
    return Wording(
        plan=phrases.plan_amount(plan, decimals=indicator.decimals) if plan else NOTHING,
        actual=_actual(row, qualifier, word),
        share=share,
        share_of_year=share_of_year,
        attained=attained,
        compared=compared,
        sentence=phrases.result_sentence(
            name=indicator.name,
            unit=indicator.unit,
            actual=exact_actual(row),
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


def _attained(row: Attainment, qualifier: Qualifier) -> str:
    """What the row amounts to by its own plan, and by the year's where that stands beside it."""
    direction = Direction(row.indicator.direction)
    plan = row.plan.promise if row.plan else None
    of_plan = phrases.attainment_phrase(
        row.percent if row.percent is not None else NoPercentage(row.reason),
        actual=exact_actual(row),
        plan=plan,
        direction=direction,
        unit=row.indicator.unit,
        decimals=row.indicator.decimals,
        qualifier=qualifier,
    )
    if row.year_plan is None or row.year_percent is None:
        return of_plan
    of_year = phrases.attained_in_year_phrase(
        row.year_percent,
        of=method(row.year_plan.promise, direction),
        to_date=row.percent,
        to_date_of=method(plan or row.year_plan.promise, direction),
        qualifier=qualifier,
    )
    return of_year if plan is None or row.percent is not None else f"{of_plan}, {of_year}"


def _share_of_year(row: Attainment) -> str:
    if row.year_plan is None or row.year_percent is None:
        return ""
    of = method(row.year_plan.promise, Direction(row.indicator.direction))
    return phrases.share_of_year(row.year_percent, of=of)


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


def _compared(row: Attainment, base: Base | None) -> str:
    if base is None or base.outcome in (NoComparison.NOT_REPORTED, NoComparison.NO_BASE):
        return ""
    against = base.period.name
    if base.adds_predecessors:
        against += " (theo địa giới hiện nay)"
    match base.outcome:
        case Comparison(relative):
            percent = shown_percent(relative)
            is_big = abs(percent - 100) >= BIG_CHANGE
            return (phrases.relative_phrase if is_big else phrases.change_phrase)(percent, against)
        case Fraction() as moved:
            return phrases.points_phrase(moved, against)
        case NoComparison() as reason:
            return phrases.no_comparison_phrase(
                reason,
                current=exact_actual(row),
                base=None if base.row is None else exact_actual(base.row),
                decimals=row.indicator.decimals,
            )

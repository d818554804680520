"""What the figures of a report amount to while it is being typed: lũy kế, % kế hoạch năm.

Worked out from what is typed, for the person at the sheet; official results are the engine's
(reports.attainment). Percentages come from the same arithmetic.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from django.db.models import Q

from programs.models import Indicator, Period
from programs.models.indicator import Aggregation
from programs.models.period import PeriodKind
from programs.planning import Direction, Plan
from reports.attainment.arithmetic import NoPercentage, exact, percentage, ratio_of_sums
from reports.attainment.phrases import attainment_phrase
from reports.entry.years import WITHIN_YEAR, leaves_of_year
from reports.models import Figure, FigureNature, FigureState, OfficialPlan, Report, Scope


@dataclass(frozen=True, slots=True)
class Sum:
    """The sum of the units' or the activities' figures in the report, and of how many."""

    value: Decimal
    count: int


@dataclass(frozen=True, slots=True)
class Measure:
    """One indicator of a report, in its unit. None where nothing is known."""

    in_period: Fraction | None  # what was done in the report's period
    so_far: Fraction | None  # from the start of the year to the period's end
    before: Fraction | None  # in the leaf before this one, as that one is typed (lũy kế or not)
    missing: int  # earlier leaves of the year without a figure
    units: Sum | None
    activities: Sum | None
    plan: Plan | None  # of the year, or of the leaf where it is no part of a year
    percent: Decimal | NoPercentage

    def percent_words(self, indicator: Indicator) -> str:
        """«đạt 64% kế hoạch», or why there is no percentage."""
        return attainment_phrase(
            self.percent,
            actual=self.so_far,
            plan=self.plan,
            direction=Direction(indicator.direction),
            unit=indicator.unit,
            decimals=indicator.decimals,
        )


def measures_of(
    report: Report,
    indicators: Iterable[Indicator],
    *,
    typed: Mapping[int, Decimal | None] | None = None,
) -> dict[int, Measure]:
    """Return the measures of `indicators` by pk. Four queries.

    `typed` stands for figures of the whole province that are not stored (yet), by indicator.
    """
    wanted = {indicator.pk: indicator for indicator in indicators}
    parts = {
        part
        for indicator in wanted.values()
        for part in (indicator.numerator_id, indicator.denominator_id)
        if part is not None
    }
    involved = wanted | Indicator.objects.in_bulk(parts - wanted.keys())
    leaves = list(leaves_of_year(report))
    known = _Known(report, involved, leaves, typed or {})
    plans = plans_of(report, wanted)
    return {pk: _measure(indicator, known, plans.get(pk)) for pk, indicator in wanted.items()}


def plan_period(report: Report) -> Q:
    """Of which period the plan beside the figures is: the year's, or the leaf's own."""
    period = report.period
    if period.kind in WITHIN_YEAR:
        return Q(
            period__calendar=period.calendar, period__kind=PeriodKind.YEAR, period__year=period.year
        )
    return Q(period=period)


def plans_of(report: Report, indicators: Iterable[int]) -> dict[int, Plan]:
    """The plans in force at the end of the report's period, by indicator. One query."""
    day = report.period.ends_on
    rows = OfficialPlan.objects.filter(
        plan_period(report),
        Q(from_day=None) | Q(from_day__lte=day),
        Q(until_day=None) | Q(until_day__gt=day),
        program=report.program_id,
        indicator__in=indicators,
        scope=Scope.REPORTED,
        province=report.province_id,
    )
    return {row.indicator_id: row.promise for row in rows}


class _Known:
    """What is typed for each leaf of the year: the province's figure, else its parts' sum."""

    def __init__(
        self,
        report: Report,
        indicators: Mapping[int, Indicator],
        leaves: Sequence[Period],
        typed: Mapping[int, Decimal | None],
    ) -> None:
        self.leaves = [leaf.pk for leaf in leaves]
        self.here = report.period_id
        self.indicators = indicators
        whole: dict[tuple[int, int], Decimal | None] = {}
        parts: defaultdict[tuple[int, int, bool], list[Decimal]] = defaultdict(list)
        rows = (
            Figure.objects.filter(
                program=report.program_id,
                province=report.province_id,
                indicator__in=indicators,
                period__in=self.leaves,
                nature=FigureNature.ACTUAL,
            )
            .exclude(state__in=(FigureState.MISSING, FigureState.NOT_APPLICABLE))
            .only("indicator", "period", "unit", "activity", "value")
        )
        for figure in rows:
            cell = (figure.indicator_id, figure.period_id)
            if figure.unit_id is None and figure.activity_id is None:
                whole[cell] = figure.value
            elif figure.value is not None:
                parts[*cell, figure.activity_id is not None].append(figure.value)
        for indicator, value in typed.items():
            whole[indicator, self.here] = value
        self.whole = whole
        self.parts = parts

    def sum_here(self, indicator: int, *, of_activities: bool) -> Sum | None:
        values = self.parts.get((indicator, self.here, of_activities))
        return Sum(sum(values, Decimal(0)), len(values)) if values else None

    def at(self, indicator: int, leaf: int) -> Fraction | None:
        value = self.whole.get((indicator, leaf))
        if value is not None:
            return exact(value)
        for of_activities in (False, True):
            if values := self.parts.get((indicator, leaf, of_activities)):
                return exact(sum(values, Decimal(0)))
        return None

    def before(self, indicator: int) -> Fraction | None:
        """What the leaf before this one says, in the same year."""
        return self.at(indicator, self.leaves[-2]) if len(self.leaves) > 1 else None

    def missing(self, indicator: int) -> int:
        return sum(self.at(indicator, leaf) is None for leaf in self.leaves[:-1])

    def in_period(self, pk: int) -> Fraction | None:
        """What was done in the report's own period; of a cumulative one if both ends are known."""
        here = self.at(pk, self.here)
        if here is None or not self.indicators[pk].is_cumulative or len(self.leaves) == 1:
            return here
        before = self.before(pk)
        return None if before is None else here - before

    def so_far(self, pk: int) -> Fraction | None:
        """From the start of the year; of a stock and a rate, and of «lũy kế», the typed value."""
        here = self.at(pk, self.here)
        indicator = self.indicators[pk]
        if indicator.aggregation != Aggregation.FLOW or indicator.is_cumulative:
            return here
        values = [self.at(pk, leaf) for leaf in self.leaves]
        reported = [value for value in values if value is not None]
        return sum(reported, Fraction(0)) if reported else None


def _measure(indicator: Indicator, known: _Known, plan: Plan | None) -> Measure:
    pk = indicator.pk
    if indicator.aggregation == Aggregation.RATIO:
        in_period, so_far = _ratio(indicator, known)
        before = None
    else:
        in_period, so_far, before = known.in_period(pk), known.so_far(pk), known.before(pk)
    judged_by = so_far if _is_measured_by_year(indicator, known) else None
    return Measure(
        in_period=in_period,
        so_far=so_far,
        before=before,
        missing=known.missing(pk) if indicator.aggregation == Aggregation.FLOW else 0,
        units=known.sum_here(pk, of_activities=False),
        activities=known.sum_here(pk, of_activities=True),
        plan=plan,
        percent=percentage(
            NoPercentage.NOT_REPORTED if judged_by is None else judged_by,
            plan,
            Direction(indicator.direction),
        ),
    )


def _is_measured_by_year(indicator: Indicator, known: _Known) -> bool:
    """Whether the leaf's figures say something about the year: a rate of a month does not."""
    adds_up = indicator.aggregation not in (Aggregation.RATE, Aggregation.DISTINCT)
    return adds_up or len(known.leaves) == 1


def _ratio(indicator: Indicator, known: _Known) -> tuple[Fraction | None, Fraction | None]:
    """Of the period and of the year so far: the ratio of the sums."""
    if indicator.numerator_id is None or indicator.denominator_id is None:
        raise ValueError(f"a ratio without its parts: {indicator}")

    def divided(part: Fraction | None, whole: Fraction | None) -> Fraction | None:
        result = ratio_of_sums(part, whole, scale=indicator.ratio_scale or 1)
        return None if isinstance(result, NoPercentage) else result

    return (
        divided(known.in_period(indicator.numerator_id), known.in_period(indicator.denominator_id)),
        divided(known.so_far(indicator.numerator_id), known.so_far(indicator.denominator_id)),
    )

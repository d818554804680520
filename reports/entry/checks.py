"""What is unlikely or impossible in a report, before it is sent: each finding explained.

Rules about a number are in sense.py; here its past is fetched, its parts are held against it,
and people's answers («đúng, vì …») are remembered with the figure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from programs.access import Right, may
from programs.models import Indicator, Lineage
from programs.models.indicator import Aggregation
from programs.numbers import show_number
from programs.planning import Direction, Plan
from reports.attainment.arithmetic import percentage
from reports.entry.expected import expected_in
from reports.entry.figures import typed_of
from reports.entry.measures import Measure, measures_of
from reports.entry.sense import LABELS, Case, Sense, doubt
from reports.entry.sheet import whole_figures
from reports.entry.years import YearSoFar
from reports.models import Figure, FigureNature, FigureState, Justification, Report

PAST = 24  # leaves that say what is usual
COPIED_SHARE = Decimal("0.6")  # of a report's numbers, equal to last period's
COPIED_LEAST = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to look at. `about` is what was found, so that another value is asked anew."""

    indicator: Indicator
    figure: Figure
    sense: Sense | None  # None: it cannot be, no answer will do
    words: str
    about: str
    effect: Decimal | None  # percentage points of the year's plan that hang on it; None: no plan
    answer: Justification | None = None

    @property
    def label(self) -> str:
        return "không thể" if self.sense is None else LABELS[self.sense]

    @property
    def is_impossible(self) -> bool:
        return self.sense is None

    @property
    def is_open(self) -> bool:
        return self.answer is None

    @property
    def key(self) -> str:
        return f"{self.figure.pk}-{self.sense or 'no'}"


class Done(NamedTuple):
    """What was done in one earlier leaf."""

    year: int
    value: Decimal


def findings_of(report: Report) -> list[Finding]:
    """Return what to look at in `report`: impossible first, then by effect on the attainment.

    A fixed number of queries. `report` brings its program, province and period along.
    """
    indicators = {each.pk: each for each in expected_in(report)}
    figures = {pk: figure for pk, figure in whole_figures(report).items() if pk in indicators}
    measures = measures_of(report, indicators.values())
    past = _past(report, indicators)
    # Of a percentage of two indicators the first is a part of the second.
    wholes = {
        each.numerator_id: each.denominator_id
        for each in indicators.values()
        if each.is_percentage and each.numerator_id and each.denominator_id
    }
    checks = _Checks(report, figures, measures, past, wholes)
    found = [
        finding
        for pk, figure in figures.items()
        if figure.value is not None
        for finding in checks.of(indicators[pk], figure)
    ]
    found += checks.copied_report(found, indicators)
    answers = {
        (answer.figure_id, answer.check_name, answer.about): answer
        for answer in Justification.objects.filter(figure__report=report).select_related("by")
    }
    return sorted(
        (_answered(finding, answers) for finding in found),
        key=lambda finding: (
            not finding.is_impossible,
            not finding.is_open,
            -abs(finding.effect or Decimal(0)),
            finding.indicator.position,
        ),
    )


def justify(finding: Finding, *, reason: str, by: User, at: datetime | None = None) -> None:
    """Keep why the number is right. Raises PermissionDenied, and ValueError without a reason."""
    if not may(by, Right.ENTER, finding.figure.province):
        raise PermissionDenied
    if finding.sense is None or not reason.strip():
        raise ValueError(f"not to be answered: {finding}, {reason!r}")
    Justification.objects.get_or_create(
        figure=finding.figure,
        check_name=finding.sense.value,
        about=finding.about,
        defaults={"reason": reason, "by": by, "at": at or timezone.now()},
    )


class _Checks:
    """The rules that need more than one number."""

    def __init__(
        self,
        report: Report,
        figures: dict[int, Figure],
        measures: dict[int, Measure],
        past: dict[int, list[Done]],
        wholes: dict[int, int],
    ) -> None:
        self.report = report
        self.wholes = wholes
        self.figures = figures
        self.measures = measures
        self.past = past
        self.so_far = YearSoFar(
            report,
            [figure.indicator for figure in figures.values() if figure.indicator.is_cumulative],
        )
        self.with_evidence = _with_evidence(report)

    def of(self, indicator: Indicator, figure: Figure) -> Iterable[Finding]:
        measure = self.measures[indicator.pk]
        contradiction = self.so_far.contradicted_by(
            typed_of(figure), indicator, unit=None, activity=None
        )
        if contradiction:
            yield self._finding(figure, None, contradiction, None)
            return
        case = self._case(indicator, measure)
        if case and (found := doubt(case)):
            yield self._finding(figure, found.sense, found.words, found.likely)
        part = measure.activities or measure.units
        if part and part.value != figure.value:
            what = "hoạt động" if measure.activities else "đơn vị"
            yield self._finding(
                figure,
                Sense.PARTS,
                f"Số đã nhập {show_number(figure.value or 0)} khác tổng của {part.count} {what} "
                f"({show_number(part.value)}).",
                part.value,
                about=f"{part.value.normalize():f}",
            )
        whole = self._whole_of(indicator)
        if whole and whole.value is not None and (figure.value or 0) > whole.value:
            yield self._finding(
                figure,
                Sense.SHARE,
                f"{show_number(figure.value or 0)} lớn hơn «{whole.indicator.name}» "
                f"({show_number(whole.value)}) mà nó là một phần.",
                whole.value,
                about=f"{whole.value.normalize():f}",
            )
        if indicator.evidence_required and figure.value and not self.has_evidence(indicator):
            yield self._finding(
                figure,
                Sense.EVIDENCE,
                "Chỉ tiêu này phải có tệp chứng cứ, mà chưa có tệp nào.",
                None,
            )

    def has_evidence(self, indicator: Indicator) -> bool:
        return indicator.pk in self.with_evidence

    def copied_report(
        self, found: list[Finding], indicators: dict[int, Indicator]
    ) -> list[Finding]:
        """If most numbers are last period's, all of those are asked about, small ones too."""
        typed = {
            pk: figure
            for pk, figure in self.figures.items()
            if figure.value and indicators[pk].aggregation == Aggregation.FLOW
        }
        same = [
            figure
            for pk, figure in typed.items()
            if self.past.get(pk) and self.measures[pk].in_period == self.past[pk][-1].value
        ]
        if len(same) < COPIED_LEAST or len(same) < COPIED_SHARE * len(typed):
            return []
        share = f"{len(same)}/{len(typed)}"
        known = {finding.figure.pk for finding in found}
        return [
            self._finding(
                figure,
                Sense.COPIED,
                f"{show_number(figure.value or 0)} giống hệt kỳ trước, như {share} số liệu của "
                "báo cáo này.",
                None,
            )
            for figure in same
            if figure.pk not in known
        ]

    def _case(self, indicator: Indicator, measure: Measure) -> Case | None:
        if measure.in_period is None or measure.in_period.denominator > 10**6:
            return None
        earlier = self.past.get(indicator.pk, [])
        period = self.report.period
        this_year = [each.value for each in earlier if each.year == period.year]
        return Case(
            value=_decimal(measure.in_period),
            earlier=[each.value for each in earlier],
            this_year=this_year if len(this_year) == period.number - 1 else None,
            plan=measure.plan.lower if measure.plan else None,
            adds_up=indicator.aggregation == Aggregation.FLOW,
            is_cumulative=indicator.is_cumulative,
        )

    def _whole_of(self, indicator: Indicator) -> Figure | None:
        """The figure that `indicator` is a share of, if a percentage is made of the two."""
        whole = self.wholes.get(indicator.pk)
        return None if whole is None else self.figures.get(whole)

    def _finding(
        self,
        figure: Figure,
        sense: Sense | None,
        words: str,
        likely: Decimal | None,
        *,
        about: str = "",
    ) -> Finding:
        value = figure.value or Decimal(0)
        measure = self.measures[figure.indicator_id]
        return Finding(
            indicator=figure.indicator,
            figure=figure,
            sense=sense,
            words=words,
            about=f"{value.normalize():f} {about}".strip(),
            effect=_effect(value, likely, measure.plan, figure.indicator),
        )


def _past(report: Report, indicators: Iterable[int]) -> dict[int, list[Done]]:
    """What was done in each leaf before this one, oldest first, by indicator. One query.

    Of the program and the one it follows, the predecessors' work added; official where it was
    approved, else as typed.
    """
    period, program = report.period, report.program
    rows = (
        Figure.objects.filter(
            Q(program=program.pk) | Q(program=program.follows_id),
            indicator__in=indicators,
            province__in=Lineage.objects.filter(unit=report.province_id).values("part"),
            period__calendar=period.calendar,
            period__kind=period.kind,
            period__ends_on__lt=period.starts_on,
            nature=FigureNature.ACTUAL,
            unit=None,
            activity=None,
            value__isnull=False,
        )
        .select_related("period", "indicator")
        .order_by("period__starts_on")
    )
    by_leaf: defaultdict[int, dict[int, Decimal]] = defaultdict(dict)
    leaves = {}
    cumulative = set()
    for figure in rows:
        is_official = figure.approved_state in (FigureState.REPORTED, FigureState.ZERO)
        value = figure.approved_value if is_official else figure.value
        values = by_leaf[figure.indicator_id]
        values[figure.period_id] = values.get(figure.period_id, Decimal(0)) + (value or Decimal(0))
        leaves[figure.period_id] = figure.period
        if figure.indicator.is_cumulative:
            cumulative.add(figure.indicator_id)

    past: dict[int, list[Done]] = {}
    for indicator, values in by_leaf.items():
        series = []
        before, year = Decimal(0), None
        for leaf, value in values.items():
            if indicator in cumulative:
                before = before if leaves[leaf].year == year else Decimal(0)
                series.append(Done(leaves[leaf].year, value - before))
                before, year = value, leaves[leaf].year
            else:
                series.append(Done(leaves[leaf].year, value))
        past[indicator] = series[-PAST:]
    return past


def _with_evidence(report: Report) -> set[int | None]:
    """The indicators of which a document or a file is at hand."""
    return {
        *report.evidence.values_list("indicator", flat=True),
        *report.files.values_list("indicator", flat=True),
    }


def _effect(
    value: Decimal, likely: Decimal | None, plan: Plan | None, indicator: Indicator
) -> Decimal | None:
    """Percentage points of the plan between what is typed and what is likely."""
    if likely is None or plan is None:
        return None
    direction = Direction(indicator.direction)
    now, then = (percentage(each, plan, direction) for each in (value, likely))
    if not isinstance(now, Decimal) or not isinstance(then, Decimal):
        return None
    return now - then


def _answered(finding: Finding, answers: dict[tuple[int, str, str], Justification]) -> Finding:
    if finding.sense is None:
        return finding
    answer = answers.get((finding.figure.pk, finding.sense.value, finding.about))
    return replace(finding, answer=answer)


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)

"""«Vì sao 128%?»: everything a stored row rests on, so that its percentage can be made again.

Read from the same rows the engine reads; nothing here decides or rounds. What the reader may
not see is left out and said to be.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db.models import Count, Prefetch, Q

from programs.models import LegalDocument, Lineage, Period, TargetVersion
from programs.models.indicator import Aggregation
from programs.numbers import show_number, show_percent
from programs.planning import Direction
from reports.attainment import phrases
from reports.attainment.arithmetic import (
    Method,
    NoPercentage,
    Working,
    rounded,
    working,
)
from reports.attainment.progress import against, lowered_after_results
from reports.attainment.stored import exact_actual
from reports.models import (
    Attainment,
    Edition,
    Evidence,
    EvidenceFile,
    Figure,
    FigureNature,
    OfficialPlan,
    Scope,
    Span,
)

if TYPE_CHECKING:
    from accounts.models import User

# More digits than are printed, so that the rounding can be followed.
UNROUNDED = 4


@dataclass(frozen=True, slots=True)
class Leaf:
    """What one smallest period gave, as approved: several figures if units or activities did."""

    period: Period
    figures: Sequence[Figure]
    value: str  # «64»; «chưa báo cáo», «không áp dụng»
    edition: Edition | None
    evidence: int


@dataclass(frozen=True, slots=True)
class Version:
    """One version of the plan, and what the percentage would be under it."""

    row: TargetVersion
    words: str
    percent: str
    is_official: bool
    was_lowered: bool  # after results were known


@dataclass(frozen=True, slots=True)
class Explanation:
    row: Attainment
    is_reduction: bool  # the percentage is of a reduction planned
    formula: str  # «64 ÷ 50 × 100 = 128», or why there is none
    rounding: str  # empty if nothing was rounded
    adding: str  # how the parts make the figure
    leaves: Sequence[Leaf]
    places: Sequence[Attainment]  # the rows it adds up, of those the reader may see
    hidden: str  # the sum of the others; empty if there are none
    halves: Sequence[Attainment]  # of a ratio: its numerator and its denominator
    plan: str
    plan_parts: Sequence[OfficialPlan]  # whose sum the plan is, if it has no version of its own
    versions: Sequence[Version]


def explanation_of(row: Attainment, user: User) -> Explanation:
    """Return what `row` (of_program_page) rests on. At most a dozen queries."""
    direction = Direction(row.indicator.direction)
    plan = row.plan.promise if row.plan else None
    done = exact_actual(row)
    division = None if row.percent is None else working(done, plan, direction)
    places = _places(row, user)
    return Explanation(
        row=row,
        is_reduction=division is not None and division.method is Method.FROM_BASELINE,
        formula=_formula(row, division),
        rounding=_rounding(row, division),
        adding=_adding(row),
        leaves=_leaves(row, user) if row.scope == Scope.REPORTED else (),
        places=places,
        hidden=_hidden(row, places),
        halves=_halves(row, user),
        plan=phrases.plan_amount(plan, unit=row.indicator.unit, decimals=row.indicator.decimals)
        if plan
        else "",
        plan_parts=_plan_parts(row),
        versions=_versions(row, user),
    )


def _formula(row: Attainment, division: Working | None) -> str:
    if division is None:
        return phrases.REASON_WORDS[NoPercentage(row.reason)] if row.reason else ""
    decimals = row.indicator.decimals
    parts = [
        show_number(rounded(each, decimals=max(decimals, 6)))
        for each in (division.dividend, division.divisor)
    ]
    points = show_number(rounded(division.points, decimals=UNROUNDED))
    return f"{parts[0]} ÷ {parts[1]} × 100 = {points}"


def _rounding(row: Attainment, division: Working | None) -> str:
    if division is None or row.percent is None or division.points == row.percent:
        return ""
    shown = show_percent(row.percent)
    if division.points < 100 <= rounded(division.points, decimals=1):
        return f"Ghi {shown}: chưa đủ 100 thì không ghi 100%."
    return f"Làm tròn đến một chữ số thập phân, từ 5 trở lên thì tăng: {shown}."


def _adding(row: Attainment) -> str:
    indicator = row.indicator
    if row.scope != Scope.REPORTED:
        whole = (
            "Cộng các đơn vị theo địa giới hiện nay; mỗi đơn vị gồm cả các đơn vị đã nhập vào nó."
        )
        one = "Cộng các đơn vị báo cáo đã nhập thành đơn vị này."
        return one if row.scope == Scope.CURRENT else whole
    match indicator.aggregation:
        case Aggregation.STOCK:
            return "Lấy số của kỳ cuối, không cộng."
        case Aggregation.RATIO:
            return "Tỷ số của hai tổng dưới đây, không lấy trung bình các tỷ lệ."
        case Aggregation.DISTINCT:
            return "Đếm lại đối tượng không trùng trong kỳ, không cộng các kỳ."
        case Aggregation.RATE:
            return "Số nhập sẵn, không cộng."
    if indicator.is_cumulative:
        return "Số dưới đây nhập lũy kế từ đầu năm; phần trong kỳ là hiệu với số trước kỳ."
    return "Cộng các kỳ dưới đây."


def _leaves(row: Attainment, user: User) -> list[Leaf]:
    """Every leaf of the period, reported or not, in order."""
    spans = Span.objects.filter(program=row.program_id, period=row.period_id)
    periods = Period.objects.filter(pk__in=spans.values("leaf")).order_by("starts_on")
    figures: defaultdict[int, list[Figure]] = defaultdict(list)
    reports = set()
    for figure in (
        Figure.objects.visible_to(user)
        .filter(
            program=row.program_id,
            indicator=row.indicator_id,
            province=row.province_id,
            period__in=periods,
            nature=FigureNature.ACTUAL,
        )
        .exclude(approved_state="")
        .select_related("unit", "activity")
        .order_by("pk")
    ):
        figures[figure.period_id].append(figure)
        reports.add(figure.report_id)
    editions = {
        edition.report_id: edition
        for edition in Edition.objects.filter(report__in=reports)
        .defer("content")
        .select_related("approved_by", "report")
        .order_by("number")
    }
    evidence = _evidence(row, reports)
    leaves = []
    for period in periods:
        of_leaf = figures[period.pk]
        report = of_leaf[0].report_id if of_leaf else 0
        leaves.append(
            Leaf(
                period=period,
                figures=of_leaf,
                value=_sum_words(of_leaf),
                edition=editions.get(report),
                evidence=evidence.get(report, 0),
            )
        )
    return leaves


def _sum_words(figures: Sequence[Figure]) -> str:
    values = [each.approved_value for each in figures if each.approved_value is not None]
    if values:
        return show_number(sum(values, Decimal(0)))
    excused = figures and all(each.approved_state == "not_applicable" for each in figures)
    reason = NoPercentage.NOT_APPLICABLE if excused else NoPercentage.NOT_REPORTED
    return phrases.REASON_WORDS[reason]


def _evidence(row: Attainment, reports: Iterable[int]) -> dict[int, int]:
    """How many documents and files each report has for the indicator."""
    counted: defaultdict[int, int] = defaultdict(int)
    for model in (Evidence, EvidenceFile):
        rows = (
            model._default_manager.filter(report__in=reports, indicator=row.indicator_id)
            .order_by()
            .values_list("report")
            .annotate(Count("pk"))
        )
        for report, count in rows:
            counted[report] += count
    return counted


def _places(row: Attainment, user: User) -> list[Attainment]:
    """The rows that a current unit, a region or the nation adds up, as far as they may be seen."""
    beside = Attainment.objects.visible_to(user).filter(
        program=row.program_id,
        indicator=row.indicator_id,
        period=row.period_id,
        layer=row.layer,
    )
    match row.scope:
        case Scope.REPORTED:
            return []
        case Scope.CURRENT:
            parts = Lineage.objects.filter(unit=row.province_id).values("part")
            beside = beside.filter(scope=Scope.REPORTED, province__in=parts)
        case Scope.REGION:
            beside = beside.filter(scope=Scope.CURRENT, province__region=row.region)
        case _:
            beside = beside.filter(scope=Scope.CURRENT)
    return list(beside.select_related("province", "indicator").order_by("province__sort_key"))


def _hidden(row: Attainment, places: Sequence[Attainment]) -> str:
    """Of a sum, what the rows that are not shown amount to."""
    adds_up = row.indicator.aggregation in (Aggregation.FLOW, Aggregation.STOCK)
    if row.scope == Scope.REPORTED or row.actual is None or not adds_up:
        return ""
    seen = sum((each.actual for each in places if each.actual is not None), Decimal(0))
    return show_number(row.actual - seen) if seen != row.actual else ""


def _halves(row: Attainment, user: User) -> list[Attainment]:
    indicator = row.indicator
    if indicator.numerator_id is None:
        return []
    found = Attainment.objects.visible_to(user).filter(
        program=row.program_id,
        period=row.period_id,
        scope=row.scope,
        province=row.province_id,
        region=row.region,
        layer=row.layer,
        indicator__in=(indicator.numerator_id, indicator.denominator_id),
    )
    by_indicator = {each.indicator_id: each for each in found.select_related("indicator")}
    halves = (
        by_indicator.get(pk or 0) for pk in (indicator.numerator_id, indicator.denominator_id)
    )
    return [each for each in halves if each is not None]


def _plan_parts(row: Attainment) -> list[OfficialPlan]:
    """The plans of the reporting units or current units that the row's plan adds up."""
    if row.plan is None or not row.plan.parts:
        return []
    day = row.period.ends_on
    plans = OfficialPlan.objects.filter(
        Q(from_day=None) | Q(from_day__lte=day),
        Q(until_day=None) | Q(until_day__gt=day),
        program=row.program_id,
        indicator=row.indicator_id,
        period=row.period_id,
        version__isnull=False,
        province__isnull=False,
        scope=Scope.REPORTED,
    )
    if row.scope == Scope.CURRENT:
        parts = Lineage.objects.filter(unit=row.province_id)
    else:
        parts = Lineage.objects.filter(unit__successor=None)
        if row.scope == Scope.REGION:
            parts = parts.filter(unit__region=row.region)
    plans = plans.filter(province__in=parts.values("part"))
    return list(plans.select_related("province", "version").order_by("province__sort_key"))


def _versions(row: Attainment, user: User) -> list[Version]:
    """All versions of the row's own plan, also wishes and those that were replaced."""
    official = row.plan.version_id if row.plan else None
    rows = list(
        TargetVersion.objects.visible_to(user)
        .filter(
            target__program=row.program_id,
            target__indicator=row.indicator_id,
            target__period=row.period_id,
            target__province=row.province_id if row.scope != Scope.NATION else None,
        )
        .prefetch_related(Prefetch("documents", LegalDocument.objects.visible_to(user)))
        .order_by("number")
    )
    lowered = lowered_after_results(rows)
    versions = []
    for each in rows:
        percent = against(row, each)
        versions.append(
            Version(
                each,
                words=phrases.plan_amount(each.plan, decimals=row.indicator.decimals),
                percent=phrases.REASON_WORDS[percent]
                if isinstance(percent, NoPercentage)
                else show_percent(percent),
                is_official=each.pk == official,
                was_lowered=each.pk in lowered,
            )
        )
    return versions

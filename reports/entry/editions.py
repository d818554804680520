"""An approved edition as it was printed, from its own frozen content, and how the next differs.

Nothing here reads a figure or a plan: names of indicators apart, the content says everything,
so that a printed 125% stays 125% whatever is typed, planned or computed afterwards.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from accounts.models import User
from programs.models import Indicator
from programs.models.indicator import Aggregation
from programs.numbers import show_number, show_percent
from programs.planning import Direction, Plan, Qualifier, Shape
from reports.attainment.arithmetic import Exact, NoPercentage, percentage, ratio_of_sums
from reports.attainment.phrases import amount, attainment_phrase, plan_amount
from reports.entry.expected import catalogue_of
from reports.entry.workflow import digest
from reports.models import (
    Edition,
    FigureNature,
    FigureState,
    Remark,
    RemarkKind,
    Report,
    Transition,
)

# Sums of these mean something; of rates and distinct counts they do not.
ADDABLE = (Aggregation.FLOW, Aggregation.STOCK)


@dataclass(frozen=True, slots=True)
class Row:
    """One indicator in an edition, as it was printed."""

    code: str
    name: str
    unit: str
    value: str  # «100», «không phát sinh», «chưa báo cáo»
    plan: str  # «80», empty if none was in force
    percent: str  # «125%», or «–»
    words: str  # «đạt 125% kế hoạch», or why there is no percentage
    note: str
    was_returned: bool  # it waited for its author when the edition was made

    def differs_from(self, other: Row | None) -> bool:
        if other is None:
            return True
        return (self.value, self.plan, self.percent, self.words) != (
            other.value,
            other.plan,
            other.percent,
            other.words,
        )


@dataclass(frozen=True, slots=True)
class Change:
    """How one row of an edition differs from the row of the edition before."""

    row: Row
    before: Row | None

    @property
    def words(self) -> str:
        """Return «100 → 90, 125% → 112,5%»; what stayed the same is not said."""
        if self.before is None:
            return f"mới có: {self.row.value}"
        parts = [
            f"{label}{was} → {now}"
            for label, was, now in (
                ("", self.before.value, self.row.value),
                ("kế hoạch ", self.before.plan or "chưa giao", self.row.plan or "chưa giao"),
                ("", self.before.percent, self.row.percent),
            )
            if was != now
        ]
        return ", ".join(parts) or f"{self.before.words} → {self.row.words}"


@dataclass(frozen=True, slots=True)
class Printed:
    """The page of one edition."""

    edition: Edition
    rows: list[Row]
    before: Edition | None
    changes: list[Change]
    latest: Edition
    is_intact: bool  # its content still has the digest it was frozen with

    @property
    def is_latest(self) -> bool:
        return self.edition.number == self.latest.number

    @property
    def equals_latest(self) -> bool:
        return self.edition.digest == self.latest.digest


def printed(edition: Edition, *, all_editions: Iterable[Edition]) -> Printed:
    """Return `edition`, of a report that brings its program and province, with its difference."""
    editions = {each.number: each for each in all_editions}
    indicators = _indicators(edition.report)
    rows = rows_of(edition.content, indicators)
    before = editions.get(edition.number - 1)
    changes: list[Change] = []
    if before is not None:
        was = {row.code: row for row in rows_of(before.content, indicators)}
        changes = [
            Change(row, was.get(row.code)) for row in rows if row.differs_from(was.get(row.code))
        ]
    return Printed(
        edition=edition,
        rows=rows,
        before=before,
        changes=changes,
        latest=editions[max(editions)],
        is_intact=digest(edition.content) == edition.digest,
    )


def _indicators(report: Report) -> dict[str, Indicator]:
    """By code; where the province's catalogue has the nation's code too, the province's."""
    found = catalogue_of(report).select_related("numerator", "denominator")
    return {
        indicator.code: indicator
        for indicator in sorted(found, key=lambda each: (each.province_id is not None, each.pk))
    }


def rows_of(content: Mapping[str, Any], indicators: Mapping[str, Indicator]) -> list[Row]:
    """Return the rows that an edition's content stands for, in the order of the report."""
    figures: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for figure in content["figures"]:
        if figure["nature"] == FigureNature.ACTUAL:
            figures[figure["indicator"]].append(figure)
    plans = _official_plans(content["plans"])
    values = {code: _value(each, indicators.get(code)) for code, each in figures.items()}
    codes = figures.keys() | {
        code
        for code in plans
        if (each := indicators.get(code)) is not None and each.aggregation == Aggregation.RATIO
    }

    def place(code: str) -> tuple[int, str]:
        return (indicators[code].position if code in indicators else 10**6, code)

    return [
        _row(code, indicators.get(code), figures[code], values, plans.get(code))
        for code in sorted(codes, key=place)
    ]


def _official_plans(plans: Iterable[Mapping[str, Any]]) -> dict[str, Plan]:
    """Of the versions that were in force, the latest decided, then the highest number."""
    ranked = sorted(plans, key=lambda each: (each["decided_on"] or "", each["version"]))
    return {
        each["indicator"]: Plan(
            Shape(each["shape"]),
            _number(each["lower"]),
            _number(each["upper"]),
            _number(each["baseline"]),
        )
        for each in ranked
    }


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _value(figures: list[Mapping[str, Any]], indicator: Indicator | None) -> Exact | NoPercentage:
    """What the figures that counted amount to, or why they amount to nothing."""
    counted = [each for each in figures if each["counts"]]
    values = [Decimal(each["value"]) for each in counted if each["value"] is not None]
    if not values:
        states = {each["state"] for each in counted}
        if states == {FigureState.NOT_APPLICABLE}:
            return NoPercentage.NOT_APPLICABLE
        return NoPercentage.NOT_REPORTED
    if len(values) > 1 and indicator is not None and indicator.aggregation not in ADDABLE:
        return NoPercentage.NOT_ADDABLE
    return sum(map(Fraction, values), Fraction(0))


def _row(
    code: str,
    indicator: Indicator | None,
    figures: list[Mapping[str, Any]],
    values: Mapping[str, Exact | NoPercentage],
    plan: Plan | None,
) -> Row:
    decimals = indicator.decimals if indicator else 6
    direction = Direction(indicator.direction) if indicator else Direction.HIGHER
    unit = indicator.unit if indicator else ""
    actual = _ratio(indicator, values) if _is_ratio(indicator) else values[code]
    share = percentage(actual, plan, direction)
    known = None if isinstance(actual, NoPercentage) else actual
    counted = [figure for figure in figures if figure["counts"]]
    qualifier, word = counted[0]["qualifier"] if len(counted) == 1 else (Qualifier.EXACT.value, "")
    return Row(
        code=code,
        name=indicator.name if indicator else code,
        unit=unit,
        value=_shown(actual, decimals, qualifier, word),
        plan=plan_amount(plan, decimals=decimals) if plan else "",
        percent="–" if isinstance(share, NoPercentage) else show_percent(share),
        words=attainment_phrase(
            share, actual=known, plan=plan, direction=direction, unit=unit, decimals=decimals
        ),
        note="; ".join(figure["note"] for figure in counted if figure["note"]),
        was_returned=any(figure.get("returned") for figure in figures),
    )


def _is_ratio(indicator: Indicator | None) -> bool:
    return indicator is not None and indicator.aggregation == Aggregation.RATIO


def _ratio(
    indicator: Indicator | None, values: Mapping[str, Exact | NoPercentage]
) -> Exact | NoPercentage:
    """A ratio is computed from the two frozen figures it is made of."""
    if indicator is None or indicator.numerator is None or indicator.denominator is None:
        return NoPercentage.NOT_REPORTED
    parts = [
        values.get(part.code, NoPercentage.NOT_REPORTED)
        for part in (indicator.numerator, indicator.denominator)
    ]
    numerator, denominator = (None if isinstance(part, NoPercentage) else part for part in parts)
    return ratio_of_sums(numerator, denominator, scale=indicator.ratio_scale or 1)


def _shown(actual: Exact | NoPercentage, decimals: int, qualifier: str, word: str) -> str:
    match actual:
        case NoPercentage.NOT_APPLICABLE:
            return FigureState.NOT_APPLICABLE.label
        case NoPercentage.NOT_ADDABLE:
            return "không cộng được"
        case NoPercentage():
            return FigureState.MISSING.label
        case 0:
            return "0"
        case _:
            return amount(actual, decimals=decimals, qualifier=Qualifier(qualifier), word=word)


# The history of a report


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a report's history: who did what, when and why."""

    at: datetime
    by: User
    what: str
    why: str = ""
    edition: int | None = None
    indicator: Indicator | None = None


def history_of(report: Report) -> list[Event]:
    """Return everything that happened to `report`, the latest first. Three queries."""
    moves = report.transitions.select_related("by")
    editions = report.editions.select_related("approved_by", "accepts__figure__indicator").defer(
        "content"
    )
    remarks = Remark.objects.filter(figure__report=report).select_related("by", "figure__indicator")
    # The edition of an approval says the same as the move that made it.
    approvals = {each.approved_at: each.number for each in editions if each.accepts_id is None}
    accepted = {each.accepts_id: each.number for each in editions if each.accepts_id is not None}
    events = [_of_move(move, approvals.get(move.at)) for move in moves]
    events += [_of_remark(remark, accepted.get(remark.pk)) for remark in remarks]
    return sorted(events, key=lambda event: event.at, reverse=True)


MOVE_WORDS = {
    "submitted": "Gửi duyệt",
    "approved": "Duyệt",
    "returned": "Trả lại báo cáo",
    "reopened": "Mở lại để đính chính",
}


def _of_move(move: Transition, edition: int | None) -> Event:
    what = MOVE_WORDS.get(move.to_state, move.get_to_state_display())
    return Event(
        move.at, move.by, what, move.reason, edition if move.to_state == "approved" else None
    )


REMARK_WORDS = {
    RemarkKind.RETURNED: "Trả lại một số liệu",
    RemarkKind.ANSWERED: "Sửa xong, gửi lại một số liệu",
    RemarkKind.ACCEPTED: "Chấp nhận một số liệu",
    RemarkKind.COMMENT: "Ý kiến về một số liệu",
}


def _of_remark(remark: Remark, edition: int | None) -> Event:
    why = remark.text
    if remark.proposed_state:
        value = remark.proposed_value
        proposed = remark.get_proposed_state_display() if value is None else show_number(value)
        why = f"{why} (đề nghị: {proposed})"
    return Event(
        remark.at,
        remark.by,
        REMARK_WORDS[RemarkKind(remark.kind)],
        why,
        edition,
        remark.figure.indicator,
    )

"""From figures to the answer of a leaf, on each layer: docs/attainment.md, sections 1 and 2.

Numbers are whole millionths of the indicator's unit: the database keeps six decimals, and
integers add up exactly.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Context, Decimal
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from programs.models import Program
from programs.models.indicator import Aggregation, EntryMode
from reports.attainment.verify.ground import A_DAY, Ground
from reports.models import Figure, FigureNature, FigureState, Layer, Report, ReportState

MILLION = 1_000_000
_WIDE = Context(prec=60)  # wider than any column: nothing is rounded on the way

# Figures of one part of a unit: its organisation and its activity, both None for the whole.
Part = tuple[int | None, int | None]
Parts = dict[Part, int | None]  # None: «không áp dụng»; «chưa báo cáo» is not in it
PartsOfUnits = defaultdict[int, defaultdict[int, Parts]]  # by unit and leaf
WHOLE: Part = (None, None)

AN_ANSWER = frozenset({FigureState.REPORTED, FigureState.ZERO, FigureState.NOT_APPLICABLE})
PROVISIONAL = (Layer.SUBMITTED.value, Layer.ESTIMATE.value)


class Answer(NamedTuple):
    """What one unit answered for one leaf: the work done from `since` to the leaf's end."""

    applicable: bool
    value: int | None  # of a ratio its numerator
    since: date
    over: int | None = None  # of a ratio its denominator


Answers = dict[int, Answer]  # by leaf
Changes = dict[int, Answer | None]  # by leaf; None: an official answer that was taken back


@dataclass(slots=True)
class Layers:
    """The official answers of one indicator by unit, and what differs from them elsewhere."""

    official: dict[int, Answers] = field(default_factory=dict)
    changes: dict[str, dict[int, Changes]] = field(
        default_factory=lambda: {layer: {} for layer in PROVISIONAL}
    )

    def on(self, layer: str, unit: int) -> Answers:
        """The answers of a unit as they are on `layer`."""
        official = self.official.get(unit, {})
        if layer == Layer.OFFICIAL:
            return official
        merged = {**official, **self.changes[layer].get(unit, {})}
        return {leaf: answer for leaf, answer in merged.items() if answer is not None}

    def put(self, layer: str, unit: int, answers: Answers) -> None:
        """Keep, of the unit's answers on `layer`, those that differ from the official ones."""
        official = self.official.get(unit, {})
        changes: Changes = {
            leaf: answers.get(leaf)
            for leaf in {**official, **answers}
            if answers.get(leaf) != official.get(leaf)
        }
        if changes:
            self.changes[layer][unit] = changes


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of one indicator in one program, part by part."""

    official: PartsOfUnits = field(default_factory=lambda: defaultdict(_no_leaves))
    typed: PartsOfUnits = field(default_factory=lambda: defaultdict(_no_leaves))
    estimates: PartsOfUnits = field(default_factory=lambda: defaultdict(_no_leaves))


def _no_leaves() -> defaultdict[int, Parts]:
    return defaultdict(dict)


def millionths(value: Decimal) -> int:
    return int(_WIDE.scaleb(value, 6))


def sent_reports(program: Program) -> dict[int, tuple[int, int]]:
    """Unit and leaf of every report that is sent and not yet approved."""
    reports = Report.objects.filter(program=program, state=ReportState.SUBMITTED).order_by()
    return {
        pk: (unit, leaf) for pk, unit, leaf in reports.values_list("pk", "province_id", "period_id")
    }


def figures_by_indicator(
    ground: Ground, sent: Collection[int], indicators: Collection[int] | None
) -> Iterator[tuple[int, Figures]]:
    """Every figure of the program's units; one indicator's are in memory at a time."""
    figures = Figure.objects.filter(program=ground.program, province__in=ground.members)
    if indicators is not None:
        figures = figures.filter(indicator__in=indicators)
    rows = (
        figures.order_by("indicator_id")
        .values_list(
            "indicator_id",
            "province_id",
            "period_id",
            "unit_id",
            "activity_id",
            "report_id",
            "nature",
            "state",
            "value",
            "approved_state",
            "approved_value",
        )
        .iterator(chunk_size=10_000)
    )
    for indicator, group in groupby(rows, key=itemgetter(0)):
        yield indicator, _gathered(group, sent)


def _gathered(rows: Iterator[tuple[Any, ...]], sent: Collection[int]) -> Figures:
    """Approved states are empty on what does not count; a sent report is as it was typed."""
    figures = Figures()
    for _, unit, leaf, body, activity, report, nature, state, value, approved, officially in rows:
        part = (body, activity)
        is_sent = report in sent
        if nature == FigureNature.ESTIMATE:
            counts, number = (state, value) if is_sent else (approved, officially)
            if counts in AN_ANSWER:
                figures.estimates[unit][leaf][part] = millionths_or_none(number)
            continue
        if approved in AN_ANSWER:
            figures.official[unit][leaf][part] = millionths_or_none(officially)
        if is_sent and state in AN_ANSWER:
            figures.typed[unit][leaf][part] = millionths_or_none(value)
    return figures


def millionths_or_none(value: Decimal | None) -> int | None:
    return None if value is None else millionths(value)


def answers_on_layers(
    figures: Figures,
    *,
    aggregation: str,
    entry_mode: str,
    sent: Collection[tuple[int, int]],
    ground: Ground,
) -> Layers:
    """Return the answers of one indicator, which is not a ratio, on every layer."""

    def answers(unit: int, parts: dict[int, Parts]) -> Answers:
        if entry_mode == EntryMode.CUMULATIVE:
            return _work_since_before(unit, parts, ground)
        adds_up = aggregation in (Aggregation.FLOW, Aggregation.STOCK)
        return {
            leaf: _answer(parts[leaf], dates.starts_on, adds_up=adds_up)
            for leaf, dates in ground.leaves.items()
            if parts.get(leaf)
        }

    layers = Layers()
    for unit, parts in figures.official.items():
        if official := answers(unit, parts):
            layers.official[unit] = official

    for unit in {unit for unit, _ in sent}:
        as_sent = dict(figures.official.get(unit, {}))
        for leaf in (leaf for sender, leaf in sent if sender == unit):
            as_sent[leaf] = _that_count(figures.typed[unit][leaf])
        layers.put(Layer.SUBMITTED, unit, answers(unit, as_sent))

    for unit, estimates in figures.estimates.items():
        final = {leaf: parts for leaf, parts in figures.official.get(unit, {}).items() if parts}
        estimated = {leaf: _that_count(parts) for leaf, parts in estimates.items()}
        layers.put(Layer.ESTIMATE, unit, answers(unit, estimated | final))
    return layers


def _that_count(parts: Parts) -> Parts:
    """Of the whole, organisations and activities the first level that has an answer."""
    whole = {part: value for part, value in parts.items() if part == WHOLE}
    bodies = {part: value for part, value in parts.items() if part != WHOLE and part[1] is None}
    return whole or bodies or parts


def _answer(parts: Parts, since: date, *, adds_up: bool) -> Answer:
    values = [value for value in parts.values() if value is not None]
    if not values:
        return Answer(False, None, since)
    return Answer(True, sum(values) if adds_up else parts.get(WHOLE), since)


def _work_since_before(unit: int, parts_of: dict[int, Parts], ground: Ground) -> Answers:
    """Take «lũy kế từ đầu năm» apart: each part less what it was before in the same year."""
    answers: Answers = {}
    before: dict[tuple[int, Part], tuple[int, date]] = {}
    formed = ground.first_leaf_start(unit)
    for leaf, dates in ground.leaves.items():
        parts = parts_of.get(leaf)
        if not parts:
            continue
        work, since = [], dates.ends_on
        for part, to_date in parts.items():
            if to_date is None:
                continue
            start = max(ground.year_starts[dates.year], formed)
            earlier, done_since = before.get((dates.year, part), (0, start))
            work.append(to_date - earlier)
            since = min(since, done_since)
            before[dates.year, part] = (to_date, dates.ends_on + A_DAY)
        answers[leaf] = (
            Answer(True, sum(work), since) if work else Answer(False, None, dates.starts_on)
        )
    return answers


def ratio_on_layers(numerator: Layers, denominator: Layers) -> Layers:
    """Return the answers of a ratio, made of those of its two parts.

    On other layers a leaf differs where a part does, whatever that makes of the ratio, if it has
    both parts there or officially.
    """
    ratio = Layers()
    for unit in numerator.official.keys() & denominator.official.keys():
        if official := _ratios(numerator.official[unit], denominator.official[unit]):
            ratio.official[unit] = official
    for layer in PROVISIONAL:
        above, below = numerator.changes[layer], denominator.changes[layer]
        for unit in {**above, **below}:
            on_layer = numerator.on(layer, unit), denominator.on(layer, unit)
            have_both = on_layer[0].keys() & on_layer[1].keys()
            have_both |= (
                numerator.official.get(unit, {}).keys() & denominator.official.get(unit, {}).keys()
            )
            ratios = _ratios(*on_layer)
            leaves = have_both & (above.get(unit, {}).keys() | below.get(unit, {}).keys())
            if leaves:
                ratio.changes[layer][unit] = {leaf: ratios.get(leaf) for leaf in leaves}
    return ratio


def _ratios(above: Answers, below: Answers) -> Answers:
    """The leaves for which both were answered, and neither or both are «không áp dụng»."""
    return {
        leaf: Answer(
            over.applicable, above[leaf].value, min(above[leaf].since, over.since), over.value
        )
        for leaf, over in below.items()
        if leaf in above and above[leaf].applicable == over.applicable
    }

"""The proof: every stored row of a program against the same row computed a second time.

Input is what was typed and promised, and the lineage; nothing that the engine computed, and no
rule of its modules (import-linter sees to that).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, Q, QuerySet

from programs.models import Indicator, Program, Target
from programs.models.indicator import Aggregation
from reports.attainment.verify.answers import (
    Layers,
    answers_on_layers,
    figures_by_indicator,
    ratio_on_layers,
    sent_reports,
)
from reports.attainment.verify.cells import Doings, Rule
from reports.attainment.verify.ground import Ground, ground_of
from reports.attainment.verify.promises import versions_of
from reports.attainment.verify.recounts import NO_RECORDS, approved_reports, records_of
from reports.attainment.verify.rows import Cell, Row, rows_of
from reports.attainment.verify.stored import (
    Difference,
    differences_between,
    rows_of_nothing,
    stored_rows,
)
from reports.models import Attainment, RecomputeMark

KEPT = 10_000  # differences kept word for word; all are counted


@dataclass(slots=True)
class Verified:
    """One program: how many cells were compared, how many differ, and in what.

    Where marks are waiting the rows are known to be old: nothing was compared.
    """

    program: Program
    marks_waiting: int = 0
    cells: int = 0
    cells_differing: int = 0
    found: int = 0  # differences: a column each, or a whole row
    differences: list[Difference] = field(default_factory=list)

    def add(self, difference: Difference) -> None:
        self.found += 1
        if len(self.differences) < KEPT:
            self.differences.append(difference)


@contextmanager
def one_snapshot() -> Iterator[None]:
    """Everything read inside belongs to one moment. Inside a transaction, to the caller's."""
    is_outermost = not connection.in_atomic_block
    with transaction.atomic():
        if is_outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def verify(
    programs: Iterable[Program] | None = None, *, indicators: Collection[int] | None = None
) -> Iterator[Verified]:
    """Compare the programs (all by default) one after another. Call inside one_snapshot().

    `indicators` narrows it to some, by key. A program for which marks are waiting is not
    compared: its rows are about to change.
    """
    for program in Program.objects.order_by("code") if programs is None else programs:
        marks = RecomputeMark.objects.filter(Q(program=program) | Q(program=None)).count()
        verified = Verified(program, marks_waiting=marks)
        if not marks:
            _compare(verified, indicators)
        yield verified


def differences_of(program: Program) -> list[Difference]:
    """What differs in one program, even where marks are waiting."""
    verified = Verified(program)
    _compare(verified, None)
    return verified.differences


def recomputed_rows(program: Program, indicator: Indicator) -> dict[Cell, Row]:
    """The rows of one indicator as they ought to be."""
    return dict(_recomputed(program, ground_of(program), {indicator.pk})).get(indicator, {})


def _compare(verified: Verified, indicators: Collection[int] | None) -> None:
    program = verified.program
    ground = ground_of(program)
    for indicator, recomputed in _recomputed(program, ground, indicators):
        stored = stored_rows(program, indicator.pk)
        cells = stored.keys() | recomputed.keys()
        verified.cells += len(cells)
        if stored == recomputed:
            continue
        verified.cells_differing += sum(stored.get(cell) != recomputed.get(cell) for cell in cells)
        for difference in differences_between(stored, recomputed, indicator, ground):
            verified.add(difference)
    if indicators is None:
        _find_rows_of_nothing(verified)


def _find_rows_of_nothing(verified: Verified) -> None:
    """Rows of an indicator that is not there any more (rows have no foreign keys)."""
    left = Attainment.objects.filter(program=verified.program).exclude(
        indicator__in=Indicator.objects.values("pk")
    )
    for indicator, rows in left.order_by().values_list("indicator").annotate(Count("pk")):
        verified.cells += rows
        verified.cells_differing += rows
        verified.add(rows_of_nothing(verified.program, indicator, rows))


def _recomputed(
    program: Program, ground: Ground, indicators: Collection[int] | None
) -> Iterator[tuple[Indicator, dict[Cell, Row]]]:
    """Each indicator with its rows: first those that have figures, in one pass over these."""
    catalogue = Indicator.objects.in_bulk()
    wanted = set(catalogue) if indicators is None else set(indicators)
    ratios = [each for each in catalogue.values() if each.numerator_id and each.pk in wanted]
    halves = {half for each in ratios for half in (each.numerator_id, each.denominator_id)}
    layers_of_halves: dict[int | None, Layers] = defaultdict(Layers)
    sent = sent_reports(program)
    approved = approved_reports(program)

    def rows(indicator: Indicator, layers: Layers) -> dict[Cell, Row]:
        is_distinct = indicator.aggregation == Aggregation.DISTINCT
        doings = Doings(
            _rule(indicator, catalogue),
            ground,
            layers,
            records_of(program, indicator, approved, ground) if is_distinct else NO_RECORDS,
        )
        return rows_of(doings, versions_of(ground, indicator.pk), indicator.direction)

    done = set()
    read = None if indicators is None else wanted | halves
    for pk, figures in figures_by_indicator(ground, sent, read):
        indicator = catalogue[pk]
        layers = answers_on_layers(
            figures,
            aggregation=indicator.aggregation,
            entry_mode=indicator.entry_mode,
            sent=sent.values(),
            ground=ground,
        )
        if pk in halves:
            layers_of_halves[pk] = layers
        if pk in wanted:
            done.add(pk)
            yield indicator, rows(indicator, layers)

    for pk in sorted((wanted & _without_figures(program, catalogue)) - done):
        indicator = catalogue[pk]
        numerator = layers_of_halves[indicator.numerator_id]
        denominator = layers_of_halves[indicator.denominator_id]
        yield indicator, rows(indicator, ratio_on_layers(numerator, denominator))


def _without_figures(program: Program, catalogue: dict[int, Indicator]) -> set[int]:
    """Indicators that may have rows though nothing was typed for them."""
    return {
        *_indicators(Target.objects.filter(program=program)),
        *_indicators(Attainment.objects.filter(program=program)),
        *(pk for pk, each in catalogue.items() if each.numerator_id),
        *(pk for pk, each in catalogue.items() if each.aggregation == Aggregation.DISTINCT),
    } & set(catalogue)


def _indicators(rows: QuerySet[Any]) -> Iterator[int]:
    # Without a default ordering, which would make every row distinct.
    return rows.order_by().values_list("indicator_id", flat=True).distinct().iterator()


def _rule(indicator: Indicator, catalogue: dict[int, Indicator]) -> Rule:
    kind = indicator.aggregation
    if indicator.numerator_id is not None:
        kind = catalogue[indicator.numerator_id].aggregation
    return Rule(
        adds_up=indicator.aggregation in (Aggregation.FLOW, Aggregation.STOCK),
        is_ratio=indicator.aggregation == Aggregation.RATIO,
        of_last_leaf=kind == Aggregation.STOCK,
        scale=indicator.ratio_scale or 1,
    )

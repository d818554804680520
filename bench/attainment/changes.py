"""P3 and P4: one figure changed, and one province's whole monthly report."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from random import Random
from statistics import median
from typing import Any

from django.db import connection

from bench.attainment.corrections import (
    approve_all,
    approve_one,
    random_figures,
    type_corrections,
)
from bench.attainment.findings import Finding
from bench.attainment.nation import Size
from bench.attainment.timing import in_words, percentile, seconds_of
from programs.models import Program
from reports.attainment.recompute import recompute_marked
from reports.models import Figure, Report

TRANSACTION_CONTROL = ("SAVEPOINT", "RELEASE", "ROLLBACK")
PREPARE = "PREPARE"

WARMING_UP = 30  # changes before the first measured one: a worker keeps its connection


@dataclass
class OneChange:
    """Seconds of each bare save, of each save with its recomputing, and statements of the latter.

    Both speak of the same rows. The statements are those of the save and of the recomputing;
    savepoints are counted apart, BEGIN and COMMIT not at all, nor what a connection prepares
    once for all its changes.
    """

    bare: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)
    recomputing: list[float] = field(default_factory=list)  # the second part of whole
    statements: list[int] = field(default_factory=list)
    savepoints: list[int] = field(default_factory=list)

    def findings(self, size: Size, *, beside: dict[str, OneChange]) -> Iterator[Finding]:
        """`beside` holds the sizes measured so far, this one as the last."""
        p95, bare_p95 = percentile(self.whole, 0.95), percentile(self.bare, 0.95)
        fewest, most = min(self.statements), max(self.statements)
        yield Finding(
            "P3",
            size.name,
            "one figure changed: statements, the save's included",
            f"{fewest}" if fewest == most else f"{fewest} to {most}",
            f"{max(self.savepoints)} savepoint statements",
            most,
            at_most=8,
        )
        yield Finding(
            "P3",
            size.name,
            f"saved and recomputed, p95 of {len(self.whole)}",
            f"{in_words(p95)} (p50 {in_words(median(self.whole))})",
            f"bare save {in_words(bare_p95)} (p50 {in_words(median(self.bare))})",
            p95 / bare_p95,
            at_most=2.5,
        )
        smallest = next(iter(beside))
        if size.name != smallest:
            before = percentile(beside[smallest].whole, 0.95)
            yield Finding(
                "P3",
                size.name,
                f"the same beside size {smallest}",
                in_words(p95),
                in_words(before),
                p95 / before,
                at_most=1.3,
            )


def measure_one_change(*, changes: int) -> OneChange:
    """Save and recompute random figures one at a time, each beside a bare save of its own row."""
    found = OneChange()
    for pk in random_figures(WARMING_UP, seed=2):
        approve_one(_corrected(pk))
        recompute_marked()
    for pk in random_figures(changes, seed=3):
        figure = _corrected(pk)
        found.bare.append(seconds_of(partial(approve_one, figure)))
        recompute_marked()

        figure = _corrected(pk)
        with _statements() as statements:
            saving = seconds_of(partial(approve_one, figure))
            found.recomputing.append(seconds_of(recompute_marked))
        found.whole.append(saving + found.recomputing[-1])
        savepoints = [sql for sql in statements if sql.startswith(TRANSACTION_CONTROL)]
        prepared = [sql for sql in statements if sql.startswith(PREPARE)]
        found.savepoints.append(len(savepoints))
        found.statements.append(len(statements) - len(savepoints) - len(prepared))
    return found


def _corrected(pk: int) -> Figure:
    type_corrections([pk])
    return Figure.objects.get(pk=pk)


@contextmanager
def _statements() -> Iterator[list[str]]:
    """Collect the text of every statement of the connection meanwhile."""
    seen: list[str] = []

    def note(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        seen.append(sql.lstrip())
        return execute(sql, *rest)

    with connection.execute_wrapper(note):
        yield seen


@dataclass
class OneReport:
    """Seconds to recompute whole reports, at once and indicator by indicator."""

    cells: int = 0
    at_once: list[float] = field(default_factory=list)
    one_by_one: list[float] = field(default_factory=list)

    def findings(self, size: Size) -> Iterator[Finding]:
        at_once, one_by_one = median(self.at_once), median(self.one_by_one)
        yield Finding(
            "P4",
            size.name,
            f"one report changed, {self.cells} cells recomputed at once",
            in_words(at_once),
            f"one by one {in_words(one_by_one)}",
            at_once / one_by_one,
            at_most=1 / 8,
        )


def measure_one_report(program: Program, *, reports: int) -> OneReport:
    """Correct every figure of random reports; a cell is one indicator there."""
    found = OneReport()
    every = list(Report.objects.filter(program=program).order_by("pk"))
    for report in Random(4).sample(every, reports):
        cells: dict[int, list[int]] = {}
        for indicator, pk in report.figures.filter(state="reported").values_list("indicator", "pk"):
            cells.setdefault(indicator, []).append(pk)
        every_figure = [pk for figures in cells.values() for pk in figures]
        found.cells = len(cells)

        type_corrections(every_figure)
        approve_all(every_figure)
        found.at_once.append(seconds_of(recompute_marked))

        type_corrections(every_figure)
        seconds = 0.0
        for figures in cells.values():
            approve_all(figures)
            seconds += seconds_of(recompute_marked)
        found.one_by_one.append(seconds)
    return found

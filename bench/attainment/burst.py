"""P5: many people write at once while one worker drains."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection

from bench.attainment.child import Child, ChildFailed, Found
from bench.attainment.corrections import random_figures, type_corrections
from bench.attainment.findings import Finding
from bench.attainment.nation import Size
from bench.attainment.rebuilds import NotSettled, rebuild_unchanged
from bench.attainment.timing import in_words
from reports.models import RecomputeMark


@dataclass(frozen=True)
class Burst:
    """Saves a second without a worker, marks a second of one worker alone, and both together."""

    writers: int
    saves: int
    written_a_second: float
    drained_a_second: float
    writes_alone: float  # seconds
    all_visible: float  # seconds, from the first write to the last recomputed row
    failures: list[str]

    def findings(self, size: Size) -> Iterator[Finding]:
        yield Finding(
            "P5",
            size.name,
            f"one worker drains, {self.saves} marks",
            f"{self.drained_a_second:.0f}/s",
            f"{self.writers} writers {self.written_a_second:.0f}/s",
            self.drained_a_second / self.written_a_second,
            at_least=1,
        )
        yield Finding(
            "P5",
            size.name,
            "written and all visible, worker beside the writers",
            in_words(self.all_visible),
            f"the writes alone {in_words(self.writes_alone)}",
            self.all_visible / self.writes_alone,
            at_most=1.5,
        )
        yield Finding(
            "P5",
            size.name,
            "dead-locks, lost marks, errors",
            f"{len(self.failures)}",
            "; ".join(self.failures),
            len(self.failures),
            at_most=0,
        )


def measure_burst(*, writers: int, saves_each: int) -> Burst:
    """Write the burst twice: with nobody draining, then beside one worker.

    Afterwards nothing may be marked, and a full rebuild may change nothing.
    """
    figures = random_figures(2 * writers * saves_each, seed=5)
    type_corrections(figures)
    deadlocks_before = _deadlocks()

    alone = _write(figures[::2], writers=writers)
    drained = _drain()
    worker = Child.start("drain")
    worker.begin()
    beside = _write(figures[1::2], writers=writers)
    settled = worker.finish()

    return Burst(
        writers=writers,
        saves=len(figures) // 2,
        written_a_second=len(figures) // 2 / alone.seconds,
        drained_a_second=drained["taken"] / (drained["ended"] - drained["begun"]),
        writes_alone=alone.seconds,
        all_visible=max(settled["ended"], beside.ended) - beside.begun,
        failures=[*alone.failures, *beside.failures, *_faults_since(deadlocks_before)],
    )


@dataclass(frozen=True)
class Written:
    begun: float
    ended: float
    failures: list[str]

    @property
    def seconds(self) -> float:
        return self.ended - self.begun


def _write(figures: list[int], *, writers: int) -> Written:
    """Let the writers save `figures` at once, each its own share."""
    children = [Child.start("save", figures=figures[turn::writers]) for turn in range(writers)]
    for child in children:
        child.begin()
    found: list[Found] = []
    failures = []
    for child in children:
        try:
            found.append(child.finish())
        except ChildFailed as failure:
            failures.append(str(failure).strip().splitlines()[-1])
    return Written(
        begun=min(each["begun"] for each in found),
        ended=max(each["ended"] for each in found),
        failures=failures,
    )


def _drain() -> Found:
    worker = Child.start("drain")
    worker.begin()
    return worker.finish()


def _faults_since(deadlocks_before: int) -> Iterator[str]:
    if deadlocks := _deadlocks() - deadlocks_before:
        yield f"{deadlocks} dead-locks"
    if marks := RecomputeMark.objects.count():
        yield f"{marks} marks are left"
    try:
        rebuild_unchanged()
    except NotSettled as lost:
        yield f"lost: {lost} in a full rebuild"


def _deadlocks() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        (deadlocks,) = cursor.fetchone()
        return int(deadlocks)

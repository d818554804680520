"""P1, P2 and P7: everything computed anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

from django.db import connection

from bench.attainment.child import Child
from bench.attainment.databases import vacuum
from bench.attainment.findings import Finding
from bench.attainment.floors import measure_floor
from bench.attainment.nation import Size
from bench.attainment.timing import in_words, seconds_of
from programs.models import Program
from reports.attainment.recompute import recompute_all

COMPUTED = (
    "reports_attainment",
    "reports_leafsum",
    "reports_officialplan",
    "reports_span",
    "reports_expectation",
)


class NotSettled(Exception):
    """A rebuild of what was just built found rows to change."""


@dataclass(frozen=True)
class Rebuilds:
    """Medians in seconds, of floors and rebuilds by turns."""

    floor: float
    province_by_month: float
    into_empty: float
    nothing_changed: float

    def findings(self, size: Size) -> Iterator[Finding]:
        for goal, what, seconds, at_most in (
            ("P1", "full rebuild, nothing changed", self.nothing_changed, 1.8),
            ("P2", "full build into an empty result", self.into_empty, 2.7),
        ):
            yield Finding(
                goal,
                size.name,
                what,
                in_words(seconds),
                f"floor {in_words(self.floor)}",
                seconds / self.floor,
                at_most=at_most,
            )
            yield Finding(
                goal,
                size.name,
                "the same",
                in_words(seconds),
                f"province × month alone {in_words(self.province_by_month)}",
                seconds / self.province_by_month,
            )


def measure_rebuilds(program: Program, *, rounds: int) -> Rebuilds:
    """Build into empty tables, rebuild, `rounds` times, with a floor before each."""
    floors, into_empty, nothing_changed = [], [], []
    for _ in range(rounds):
        floors.append(measure_floor(program))
        truncate_computed()
        into_empty.append(seconds_of(recompute_all))
        vacuum(*COMPUTED)

        floors.append(measure_floor(program))
        nothing_changed.append(seconds_of(rebuild_unchanged))
        vacuum(*COMPUTED)
    return Rebuilds(
        floor=median(floor.whole for floor in floors),
        province_by_month=median(floor.province_by_month for floor in floors),
        into_empty=median(into_empty),
        nothing_changed=median(nothing_changed),
    )


def rebuild_unchanged() -> None:
    """Rebuild everything. Raises NotSettled if that changes a row."""
    run = recompute_all()
    if run is None or run.rows_changed:
        raise NotSettled(f"{run.rows_changed if run else 'no'} rows changed")


def truncate_computed() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(COMPUTED)}")


def measure_memory() -> float:
    """Return the peak memory in MB of a process that rebuilds everything."""
    child = Child.start("rebuild")
    child.begin()
    return child.finish()["peak_megabytes"]


def memory_findings(size: Size, megabytes: dict[str, float]) -> Iterator[Finding]:
    """`megabytes` holds the sizes measured so far, `size` as the last."""
    smallest, peak = next(iter(megabytes)), megabytes[size.name]
    compares = size.name != smallest
    yield Finding(
        "P7",
        size.name,
        "peak memory of a process that rebuilds",
        f"{peak:.0f} MB",
        f"size {smallest} {megabytes[smallest]:.0f} MB",
        peak / megabytes[smallest],
        at_least=0.8 if compares else None,
        at_most=1.2 if compares else None,
    )

"""`./kc bench attainment`: the goals of the engine, each a ratio within this run."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic

from django.core.management import CommandError, call_command

from bench.attainment.burst import measure_burst
from bench.attainment.changes import OneChange, measure_one_change, measure_one_report
from bench.attainment.databases import NotSuperuser, drop_template, filled_database
from bench.attainment.findings import Finding, print_table
from bench.attainment.machine import contents, machine
from bench.attainment.nation import PROGRAM, SIZES, Size
from bench.attainment.rebuilds import measure_memory, measure_rebuilds, memory_findings
from bench.attainment.straightforward import measure_straightforward
from programs.models import Program

PARTS = ("rebuilds", "changes", "burst", "straightforward", "memory")


@dataclass(frozen=True)
class Effort:
    """How often each thing is measured: enough for a steady median, ten minutes in all."""

    rounds: int
    changes: int
    reports: int
    writers: int
    saves_each: int
    events: int
    sample: Sequence[int] = ()  # positions of the indicators of the straightforward rebuild


A_TENTH = (1, 12, 23, 34, 48, 55)  # of sixty: four flows, a stock, a ratio
EFFORTS = {
    "XS": Effort(1, changes=2, reports=1, writers=2, saves_each=2, events=1, sample=(48,)),
    "S": Effort(5, changes=200, reports=5, writers=8, saves_each=500, events=20, sample=A_TENTH),
    "M": Effort(3, changes=200, reports=3, writers=8, saves_each=500, events=0),
}


@dataclass
class Bench:
    """One run over one size or two. The second compares itself with the first."""

    parts: Sequence[str]
    findings: list[Finding] = field(default_factory=list)
    one_change: dict[str, OneChange] = field(default_factory=dict)
    megabytes: dict[str, float] = field(default_factory=dict)

    def measure(self, size: Size) -> None:
        """Measure every part on the filled database that the connection leads to."""
        program = Program.objects.select_related("stage").get(code=PROGRAM)
        effort = EFFORTS[size.name]
        for part in self.parts:
            with step(f"{size.name}: {part}"):
                self.findings += self._findings_of(part, size, program, effort)

    def _findings_of(
        self, part: str, size: Size, program: Program, effort: Effort
    ) -> Iterator[Finding]:
        match part:
            case "rebuilds":
                yield from measure_rebuilds(program, rounds=effort.rounds).findings(size)
            case "changes":
                one = self.one_change[size.name] = measure_one_change(changes=effort.changes)
                yield from one.findings(size, beside=self.one_change)
                report = measure_one_report(program, reports=effort.reports)
                yield from report.findings(size)
            case "burst":
                burst = measure_burst(writers=effort.writers, saves_each=effort.saves_each)
                yield from burst.findings(size)
            case "straightforward" if effort.sample:  # not at size M: it would take hours
                both = measure_straightforward(
                    program, sample=effort.sample, events=effort.events, rounds=effort.rounds
                )
                yield from both.findings(size)
            case "memory":
                self.megabytes[size.name] = measure_memory()
                yield from memory_findings(size, self.megabytes)


@contextmanager
def step(text: str) -> Iterator[None]:
    begun = monotonic()
    print(f"{text} …", end="", flush=True)
    yield
    print(f" {monotonic() - begun:.0f} s")


def arguments(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./kc bench attainment", description=__doc__)
    parser.add_argument("--size", choices=("XS", "S", "M", "SM"), default="SM")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, metavar="PART")
    parser.add_argument("--keep", action="store_true", help="leave the databases, and reuse them")
    parser.add_argument("--strict", action="store_true", help="fail if a goal is missed")
    parser.add_argument("--verify", action="store_true", help="prove every row afterwards")
    return parser.parse_args(words)


def main(words: Sequence[str]) -> int:
    options = arguments(words)
    bench = Bench(options.only)
    for line in machine():
        print(line)
    if not options.keep:
        drop_template()  # of a run that was killed
    try:
        for name in ("S", "M") if options.size == "SM" else (options.size,):
            size = SIZES[name]
            with filled_database(size, keep=options.keep, step=step):
                bench.measure(size)
                print(contents(size))
                if options.verify:
                    call_command("verify_attainment")
    except NotSuperuser as refusal:
        print(refusal, file=sys.stderr)
        return 2
    except CommandError as differences:
        print(differences, file=sys.stderr)
        return 1
    finally:
        if not options.keep:
            drop_template()
    print()
    print_table(sorted(bench.findings, key=lambda finding: finding.goal))
    return int(options.strict and any(finding.is_missed for finding in bench.findings))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""What a run found out, and whether that meets a goal. A goal is a ratio, so it holds anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One line of the table. Without `at_most` and `at_least` it only informs."""

    goal: str
    size: str
    what: str
    measured: str
    beside: str
    ratio: float
    at_most: float | None = None
    at_least: float | None = None

    @property
    def is_missed(self) -> bool:
        return (self.at_most is not None and self.ratio > self.at_most) or (
            self.at_least is not None and self.ratio < self.at_least
        )

    @property
    def verdict(self) -> str:
        if self.at_most is None and self.at_least is None:
            return ""
        return "MISSED" if self.is_missed else "met"

    @property
    def limit(self) -> str:
        limits = [
            f"{sign} {limit:g}"
            for sign, limit in (("≥", self.at_least), ("≤", self.at_most))
            if limit is not None
        ]
        return ", ".join(limits)

    def cells(self) -> tuple[str, ...]:
        return (
            self.goal,
            self.size,
            self.what,
            self.measured,
            self.beside,
            f"{self.ratio:.3g}" if self.ratio < 1000 else f"{self.ratio:.0f}",
            self.limit,
            self.verdict,
        )


HEAD = ("goal", "size", "what", "measured", "beside", "ratio", "limit", "verdict")


def print_table(findings: Sequence[Finding]) -> None:
    rows = [HEAD, *(finding.cells() for finding in findings)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    for row in rows:
        cells = (text.ljust(width) for text, width in zip(row, widths, strict=True))
        print("  ".join(cells).rstrip())

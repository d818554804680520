"""Seconds and what is said about many of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil
from time import perf_counter


def seconds_of(work: Callable[[], object]) -> float:
    begun = perf_counter()
    work()
    return perf_counter() - begun


def percentile(seconds: Sequence[float], share: float) -> float:
    """Return the smallest measured time that `share` (0.95) of all do not exceed."""
    return sorted(seconds)[ceil(share * len(seconds)) - 1]


def in_words(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.1f} ms"

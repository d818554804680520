"""Pieces of SQL text that several statements share. Constants only: no value comes in here."""

from __future__ import annotations

from collections.abc import Iterable


def columns(table: str, names: Iterable[str]) -> str:
    """«stored.state, stored.value»; without a table, «state, value»."""
    prefix = f"{table}." if table else ""
    return ", ".join(f"{prefix}{name}" for name in names)


# Joins the year (named part `year`) of a to-date period (`period`): one that begins with the
# year. Neither the year itself nor a stage has one.
OF_YEAR = """
        ON year.calendar = period.calendar AND year.kind = 'year'
        AND year.year = period.year AND year.starts_on = period.starts_on
        AND period.kind NOT IN ('year', 'stage')"""

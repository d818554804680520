"""The end of a statement that adds up: only rows that differ from the stored ones are written.

Reading and adding up is cheap, writing unchanged rows is what costs (`./kc bench attainment`).
"""

from __future__ import annotations

from reports.attainment.sql import columns

KEY = ("indicator_id", "period_id", "scope", "province_id", "region", "layer")
SUMS = ("actual", "no_actual", "numerator", "denominator")
COVERAGE = (
    "units_expected",
    "units_reported",
    "leaves_expected",
    "leaves_reported",
    "leaves_unexpected",
    "leaves_provisional",
    "units_complete",
    "units_unplanned",
    "units_unplanned_in_year",
    "parts_planned",
    "complete_planned",
    "complete_actual",
)


def key(table: str) -> str:
    """What a row of `table` is a row of, as columns that can be compared."""
    return f"""
            {table}.indicator_id, {table}.period_id, {table}.scope,
            coalesce({table}.province_id, 0), {table}.region, {table}.layer"""


def differs(one: str, other: str) -> str:
    """Whether the sums of two rows differ."""
    return f"({_compared(one)}) IS DISTINCT FROM ({_compared(other)})"


def _compared(table: str) -> str:
    # The value of a ratio is a division and so not ours (judging.py): its sums are compared.
    return f"""
            CASE WHEN {table}.numerator IS NULL THEN {table}.actual END,
            CASE WHEN {table}.numerator IS NULL THEN {table}.no_actual END,
            {columns(table, ("numerator", "denominator", *COVERAGE))}"""


def replace_rows(stored: str) -> str:
    """Make the rows that `stored` selects those of the named part `fresh`.

    Answers with one row: how many rows `fresh` has, and the primary keys of those written.
    """
    content = (*SUMS, *COVERAGE)
    return f"""
stored AS ({stored}),
gone AS (
    DELETE FROM reports_attainment WHERE id IN (
        SELECT stored.id FROM stored LEFT JOIN fresh ON ({key("fresh")}) = ({key("stored")})
        WHERE fresh.layer IS NULL
    )
    RETURNING id
),
written AS (
    INSERT INTO reports_attainment AS row
        (program_id, {columns("", (*KEY, *content))}, reason, standing, year_reason)
    SELECT %(program)s, {columns("fresh", (*KEY, *content))}, 'no_target', 'unknown', ''
    FROM fresh LEFT JOIN stored ON ({key("stored")}) = ({key("fresh")})
    WHERE stored.id IS NULL OR {differs("stored", "fresh")}
    ON CONFLICT (program_id, indicator_id, period_id, scope, province_id, region, layer)
    DO UPDATE SET ({columns("", content)}, computed_at)
        = ({columns("excluded", content)}, statement_timestamp())
    RETURNING id
)
SELECT (SELECT count(*) FROM fresh), (SELECT count(*) FROM gone),
       (SELECT array_agg(id) FROM written)"""

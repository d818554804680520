"""From figures to leaves: one value for each indicator, unit and leaf, on every layer.

The rules are in docs/attainment.md, section 2. Only leaves that differ from what is stored are
written, and only they go on: a draft that nobody has sent changes no leaf.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from django.db import connection

from reports.attainment.prepared import execute
from reports.attainment.sql import columns
from reports.attainment.touched import Cell, Needs, Parameters, needs_of


class LeafCell(NamedTuple):
    """One indicator in one unit and leaf, by primary keys."""

    indicator: int
    province: int
    period: int


# The leaves, and from when on a cumulative figure of each is counted: from the start of the
# year, or from the first leaf of the year in which the unit stands.
LEAF = """
leaf AS (
    SELECT period.id, period.year, period.starts_on, period.ends_on,
           min(period.starts_on) OVER (PARTITION BY period.year) AS year_starts_on
    FROM reports_span AS span
    JOIN programs_period AS period ON period.id = span.leaf_id
    WHERE span.program_id = %(program)s AND span.period_id = span.leaf_id
)"""

# What a cell needs to be computed: of an indicator typed cumulatively, the whole year.
LEAF_CELL = """
leaf_cell AS (
    SELECT DISTINCT touched.indicator_id, touched.province_id, leaf.id AS period_id
    FROM unnest(%(touched_indicators)s::bigint[], %(touched_provinces)s::bigint[],
                %(touched_periods)s::bigint[]) AS touched (indicator_id, province_id, period_id)
    JOIN programs_indicator AS indicator ON indicator.id = touched.indicator_id
    JOIN leaf AS changed ON changed.id = touched.period_id
    JOIN leaf ON leaf.id = changed.id
        OR (indicator.entry_mode = 'cumulative' AND leaf.year = changed.year)
)"""

IN_CELLS = "(indicator_id, province_id, period_id) IN (SELECT * FROM leaf_cell)"
OF_INDICATORS = "indicator_id = ANY (%(indicators)s)"
EVERY_INDICATOR = "TRUE"

COUNTED = """
    program_id = %(program)s AND nature = 'actual'
    AND approved_state IN ('reported', 'zero', 'not_applicable')"""

# A leaf's parts are added up; a rate or a distinct count has no sum, only the whole unit's own
# figure is its value.
VALUE = """
       CASE WHEN indicator.aggregation IN ('flow', 'stock') THEN work.total
            ELSE work.whole END"""
STATE = "CASE WHEN work.not_applicable THEN 'not_applicable' ELSE 'reported' END"
WAS_DUE = "leaf.ends_on BETWEEN province.valid_from AND coalesce(province.valid_to, 'infinity')"


def typed_per_period(cells: str) -> str:
    """What was typed for the leaf itself: no figure needs another one."""
    return f"""
    SELECT 'official' AS layer, work.indicator_id, work.province_id, work.period_id,
           {STATE} AS state, {VALUE} AS value, leaf.starts_on AS since, {WAS_DUE} AS was_due
    FROM (
        SELECT indicator_id, province_id, period_id, sum(approved_value) AS total,
               max(approved_value) FILTER (WHERE unit_id IS NULL AND activity_id IS NULL) AS whole,
               bool_and(approved_state = 'not_applicable') AS not_applicable
        FROM reports_figure
        WHERE {COUNTED} AND {cells}
        GROUP BY indicator_id, province_id, period_id
    ) AS work
    JOIN programs_indicator AS indicator
        ON indicator.id = work.indicator_id AND indicator.entry_mode = 'period'
    JOIN leaf ON leaf.id = work.period_id
    JOIN programs_province AS province ON province.id = work.province_id"""


def cumulative_figures(cells: str) -> str:
    """The figures of indicators that are typed cumulatively, as approved."""
    return f"""
    SELECT 'official' AS layer, figure.indicator_id, figure.province_id, figure.period_id,
           figure.unit_id, figure.activity_id, figure.approved_state AS state,
           figure.approved_value AS value
    FROM reports_figure AS figure
    -- A list, so that these few are read by their index.
    WHERE {COUNTED} AND {cells} AND indicator_id = ANY (ARRAY(
        SELECT id FROM programs_indicator WHERE entry_mode = 'cumulative'
    ))"""


def work_of(figures: str) -> str:
    """The leaves that the named part `figures` amounts to.

    What was typed cumulatively becomes the work since the figure before it, part by part. Where
    a leaf between was not reported, that work belongs to longer periods only: `since` says how
    long.
    """
    return f"""
    SELECT work.layer, work.indicator_id, work.province_id, work.period_id,
           {STATE} AS state, {VALUE} AS value, work.since, {WAS_DUE} AS was_due
    FROM (
        SELECT layer, indicator_id, province_id, period_id, sum(value) AS total,
               max(value) FILTER (WHERE unit_id IS NULL AND activity_id IS NULL) AS whole,
               bool_and(state = 'not_applicable') AS not_applicable, min(since) AS since
        FROM (
            SELECT figure.*,
                   CASE WHEN indicator.entry_mode = 'period'
                            OR figure.state = 'not_applicable' THEN leaf.starts_on
                        -- Before the unit was there (by what is known now) it was all its own.
                        ELSE coalesce(lag(leaf.ends_on) OVER earlier + 1,
                                      least(first.starts_on, leaf.ends_on))
                        END AS since,
                   figure.value - CASE WHEN indicator.entry_mode = 'period' THEN 0
                       ELSE coalesce(lag(figure.value) OVER earlier, 0) END AS work
            FROM {figures} AS figure
            JOIN programs_indicator AS indicator ON indicator.id = figure.indicator_id
            JOIN programs_province AS province ON province.id = figure.province_id
            JOIN leaf ON leaf.id = figure.period_id
            JOIN LATERAL (
                SELECT min(earliest.starts_on) AS starts_on FROM leaf AS earliest
                WHERE earliest.year = leaf.year AND earliest.ends_on >= province.valid_from
            ) AS first ON TRUE
            WINDOW earlier AS (
                PARTITION BY figure.layer, figure.indicator_id, figure.province_id,
                             figure.unit_id, figure.activity_id, leaf.year,
                             figure.state = 'not_applicable'
                ORDER BY leaf.starts_on
            )
        ) AS part (layer, indicator_id, province_id, period_id, unit_id, activity_id, state,
                   typed, since, value)
        GROUP BY layer, indicator_id, province_id, period_id
    ) AS work
    JOIN programs_indicator AS indicator ON indicator.id = work.indicator_id
    JOIN leaf ON leaf.id = work.period_id
    JOIN programs_province AS province ON province.id = work.province_id"""


def other_layers(cells: str) -> str:
    """The named part `others`: leaves of the layers that differ from the part `official`.

    Of a report that is sent, of parts only one level counts: approval will decide so too.
    """
    return f"""
sent AS (
    SELECT id FROM reports_report WHERE program_id = %(program)s AND state = 'submitted'
),
sent_figure AS (
    SELECT *, min(level) FILTER (WHERE state <> 'missing')
        OVER (PARTITION BY nature, indicator_id, province_id, period_id) AS counting_level
    FROM (
        SELECT nature, indicator_id, province_id, period_id, unit_id, activity_id, state, value,
               CASE WHEN activity_id IS NOT NULL THEN 3 WHEN unit_id IS NOT NULL THEN 2 ELSE 1
                    END AS level
        FROM reports_figure
        WHERE program_id = %(program)s AND report_id IN (SELECT id FROM sent) AND {cells}
    ) AS typed
),
estimate AS (
    SELECT indicator_id, province_id, period_id, unit_id, activity_id,
           approved_state AS state, approved_value AS value
    FROM reports_figure
    WHERE program_id = %(program)s AND nature = 'estimate'
      AND approved_state IN ('reported', 'zero', 'not_applicable')
      AND report_id NOT IN (SELECT id FROM sent) AND {cells}
    UNION ALL
    SELECT indicator_id, province_id, period_id, unit_id, activity_id, state, value
    FROM sent_figure WHERE nature = 'estimate' AND level = counting_level AND state <> 'missing'
),
own_figure AS (
    SELECT 'submitted' AS layer, indicator_id, province_id, period_id, unit_id, activity_id,
           state, value
    FROM sent_figure WHERE nature = 'actual' AND level = counting_level AND state <> 'missing'
    UNION ALL
    SELECT 'estimate', estimate.*
    FROM estimate
    WHERE NOT EXISTS (
        SELECT FROM official
        WHERE (official.indicator_id, official.province_id, official.period_id)
            = (estimate.indicator_id, estimate.province_id, estimate.period_id)
    )
),
own_leaf AS (
    SELECT 'submitted' AS layer, indicator_id, province_id, period_id
    FROM sent_figure WHERE nature = 'actual'
    UNION
    SELECT layer, indicator_id, province_id, period_id FROM own_figure
),
-- A cumulative figure is counted from the one before it: the year's other figures come along.
own_year AS (
    SELECT DISTINCT own_leaf.layer, own_leaf.indicator_id, own_leaf.province_id, leaf.year
    FROM own_leaf
    JOIN programs_indicator AS indicator
        ON indicator.id = own_leaf.indicator_id AND indicator.entry_mode = 'cumulative'
    JOIN leaf ON leaf.id = own_leaf.period_id
),
layer_figure AS (
    SELECT * FROM own_figure
    UNION ALL
    SELECT own_year.layer, figure.indicator_id, figure.province_id, figure.period_id,
           figure.unit_id, figure.activity_id, figure.approved_state, figure.approved_value
    FROM own_year
    JOIN reports_figure AS figure
        ON (figure.indicator_id, figure.province_id) = (own_year.indicator_id, own_year.province_id)
    JOIN leaf ON leaf.id = figure.period_id AND leaf.year = own_year.year
    WHERE figure.program_id = %(program)s AND figure.nature = 'actual'
      AND figure.approved_state IN ('reported', 'zero', 'not_applicable')
      AND NOT EXISTS (
          SELECT FROM own_leaf
          WHERE (own_leaf.layer, own_leaf.indicator_id, own_leaf.province_id, own_leaf.period_id)
              = (own_year.layer, figure.indicator_id, figure.province_id, figure.period_id)
      )
),
layer_leaf AS ({work_of("layer_figure")}),
others AS (
    SELECT * FROM layer_leaf
    WHERE NOT EXISTS (
        SELECT FROM official
        WHERE (official.indicator_id, official.province_id, official.period_id, official.state)
            = (layer_leaf.indicator_id, layer_leaf.province_id, layer_leaf.period_id,
               layer_leaf.state)
          AND (official.value, official.since)
              IS NOT DISTINCT FROM (layer_leaf.value, layer_leaf.since)
    )
    UNION ALL
    -- An official figure that the layer takes back.
    SELECT own_leaf.layer, official.indicator_id, official.province_id, official.period_id,
           'missing', NULL, official.since, official.was_due
    FROM own_leaf
    JOIN official
        ON (official.indicator_id, official.province_id, official.period_id)
         = (own_leaf.indicator_id, own_leaf.province_id, own_leaf.period_id)
    WHERE NOT EXISTS (
        SELECT FROM layer_leaf
        WHERE (layer_leaf.layer, layer_leaf.indicator_id, layer_leaf.province_id,
               layer_leaf.period_id)
            = (own_leaf.layer, own_leaf.indicator_id, own_leaf.province_id, own_leaf.period_id)
    )
)"""


KEY = ("indicator_id", "province_id", "period_id", "layer")
CONTENT = ("state", "value", "since", "was_due")


def replace_stored(cells: str) -> str:
    """Write the leaves of the parts `official` and `others` that differ from the stored ones.

    The cells that changed are in the parts `gone` and `written`.
    """
    key_of_stored = columns("stored", KEY)
    key_of_fresh = columns("fresh", KEY)
    return f"""
fresh AS (
    SELECT {columns("official", (*KEY, *CONTENT))} FROM official
    UNION ALL
    SELECT {columns("others", (*KEY, *CONTENT))} FROM others
),
stored AS (
    SELECT * FROM reports_leafsum WHERE program_id = %(program)s AND {cells}
),
gone AS (
    DELETE FROM reports_leafsum AS stored
    WHERE stored.program_id = %(program)s AND ({key_of_stored}) IN (
        SELECT {key_of_stored} FROM stored LEFT JOIN fresh ON ({key_of_fresh}) = ({key_of_stored})
        WHERE fresh.layer IS NULL
    )
    RETURNING stored.indicator_id, stored.province_id, stored.period_id
),
written AS (
    INSERT INTO reports_leafsum (program_id, {columns("", (*KEY, *CONTENT))})
    SELECT %(program)s, fresh.*
    FROM fresh LEFT JOIN stored ON ({key_of_stored}) = ({key_of_fresh})
    WHERE stored.layer IS NULL
       OR ({columns("stored", CONTENT)}) IS DISTINCT FROM ({columns("fresh", CONTENT)})
    ON CONFLICT (program_id, indicator_id, province_id, period_id, layer) DO UPDATE
    SET ({columns("", CONTENT)}, computed_at) = ({columns("excluded", CONTENT)}, now())
    RETURNING indicator_id, province_id, period_id
)"""


TOUCHED_LEAVES = f"""
WITH {LEAF}, {LEAF_CELL},
cumulative_figure AS ({cumulative_figures(IN_CELLS)}),
official AS (
    {typed_per_period(IN_CELLS)}
    UNION ALL
    {work_of("cumulative_figure")}
),
{other_layers(IN_CELLS)},
{replace_stored(IN_CELLS)}
SELECT changed.*, EXISTS (SELECT FROM others), {needs_of("%(touched_indicators)s::bigint[]")}
FROM (SELECT * FROM gone UNION SELECT * FROM written) AS changed"""


def recompute_touched_leaves(
    program_id: int, touched: Collection[LeafCell], *, is_few: bool
) -> tuple[set[Cell], Needs]:
    """Compute the leaves of the touched cells anew. One statement.

    Returns the cells of those that changed, and what is needed to add these up.
    """
    parameters: Parameters = {
        "program": program_id,
        "touched_indicators": [cell.indicator for cell in touched],
        "touched_provinces": [cell.province for cell in touched],
        "touched_periods": [cell.period for cell in touched],
    }
    with connection.cursor() as cursor:
        execute(cursor, TOUCHED_LEAVES, parameters, planned_once=is_few)
        changed = cursor.fetchall()
    if not changed:
        return set(), Needs()
    has_new_layers, has_layers, has_ratios, has_recounts = changed[0][3:]
    needs = Needs(has_new_layers or has_layers, has_ratios, has_recounts)
    return {Cell(*row[:3]) for row in changed}, needs


def recompute_every_leaf(program_id: int, indicators: Collection[int] | None) -> int:
    """Compute the leaves of these indicators (None: all) anew; return how many changed.

    The sums go to a temporary table first: PostgreSQL reads in parallel for CREATE TABLE AS,
    and not for an INSERT.
    """
    cells = EVERY_INDICATOR if indicators is None else OF_INDICATORS
    parameters: Parameters = {"program": program_id, "indicators": list(indicators or ())}
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS official")
        cursor.execute(
            f"CREATE TEMPORARY TABLE official ON COMMIT DROP AS"
            f" WITH {LEAF} {typed_per_period(cells)}",
            parameters,
        )
        cursor.execute(
            f"WITH {LEAF}, cumulative_figure AS ({cumulative_figures(cells)})"
            f" INSERT INTO official {work_of('cumulative_figure')}",
            parameters,
        )
        cursor.execute("ANALYZE official")
        cursor.execute(
            f"WITH {LEAF}, {other_layers(cells)}, {replace_stored(cells)}"
            f" SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM written)",
            parameters,
        )
        (changed,) = cursor.fetchone()
        cursor.execute("DROP TABLE official")
    return int(changed)

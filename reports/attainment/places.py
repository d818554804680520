"""From reporting units to places: current boundaries, regions, the nation.

The rules are in docs/attainment.md, sections 4 and 8. Rows of reporting units are stored by
now (periods.py); each figure belongs to one current unit, so nothing is counted twice.
"""

from __future__ import annotations

from functools import cache

from django.db import connection

from reports.attainment.layers import layered
from reports.attainment.prepared import execute
from reports.attainment.recounts import ATTENDED
from reports.attainment.rows import COVERAGE, KEY, SUMS, replace_rows
from reports.attainment.sql import OF_YEAR, columns
from reports.attainment.touched import CELLS, PLACES_OF_CELLS, Needs, Touched

# Who owes what in each current unit, region and the nation, figures or not.
OWED = """
owed AS (
    SELECT expectation.*
    FROM reports_expectation AS expectation
    -- A list, so that the rows of a few periods are read by their index.
    WHERE expectation.program_id = %(program)s
      AND expectation.period_id = ANY (ARRAY(SELECT DISTINCT period_id FROM wanted_place))
),
owed_by_unit AS (
    SELECT period_id, current_id, region, count(*) FILTER (WHERE exists_then) AS units_then,
           sum(stands::int) AS units, sum(leaves) AS leaves
    FROM owed GROUP BY period_id, current_id, region
),
owed_by_region AS (
    SELECT period_id, region, sum(units) AS units, sum(leaves) AS leaves
    FROM owed_by_unit GROUP BY period_id, region
),
owed_by_nation AS (
    SELECT period_id, '' AS region, sum(units) AS units, sum(leaves) AS leaves
    FROM owed_by_unit GROUP BY period_id
)"""


def parts_in(rows: str) -> str:
    """The rows of reporting units that places are made of: `rows` joins them with `owed`."""
    return f"""
part AS (
    SELECT row.indicator_id, row.period_id, row.layer, row.province_id,
           owed.current_id, owed.region, owed.unit_id, owed.exists_then,
           CASE WHEN indicator.aggregation <> 'ratio' THEN row.actual END AS actual,
           row.numerator, row.denominator, row.no_actual, row.leaves_reported,
           row.leaves_unexpected, row.leaves_provisional,
           indicator.aggregation, measured.aggregation AS measured_as
    FROM {rows}
    JOIN programs_indicator AS indicator ON indicator.id = row.indicator_id
    JOIN programs_indicator AS measured
        ON measured.id = coalesce(indicator.numerator_id, indicator.id)
)"""


PARTS_OF_CELLS = parts_in("""wanted_unit
    JOIN owed ON (owed.period_id, owed.current_id)
        = (wanted_unit.period_id, wanted_unit.current_id)
    JOIN reports_attainment AS row
        ON (row.program_id, row.indicator_id, row.period_id, row.scope, row.province_id)
         = (%(program)s, wanted_unit.indicator_id, wanted_unit.period_id, 'reported',
            owed.province_id)""")


def parts_of_everything(units: str) -> str:
    return parts_in(f"""{units} AS row
    JOIN owed ON (owed.period_id, owed.province_id) = (row.period_id, row.province_id)
        AND row.scope = 'reported'""")


# Distinct counts of every place at once; of the places that records fall short of what was
# typed for a leaf, none.
RECOUNTED = """
recounted AS (
    SELECT attended.indicator_id, owed.period_id, owed.current_id, owed.region,
           CASE WHEN grouping(owed.current_id) = 0 THEN 'current'
                WHEN grouping(owed.region) = 0 THEN 'region' ELSE 'nation' END AS scope,
           count(DISTINCT attended.entity) AS value
    FROM attended
    JOIN wanted_place ON wanted_place.indicator_id = attended.indicator_id
    JOIN programs_period AS period ON period.id = wanted_place.period_id
        AND attended.took_part_on BETWEEN period.starts_on AND period.ends_on
    JOIN owed ON (owed.period_id, owed.province_id) = (period.id, attended.province_id)
    WHERE EXISTS (SELECT FROM reports_span AS span
                  WHERE (span.program_id, span.period_id) = (%(program)s, period.id))
    GROUP BY GROUPING SETS (
        (attended.indicator_id, owed.period_id, owed.current_id, owed.region),
        (attended.indicator_id, owed.period_id, owed.region),
        (attended.indicator_id, owed.period_id)
    )
),
typed AS (
    SELECT leaf.indicator_id, owed.period_id, owed.current_id, owed.region,
           CASE WHEN grouping(owed.current_id) = 0 THEN 'current'
                WHEN grouping(owed.region) = 0 THEN 'region' ELSE 'nation' END AS scope,
           max(leaf.value) AS most
    FROM wanted_place
    JOIN programs_indicator AS indicator
        ON indicator.id = wanted_place.indicator_id AND indicator.aggregation = 'distinct'
    JOIN reports_span AS span
        ON (span.program_id, span.period_id) = (%(program)s, wanted_place.period_id)
    JOIN reports_leafsum AS leaf
        ON (leaf.program_id, leaf.indicator_id, leaf.period_id, leaf.layer)
         = (%(program)s, wanted_place.indicator_id, span.leaf_id, 'official')
    JOIN owed ON (owed.period_id, owed.province_id) = (wanted_place.period_id, leaf.province_id)
    GROUP BY GROUPING SETS (
        (leaf.indicator_id, owed.period_id, owed.current_id, owed.region),
        (leaf.indicator_id, owed.period_id, owed.region),
        (leaf.indicator_id, owed.period_id)
    )
),
recount AS (
    SELECT recounted.*, recounted.value >= coalesce(typed.most, 0) AS is_enough
    FROM recounted
    LEFT JOIN typed
        ON (typed.scope, typed.indicator_id, typed.period_id, coalesce(typed.current_id, 0),
            coalesce(typed.region, ''))
         = (recounted.scope, recounted.indicator_id, recounted.period_id,
            coalesce(recounted.current_id, 0), coalesce(recounted.region, ''))
)"""

NOT_RECOUNTED = """
recount AS (
    SELECT NULL AS scope, NULL::bigint AS indicator_id, NULL::bigint AS period_id,
           NULL::bigint AS current_id, NULL AS region, NULL::bigint AS value, FALSE AS is_enough
    WHERE FALSE
)"""

NO_ACTUAL = """
           CASE WHEN {value} IS NOT NULL THEN ''
                WHEN sums.answered = 0 THEN 'not_reported'
                WHEN sums.not_applicable THEN 'not_applicable'
                WHEN sums.aggregation IN ('rate', 'distinct') THEN 'not_addable'
                ELSE 'not_reported' END"""

PLAN_OF_UNIT = """
        ON ({0}.program_id, {0}.indicator_id, {0}.period_id, {0}.scope, {0}.province_id)
         = (%(program)s, unit.indicator_id, {1}, 'current', unit.current_id)
        AND coalesce({0}.from_day, '-infinity') <= period.ends_on
        AND coalesce({0}.until_day, 'infinity') > period.ends_on"""

# A current unit is all it took over. Where only one unit of its lineage exists in the period,
# its rates and distinct counts are that unit's.
UNIT = f"""
unit AS (
    SELECT sums.layer, sums.indicator_id, sums.period_id, sums.current_id, sums.region,
           sums.aggregation, sums.measured_as, valued.actual,
           CASE WHEN is_one_unit THEN coalesce(sums.own_reason, 'not_reported')
                ELSE {NO_ACTUAL.format(value="valued.actual")} END AS no_actual,
           sums.numerator, sums.denominator,
           greatest(owed.units, sums.units_reported) AS units_expected, sums.units_reported,
           CASE WHEN sums.measured_as = 'stock' THEN owed.units
                ELSE owed.leaves + sums.unexpected END AS leaves_expected,
           sums.answered AS leaves_reported, sums.unexpected AS leaves_unexpected,
           sums.provisional AS leaves_provisional
    FROM (
        SELECT at_layer AS layer, indicator_id, period_id, current_id, region,
               aggregation, measured_as,
               sum(actual) AS actual, max(actual) FILTER (WHERE exists_then) AS own_actual,
               max(no_actual) FILTER (WHERE exists_then) AS own_reason,
               sum(numerator) AS numerator, sum(denominator) AS denominator,
               bool_and(no_actual = 'not_applicable') FILTER (WHERE leaves_reported > 0)
                   AS not_applicable,
               count(DISTINCT unit_id) FILTER (WHERE leaves_reported > 0) AS units_reported,
               sum(leaves_reported) AS answered, sum(leaves_unexpected) AS unexpected,
               sum(leaves_provisional) AS provisional
        FROM layered_part
        GROUP BY at_layer, indicator_id, period_id, current_id, region, aggregation, measured_as
    ) AS sums
    JOIN owed_by_unit AS owed
        ON (owed.period_id, owed.current_id) = (sums.period_id, sums.current_id)
    LEFT JOIN recount
        ON recount.scope = 'current' AND sums.layer = 'official' AND recount.is_enough
        AND (recount.indicator_id, recount.period_id, recount.current_id)
          = (sums.indicator_id, sums.period_id, sums.current_id)
    CROSS JOIN LATERAL (
        SELECT sums.aggregation IN ('rate', 'distinct') AND owed.units_then = 1 AS is_one_unit
    ) AS as_one
    CROSS JOIN LATERAL (
        SELECT CASE WHEN is_one_unit THEN sums.own_actual
                    WHEN sums.aggregation IN ('flow', 'stock') THEN sums.actual
                    WHEN sums.aggregation = 'distinct' THEN recount.value END AS actual
    ) AS valued
),
-- Beside its plan each unit counts as one, for comparing like with like further up; beside
-- to-date periods also beside the year's.
unit_row AS (
    SELECT unit.indicator_id, unit.period_id, 'current' AS scope, unit.current_id AS province_id,
           '' AS region, unit.layer, unit.actual, unit.no_actual, unit.numerator,
           unit.denominator, unit.units_expected, unit.units_reported, unit.leaves_expected,
           unit.leaves_reported, unit.leaves_unexpected, unit.leaves_provisional,
           (counted.complete)::int AS units_complete,
           (counted.has_figure AND plan.id IS NULL)::int AS units_unplanned,
           (counted.has_figure AND year.id IS NOT NULL AND year_plan.id IS NULL)::int
               AS units_unplanned_in_year,
           CASE WHEN counted.is_added THEN plan.lower END AS parts_planned,
           CASE WHEN counted.complete THEN plan.lower END AS complete_planned,
           CASE WHEN counted.complete THEN unit.actual END AS complete_actual,
           unit.region AS in_region
    FROM unit
    JOIN programs_period AS period ON period.id = unit.period_id
    LEFT JOIN programs_period AS year {OF_YEAR}
    LEFT JOIN reports_officialplan AS plan {PLAN_OF_UNIT.format("plan", "unit.period_id")}
    LEFT JOIN reports_officialplan AS year_plan {PLAN_OF_UNIT.format("year_plan", "year.id")}
    CROSS JOIN LATERAL (
        SELECT unit.aggregation IN ('flow', 'stock') AS is_added,
               unit.aggregation IN ('flow', 'stock') AND unit.actual IS NOT NULL
                   AND plan.lower IS NOT NULL
                   AND unit.leaves_reported >= unit.leaves_expected AS complete,
               unit.actual IS NOT NULL
                   OR coalesce(unit.numerator >= 0 AND unit.denominator > 0, FALSE) AS has_figure
    ) AS counted
)"""

# Of the units of a changed cell's region and of the nation, all others stand as they are stored.
EVERY_UNIT_OF_CELLS = f"""
every_unit AS (
    SELECT * FROM unit_row
    UNION ALL
    SELECT {columns("row", (*KEY, *SUMS, *COVERAGE))}, area.region
    FROM wanted_place
    JOIN reports_attainment AS row ON (row.program_id, row.indicator_id, row.period_id, row.scope)
        = (%(program)s, wanted_place.indicator_id, wanted_place.period_id, 'current')
    JOIN programs_province AS area ON area.id = row.province_id
    WHERE NOT EXISTS (
        SELECT FROM wanted_unit
        WHERE (wanted_unit.indicator_id, wanted_unit.period_id, wanted_unit.current_id)
            = (row.indicator_id, row.period_id, row.province_id)
    )
),
unit_of_region AS (
    SELECT * FROM every_unit
    WHERE (indicator_id, period_id, in_region)
        IN (SELECT indicator_id, period_id, region FROM wanted_unit)
)"""
EVERY_UNIT = """
every_unit AS (SELECT * FROM unit_row),
unit_of_region AS (SELECT * FROM unit_row)"""

IS_NATIONAL = "EXISTS (SELECT FROM programs_program WHERE id = %(program)s AND province_id IS NULL)"


def total(scope: str, units: str, region: str, *, has_layers: bool) -> str:
    """Rows of a place that is made of the current units `units`: a region, or the nation."""
    cell = ("indicator_id", "period_id", "in_region")[: 3 if region else 2]
    every_layer = layered(units, cell=cell, part=("province_id",), has_layers=has_layers)
    return f"""
    SELECT sums.indicator_id, sums.period_id, '{scope}' AS scope, NULL::bigint AS province_id,
           sums.region, sums.layer, valued.actual,
           {NO_ACTUAL.format(value="valued.actual")} AS no_actual,
           CASE WHEN sums.aggregation = 'ratio' THEN sums.numerator END,
           CASE WHEN sums.aggregation = 'ratio' THEN sums.denominator END,
           greatest(owed.units, sums.units_reported), sums.units_reported,
           CASE WHEN sums.measured_as = 'stock' THEN owed.units
                ELSE owed.leaves + sums.unexpected END,
           sums.answered, sums.unexpected, sums.provisional, sums.complete,
           sums.unplanned, sums.unplanned_in_year, sums.planned, sums.complete_planned,
           sums.complete_actual
    FROM (
        SELECT part.at_layer AS layer, part.indicator_id, part.period_id,
               {region or "''"} AS region,
               indicator.aggregation, measured.aggregation AS measured_as,
               sum(part.actual) AS actual, sum(part.numerator) AS numerator,
               sum(part.denominator) AS denominator,
               bool_and(part.no_actual = 'not_applicable')
                   FILTER (WHERE part.leaves_reported > 0) AS not_applicable,
               sum(part.units_reported) AS units_reported,
               sum(part.leaves_reported) AS answered,
               sum(part.leaves_unexpected) AS unexpected,
               sum(part.leaves_provisional) AS provisional,
               sum(part.units_complete) AS complete,
               sum(part.units_unplanned) AS unplanned,
               sum(part.units_unplanned_in_year) AS unplanned_in_year,
               sum(part.parts_planned) AS planned,
               sum(part.complete_planned) AS complete_planned,
               sum(part.complete_actual) AS complete_actual
        FROM ({every_layer}) AS part
        JOIN programs_indicator AS indicator ON indicator.id = part.indicator_id
        JOIN programs_indicator AS measured
            ON measured.id = coalesce(indicator.numerator_id, indicator.id)
        GROUP BY part.indicator_id, part.period_id, {region + "," if region else ""}
                 part.at_layer, indicator.aggregation, measured.aggregation
    ) AS sums
    JOIN owed_by_{scope} AS owed
        ON (owed.period_id, owed.region) = (sums.period_id, sums.region)
    LEFT JOIN recount
        ON recount.scope = '{scope}' AND sums.layer = 'official' AND recount.is_enough
        AND (recount.indicator_id, recount.period_id, coalesce(recount.region, ''))
          = (sums.indicator_id, sums.period_id, sums.region)
    CROSS JOIN LATERAL (
        SELECT CASE WHEN sums.aggregation IN ('flow', 'stock') THEN sums.actual
                    WHEN sums.aggregation = 'distinct' THEN recount.value END AS actual
    ) AS valued
    WHERE {IS_NATIONAL}"""


# What is planned for the nation while no province has a row.
ONLY_PLANNED = """
    SELECT plan.indicator_id, plan.period_id, 'nation', NULL::bigint, '', 'official',
           NULL::numeric, 'not_reported', NULL::numeric, NULL::numeric,
           owed.units, 0, CASE WHEN measured.aggregation = 'stock' THEN owed.units
                               ELSE owed.leaves END, 0, 0, 0,
           0, 0, 0, NULL::numeric, NULL::numeric, NULL::numeric
    FROM wanted_place
    JOIN reports_officialplan AS plan
        ON (plan.program_id, plan.indicator_id, plan.period_id, plan.scope)
         = (%(program)s, wanted_place.indicator_id, wanted_place.period_id, 'nation')
    JOIN programs_period AS period ON period.id = plan.period_id
    JOIN owed_by_nation AS owed ON owed.period_id = plan.period_id
    JOIN programs_indicator AS indicator ON indicator.id = plan.indicator_id
    JOIN programs_indicator AS measured
        ON measured.id = coalesce(indicator.numerator_id, indicator.id)
    WHERE coalesce(plan.from_day, '-infinity') <= period.ends_on
      AND coalesce(plan.until_day, 'infinity') > period.ends_on
      AND NOT EXISTS (
          SELECT FROM every_unit AS unit WHERE unit.layer = 'official'
              AND (unit.indicator_id, unit.period_id) = (plan.indicator_id, plan.period_id)
      )"""


@cache
def sums_over_places(needs: Needs, *, units: str | None = None) -> str:
    """The named parts from the rows of reporting units to those of places, `fresh`.

    Of everything the former are in the table `units`; of a few cells all rows are stored.
    """
    cell_of_unit = ("indicator_id", "period_id", "current_id")
    by_unit = layered("part", cell=cell_of_unit, part=("province_id",), has_layers=needs.layers)
    by_region = total("region", "unit_of_region", "in_region", has_layers=needs.layers)
    by_nation = total("nation", "every_unit", "", has_layers=needs.layers)
    return f"""
{OWED},
{parts_of_everything(units) if units else PARTS_OF_CELLS},
{f"{ATTENDED}, {RECOUNTED}" if needs.recounts else NOT_RECOUNTED},
layered_part AS ({by_unit}),
{UNIT},
{EVERY_UNIT if units else EVERY_UNIT_OF_CELLS},
fresh AS (
    SELECT {columns("", (*KEY, *SUMS, *COVERAGE))} FROM unit_row
    UNION ALL {by_region}
    UNION ALL {by_nation}
    UNION ALL {ONLY_PLANNED}
)"""


def recompute_places(touched: Touched) -> tuple[int, int, list[int]]:
    """Add up the touched cells over places. One statement.

    Returns how many rows there are now, how many are gone, and the primary keys of those that
    were written.
    """
    sums = sums_over_places(touched.needs)
    with connection.cursor() as cursor:
        execute(
            cursor,
            f"WITH {CELLS}, {sums}, {replace_rows(PLACES_OF_CELLS)}",
            touched.parameters,
            planned_once=touched.is_few,
        )
        computed, gone, written = cursor.fetchone()
    return computed, gone, written or []

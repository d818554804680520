"""Which plan is official, at every place and from when on. Only a change of plans comes here.

The rules are in docs/attainment.md, section 6. A stored plan never changes: where its content
does, it gets a new primary key, so that the rows that were judged by it are seen to be stale.
"""

from __future__ import annotations

from collections.abc import Collection

from django.db import connection

from reports.attainment.sql import columns

IN_FORCE = "{0}.from_day <= {1} AND coalesce({0}.until_day, 'infinity') > {1}"

# Own plans of a province or the nation: on each day on which something is decided, of the
# versions in force that nothing in force replaces, the latest decided, then the highest number.
OWN = """
version AS (
    SELECT version.id, version.target_id, version.number, version.replaces_id, version.shape,
           version.lower, version.upper, version.baseline,
           coalesce(version.decided_on, '-infinity') AS day
    FROM programs_target AS target
    JOIN programs_targetversion AS version ON version.target_id = target.id
    WHERE target.program_id = %(program)s AND target.indicator_id = ANY (%(indicators)s)
      AND version.status <> 'registered'
),
standing AS (
    SELECT version.*, decided.day AS from_day
    FROM (SELECT DISTINCT target_id, day FROM version) AS decided
    JOIN version ON version.target_id = decided.target_id AND version.day <= decided.day
    WHERE NOT EXISTS (
        SELECT FROM version AS later
        WHERE later.replaces_id = version.id AND later.day <= decided.day
    )
),
official_version AS (
    SELECT DISTINCT ON (target_id, from_day) *
    FROM standing
    ORDER BY target_id, from_day, day DESC, number DESC
),
dispute AS (
    SELECT target_id, from_day,
           count(DISTINCT ROW(shape, lower, upper, baseline)) > 1 AS disputed
    FROM standing GROUP BY target_id, from_day
),
own AS (
    SELECT target.indicator_id, target.period_id, target.province_id,
           official_version.from_day,
           lead(official_version.from_day) OVER (
               PARTITION BY official_version.target_id ORDER BY official_version.from_day
           ) AS until_day,
           official_version.id AS version_id, 0 AS parts, official_version.shape,
           official_version.lower, official_version.upper, official_version.baseline,
           dispute.disputed
    FROM official_version
    JOIN dispute USING (target_id, from_day)
    JOIN programs_target AS target ON target.id = official_version.target_id
)"""

# Plans are added bound by bound. «Không quá» has only an upper one and is added to its like; a
# sum without a shape does not exist, and ends the one before it.
SUM = """
           NULL::bigint AS version_id, count(part.shape) AS parts,
           CASE WHEN count(part.shape) = 0 THEN NULL
                WHEN bool_and(part.shape = 'at_most') THEN 'at_most'
                WHEN bool_or(part.shape = 'at_most')
                    OR (bool_or(part.shape = 'range')
                        AND bool_or(part.shape IN ('above', 'at_least'))) THEN NULL
                WHEN bool_or(part.shape = 'above') THEN 'above'
                WHEN bool_or(part.shape = 'at_least') THEN 'at_least'
                WHEN bool_or(part.shape = 'range') THEN 'range'
                WHEN bool_or(part.shape = 'about') THEN 'about'
                ELSE 'exact' END AS shape,
           CASE WHEN NOT bool_or(part.shape = 'at_most') THEN sum(part.lower) END AS lower,
           CASE WHEN NOT bool_or(part.shape IN ('above', 'at_least')) THEN sum(part.upper)
                END AS upper,
           CASE WHEN count(part.baseline) = count(*) THEN sum(part.baseline) END AS baseline,
           bool_or(part.disputed) AS disputed"""


def place_plan(place: str, parts: str, own: str) -> str:
    """Plans of places that are made of parts: their own, or else the sum of the parts' plans.

    `parts` is a named part with the column `place` beside each part's plan; `own` selects a
    place's own plans, with the same columns.
    """
    return f"""
    SELECT summed.indicator_id, summed.period_id, summed.{place}, summed.from_day,
           lead(summed.from_day) OVER (
               PARTITION BY summed.indicator_id, summed.period_id, summed.{place}
               ORDER BY summed.from_day
           ) AS until_day,
           summed.version_id, summed.parts, summed.shape, summed.lower, summed.upper,
           summed.baseline, summed.disputed
    FROM (
        SELECT own.indicator_id, own.period_id, own.{place}, own.from_day,
               own.version_id, own.parts, own.shape, own.lower, own.upper, own.baseline,
               own.disputed
        FROM ({own}) AS own
        UNION ALL
        SELECT decided.indicator_id, decided.period_id, decided.{place}, decided.from_day,{SUM}
        FROM (
            SELECT indicator_id, period_id, {place}, from_day FROM {parts}
            UNION
            SELECT indicator_id, period_id, {place}, until_day FROM {parts}
            WHERE until_day IS NOT NULL
        ) AS decided
        LEFT JOIN {parts} AS part
            ON (part.indicator_id, part.period_id, part.{place})
             = (decided.indicator_id, decided.period_id, decided.{place})
            AND {IN_FORCE.format("part", "decided.from_day")}
        JOIN programs_indicator AS indicator ON indicator.id = decided.indicator_id
            AND indicator.aggregation IN ('flow', 'stock')
        WHERE NOT EXISTS (
            SELECT FROM ({own}) AS own
            WHERE (own.indicator_id, own.period_id, own.{place})
                = (decided.indicator_id, decided.period_id, decided.{place})
              AND own.from_day <= decided.from_day
        )
        GROUP BY decided.indicator_id, decided.period_id, decided.{place}, decided.from_day
    ) AS summed"""


CURRENT_OWN = "SELECT *, province_id AS current_id FROM own WHERE province_id IN (TABLE area)"
NO_OWN = "SELECT *, '' AS region FROM own WHERE FALSE"
NATION_OWN = "SELECT *, TRUE AS nation FROM own WHERE province_id IS NULL"

PLACES = f"""
area AS (
    SELECT id FROM programs_province WHERE successor_id IS NULL
),
in_area AS (
    SELECT own.*, lineage.unit_id AS current_id
    FROM own
    JOIN programs_lineage AS lineage ON lineage.part_id = own.province_id
    WHERE lineage.unit_id IN (TABLE area)
),
by_unit AS ({place_plan("current_id", "in_area", CURRENT_OWN)}),
in_region AS (
    SELECT by_unit.*, province.region, TRUE AS nation
    FROM by_unit
    JOIN programs_province AS province ON province.id = by_unit.current_id
    WHERE by_unit.shape IS NOT NULL AND EXISTS (
        SELECT FROM programs_program WHERE id = %(program)s AND province_id IS NULL
    )
),
by_region AS ({place_plan("region", "in_region", NO_OWN)}),
by_nation AS ({place_plan("nation", "in_region", NATION_OWN)})"""

CONTENT = ("until_day", "version_id", "parts", "shape", "lower", "upper", "baseline", "disputed")
PLAN = ("from_day", *CONTENT)
KEY = ("indicator_id", "period_id", "scope", "province_id", "region", "from_day")

# An open beginning is stored as NULL: Python has no date before all dates.
FRESH = f"""
fresh AS (
    SELECT indicator_id, period_id, scope, province_id, region,
           nullif(from_day, '-infinity') AS from_day, {columns("", CONTENT)}
    FROM (
        SELECT indicator_id, period_id, 'reported' AS scope, province_id, '' AS region,
               {columns("", PLAN)}
        FROM own WHERE province_id IS NOT NULL
        UNION ALL
        SELECT indicator_id, period_id, 'current', current_id, '', {columns("", PLAN)}
        FROM by_unit
        UNION ALL
        SELECT indicator_id, period_id, 'region', NULL, region, {columns("", PLAN)}
        FROM by_region
        UNION ALL
        SELECT indicator_id, period_id, 'nation', NULL, '', {columns("", PLAN)}
        FROM by_nation
    ) AS plan
    WHERE shape IS NOT NULL
)"""


def _key(table: str) -> str:
    return f"""
        {table}.indicator_id, {table}.period_id, {table}.scope, coalesce({table}.province_id, 0),
        {table}.region, coalesce({table}.from_day, '-infinity')"""


STATEMENT = f"""
WITH {OWN}, {PLACES}, {FRESH},
stored AS (
    SELECT * FROM reports_officialplan
    WHERE program_id = %(program)s AND indicator_id = ANY (%(indicators)s)
),
gone AS (
    DELETE FROM reports_officialplan WHERE id IN (
        SELECT stored.id FROM stored LEFT JOIN fresh ON ({_key("fresh")}) = ({_key("stored")})
        WHERE fresh.shape IS NULL
    )
)
INSERT INTO reports_officialplan (program_id, {columns("", (*KEY, *CONTENT))})
SELECT %(program)s, {columns("fresh", (*KEY, *CONTENT))}
FROM fresh LEFT JOIN stored ON ({_key("stored")}) = ({_key("fresh")})
WHERE stored.id IS NULL
   OR ({columns("stored", CONTENT)}) IS DISTINCT FROM ({columns("fresh", CONTENT)})
ON CONFLICT (program_id, indicator_id, period_id, scope, province_id, region, from_day)
DO UPDATE SET (id, {columns("", CONTENT)})
    = (nextval(pg_get_serial_sequence('reports_officialplan', 'id')),
       {columns("excluded", CONTENT)})"""


def recompute_plans(program_id: int, indicators: Collection[int]) -> None:
    """Store the official plans of these indicators anew. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(STATEMENT, {"program": program_id, "indicators": list(indicators)})

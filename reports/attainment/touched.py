"""Which rows a run computes anew: the named parts `wanted…` of its statements.

Either what some changes touched, cell by cell (CELLS), or everything of some indicators
(EVERYTHING). The sums that follow read only these parts, so that a full rebuild and one changed
figure are added up by the same text.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db import connection

Parameters = dict[str, int | list[Any]]


class Cell(NamedTuple):
    """One indicator at one reporting unit (None: the nation) in one period, by primary keys.

    Every period that overlaps this one is touched with it.
    """

    indicator: int
    province: int | None
    period: int


@dataclass(frozen=True, slots=True)
class Needs:
    """What the touched cells are made of: what they do not need is left out of the statements."""

    layers: bool = True  # a leaf of them, or of the parts of their ratios, is on another layer
    ratios: bool = True
    recounts: bool = True  # distinct counts


def needs_of(indicators: str) -> str:
    """Return the columns of Needs for all cells of `indicators` and of their ratios, as stored."""
    concerned = f"""
        SELECT id, numerator_id, denominator_id, aggregation FROM programs_indicator
        WHERE id = ANY ({indicators}) OR numerator_id = ANY ({indicators})
            OR denominator_id = ANY ({indicators})"""
    return f"""
    EXISTS (
        SELECT FROM reports_leafsum
        WHERE program_id = %(program)s AND layer <> 'official' AND indicator_id = ANY (ARRAY(
            SELECT unnest(ARRAY[id, numerator_id, denominator_id]) FROM ({concerned}) AS indicator
        ))
    ),
    EXISTS (SELECT FROM ({concerned}) AS indicator WHERE aggregation = 'ratio'),
    EXISTS (SELECT FROM ({concerned}) AS indicator WHERE aggregation = 'distinct')"""


def stored_needs(program_id: int, indicators: Collection[int]) -> Needs:
    """What all cells of `indicators` need, once their leaves are stored."""
    parameters: Parameters = {"program": program_id, "indicators": list(indicators)}
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {needs_of('%(indicators)s::bigint[]')}", parameters)
        return Needs(*cursor.fetchone())


@dataclass(frozen=True, slots=True)
class Touched:
    """Which cells of a program to compute anew."""

    program: int
    cells: Collection[Cell]
    needs: Needs
    is_few: bool  # then the statements are planned once for each connection (prepared.py)

    @property
    def parameters(self) -> Parameters:
        return {
            "program": self.program,
            "touched_indicators": [cell.indicator for cell in self.cells],
            "touched_provinces": [cell.province for cell in self.cells],
            "touched_periods": [cell.period for cell in self.cells],
        }


# wanted: the touched cells of reporting units, with the ratios that an indicator is a part of;
# wanted_unit: the current units that they are in; wanted_place: indicator and period, wherever.
CELLS = """
changed AS (
    SELECT *
    FROM unnest(%(touched_indicators)s::bigint[], %(touched_provinces)s::bigint[],
                %(touched_periods)s::bigint[]) AS cell (indicator_id, province_id, period_id)
),
touched AS (
    SELECT DISTINCT indicator.id AS indicator_id, changed.province_id, period.id AS period_id
    FROM changed
    JOIN programs_indicator AS indicator ON changed.indicator_id = indicator.id
        OR changed.indicator_id = indicator.numerator_id
        OR changed.indicator_id = indicator.denominator_id
    JOIN programs_program AS program ON program.id = %(program)s
    JOIN programs_period AS stage ON stage.id = program.stage_id
    JOIN programs_period AS about ON about.id = changed.period_id
    JOIN programs_period AS period ON period.calendar = program.calendar
        AND period.starts_on >= stage.starts_on AND period.ends_on <= stage.ends_on
        AND period.starts_on <= about.ends_on AND period.ends_on >= about.starts_on
),
wanted AS (
    SELECT touched.* FROM touched WHERE touched.province_id IS NOT NULL
),
wanted_place AS (SELECT DISTINCT indicator_id, period_id FROM touched),
wanted_unit AS (
    SELECT DISTINCT touched.indicator_id, touched.period_id, owed.current_id, owed.region
    FROM touched
    JOIN (
        -- Lists, so that a few rows are read by their index.
        SELECT * FROM reports_expectation
        WHERE program_id = %(program)s AND period_id = ANY (ARRAY(SELECT period_id FROM touched))
          AND province_id = ANY (%(touched_provinces)s::bigint[])
    ) AS owed ON (owed.period_id, owed.province_id) = (touched.period_id, touched.province_id)
)"""

EVERYTHING = """
indicator AS (
    SELECT * FROM programs_indicator WHERE id = ANY (%(indicators)s)
),
series AS (
    SELECT indicator.id AS indicator_id, leaf.province_id
    FROM indicator
    JOIN (SELECT DISTINCT indicator_id, province_id FROM reports_leafsum
          WHERE program_id = %(program)s AND indicator_id = ANY (ARRAY(
              SELECT unnest(ARRAY[id, numerator_id]) FROM indicator
          ))) AS leaf
        ON leaf.indicator_id IN (indicator.id, indicator.numerator_id)
    UNION
    SELECT indicator_id, province_id FROM reports_officialplan
    WHERE program_id = %(program)s AND indicator_id = ANY (%(indicators)s) AND scope = 'reported'
    UNION
    SELECT indicator.id, activity.province_id
    FROM indicator JOIN programs_activity AS activity ON activity.program_id = %(program)s
    WHERE indicator.aggregation = 'distinct'
),
wanted AS (
    SELECT series.indicator_id, series.province_id, expectation.period_id
    FROM series
    JOIN reports_expectation AS expectation
        ON (expectation.program_id, expectation.province_id) = (%(program)s, series.province_id)
),
wanted_place AS (
    SELECT indicator.id AS indicator_id, period.id AS period_id
    FROM programs_program AS program
    JOIN programs_period AS stage ON stage.id = program.stage_id
    JOIN programs_period AS period ON period.calendar = program.calendar
        AND period.starts_on >= stage.starts_on AND period.ends_on <= stage.ends_on
    CROSS JOIN indicator
    WHERE program.id = %(program)s
),
wanted_unit AS (
    SELECT DISTINCT wanted.indicator_id, wanted.period_id, owed.current_id, owed.region
    FROM wanted
    JOIN reports_expectation AS owed
        ON (owed.program_id, owed.period_id, owed.province_id)
         = (%(program)s, wanted.period_id, wanted.province_id)
)"""

UNITS_OF_CELLS = """
    SELECT row.* FROM wanted
    JOIN reports_attainment AS row
        ON (row.program_id, row.indicator_id, row.period_id, row.scope, row.province_id)
         = (%(program)s, wanted.indicator_id, wanted.period_id, 'reported', wanted.province_id)"""
PLACES_OF_CELLS = """
    SELECT row.* FROM wanted_unit
    JOIN reports_attainment AS row
        ON (row.program_id, row.indicator_id, row.period_id, row.scope, row.province_id)
         = (%(program)s, wanted_unit.indicator_id, wanted_unit.period_id, 'current',
            wanted_unit.current_id)
    UNION ALL
    SELECT row.* FROM (SELECT DISTINCT indicator_id, period_id, region FROM wanted_unit) AS wanted
    JOIN reports_attainment AS row
        ON (row.program_id, row.indicator_id, row.period_id, row.scope, row.region)
         = (%(program)s, wanted.indicator_id, wanted.period_id, 'region', wanted.region)
    UNION ALL
    SELECT row.* FROM wanted_place
    JOIN reports_attainment AS row
        ON (row.program_id, row.indicator_id, row.period_id, row.scope)
         = (%(program)s, wanted_place.indicator_id, wanted_place.period_id, 'nation')"""

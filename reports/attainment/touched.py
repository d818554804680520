"""Which rows a run computes anew: the named parts `touched` and `wanted` of its statements.

Either what a few changes touched, cell by cell, or everything of some indicators. The
statements that follow read only these parts, so a full rebuild and one changed figure run the
same text.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, NamedTuple

Parameters = dict[str, int | list[Any]]


class Cell(NamedTuple):
    """One indicator at one reporting unit (None: the nation) in one period, by primary keys.

    Every period that overlaps this one is touched with it.
    """

    indicator: int
    province: int | None
    period: int


@dataclass(frozen=True, slots=True)
class Touched:
    """What to compute anew in a program: `cells`, or everything of `indicators`."""

    program: int
    cells: Collection[Cell] = ()
    indicators: Collection[int] | None = None

    @property
    def sql(self) -> str:
        return CELLS if self.indicators is None else EVERYTHING

    @property
    def stored_units(self) -> str:
        """The stored rows of the touched reporting units."""
        return UNITS_OF_CELLS if self.indicators is None else UNITS_OF_INDICATORS

    @property
    def stored_places(self) -> str:
        """The stored rows of the places above them."""
        return PLACES_OF_CELLS if self.indicators is None else PLACES_OF_INDICATORS

    @property
    def parameters(self) -> Parameters:
        if self.indicators is not None:
            return {"program": self.program, "indicators": list(self.indicators)}
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
    JOIN reports_expectation AS owed
        ON (owed.program_id, owed.period_id, owed.province_id)
         = (%(program)s, touched.period_id, touched.province_id)
),
-- The rows of all other units stand as they are stored.
kept AS (SELECT TRUE AS others)"""

EVERYTHING = """
indicator AS (
    SELECT * FROM programs_indicator WHERE id = ANY (%(indicators)s)
),
series AS (
    SELECT indicator.id AS indicator_id, leaf.province_id
    FROM indicator
    JOIN (SELECT DISTINCT indicator_id, province_id FROM reports_leafsum
          WHERE program_id = %(program)s) AS leaf
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
),
kept AS (SELECT FALSE AS others)"""

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

# All of them: rows that the frame no longer knows must go.
UNITS_OF_INDICATORS = """
    SELECT * FROM reports_attainment
    WHERE program_id = %(program)s AND indicator_id = ANY (%(indicators)s)
      AND scope = 'reported'"""
PLACES_OF_INDICATORS = """
    SELECT * FROM reports_attainment
    WHERE program_id = %(program)s AND indicator_id = ANY (%(indicators)s)
      AND scope <> 'reported'"""

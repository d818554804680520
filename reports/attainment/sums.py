"""Sums in SQL: what was reported, by indicator, place and period. One statement per kind of sum.

A leaf is a period of the program's own kind; only leaves are typed, so every other period is
added up from the leaves it contains and overlapping periods are never added to one another.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from django.db import connection

from programs.models import Program
from reports.models import Scope


class Cell(NamedTuple):
    """One indicator in one period at one place; `province` is None for the nation."""

    indicator: int
    period: int
    scope: Scope
    province: int | None


@dataclass(frozen=True, slots=True)
class Sum:
    """What a cell adds up to, in the indicator's unit.

    `value` is None when nothing countable was reported, which is not zero, or when the values
    cannot be added (`addable` is False). Of a ratio, `value` is None and the two sums are given.
    """

    value: Decimal | None
    numerator: Decimal | None
    denominator: Decimal | None
    addable: bool
    not_applicable: bool
    units_reported: int
    leaves_reported: int


@dataclass(frozen=True, slots=True)
class Expected:
    """Who should have reported for a period: units at its end, and unit × leaf in all."""

    units: int
    leaves: int


# The program's leaves, and for every period of its stage the leaves inside it.
PERIODS = """
program AS (
    SELECT program.*, stage.starts_on AS stage_starts_on, stage.ends_on AS stage_ends_on
    FROM programs_program AS program
    JOIN programs_period AS stage ON stage.id = program.stage_id
    WHERE program.id = %(program)s
),
span AS (
    SELECT period.id AS period_id, period.ends_on AS period_ends_on,
           leaf.id AS leaf_id, leaf.starts_on AS leaf_starts_on, leaf.ends_on AS leaf_ends_on,
           leaf.year AS leaf_year
    FROM program
    JOIN programs_period AS period ON period.calendar = program.calendar
        AND period.starts_on >= program.stage_starts_on
        AND period.ends_on <= program.stage_ends_on
    JOIN programs_period AS leaf ON leaf.calendar = program.calendar
        AND leaf.kind = program.leaf_kind
        AND leaf.starts_on >= period.starts_on AND leaf.ends_on <= period.ends_on
)"""

# One official value per indicator, province and leaf: the parts of a province are added up.
# A rate or a distinct count has no sum: several parts leave it without a value.
LEAVES = """
leaf_value AS (
    SELECT figure.indicator_id, figure.province_id, figure.period_id AS leaf_id,
           indicator.aggregation, indicator.entry_mode,
           CASE WHEN indicator.aggregation IN ('flow', 'stock') OR count(figure.approved_value) = 1
                THEN sum(figure.approved_value) END AS value,
           bool_and(figure.approved_state = 'not_applicable') AS not_applicable
    FROM reports_figure AS figure
    JOIN programs_indicator AS indicator ON indicator.id = figure.indicator_id
    WHERE figure.program_id = %(program)s
      AND figure.indicator_id = ANY (%(indicators)s)
      AND figure.nature = 'actual'
      AND figure.approved_state IN ('reported', 'zero', 'not_applicable')
    GROUP BY figure.indicator_id, figure.province_id, figure.period_id,
             indicator.aggregation, indicator.entry_mode
),
-- What was typed cumulatively since the start of the year becomes the work of its own leaf.
leaf_work AS (
    SELECT leaf_value.indicator_id, leaf_value.province_id, leaf_value.leaf_id,
           leaf_value.aggregation, leaf_value.not_applicable,
           CASE WHEN leaf_value.entry_mode = 'cumulative'
                THEN leaf_value.value - coalesce(lag(leaf_value.value) OVER (
                    PARTITION BY leaf_value.indicator_id, leaf_value.province_id, leaf.year
                    ORDER BY leaf.starts_on), 0)
                ELSE leaf_value.value END AS value
    FROM leaf_value
    JOIN programs_period AS leaf ON leaf.id = leaf_value.leaf_id
)"""

# Coverage counts who has answered, «không áp dụng» included, by the units that stand at the end
# of the period; a figure of a predecessor counts for the unit that took its place.
COVERAGE = """
present AS (
    SELECT span.period_id, lineage.part_id AS province_id, lineage.unit_id
    FROM (SELECT DISTINCT period_id, period_ends_on FROM span) AS span
    JOIN programs_province AS unit ON unit.valid_from <= span.period_ends_on
        AND coalesce(unit.valid_to, 'infinity') >= span.period_ends_on
    JOIN programs_lineage AS lineage ON lineage.unit_id = unit.id
)"""

# Flows add over leaves and provinces. A stock is the value of the period's last leaf, added
# over provinces: a missing last leaf is «chưa báo cáo», not the value before it.
ADDED = f"""
WITH {PERIODS}, {LEAVES}, {COVERAGE}
SELECT leaf_work.indicator_id, span.period_id, leaf_work.province_id,
       sum(leaf_work.value) AS value,
       NULL::numeric AS numerator, NULL::numeric AS denominator,
       TRUE AS addable,
       bool_and(leaf_work.not_applicable) AS not_applicable,
       count(DISTINCT coalesce(present.unit_id, leaf_work.province_id)) AS units_reported,
       count(*) AS leaves_reported
FROM leaf_work
JOIN span USING (leaf_id)
LEFT JOIN present ON (present.period_id, present.province_id)
    = (span.period_id, leaf_work.province_id)
WHERE leaf_work.aggregation = 'flow'
   OR (leaf_work.aggregation = 'stock' AND span.leaf_ends_on = span.period_ends_on)
GROUP BY GROUPING SETS (
    (leaf_work.indicator_id, span.period_id, leaf_work.province_id),
    (leaf_work.indicator_id, span.period_id)
)"""

# A rate and a typed distinct count stand for their own leaf and province only, not for a year
# or a nation in which they happen to be the only one.
SINGLE = f"""
WITH {PERIODS}, {LEAVES}, {COVERAGE}
SELECT leaf_work.indicator_id, span.period_id, leaf_work.province_id,
       CASE WHEN grouping(leaf_work.province_id) = 0 AND bool_and(span.leaf_id = span.period_id)
            THEN min(leaf_work.value) END AS value,
       NULL::numeric AS numerator, NULL::numeric AS denominator,
       grouping(leaf_work.province_id) = 0 AND bool_and(span.leaf_id = span.period_id)
           AND bool_and(leaf_work.value IS NOT NULL OR leaf_work.not_applicable) AS addable,
       bool_and(leaf_work.not_applicable) AS not_applicable,
       count(DISTINCT coalesce(present.unit_id, leaf_work.province_id)) AS units_reported,
       count(*) AS leaves_reported
FROM leaf_work
JOIN span USING (leaf_id)
LEFT JOIN present ON (present.period_id, present.province_id)
    = (span.period_id, leaf_work.province_id)
WHERE leaf_work.aggregation IN ('rate', 'distinct')
GROUP BY GROUPING SETS (
    (leaf_work.indicator_id, span.period_id, leaf_work.province_id),
    (leaf_work.indicator_id, span.period_id)
)"""

# A ratio is always the ratio of two sums, over the leaves in which both parts were reported.
RATIO = f"""
WITH {PERIODS}, {LEAVES}, {COVERAGE}
SELECT ratio.id AS indicator_id, span.period_id, part.province_id,
       NULL::numeric AS value,
       sum(part.value) AS numerator, sum(whole.value) AS denominator,
       TRUE AS addable,
       FALSE AS not_applicable,
       count(DISTINCT coalesce(present.unit_id, part.province_id)) AS units_reported,
       count(*) AS leaves_reported
FROM programs_indicator AS ratio
JOIN leaf_work AS part ON part.indicator_id = ratio.numerator_id
JOIN leaf_work AS whole ON whole.indicator_id = ratio.denominator_id
    AND (whole.province_id, whole.leaf_id) = (part.province_id, part.leaf_id)
JOIN span ON span.leaf_id = part.leaf_id
LEFT JOIN present ON (present.period_id, present.province_id) = (span.period_id, part.province_id)
WHERE ratio.id = ANY (%(ratios)s)
  AND part.value IS NOT NULL AND whole.value IS NOT NULL
  AND (part.aggregation = 'flow' OR span.leaf_ends_on = span.period_ends_on)
GROUP BY GROUPING SETS (
    (ratio.id, span.period_id, part.province_id),
    (ratio.id, span.period_id)
)"""

EXPECTED_UNITS = f"""
WITH {PERIODS}
SELECT span.period_id, unit.id,
       bool_or(unit.valid_from <= span.period_ends_on
               AND coalesce(unit.valid_to, 'infinity') >= span.period_ends_on),
       count(*)
FROM span
JOIN programs_province AS unit ON unit.valid_from <= span.leaf_ends_on
    AND coalesce(unit.valid_to, 'infinity') >= span.leaf_ends_on
GROUP BY span.period_id, unit.id"""


def sums_of(program: Program, indicators: Iterable[int]) -> dict[Cell, Sum]:
    """Return the official sums of `indicators` in `program`, in every period they touch.

    The nation's cells are there for a national program only: a local one has no other place.
    """
    indicator_ids = list(indicators)
    ratios = _ratios_among(indicator_ids)
    parts = [part for pair in ratios.values() for part in pair]
    parameters: dict[str, int | list[int]] = {
        "program": program.pk,
        "indicators": sorted({*indicator_ids, *parts}),
        "ratios": list(ratios),
    }
    sums: dict[Cell, Sum] = {}
    with connection.cursor() as cursor:
        for statement in (ADDED, SINGLE, RATIO):
            cursor.execute(statement, parameters)
            for indicator, period, province, *numbers in cursor.fetchall():
                if province is None and program.province_id is not None:
                    continue
                scope = Scope.NATION if province is None else Scope.REPORTED
                sums[Cell(indicator, period, scope, province)] = Sum(*numbers)
    return sums


def expected_of(program: Program) -> dict[tuple[int, int | None], Expected]:
    """Return who should have reported, by period and province (None: the nation).

    A unit is expected in the leaves at whose end it exists: closed on 30/06 it is not late on
    31/07.
    """
    expected: dict[tuple[int, int | None], Expected] = {}
    with connection.cursor() as cursor:
        cursor.execute(EXPECTED_UNITS, {"program": program.pk})
        for period, unit, at_the_end, leaves in cursor.fetchall():
            expected[period, unit] = Expected(units=int(at_the_end), leaves=leaves)
            nation = expected.get((period, None), Expected(0, 0))
            expected[period, None] = Expected(
                units=nation.units + int(at_the_end), leaves=nation.leaves + leaves
            )
    return expected


def _ratios_among(indicators: list[int]) -> dict[int, tuple[int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, numerator_id, denominator_id FROM programs_indicator"
            " WHERE id = ANY (%s) AND aggregation = 'ratio'",
            [indicators],
        )
        return {ratio: (part, whole) for ratio, part, whole in cursor.fetchall()}

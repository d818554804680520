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
    leaves_unexpected: int  # reported by units that were gone at the leaf's end


@dataclass(frozen=True, slots=True)
class Expected:
    """Who should have reported for a period: units at its end, and unit × leaf in all."""

    units: int
    leaves: int


# The program's leaves, and for every period of its stage the leaves inside it. A period that
# leaves do not fill to the day («5 tháng» of a program by quarters) has no figures.
PERIODS = """
program AS (
    SELECT program.*, stage.starts_on AS stage_starts_on, stage.ends_on AS stage_ends_on
    FROM programs_program AS program
    JOIN programs_period AS stage ON stage.id = program.stage_id
    WHERE program.id = %(program)s
),
leaf AS (
    SELECT period.*, min(period.starts_on) OVER (PARTITION BY period.year) AS year_starts_on
    FROM program
    JOIN programs_period AS period ON period.calendar = program.calendar
        AND period.kind = program.leaf_kind
        AND period.starts_on >= program.stage_starts_on
        AND period.ends_on <= program.stage_ends_on
),
inside AS (
    SELECT period.id AS period_id, period.starts_on AS period_starts_on,
           period.ends_on AS period_ends_on,
           leaf.id AS leaf_id, leaf.ends_on AS leaf_ends_on,
           sum(leaf.ends_on - leaf.starts_on + 1) OVER (PARTITION BY period.id) AS days_filled
    FROM program
    JOIN programs_period AS period ON period.calendar = program.calendar
        AND period.starts_on >= program.stage_starts_on
        AND period.ends_on <= program.stage_ends_on
    JOIN leaf ON leaf.starts_on >= period.starts_on AND leaf.ends_on <= period.ends_on
),
span AS (
    SELECT * FROM inside WHERE days_filled = period_ends_on - period_starts_on + 1
)"""

# One official value per indicator, province and leaf: the parts of a province are added up. A
# rate or a distinct count has no sum: only the whole province's own figure is its value.
#
# What was typed cumulatively since the start of the year becomes the work since the figure
# before it, part by part. Where a leaf between was not reported, that work belongs to longer
# periods only: `since` says how long.
LEAVES = """
typed AS (
    SELECT figure.indicator_id, figure.province_id, figure.period_id AS leaf_id,
           indicator.aggregation,
           figure.unit_id IS NULL AND figure.activity_id IS NULL AS is_whole,
           figure.approved_state = 'not_applicable' AS not_applicable,
           CASE WHEN indicator.entry_mode = 'cumulative'
                THEN figure.approved_value - coalesce(lag(figure.approved_value) OVER earlier, 0)
                ELSE figure.approved_value END AS value,
           CASE WHEN indicator.entry_mode = 'cumulative'
                THEN coalesce(lag(leaf.ends_on) OVER earlier + 1, leaf.year_starts_on)
                ELSE leaf.starts_on END AS since
    FROM reports_figure AS figure
    JOIN programs_indicator AS indicator ON indicator.id = figure.indicator_id
    JOIN leaf ON leaf.id = figure.period_id
    WHERE figure.program_id = %(program)s
      AND figure.indicator_id = ANY (%(indicators)s)
      AND figure.nature = 'actual'
      AND figure.approved_state IN ('reported', 'zero', 'not_applicable')
    WINDOW earlier AS (
        PARTITION BY figure.indicator_id, figure.province_id, figure.unit_id, figure.activity_id,
                     leaf.year, figure.approved_state = 'not_applicable'
        ORDER BY leaf.starts_on
    )
),
leaf_work AS (
    SELECT indicator_id, province_id, leaf_id, aggregation,
           CASE WHEN aggregation IN ('flow', 'stock') THEN sum(value)
                ELSE max(value) FILTER (WHERE is_whole) END AS value,
           min(since) AS since,
           bool_and(not_applicable) AS not_applicable
    FROM typed
    GROUP BY indicator_id, province_id, leaf_id, aggregation
)"""

# Every leaf's work in every period that holds it. Coverage counts who has answered, «không áp
# dụng» included, by the units that stand at the end of the period: a figure of a predecessor
# counts for the unit that took its place. A unit that reports for a leaf at whose end it is
# gone was not expected to.
PLACED = f"""
WITH {PERIODS}, {LEAVES},
present AS (
    SELECT DISTINCT ON (span.period_id, lineage.part_id)
           span.period_id, lineage.part_id AS province_id, lineage.unit_id
    FROM (SELECT DISTINCT period_id, period_ends_on FROM span) AS span
    JOIN programs_province AS unit ON unit.valid_from <= span.period_ends_on
        AND coalesce(unit.valid_to, 'infinity') >= span.period_ends_on
    JOIN programs_lineage AS lineage ON lineage.unit_id = unit.id
    ORDER BY span.period_id, lineage.part_id, unit.valid_from DESC
),
placed AS (
    SELECT leaf_work.*, span.period_id,
           span.leaf_id = span.period_id AS is_itself,
           span.leaf_ends_on = span.period_ends_on AS is_last,
           coalesce(present.unit_id, leaf_work.province_id) AS unit_id,
           coalesce(reporter.valid_to, 'infinity') >= span.leaf_ends_on AS was_expected
    FROM leaf_work
    JOIN span ON span.leaf_id = leaf_work.leaf_id
        AND span.period_starts_on <= leaf_work.since
    JOIN programs_province AS reporter ON reporter.id = leaf_work.province_id
    LEFT JOIN present ON (present.period_id, present.province_id)
        = (span.period_id, leaf_work.province_id)
)"""

BY_PROVINCE_AND_NATION = """
GROUP BY GROUPING SETS (
    (placed.indicator_id, placed.period_id, placed.province_id),
    (placed.indicator_id, placed.period_id)
)"""

COUNTS = """
       bool_and(placed.not_applicable) AS not_applicable,
       count(DISTINCT placed.unit_id) AS units_reported,
       count(*) AS leaves_reported,
       count(*) FILTER (WHERE NOT placed.was_expected) AS leaves_unexpected"""

# Flows add over leaves and provinces. A stock is the value of the period's last leaf, added
# over the provinces that still stand: a missing last leaf is «chưa báo cáo», not the value
# before it.
ADDED = f"""
{PLACED}
SELECT placed.indicator_id, placed.period_id, placed.province_id,
       sum(placed.value) AS value,
       NULL::numeric AS numerator, NULL::numeric AS denominator,
       TRUE AS addable,{COUNTS}
FROM placed
WHERE placed.aggregation = 'flow'
   OR (placed.aggregation = 'stock' AND placed.is_last AND placed.was_expected)
{BY_PROVINCE_AND_NATION}"""

# A rate and a typed distinct count stand for their own leaf and province only, not for a year
# or a nation in which they happen to be the only one.
SINGLE = f"""
{PLACED}
SELECT placed.indicator_id, placed.period_id, placed.province_id,
       CASE WHEN grouping(placed.province_id) = 0 AND bool_and(placed.is_itself)
            THEN max(placed.value) END AS value,
       NULL::numeric AS numerator, NULL::numeric AS denominator,
       grouping(placed.province_id) = 0 AND bool_and(placed.is_itself)
           AND bool_and(placed.value IS NOT NULL OR placed.not_applicable) AS addable,{COUNTS}
FROM placed
WHERE placed.aggregation IN ('rate', 'distinct')
{BY_PROVINCE_AND_NATION}"""

# A ratio is always the ratio of two sums, over the leaves in which both parts were reported.
# Its parts are both flows or both stocks (a rule of the catalogue).
RATIO = f"""
{PLACED}
SELECT placed.indicator_id, placed.period_id, placed.province_id,
       NULL::numeric AS value,
       sum(placed.part) AS numerator, sum(placed.whole) AS denominator,
       TRUE AS addable,{COUNTS}
FROM (
    SELECT ratio.id AS indicator_id, part.period_id, part.province_id, part.unit_id,
           part.was_expected, part.value AS part, whole.value AS whole,
           part.not_applicable AND whole.not_applicable AS not_applicable
    FROM programs_indicator AS ratio
    JOIN placed AS part ON part.indicator_id = ratio.numerator_id
    JOIN placed AS whole ON whole.indicator_id = ratio.denominator_id
        AND (whole.province_id, whole.leaf_id, whole.period_id)
            = (part.province_id, part.leaf_id, part.period_id)
    WHERE ratio.id = ANY (%(ratios)s)
      AND part.not_applicable = whole.not_applicable
      AND (part.aggregation = 'flow' OR (part.is_last AND part.was_expected))
) AS placed
{BY_PROVINCE_AND_NATION}"""

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
    wanted = set(indicators)
    ratios = _ratios_among(sorted(wanted))
    parts = [part for pair in ratios.values() for part in pair]
    parameters: dict[str, int | list[int]] = {
        "program": program.pk,
        "indicators": sorted({*wanted, *parts}),
        "ratios": list(ratios),
    }
    sums: dict[Cell, Sum] = {}
    with connection.cursor() as cursor:
        for statement in (ADDED, SINGLE, RATIO):
            cursor.execute(statement, parameters)
            for indicator, period, province, *numbers in cursor.fetchall():
                asked_for = indicator in wanted  # a ratio's parts come along
                if not asked_for or (province is None and program.province_id is not None):
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

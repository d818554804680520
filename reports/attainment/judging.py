"""The last step: a percentage or a reason for every written row that has a plan.

Every decision is taken by arithmetic.py on exact numbers; what is stored is for showing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from django.db import connection

from programs.planning import Direction, Plan, Shape
from reports.attainment.arithmetic import (
    Exact,
    NoPercentage,
    judged,
    ratio_of_sums,
    rounded,
)
from reports.attainment.prepared import execute
from reports.attainment.sql import OF_YEAR
from reports.attainment.touched import CELLS, PLACES_OF_CELLS, UNITS_OF_CELLS, Parameters, Touched

STORED_DECIMALS = 6

# The plan in force at the end of the period; beside the rows of to-date periods («6 tháng đầu
# năm») also the whole year's, as of the same day.
IN_FORCE = """
        ON ({0}.program_id, {0}.indicator_id, {0}.period_id, {0}.scope, {0}.region)
         = (row.program_id, row.indicator_id, {1}, row.scope, row.region)
        AND coalesce({0}.province_id, 0) = coalesce(row.province_id, 0)
        AND coalesce({0}.from_day, '-infinity') <= period.ends_on
        AND coalesce({0}.until_day, 'infinity') > period.ends_on"""

UNJUDGED = f"""
SELECT row.id, row.actual, row.no_actual, row.numerator, row.denominator,
       row.units_unplanned, row.units_unplanned_in_year, indicator.direction, indicator.ratio_scale,
       plan.id, plan.shape, plan.lower, plan.upper, plan.baseline, plan.parts,
       year_plan.id, year_plan.shape, year_plan.lower, year_plan.upper, year_plan.baseline,
       year_plan.parts,
       row.plan_id, row.percent, row.reason, row.standing,
       row.year_plan_id, row.year_percent, row.year_reason
FROM {{rows}} AS row
JOIN programs_indicator AS indicator ON indicator.id = row.indicator_id
JOIN programs_period AS period ON period.id = row.period_id
LEFT JOIN programs_period AS year {OF_YEAR}
LEFT JOIN reports_officialplan AS plan {IN_FORCE.format("plan", "row.period_id")}
LEFT JOIN reports_officialplan AS year_plan {IN_FORCE.format("year_plan", "year.id")}
WHERE (plan.id IS NOT NULL OR year_plan.id IS NOT NULL OR row.plan_id IS NOT NULL
       OR row.year_plan_id IS NOT NULL OR row.numerator IS NOT NULL)"""

WRITTEN = """
    (SELECT * FROM reports_attainment WHERE id = ANY (%(written)s::bigint[]))"""

# Where plans or rules may have changed, every row that they concern is judged anew.
REACHED = "(SELECT * FROM touched_unit UNION ALL SELECT * FROM touched_place)"

STORE = """
UPDATE reports_attainment AS row
SET actual = judged.actual, no_actual = judged.no_actual,
    plan_id = judged.plan, percent = judged.percent, reason = judged.reason,
    standing = judged.standing,
    year_plan_id = judged.year_plan, year_percent = judged.year_percent,
    year_reason = judged.year_reason,
    computed_at = statement_timestamp()
FROM unnest(%(pk)s::bigint[], %(actual)s::numeric[], %(no_actual)s::text[],
            %(plan)s::bigint[], %(percent)s::numeric[], %(reason)s::text[],
            %(standing)s::text[], %(year_plan)s::bigint[], %(year_percent)s::numeric[],
            %(year_reason)s::text[])
    AS judged (id, actual, no_actual, plan, percent, reason, standing,
               year_plan, year_percent, year_reason)
WHERE row.id = judged.id"""


class Judged(NamedTuple):
    """The columns of one row that this step decides, in the order of STORE."""

    pk: int
    actual: Decimal | None
    no_actual: str
    plan: int | None
    percent: Decimal | None
    reason: str
    standing: str
    year_plan: int | None
    year_percent: Decimal | None
    year_reason: str


def judge(touched: Touched, written: Collection[int], *, judge_all: bool) -> list[int]:
    """Judge the written rows, or (`judge_all`) every touched one; store what differs.

    Returns the primary keys of the rows that differed. At most two statements.
    """
    parameters: Parameters
    if judge_all:
        parameters = touched.parameters
        statement = (
            f"WITH {CELLS}, touched_unit AS ({UNITS_OF_CELLS}),"
            f" touched_place AS ({PLACES_OF_CELLS})"
            f" {UNJUDGED.format(rows=REACHED)}"
        )
    elif written:
        parameters = {"written": list(written)}
        statement = UNJUDGED.format(rows=WRITTEN)
    else:
        return []
    with connection.cursor() as cursor:
        execute(cursor, statement, parameters, planned_once=touched.is_few)
        changed = list(_judged(cursor.fetchall()))
        if changed:
            columns = [list(column) for column in zip(*changed, strict=True)]
            stored: Parameters = dict(zip(Judged._fields, columns, strict=True))
            execute(cursor, STORE, stored, planned_once=touched.is_few)
    return [row.pk for row in changed]


def _judged(rows: Iterable[tuple[Any, ...]]) -> Iterator[Judged]:
    """Yield what differs from what is stored."""
    for row in rows:
        pk, actual, no_actual, numerator, denominator = row[:5]
        unplanned, unplanned_in_year, direction, scale = row[5:9]
        plan, *promise, parts = row[9:15]
        year_plan, *year_promise, year_parts = row[15:21]
        now = verdict(
            actual,
            no_actual,
            numerator,
            denominator,
            scale=scale,
            direction=WAYS[direction],
            plan=plan_of(*promise),
            plan_is_partial=bool(parts and unplanned),
            has_year_plan=year_plan is not None,
            year_plan=plan_of(*year_promise),
            year_plan_is_partial=bool(year_parts and unplanned_in_year),
        )
        said = Judged(
            pk,
            now.actual,
            now.no_actual,
            plan,
            now.percent,
            now.reason,
            now.standing,
            year_plan,
            now.year_percent,
            now.year_reason,
        )
        if said[1:] != (actual, no_actual, *row[21:]):
            yield said


class Verdict(NamedTuple):
    """What is stored of a figure and its plans, beside the primary keys of these."""

    actual: Decimal | None  # of a ratio its division, else what was added up
    no_actual: str
    percent: Decimal | None
    reason: str
    standing: str
    year_percent: Decimal | None
    year_reason: str


def verdict(
    actual: Decimal | None,
    no_actual: str,
    numerator: Decimal | None,
    denominator: Decimal | None,
    *,
    scale: int | None,
    direction: Direction,
    plan: Plan | None,
    plan_is_partial: bool,
    has_year_plan: bool,
    year_plan: Plan | None,
    year_plan_is_partial: bool,
) -> Verdict:
    """Judge a figure, or the two sums of a ratio (`scale` is its scale), against its plans."""
    done: Exact | NoPercentage = NoPercentage(no_actual) if actual is None else actual
    if scale is not None and numerator is not None:
        done = ratio_of_sums(numerator, denominator, scale=scale)
        if isinstance(done, NoPercentage):
            actual, no_actual = None, done.value
        else:
            actual, no_actual = rounded(done, decimals=STORED_DECIMALS), ""

    shown, standing = judged(done, plan, direction, plan_is_partial=plan_is_partial)
    percent, reason = _stored(shown)
    year_percent, year_reason = None, ""
    if has_year_plan:
        shown, _ = judged(done, year_plan, direction, plan_is_partial=year_plan_is_partial)
        year_percent, year_reason = _stored(shown)
    return Verdict(actual, no_actual, percent, reason, standing.value, year_percent, year_reason)


def _stored(shown: Decimal | NoPercentage) -> tuple[Decimal | None, str]:
    return (None, shown.value) if isinstance(shown, NoPercentage) else (shown, "")


WAYS = {way.value: way for way in Direction}


@lru_cache(maxsize=1024)
def plan_of(
    shape: str | None, lower: Decimal | None, upper: Decimal | None, baseline: Decimal | None
) -> Plan | None:
    return None if shape is None else Plan(Shape(shape), lower, upper, baseline)

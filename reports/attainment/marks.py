"""Which parts of the attainment are stale: marks are taken by deleting them.

A mark becomes visible together with its change, because a trigger wrote both. Several workers
take different marks (SKIP LOCKED); a worker that dies gives its marks back with its transaction.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db import connection
from django.db.models import Q

from programs.models import Program
from reports.attainment.leaves import LeafCell
from reports.attainment.prepared import execute
from reports.attainment.touched import Cell, Parameters
from reports.models import MarkKind, RecomputeMark

# More than a worker should hold in one transaction; the rest waits for the next round.
BATCH = 5000

LOCK = 0x6B63  # «kc»: our class of advisory locks; the second key is the program

# A mark without a program is one for each: then every program is settled by itself, and one
# that fails holds up no other.
SPREAD = """
WITH taken AS (
    DELETE FROM reports_recomputemark WHERE id IN (
        SELECT id FROM reports_recomputemark WHERE program_id IS NULL FOR UPDATE SKIP LOCKED
    )
    RETURNING kind, indicator_id
)
INSERT INTO reports_recomputemark (kind, program_id, indicator_id)
SELECT DISTINCT taken.kind, program.id, taken.indicator_id
FROM taken CROSS JOIN (
    SELECT id FROM programs_program UNION SELECT program_id FROM reports_expectation
) AS program
RETURNING program_id, indicator_id IS NULL"""

# Two workers with different marks of one program would write each other's sums away: the
# second waits for the first here and reads figures only afterwards.
#
# For the statements that follow the planner keeps to the order in which they are written:
# looking for a better one takes it longer than the few rows of a change.
#
# A report that moved touches all its figures; and since records of participation count from
# the approval of their leaf on, the distinct counts of its province.
TAKE = """
WITH locked AS MATERIALIZED (
    SELECT pg_advisory_xact_lock(%(lock)s, %(program)s::integer),
           set_config('join_collapse_limit', '1', true),
           set_config('from_collapse_limit', '1', true), set_config('jit', 'off', true),
           set_config('plan_cache_mode', 'force_generic_plan', true)
),
taken AS (
    DELETE FROM reports_recomputemark WHERE id IN (
        SELECT id FROM reports_recomputemark WHERE program_id = %(program)s
        ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
    )
    RETURNING kind, indicator_id, province_id, period_id
)
SELECT DISTINCT taken.kind, coalesce(taken.indicator_id, named.indicator_id), named.is_recount,
       taken.province_id, coalesce(taken.period_id, program.stage_id),
       (SELECT count(*) FROM taken)
FROM locked
CROSS JOIN taken
LEFT JOIN programs_program AS program ON program.id = %(program)s
LEFT JOIN LATERAL (
    SELECT figure.indicator_id, FALSE AS is_recount
    FROM reports_report AS report JOIN reports_figure AS figure ON figure.report_id = report.id
    WHERE taken.kind = 'figure' AND taken.indicator_id IS NULL
      AND (report.program_id, report.province_id, report.period_id)
        = (%(program)s, taken.province_id, taken.period_id)
    UNION
    SELECT indicator.id, TRUE
    FROM programs_indicator AS indicator
    WHERE taken.kind IN ('figure', 'participation') AND taken.indicator_id IS NULL
      AND indicator.aggregation = 'distinct'
      AND EXISTS (
          SELECT FROM programs_activity
          WHERE (program_id, province_id) = (%(program)s, taken.province_id)
      )
) AS named ON TRUE"""


@dataclass
class Stale:
    """What the taken marks touch in one program."""

    marks: int = 0
    is_whole: bool = False
    indicators: set[int] = field(default_factory=set)  # every cell of these
    leaves: set[LeafCell] = field(default_factory=set)
    plans: set[Cell] = field(default_factory=set)
    recounts: set[Cell] = field(default_factory=set)


def waiting_programs() -> dict[int, bool]:
    """The programs with marks that wait, and whether everything of one is stale."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT program_id, bool_or(kind = 'frame' AND indicator_id IS NULL)"
            " FROM reports_recomputemark GROUP BY program_id"
        )
        waiting = dict(cursor.fetchall())
        if None in waiting:
            del waiting[None]
            cursor.execute(SPREAD)
            for program, is_whole in cursor.fetchall():
                waiting[program] = waiting.get(program, False) or is_whole
    return waiting


def take_marks(program_id: int, limit: int = BATCH) -> Stale:
    """Delete up to `limit` marks of a program and return what is stale. One statement.

    Call inside a transaction: it holds a lock on the program until the end.
    """
    with connection.cursor() as cursor:
        parameters: Parameters = {"program": program_id, "limit": limit, "lock": LOCK}
        execute(cursor, TAKE, parameters, planned_once=True)
        taken = cursor.fetchall()
    stale = Stale(marks=taken[0][-1] if taken else 0)
    for kind, indicator, is_recount, province, period, _ in taken:
        match kind:
            case MarkKind.FRAME if indicator is None:
                stale.is_whole = True
            case MarkKind.FRAME:
                stale.indicators.add(indicator)
            case MarkKind.PLAN:
                stale.plans.add(Cell(indicator, province, period))
            case _ if is_recount:
                stale.recounts.add(Cell(indicator, province, period))
            case MarkKind.FIGURE if indicator is not None:  # a report without figures has none
                stale.leaves.add(LeafCell(indicator, province, period))
    return stale


def take_all_marks(program_id: int) -> int:
    """Delete every mark of a program that is about to be computed anew; return how many.

    Call inside a transaction, which then holds the lock of `take_marks`. What another worker
    has taken already is left to it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK, program_id])
        cursor.execute(
            "DELETE FROM reports_recomputemark WHERE id IN (SELECT id FROM reports_recomputemark"
            " WHERE program_id = %s FOR UPDATE SKIP LOCKED)",
            [program_id],
        )
        return int(cursor.rowcount)


def is_stale(program: Program) -> bool:
    """Whether any cell of `program` waits to be recomputed."""
    return RecomputeMark.objects.filter(Q(program=program) | Q(program=None)).exists()

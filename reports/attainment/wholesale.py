"""Everything of some indicators: added up into a table of its own, judged, written once.

The sums are those of periods.py and places.py and the verdicts those of judging.py. Only the way
to the stored rows differs: of many rows each is written complete, where one change writes its few
sums first and its verdicts after. While the database adds up the next indicators, this process
judges the ones before: two processors, one connection, one transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal

from django.db import connection

from programs.planning import Direction, Plan
from reports.attainment.judging import IN_FORCE, Verdict, plan_of, verdict
from reports.attainment.periods import sums_over_time
from reports.attainment.places import sums_over_places
from reports.attainment.rows import COVERAGE, KEY, SUMS, differs, key
from reports.attainment.sql import OF_YEAR, columns
from reports.attainment.touched import EVERYTHING, Needs, Parameters

NULL = r"\N"  # as COPY writes it

ROW = ("program_id", *KEY, *SUMS, *COVERAGE)
VERDICT = (
    "actual",
    "no_actual",
    "plan_id",
    "percent",
    "reason",
    "standing",
    "year_plan_id",
    "year_percent",
    "year_reason",
)

# Beside each row that should be: what is stored, and the plans in force. What need not be looked
# at is left out: a row that stands as it should and has no plan. Each row comes as one text, and a
# few thousand at a time: a tuple of twenty values would take ten times the memory.
COMPARED = f"""
DECLARE compared NO SCROLL CURSOR FOR
SELECT array_to_string(ARRAY[
    row.ctid::text, stored.id::text, (stored.id IS NULL OR {differs("row", "stored")})::text,
    row.actual::numeric(30, 6)::text, row.no_actual, row.numerator::text, row.denominator::text,
    row.units_unplanned::text, row.units_unplanned_in_year::text, row.indicator_id::text,
    plan.id::text, year_plan.id::text, {", ".join(f"stored.{name}::text" for name in VERDICT)}
], E'\\t', '{NULL}')
FROM {{fresh}} AS row
FULL JOIN (
    SELECT * FROM reports_attainment
    WHERE program_id = %(program)s AND indicator_id = ANY (%(indicators)s)
) AS stored ON ({key("stored")}) = ({key("row")})
LEFT JOIN programs_period AS period ON period.id = row.period_id
LEFT JOIN programs_period AS year {OF_YEAR}
LEFT JOIN reports_officialplan AS plan {IN_FORCE.format("plan", "row.period_id")}
LEFT JOIN reports_officialplan AS year_plan {IN_FORCE.format("year_plan", "year.id")}
WHERE row.layer IS NULL OR stored.id IS NULL OR {differs("row", "stored")}
   OR plan.id IS NOT NULL OR year_plan.id IS NOT NULL OR row.numerator IS NOT NULL
   OR stored.plan_id IS NOT NULL OR stored.year_plan_id IS NOT NULL"""

AT_A_TIME = 5000

KNOWN_PLANS = """
SELECT id, shape, lower, upper, baseline, parts FROM reports_officialplan
WHERE program_id = %(program)s AND indicator_id = ANY (%(indicators)s)"""

MEASURES = (
    "SELECT id, direction, ratio_scale FROM programs_indicator WHERE id = ANY (%(indicators)s)"
)

JUDGED = """
CREATE TEMPORARY TABLE judged (
    place tid, stored bigint, actual numeric, no_actual text, plan_id bigint, percent numeric,
    reason text, standing text, year_plan_id bigint, year_percent numeric, year_reason text
) ON COMMIT DROP"""

_OWN = tuple(name for name in ROW if name not in VERDICT)
_CONTENT = tuple(name for name in _OWN if name not in ("program_id", *KEY))

ADD = f"""
INSERT INTO reports_attainment ({columns("", (*_OWN, *VERDICT))})
SELECT {columns("fresh", _OWN)}, {columns("judged", VERDICT)}
FROM judged JOIN {{fresh}} AS fresh ON fresh.ctid = judged.place
WHERE judged.stored IS NULL"""

CHANGE = f"""
UPDATE reports_attainment
SET ({columns("", (*_CONTENT, *VERDICT))}, computed_at)
    = ROW({columns("fresh", _CONTENT)}, {columns("judged", VERDICT)}, statement_timestamp())
FROM judged JOIN {{fresh}} AS fresh ON fresh.ctid = judged.place
WHERE reports_attainment.id = judged.stored"""


@dataclass
class Part:
    """Some indicators on their way: how many rows they have, and what is judged of them."""

    fresh: str  # the temporary table of their rows
    parameters: Parameters
    computed: int = 0
    plans: dict[str, tuple[Plan | None, bool]] = field(default_factory=dict)  # is it a sum?
    measures: dict[str, tuple[Direction, int | None]] = field(default_factory=dict)
    added: int = 0
    changed: int = 0
    judged: list[str] = field(default_factory=list)  # lines of the table `judged`, some together
    gone: list[int] = field(default_factory=list)  # primary keys


def recompute_everything(
    program_id: int, parts: Iterable[tuple[Collection[int], Needs]]
) -> Iterator[tuple[int, int]]:
    """Compute every row of these indicators anew, part by part.

    Yields for each part how many rows there are now, and how many changed or are gone.
    """
    before: Part | None = None
    with ThreadPoolExecutor(1) as thread:
        judging: list[Future[None]] = []
        for turn, (indicators, needs) in enumerate(parts):
            parameters: Parameters = {"program": program_id, "indicators": list(indicators)}
            part = Part(f"fresh_{turn % 2}", parameters)
            _add_up(part, needs)
            if before is not None:
                yield _write(before, judging)
            judging = [thread.submit(_judge, part, lines) for lines in _compared(part)]
            before = part
        if before is not None:
            yield _write(before, judging)


def _add_up(part: Part, needs: Needs) -> None:
    units = sums_over_time(needs)
    places = sums_over_places(needs, units=part.fresh)
    row = columns("fresh", ROW[1:])
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TEMPORARY TABLE {part.fresh} ON COMMIT DROP AS"
            f" WITH {EVERYTHING}, {units}"
            f" SELECT %(program)s::bigint AS program_id, {row} FROM fresh",
            part.parameters,
        )
        part.computed = cursor.rowcount
        cursor.execute(
            f"INSERT INTO {part.fresh} ({columns('', ROW)})"
            f" WITH {EVERYTHING}, {places} SELECT %(program)s, {row} FROM fresh",
            part.parameters,
        )
        part.computed += cursor.rowcount


def _compared(part: Part) -> Iterator[list[str]]:
    """Yield what is to be judged of a part, some lines at a time."""
    with connection.cursor() as cursor:
        cursor.execute(KNOWN_PLANS, part.parameters)
        part.plans = {
            str(pk): (plan_of(*promise), parts > 0) for pk, *promise, parts in cursor.fetchall()
        }
        cursor.execute(MEASURES, part.parameters)
        part.measures = {
            str(pk): (Direction(direction), scale) for pk, direction, scale in cursor.fetchall()
        }
        cursor.execute(COMPARED.format(fresh=part.fresh), part.parameters)
        while True:
            cursor.execute(f"FETCH {AT_A_TIME} FROM compared")
            lines = [line for (line,) in cursor.fetchall()]
            if not lines:
                break
            yield lines
        cursor.execute("CLOSE compared")


def _judge(part: Part, lines: list[str]) -> None:
    """Judge every line; keep what differs from what is stored. No database: this is a thread's."""
    no_plan = (None, False)
    judged = []
    for line in lines:
        place, stored, is_changed, actual, no_actual, numerator, denominator, *rest = line.split(
            "\t"
        )
        if place == NULL:
            part.gone.append(int(stored))
            continue
        unplanned, unplanned_in_year, indicator, plan, year_plan, *was = rest
        direction, scale = part.measures[indicator]
        promise, is_sum = part.plans.get(plan, no_plan)
        year_promise, is_sum_in_year = part.plans.get(year_plan, no_plan)
        now = verdict(
            None if actual == NULL else Decimal(actual),
            no_actual,
            None if numerator == NULL else Decimal(numerator),
            None if denominator == NULL else Decimal(denominator),
            scale=scale,
            direction=direction,
            plan=promise,
            plan_is_partial=is_sum and unplanned != "0",
            has_year_plan=year_plan != NULL,
            year_plan=year_promise,
            year_plan_is_partial=is_sum_in_year and unplanned_in_year != "0",
        )
        said = _said(now, plan, year_plan)
        if is_changed == "true" or said != was:
            judged.append("\t".join((place, stored, *said)) + "\n")
            part.added += stored == NULL
            part.changed += stored != NULL
    if judged:
        part.judged.append("".join(judged))


def _said(now: Verdict, plan: str, year_plan: str) -> list[str]:
    """`now` as COPY writes the columns VERDICT."""
    return [
        _number(now.actual),
        now.no_actual,
        plan,
        _number(now.percent),
        now.reason,
        now.standing,
        year_plan,
        _number(now.year_percent),
        now.year_reason,
    ]


def _number(number: Decimal | None) -> str:
    return NULL if number is None else f"{number:f}"


def _write(part: Part, judging: list[Future[None]]) -> tuple[int, int]:
    for each in judging:
        each.result()
    with connection.cursor() as cursor:
        if part.gone:
            cursor.execute("DELETE FROM reports_attainment WHERE id = ANY (%s)", [part.gone])
        if part.judged:
            cursor.execute(JUDGED)
            with cursor.copy("COPY judged FROM STDIN") as copy:
                for lines in part.judged:
                    copy.write(lines)
            if part.changed:
                cursor.execute(CHANGE.format(fresh=part.fresh))
            if part.added:
                cursor.execute(ADD.format(fresh=part.fresh))
            cursor.execute("DROP TABLE judged")
        cursor.execute(f"DROP TABLE {part.fresh}")
    return part.computed, len(part.gone) + part.added + part.changed

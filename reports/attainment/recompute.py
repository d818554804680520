"""From marks to rows. A figure walks in one direction, in four steps:

1. A write leaves a mark (triggers); `take_marks` takes it.                     marks.py
2. Figures are added up to leaves, leaves to periods,      leaves.py, periods.py, places.py
   reporting units to places; rows that differ are written.
3. Written rows that have a plan get a percentage or a reason.      judging.py, arithmetic.py
4. The run is recorded.                                                   this module, JobRun

Plans (plans.py) and the frame of periods and provinces (frame.py) change seldom and come first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from programs.models import Indicator
from reports.attainment.frame import rebuild_frame
from reports.attainment.judging import judge
from reports.attainment.leaves import recompute_every_leaf, recompute_touched_leaves
from reports.attainment.marks import BATCH, Stale, take_all_marks, take_marks, waiting_programs
from reports.attainment.periods import recompute_periods
from reports.attainment.places import recompute_places
from reports.attainment.plans import recompute_plans
from reports.attainment.touched import Cell, Needs, Touched, stored_needs
from reports.attainment.wholesale import recompute_everything
from reports.models import JobRun, JobState, RecomputeMark

# How many indicators of a program go through the later steps at a time: memory stays flat
# however large the program is.
INDICATORS_AT_A_TIME = 6

# From how many marks on the planner is told that named parts are large.
MANY = 300


def recompute_marked(*, worker: str = "") -> JobRun | None:
    """Recompute everything that is marked and return the run; None when nothing was.

    Idempotent: the same figures give the same rows. People go on typing meanwhile; what they
    change leaves new marks for the next run. A program that fails keeps its marks and holds up
    no other; then the run is stored as failed, and the first error goes on to the caller.
    """
    waiting = waiting_programs()
    if not waiting:
        close_abandoned_runs()
        return None
    run = JobRun(state=JobState.RUNNING, started_at=timezone.now(), worker=worker)
    if any(waiting.values()):
        run.save()  # it may take minutes: show that it is running
    errors = []
    for program_id in sorted(waiting):
        try:
            if waiting[program_id]:
                rebuild(program_id, run)
            else:
                while settle(program_id, run) >= BATCH:
                    pass
        except Exception as error:
            errors.append(error)
    run.state = JobState.FAILED if errors else JobState.DONE
    run.error = "\n".join(f"{type(error).__name__}: {error}" for error in errors)
    run.finished_at = timezone.now()
    run.save()
    if errors:
        raise errors[0]
    return run


def recompute_all(*, worker: str = "") -> JobRun | None:
    """Mark everything and recompute it: a full rebuild is the same code."""
    RecomputeMark.objects.create()
    return recompute_marked(worker=worker)


def close_abandoned_runs() -> int:
    """A worker that was killed could not write its own end; its marks are back long ago."""
    limit = timezone.now() - timedelta(seconds=settings.CELERY_TASK_TIME_LIMIT)
    return JobRun.objects.filter(state=JobState.RUNNING, started_at__lt=limit).update(
        state=JobState.FAILED, finished_at=timezone.now(), error="Tiến trình dừng đột ngột."
    )


@transaction.atomic
def settle(program_id: int, run: JobRun) -> int:
    """Take one batch of a program's marks and bring its rows up to date; return how many marks."""
    stale = take_marks(program_id)
    if stale.is_whole:
        return rebuild(program_id, run) + _count(run, stale.marks, ())
    return _count(run, stale.marks, _recomputed(program_id, stale))


@transaction.atomic
def rebuild(program_id: int, run: JobRun) -> int:
    """Compute everything of a program anew, whatever is marked; return how many marks that were.

    Of a program that is gone nothing stays.
    """
    return _count(run, take_all_marks(program_id), _rebuilt(program_id))


def _count(run: JobRun, marks: int, done: Iterable[tuple[int, int]]) -> int:
    for computed, changed in done:
        run.rows_computed += computed
        run.rows_changed += changed
    run.marks_taken += marks
    return marks


def _recomputed(program_id: int, stale: Stale) -> Iterator[tuple[int, int]]:
    """Compute what is stale; yield how many rows were computed and changed, part by part."""
    is_few = not stale.indicators and stale.marks <= MANY
    if not is_few:
        _plan_for_many()
    if stale.indicators:
        indicators = _with_ratios(stale.indicators)
        recompute_plans(program_id, indicators)
        recompute_every_leaf(program_id, indicators)
        yield from _rows_of(program_id, indicators)

    cells: set[Cell] = stale.plans | stale.recounts
    needs = Needs()
    if stale.plans:
        recompute_plans(program_id, {cell.indicator for cell in stale.plans})
    if stale.leaves:
        changed, needs_of_changed = recompute_touched_leaves(
            program_id, stale.leaves, is_few=is_few
        )
        needs = needs if cells else needs_of_changed
        cells |= changed
    if cells:
        touched = Touched(program_id, cells, needs, is_few=is_few)
        yield _rows(touched, judge_all=bool(stale.plans))


def _rebuilt(program_id: int) -> Iterator[tuple[int, int]]:
    indicators = _indicators_of(program_id)
    rebuild_frame(program_id)
    _plan_for_many()
    recompute_plans(program_id, indicators)
    recompute_every_leaf(program_id, None)
    yield from _rows_of(program_id, indicators)


def _plan_for_many() -> None:
    """Tell the planner, for this transaction, that named parts are large.

    It cannot know, takes them for a handful of rows, loops over them row by row and sorts on
    disk: minutes instead of seconds. Hash tables in memory are right for a whole program.
    """
    with connection.cursor() as cursor:
        cursor.execute(PLAN_FOR_MANY)


PLAN_FOR_MANY = """
SELECT set_config('enable_nestloop', 'off', true), set_config('enable_mergejoin', 'off', true),
       set_config('enable_sort', 'off', true), set_config('work_mem', '256MB', true),
       set_config('join_collapse_limit', '8', true), set_config('from_collapse_limit', '8', true),
       set_config('cursor_tuple_fraction', '1', true), set_config('jit', 'off', true)"""


def _rows_of(program_id: int, indicators: Iterable[int]) -> Iterator[tuple[int, int]]:
    ordered = sorted(indicators)
    parts = (
        ordered[first : first + INDICATORS_AT_A_TIME]
        for first in range(0, len(ordered), INDICATORS_AT_A_TIME)
    )
    return recompute_everything(
        program_id, ((part, stored_needs(program_id, part)) for part in parts)
    )


def _rows(touched: Touched, *, judge_all: bool) -> tuple[int, int]:
    """The last steps for the touched cells: over time, over places, against the plan."""
    in_periods, gone, written = recompute_periods(touched)
    in_places, gone_too, written_too = recompute_places(touched)
    written += written_too
    judged = judge(touched, written, judge_all=judge_all)
    return in_periods + in_places, gone + gone_too + len({*written, *judged})


def _indicators_of(program_id: int) -> Sequence[int]:
    """The indicators that the program reports, plans, recounts or still has rows of."""
    with connection.cursor() as cursor:
        cursor.execute(INDICATORS, {"program": program_id})
        return [indicator for (indicator,) in cursor.fetchall()]


INDICATORS = """
WITH RECURSIVE reported (id) AS (
    -- The next indicator that has figures, straight from the index: figures are many.
    (SELECT min(indicator_id) FROM reports_figure WHERE program_id = %(program)s)
    UNION ALL
    SELECT (SELECT min(indicator_id) FROM reports_figure
            WHERE program_id = %(program)s AND indicator_id > reported.id)
    FROM reported WHERE reported.id IS NOT NULL
),
used (id) AS (
    SELECT id FROM reported WHERE id IS NOT NULL
    UNION
    SELECT indicator_id FROM programs_target WHERE program_id = %(program)s
    UNION
    SELECT indicator_id FROM reports_attainment WHERE program_id = %(program)s
    UNION
    SELECT indicator.id
    FROM programs_indicator AS indicator
    WHERE indicator.aggregation = 'distinct'
      AND EXISTS (SELECT FROM programs_activity WHERE program_id = %(program)s)
)
SELECT id FROM used
UNION
SELECT ratio.id
FROM programs_indicator AS ratio
WHERE ratio.numerator_id IN (SELECT id FROM used)
  AND ratio.denominator_id IN (SELECT id FROM used)"""


def _with_ratios(indicators: set[int]) -> set[int]:
    ratios = Indicator.objects.filter(numerator__in=indicators) | Indicator.objects.filter(
        denominator__in=indicators
    )
    return indicators | set(ratios.values_list("pk", flat=True))

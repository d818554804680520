"""From marks to rows: take what is stale, add it up in SQL, judge it purely, replace what differs.

A figure walks in one direction: entry writes it and a trigger marks it (marks.py); sums.py adds
it up; judging.py makes the row, by arithmetic.py; this module stores it.
"""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from programs.models import Indicator, Program
from reports.attainment.judging import rows_of
from reports.attainment.marks import take_marks
from reports.models import Attainment, JobRun, JobState, Layer, RecomputeMark

LOCK = 0x6B63  # «kc»: our class of advisory locks; the second key is the program


def recompute_marked(*, worker: str = "") -> JobRun | None:
    """Recompute everything that is marked and return the run; None when nothing was.

    Idempotent: the same figures give the same rows. People go on typing meanwhile; what they
    change leaves new marks for the next run. If it fails, the marks are still there, the run is
    stored as failed, and the error goes on to the caller.
    """
    _close_abandoned_runs()
    if not RecomputeMark.objects.exists():
        return None
    run = JobRun.objects.create(state=JobState.RUNNING, started_at=timezone.now(), worker=worker)
    try:
        while _recompute_batch(run):
            pass
    except Exception as error:
        _finish(run, JobState.FAILED, error=f"{type(error).__name__}: {error}")
        raise
    _finish(run, JobState.DONE)
    return run


def recompute_all(*, worker: str = "") -> JobRun | None:
    """Mark everything and recompute it: a full rebuild is the same code."""
    RecomputeMark.objects.create()
    return recompute_marked(worker=worker)


@transaction.atomic
def _recompute_batch(run: JobRun) -> bool:
    """Take one batch of marks and settle it; False when there was none left."""
    stale = take_marks()
    for program_id, indicators in sorted(stale.indicators.items()):
        # Two workers with different marks of one program would write each other's sums away:
        # the second waits here, in a fixed order, and reads everything only then.
        _lock(program_id)
        program = Program.objects.select_related("follows").filter(pk=program_id).first()
        if program is None:
            continue
        computed, changed = recompute_program(program, indicators)
        run.rows_computed += computed
        run.rows_changed += changed
    run.marks_taken += stale.marks
    return bool(stale.marks)


def _lock(program_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK, program_id])


def _close_abandoned_runs() -> None:
    """A worker that was killed could not write its own end; its marks are back long ago."""
    limit = timezone.now() - timedelta(seconds=settings.CELERY_TASK_TIME_LIMIT)
    JobRun.objects.filter(state=JobState.RUNNING, started_at__lt=limit).update(
        state=JobState.FAILED, finished_at=timezone.now(), error="Tiến trình dừng đột ngột."
    )


def _finish(run: JobRun, state: JobState, *, error: str = "") -> None:
    run.state, run.finished_at, run.error = state, timezone.now(), error
    run.save()


def recompute_program(program: Program, indicators: set[int] | None) -> tuple[int, int]:
    """Replace the stale rows of `program` (None: of all its indicators).

    Returns how many rows were computed and how many of them differed from what was stored.
    """
    if indicators is None:
        indicators = _indicators_in(program)
    rows = list(rows_of(program, indicators))
    return len(rows), _replace(program, indicators, rows)


def _indicators_in(program: Program) -> set[int]:
    """The indicators that `program` plans, reports or still has rows of, and their ratios."""
    used = set(
        Indicator.objects.filter(figures__program=program)
        .union(
            Indicator.objects.filter(targets__program=program),
            Indicator.objects.filter(attainments__program=program),
        )
        .values_list("pk", flat=True)
    )
    ratios = Indicator.objects.filter(numerator__in=used, denominator__in=used)
    return used | set(ratios.values_list("pk", flat=True))


IDENTITY = ("indicator_id", "period_id", "scope", "province_id", "region")
CONTENT = (
    "actual",
    "no_actual",
    "numerator",
    "denominator",
    "target_version_id",
    "disputed",
    "percent",
    "reason",
    "standing",
    "base_period_id",
    "base_actual",
    "relative_percent",
    "no_comparison",
    "units_expected",
    "units_reported",
    "leaves_expected",
    "leaves_reported",
)


def _replace(program: Program, indicators: set[int], rows: list[Attainment]) -> int:
    """Write only the rows that differ and return how many did; a page never sees half of it."""
    stored = {
        _of(row, IDENTITY): row
        for row in Attainment.objects.filter(
            program=program, indicator__in=indicators, layer=Layer.OFFICIAL
        )
    }
    new, changed = [], []
    for row in rows:
        old = stored.pop(_of(row, IDENTITY), None)
        if old is None:
            new.append(row)
        elif _of(old, CONTENT) != _of(row, CONTENT):
            row.pk = old.pk
            changed.append(row)

    gone = [row.pk for row in stored.values()]
    Attainment.objects.filter(pk__in=gone).delete()
    Attainment.objects.bulk_update(changed, [*CONTENT, "computed_at"], batch_size=500)
    Attainment.objects.bulk_create(new, batch_size=1000)
    return len(gone) + len(changed) + len(new)


def _of(row: Attainment, fields: tuple[str, ...]) -> tuple[object, ...]:
    return tuple(getattr(row, name) for name in fields)

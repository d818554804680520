"""From marks to rows: take what is stale, add it up in SQL, judge it purely, replace what differs.

A figure walks in one direction: entry writes it and a trigger marks it (marks.py); sums.py adds
it up; arithmetic.py makes the percentage or names why there is none; this module stores the row.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from programs.models import Indicator, Period, Program, TargetVersion
from programs.models.indicator import Aggregation
from programs.models.period import PeriodKind
from programs.planning import Direction
from reports.attainment.arithmetic import (
    Comparison,
    NoPercentage,
    attainment,
    compare,
    exact,
    ratio_of_sums,
    rounded,
    shown_percent,
    standing,
)
from reports.attainment.marks import take_marks
from reports.attainment.sums import Cell, Expected, Sum, expected_of, sums_of
from reports.models import Attainment, JobRun, JobState, Layer, RecomputeMark, Scope

STORED_DECIMALS = 6
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
    for program in Program.objects.filter(pk__in=stale.indicators).order_by("pk"):
        # Two workers with different marks of one program would write each other's sums away:
        # the second waits here, in a fixed order, and then reads fresh figures.
        _lock(program)
        computed, changed = recompute_program(program, stale.indicators[program.pk])
        run.rows_computed += computed
        run.rows_changed += changed
    run.marks_taken += stale.marks
    return bool(stale.marks)


def _lock(program: Program) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK, program.pk])


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
    rows = list(_rows(program, indicators))
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


@dataclass(frozen=True, slots=True)
class OfficialPlan:
    """The version in force at the end of the period, and whether another source disagrees."""

    version: TargetVersion
    disputed: bool


def _rows(program: Program, indicator_ids: set[int]) -> Iterable[Attainment]:
    indicators = Indicator.objects.in_bulk(indicator_ids)
    plans = _official_plans(program, indicator_ids)
    sums = sums_of(program, indicator_ids)
    expected = expected_of(program)
    periods = Period.objects.in_bulk({cell.period for cell in (*sums, *plans)})
    bases = _Bases(program, indicator_ids, sums)
    now = timezone.now()

    for cell in sorted({*sums, *plans}, key=lambda cell: (cell[:3], cell.province or 0)):
        indicator, period = indicators[cell.indicator], periods[cell.period]
        yield _row(
            Attainment(
                program=program,
                indicator=indicator,
                period=period,
                scope=cell.scope,
                province_id=cell.province,
                layer=Layer.OFFICIAL,
                computed_at=now,
            ),
            found=sums.get(cell),
            plan=plans.get(cell),
            base=bases.of(cell, period),
            expected=expected.get((cell.period, cell.province), Expected(1, 0)),
        )


def _row(
    row: Attainment,
    *,
    found: Sum | None,
    plan: OfficialPlan | None,
    base: tuple[Period, Sum] | None,
    expected: Expected,
) -> Attainment:
    """Fill `row`: the figure, the plan, a percentage or a reason, the comparison, the coverage."""
    indicator = row.indicator
    direction = Direction(indicator.direction)

    done = _actual(indicator, found)
    actual = done if isinstance(done, Fraction) else None
    row.actual = _stored(actual)
    row.no_actual = done.value if isinstance(done, NoPercentage) else ""
    if found is not None:
        row.numerator, row.denominator = found.numerator, found.denominator

    promised = None
    if plan is not None:
        row.target_version, row.disputed = plan.version, plan.disputed
        promised = plan.version.plan

    judged: Fraction | NoPercentage
    if promised is None:
        judged = NoPercentage.NO_TARGET
    elif isinstance(done, NoPercentage):
        judged = done
    else:
        judged = attainment(actual, promised, direction)
    if isinstance(judged, NoPercentage):
        row.reason = judged.value
    else:
        row.percent = shown_percent(judged)
    row.standing = standing(actual, promised, direction).value

    if base is not None:
        _compare(row, actual, base)

    row.units_expected = max(expected.units, found.units_reported if found else 0)
    row.units_reported = found.units_reported if found else 0
    row.leaves_expected = max(expected.leaves, found.leaves_reported if found else 0)
    row.leaves_reported = found.leaves_reported if found else 0
    return row


def _actual(indicator: Indicator, found: Sum | None) -> Fraction | NoPercentage:
    """The exact figure in the indicator's unit, or why there is none."""
    if found is None:
        return NoPercentage.NOT_REPORTED
    if found.not_applicable:
        return NoPercentage.NOT_APPLICABLE
    if not found.addable:
        return NoPercentage.NOT_ADDABLE
    if indicator.aggregation == Aggregation.RATIO:
        return ratio_of_sums(found.numerator, found.denominator, scale=indicator.ratio_scale or 1)
    return NoPercentage.NOT_REPORTED if found.value is None else exact(found.value)


def _compare(row: Attainment, actual: Fraction | None, base: tuple[Period, Sum]) -> None:
    """Percentages are compared in points by whoever prints them; the rest as a rate here."""
    base_period, base_sum = base
    before = _actual(row.indicator, base_sum)
    if isinstance(before, NoPercentage):
        return
    row.base_period, row.base_actual = base_period, _stored(before)
    if row.indicator.is_percentage:
        return
    against = compare(actual, before, minimum_base=row.indicator.minimum_base)
    if isinstance(against, Comparison):
        row.relative_percent = shown_percent(against.relative)
    else:
        row.no_comparison = against.value


def _stored(value: Fraction | None) -> Decimal | None:
    """A ratio may have no end; six decimals are for showing, its two sums are stored beside it."""
    return None if value is None else rounded(value, decimals=STORED_DECIMALS)


def _official_plans(program: Program, indicators: set[int]) -> dict[Cell, OfficialPlan]:
    """The plan in force at the end of each period: the latest decided, then the highest number.

    Versions in force that nothing replaces, more than one, are sources that disagree.
    """
    versions = (
        TargetVersion.objects.filter(target__program=program, target__indicator__in=indicators)
        .exclude(status="registered")
        .select_related("target__period")
        .order_by("target", "number")
    )
    by_cell: defaultdict[Cell, list[TargetVersion]] = defaultdict(list)
    for version in versions:
        target = version.target
        if version.decided_on is not None and version.decided_on > target.period.ends_on:
            continue
        scope = Scope.NATION if target.province_id is None else Scope.REPORTED
        cell = Cell(target.indicator_id, target.period_id, scope, target.province_id)
        by_cell[cell].append(version)

    return {cell: _official(in_force) for cell, in_force in by_cell.items()}


def _official(in_force: list[TargetVersion]) -> OfficialPlan:
    replaced = {version.replaces_id for version in in_force}
    standing_alone = [
        version
        for version in in_force
        if version.pk not in replaced and version.status == "assigned"
    ]
    return OfficialPlan(
        version=max(in_force, key=lambda v: (v.decided_on or date.min, v.number)),
        disputed=len({version.plan for version in standing_alone}) > 1,
    )


class _Bases:
    """The same cell one step back: the year before, or the stage before in the program before."""

    def __init__(self, program: Program, indicators: set[int], own: Mapping[Cell, Sum]) -> None:
        before = program.follows
        self.sums = {**(sums_of(before, indicators) if before else {}), **own}
        kinds = Period.objects.filter(calendar=program.calendar)
        self.periods = {(p.kind, p.year, p.number): p for p in kinds}

    def of(self, cell: Cell, period: Period) -> tuple[Period, Sum] | None:
        years_back = period.number if period.kind == PeriodKind.STAGE else 1
        earlier = self.periods.get((period.kind, period.year - years_back, period.number))
        if earlier is None:
            return None
        found = self.sums.get(cell._replace(period=earlier.pk))
        return None if found is None else (earlier, found)


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


def last_computed() -> datetime | None:
    """When the latest run finished well; None before the first."""
    runs = JobRun.objects.filter(state=JobState.DONE).order_by("-finished_at")
    return runs.values_list("finished_at", flat=True).first()

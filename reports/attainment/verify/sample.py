"""Every night a part of the stored rows, drawn by lot, is computed a second time."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterator
from secrets import SystemRandom

from django.utils import timezone

from programs.models import Indicator, Program
from programs.numbers import show_number
from reports.attainment.verify.proof import Verified, one_snapshot, verify
from reports.models import JobKind, JobRun, JobState

log = logging.getLogger(__name__)

NAMED = 20  # differences in the record of a run; all that were kept are in the log


def random_sample(size: int) -> dict[Program, set[int]]:
    """Draw `size` times a program and an indicator of the nation's catalogue or of its own.

    From the catalogues and not from the stored rows: an indicator whose rows are all missing
    must have its chance too.
    """
    chance = SystemRandom()
    programs = list(Program.objects.order_by("pk"))
    catalogue = list(Indicator.objects.order_by("pk").values_list("pk", "province_id"))
    drawn: dict[Program, set[int]] = defaultdict(set)
    for _ in range(size if programs else 0):
        program = chance.choice(programs)
        of_program = [
            pk for pk, owner in catalogue if owner is None or program.province_id in (None, owner)
        ]
        if of_program:
            drawn[program].add(chance.choice(of_program))
    return drawn


def verified_sample(size: int) -> Iterator[Verified]:
    """Compare a random sample. Call inside one_snapshot()."""
    for program, indicators in random_sample(size).items():
        yield from verify([program], indicators=indicators)


def check_sample(size: int, *, worker: str = "") -> JobRun:
    """Compare a random sample, log each difference, and record the run.

    The run failed if there are differences. `rows_computed` are the cells compared, of which
    `rows_changed` differ; parts that wait to be recomputed are left out.
    """
    started_at = timezone.now()
    with one_snapshot():
        sample = list(verified_sample(size))
    differences = [difference for each in sample for difference in each.differences]
    for difference in differences:
        log.error("%s", difference)

    cells = sum(each.cells for each in sample)
    found = sum(each.found for each in sample)
    error = ""
    if found:
        first = "\n".join(str(difference) for difference in differences[:NAMED])
        error = f"{show_number(found)} khác biệt trong {show_number(cells)} ô\n{first}"
    return JobRun.objects.create(
        kind=JobKind.PROOF,
        state=JobState.FAILED if found else JobState.DONE,
        started_at=started_at,
        finished_at=timezone.now(),
        worker=worker,
        rows_computed=cells,
        rows_changed=sum(each.cells_differing for each in sample),
        error=error,
    )

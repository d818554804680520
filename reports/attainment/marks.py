"""Which parts of the attainment are stale: marks are taken by deleting them.

A mark becomes visible together with its change, because a trigger wrote both. Several workers
take different marks (SKIP LOCKED); a worker that dies gives its marks back with its transaction.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from django.db import connection
from django.db.models import Q

from programs.models import Indicator, Program
from reports.models import RecomputeMark

# More than a worker should hold in one transaction; the rest waits for the next round.
BATCH = 5000

TAKE = """
DELETE FROM reports_recomputemark
WHERE id IN (
    SELECT id FROM reports_recomputemark ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
)
RETURNING program_id, indicator_id"""


@dataclass
class Stale:
    """What the taken marks touch: for each program its stale indicators, None for all of them."""

    marks: int = 0
    indicators: dict[int, set[int] | None] = field(default_factory=dict)


def take_marks(limit: int = BATCH) -> Stale:
    """Delete up to `limit` marks and return what they touch. Call inside a transaction.

    A program also goes stale with the one it follows (its comparison base), and a ratio with
    its parts.
    """
    with connection.cursor() as cursor:
        cursor.execute(TAKE, [limit])
        taken: list[tuple[int | None, int | None]] = cursor.fetchall()
    if not taken:
        return Stale()

    followers = dict(Program.objects.exclude(follows=None).values_list("follows_id", "pk"))
    programs = list(Program.objects.order_by("pk").values_list("pk", flat=True))
    ratios = _ratios_by_part()

    touched: dict[int, set[int | None]] = defaultdict(set)
    for program, indicator in set(taken):
        for each in programs if program is None else [program]:
            touched[each].add(indicator)
            if each in followers:
                touched[followers[each]].add(indicator)

    stale = Stale(marks=len(taken))
    for program in programs:
        if program not in touched:
            continue
        indicators = touched[program]
        stale.indicators[program] = (
            None
            if None in indicators
            else {
                each
                for indicator in indicators
                if indicator is not None
                for each in (indicator, *ratios[indicator])
            }
        )
    return stale


def is_stale(program: Program) -> bool:
    """Whether any cell of `program` waits to be recomputed."""
    concerns = Q(program=program) | Q(program=None) | Q(program=program.follows_id)
    return RecomputeMark.objects.filter(concerns).exists()


def _ratios_by_part() -> defaultdict[int, list[int]]:
    by_part: defaultdict[int, list[int]] = defaultdict(list)
    ratios = Indicator.objects.filter(aggregation="ratio")
    for ratio, numerator, denominator in ratios.values_list("pk", "numerator_id", "denominator_id"):
        by_part[numerator].append(ratio)
        by_part[denominator].append(ratio)
    return by_part

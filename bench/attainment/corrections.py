"""Changing official figures lawfully, one row at a time.

A correction is typed into a reopened report, sent, and made official by the approval, which
copies what was typed: that last UPDATE is what moves a sum, and what is timed here. What comes
before it is written beforehand with the triggers off, so the rows stand as they do inside
`reports.entry.workflow.approve` before it copies. No trigger is off while anything is timed:
guards, history and marks are part of a save.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from random import Random

from django.db import connection, transaction
from django.db.models import F, Max, Min

from reports.models import Figure

# The part of approval that changes a figure.
APPROVAL = {"approved_state": F("state"), "approved_value": F("value")}


def random_figures(count: int, *, seed: int) -> list[int]:
    """Return the primary keys of `count` reported figures of communes, in a random order."""
    every = Figure.objects.order_by()
    ends = every.aggregate(first=Min("pk"), last=Max("pk"))
    candidates = range(ends["first"], ends["last"] + 1)
    drawn = Random(seed).sample(candidates, min(3 * count, len(candidates)))
    usable = every.filter(pk__in=drawn, state="reported", unit__isnull=False)
    order = {pk: turn for turn, pk in enumerate(drawn)}
    return sorted(usable.values_list("pk", flat=True), key=order.__getitem__)[:count]


def type_corrections(figures: list[int]) -> None:
    """Let one more than before stand typed in each of `figures`.

    In a session of its own: switching triggers off makes a session forget every plan that it
    had made, and whoever writes or computes in earnest never does so.
    """
    with ThreadPoolExecutor(1) as thread:
        thread.submit(_type_corrections, figures).result()


def _type_corrections(figures: list[int]) -> None:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            Figure.objects.filter(pk__in=figures).update(value=F("value") + 1)
    finally:
        connection.close()


def approve_one(figure: Figure) -> None:
    """Make what is typed in `figure` official, in a transaction of its own."""
    figure.approved_state, figure.approved_value = figure.state, figure.value
    with transaction.atomic():
        figure.save(update_fields=("approved_state", "approved_value"))


def approve_all(figures: list[int]) -> None:
    """Make what is typed in all of `figures` official at once, as the approval of a report."""
    with transaction.atomic():
        Figure.objects.filter(pk__in=figures).update(**APPROVAL)

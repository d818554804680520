"""Celery entry point of the sample program."""

from __future__ import annotations

from celery import shared_task

from reports.sample.load import load_sample
from reports.tasks import recompute_soon


@shared_task(name="reports.sample.tasks.load")
def load() -> None:
    """Sent by `./kc up` once it serves: nobody waits for invented figures."""
    if load_sample():
        recompute_soon()

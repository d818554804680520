"""Celery entry points, a few lines each. What they do is in reports.attainment."""

from __future__ import annotations

from celery import Task, shared_task
from django.db import OperationalError, close_old_connections, transaction

from reports.attainment import recompute
from reports.attainment.verify.sample import check_sample

SAMPLE = 50  # pairs of a program and an indicator, every night


@shared_task(
    bind=True,
    name="reports.tasks.recompute_marked",
    autoretry_for=(OperationalError,),
    retry_backoff=True,
    max_retries=3,
)
def recompute_marked(self: Task[[], None]) -> None:
    """Sent when a write commits, and by beat: a lost message costs one sweep, never a figure.

    A worker may keep its connection from task to task (CELERY_DB_REUSE_MAX), and with it what is
    prepared there; one that is broken or too old goes here.
    """
    close_old_connections()
    recompute.recompute_marked(worker=self.request.hostname or "")


@shared_task(bind=True, name="reports.tasks.verify_sample")
def verify_sample(self: Task[[], None]) -> None:
    """Beat sends this every night; what differs is an error in the log and a failed run."""
    check_sample(SAMPLE, worker=self.request.hostname or "")


def recompute_soon() -> None:
    """Ask a worker once the current transaction commits.

    A broker that does not answer is logged and left to beat's next sweep: the marks are in
    the database, and the write that left them must not fail for it.
    """
    transaction.on_commit(_send, robust=True)


def _send() -> None:
    recompute_marked.apply_async(retry=False)

"""Celery entry points of entry, a few lines each. khuyencong.celery looks for them here."""

from __future__ import annotations

from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction
from django.utils import timezone

from reports.entry import deadlines, reminders
from reports.entry.workbook import run


@shared_task(name="reports.entry.tasks.prepare_reports")
def prepare_reports() -> None:
    """Beat sends this every morning; what is there already stays as it is."""
    deadlines.prepare_reports(timezone.localdate())


@shared_task(name="reports.entry.tasks.remind")
def remind() -> None:
    """Beat sends this every morning, and a return as it commits: each thing is told once."""
    reminders.remind(timezone.localdate())


@shared_task(name="reports.entry.tasks.read_workbook", soft_time_limit=180)
def read_workbook(pk: int) -> None:
    """Sent when a workbook arrives, and again by whoever is looking at it in vain."""
    try:
        run.read_import(pk)
    except SoftTimeLimitExceeded:
        run.give_up(pk, run.TOO_SLOW)


def read_workbook_soon(pk: int) -> None:
    """Ask a worker once the current transaction commits; the page lets people ask again."""
    transaction.on_commit(lambda: read_workbook.apply_async((pk,), retry=False), robust=True)


def remind_soon() -> None:
    """Ask a worker once the current transaction commits; a lost message waits for the morning."""
    transaction.on_commit(_send_remind, robust=True)


def _send_remind() -> None:
    remind.apply_async(retry=False)

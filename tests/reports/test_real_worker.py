"""A separate Celery worker on the real broker: started by a commit, killed, doubled."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from time import monotonic
from urllib.parse import quote

import psycopg
import pytest
import redis
from django.conf import settings
from django.db import connection, transaction

from programs.access import Role
from reports.attainment import recompute
from reports.attainment.marks import LOCK
from reports.entry.figures import enter_figure
from reports.entry.said import Typed
from reports.entry.workflow import approve, submit
from reports.models import Attainment, FigureState, JobRun, Layer, RecomputeMark, Report
from reports.tasks import recompute_marked, recompute_soon
from tests.conftest import person
from tests.factories import (
    IndicatorFactory,
    MembershipFactory,
    ReportFactory,
    TargetFactory,
    TargetVersionFactory,
)

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE = 60  # seconds until we say that something will not happen


def eventually(happens: Callable[[], bool], what: str) -> None:
    """Look again until `happens`; there is no event to wait for in another process."""
    deadline = monotonic() + PATIENCE
    pause = threading.Event()
    while not happens():
        assert monotonic() < deadline, f"never: {what}"
        pause.wait(0.05)


def test_database_url() -> str:
    database = connection.settings_dict
    host = database.get("OPTIONS", {}).get("host") or database["HOST"]
    who = f"{quote(database['USER'])}:{quote(database['PASSWORD'] or '')}"
    if host.startswith("/"):
        return f"postgres://{who.rstrip(':')}@/{database['NAME']}?host={host}"
    return f"postgres://{who}@{host}:{database['PORT'] or 5432}/{database['NAME']}"


test_database_url.__test__ = False  # type: ignore[attr-defined]


@contextmanager
def worker() -> Iterator[subprocess.Popen[bytes]]:
    """A Celery worker of its own session, on the test database and the tests' broker."""
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "celery", "-A", "khuyencong", "worker"),
            *(
                "--concurrency",
                "1",
                "--loglevel",
                "WARNING",
                "--without-gossip",
                "--without-mingle",
            ),
        ],
        env=os.environ | {"DATABASE_URL": test_database_url()},
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
    )
    try:
        yield process
    finally:
        kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL the worker and its children: no handler runs, as when the power fails."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@pytest.fixture(autouse=True)
def empty_broker() -> Iterator[None]:
    client = redis.Redis.from_url(settings.REDIS_URL)
    client.flushdb()
    yield
    client.flushdb()
    client.close()


@pytest.fixture
def submitted(db: None) -> Report:
    """64 machines of 50, sent; approval is what the tests do."""
    report = ReportFactory.create()
    indicator = IndicatorFactory.create()
    target = TargetFactory.create(program=report.program, indicator=indicator, period=report.period)
    TargetVersionFactory.create(target=target)
    clerk = person("clerk", Role.STAFF, report.province)
    MembershipFactory.create(user=clerk, role=Role.MANAGER.value, province=report.province)
    enter_figure(report, indicator, Typed(state=FigureState.REPORTED, value=Decimal(64)), by=clerk)
    submit(report, by=clerk)
    recompute.recompute_marked()  # everything but the approval is settled
    JobRun.objects.all().delete()
    approve(report, by=clerk)
    return report


def computed() -> bool:
    return Attainment.objects.filter(percent=128, layer=Layer.OFFICIAL).exists()


def settled() -> bool:
    return (
        not RecomputeMark.objects.exists() and not JobRun.objects.filter(state="running").exists()
    )


def test_a_commit_is_enough_for_a_separate_process_to_compute(submitted):
    with worker():
        eventually(computed, "128 %")
        eventually(settled, "the run is recorded")

    run = JobRun.objects.get()
    assert (run.state, run.worker.split("@")[0]) == ("done", "celery")


def test_a_worker_killed_in_the_middle_of_a_recompute_loses_nothing(submitted):
    with psycopg.connect(test_database_url().replace("postgres://", "postgresql://")) as blocker:
        blocker.execute("SELECT pg_advisory_lock(%s, %s)", [LOCK, submitted.program_id])
        with worker() as victim:
            # It has taken the marks and waits for the program: the middle of its transaction.
            eventually(waits_for_the_lock, "the worker waits for the program")
            kill(victim)
    eventually(lambda: not waits_for_the_lock(), "the server has noticed")

    assert RecomputeMark.objects.exists()
    assert not computed()

    with worker():
        recompute_marked.delay()
        eventually(computed, "128 %")


def waits_for_the_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        return bool(cursor.fetchone()[0])


def test_a_lost_message_costs_one_sweep(submitted):
    redis.Redis.from_url(settings.REDIS_URL).flushdb()  # the message of the commit is gone

    with worker():
        recompute_marked.delay()  # what beat sends every few seconds
        eventually(computed, "128 %")


def test_two_workers_and_three_messages_compute_the_same_rows_once(submitted):
    for _ in range(3):
        recompute_marked.delay()
    with worker(), worker():
        eventually(computed, "128 %")
        eventually(settled, "both are idle")

    cells = Attainment.objects.order_by("scope").values_list("scope", "period__kind", "percent")
    assert list(cells) == [("current", "year", Decimal(128)), ("reported", "year", Decimal(128))]


def test_a_broker_that_is_down_does_not_stop_a_write(db, monkeypatch):
    def unreachable(**options: object) -> None:
        raise ConnectionError("no broker")

    monkeypatch.setattr(recompute_marked, "apply_async", unreachable)
    with transaction.atomic():
        IndicatorFactory.create()
        recompute_soon()

    assert RecomputeMark.objects.exists()

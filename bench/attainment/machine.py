"""On what the seconds were measured. Ratios are what counts; this is for orientation."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterator
from pathlib import Path

import django
from django.db import connection

from bench.attainment.nation import MIX, Size
from reports.models import Attainment, Figure

SETTINGS = (
    "shared_buffers",
    "work_mem",
    "max_parallel_workers_per_gather",
    "jit",
    "fsync",
    "synchronous_commit",
    "full_page_writes",
    "autovacuum",
)
GIGABYTE = 2**30


def machine() -> Iterator[str]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIGABYTE
    yield f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GB, {platform.system()}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version')")
        (version,) = cursor.fetchone()
        cursor.execute(
            "SELECT string_agg(name || ' = ' || current_setting(name), ', ' ORDER BY turn)"
            " FROM unnest(%s::text[]) WITH ORDINALITY AS wanted (name, turn)",
            [list(SETTINGS)],
        )
        (settings,) = cursor.fetchone()
    yield f"Python {platform.python_version()}, Django {django.__version__}, PostgreSQL {version}"
    yield settings
    yield f"60 indicators: {MIX}"


def contents(size: Size) -> str:
    return (
        f"size {size.name}: {size.provinces} provinces × {size.communes} communes × 60 months, "
        f"{Figure.objects.count():,} figures, {Attainment.objects.count():,} attainment rows"
    )


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    text = information.read_text() if information.exists() else ""
    model = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return model[1] if model else platform.machine()

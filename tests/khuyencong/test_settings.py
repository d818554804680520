"""A start without what production needs stops with a sentence that says what to set."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django import forms
from django.conf import settings
from django.utils import formats

HOME = Path(__file__).resolve().parents[2]
COMPLETE = {
    "SECRET_KEY": "0123456789" * 6,
    "DATABASE_URL": "postgres://kc:kc@db/kc",
    "REDIS_URL": "redis://broker:6379/0",
    "ALLOWED_HOSTS": "khuyencong.example",
}


def start(environment: dict[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "ignore", "manage.py", *(command or ("check",))],
        cwd=HOME,
        env={"PATH": os.environ["PATH"]} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("missing", ["SECRET_KEY", "DATABASE_URL", "REDIS_URL", "ALLOWED_HOSTS"])
def test_a_start_without_a_needed_variable_names_it(missing):
    started = start({name: value for name, value in COMPLETE.items() if name != missing})

    assert started.returncode != 0
    last_line = started.stderr.strip().splitlines()[-1]
    assert f"Thiếu biến môi trường {missing}" in last_line


def test_a_short_secret_is_refused():
    started = start(COMPLETE | {"SECRET_KEY": "x"})
    assert "ít nhất 50 ký tự" in started.stderr.strip().splitlines()[-1]


def test_a_complete_production_environment_passes_djangos_deployment_check():
    started = start(COMPLETE, "check", "--deploy", "--fail-level", "WARNING")
    assert started.returncode == 0, started.stderr


def test_demo_accounts_cannot_be_made_outside_the_embedded_servers():
    script = "from accounts.demo import make_demo_accounts; make_demo_accounts()"
    started = start(COMPLETE, "shell", "-v0", "-c", script)
    assert "demo accounts exist on the embedded servers only" in started.stderr


def test_a_date_is_read_with_the_day_first():
    assert forms.DateField(localize=True).clean("03/11/2026") == date(2026, 11, 3)
    assert forms.DateField().clean("3/11/2026") == date(2026, 11, 3)


def test_numbers_and_dates_are_printed_as_vietnamese_officials_write_them():
    assert formats.localize(1250) == "1.250"
    assert formats.localize(Decimal("1234567.5")) == "1.234.567,5"
    assert formats.localize(date(2026, 11, 3)) == "03/11/2026"


def test_time_is_local_in_dates_and_universal_in_stamps():
    assert settings.TIME_ZONE == "Asia/Ho_Chi_Minh"
    assert settings.USE_TZ


def test_a_task_cannot_outlive_its_messages_visibility():
    """Else the broker hands the same message out again while the first run still works."""
    timeout = settings.CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"]
    assert timeout > settings.CELERY_TASK_TIME_LIMIT

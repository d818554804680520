"""Databases of the benchmark's own, beside the one it was given, on the same server."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from urllib.parse import urlsplit

from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from bench.attainment.nation import Size, generate
from reports.attainment.recompute import recompute_all

MIGRATED = "kc_bench"  # empty; each size begins as its copy, for migrating takes longer than S


Step = Callable[[str], AbstractContextManager[None]]


class NotSuperuser(Exception):
    """Triggers can be switched off by a superuser only. str() is for the person."""


@contextmanager
def filled_database(size: Size, *, keep: bool, step: Step) -> Iterator[None]:
    """The default connection leads to a filled database of `size` inside.

    With `keep` it stays for the next run, which finds it filled. Raises NotSuperuser.
    """
    home = connection.settings_dict["NAME"]
    name = f"{MIGRATED}_{size.name.lower()}"
    if not keep or not _exists(name):
        _require_superuser()
        with step("migrating an empty database"):
            _recreate(name, template=_migrated_database())
        _lead_to(name)
        with step(f"{size.name}: generating"):
            generate(size)
            vacuum()
        with step(f"{size.name}: first build"):
            recompute_all()
            vacuum()
    _lead_to(name)
    _migrate()
    try:
        yield
    finally:
        _lead_to(home)
        if not keep:
            _execute(f"DROP DATABASE {name}")


@contextmanager
def scratch_database(name: str) -> Iterator[None]:
    """The default connection leads to an empty, migrated database inside, which is gone after."""
    home = connection.settings_dict["NAME"]
    scratch = f"{MIGRATED}_{name}"
    _recreate(scratch, template=_migrated_database())
    _lead_to(scratch)
    try:
        yield
    finally:
        _lead_to(home)
        _execute(f"DROP DATABASE {scratch} WITH (FORCE)")
        drop_template()


def drop_template() -> None:
    _execute(f"DROP DATABASE IF EXISTS {MIGRATED}")


def vacuum(*tables: str) -> None:
    """Leave no work of the past to autovacuum, and statistics to the planner."""
    _execute(f"VACUUM (ANALYZE) {', '.join(tables)}")


def environment() -> dict[str, str]:
    """Return the environment of a process that works on the database of the connection."""
    address = urlsplit(os.environ["DATABASE_URL"])
    folder, _slash, _name = address.path.rpartition("/")
    path = f"{folder}/{connection.settings_dict['NAME']}"
    return os.environ | {"DATABASE_URL": address._replace(path=path).geturl()}


def _migrated_database() -> str:
    home = connection.settings_dict["NAME"]
    if not _exists(MIGRATED):
        _recreate(MIGRATED, template="template0")
    _lead_to(MIGRATED)
    _migrate()
    _lead_to(home)
    return MIGRATED


def _migrate() -> None:
    """Bring a database of an earlier run up to date."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", verbosity=0)


def _recreate(name: str, *, template: str) -> None:
    _execute(f"DROP DATABASE IF EXISTS {name}")
    _execute(f"CREATE DATABASE {name} TEMPLATE {template}")


def _lead_to(name: str) -> None:
    """Threads that connect later read the same settings."""
    connection.close()
    connection.settings_dict["NAME"] = name


def _exists(name: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_database WHERE datname = %s", [name])
        return cursor.fetchone() is not None


def _require_superuser() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        if cursor.fetchone() != (True,):
            raise NotSuperuser("The user of DATABASE_URL must be a superuser of PostgreSQL.")


def _execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)

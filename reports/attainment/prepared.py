"""Statements that the server plans once for each connection instead of each time.

The statements of one change read a few rows and are long: to plan them takes ten times as long as
to run them. A worker keeps its connection, so all its changes after the first are spared that.
The plan made once must do for every change, and does: each reads a few rows by their index. What
computes a whole program is planned each time, for what is in the tables by then.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from typing import Any
from weakref import WeakKeyDictionary

from django.db import OperationalError, connection
from django.db.backends.utils import CursorWrapper

from reports.attainment.touched import Parameters

# Every parameter of the engine's statements, by name.
TYPES = {
    "program": "bigint",
    "limit": "integer",
    "lock": "integer",
    "touched_indicators": "bigint[]",
    "touched_provinces": "bigint[]",
    "touched_periods": "bigint[]",
    "written": "bigint[]",
    "pk": "bigint[]",
    "actual": "numeric[]",
    "no_actual": "text[]",
    "plan": "bigint[]",
    "percent": "numeric[]",
    "reason": "text[]",
    "standing": "text[]",
    "year_plan": "bigint[]",
    "year_percent": "numeric[]",
    "year_reason": "text[]",
}

_prepared: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()


def execute(
    cursor: CursorWrapper, statement: str, parameters: Parameters, *, planned_once: bool
) -> None:
    """Execute `statement`; planned once, the connection's first time also costs a PREPARE."""
    if not planned_once:
        cursor.execute(statement, parameters)
        return
    known = _prepared.setdefault(connection.connection, set())
    name = _name(statement)
    if name not in known:
        cursor.execute(_prepare(name, statement, tuple(parameters)))
        known.add(name)
    arguments = ", ".join(f"%({parameter})s" for parameter in parameters)
    try:
        cursor.execute(f"EXECUTE {name} ({arguments})", parameters)
    except OperationalError:
        known.clear()  # should somebody have deallocated it, the task's next try prepares it anew
        raise


@lru_cache
def _name(statement: str) -> str:
    return f"kc_{sha256(statement.encode()).hexdigest()[:16]}"


def _prepare(name: str, statement: str, parameters: tuple[str, ...]) -> str:
    for number, parameter in enumerate(parameters, start=1):
        statement = statement.replace(f"%({parameter})s", f"${number}")
    types = ", ".join(TYPES[parameter] for parameter in parameters)
    return f"PREPARE {name} ({types}) AS {statement}"

"""Reading our own CSV files into rows of the database: all faults at once, nothing half-loaded."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import IntegrityError, models, transaction

Row = dict[str, str]


class TableFault(Exception):
    """What is wrong with a file, one line per fault: file, line, what. str() is for a person."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


def load_table(
    path: Path,
    put: Callable[[Row], bool],
    *,
    order: Callable[[Row], Any] | None = None,
    reverse: bool = False,
) -> tuple[int, int]:
    """Give every row of `path` to `put`; return how many rows there are and how many it wrote.

    `order` sorts the rows first, where one must exist before another can refer to it.
    Raises TableFault with every faulty line; then nothing of the file is written.
    """
    rows = read_table(path)
    if order is not None:
        rows.sort(key=lambda numbered: order(numbered[1]), reverse=reverse)
    faults: dict[int, str] = {}
    written = 0
    with transaction.atomic():
        for line, row in rows:
            try:
                written += put(row)
            except (
                ValidationError,
                IntegrityError,
                ObjectDoesNotExist,
                ValueError,
                KeyError,
            ) as fault:
                faults[line] = f"{path.name}, dòng {line}: {_in_words(fault, row)}"
        if faults:
            raise TableFault([faults[line] for line in sorted(faults)])
    return len(rows), written


def read_table(path: Path) -> list[tuple[int, Row]]:
    """Return the rows with their line numbers. Raises TableFault if the file cannot be read."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            return [
                (reader.line_num, {name: (cell or "").strip() for name, cell in row.items()})
                for row in reader
            ]
    except (OSError, UnicodeDecodeError, csv.Error) as fault:
        raise TableFault([f"{path}: không đọc được ({fault})"]) from fault


def add_row(model: type[models.Model], identity: dict[str, Any], content: dict[str, Any]) -> bool:
    """Create the row that `identity` names; False if it is there already.

    A row that is there stays as it is: an administrator may have changed it, and the next
    deployment must not undo that.
    """
    if model._default_manager.filter(**identity).exists():
        return False
    row = model(**identity, **content)
    # The database holds the rules; asking it for each of them first would cost ten queries a
    # row. Only a refused row is asked, for the words.
    row.clean_fields(exclude=[field.name for field in model._meta.fields if field.is_relation])
    try:
        with transaction.atomic():  # a refused row must not spoil the rows around it
            row.save()
    except IntegrityError:
        row.full_clean()
        raise
    return True


def day(text: str) -> date | None:
    """An ISO date, or None for an empty cell."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as fault:
        raise ValueError(f"«{text}» không phải là ngày, ví dụ đúng: 2025-07-01") from fault


def decimal(text: str) -> Decimal | None:
    """A number as computers write it, or None for an empty cell."""
    if not text:
        return None
    try:
        return Decimal(text)
    except InvalidOperation as fault:
        raise ValueError(f"«{text}» không phải là một con số") from fault


def keys(text: str) -> Iterable[str]:
    """The keys of a cell that lists several, separated by semicolons."""
    return [key.strip() for key in text.split(";") if key.strip()]


def _in_words(fault: Exception, row: Row) -> str:
    match fault:
        case ValidationError():
            return " ".join(fault.messages)
        case ObjectDoesNotExist():
            return f"có khóa không tìm thấy ({fault}); dòng này là {row}"
        case IntegrityError():
            return str(fault).splitlines()[0]
        case KeyError():
            return f"thiếu cột {fault}"
        case _:
            return str(fault)

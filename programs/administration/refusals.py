"""What the database refuses, in the words that stand beside the rule."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db import DatabaseError
from psycopg import Error

REFUSED = (
    "Dữ liệu vừa thay đổi hoặc trái quy tắc nên chưa được ghi. Hãy tải lại trang, kiểm tra rồi "
    "ghi lại."
)


def refusal_of(error: DatabaseError) -> str:
    """Return why the database refused, for the person who typed.

    A rule that raises in a trigger has its sentence with it; a constraint has it in its model.
    """
    cause = error.__cause__
    if not isinstance(cause, Error):
        return REFUSED
    if cause.diag.source_function == "exec_stmt_raise" and cause.diag.message_primary:
        return cause.diag.message_primary
    return _messages().get(cause.diag.constraint_name or "", REFUSED)


def _messages() -> dict[str, str]:
    messages: dict[str, str] = {}
    for model in apps.get_models():
        for constraint in model._meta.constraints:
            said: Any = constraint.violation_error_message
            if said != constraint.default_violation_error_message:
                messages[constraint.name] = str(said)
    return messages

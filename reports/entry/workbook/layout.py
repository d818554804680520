"""What a workbook of ours looks like, and the hidden keys by which it is known again.

People sort, insert rows, rename and move columns: nothing visible is relied on. One hidden row
says which column is which, one hidden column which row is which, and a signed token whose.
"""

from __future__ import annotations

from enum import StrEnum

from django.core import signing

from reports.models import Report

SHEET = "Báo cáo"
IDENTITY_SHEET = "KC"  # very hidden: holds the token in A1

TITLE_ROWS = 4  # program, province, period, how to fill
KEYS_ROW = TITLE_ROWS  # rows and columns are counted from 0, as XlsxWriter does
HEADING_ROW = TITLE_ROWS + 1
NUMBERS_ROW = TITLE_ROWS + 2
FIRST_ROW = TITLE_ROWS + 3


class Column(StrEnum):
    """The columns from left to right; the value is the key in the hidden row."""

    NUMBER = "kc.stt"
    NAME = "kc.ten"
    UNIT = "kc.don_vi"
    PLAN = "kc.ke_hoach"
    BEFORE = "kc.ky_truoc"
    VALUE = "kc.gia_tri"
    NOTE = "kc.ghi_chu"
    # Hidden.
    KEY = "kc.khoa"
    VERSION = "kc.phien_ban"
    BASE = "kc.so_goc"
    NOTE_BASE = "kc.ghi_chu_goc"
    DECIMALS = "kc.so_le"
    LEAST = "kc.nho_nhat"


PLACE = {column: index for index, column in enumerate(Column)}
VISIBLE = PLACE[Column.KEY]  # how many columns people see
WIDTHS = {
    Column.NUMBER: 6,
    Column.NAME: 52,
    Column.UNIT: 16,
    Column.PLAN: 16,
    Column.BEFORE: 14,
    Column.VALUE: 18,
    Column.NOTE: 34,
}
# Stands in the column of keys where a row is no indicator's, though it holds something.
NO_INDICATOR = "kc.bo_qua"

_SALT = "reports.entry.workbook"
_MARK = "KC1:"


def row_key(report: int, indicator: int) -> str:
    """The key of a row. It names the report too: rows get copied from last month's file."""
    return f"{report}.{indicator}"


def read_row_key(text: str) -> tuple[int, int] | None:
    """Return (report, indicator), or None for what is no key of ours."""
    report, _, indicator = text.strip().partition(".")
    digits = report + indicator
    if not report or not indicator or not digits.isascii() or not digits.isdecimal():
        return None
    return (int(report), int(indicator)) if len(digits) <= 30 else None


def token_of(report: Report) -> str:
    return _MARK + signing.dumps({"report": report.pk}, salt=_SALT)


def is_token(text: str) -> bool:
    return text.startswith(_MARK)


def report_of(token: str) -> int | None:
    """The report that `token` was signed for; None if it is not ours."""
    try:
        content = signing.loads(token.removeprefix(_MARK), salt=_SALT)
    except signing.BadSignature:
        return None
    report = content.get("report") if isinstance(content, dict) else None
    return report if isinstance(report, int) else None

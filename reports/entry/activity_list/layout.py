"""What the file of activities looks like, and the hidden keys by which it is known again.

One hidden row says which column is which; a row is known by its visible Mã, and a hidden column
keeps what it said when it was sent out, so that what others changed meanwhile is not undone.
"""

from __future__ import annotations

import json
from enum import StrEnum
from typing import NamedTuple

from django.core import signing

from reports.models import Report

SHEET = "Hoạt động"
IDENTITY_SHEET = "KC-HD"  # very hidden: the token in A1, the words of «Loại» in column B

TITLE_ROWS = 4
KEYS_ROW = TITLE_ROWS  # rows and columns are counted from 0, as XlsxWriter does
HEADING_ROW = TITLE_ROWS + 1
NUMBERS_ROW = TITLE_ROWS + 2
FIRST_ROW = TITLE_ROWS + 3
EMPTY_ROWS = 20
MOST_ROWS = 500


class Column(StrEnum):
    """The columns but for those of numbers; the value is the field of ActivityForm."""

    CODE = "code"
    NAME = "name"
    KIND = "kind"
    STARTS_ON = "starts_on"
    ENDS_ON = "ends_on"
    PLACE = "place"
    IMPLEMENTER = "implementer"
    BENEFICIARY = "beneficiary"
    NATIONAL = "national"
    LOCAL = "local"
    COUNTERPART = "counterpart"
    OTHER = "other"
    TOTAL = "total"  # a formula; not read, but held against its parts
    BASE = "base"  # hidden


HEADINGS = {
    Column.CODE: "Mã",
    Column.NAME: "Tên hoạt động",
    Column.KIND: "Loại",
    Column.STARTS_ON: "Từ ngày",
    Column.ENDS_ON: "Đến hết ngày",
    Column.PLACE: "Địa điểm",
    Column.IMPLEMENTER: "Đơn vị thực hiện",
    Column.BENEFICIARY: "Đơn vị thụ hưởng",
    Column.NATIONAL: "KCQG (đồng)",
    Column.LOCAL: "KCĐP (đồng)",
    Column.COUNTERPART: "Đối ứng (đồng)",
    Column.OTHER: "Khác (đồng)",
    Column.TOTAL: "Tổng (đồng)",
}
WIDTHS = {
    Column.CODE: 10,
    Column.NAME: 40,
    Column.KIND: 20,
    Column.STARTS_ON: 12,
    Column.ENDS_ON: 12,
    Column.PLACE: 20,
    Column.IMPLEMENTER: 24,
    Column.BENEFICIARY: 24,
}
USUAL_WIDTH = 15
BEFORE_NUMBERS = tuple(WIDTHS)
DATES = (Column.STARTS_ON, Column.ENDS_ON)
MONEY = (Column.NATIONAL, Column.LOCAL, Column.COUNTERPART, Column.OTHER)
# Stands in the column of bases where a row is no activity's, though it holds something.
NO_ACTIVITY = "kc.bo_qua"

_KEY = "kc.hd."
_NUMBER = "kc.hd.so."
_MARK = "KCHD1:"
_SALT = "reports.entry.activity_list"


class Base(NamedTuple):
    """What a row said when it was sent out."""

    report: int
    code: str
    texts: dict[str, str]  # by the column's key


def key_of(column: Column) -> str:
    return f"{_KEY}{column.value}"


def number_key(code: str) -> str:
    """The key of an indicator's column. Codes last; primary keys may be loaded anew."""
    return f"{_NUMBER}{code}"


def number_code(key: str) -> str | None:
    return key.removeprefix(_NUMBER) if key.startswith(_NUMBER) else None


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


def base_text(base: Base) -> str:
    return json.dumps(base, ensure_ascii=False, separators=(",", ":"))


def read_base(text: str) -> Base | None:
    """What base_text wrote; None for anything else that stands there."""
    try:
        match json.loads(text):
            case [int(report), str(code), dict(texts)]:
                return Base(report, code, {str(key): str(said) for key, said in texts.items()})
    except (ValueError, RecursionError):
        pass
    return None

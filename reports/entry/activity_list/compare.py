"""A file held against the list: everything that is wrong, or everything that would change.

What was read lives between the preview and its confirmation in the page itself, signed; on
confirmation it is held against the list and validated again, whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import IO, Any, NamedTuple

from django.core import signing
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from accounts.models import User
from programs.access import Right, may
from programs.models import Activity, Indicator
from programs.models.activity import ActivityKind
from programs.vietnamese import search_key
from reports.entry.activities import Described, NumbersRefused, countable, put_activities
from reports.entry.activity_list import layout
from reports.entry.activity_list.kept import (
    Kept,
    Texts,
    fields_of,
    fingerprint,
    kept_of,
    number_field,
)
from reports.entry.activity_list.layout import Column
from reports.entry.activity_list.read import Read, Said, read_list
from reports.entry.forms import ActivityForm
from reports.entry.workbook.examine import NOT_OPEN
from reports.entry.workbook.faults import FIX_THE_CELL, Fault, Refused
from reports.models import Report

MAX_TOKEN = 1_000_000  # characters of the hidden field; a form may hold 2,5 MB
MAX_AGE = 4 * 60 * 60  # seconds between the preview and its confirmation
_SALT = "reports.entry.activity_list.compare"
_KINDS = {str(kind.label): kind.value for kind in ActivityKind}

TOO_LONG = (
    "Các dòng mới và dòng sửa trong tệp dài quá mức một lần ghi. Hãy chia thành nhiều tệp, mỗi "
    "tệp ít dòng hơn, rồi gửi từng tệp."
)
OUTDATED = (
    "Danh sách vừa có người sửa sau khi bảng so sánh được lập (hoặc bạn đã ghi rồi), nên lần này "
    "chưa ghi gì. Hãy gửi lại tệp để xem bảng so sánh mới."
)
EXPIRED = "Bảng so sánh đã quá cũ hoặc không nguyên vẹn, nên chưa ghi gì. Hãy gửi lại tệp."


class Difference(NamedTuple):
    """One field that the file changes. `at_start` is told where others changed it meanwhile."""

    label: str
    before: str
    after: str
    at_start: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the file that would be written; `activity` None: a new one."""

    number: int
    activity: int | None
    texts: Texts
    cells: dict[str, str] = field(default_factory=dict)
    differences: Sequence[Difference] = ()

    @property
    def code(self) -> str:
        return self.texts.get(Column.CODE.value, "")

    @property
    def name(self) -> str:
        return self.texts.get(Column.NAME.value, "")


@dataclass(slots=True)
class Compared:
    sheet: str
    columns: list[Indicator]
    lines: list[Line] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    unchanged: int = 0
    absent: list[Activity] = field(default_factory=list)  # of the list, without a row: they stay
    ignored: list[str] = field(default_factory=list)
    state: str = ""

    @property
    def new(self) -> list[Line]:
        return [line for line in self.lines if line.activity is None]

    @property
    def changed(self) -> list[Line]:
        return [line for line in self.lines if line.activity is not None]


class NotWritten(Exception):
    """Nothing was written; str() says why, `faults` where."""

    def __init__(self, why: str, faults: Sequence[Fault] = ()) -> None:
        super().__init__(why)
        self.faults = faults


def compare_file(file: IO[bytes], report: Report, *, by: User) -> Compared:
    """Hold the file against the report's list. Raises Refused, and PermissionDenied."""
    if not may(by, Right.ENTER, report.province):
        raise PermissionDenied
    if not report.is_open:
        raise Refused(NOT_OPEN)
    read = read_list(file, report)
    kept = kept_of(report, read.columns)
    compared = Compared(
        read.sheet,
        read.columns,
        faults=read.faults,
        ignored=read.ignored,
        state=fingerprint(kept),
    )
    by_code = {each.activity.code: each for each in kept}
    found = {row.texts.get(Column.CODE.value, "") for row in read.rows}
    compared.absent = [each.activity for code, each in by_code.items() if code not in found]
    for row in read.rows:
        line = _line_of(row, by_code.get(row.texts.get(Column.CODE.value, "")), report, read)
        if line is None:
            compared.unchanged += 1
        else:
            compared.lines.append(line)
    compared.faults += _rehearsed(report, compared, kept, by=by)
    compared.faults = _once(compared.faults)
    return compared


def kept_for_later(compared: Compared, report: Report, *, by: User) -> str:
    """What is to be written, signed for this person and this state of the list."""
    token = signing.dumps(
        {
            "report": report.pk,
            "by": by.pk,
            "state": compared.state,
            "sheet": compared.sheet,
            "columns": [each.pk for each in compared.columns],
            "lines": [[each.number, each.activity, each.texts] for each in compared.lines],
        },
        salt=_SALT,
        compress=True,
    )
    if len(token) > MAX_TOKEN:
        raise Refused(TOO_LONG)
    return token


@transaction.atomic
def write_list(report: Report, token: str, *, by: User) -> list[Activity]:
    """Write what the preview showed, whole or not at all.

    Raises NotWritten if anything in the list changed since, PermissionDenied and ReportClosed.
    """
    said = _opened(token)
    if said is None or said["report"] != report.pk or said["by"] != by.pk:
        raise NotWritten(EXPIRED)
    # Of two confirmations at once the second finds the list changed.
    Report.objects.select_for_update(of=("self",), no_key=True).get(pk=report.pk)
    possible = countable(report).in_bulk(said["columns"])
    columns = [possible[pk] for pk in said["columns"] if pk in possible]
    kept = kept_of(report, columns)
    if len(columns) < len(said["columns"]) or fingerprint(kept) != said["state"]:
        raise NotWritten(OUTDATED)
    lines = [Line(number, pk, texts) for number, pk, texts in said["lines"]]
    compared = Compared(said["sheet"], columns, lines)
    forms, faults = _validated(report, compared, kept)
    if not faults:
        try:
            return put_activities(report, forms, by=by)
        except NumbersRefused as refused:
            faults = _refused(refused, compared)
    raise NotWritten("Chưa ghi gì: có dòng không còn ghi được.", faults)


def _opened(token: str) -> dict[str, Any] | None:
    if len(token) > MAX_TOKEN:
        return None
    try:
        said = signing.loads(token, salt=_SALT, max_age=MAX_AGE)
    except signing.BadSignature:
        return None
    return said if isinstance(said, dict) else None


def _line_of(row: Said, kept: Kept | None, report: Report, read: Read) -> Line | None:
    """The row as it would be written; None if it says what the list says."""
    if kept is None:
        return Line(row.number, None, row.texts, row.cells)
    base = _base_of(row, kept, report, read)
    texts = dict(kept.texts)
    differences = []
    for name, label in fields_of(read.columns).items():
        if name not in row.texts or _is_same(name, row.texts[name], kept.texts[name]):
            continue
        at_start = base.get(name) if base is not None else None
        if at_start is not None and _is_same(name, row.texts[name], at_start):
            continue  # the file leaves it; somebody changed it here meanwhile
        is_conflict = at_start is not None and not _is_same(name, at_start, kept.texts[name])
        texts[name] = row.texts[name]
        differences.append(
            Difference(label, kept.texts[name], row.texts[name], at_start if is_conflict else None)
        )
    if not differences:
        return None
    return Line(row.number, kept.activity.pk, texts, row.cells, differences)


def _base_of(row: Said, kept: Kept, report: Report, read: Read) -> Texts | None:
    """What the row said when it was sent out, by field; None if the file does not know."""
    base = row.base
    if base is None or base.report != report.pk or base.code != kept.activity.code:
        return None
    keys = {column.value: layout.key_of(column) for column in Column}
    keys |= {number_field(each): layout.number_key(each.code) for each in read.columns}
    return {name: base.texts.get(keys[name], "") for name in kept.texts if name in keys}


def _is_same(name: str, one: str, other: str) -> bool:
    if name in (Column.IMPLEMENTER, Column.BENEFICIARY):
        # An organisation is known by its name without accents.
        return search_key(one) == search_key(other)
    return one == other


def _rehearsed(
    report: Report, compared: Compared, kept: Sequence[Kept], *, by: User
) -> list[Fault]:
    """Everything that writing would refuse: it is done, and taken back."""
    forms, faults = _validated(report, compared, kept)
    if faults or compared.faults or not forms:
        return faults
    try:
        with transaction.atomic():
            put_activities(report, forms, by=by)
            transaction.set_rollback(True)
    except NumbersRefused as refused:
        return _refused(refused, compared)
    except ValidationError as why:
        return [Fault.said(compared.sheet, "", sentence) for sentence in why.messages]
    return []


def _validated(
    report: Report, compared: Compared, kept: Sequence[Kept]
) -> tuple[list[tuple[Described, Activity | None]], list[Fault]]:
    """Each line through the form of the page."""
    known = {each.activity.pk: each for each in kept}
    rows: list[tuple[Described, Activity | None]] = []
    faults: list[Fault] = []
    labels = fields_of(compared.columns)
    for line in compared.lines:
        own = known.get(line.activity) if line.activity is not None else None
        activity = own.activity if own else None
        typed = dict(line.texts)
        kind = Column.KIND.value
        typed[kind] = _KINDS.get(typed.get(kind, ""), "")
        form = ActivityForm(
            typed,
            report=report,
            columns=compared.columns,
            activity=activity,
            initial=own.texts if own else None,
        )
        if form.is_valid():
            rows.append((form.described(), activity))
            continue
        for name, sentences in form.errors.items():
            faults += [_fault(compared, line, name, labels, str(each)) for each in sentences]
    return rows, faults


def _fault(
    compared: Compared, line: Line, name: str, labels: dict[str, str], sentence: str
) -> Fault:
    cell = line.cells.get(name)
    if cell is None:
        # A field without a column, or a line that is written long after it was read.
        fault = Fault.said(compared.sheet, f"dòng {line.number}", sentence)
        return fault._replace(wrong=f"{labels.get(name, 'Dòng này')}: {fault.wrong}")
    fault = Fault.said(compared.sheet, cell, sentence)
    return fault if fault.remedy else fault._replace(remedy=FIX_THE_CELL)


def _refused(refused: NumbersRefused, compared: Compared) -> list[Fault]:
    labels = fields_of(compared.columns)
    return [
        _fault(
            compared,
            compared.lines[place],
            f"so-{answer.change.cell.indicator}",
            labels,
            answer.message,
        )
        for answer, place in zip(refused.answers, refused.rows, strict=True)
    ]


def _once(faults: Sequence[Fault]) -> list[Fault]:
    """One fault for each cell, the reader's before the form's, in the file's order."""
    first: dict[str, Fault] = {}
    for fault in faults:
        first.setdefault(fault.cell or fault.wrong, fault)
    return sorted(first.values(), key=_order)


def _order(fault: Fault) -> tuple[int, int, str]:
    digits = "".join(each for each in fault.cell if each.isdigit())
    letters = fault.cell.removesuffix(digits)
    return (int(digits or 0), len(letters), letters)

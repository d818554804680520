"""One file held against one report: everything that is wrong, or everything that would change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import IO, Any

from accounts.models import User
from programs.access import Right, rows_where
from programs.models.indicator import Aggregation
from reports.entry.expected import catalogue_of, expected_in
from reports.entry.workbook.difference import Compared, compare, missing_from
from reports.entry.workbook.entries import Catalogue, Entry
from reports.entry.workbook.faults import Fault, Refused
from reports.entry.workbook.free import Proposal, entries_of, propose
from reports.entry.workbook.gates import pass_gates
from reports.entry.workbook.match import NOT_OURS, Progress, identity_of, match_rows
from reports.entry.workbook.read import Sheet, opened
from reports.models import ColumnMapping, Report, Review

NOT_YOURS = (
    "Tệp này thuộc một báo cáo khác mà bạn không được nhập. Hãy tải tệp Excel từ trang của chính "
    "báo cáo này rồi điền vào đó."
)
OTHER_REPORT = (
    "Tệp này là của một báo cáo khác. Hãy nhập tệp ở báo cáo đó, hoặc tải tệp Excel của báo cáo "
    "này."
)
NOT_OPEN = (
    "Báo cáo đã gửi hoặc đã duyệt nên không nhập được số liệu. Hãy đề nghị lãnh đạo trả lại hoặc "
    "mở lại báo cáo, rồi gửi lại tệp."
)
MAY_NOT_ENTER = "Bạn không được nhập số liệu của báo cáo này. Hãy liên hệ người quản trị."


class OtherReport(Refused):
    """The file is of another report, which its sender may enter; `report` is its key."""

    def __init__(self, report: int) -> None:
        super().__init__(OTHER_REPORT)
        self.report = report


@dataclass(slots=True)
class Examined:
    """What came out. With faults nothing may be written; `proposal` waits to be confirmed."""

    faults: list[Fault] = field(default_factory=list)
    rows: list[Compared] = field(default_factory=list)
    unchanged: int = 0
    absent: list[str] = field(default_factory=list)  # indicators of which the file has no row
    ignored: list[str] = field(default_factory=list)  # sheets that were not read
    proposal: Proposal | None = None
    is_confirmed: bool = True


def report_named_in(file: IO[bytes], *, by: User) -> Report:
    """The report that a workbook of ours belongs to. Raises Refused if `by` may not enter it."""
    pass_gates(file)
    with opened(file) as sheets:
        identity = identity_of(sheets)
        if identity is None:
            raise Refused(NOT_OURS)
        report = _enterable(identity.report, by)
    file.seek(0)
    if report is None:
        raise Refused(NOT_YOURS)
    return report


def examine(
    file: IO[bytes],
    report: Report,
    *,
    by: User,
    understood: Mapping[str, Any] | None = None,
    progress: Progress = lambda rows, expected: None,
) -> Examined:
    """Hold the file against the report, as `by` may. `understood` is a confirmed proposal.

    Raises Refused for a file that is not taken as a whole, OtherReport for another one's.
    """
    if _enterable(report.pk, by) is None:
        raise Refused(MAY_NOT_ENTER)
    if not report.is_open and not report.figures.filter(review=Review.RETURNED).exists():
        raise Refused(NOT_OPEN)
    pass_gates(file)
    catalogue = Catalogue(catalogue_of(report))
    with opened(file) as sheets:
        identity = identity_of(sheets)
        if identity is not None and identity.report != report.pk:
            other = _enterable(identity.report, by)
            raise OtherReport(other.pk) if other else Refused(NOT_YOURS)
        if identity is not None and identity.sheets:
            read = match_rows(identity, report=report.pk, catalogue=catalogue, progress=progress)
            used = [sheet for sheet, _, _ in identity.sheets]
            examined = Examined(ignored=_ignored(sheets, used), faults=read.faults)
            return _compared(examined, report, read.entries, is_whole=True)
        return _free(sheets, report, catalogue, by=by, understood=understood, progress=progress)


def _free(
    sheets: list[Sheet],
    report: Report,
    catalogue: Catalogue,
    *,
    by: User,
    understood: Mapping[str, Any] | None,
    progress: Progress,
) -> Examined:
    if understood is not None:
        proposal = Proposal.restored(dict(understood))
    else:
        proposal = propose(sheets, catalogue)
        known = ColumnMapping.objects.filter(user=by, heading=proposal.heading).first()
        if known is not None:
            proposal.recall(known.columns, catalogue)
        if not proposal.is_remembered or proposal.figures_at is None:
            return Examined(proposal=proposal, is_confirmed=False)
    sheet = next((each for each in sheets if each.name == proposal.sheet), None)
    if sheet is None:
        raise Refused(NOT_OURS)
    entries, faults = entries_of(sheet, proposal, catalogue)
    progress(len(proposal.choices), len(proposal.choices))
    examined = Examined(faults=faults, proposal=proposal, ignored=_ignored(sheets, [sheet]))
    return _compared(examined, report, entries, is_whole=False)


def _compared(
    examined: Examined, report: Report, entries: list[Entry], *, is_whole: bool
) -> Examined:
    found = compare(report, entries)
    examined.faults += found.faults
    examined.rows = found.rows
    examined.unchanged = found.unchanged
    if is_whole:
        told = expected_in(report).exclude(aggregation=Aggregation.RATIO)
        examined.absent = missing_from(entries, told)
    return examined


def _ignored(sheets: list[Sheet], used: list[Sheet]) -> list[str]:
    return [sheet.name for sheet in sheets if sheet.is_visible and sheet not in used]


def _enterable(pk: int, by: User) -> Report | None:
    reports = Report.objects.filter(rows_where(by, Right.ENTER), pk=pk)
    return reports.select_related("program", "province", "period").first()

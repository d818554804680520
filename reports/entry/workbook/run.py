"""An import from the file that arrives to the figures that are written, or are not at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import IO, Any
from uuid import uuid4

from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile, File
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from programs.access import Right, may
from programs.models import Indicator
from reports.entry.expected import catalogue_of
from reports.entry.figures import Outcome, save_cells
from reports.entry.workbook.annotate import annotated
from reports.entry.workbook.difference import Compared, Difference
from reports.entry.workbook.entries import Catalogue
from reports.entry.workbook.examine import Examined, OtherReport, examine
from reports.entry.workbook.faults import Fault, Refused
from reports.entry.workbook.free import Proposal
from reports.models import ColumnMapping, ImportState, Report, WorkbookImport

CHANGED_MEANWHILE = (
    "Số liệu vừa có người sửa sau khi bảng so sánh được lập, nên chưa ghi gì. Bảng đã được lập "
    "lại: hãy xem lại rồi xác nhận."
)
TOO_SLOW = (
    "Đọc tệp quá lâu nên đã dừng. Hãy chép riêng bảng cần nhập sang một sổ tính mới rồi gửi lại."
)
OPEN_STATES = (ImportState.WAITING, ImportState.READING)


class NotWritten(Exception):
    """Nothing was written. str() says why; `is_outdated`: the difference must be made again."""

    def __init__(self, why: str, *, is_outdated: bool = False) -> None:
        super().__init__(why)
        self.is_outdated = is_outdated


def receive(report: Report, file: IO[bytes], name: str, *, by: User) -> WorkbookImport:
    """Keep the file under a name of ours; whoever calls sends the task. Raises PermissionDenied."""
    if not may(by, Right.ENTER, report.province):
        raise PermissionDenied
    imported = WorkbookImport(
        report=report, by=by, name=PurePath(name).name[:200] or "tệp", sent_at=timezone.now()
    )
    imported.file.save(f"{uuid4().hex}.xlsx", File(file), save=False)
    imported.save()
    return imported


def read_import(pk: int) -> None:
    """Read the file of a waiting import and store what came out.

    Safe to run twice, also at once: what was read before the second run ends is replaced by
    the same. An import that somebody confirmed meanwhile is left alone.
    """
    waiting = WorkbookImport.objects.filter(pk=pk, state__in=OPEN_STATES)
    if not waiting.update(state=ImportState.READING, rows_read=0):
        return
    imported = WorkbookImport.objects.select_related(
        "report__program", "report__province", "report__period", "by"
    ).get(pk=pk)
    understood = imported.mapping if imported.mapping.get("is_confirmed") else None

    imported.annotated.delete(save=False)  # of an earlier reading

    def progress(rows: int, expected: int | None) -> None:
        WorkbookImport.objects.filter(pk=pk).update(rows_read=rows, rows_expected=expected)

    with imported.file.open("rb") as file:
        try:
            examined = examine(
                file,
                imported.report,
                by=imported.by,
                understood=understood and understood["table"],
                progress=progress,
            )
        except Refused as why:
            belongs = why.report if isinstance(why, OtherReport) else None
            _finish(
                imported,
                ImportState.FAILED,
                faults=[Fault.said("", "", str(why))],
                mapping={"belongs_to": belongs} if belongs else {},
            )
            return
        state = _state_of(examined)
        if state is ImportState.FAULTY:
            file.seek(0)
            copy = annotated(file, examined.faults)
            imported.annotated.save(f"{uuid4().hex}.xlsx", ContentFile(copy), save=False)
    _finish(
        imported,
        state,
        faults=examined.faults,
        changes=[row.stored() for row in examined.rows],
        mapping=_mapping(examined),
    )


def give_up(pk: int, why: str) -> None:
    WorkbookImport.objects.filter(pk=pk, state__in=OPEN_STATES).update(
        state=ImportState.FAILED,
        faults=[Fault.said("", "", why).stored()],
        read_at=timezone.now(),
    )


def read_again(imported: WorkbookImport) -> None:
    """Put an import back to be read; whoever calls sends the task. Not one that was written."""
    WorkbookImport.objects.filter(pk=imported.pk).exclude(state=ImportState.WRITTEN).update(
        state=ImportState.WAITING, changes=[], faults=[], read_at=None
    )


def _state_of(examined: Examined) -> ImportState:
    if not examined.is_confirmed:
        return ImportState.MAPPING
    return ImportState.FAULTY if examined.faults else ImportState.READY


def _mapping(examined: Examined) -> dict[str, Any]:
    return {
        "is_confirmed": examined.proposal is not None and examined.is_confirmed,
        "table": examined.proposal.stored() if examined.proposal else None,
        "unchanged": examined.unchanged,
        "absent": examined.absent,
        "ignored": examined.ignored,
    }


def _finish(
    imported: WorkbookImport,
    state: ImportState,
    *,
    faults: Iterable[Fault] = (),
    changes: Sequence[Mapping[str, Any]] = (),
    mapping: Mapping[str, Any],
) -> None:
    WorkbookImport.objects.filter(pk=imported.pk, state__in=OPEN_STATES).update(
        state=state,
        faults=[fault.stored() for fault in faults],
        changes=list(changes),
        mapping=dict(mapping),
        annotated=imported.annotated.name,
        read_at=timezone.now(),
    )


def confirm_mapping(
    imported: WorkbookImport, taken: Mapping[int, int | None], figures_at: int | None, *, by: User
) -> bool:
    """Remember how the table is understood and let it be read so; False if it cannot be.

    `taken` gives the indicator of each column (or row) by its place, None for «bỏ qua».
    """
    proposal = Proposal.restored(imported.mapping["table"])
    catalogue = Catalogue(catalogue_of(imported.report))
    for choice in proposal.choices:
        chosen = taken.get(choice.at)
        choice.indicator = chosen if chosen in catalogue.by_pk else None
    proposal.figures_at = (
        figures_at if figures_at in {each.at for each in proposal.places} else None
    )
    if proposal.figures_at is None or all(each.indicator is None for each in proposal.choices):
        return False
    proposal.is_remembered = False
    with transaction.atomic():
        ColumnMapping.objects.update_or_create(
            user=by,
            heading=proposal.heading,
            defaults={"columns": proposal.memory(catalogue), "confirmed_at": timezone.now()},
        )
        WorkbookImport.objects.filter(pk=imported.pk, state=ImportState.MAPPING).update(
            state=ImportState.WAITING,
            mapping={**imported.mapping, "is_confirmed": True, "table": proposal.stored()},
        )
    return True


def write_import(pk: int, taken: Iterable[int], *, by: User) -> int:
    """Write what the preview showed, whole or not at all; return how many cells.

    `taken` are the indicators in conflict of which the file's figure is wanted. Raises
    NotWritten if anything changed since the preview, or the report was sent meanwhile, and
    PermissionDenied.
    """
    with transaction.atomic():
        imported = (
            WorkbookImport.objects.select_for_update(of=("self",))
            .select_related("report__province")
            .get(pk=pk)
        )
        if not may(by, Right.ENTER, imported.report.province):
            raise PermissionDenied
        if imported.state != ImportState.READY:
            raise NotWritten("Tệp này không ở bước xác nhận; có thể vừa có người ghi rồi.")
        rows = [Compared.restored(each) for each in imported.changes]
        written = write_rows(imported.report, rows, taken, by=by)
        imported.state = ImportState.WRITTEN
        imported.written_at = timezone.now()
        imported.save(update_fields=("state", "written_at"))
    return written


@transaction.atomic
def write_rows(report: Report, rows: Iterable[Compared], taken: Iterable[int], *, by: User) -> int:
    """The same for rows that were just compared; each is checked against its version."""
    wanted = set(taken)
    changes = [
        change
        for row in rows
        if (change := row.change(report.pk, takes_file=row.indicator in wanted)) is not None
    ]
    outcomes = save_cells(changes, by=by)
    failed = [saved for saved in outcomes if saved.outcome is not Outcome.SAVED]
    if not failed:
        return len(changes)
    if any(saved.outcome is Outcome.CONFLICT for saved in failed):
        raise NotWritten(CHANGED_MEANWHILE, is_outdated=True)
    names = Indicator.objects.in_bulk([saved.change.cell.indicator for saved in failed[:3]])
    told = "; ".join(
        f"«{names[saved.change.cell.indicator].name}»: {saved.message}"
        if saved.change.cell.indicator in names
        else saved.message
        for saved in failed[:3]
    )
    more = f" (và {len(failed) - 3} dòng nữa)" if len(failed) > 3 else ""
    raise NotWritten(f"Chưa ghi gì. {told}{more}")


def tally(rows: Iterable[Compared]) -> Counter[Difference]:
    return Counter(row.kind for row in rows)

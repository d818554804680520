"""What a workbook says about one indicator, wherever it says it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from programs.fields import NfcTextField
from programs.models import Indicator
from programs.models.indicator import Aggregation
from programs.numbers import UnreadableNumber, show_number
from programs.vietnamese import search_key
from reports.entry.said import read_cell
from reports.entry.workbook.faults import Fault
from reports.entry.workbook.read import MAX_TEXT, Cell, Kind
from reports.models import FigureState

COMPUTED = (
    "Tỷ lệ này được tính từ hai chỉ tiêu khác, không nhập thẳng.",
    "Hãy xóa số đã gõ ở ô này, và sửa tử số hoặc mẫu số.",
)
# What is wrong with a cell that holds no number and no text, and what to do.
NO_FIGURE = {
    Kind.DATE: (
        "Ô đang là ngày tháng ({}), trong khi cần một con số.",
        "Hãy đổi định dạng ô về Số (Number) rồi gõ lại con số.",
    ),
    Kind.BOOLEAN: (
        "Ô đang là giá trị đúng/sai ({}), trong khi cần một con số.",
        "Hãy gõ lại con số.",
    ),
    Kind.ERROR: (
        "Ô đang báo lỗi công thức {}.",
        "Hãy sửa công thức, hoặc gõ thẳng con số.",
    ),
    Kind.PERCENT: (
        "Ô định dạng phần trăm nên số hiện ra gấp 100 lần số được lưu ({}).",
        "Hãy đổi định dạng ô về Số (Number) rồi gõ lại con số.",
    ),
    Kind.NOT_CALCULATED: (
        "Công thức trong ô chưa có kết quả.",
        "Hãy mở tệp bằng Excel để tính, lưu lại rồi gửi; hoặc gõ thẳng con số.",
    ),
}
MERGED = (
    "Ô bị gộp với ô khác nên không rõ con số thuộc dòng nào.",
    "Hãy bỏ gộp ô (Merge & Center) rồi gõ số vào đúng dòng.",
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One indicator's row (or column) of a file.

    `base` and `note_base` are as they were sent out, None if the file does not say; `note` is
    None where the file has no place for notes.
    """

    indicator: Indicator
    sheet: str
    row: int
    cell: str
    text: str
    note: str | None = None
    base: str | None = None
    note_base: str | None = None
    by_name: bool = False


class Catalogue:
    """The indicators a report may have, by key, code and name."""

    def __init__(self, indicators: Iterable[Indicator]) -> None:
        self.by_pk = {indicator.pk: indicator for indicator in indicators}
        self.by_label: dict[str, Indicator] = {}
        # The province's own come last and so win over the nation's of the same name.
        for indicator in sorted(self.by_pk.values(), key=lambda each: each.province_id or 0):
            self.by_label[search_key(indicator.code)] = indicator
            self.by_label[label_key(indicator.name)] = indicator

    def named(self, text: str) -> Indicator | None:
        """The indicator that `text` names: accents, case, numbering and unit aside."""
        found = self.by_label.get(search_key(text))
        return found or self.by_label.get(label_key(text))


_NUMBERING = re.compile(r"^(?:[-+*•]|[0-9]{1,3}(?:\.[0-9]{1,3})*[.)]|[a-z][.)]|[ivx]{1,5}[.)])\s+")
_UNIT = re.compile(r"\s*\([^()]*\)$")


def label_key(text: str) -> str:
    """Fold a label: «2. Số lớp (lớp):» gives «so lop»."""
    key = _NUMBERING.sub("", search_key(text)).rstrip(" :;.")
    return _UNIT.sub("", key) or key


def canonical(text: str, indicator: Indicator) -> str:
    """Return `text` as reports.entry.said.shown writes it. Raises UnreadableNumber."""
    state, value = read_cell(text, indicator)
    if state is FigureState.MISSING:
        return ""
    if state is FigureState.NOT_APPLICABLE:
        return FigureState.NOT_APPLICABLE.label
    return show_number(value or 0)


def value_of(cell: Cell | None, indicator: Indicator, sheet: str) -> str | Fault:
    """What a typed cell says, in canonical form, or what is wrong with it."""
    if cell is None:
        return ""
    if cell.kind in NO_FIGURE:
        wrong, remedy = NO_FIGURE[cell.kind]
        return Fault(sheet, cell.address, wrong.format(cell.text), remedy)
    if indicator.aggregation == Aggregation.RATIO:
        return Fault(sheet, cell.address, *COMPUTED)
    try:
        return canonical(cell.text, indicator)
    except UnreadableNumber as why:
        return Fault.said(sheet, cell.address, str(why))


def note_of(cell: Cell | None, sheet: str) -> str | Fault:
    if cell is None:
        return ""
    if cell.kind in (Kind.ERROR, Kind.NOT_CALCULATED):
        wrong, remedy = NO_FIGURE[cell.kind]
        return Fault(sheet, cell.address, wrong.format(cell.text), remedy)
    if len(cell.text) > MAX_TEXT:
        return Fault(
            sheet,
            cell.address,
            f"Ghi chú dài {show_number(len(cell.text))} ký tự, nhiều nhất là "
            f"{show_number(MAX_TEXT)}.",
            "Hãy viết ngắn lại, hoặc đưa phần chi tiết vào tệp chứng cứ.",
        )
    return tidy_note(cell.text)


def tidy_note(text: str) -> str:
    """A note as it is stored."""
    return str(NfcTextField().to_python(text))


def once(entries: Iterable[Entry]) -> Iterator[Entry | Fault]:
    """The entries, with a fault in place of each that says something about an indicator again."""
    first: dict[int, Entry] = {}
    for entry in entries:
        before = first.setdefault(entry.indicator.pk, entry)
        if before is entry:
            yield entry
            continue
        yield Fault(
            entry.sheet,
            entry.cell,
            f"Chỉ tiêu «{entry.indicator.name}» đã có ở ô {before.cell}"
            + (f" của trang «{before.sheet}»" if before.sheet != entry.sheet else "")
            + ", dòng này lặp lại.",
            "Hãy xóa một trong hai dòng.",
        )

"""Tables that are not ours: which column or row is which indicator, proposed and remembered.

A table either names an indicator in each row, with the figure in one column, or names them in
its heading, with the figures in one line. The person confirms once; a table with the same
heading is recognised from then on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from typing import Any, Literal, Self

from programs.models.indicator import Aggregation
from programs.numbers import show_number
from programs.vietnamese import search_key
from reports.entry.workbook.entries import (
    MERGED,
    Catalogue,
    Entry,
    label_key,
    once,
    value_of,
)
from reports.entry.workbook.faults import Fault, Refused
from reports.entry.workbook.read import Kind, Row, Sheet, address

MAX_TABLE_ROWS = 5_000
MAX_TABLE_CELLS = 200_000
MAX_CHOICES = 300  # beyond, only what names an indicator is asked about
HEADING_ROWS = 30  # from the top, in which the heading is looked for
NO_INDICATORS = (
    "Không nhận ra chỉ tiêu nào trong tệp: không dòng nào và không cột nào mang tên hoặc mã chỉ "
    "tiêu của báo cáo. Hãy tải tệp Excel của báo cáo và điền vào đó, hoặc sửa tên cho giống danh "
    "mục."
)
TABLE_TOO_BIG = (
    f"Bảng tự do có hơn {show_number(MAX_TABLE_ROWS)} dòng hoặc {show_number(MAX_TABLE_CELLS)} ô. "
    "Hãy chép riêng phần cần nhập sang một sổ tính mới rồi gửi lại."
)
# Headings of the column that holds what was done, the likeliest first; and of those that do not.
DONE = ("thuc hien", "luy ke", "trong ky", "ket qua", "so lieu", "gia tri")
NOT_DONE = ("ke hoach", "ty le", "%", "ky truoc", "cung ky", "nam truoc", "stt", "tt")
TOTALS = ("tong cong", "tong so", "cong", "toan tinh", "ca tinh", "toan thanh pho", "tong")

Table = list[tuple[int, Row]]


@dataclass(slots=True)
class Choice:
    """One column (or row) of the table and what it is taken for; None is «bỏ qua»."""

    at: int
    label: str
    indicator: int | None


@dataclass(slots=True)
class Place:
    """A column (or a line) in which the figures may stand."""

    at: int
    label: str


@dataclass(slots=True)
class Proposal:
    """How a free table is understood. `figures_at` None: the person must say where they stand."""

    sheet: str
    by: Literal["rows", "columns"]
    heading: str  # the digest under which it is remembered
    choices: list[Choice]
    places: list[Place]
    figures_at: int | None
    is_remembered: bool = False
    kind: str = field(default="free")

    def stored(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def restored(cls, stored: dict[str, Any]) -> Self:
        return cls(
            sheet=stored["sheet"],
            by=stored["by"],
            heading=stored["heading"],
            choices=[Choice(**each) for each in stored["choices"]],
            places=[Place(**each) for each in stored["places"]],
            figures_at=stored["figures_at"],
            is_remembered=stored["is_remembered"],
        )

    def memory(self, catalogue: Catalogue) -> dict[str, Any]:
        """What ColumnMapping keeps: by column index, or by folded row name, the code."""
        return {
            "by": self.by,
            "figures": self.figures_at if self.by == "rows" else self._line_label(),
            "codes": {
                self._key(choice): catalogue.by_pk[choice.indicator].code
                if choice.indicator in catalogue.by_pk
                else ""
                for choice in self.choices
            },
        }

    def recall(self, memory: dict[str, Any], catalogue: Catalogue) -> None:
        """Understand the table as it was confirmed before. New rows keep their proposal."""
        if memory.get("by") != self.by:
            return
        codes = memory["codes"]
        known = {indicator.code: indicator.pk for indicator in catalogue.by_label.values()}
        for choice in self.choices:
            if (code := codes.get(self._key(choice))) is not None:
                choice.indicator = known.get(code)
        wanted = memory["figures"]
        for place in self.places:
            if wanted == (place.at if self.by == "rows" else label_key(place.label)):
                self.figures_at = place.at
        self.is_remembered = all(self._key(choice) in codes for choice in self.choices)

    def _key(self, choice: Choice) -> str:
        return label_key(choice.label) if self.by == "rows" else str(choice.at)

    def _line_label(self) -> str:
        return next(
            (label_key(place.label) for place in self.places if place.at == self.figures_at), ""
        )


def table_of(sheet: Sheet) -> Table:
    """The sheet's rows in memory. Raises Refused for more than a table that people type."""
    table: Table = []
    cells = 0
    for numbered in sheet.rows():
        table.append(numbered)
        cells += len(numbered[1])
        if len(table) > MAX_TABLE_ROWS or cells > MAX_TABLE_CELLS:
            raise Refused(TABLE_TOO_BIG)
    return table


def propose(sheets: Sequence[Sheet], catalogue: Catalogue) -> Proposal:
    """Understand the sheet that names the most indicators. Raises Refused if none names any."""
    best: tuple[int, Proposal] | None = None
    for sheet in sheets:
        if not sheet.is_visible:
            continue
        table = table_of(sheet)
        for score, proposal in (
            _by_rows(sheet.name, table, catalogue),
            _by_columns(sheet.name, table, catalogue),
        ):
            if score and (best is None or score > best[0]):
                best = score, proposal
    if best is None:
        raise Refused(NO_INDICATORS)
    proposal = best[1]
    if len(proposal.choices) > MAX_CHOICES:
        proposal.choices = [each for each in proposal.choices if each.indicator is not None]
    return proposal


def _by_rows(name: str, table: Table, catalogue: Catalogue) -> tuple[int, Proposal]:
    hits: Counter[int] = Counter(
        cell.column
        for _, row in table
        for cell in row.values()
        if cell.kind is Kind.TEXT and catalogue.named(cell.text)
    )
    labels = min(hits, key=lambda column: (-hits[column], column), default=0)
    choices = []
    first = None
    for number, row in table:
        cell = row.get(labels)
        if cell is None or cell.kind is not Kind.TEXT or len(row) < 2:
            continue
        indicator = catalogue.named(cell.text)
        if first is None and indicator is None:
            continue  # above the first indicator there are titles
        first = first or number
        choices.append(Choice(number, cell.text, indicator.pk if indicator else None))
    heading = _heading_above(table, first or 0)
    filled = Counter(
        column
        for number, row in table
        if number >= (first or 0)
        for column, cell in row.items()
        if column > labels and cell.kind is not Kind.TEXT
    )
    texts = {
        column
        for number, row in table
        if number >= (first or 0)
        for column in row
        if column > labels
    }
    places = [
        Place(column, heading[column].text if column in heading else f"cột {column}")
        for column in sorted(texts)
    ]
    digest = _digest(heading) if heading else _digest_of([choice.label for choice in choices])
    at = _done_column(places, set(filled))
    return hits[labels], Proposal(name, "rows", digest, choices, places, at)


def _by_columns(name: str, table: Table, catalogue: Catalogue) -> tuple[int, Proposal]:
    best: tuple[int, int, Row] = (0, 0, {})
    for number, row in table[:HEADING_ROWS]:
        score = sum(
            cell.kind is Kind.TEXT and catalogue.named(cell.text) is not None
            for cell in row.values()
        )
        if score > best[0]:
            best = score, number, row
    score, at, heading = best
    choices = [
        Choice(column, cell.text, found.pk if (found := catalogue.named(cell.text)) else None)
        for column, cell in sorted(heading.items())
    ]
    columns = {choice.at for choice in choices if choice.indicator is not None}
    places = []
    for number, row in table:
        if number > at and any(column in row for column in columns):
            label = next(
                (cell.text for _, cell in sorted(row.items()) if cell.kind is Kind.TEXT), ""
            )
            places.append(Place(number, label or f"dòng {number}"))
    totals = [place for place in places if label_key(place.label) in TOTALS]
    sole = totals if len(totals) == 1 else places
    line = sole[0].at if len(sole) == 1 else None
    # With one indicator in its heading a list of rows is the likelier reading.
    return (score if score > 1 else 0), Proposal(
        name, "columns", _digest(heading), choices, places, line
    )


def _heading_above(table: Table, first: int) -> Row:
    """The last row above the first indicator that has two texts or more."""
    found: Row = {}
    for number, row in table:
        if number >= first:
            break
        if sum(cell.kind is Kind.TEXT for cell in row.values()) >= 2:
            found = row
    return found


def _done_column(places: Sequence[Place], filled: set[int]) -> int | None:
    """The column whose heading says «thực hiện», else the only one with numbers."""
    keys = {
        place.at: search_key(place.label)
        for place in places
        if not any(word in search_key(place.label) for word in NOT_DONE)
    }
    for word in DONE:
        named = [at for at, key in keys.items() if word in key]
        if len(named) == 1:
            return named[0]
    numbers = [at for at in keys if at in filled]
    return numbers[0] if len(numbers) == 1 else None


def _digest(heading: Row) -> str:
    return _digest_of([cell.text for _, cell in sorted(heading.items())])


def _digest_of(labels: Sequence[str]) -> str:
    return sha256("\x1f".join(map(search_key, labels)).encode()).hexdigest()


def entries_of(
    sheet: Sheet, proposal: Proposal, catalogue: Catalogue
) -> tuple[list[Entry], list[Fault]]:
    """The figures of a table that is understood. Cells that are empty say nothing."""
    table = dict(table_of(sheet))
    entries: list[Entry] = []
    faults: list[Fault] = []
    for choice in proposal.choices:
        indicator = catalogue.by_pk.get(choice.indicator or 0)
        if indicator is None or proposal.figures_at is None:
            continue
        row, column = choice.at, proposal.figures_at
        if proposal.by == "columns":
            row, column = column, row
        cell = table.get(row, {}).get(column)
        if cell is None or (indicator.aggregation == Aggregation.RATIO):
            continue  # a ratio is worked out from its parts; the table's own is not needed
        text = value_of(cell, indicator, sheet.name)
        if isinstance(text, Fault):
            faults.append(text)
        elif text:
            entries.append(Entry(indicator, sheet.name, row, address(column, row), text))
    faults += _merged(sheet, proposal)
    answers = list(once(entries))
    faults += [each for each in answers if isinstance(each, Fault)]
    return [each for each in answers if isinstance(each, Entry)], faults


def _merged(sheet: Sheet, proposal: Proposal) -> list[Fault]:
    """Merged areas over figures that are taken. Call when the sheet was read."""
    taken = {choice.at for choice in proposal.choices if choice.indicator is not None}
    found = []
    for left, top, right, bottom in sheet.merged:
        along, across = ((top, bottom), (left, right))
        if proposal.by == "columns":
            along, across = across, along
        if across[0] <= (proposal.figures_at or 0) <= across[1] and any(
            along[0] <= at <= along[1] for at in taken
        ):
            found.append(Fault(sheet.name, address(left, top), *MERGED))
    return found

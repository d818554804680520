"""What is wrong in a workbook, in words for the person who sent it."""

from __future__ import annotations

from typing import NamedTuple, TypedDict

FIX_THE_CELL = "Hãy sửa ô này trong Excel, lưu lại rồi gửi lại tệp."


class Refused(Exception):
    """The file as a whole is not taken. str() says what is wrong and what to do."""


class StoredFault(TypedDict):
    """A fault as WorkbookImport.faults keeps it."""

    sheet: str
    cell: str
    wrong: str
    remedy: str


class Fault(NamedTuple):
    """One thing that is wrong at one place; `cell` is empty where it is wrong with the file."""

    sheet: str
    cell: str
    wrong: str
    remedy: str = FIX_THE_CELL

    @classmethod
    def said(cls, sheet: str, cell: str, sentence: str) -> Fault:
        """A fault of a reader's sentence «…. Hãy …» or «…: hãy …»."""
        for before in (". Hãy ", ": hãy "):
            wrong, found, remedy = sentence.partition(before)
            if found:
                return cls(sheet, cell, f"{wrong}.", f"Hãy {remedy}")
        return cls(sheet, cell, sentence)

    @property
    def line(self) -> str:
        place = ", ".join(
            part for part in (f"Trang «{self.sheet}»" if self.sheet else "", self.cell) if part
        )
        return f"{place}: {self.wrong} {self.remedy}" if place else f"{self.wrong} {self.remedy}"

    def stored(self) -> StoredFault:
        return {
            "sheet": self.sheet,
            "cell": self.cell,
            "wrong": self.wrong,
            "remedy": self.remedy,
        }

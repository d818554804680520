"""Files as they should not be, built byte by byte."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

TYPES = (
    b'<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/'
    b'content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-'
    b'package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="application/'
    b'vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>'
)


def package(parts: dict[str, bytes], *, packed: bool = True) -> bytes:
    file = BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED if packed else ZIP_STORED) as target:
        for name, part in parts.items():
            target.writestr(name, part)
    return file.getvalue()


def rewritten(content: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    """The same package with every part changed."""
    with ZipFile(BytesIO(content)) as source:
        return package({name: change(name, source.read(name)) for name in source.namelist()})


def with_sheet(content: bytes, cells: str, *, rest: str = "") -> bytes:
    """A workbook whose first sheet has other XML for its rows."""
    xml = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        f'<dimension ref="A1"/><sheetData>{cells}</sheetData>{rest}</worksheet>'
    )
    return rewritten(
        content,
        lambda name, part: xml.encode() if name == "xl/worksheets/sheet1.xml" else part,
    )

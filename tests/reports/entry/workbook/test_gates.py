"""What is not opened, and the sentence for each: hostile files, and honest ones of other kinds."""

from __future__ import annotations

import tracemalloc
from io import BytesIO

import pytest
from openpyxl import Workbook

from reports.entry.workbook import gates, read
from reports.entry.workbook.faults import Refused
from reports.entry.workbook.gates import pass_gates
from reports.entry.workbook.read import opened
from tests.reports.entry.workbook.packages import TYPES, package, rewritten, with_sheet

OLE = gates.OLE + bytes(600)


def plain() -> bytes:
    file = BytesIO()
    book = Workbook()
    assert book.active is not None
    book.active["A1"] = "Chỉ tiêu"
    book.save(file)
    return file.getvalue()


def hostile_entities() -> bytes:
    return rewritten(
        plain(),
        lambda name, part: (
            b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "lol">]><x>&a;</x>'
            if name == "xl/workbook.xml"
            else part
        ),
    )


def in_utf_16() -> bytes:
    return rewritten(
        plain(),
        lambda name, part: (
            '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE x [<!ENTITY a "l">]><x/>'.encode(
                "utf-16"
            )
            if name == "xl/styles.xml"
            else part
        ),
    )


def damaged_member() -> bytes:
    content = bytearray(
        package({"[Content_Types].xml": TYPES, "xl/a.xml": b"A" * 500}, packed=False)
    )
    content[content.index(b"A" * 500) + 9] = ord("B")
    return bytes(content)


FILES = {
    "empty": (b"", gates.EMPTY),
    "xls": (OLE + "Workbook".encode("utf-16-le"), gates.OLD_EXCEL),
    "doc": (OLE + "WordDocument".encode("utf-16-le"), gates.WORD),
    "password": (OLE + "EncryptedPackage".encode("utf-16-le"), gates.ENCRYPTED),
    "csv": ("STT;Chỉ tiêu;Số\n1;Lớp;64\n".encode(), gates.CSV),
    "csv with a mark": ("\ufeffSTT,Chỉ tiêu\n".encode(), gates.CSV),
    "csv in UTF-16": ("STT\tChỉ tiêu\n".encode("utf-16"), gates.CSV),
    "csv of an old code page": (b"STT;Ch\xd8 ti\xaau;S\xe8\n1;L\xedp;64\n", gates.CSV_ENCODING),
    "web page": (b"<html><table><tr><td>1</td></tr></table>", gates.WEB_PAGE),
    "pdf": (b"%PDF-1.7\n...", gates.PDF),
    "picture": (b"\x89PNG\r\n\x1a\n\x00\x00", gates.NOT_EXCEL),
    "ods": (
        package({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet"}),
        gates.OPEN_DOCUMENT,
    ),
    "docx": (package({"word/document.xml": b"<x/>"}), gates.WORD),
    "xlsb": (package({"[Content_Types].xml": TYPES, "xl/workbook.bin": b""}), gates.BINARY_EXCEL),
    "some zip": (package({"a.txt": b"a"}), gates.NOT_EXCEL),
    "empty zip": (package({}), gates.NOT_EXCEL),
    "half a file": (plain()[:2000], gates.DAMAGED),
    "a flipped byte": (damaged_member(), gates.DAMAGED),
    "macros": (
        package({"[Content_Types].xml": TYPES, "xl/vbaProject.bin": b"x"}),
        gates.MACROS,
    ),
    "macros by type": (
        package({"[Content_Types].xml": TYPES + b"macroEnabled"}),
        gates.MACROS,
    ),
    "many members": (
        package({f"xl/{number}.xml": b"" for number in range(1001)}),
        gates.MANY_MEMBERS,
    ),
    "bomb": (
        package({"[Content_Types].xml": TYPES, "xl/a.xml": b" " * 20 * gates.MB}),
        gates.RATIO,
    ),
    "entities": (hostile_entities(), gates.ENTITIES),
    "entities in UTF-16": (in_utf_16(), gates.ENTITIES),
}


@pytest.mark.parametrize("kind", FILES)
def test_each_gate_has_its_sentence(kind):
    content, sentence = FILES[kind]

    with pytest.raises(Refused) as why:
        pass_gates(BytesIO(content))

    assert str(why.value) == sentence
    assert "ãy " in sentence


def test_what_unpacks_to_more_than_a_hundred_megabytes_is_not_unpacked():
    big = package(
        {"[Content_Types].xml": TYPES, **{f"{n}.bin": bytes(gates.MB) for n in range(101)}}
    )

    tracemalloc.start()
    with pytest.raises(Refused) as why:
        pass_gates(BytesIO(big))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert str(why.value) == gates.UNPACKED
    assert most < 5 * gates.MB


def test_one_part_of_xml_has_a_limit_of_its_own(monkeypatch):
    monkeypatch.setattr(gates, "MAX_PART", 1000)

    with pytest.raises(Refused) as why:
        pass_gates(BytesIO(package({"[Content_Types].xml": TYPES, "xl/a.xml": b"<a/>" * 999})))

    assert str(why.value) == gates.PART


def test_a_size_that_lies_is_found_out():
    content = package({"[Content_Types].xml": TYPES, "xl/a.xml": b"B" * 5000})
    lying = content.replace((5000).to_bytes(4, "little"), (50).to_bytes(4, "little"))

    with pytest.raises(Refused) as why:
        pass_gates(BytesIO(lying))

    assert str(why.value) == gates.DAMAGED


def test_a_file_over_the_limit_is_refused(monkeypatch):
    monkeypatch.setattr(gates, "MAX_FILE", 100)

    with pytest.raises(Refused) as why:
        pass_gates(BytesIO(plain()))

    assert str(why.value) == gates.TOO_BIG


def rows_of(content: bytes) -> list[tuple[int, list[str]]]:
    file = BytesIO(content)
    pass_gates(file)
    with opened(file) as sheets:
        return [
            (number, [cell.text for cell in row.values()])
            for sheet in sheets
            for number, row in sheet.rows()
        ]


def cell(at: str, value: str = "<v>1</v>", attributes: str = "") -> str:
    row = "".join(sign for sign in at if sign.isdecimal())
    return f'<row r="{row}"><c r="{at}" {attributes}>{value}</c></row>'


LIMITS = {
    "a row too far": (cell("A1") + cell("A20001"), read.TOO_MANY_ROWS),
    "the last cell of all": (cell("A1") + cell("XFD1048576"), read.TOO_MANY_ROWS),
    "a column too far": (cell("GS1"), read.TOO_MANY_COLUMNS),
    "a text beyond Excel's": (
        cell("A1", f"<is><t>{'dài ' * 9000}</t></is>", 't="inlineStr"'),
        read.TOO_LONG,
    ),
    "no string of that number": (cell("A1", "<v>99999</v>", 't="s"'), gates.DAMAGED),
    "no number": (cell("A1", "<v>mười</v>"), gates.DAMAGED),
}


@pytest.mark.parametrize("limit", LIMITS)
def test_limits_are_kept_while_reading(limit):
    cells, sentence = LIMITS[limit]

    with pytest.raises(Refused) as why:
        rows_of(with_sheet(plain(), cells))

    assert str(why.value) == sentence


def test_broken_xml_is_a_damaged_file():
    content = rewritten(
        plain(), lambda name, part: part[:-20] if name.endswith("sheet1.xml") else part
    )

    with pytest.raises(Refused) as why:
        rows_of(content)

    assert str(why.value) == gates.DAMAGED


def test_a_formatted_cell_at_the_far_end_costs_nothing():
    far = with_sheet(plain(), cell("A1") + cell("XFD1048576", "", 's="0"'))
    rows_of(plain())

    tracemalloc.start()
    found = rows_of(far)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert found == [(1, ["1"])]
    assert most < 5 * gates.MB


def test_a_hundred_thousand_empty_rows_leave_nothing_in_memory():
    empty = "".join(f'<row r="{number}"/>' for number in range(2, 100_000))
    content = with_sheet(plain(), cell("A1") + empty)

    tracemalloc.start()
    assert rows_of(content) == [(1, ["1"])]
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    # Half of it is the file itself and its unpacking.
    assert most < 6 * gates.MB


def test_cells_are_what_excel_keeps():
    cells = (
        '<row r="3"><c r="B3"><v>22.600000000000001</v></c><c r="C3" t="str"><f>A1</f><v>ab</v></c>'
        '<c r="D3" t="b"><v>1</v></c><c r="E3" t="e"><v>#DIV/0!</v></c><c r="F3"><f>1+1</f></c>'
        '<c r="H3" t="str"><f>IF(A1=1,1,"")</f><v></v></c>'
        '<c r="G3"><v>1e400</v></c></row><row><c><v>-0.0</v></c></row>'
    )

    assert rows_of(with_sheet(plain(), cells)) == [
        (3, ["22,6", "ab", "TRUE", "#DIV/0!", "", "inf"]),
        (4, ["0"]),
    ]

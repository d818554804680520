"""What is not even opened. Each gate has its own sentence: what is wrong, what to do.

Looks at bytes, never at the file's name. Decided: the project, 11/2026 (the limits: a true
workbook of 100.000 rows had 73 MB unpacked, 11 times its packed size).
"""

from __future__ import annotations

import zlib
from typing import IO
from zipfile import BadZipFile, ZipFile, ZipInfo

from reports.entry.workbook.faults import Refused

MB = 1024 * 1024
MAX_FILE = 20 * MB
MAX_MEMBERS = 1_000
MAX_UNPACKED = 100 * MB
MAX_RATIO = 100
SMALL = MB  # of a member below this the ratio says nothing
MAX_PART = 40 * MB  # of XML in one piece: a million cells

OLE = bytes.fromhex("d0cf11e0a1b11ae1")
ZIP = b"PK\x03\x04"
EMPTY_ZIP = b"PK\x05\x06"

SAVE_AS = "Hãy mở tệp bằng Excel, chọn «Lưu thành» (Save As), loại «Excel Workbook (*.xlsx)»"
DAMAGED = (
    "Tệp bị hỏng hoặc chưa tải xong nên không đọc được. Hãy mở lại bằng Excel, lưu thành tệp "
    "mới rồi gửi lại."
)
NOT_EXCEL = f"Tệp không phải là sổ tính Excel (.xlsx). {SAVE_AS}, rồi gửi lại."
EMPTY = "Tệp trống (0 byte). Hãy kiểm tra lại tệp đã lưu, rồi gửi lại."
TOO_BIG = (
    f"Tệp lớn hơn {MAX_FILE // MB} MB. Hãy xóa hình ảnh và các trang không cần, lưu lại rồi gửi "
    "lại."
)
ENCRYPTED = (
    "Tệp có mật khẩu mở nên không đọc được. Hãy bỏ mật khẩu trong Excel (Tệp → Thông tin → Bảo vệ "
    "sổ làm việc → Mã hóa bằng mật khẩu, xóa mật khẩu), lưu rồi gửi lại."
)
OLD_EXCEL = f"Tệp có định dạng Excel 97-2003 (.xls). {SAVE_AS}, rồi gửi lại."
BINARY_EXCEL = f"Tệp có định dạng nhị phân (.xlsb). {SAVE_AS}, rồi gửi lại."
OPEN_DOCUMENT = (
    "Tệp có định dạng OpenDocument (.ods). Hãy chọn «Lưu thành», loại «Excel 2007-365 (.xlsx)», "
    "rồi gửi lại."
)
WORD = "Tệp là văn bản Word, không phải sổ tính. Hãy chép bảng sang Excel, lưu .xlsx rồi gửi lại."
PDF = "Tệp là PDF, không có ô để đọc. Hãy gửi tệp Excel (.xlsx) gốc."
CSV = f"Tệp là văn bản (CSV), không phải sổ tính. {SAVE_AS}, rồi gửi lại."
CSV_ENCODING = (
    "Tệp là văn bản CSV với bảng mã không phải Unicode, chữ Việt có thể đã hỏng. Hãy mở tệp gốc "
    "bằng Excel, kiểm tra chữ có dấu, «Lưu thành» loại «Excel Workbook (*.xlsx)» rồi gửi lại."
)
WEB_PAGE = f"Tệp là trang web hoặc XML được đổi tên thành Excel. {SAVE_AS}, rồi gửi lại."
MACROS = (
    "Tệp có macro (.xlsm) nên không nhận, vì lý do an toàn. Hãy «Lưu thành» loại «Excel Workbook "
    "(*.xlsx)», không có macro, rồi gửi lại."
)
MANY_MEMBERS = (
    f"Tệp gồm hơn {MAX_MEMBERS:,} thành phần, không giống một báo cáo. Hãy chép bảng sang một sổ "
    "tính mới rồi gửi lại."
).replace(",", ".", 1)
UNPACKED = (
    f"Nội dung tệp khi mở ra lớn hơn {MAX_UNPACKED // MB} MB. Hãy chép riêng bảng cần nhập sang "
    "một sổ tính mới rồi gửi lại."
)
PART = (
    f"Một phần của tệp khi mở ra lớn hơn {MAX_PART // MB} MB, nhiều hơn một báo cáo cần. Hãy chép "
    "riêng bảng cần nhập sang một sổ tính mới rồi gửi lại."
)
RATIO = (
    f"Tệp nén quá mức bình thường (hơn {MAX_RATIO} lần), có thể gây hại. Hãy chép bảng sang một "
    "sổ tính mới rồi gửi lại."
)
ENTITIES = (
    "Tệp có khai báo XML không bao giờ có trong tệp do Excel lưu, có thể gây hại. Hãy chép bảng "
    "sang một sổ tính mới rồi gửi lại."
)


def pass_gates(file: IO[bytes]) -> None:
    """Raise Refused, with the sentence of the first gate that `file` does not pass."""
    size = file.seek(0, 2)
    if size == 0:
        raise Refused(EMPTY)
    if size > MAX_FILE:
        raise Refused(TOO_BIG)
    file.seek(0)
    start = file.read(4096)
    if start.startswith(OLE):
        raise Refused(_kind_of_ole(file))
    if not start.startswith((ZIP, EMPTY_ZIP)):
        raise Refused(_kind_of_text(start))
    try:
        with ZipFile(file) as package:
            _pass_package(package)
    except (BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError) as why:
        raise Refused(DAMAGED) from why
    finally:
        file.seek(0)


def _kind_of_ole(file: IO[bytes]) -> str:
    """Names in an OLE file are UTF-16: an encrypted .xlsx holds «EncryptedPackage»."""
    file.seek(0)
    content = file.read()
    if "EncryptedPackage".encode("utf-16-le") in content:
        return ENCRYPTED
    return WORD if "WordDocument".encode("utf-16-le") in content else OLD_EXCEL


def _kind_of_text(start: bytes) -> str:
    if start.startswith(b"%PDF"):
        return PDF
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return CSV
    if start.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] == b"<":
        return WEB_PAGE
    if b"\x00" in start:
        return NOT_EXCEL
    try:
        start[: start.rfind(b"\n") + 1 or len(start)].decode("utf-8")
    except UnicodeDecodeError:
        separated = any(mark in start for mark in (b",", b";", b"\t"))
        return CSV_ENCODING if separated and b"\n" in start else NOT_EXCEL
    return CSV


def _pass_package(package: ZipFile) -> None:
    members = package.infolist()
    if len(members) > MAX_MEMBERS:
        raise Refused(MANY_MEMBERS)
    if any(member.flag_bits & 0x1 for member in members):
        raise Refused(ENCRYPTED)
    if sum(member.file_size for member in members) > MAX_UNPACKED:
        raise Refused(UNPACKED)
    if any(_is_bomb(member) for member in members):
        raise Refused(RATIO)
    names = [member.filename for member in members]
    _pass_kind(package, set(names))
    if len(set(names)) < len(names):
        raise Refused(DAMAGED)
    for member in members:
        _pass_member(package, member)


def _is_bomb(member: ZipInfo) -> bool:
    return member.file_size > SMALL and member.file_size > MAX_RATIO * member.compress_size


def _pass_kind(package: ZipFile, names: set[str]) -> None:
    if "mimetype" in names and b"opendocument" in package.read("mimetype")[:200]:
        raise Refused(OPEN_DOCUMENT)
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise Refused(MACROS)
    if "xl/workbook.bin" in names:
        raise Refused(BINARY_EXCEL)
    if "word/document.xml" in names:
        raise Refused(WORD)
    if "[Content_Types].xml" not in names:
        raise Refused(NOT_EXCEL)
    types = package.read("[Content_Types].xml")
    if b"macroEnabled" in types:
        raise Refused(MACROS)
    if b"spreadsheetml" not in types:
        raise Refused(NOT_EXCEL)


def _pass_member(package: ZipFile, member: ZipInfo) -> None:
    """Unpack a member once, a piece at a time: its checksum is right, it declares no entities."""
    is_xml = member.filename.endswith((".xml", ".rels", ".vml"))
    if is_xml and member.file_size > MAX_PART:
        raise Refused(PART)
    tail = b""
    with package.open(member) as content:
        while piece := content.read(MB):
            # A part in UTF-16 is legal, so zeros between the letters do not hide them.
            text = tail + piece.replace(b"\x00", b"")
            if is_xml and (b"<!DOCTYPE" in text or b"<!ENTITY" in text):
                raise Refused(ENTITIES)
            tail = text[-16:]

"""The one strict reader and writer of Vietnamese numbers.

A dot groups thousands, a comma begins the decimals: 1.250 is 1250, 22,6 is 22.6. What is
shown can always be read back to the same number. Nothing here rounds or divides.

Source: usage of official reports. Decided: the project, 11/2026 (what is refused).
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal

MAX_WHOLE_DIGITS = 14  # a hundred trillion đồng, and the width of the columns of figures
MAX_TEXT = 40  # characters, spaces around the number not counted

MINUS = "−"  # U+2212: not taken for the hyphen of «60.000-70.000», and read aloud as «trừ»

# Spaces that Excel and Word put between thousands. An ordinary space inside is refused: it
# may as well part two figures.
_GROUP_SPACES = "\u00a0\u2009\u202f"
_AROUND = re.compile(r"^[\s\u200b\u2060\ufeff]+|[\s\u200b\u2060\ufeff]+$")

# Digits are 0-9 only. Python would take full-width and Arabic-Indic digits too; they are
# refused rather than converted, for they come with separators of their own, whose meaning
# would be a guess. Two digits may begin with 0, because official text writes «05 mô hình».
_NUMBER = re.compile(
    r"(?P<sign>[-+−]?)"
    r"(?P<whole>0[0-9]?|[1-9][0-9]*"
    rf"|[1-9][0-9]{{0,2}}(?:(?:\.[0-9]{{3}})+|(?:[{_GROUP_SPACES}][0-9]{{3}})+))"
    r"(?:,(?P<places>[0-9]+))?"
)
_SWAP = str.maketrans(".,", ",.")


class UnreadableNumber(ValueError):
    """A typed text that is not one number. str() is a Vietnamese sentence for the person."""


def read_number(text: str, *, decimals: int) -> Decimal:
    """Return the number a person typed, exactly; `decimals` is how many the indicator has.

    Spaces around it are ignored, and so are no-break and narrow spaces between thousands.
    Digits after the comma are counted as typed: «1,000» is refused where no decimals are
    allowed, although its value is whole, because its author most likely meant 1000.
    Zero never keeps a minus sign.

    Raises UnreadableNumber for everything else, empty text included: an empty cell is the
    caller's «chưa báo cáo», not a number. Raises ValueError if `decimals` is negative.

    Decided: the project, 11/2026.
    """
    if decimals < 0:
        raise ValueError(f"decimals must not be negative: {decimals}")

    typed = _AROUND.sub("", text)
    if len(typed) > MAX_TEXT:
        raise UnreadableNumber(
            f"{_quoted(typed)} dài quá {MAX_TEXT} ký tự nên không phải là một con số. "
            "Hãy gõ một con số, ví dụ 1.250."
        )
    found = _NUMBER.fullmatch(typed)
    if not found:
        raise UnreadableNumber(_what_is_wrong(typed))

    whole = re.sub(r"[^0-9]", "", found["whole"])
    places = found["places"] or ""
    if len(whole) > MAX_WHOLE_DIGITS:
        raise UnreadableNumber(
            f"{_quoted(typed)} có {len(whole)} chữ số trước dấu phẩy, nhiều nhất là "
            f"{MAX_WHOLE_DIGITS}. Hãy kiểm tra lại con số và đơn vị tính."
        )
    if len(places) > decimals:
        raise UnreadableNumber(_too_many_decimals(typed, whole, places, decimals))

    number = Decimal(f"{whole}.{places}" if places else whole)
    return number.copy_negate() if _sign(typed) and number else number


def show_number(value: Decimal | int, *, decimals: int | None = None) -> str:
    """Return `value` as printed: 1.250, −3,5. Zeros at the end go, unless `decimals` fixes them.

    The minus is U+2212, which read_number reads; a spreadsheet export writes numbers, not
    these texts. Raises ValueError if `value` is not finite or has more decimals than
    `decimals` (showing is not rounding), and TypeError for a float.
    """
    if isinstance(value, bool) or not isinstance(value, Decimal | int):
        raise TypeError(f"not an exact number: {value!r}")
    exact = Decimal(value)
    if not exact.is_finite():
        raise ValueError(f"not a number to show: {value}")

    # copy_abs and not abs: abs would round to the precision of the current context.
    whole, _, places = f"{exact.copy_abs():,f}".partition(".")
    places = places.rstrip("0")
    if decimals is not None:
        if len(places) > decimals:
            raise ValueError(f"{value} has more than {decimals} decimals; round it first")
        places = places.ljust(decimals, "0")

    sign = MINUS if exact < 0 else ""
    return sign + whole.translate(_SWAP) + (f",{places}" if places else "")


def show_percent(points: Decimal) -> str:
    """Return percentage points as printed, with no space before the sign: 128%, 22,6%."""
    return f"{show_number(points)}%"


def show_date(day: date) -> str:
    """Return 03/11/2026 for the third of November.

    Raises TypeError for a datetime: it has no date until someone names the time zone.
    """
    if isinstance(day, datetime):
        raise TypeError("give the local date, not a moment")
    return f"{day.day:02}/{day.month:02}/{day.year:04}"


def _too_many_decimals(typed: str, whole: str, places: str, decimals: int) -> str:
    sign = _sign(typed)
    value = sign + show_number(Decimal(f"{whole}.{places}"))
    allowed = f"nhiều nhất {decimals} chữ số sau dấu phẩy" if decimals else "số nguyên"
    sentence = f"{_quoted(typed)} là {value}, mà chỉ tiêu này chỉ nhận {allowed}"
    if len(places) == 3 and len(whole) <= 3 and int(whole):
        thousands = int(whole + places)
        return f"{sentence}; nếu là {sign}{thousands}, hãy gõ {sign}{show_number(thousands)}."
    return f"{sentence}. Hệ thống không tự làm tròn: hãy gõ lại con số cần ghi."


def _what_is_wrong(typed: str) -> str:
    """Return the sentence for a text that is not a number: what is wrong, what to type."""
    quoted = _quoted(typed)
    if not typed:
        return "Chưa có con số nào. Hãy gõ một con số; nếu không phát sinh, gõ 0."
    if strange := next((sign for sign in typed if sign.isnumeric() and not sign.isascii()), None):
        return f"{quoted} có chữ số lạ «{strange}». Hãy gõ bằng các chữ số 0-9."
    if "%" in typed:
        return f"{quoted} có dấu %. Hãy chỉ gõ con số: đơn vị tính đã ghi bên cạnh."
    if re.fullmatch(r"[-+−]?[0-9.,]+[eE][-+−]?[0-9]+", typed):
        return f"{quoted} viết theo lũy thừa. Hãy gõ đủ các chữ số, ví dụ 100.000."
    if any(sign.isalpha() for sign in typed):
        return (
            f"{quoted} có chữ. Hãy chỉ gõ con số, ví dụ 1.250 hoặc 22,6: đơn vị tính và các từ "
            "«trên», «gần», «khoảng» không gõ trong ô này."
        )
    if re.match(r"[-−–—](\s|$)|[–—]", typed):
        return f"{quoted} bắt đầu bằng dấu gạch. Nếu là số âm, hãy gõ liền, ví dụ -5."
    if re.search(r"\s", typed):
        return f"{quoted} có dấu cách ở giữa. Hãy gõ liền một con số, ví dụ 1.250."
    if re.search(r"[0-9.,][-−–—]", typed):
        return f"{quoted} có dấu gạch ở giữa. Mỗi ô chỉ ghi một con số, ví dụ 60.000."
    if not re.fullmatch(r"[-+−]?[0-9.,]*[0-9][0-9.,]*", typed):
        return (
            f"{quoted} không phải là một con số. Hãy chỉ dùng chữ số, dấu chấm ngăn hàng nghìn "
            "và dấu phẩy thập phân, ví dụ 1.250,5."
        )
    return _wrong_separators(quoted, _sign(typed), typed.lstrip("-+" + MINUS))


def _wrong_separators(quoted: str, sign: str, typed: str) -> str:
    """The same for a text of digits, dots and commas, its sign taken off."""
    if re.fullmatch(r"0[0-9]{2,}", typed):
        return f"{quoted} bắt đầu bằng số 0 như một mã số. Hãy gõ {sign}{_grouped(typed)}."
    if re.fullmatch(r"[.,][0-9]+", typed):
        return f"{quoted} thiếu số trước dấu «{typed[0]}». Hãy gõ {sign}0,{typed[1:]}."
    if re.fullmatch(r"[0-9]+[.,]", typed):
        return f"{quoted} thiếu số sau dấu «{typed[-1]}». Hãy gõ {sign}{_grouped(typed[:-1])}."
    if re.fullmatch(r"[0-9]+\.[0-9]+", typed):
        left, right = typed.split(".")
        return (
            f"{quoted} không rõ là {sign}{int(left)},{right} hay {sign}{_grouped(left + right)}. "
            "Dấu phẩy ngăn phần thập phân, dấu chấm ngăn hàng nghìn: hãy gõ lại một trong hai "
            "số đó."
        )
    if _NUMBER.fullmatch(swapped := typed.translate(_SWAP)):
        return (
            f"{quoted} viết theo kiểu Anh - Mỹ. Dấu chấm ngăn hàng nghìn, dấu phẩy ngăn phần "
            f"thập phân: hãy gõ {sign}{swapped}."
        )
    if typed.count(",") > 1:
        return f"{quoted} có nhiều dấu phẩy. Chỉ dùng một dấu phẩy thập phân, ví dụ 1.250,5."
    return (
        f"{quoted} đặt dấu chấm hoặc dấu phẩy sai chỗ. Sau mỗi dấu chấm hàng nghìn là đúng ba chữ "
        "số, dấu phẩy thập phân đứng sau cùng, ví dụ 1.250,5."
    )


def _sign(typed: str) -> str:
    return "-" if typed.startswith(("-", MINUS)) else ""


def _grouped(digits: str) -> str:
    return show_number(int(digits))


def _quoted(typed: str) -> str:
    short = typed if len(typed) <= MAX_TEXT else f"{typed[: MAX_TEXT - 1]}…"
    return "«" + "".join(sign if sign.isprintable() else " " for sign in short) + "»"

"""What is typed is read exactly or refused in words; what is shown can be read back."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programs.numbers import (
    MAX_TEXT,
    MAX_WHOLE_DIGITS,
    UnreadableNumber,
    read_number,
    show_date,
    show_number,
    show_percent,
)

LARGEST = 10**MAX_WHOLE_DIGITS - 1
figures = st.decimals(-LARGEST, LARGEST, places=6) | st.integers(-LARGEST, LARGEST).map(Decimal)


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("1.250", "1250"),
        ("1250", "1250"),
        ("22,6", "22.6"),
        ("1.250,5", "1250.5"),
        ("1250,5", "1250.5"),
        ("1.250.000", "1250000"),
        ("0", "0"),
        ("0,05", "0.05"),
        ("05", "5"),  # official text: «05 mô hình»
        ("+7", "7"),
        ("-7", "-7"),
        ("\u2212" + "3,5", "-3.5"),
        ("  64\t\n", "64"),
        ("\ufeff64\u200b", "64"),
        ("\u00a01.250\u202f", "1250"),
        ("1\u00a0250", "1250"),
        ("1\u202f250\u202f000,5", "1250000.5"),
        ("1\u2009250", "1250"),
    ],
)
def test_a_vietnamese_number_is_read_exactly(typed, value):
    assert read_number(typed, decimals=2) == Decimal(value)


@pytest.mark.parametrize(
    ("typed", "decimals", "words"),
    [
        ("1.25", 2, "1,25 hay 125"),
        ("-1.25", 2, "-1,25 hay -125"),
        ("12.50", 2, "12,50 hay 1.250"),
        ("0.125", 3, "0,125 hay 125"),
        ("1250.000", 3, "1250,000 hay 1.250.000"),
        ("1,250", 0, "là 1,25, mà chỉ tiêu này chỉ nhận số nguyên; nếu là 1250, hãy gõ 1.250."),
        ("-1,250", 0, "là -1,25, mà chỉ tiêu này chỉ nhận số nguyên; nếu là -1250, hãy gõ -1.250."),
        ("1,000", 0, "hãy gõ 1.000."),
        ("22,65", 1, "nhiều nhất 1 chữ số sau dấu phẩy. Hệ thống không tự làm tròn"),
        ("5,0", 0, "chỉ nhận số nguyên"),
        ("0,125", 0, "không tự làm tròn"),
        ("1,250.5", 1, "hãy gõ 1.250,5."),
        ("-1,250.5", 1, "hãy gõ -1.250,5."),
        ("1,250,000", 0, "hãy gõ 1.250.000."),
        ("1.2.3", 2, "đúng ba chữ số"),
        ("1.250.00", 2, "đúng ba chữ số"),
        ("1,25.5", 2, "sai chỗ"),
        ("1,2,3", 2, "nhiều dấu phẩy"),
        (",5", 1, "Hãy gõ 0,5."),
        (".5", 1, "Hãy gõ 0,5."),
        ("5,", 1, "Hãy gõ 5."),
        ("5.", 1, "Hãy gõ 5."),
        ("007", 0, "mã số. Hãy gõ 7."),
        ("0912345678", 0, "như một mã số"),
        ("", 0, "nếu không phát sinh, gõ 0"),
        ("   ", 0, "Chưa có con số nào"),
        ("abc", 0, "có chữ"),
        ("5 lớp", 0, "có chữ"),
        ("trên 20", 0, "«trên», «gần», «khoảng»"),
        ("NaN", 0, "có chữ"),
        ("Infinity", 0, "có chữ"),
        ("1_000", 0, "không phải là một con số"),
        ("1e5", 0, "lũy thừa"),
        ("1,5E+3", 1, "lũy thừa"),
        ("50%", 0, "dấu %"),
        ("∞", 0, "không phải là một con số"),
        ("(5)", 0, "không phải là một con số"),
        ("=1+2", 0, "không phải là một con số"),
        ("--5", 0, "không phải là một con số"),
        ("+", 0, "không phải là một con số"),
        ("٣", 0, "chữ số lạ «٣»"),
        ("１２", 0, "chữ số lạ «１»"),  # full-width
        ("1٣", 0, "chữ số lạ «٣»"),
        ("1.２50", 0, "chữ số lạ «２»"),
        ("1,２", 1, "chữ số lạ «２»"),
        ("5²", 0, "chữ số lạ «²»"),
        ("½", 0, "chữ số lạ «½»"),
        ("1 250", 0, "dấu cách ở giữa"),
        ("1\u00a025", 0, "dấu cách ở giữa"),
        ("1.250\u00a0000", 0, "dấu cách ở giữa"),
        ("5\n6", 0, "dấu cách ở giữa"),
        ("-", 0, "dấu gạch"),
        ("–", 0, "dấu gạch"),
        ("- 5", 0, "Nếu là số âm, hãy gõ liền"),  # or the bullet of a list
        ("– 5", 0, "Nếu là số âm, hãy gõ liền"),
        ("–5", 0, "Nếu là số âm, hãy gõ liền"),
        ("60.000-70.000", 0, "Mỗi ô chỉ ghi một con số"),
        ("60.000 – 70.000", 0, "dấu cách ở giữa"),
        ("1" * (MAX_WHOLE_DIGITS + 1), 0, "15 chữ số trước dấu phẩy"),
        ("1" * (MAX_TEXT + 1), 0, "dài quá 40 ký tự"),
        ("9" * 100_000, 0, "dài quá 40 ký tự"),
    ],
)
def test_anything_else_is_refused_with_what_to_type_instead(typed, decimals, words):
    with pytest.raises(UnreadableNumber) as refused:
        read_number(typed, decimals=decimals)

    assert words in str(refused.value)
    assert len(str(refused.value)) < 300


def test_a_refusal_shows_no_character_that_could_disturb_the_page():
    with pytest.raises(UnreadableNumber) as refused:
        read_number("5\u202e6\x00", decimals=0)

    assert str(refused.value).isprintable()


def test_an_indicator_cannot_have_a_negative_number_of_decimals():
    with pytest.raises(ValueError, match="negative"):
        read_number("5", decimals=-1)


@pytest.mark.parametrize("typed", ["-0", "−0,00", "+0"])
def test_zero_has_no_minus(typed):
    assert not read_number(typed, decimals=2).is_signed()


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1250, "1.250"),
        (Decimal("22.60"), "22,6"),
        (Decimal("1250.5"), "1.250,5"),
        (Decimal("-3.5"), "−3,5"),
        (Decimal("-0"), "0"),
        (Decimal("1E+3"), "1.000"),
        (Decimal("0.000001"), "0,000001"),
        (100, "100"),
        (2_630_000_000, "2.630.000.000"),
    ],
)
def test_numbers_are_shown_as_officials_write_them(value, shown):
    assert show_number(value) == shown


def test_fixed_decimals_keep_their_zeros():
    assert show_number(Decimal("22.6"), decimals=2) == "22,60"
    assert show_number(1250, decimals=1) == "1.250,0"


def test_showing_never_rounds():
    with pytest.raises(ValueError, match="round it first"):
        show_number(Decimal("22.65"), decimals=1)

    with localcontext(prec=3):
        assert show_number(Decimal("-123456.789")) == "−123.456,789"


@pytest.mark.parametrize("value", [0.5, 1e16, True, "5", None])
def test_a_float_is_never_shown(value):
    with pytest.raises(TypeError):
        show_number(value)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "sNaN"])
def test_what_is_not_finite_is_never_shown(value):
    with pytest.raises(ValueError, match="not a number"):
        show_number(Decimal(value))


@pytest.mark.parametrize(
    ("points", "shown"),
    [("128.0", "128%"), ("22.6", "22,6%"), ("-300", "−300%"), ("1250.5", "1.250,5%")],
)
def test_percentages_have_no_space_and_no_comma_zero(points, shown):
    assert show_percent(Decimal(points)) == shown


def test_dates_are_day_month_year():
    assert show_date(date(2026, 11, 3)) == "03/11/2026"
    assert show_date(date(208, 1, 2)) == "02/01/0208"


def test_a_moment_is_not_a_date():
    with pytest.raises(TypeError):
        show_date(datetime(2026, 11, 3, tzinfo=UTC))


@given(value=figures)
def test_what_is_shown_reads_back_to_the_same_number(value):
    assert read_number(show_number(value), decimals=6) == value
    assert read_number(show_number(value, decimals=6), decimals=6) == value


@given(value=st.integers(-LARGEST, LARGEST))
def test_whole_numbers_read_back_where_no_decimals_are_allowed(value):
    assert read_number(show_number(value), decimals=0) == value


scribbles = (
    st.text(max_size=MAX_TEXT + 5)
    | st.text(alphabet="0123456789.,", max_size=12)
    | st.text(alphabet="0159.,+-−– \u00a0\u202f%e٣１", max_size=12)
    | st.from_regex(r"[-+−]?[0-9]{1,3}([.,][0-9]{1,3}){0,3}", fullmatch=True)
)


def read_or_refuse(typed: str, decimals: int) -> tuple[Decimal | None, str]:
    try:
        return read_number(typed, decimals=decimals), ""
    except UnreadableNumber as refused:
        return None, str(refused)


@given(typed=scribbles, decimals=st.integers(0, 6))
def test_any_text_is_refused_in_words_or_means_the_number_that_is_then_shown(typed, decimals):
    value, refusal = read_or_refuse(typed, decimals)

    if value is None:
        assert refusal.endswith(".")
        assert refusal.isprintable()
    else:
        assert type(value) is Decimal
        assert abs(value) < 10**MAX_WHOLE_DIGITS
        assert read_number(show_number(value), decimals=decimals) == value


@given(whole=st.integers(1, 999), places=st.integers(0, 999), decimals=st.integers(0, 2))
def test_three_digits_after_a_comma_are_never_taken_for_thousands(whole, places, decimals):
    with pytest.raises(UnreadableNumber, match=f"nếu là {whole}{places:03}"):
        read_number(f"{whole},{places:03}", decimals=decimals)


@given(left=st.integers(0, 10**6), right=st.from_regex(r"[0-9]{1,2}|[0-9]{4,6}", fullmatch=True))
def test_a_single_misplaced_dot_is_refused_with_both_readings_which_are_readable(left, right):
    with pytest.raises(UnreadableNumber) as refused:
        read_number(f"{left}.{right}", decimals=6)

    readings = str(refused.value).split("không rõ là ")[1].split(". Dấu phẩy")[0].split(" hay ")
    assert [read_number(reading, decimals=6) for reading in readings] == [
        Decimal(f"{left}.{right}"),
        Decimal(f"{left}{right}"),
    ]

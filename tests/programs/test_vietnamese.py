"""Text is stored in one form, found without accents, and sorted as a dictionary sorts it."""

from __future__ import annotations

import itertools
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programs.vietnamese import SORT_FROM, SORT_TO, nfc, search_key, sort_key

ALPHABET = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
TONED_VOWELS = [
    "aàảãáạ", "ăằẳẵắặ", "âầẩẫấậ", "eèẻẽéẹ", "êềểễếệ", "iìỉĩíị",
    "oòỏõóọ", "ôồổỗốộ", "ơờởỡớợ", "uùủũúụ", "ưừửữứự", "yỳỷỹýỵ",
]  # fmt: skip

names = st.text(alphabet="".join(TONED_VOWELS) + "bcdđghklmnpqrstvx ĐẮÂ-0129", max_size=12)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("Đa\u0300 Na\u0306\u0303ng", "Đà Nẵng"),
        ("  Hà \u00a0\u202f\tNội\n", "Hà Nội"),
        ("", ""),
        ("\u3000", ""),
    ],
)
def test_text_is_stored_precomposed_with_single_spaces(typed, stored):
    assert nfc(typed) == stored


def test_every_character_that_python_calls_a_space_is_one():
    spaces = [chr(point) for point in range(sys.maxunicode + 1) if chr(point).isspace()]

    assert [space for space in spaces if nfc(f"a{space}b") != "a b"] == []


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Đà Nẵng", "da nang"),
        ("ĐẮK LẮK", "dak lak"),
        ("Thừa Thiên  Huế", "thua thien hue"),
        ("Thành phố Hồ Chí Minh", "thanh pho ho chi minh"),
        ("Bà Rịa \u2013 Vũng Tàu", "ba ria \u2013 vung tau"),
        ("cơ sở CNNT 22,6%", "co so cnnt 22,6%"),
        ("ß Ω Æ", "ß Ω Æ"),  # nothing but Latin A-Z and Đ is folded
    ],
)
def test_search_ignores_accents_and_case(text, key):
    assert search_key(text) == key


@pytest.mark.parametrize("letters", [*TONED_VOWELS, "đ"])
def test_every_accented_letter_is_found_by_its_bare_one(letters):
    bare = "d" if letters == "đ" else unicodedata.normalize("NFD", letters[0])[0]

    assert {search_key(letter) for letter in letters + letters.upper()} == {bare}


@given(text=st.text())
def test_keys_do_not_depend_on_the_unicode_form(text):
    for form in ("NFC", "NFD"):
        other = unicodedata.normalize(form, text)
        assert search_key(other) == search_key(text)
        assert sort_key(other) == sort_key(text)


@given(text=st.text())
def test_storing_and_folding_twice_changes_nothing(text):
    assert nfc(nfc(text)) == nfc(text)
    assert search_key(search_key(text)) == search_key(text)
    assert search_key(nfc(text)) == search_key(text)
    assert sort_key(nfc(text)) == sort_key(text)


def test_letters_follow_the_vietnamese_alphabet():
    backwards = ALPHABET[::-1]

    assert sorted(backwards, key=sort_key) == list(ALPHABET)


@pytest.mark.parametrize("vowels", TONED_VOWELS)
def test_tones_follow_ngang_huyen_hoi_nga_sac_nang(vowels):
    backwards = vowels[::-1]

    assert sorted(backwards, key=sort_key) == list(vowels)


def test_a_tone_never_outweighs_a_letter():
    for lower, higher in itertools.pairwise(ALPHABET):
        assert sort_key(f"{lower}ạ") < sort_key(f"{higher}a")
        assert sort_key(f"ạ{lower}") < sort_key(f"a{higher}")


def test_the_first_differing_tone_decides():
    assert sort_key("bá bà") > sort_key("bà bạ")
    assert sort_key("ba bà") < sort_key("bà ba")


def test_spaces_come_before_signs_before_digits_before_letters():
    in_order = ["a", "a a", "a(a", "a-a", "a_a", "a1", "a9", "aa", "az"]
    backwards = in_order[::-1]

    assert sorted(backwards, key=sort_key) == in_order


def test_dashes_and_quotation_marks_of_every_kind_sort_alike():
    assert sort_key("Bà Rịa \u2013 Vũng Tàu") == sort_key("Bà Rịa - Vũng Tàu")
    assert sort_key("lớp «A»") == sort_key('lớp "A"')


def test_case_does_not_matter():
    assert sort_key("ĐẮK LẮK Ơ Ư") == sort_key("đắk lắk ơ ư")


def test_provinces_sort_as_in_a_vietnamese_list():
    # The order of ICU 78, Intl.Collator("vi").
    in_order = [
        "An Giang", "Bà Rịa \u2013 Vũng Tàu", "Bạc Liêu", "Bắc Giang", "Bắc Kạn", "Bắc Ninh",
        "Bến Tre", "Bình Dương", "Bình Định", "Bình Phước", "Bình Thuận", "Cà Mau", "Cao Bằng",
        "Cần Thơ", "Đà Nẵng", "Đắk Lắk", "Đắk Nông", "Điện Biên", "Đồng Nai", "Đồng Tháp",
        "Gia Lai", "Hà Giang", "Hà Nam", "Hà Nội", "Hà Tĩnh", "Hải Dương", "Hải Phòng",
        "Hậu Giang", "Hòa Bình", "Huế", "Hưng Yên", "Khánh Hòa", "Kiên Giang", "Kon Tum",
        "Lai Châu", "Lạng Sơn", "Lào Cai", "Lâm Đồng", "Long An", "Nam Định", "Nghệ An",
        "Ninh Bình", "Ninh Thuận", "Phú Thọ", "Phú Yên", "Quảng Bình", "Quảng Nam", "Quảng Ngãi",
        "Quảng Ninh", "Quảng Trị", "Sóc Trăng", "Sơn La", "Tây Ninh", "Thái Bình", "Thái Nguyên",
        "Thanh Hóa", "Thừa Thiên Huế", "Tiền Giang", "Trà Vinh", "Tuyên Quang", "Vĩnh Long",
        "Vĩnh Phúc", "Yên Bái",
    ]  # fmt: skip
    backwards = in_order[::-1]

    assert sorted(backwards, key=sort_key) == in_order


@given(a=names, b=names)
def test_names_with_the_same_key_differ_in_nothing_but_case_and_spaces(a, b):
    folded = [nfc(name).lower() for name in (a, b)]

    assert (sort_key(a) == sort_key(b)) == (folded[0] == folded[1])


@given(name=names)
def test_one_tone_digit_per_character(name):
    letters, tones = sort_key(name).split("\x01")

    assert len(letters) == len(tones) == len(nfc(name))


def test_the_two_strings_of_translate_have_equal_length_and_no_letter_twice():
    assert len(SORT_FROM) == len(SORT_TO)
    assert len(set(SORT_FROM)) == len(SORT_FROM)

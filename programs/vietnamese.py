"""Vietnamese text: the stored form, the form searched, the form sorted.

search_key and sort_key have twins in SQL, tested to be equal to these. Hence only steps that
PostgreSQL can take in any locale: normalise, delete by code point, translate. No lower().
"""

from __future__ import annotations

import re
import unicodedata

# Every character of Unicode's White_Space, and the four separators U+001C–U+001F which
# Python counts as spaces too.
_SPACES = re.compile(
    r"[\u0009-\u000d\u001c-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+"
)
_MARKS = re.compile(r"[\u0300-\u036f]")

_FOLD = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZĐđ", "abcdefghijklmnopqrstuvwxyzdd")

# The marks of ă, â/ê/ô and ơ/ư belong to the letter; all others are tones (or foreign).
_MARKS_BUT_LETTERS = re.compile(r"[\u0300\u0301\u0303-\u0305\u0307-\u031a\u031c-\u036f]")
# huyền, hỏi, ngã, sắc, nặng; ngang has no mark.
_TONES = "\u0300\u0309\u0303\u0301\u0323"
_MARKS_BUT_TONES = re.compile(r"[\u0302\u0304-\u0308\u030a-\u0322\u0324-\u036f]")
_NOT_A_TONE = re.compile(f"[^{_TONES}]")

# translate(…, SORT_FROM, SORT_TO): 33 letters in dictionary order become A…Z, a…g, whatever
# their case; dashes and brackets of every kind, and other signs, come after space, before 0.
SORT_FROM = (
    "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
    "AĂÂBCDĐEÊFGHIJKLMNOÔƠPQRSTUƯVWXYZ"
    "[{]}‐‑–—“”«»‘’:;<=>?@\\^_`|~…"
)
SORT_TO = (
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg"
    '(())----""""\'\'//////////////'
)
_ORDER = str.maketrans(SORT_FROM, SORT_TO)


def nfc(text: str) -> str:
    """Return `text` as it is stored: NFC, one plain space between words, none around.

    Source: TCVN 6909:2001 (Unicode, precomposed).
    """
    return _collapsed(unicodedata.normalize("NFC", text))


def search_key(text: str) -> str:
    """Return `text` without accents and case, to be searched: «Đà Nẵng» gives «da nang».

    NFD; U+0300–U+036F deleted; A–Z, Đ and đ to a–z and d; spaces collapsed. Nothing else:
    other scripts pass unchanged, and so do their capitals.
    """
    bare = _MARKS.sub("", unicodedata.normalize("NFD", text))
    return _collapsed(bare.translate(_FOLD))


def sort_key(text: str) -> str:
    """Return a key whose code-point order (COLLATE "C") is the order of a Vietnamese dictionary.

    Letters first: a ă â b c d đ e ê … o ô ơ … u ư …, with f j w z in their Latin places;
    space before signs before digits before letters, upper case equal to lower. Then chr(1),
    and one digit per character, left to right: 0 ngang, 1 huyền, 2 hỏi, 3 ngã, 4 sắc, 5 nặng.
    chr(1) is below space, so «Hà» comes before «Hà Nội». Texts that differ only in case,
    spaces or Unicode form have equal keys: add the primary key to the ordering.

    Decided: the project, 11/2026, after the order of ICU's «vi» collation.
    """
    apart = _collapsed(unicodedata.normalize("NFD", text))
    letters = unicodedata.normalize("NFC", _MARKS_BUT_LETTERS.sub("", apart)).translate(_ORDER)

    # «ậ» is a + nặng + circumflex: without the circumflex 0 and 5, which «05» → «5» joins.
    zeros = _NOT_A_TONE.sub("0", _MARKS_BUT_TONES.sub("", apart))
    tones = re.sub("0([1-5])", r"\1", zeros.translate(str.maketrans(_TONES, "12345")))
    return f"{letters}\x01{tones}"


def _collapsed(text: str) -> str:
    return _SPACES.sub(" ", text).strip(" ")

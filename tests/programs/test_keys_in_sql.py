"""The database's search and sort keys are the same functions as Python's."""

from __future__ import annotations

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from programs.vietnamese import search_key, sort_key
from tests.factories import ProvinceFactory

pytestmark = pytest.mark.django_db

VIETNAMESE = "aàảãáạăằẳẵắặâầẩẫấậbcdđeèẻẽéẹêềểễếệghiìỉĩíịklmnoòỏõóọôồổỗốộơờởỡớợ"
LETTERS = VIETNAMESE + "uùủũúụưừửữứựvxyỳỷỹýỵfjwz 0123456789-–«»/.,()"
MARKS = "\u0300\u0301\u0303\u0309\u0323\u0302\u0306\u031b\u00a0\u2009\t"
texts = st.text(st.sampled_from(LETTERS + LETTERS.upper() + MARKS), max_size=30) | st.text(
    st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=15
)


def in_sql(function: str, text: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [text])
        key: str = cursor.fetchone()[0]
        return key


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(text=texts)
def test_the_database_makes_the_same_keys_as_python(db, text):
    assert in_sql("vietnamese_search_key", text) == search_key(text)
    assert in_sql("vietnamese_sort_key", text) == sort_key(text)


def test_a_name_is_found_without_accents_and_stored_once_whatever_the_keyboard_sends():
    province = ProvinceFactory.create(name="Đa\u0300  Na\u0306\u0303ng ")  # decomposed, two spaces
    province.refresh_from_db()

    assert province.name == "Đà Nẵng"
    assert province.search_key == "da nang"
    assert type(province).objects.filter(name="Đa\u0300 Na\u0306\u0303ng").exists()


def test_the_keys_follow_an_update_that_goes_past_the_model():
    province = ProvinceFactory.create(name="Huế")
    type(province).objects.filter(pk=province.pk).update(name="Thừa Thiên Huế")
    province.refresh_from_db()

    assert province.search_key == "thua thien hue"


def test_names_are_sorted_as_a_vietnamese_dictionary_sorts_them():
    in_order = ["An Giang", "Cao Bằng", "Cần Thơ", "Dak", "Đà Nẵng", "Hà Nội", "Hải Phòng", "Huế"]
    for name in reversed(in_order):
        ProvinceFactory.create(name=name)
    model = ProvinceFactory._meta.model

    assert list(model.objects.order_by("sort_key").values_list("name", flat=True)) == in_order

"""Model fields for Vietnamese text: stored in NFC, searchable without accents, sorted as spoken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import F, Func, GeneratedField

from programs.vietnamese import nfc

if TYPE_CHECKING:
    _CharField = models.CharField[str, str]
    _TextField = models.TextField[str, str]
else:
    _CharField = models.CharField
    _TextField = models.TextField


class NfcCharField(_CharField):
    """One line of text, NFC, without stray spaces, on every write and in every look-up.

    Keyboards and files give both forms of «ế»; two spellings of one name must not be two names.
    """

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return nfc(text) if isinstance(text, str) else text

    def get_prep_value(self, value: Any) -> Any:
        text = super().get_prep_value(value)
        return nfc(text) if isinstance(text, str) else text

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        text = self.to_python(getattr(model_instance, self.attname))
        setattr(model_instance, self.attname, text)
        return text


class NfcTextField(_TextField):
    """Several lines of text in NFC; line breaks stay, spaces within a line are tidied."""

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return _tidy(text) if isinstance(text, str) else text

    def get_prep_value(self, value: Any) -> Any:
        text = super().get_prep_value(value)
        return _tidy(text) if isinstance(text, str) else text


def _tidy(text: str) -> str:
    return "\n".join(nfc(line) for line in text.splitlines()).strip()


class SearchKey(Func):
    """The text without accents and case, computed by the database («da nang» for «Đà Nẵng»)."""

    function = "vietnamese_search_key"
    output_field = models.TextField()


class SortKey(Func):
    """A key whose byte order is the Vietnamese dictionary order (Đ after D, tones in order)."""

    function = "vietnamese_sort_key"
    output_field = models.TextField()


def search_key_of(field: str) -> GeneratedField:
    """A stored column that follows `field` on every kind of write, bulk and raw SQL too."""
    return GeneratedField(
        expression=SearchKey(F(field)),
        output_field=models.TextField(db_collation="C"),
        db_persist=True,
        verbose_name="khóa tìm kiếm",
    )


def sort_key_of(field: str) -> GeneratedField:
    """As `search_key_of`, for ordering."""
    return GeneratedField(
        expression=SortKey(F(field)),
        output_field=models.TextField(db_collation="C"),
        db_persist=True,
        verbose_name="khóa sắp xếp",
    )

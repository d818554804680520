"""What a list shows and filters by: Vietnamese labels and numbers, visible choices only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.utils import get_fields_from_path
from django.db import models
from django.http import HttpRequest
from django.utils import timezone

from programs.numbers import show_date, show_number

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

NOTHING = "—"

Column = Callable[[Any], Any]


def label_of(field: Any) -> str:
    """The field's Vietnamese name; of a foreign key without one, its model's."""
    if field.is_relation and field.verbose_name == field.name.replace("_", " "):
        return str(field.related_model._meta.verbose_name)
    return str(field.verbose_name)


@cache  # Django asks twice for the fields of a page and compares the answers
def shown(model: type[models.Model], path: str, label: str = "", ordering: str = "") -> Column:
    """A column of the value at `path`, in Vietnamese words and numbers, with its name above it.

    `ordering` is what a click on the header sorts by; without it the column itself.
    """
    field = get_fields_from_path(model, path)[-1]
    *steps, name = path.split("__")

    @admin.display(description=label or label_of(field), ordering=ordering or path)
    def column(row: Any) -> str:
        for step in steps:
            row = getattr(row, step, None)
        return words(field, getattr(row, name, None))

    column.__name__ = path
    return column


def words(field: models.Field[Any, Any], value: Any) -> str:
    """`value` of `field` as a person reads it; nothing is a dash."""
    if value is None or value == "":
        return NOTHING
    if choices := field.flatchoices:
        return str(dict(choices).get(value, value))
    match value:
        case bool():
            return "có" if value else "không"
        case Decimal():
            return show_number(value)
        case int() if isinstance(field, models.BigIntegerField):
            return show_number(value)
        case datetime():
            return f"{timezone.localtime(value):%H:%M %d/%m/%Y}"
        case date():
            return show_date(value)
    return str(value)


def readable(model: type[models.Model], fields: Sequence[Any]) -> list[Any]:
    """`fields` with every number and every foreign key as `shown` writes it."""
    return [
        readable(model, field)
        if isinstance(field, list | tuple)
        else shown(model, field)
        if isinstance(field, str) and _needs_words(model, field)
        else field
        for field in fields
    ]


def _needs_words(model: type[models.Model], name: str) -> bool:
    found = {field.name: field for field in model._meta.fields}.get(name)
    return isinstance(found, models.DecimalField | models.BigIntegerField | models.ForeignKey)


class VisibleFilter(admin.RelatedFieldListFilter):
    """The related rows that this list really has, of those the person may see."""

    def __init__(
        self,
        field: models.Field[Any, Any],
        request: HttpRequest,
        params: dict[str, Any],
        model: type[models.Model],
        model_admin: ModelAdmin[Any],
        field_path: str,
    ) -> None:
        super().__init__(field, request, params, model, model_admin, field_path)
        self.title = label_of(field)

    def field_choices(
        self,
        field: Any,
        request: HttpRequest,
        model_admin: ModelAdmin[Any],
    ) -> Any:
        listed = model_admin.get_queryset(request).order_by().values(self.field_path)
        related_admin = model_admin.admin_site.get_model_admin(field.related_model)
        rows = related_admin.get_queryset(request).filter(pk__in=listed)
        return [(str(row.pk), str(row)) for row in rows]

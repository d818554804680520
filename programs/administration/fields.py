"""Fields of the administration: visible choices only, numbers the Vietnamese way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import admin
from django.contrib.admin import widgets
from django.db import models
from django.http import HttpRequest

from programs.access import Right, may, rows_where
from programs.forms import (
    MoneyField,
    NumberInput,
    VietnameseDecimalField,
    VietnameseIntegerField,
)
from programs.models import Province

if TYPE_CHECKING:
    from accounts.models import User

    _BaseAdmin = admin.options.BaseModelAdmin[Any]
else:
    _BaseAdmin = object

LONG = 150  # characters: a wide box
SLUG = "Chỉ dùng chữ cái không dấu, chữ số, dấu gạch ngang và gạch dưới, ví dụ nd-45-2012."
FILE = "Chỉ nhận tệp %(allowed_extensions)s; tệp này là «%(extension)s»."

FIELDS: dict[type[models.Field[Any, Any]], dict[str, Any]] = {
    models.DecimalField: {
        "form_class": VietnameseDecimalField,
        "widget": NumberInput(decimals=True),
    },
    models.IntegerField: {"form_class": VietnameseIntegerField, "widget": NumberInput},
    models.BigIntegerField: {"form_class": MoneyField, "widget": NumberInput},
    models.SlugField: {
        "widget": widgets.AdminTextInputWidget,
        "error_messages": {"invalid": SLUG},
    },
    models.FileField: {
        "widget": widgets.AdminFileWidget,
        "error_messages": {"invalid_extension": FILE},
    },
}


def person_of(request: HttpRequest) -> User:
    """The administrator at work: nobody else gets past the site's door."""
    return cast("User", request.user)


def administers_nation(request: HttpRequest) -> bool:
    """Asked for every field of a page, so answered once for a request."""
    known = vars(request)
    if "administers_nation" not in known:
        known["administers_nation"] = may(person_of(request), Right.ADMINISTER, None)
    return bool(known["administers_nation"])


class ScopedFields(_BaseAdmin):
    """Fields offer visible rows only; numbers are read and shown the Vietnamese way."""

    province_path: str | None = "province"
    formfield_overrides = FIELDS
    view_on_site: Any = False

    def formfield_for_dbfield(
        self, db_field: models.Field[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> forms.Field | None:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field and isinstance(field.widget, widgets.RelatedFieldWidgetWrapper):
            # Only «add another»: a pencil and a cross beside a field change other people's rows.
            field.widget.can_change_related = False
            field.widget.can_delete_related = False
            field.widget.can_view_related = False
        if field and isinstance(db_field, models.CharField) and (db_field.max_length or 0) >= LONG:
            field.widget.attrs["class"] = "vLargeTextField"
        return field

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs.setdefault("queryset", self.choices_of(db_field, request))
        field: Any = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == self.province_path and not administers_nation(request):
            field.required = True  # an empty province is the nation's row
            field.initial = self._only_province(request)
        return field

    def formfield_for_manytomany(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> forms.ModelMultipleChoiceField[Any] | None:
        kwargs.setdefault("queryset", self.choices_of(db_field, request))
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def choices_of(self, db_field: Any, request: HttpRequest) -> models.QuerySet[Any]:
        """The rows that the list page of the related model would show this person."""
        related_admin = self.admin_site.get_model_admin(db_field.related_model)
        return related_admin.get_queryset(request)

    def _only_province(self, request: HttpRequest) -> Province | None:
        mine = Province.objects.filter(rows_where(person_of(request), Right.ADMINISTER, "pk"))
        living = list(mine.filter(valid_to=None)[:2])
        return living[0] if len(living) == 1 else None


def keep_current(form: Any, rows: models.QuerySet[Any]) -> None:
    """Let a field keep the row it already holds, though the person could not choose it anew.

    Otherwise saving something else would silently empty it.
    """
    for name, field in form.base_fields.items():
        if isinstance(field, forms.ModelChoiceField) and field.queryset is not None:
            held = field.queryset.model._default_manager.filter(
                pk__in=rows.order_by().exclude(**{name: None}).values(name)
            )
            field.queryset = field.queryset | held

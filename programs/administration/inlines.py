"""Rows inside the page of another row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.admin import widgets
from django.contrib.admin.utils import flatten_fieldsets
from django.db import models
from django.http import HttpRequest

from programs.administration.columns import readable
from programs.administration.fields import ScopedFields, keep_current

if TYPE_CHECKING:
    _TabularInline = admin.TabularInline[Any, Any]
    _InlineFormSet = forms.BaseInlineFormSet[Any, Any, Any]
else:
    _TabularInline = admin.TabularInline
    _InlineFormSet = forms.BaseInlineFormSet


class LoadedAutocomplete(widgets.AutocompleteSelect):
    """Draws the row that its line has loaded already, instead of asking once for each line."""

    loaded: models.Model | None = None

    def optgroups(self, name: str, value: Sequence[str], attrs: Any = None) -> Any:
        row = self.loaded
        if row is None or list(value) != [str(row.pk)]:
            return super().optgroups(name, value, attrs)
        options = [] if self.is_required else [self.create_option(name, "", "", False, 0)]
        options.append(self.create_option(name, row.pk, str(row), True, 1))
        return [(None, options, 0)]


class LoadedFormSet(_InlineFormSet):
    """Lines whose autocomplete boxes know the rows that the inline's queryset has joined."""

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        for name, field in form.fields.items():
            box = getattr(field.widget, "widget", None)
            if isinstance(box, LoadedAutocomplete) and name in form.instance._state.fields_cache:
                box.loaded = getattr(form.instance, name)


class ScopedInline(ScopedFields, _TabularInline):
    """Rows of an object; whoever may change the object may change them."""

    extra = 0
    formset = LoadedFormSet

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs["widget"] = LoadedAutocomplete(db_field, self.admin_site)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_formset(
        self, request: HttpRequest, obj: Any | None = None, **kwargs: Any
    ) -> type[_InlineFormSet]:
        formset = super().get_formset(request, obj, **kwargs)
        fk: Any = formset.fk
        if obj is not None:
            # Only rows that this person meets here: a colleague's province in another role must
            # not become a choice.
            keep_current(formset.form, self.get_queryset(request).filter(**{fk.name: obj}))
        return formset


class ReadOnlyInline(ScopedInline):
    can_delete = False

    def get_fields(self, request: HttpRequest, obj: Any | None = None) -> Any:
        return readable(self.model, super().get_fields(request, obj))

    def get_readonly_fields(self, request: HttpRequest, obj: Any | None = None) -> Any:
        return flatten_fieldsets([(None, {"fields": self.get_fields(request, obj)})])

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

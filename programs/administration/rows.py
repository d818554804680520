"""The one access rule in the administration: which rows a person meets there and may change.

Someone who administers a province meets its rows and its predecessors', and the nation's rows
read-only. Someone who administers the nation meets all rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, InternalError, models
from django.db.models import F, Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

from programs.access import Right, may, rows_where
from programs.administration import history
from programs.administration.columns import readable
from programs.administration.fields import (
    ScopedFields,
    administers_nation,
    keep_current,
    person_of,
)
from programs.administration.refusals import refusal_of
from programs.fields import SearchKey
from programs.models import Province
from programs.vietnamese import search_key

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _ModelAdmin = admin.ModelAdmin


class ScopedChangeList(ChangeList):
    model_admin: ScopedAdmin

    def get_queryset(
        self, request: HttpRequest, exclude_parameters: Any = None
    ) -> models.QuerySet[Any]:
        rows = super().get_queryset(request, exclude_parameters)
        return rows.prefetch_related(*self.model_admin.get_list_prefetch(request))


class ScopedAdmin(ScopedFields, _ModelAdmin):
    """A page of rows that have a province at `province_path`.

    None: rows without a province, the same for the nation. `is_national` says that only someone
    who administers the nation changes them.
    """

    is_national: ClassVar[bool] = False
    search_help_text = "Gõ có dấu hay không dấu đều được."
    list_per_page = 50
    show_facets = admin.ShowFacets.NEVER
    # No action on many rows at once: each change is looked at, each deletion is confirmed.
    actions = None

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        person = person_of(request)
        rows = super().get_queryset(request)
        if not person.administers:
            return rows.none()
        if administers_nation(request) or self.province_path is None:
            return rows
        return rows.filter(
            rows_where(person, Right.ADMINISTER, self.province_path)
            | Q(**{f"{self.province_path}__isnull": True})
        )

    def get_list_prefetch(self, request: HttpRequest) -> Sequence[str | models.Prefetch[Any]]:
        return ()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ScopedChangeList

    # Rights

    def province_of(self, row: Any) -> Province | None:
        if self.is_national or self.province_path is None:
            return None
        for name in self.province_path.split("__"):
            row = getattr(row, name)
        return cast("Province | None", row)

    def has_right(self, request: HttpRequest, row: models.Model | None) -> bool:
        """Whether the person changes `row`; None asks about any row of the model."""
        if administers_nation(request):
            return True
        if self.is_national or self.province_path is None:
            return False
        if row is None:
            return person_of(request).administers
        province = self.province_of(row)
        return province is not None and may(person_of(request), Right.ADMINISTER, province)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_right(request, None)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_right(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_right(request, obj)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if obj is None or administers_nation(request):
            return person_of(request).administers
        return self.get_queryset(request).filter(pk=obj.pk).exists()

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if not self.is_within_reach(request, form.instance, formsets):
            raise PermissionDenied

    def is_within_reach(self, request: HttpRequest, row: Any, formsets: Any) -> bool:
        """Whether what was just stored is still the person's: nobody moves a row elsewhere."""
        return self.has_right(request, self.model._default_manager.get(pk=row.pk))

    def _get_obj_does_not_exist_redirect(
        self, request: HttpRequest, opts: Any, object_id: str
    ) -> HttpResponse:
        raise Http404  # a row outside the person's provinces does not exist for them

    # Forms

    def get_form(
        self, request: HttpRequest, obj: Any | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        if obj is not None:
            keep_current(form, self.model._default_manager.filter(pk=obj.pk))
        if refusal := vars(request).get("refusal"):
            form = type(form.__name__, (_Refused, form), {"refusal": refusal})
        return form

    def get_fieldsets(self, request: HttpRequest, obj: Any | None = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return fieldsets
        return [
            (title, {**options, "fields": readable(self.model, options["fields"])})
            for title, options in fieldsets
        ]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """As Django's; what the database refuses comes back as an error of the same form."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except (IntegrityError, InternalError) as error:
            vars(request)["refusal"] = refusal_of(error)
        return super().changeform_view(request, object_id, form_url, extra_context)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        try:
            return super().delete_view(request, object_id, extra_context)
        except (IntegrityError, InternalError) as error:
            self.message_user(request, refusal_of(error), messages.ERROR)
        return HttpResponseRedirect(request.path.replace("/delete/", "/change/"))

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> Any:
        """Django's note above a form with errors has no Vietnamese: our template writes its own."""
        context["mistakes"] = context.pop("errors", None)
        return super().render_change_form(request, context, *args, **kwargs)

    # Search and history

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet[Any], search_term: str
    ) -> tuple[models.QuerySet[Any], bool]:
        """Rows with every word of `search_term` in some search field, accents and case aside."""
        paths = {f"search_{n}": path for n, path in enumerate(self.get_search_fields(request))}
        queryset = queryset.alias(
            **{
                name: F(path) if path.endswith("search_key") else SearchKey(F(path))
                for name, path in paths.items()
            }
        )
        for word in search_key(search_term.replace("\x00", "")).split():
            found = Q()
            for name in paths:
                found |= Q(**{f"{name}__contains": word})
            queryset = queryset.filter(found)
        return queryset, False

    def history_entries(self, request: HttpRequest, row: Any) -> list[history.Entry]:
        if history.is_tracked(self.model):
            return history.entries_of(self.model, Q(pgh_obj=row.pk))
        return history.log_of(row)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, unquote(object_id))
        if row is None:
            raise Http404
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "title": "Lịch sử thay đổi",
            "subtitle": str(row),
            "entries": self.history_entries(request, row),
            "original": row,
            "opts": self.opts,
            "latest": history.LATEST,
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/history.html", context)


class _Refused:
    """A form whose values the database has just refused, for a reason no field can know."""

    refusal: str

    def clean(self) -> Any:
        cleaned = super().clean()  # type: ignore[misc]
        self.add_error(None, self.refusal)  # type: ignore[attr-defined]
        return cleaned


class ReadOnlyAdmin(ScopedAdmin):
    """Computed and workflow rows: to be looked at; other pages, or the worker, write them."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

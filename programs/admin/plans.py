"""Plans: programs, targets with their versions, activities with their people and money."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db import models
from django.db.models import Max, Q
from django.http import HttpRequest

from programs.administration import (
    NOTHING,
    LoadedFormSet,
    ReadOnlyInline,
    ScopedAdmin,
    ScopedInline,
    VisibleFilter,
    history,
    shown,
)
from programs.forms import VersionForm
from programs.models import (
    Activity,
    ActivityFunding,
    Participation,
    Program,
    Target,
    TargetVersion,
)
from programs.models.target import TargetStatus
from programs.numbers import show_number
from programs.planning import Shape


@admin.register(Program)
class ProgramAdmin(ScopedAdmin):
    list_display = (
        "name",
        "level",
        shown(Program, "province", ordering="province__sort_key"),
        shown(Program, "stage", ordering="stage__starts_on"),
        "leaf_kind",
        "code",
    )
    list_filter = ("level", ("province", VisibleFilter), ("stage", VisibleFilter))
    list_select_related = ("province", "stage")
    search_fields = ("search_key", "code", "province__search_key")
    ordering = ("sort_key", "pk")
    autocomplete_fields = ("province", "stage", "follows", "document")
    fieldsets = (
        (None, {"fields": ("name", "code", "level", "province")}),
        (
            "Thời gian và kỳ báo cáo",
            {
                "fields": ("stage", "calendar", "leaf_kind"),
                "description": "Khi đã có báo cáo thì không nên đổi: số liệu nằm theo kỳ báo cáo.",
            },
        ),
        ("Căn cứ và chương trình trước", {"fields": ("document", "follows")}),
    )


@admin.display(description="mức")
def bounds(version: TargetVersion) -> str:
    """The promise as a person says it: «50», «ít nhất 50», «từ 5 đến 8»."""
    low, high = (
        None if bound is None else show_number(bound) for bound in (version.lower, version.upper)
    )
    match version.shape:
        case Shape.EXACT:
            return f"{low}"
        case Shape.RANGE:
            return f"từ {low} đến {high}"
        case Shape.AT_MOST:
            return f"không quá {high}"
    return f"{version.get_shape_display()} {low}"


class VersionInline(ReadOnlyInline):
    """Versions rest on documents: a wrong one is corrected by the next, a wish may be deleted."""

    model = TargetVersion
    verbose_name_plural = "các phiên bản đã ghi (không sửa; hãy thêm phiên bản mới)"
    can_delete = True
    fields: ClassVar[Any] = (
        "number",
        "status",
        bounds,
        "decided_on",
        "sources",
        "replaced",
        "quote",
        "note",
    )

    class RegisteredOnly(LoadedFormSet):
        """Ticking «xóa» counts for a registered wish only, whatever a browser sends."""

        def add_fields(self, form: VersionForm, index: int | None) -> None:
            super().add_fields(form, index)
            if form.instance.status != TargetStatus.REGISTERED and "DELETE" in form.fields:
                form.fields["DELETE"].disabled = True

    formset = RegisteredOnly

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return (
            super()
            .get_queryset(request)
            .select_related("replaces", "target__indicator", "target__province", "target__period")
            .prefetch_related("documents")
        )

    @admin.display(description="văn bản")
    def sources(self, version: TargetVersion) -> str:
        return "; ".join(str(document) for document in version.documents.all()) or NOTHING

    @admin.display(description="thay cho")
    def replaced(self, version: TargetVersion) -> str:
        return f"phiên bản {version.replaces.number}" if version.replaces else NOTHING


class NewVersionInline(ScopedInline):
    """The next version. Its number is the next one."""

    model = TargetVersion
    template = "admin/edit_inline/stacked.html"
    form = VersionForm
    verbose_name = "phiên bản mới"
    verbose_name_plural = "thêm phiên bản"
    can_delete = False
    autocomplete_fields = ("documents",)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("status", "decided_on"),
                    ("shape", "lower", "upper"),
                    "baseline",
                    "documents",
                    "replaces",
                    ("quote", "is_derived"),
                    "note",
                ),
                "description": "«Đúng bằng» và «khoảng»: chỉ cần ô «từ».",
            },
        ),
    )

    class NextNumber(LoadedFormSet):
        def save_new(self, form: VersionForm, commit: bool = True) -> Any:
            last = self.instance.versions.aggregate(last=Max("number"))["last"] or 0
            form.instance.number = last + 1
            return super().save_new(form, commit=commit)

    formset = NextNumber

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return super().get_queryset(request).none()

    def get_formset(self, request: HttpRequest, obj: Any | None = None, **kwargs: Any) -> Any:
        formset = super().get_formset(request, obj, **kwargs)
        replaces = formset.form.base_fields["replaces"]
        replaces.queryset = obj.versions.all() if obj else TargetVersion.objects.none()
        replaces.label_from_instance = lambda version: f"phiên bản {version.number}"
        return formset

    def choices_of(self, db_field: Any, request: HttpRequest) -> models.QuerySet[Any]:
        if db_field.name == "replaces":
            return TargetVersion.objects.none()  # get_formset knows of which target
        return super().choices_of(db_field, request)


@admin.register(Target)
class TargetAdmin(ScopedAdmin):
    list_display = (
        shown(Target, "indicator__name", "chỉ tiêu", ordering="indicator__sort_key"),
        shown(Target, "indicator__unit", "ĐVT"),
        "latest_version",
        shown(Target, "province", ordering="province__sort_key"),
        shown(Target, "period", ordering="period__starts_on"),
        shown(Target, "program", ordering="program__sort_key"),
    )
    list_filter = (
        ("program", VisibleFilter),
        ("province", VisibleFilter),
        ("period", VisibleFilter),
    )
    list_select_related = ("program", "indicator", "province", "period")
    search_fields = (
        "indicator__search_key",
        "indicator__code",
        "program__search_key",
        "province__search_key",
    )
    search_help_text = "Gõ tên chỉ tiêu, chương trình hoặc tỉnh, có dấu hay không dấu."
    ordering = ("program__sort_key", "indicator__position", "period__starts_on", "pk")
    autocomplete_fields = ("program", "indicator", "province", "period")
    inlines = (VersionInline, NewVersionInline)
    fieldsets = (
        (
            "Kế hoạch của ai, về việc gì",
            {
                "fields": ("program", "indicator", "province", "period"),
                "description": "Lập rồi thì bốn mục này không đổi nữa.",
            },
        ),
    )

    def get_list_prefetch(self, request: HttpRequest) -> tuple[str, ...]:
        return ("versions",)

    @admin.display(description="phiên bản mới nhất")
    def latest_version(self, target: Target) -> str:
        versions = sorted(target.versions.all(), key=lambda version: version.number)
        if not versions:
            return NOTHING
        last = versions[-1]
        return f"{bounds(last)} ({last.get_status_display()}, phiên bản {last.number})"

    def get_readonly_fields(self, request: HttpRequest, obj: Any | None = None) -> Any:
        return ("program", "indicator", "province", "period") if obj else ()

    def get_inlines(self, request: HttpRequest, obj: Any | None) -> Any:
        return self.inlines if obj else (NewVersionInline,)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What was assigned is part of the record; a wish, or an empty line, may go."""
        if not super().has_delete_permission(request, obj):
            return False
        return obj is None or not obj.versions.exclude(status=TargetStatus.REGISTERED).exists()

    def history_entries(self, request: HttpRequest, row: Any) -> list[history.Entry]:
        return history.entries_of(TargetVersion, Q(target=row.pk), besides=("target",))


class ParticipationInline(ScopedInline):
    model = Participation
    autocomplete_fields = ("organisation",)
    fields = ("organisation", "role", "took_part_on")

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return super().get_queryset(request).select_related("organisation")


class FundingInline(ScopedInline):
    model = ActivityFunding
    verbose_name_plural = "kinh phí (đồng; tổng bằng các nguồn cộng lại)"
    fields = ("phase", "total", "national", "local", "counterpart", "other")


@admin.register(Activity)
class ActivityAdmin(ScopedAdmin):
    list_display = (
        "code",
        "name",
        "kind",
        "state",
        shown(Activity, "province", ordering="province__sort_key"),
        "starts_on",
        "ends_on",
        shown(Activity, "program", ordering="program__sort_key"),
    )
    list_display_links = ("code", "name")
    list_filter = (
        "state",
        "kind",
        "form",
        ("program", VisibleFilter),
        ("province", VisibleFilter),
    )
    list_select_related = ("province", "program")
    search_fields = ("search_key", "code", "place", "commune__search_key")
    date_hierarchy = "starts_on"
    ordering = ("-starts_on", "sort_key", "pk")
    autocomplete_fields = ("program", "province", "commune", "content_groups", "documents")
    inlines = (ParticipationInline, FundingInline)
    fieldsets = (
        (None, {"fields": ("program", "province", "code", "name", "kind", "form")}),
        (
            "Tình trạng",
            {
                "fields": ("state", "stop_reason", "is_recoverable"),
                "description": "Hoạt động ngừng thì phải ghi lý do.",
            },
        ),
        ("Ở đâu, khi nào", {"fields": ("commune", "place", "starts_on", "ends_on", "batch")}),
        ("Nội dung và căn cứ", {"fields": ("content_groups", "documents")}),
    )

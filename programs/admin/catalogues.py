"""Catalogues: provinces, periods, contents, indicators, documents, organisations."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from programs.administration import ScopedAdmin, VisibleFilter, shown
from programs.models import (
    ContentGroup,
    Indicator,
    LegalDocument,
    Organisation,
    Period,
    Province,
)


class StillThere(admin.SimpleListFilter):
    """Units of today, or those that were merged or renamed."""

    title = "tình trạng"
    parameter_name = "con"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("co", "đang tồn tại"), ("het", "đã kết thúc")]

    def queryset(
        self, request: HttpRequest, queryset: models.QuerySet[Any]
    ) -> models.QuerySet[Any] | None:
        match self.value():
            case "co":
                return queryset.filter(valid_to=None)
            case "het":
                return queryset.exclude(valid_to=None)
        return None


@admin.register(Province)
class ProvinceAdmin(ScopedAdmin):
    """Units are set by the National Assembly: a province's administrator only looks."""

    province_path = "pk"
    is_national = True
    list_display = ("code", "full_name_cell", "region", "valid_from", "valid_to", "successor")
    list_display_links = ("code", "full_name_cell")
    list_filter = (StillThere, "kind", "region")
    list_select_related = ("successor",)
    search_fields = ("search_key", "code")
    ordering = ("sort_key", "valid_from", "pk")
    autocomplete_fields = ("successor",)
    fieldsets = (
        (None, {"fields": ("code", "name", "kind", "region")}),
        (
            "Thời gian tồn tại",
            {
                "fields": ("valid_from", "valid_to", "successor"),
                "description": (
                    "Khi sáp nhập, lập đơn vị mới rồi ghi ngày kết thúc và đơn vị kế tiếp cho các "
                    "đơn vị cũ. Số liệu đã báo cáo ở lại với đơn vị đã báo cáo, không chuyển đi "
                    "đâu; tổng theo địa giới hiện nay được tính lại ngay sau khi ghi."
                ),
            },
        ),
    )

    @admin.display(description="tên", ordering="sort_key")
    def full_name_cell(self, province: Province) -> str:
        return province.full_name


@admin.register(Period)
class PeriodAdmin(ScopedAdmin):
    province_path = None
    list_display = ("name", "calendar", "kind", "starts_on", "ends_on", "cutoff_on", "due_on")
    list_filter = ("calendar", "kind")
    search_fields = ("name", "key")
    search_help_text = "Gõ tên kỳ, ví dụ: quy 1 2026."
    date_hierarchy = "starts_on"
    ordering = ("-starts_on", "ends_on", "calendar", "pk")
    fieldsets = (
        (
            "Kỳ nào",
            {
                "fields": ("calendar", "kind", "year", "number", "key", "name"),
                "description": "Giai đoạn: «năm» là năm đầu, «số thứ tự» là số năm.",
            },
        ),
        (
            "Các ngày",
            {"fields": ("starts_on", "ends_on", "cutoff_on", "due_on")},
        ),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any | None = None) -> Any:
        """Which period it is never changes; its dates may."""
        return ("calendar", "kind", "year", "number", "key") if obj else ()


@admin.register(ContentGroup)
class ContentGroupAdmin(ScopedAdmin):
    province_path = None
    list_display = ("number", "short_name", "name", "version", "document")
    list_display_links = ("number", "short_name")
    list_filter = ("version",)
    list_select_related = ("document",)
    search_fields = ("name", "short_name", "version")
    ordering = ("version", "number", "pk")
    autocomplete_fields = ("document", "replaces")
    fieldsets = (
        (None, {"fields": ("version", "number", "name", "short_name")}),
        ("Căn cứ", {"fields": ("document", "replaces")}),
    )


@admin.register(Indicator)
class IndicatorAdmin(ScopedAdmin):
    list_display = (
        "position",
        "name",
        "unit",
        "aggregation",
        "direction",
        shown(Indicator, "content_group"),
        shown(Indicator, "province"),
        "in_use",
    )
    list_display_links = ("position", "name")
    list_filter = (
        ("province", VisibleFilter),
        "section",
        ("content_group", VisibleFilter),
        "aggregation",
        "in_use",
    )
    list_select_related = ("content_group", "province")
    search_fields = ("search_key", "code")
    ordering = ("position", "sort_key", "pk")
    autocomplete_fields = ("province", "content_group", "numerator", "denominator")
    fieldsets = (
        (None, {"fields": ("name", "unit", "code", "province", "in_use")}),
        ("Vị trí trong báo cáo", {"fields": ("section", "content_group", "position")}),
        (
            "Cách nhập và cách cộng",
            {
                "fields": ("aggregation", "entry_mode", "decimals", "counted", "evidence_required"),
                "description": "Cách cộng được khai ở đây, hệ thống không tự suy ra.",
            },
        ),
        (
            "Tỷ số",
            {
                "fields": ("numerator", "denominator", "ratio_scale"),
                "description": "Chỉ dùng khi cách cộng là «tỷ số của hai tổng».",
            },
        ),
        ("Đánh giá", {"fields": ("direction", "minimum_base")}),
    )


@admin.register(LegalDocument)
class LegalDocumentAdmin(ScopedAdmin):
    list_display = ("title", "kind", "issuer", "abstract", shown(LegalDocument, "province"))
    list_filter = ("kind", ("province", VisibleFilter))
    list_select_related = ("province",)
    search_fields = ("search_key", "number", "issuer", "key")
    date_hierarchy = "issued_on"
    ordering = ("-issued_on", "number", "pk")
    autocomplete_fields = ("province",)
    fieldsets = (
        (None, {"fields": ("kind", "number", "issued_on", "issuer", "abstract", "file")}),
        ("Phạm vi và tên tra cứu", {"fields": ("province", "key")}),
    )

    @admin.display(description="văn bản", ordering="issued_on")
    def title(self, document: LegalDocument) -> str:
        return str(document)


@admin.register(Organisation)
class OrganisationAdmin(ScopedAdmin):
    list_display = (
        "name",
        "kind",
        shown(Organisation, "province", ordering="province__sort_key"),
        "tax_number",
        "address",
        "valid_to",
    )
    list_filter = (StillThere, "kind", ("province", VisibleFilter))
    list_select_related = ("province",)
    search_fields = ("search_key", "tax_number", "code", "address")
    search_help_text = "Gõ tên (có dấu hay không dấu), mã số thuế hoặc địa chỉ."
    ordering = ("sort_key", "pk")
    autocomplete_fields = ("province", "successor")
    fieldsets = (
        (None, {"fields": ("name", "kind", "province")}),
        ("Địa chỉ và mã số", {"fields": ("address", "tax_number", "code")}),
        (
            "Thời gian tồn tại",
            {
                "fields": ("valid_from", "valid_to", "successor"),
                "description": "Khi đổi tên hoặc sáp nhập: giữ tên cũ, ghi ngày kết thúc và đơn "
                "vị kế tiếp.",
            },
        ),
    )

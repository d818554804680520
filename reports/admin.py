"""Reports and what was computed from them. Figures and states are written by other pages."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.template.loader import render_to_string

from programs.administration import (
    NOTHING,
    ReadOnlyAdmin,
    ReadOnlyInline,
    ScopedAdmin,
    VisibleFilter,
    administers_nation,
    shown,
)
from reports.attainment.arithmetic import NoPercentage, Standing
from reports.attainment.phrases import REASON_WORDS, STANDING_WORDS, plan_amount
from reports.models import (
    Attainment,
    Edition,
    Evidence,
    Figure,
    JobRun,
    OfficialPlan,
    Quotation,
    RecomputeMark,
    Report,
    ReportState,
    Transition,
)


class TransitionInline(ReadOnlyInline):
    model = Transition
    fields = ("at", "from_state", "to_state", "by", "reason")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("by")


@admin.register(Report)
class ReportAdmin(ScopedAdmin):
    """An administrator opens a report and sets its deadline; its state moves in its workflow."""

    list_display = (
        shown(Report, "program", ordering="program__sort_key"),
        shown(Report, "province", ordering="province__sort_key"),
        shown(Report, "period", ordering="period__starts_on"),
        "state",
        "due_on",
    )
    list_filter = (
        "state",
        ("program", VisibleFilter),
        ("province", VisibleFilter),
        ("period", VisibleFilter),
    )
    list_select_related = ("program", "province", "period")
    search_fields = ("program__search_key", "province__search_key", "period__name")
    search_help_text = "Gõ tên chương trình, tỉnh hoặc kỳ, có dấu hay không dấu."
    date_hierarchy = "period__starts_on"
    ordering = ("-period__starts_on", "province__sort_key", "pk")
    autocomplete_fields = ("program", "province", "period")
    inlines = (TransitionInline,)
    fieldsets = (
        (
            "Báo cáo nào",
            {
                "fields": ("program", "province", "period", "state"),
                "description": (
                    "Lập rồi thì không đổi. Tình trạng chỉ chuyển khi gửi, duyệt, trả lại hoặc "
                    "mở lại ở trang báo cáo."
                ),
            },
        ),
        ("Thời hạn", {"fields": ("due_on", "note")}),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Any | None = None) -> Any:
        if obj is not None:
            return super().get_fieldsets(request, obj)
        return (
            (
                "Báo cáo nào",
                {
                    "fields": ("program", "province", "period"),
                    "description": "Lập rồi thì ba mục này không đổi nữa.",
                },
            ),
            ("Thời hạn", {"fields": ("due_on", "note")}),
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any | None = None) -> Any:
        return ("program", "province", "period", "state") if obj else ()

    def get_inlines(self, request: HttpRequest, obj: Any | None) -> Any:
        return self.inlines if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A report opened by mistake may go while nobody has typed or sent anything."""
        if not super().has_delete_permission(request, obj):
            return False
        return obj is None or (
            obj.state == ReportState.DRAFT
            and not obj.figures.exists()
            and not obj.transitions.exists()
        )


@admin.register(Figure)
class FigureAdmin(ReadOnlyAdmin):
    list_display = (
        shown(Figure, "indicator__name", "chỉ tiêu", ordering="indicator__sort_key"),
        "state",
        shown(Figure, "value"),
        shown(Figure, "approved_value"),
        shown(Figure, "indicator__unit", "ĐVT"),
        shown(Figure, "province", ordering="province__sort_key"),
        shown(Figure, "period", ordering="period__starts_on"),
        shown(Figure, "program", ordering="program__sort_key"),
    )
    list_filter = (
        "state",
        "nature",
        ("program", VisibleFilter),
        ("province", VisibleFilter),
        ("period", VisibleFilter),
    )
    list_select_related = ("indicator", "province", "period", "program")
    search_fields = ("indicator__search_key", "program__search_key", "province__search_key")
    ordering = ("-period__starts_on", "province__sort_key", "indicator__position", "pk")
    fieldsets = (
        ("Số liệu của ai", {"fields": ("report", "indicator", "unit", "activity", "nature")}),
        ("Đang làm", {"fields": ("state", "value", "qualifier", "qualifier_word", "as_of")}),
        ("Đã duyệt", {"fields": ("approved_state", "approved_value")}),
        ("Ghi chú", {"fields": ("is_derived", "note", "version")}),
    )


@admin.register(Attainment)
class AttainmentAdmin(ReadOnlyAdmin):
    list_display = (
        shown(Attainment, "indicator__name", "chỉ tiêu", ordering="indicator__sort_key"),
        shown(Attainment, "actual"),
        shown(Attainment, "percent"),
        "conclusion",
        "scope",
        shown(Attainment, "province", ordering="province__sort_key"),
        shown(Attainment, "period", ordering="period__starts_on"),
        "layer",
        "computed_at",
    )
    list_filter = (
        "scope",
        "layer",
        ("program", VisibleFilter),
        ("province", VisibleFilter),
        ("period", VisibleFilter),
    )
    list_select_related = ("indicator", "province", "period", "program")
    search_fields = ("indicator__search_key", "program__search_key", "province__search_key")
    ordering = ("program__sort_key", "indicator__position", "period__starts_on", "pk")
    fieldsets: ClassVar[Any] = (
        (
            "Ô nào",
            {"fields": ("program", "indicator", "period", "scope", "province", "region", "layer")},
        ),
        (
            "Thực hiện và kế hoạch",
            {
                "fields": (
                    "actual",
                    shown(Attainment, "numerator", "tổng tử số"),
                    shown(Attainment, "denominator", "tổng mẫu số"),
                    "promised",
                    "percent",
                    "why_none",
                    "conclusion",
                    "promised_for_year",
                    "year_percent",
                    "why_none_of_year",
                )
            },
        ),
        (
            "Mức đầy đủ",
            {
                "fields": (
                    "units_expected",
                    "units_reported",
                    "leaves_expected",
                    "leaves_reported",
                    "leaves_unexpected",
                    "leaves_provisional",
                    "computed_at",
                )
            },
        ),
        (
            "So sánh cùng phạm vi",
            {
                "fields": (
                    "units_complete",
                    "units_unplanned",
                    "parts_planned",
                    "complete_planned",
                    "complete_actual",
                )
            },
        ),
    )

    @admin.display(description="kết luận", ordering="standing")
    def conclusion(self, row: Attainment) -> str:
        return STANDING_WORDS[Standing(row.standing)]

    @admin.display(description="kế hoạch")
    def promised(self, row: Attainment) -> str:
        return _in_words(row, row.plan)

    @admin.display(description="kế hoạch năm")
    def promised_for_year(self, row: Attainment) -> str:
        return _in_words(row, row.year_plan)

    @admin.display(description="lý do không có tỷ lệ")
    def why_none(self, row: Attainment) -> str:
        return REASON_WORDS[NoPercentage(row.reason)] if row.reason else NOTHING

    @admin.display(description="lý do không có tỷ lệ năm")
    def why_none_of_year(self, row: Attainment) -> str:
        return REASON_WORDS[NoPercentage(row.year_reason)] if row.year_reason else NOTHING


def _in_words(row: Attainment, plan: OfficialPlan | None) -> str:
    """«trên 50 (tổng 34 kế hoạch)»; of the place's own plan, which version it is."""
    if plan is None:
        return NOTHING
    return f"{plan_amount(plan.promise, decimals=row.indicator.decimals)} ({plan})"


@admin.register(Edition)
class EditionAdmin(ReadOnlyAdmin):
    province_path = "report__province"
    list_display = ("report", "number", "approved_at", "approved_by")
    list_filter = (("report__program", VisibleFilter), ("report__province", VisibleFilter))
    list_select_related = (
        "approved_by",
        "report__program",
        "report__province",
        "report__period",
    )
    search_fields = (
        "report__program__search_key",
        "report__province__search_key",
        "report__period__name",
    )
    date_hierarchy = "approved_at"
    ordering = ("-approved_at", "pk")
    fieldsets = (
        (None, {"fields": ("report", "number", "approved_at", "approved_by", "digest")}),
        ("Nội dung đã duyệt", {"fields": ("frozen",)}),
    )

    @admin.display(description="nội dung")
    def frozen(self, edition: Edition) -> str:
        text = json.dumps(edition.content, ensure_ascii=False, indent=2)
        return render_to_string("admin/reports/frozen.html", {"text": text})


@admin.register(Transition)
class TransitionAdmin(ReadOnlyAdmin):
    province_path = "report__province"
    list_display = ("at", "report", "from_state", "to_state", "by", "reason")
    list_display_links = ("at", "report")
    list_filter = ("to_state", ("report__province", VisibleFilter))
    list_select_related = ("by", "report__program", "report__province", "report__period")
    search_fields = (
        "report__program__search_key",
        "report__province__search_key",
        "by__search_key",
    )
    date_hierarchy = "at"
    ordering = ("-at", "-pk")
    fieldsets = ((None, {"fields": ("report", "from_state", "to_state", "at", "by", "reason")}),)


@admin.register(Evidence)
class EvidenceAdmin(ReadOnlyAdmin):
    province_path = "report__province"
    list_display = ("document", "report", shown(Evidence, "indicator__name", "chỉ tiêu"))
    list_filter = (("report__province", VisibleFilter),)
    list_select_related = (
        "document",
        "indicator",
        "report__program",
        "report__province",
        "report__period",
    )
    search_fields = ("document__number", "document__search_key", "indicator__search_key")
    ordering = ("report", "indicator", "pk")
    fieldsets = ((None, {"fields": ("report", "indicator", "document")}),)


@admin.register(Quotation)
class QuotationAdmin(ReadOnlyAdmin):
    list_display = (
        "text",
        "kind",
        shown(Quotation, "indicator__name", "chỉ tiêu", ordering="indicator__sort_key"),
        shown(Quotation, "province", ordering="province__sort_key"),
        shown(Quotation, "period", ordering="period__starts_on"),
        shown(Quotation, "program", ordering="program__sort_key"),
    )
    list_filter = ("kind", ("program", VisibleFilter), ("province", VisibleFilter))
    list_select_related = ("indicator", "province", "period", "program")
    search_fields = ("text", "indicator__search_key")
    ordering = ("program__sort_key", "indicator__position", "pk")
    fieldsets = (
        (
            None,
            {"fields": ("text", "kind", "program", "indicator", "province", "period", "documents")},
        ),
    )


class MachineAdmin(ReadOnlyAdmin):
    """The worker's own records: of the whole nation, so for its administrators."""

    province_path = None

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return administers_nation(request)


@admin.register(JobRun)
class JobRunAdmin(MachineAdmin):
    list_display = (
        "started_at",
        "finished_at",
        "state",
        "marks_taken",
        "rows_computed",
        "rows_changed",
        "worker",
    )
    list_filter = ("state",)
    search_fields = ("worker", "error")
    date_hierarchy = "started_at"
    ordering = ("-started_at", "-pk")
    fieldsets = (
        (None, {"fields": ("state", "started_at", "finished_at", "worker")}),
        ("Kết quả", {"fields": ("marks_taken", "rows_computed", "rows_changed", "error")}),
    )


@admin.register(RecomputeMark)
class RecomputeMarkAdmin(MachineAdmin):
    list_display = (
        "marked_at",
        "kind",
        "program_cell",
        "indicator_cell",
        "province_cell",
        "period_cell",
    )
    list_display_links = None  # the list says all there is to a mark
    list_select_related = ("program", "indicator", "province", "period")
    ordering = ("-pk",)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "marked_at",
                    "kind",
                    "program_cell",
                    "indicator_cell",
                    "province_cell",
                    "period_cell",
                )
            },
        ),
    )

    @admin.display(description="chương trình")
    def program_cell(self, mark: RecomputeMark) -> str:
        return str(mark.program or "mọi chương trình")

    @admin.display(description="chỉ tiêu")
    def indicator_cell(self, mark: RecomputeMark) -> str:
        return str(mark.indicator or "mọi chỉ tiêu")

    @admin.display(description="tỉnh")
    def province_cell(self, mark: RecomputeMark) -> str:
        return str(mark.province or "mọi tỉnh")

    @admin.display(description="kỳ")
    def period_cell(self, mark: RecomputeMark) -> str:
        return str(mark.period or "mọi kỳ")

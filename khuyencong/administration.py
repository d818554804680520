"""The administration site: for administrators by membership, in their own words."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib.admin import AdminSite
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode

from programs.access import Right, may_anywhere

# The index page: what an administrator comes for, in the order of the work.
GROUPS = (
    ("Chương trình và kế hoạch", ("Program", "Target", "Activity", "Organisation")),
    ("Báo cáo và thời hạn", ("Report", "Period")),
    ("Người dùng và phân quyền", ("User",)),
    ("Danh mục", ("Indicator", "ContentGroup", "LegalDocument", "Province")),
    (
        "Số liệu và kết quả (chỉ xem)",
        ("Figure", "Attainment", "Edition", "Transition", "Evidence", "Quotation"),
    ),
    ("Máy tính toán (chỉ xem)", ("JobRun", "RecomputeMark")),
)
OUR_APPS = {"programs", "accounts", "reports"}


class AdministrationSite(AdminSite):
    site_header = "Khuyến công: quản trị"
    site_title = "Quản trị khuyến công"
    index_title = "Danh mục, kế hoạch, con người và thời hạn"
    empty_value_display = "—"
    password_change_template = "admin/password_change.html"  # noqa: S105

    def has_permission(self, request: HttpRequest) -> bool:
        return may_anywhere(request.user, Right.ADMINISTER)

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Only our own models: packages register theirs (groups, failed sign-ins) by themselves."""
        many = isinstance(model_or_iterable, list | tuple)
        models = model_or_iterable if many else [model_or_iterable]
        ours = [model for model in models if model._meta.app_label in OUR_APPS]
        super().register(ours, admin_class, **options)

    def get_urls(self) -> list[Any]:
        """Without «view on site»: no page of ours is found that way, and it tells what exists."""
        return [url for url in super().get_urls() if getattr(url, "name", "") != "view_on_site"]

    @login_not_required
    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Send to our own sign-in; whoever is signed in and still comes here may not enter."""
        index = reverse("admin:index", current_app=self.name)
        if self.has_permission(request):
            return HttpResponseRedirect(index)
        if request.user.is_authenticated:
            raise PermissionDenied
        # The sign-in page itself refuses a `next` that leads elsewhere.
        asked = request.GET.get("next", index)
        return HttpResponseRedirect(
            f"{resolve_url('accounts:sign_in')}?{urlencode({'next': asked})}"
        )

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """The models in groups of plain words instead of by app; with a label, of that app only."""
        apps_shown = self._build_app_dict(request, app_label)
        rows = {
            row["object_name"]: (app, row) for app in apps_shown.values() for row in app["models"]
        }
        groups = []
        for title, names in GROUPS:
            found = [rows[name] for name in names if name in rows]
            if found:
                app = found[0][0]
                groups.append({**app, "name": title, "models": [row for _app, row in found]})
        return groups

    def app_index(
        self, request: HttpRequest, app_label: str, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        title = apps.get_app_config(app_label).verbose_name
        return super().app_index(request, app_label, {"title": title, **(extra_context or {})})

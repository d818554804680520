"""The administration site: for administrators by membership, in their own words."""

from __future__ import annotations

from django.contrib.admin import AdminSite
from django.http import HttpRequest

from programs.access import Right, may_anywhere


class AdministrationSite(AdminSite):
    site_header = "Khuyến công: quản trị"
    site_title = "Quản trị khuyến công"
    index_title = "Danh mục, kế hoạch, con người và thời hạn"

    def has_permission(self, request: HttpRequest) -> bool:
        return may_anywhere(request.user, Right.ADMINISTER)

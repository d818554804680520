from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from programs.views import document_file
from reports.dashboards import views as dashboards

urlpatterns: list[URLPattern | URLResolver] = [
    path("", dashboards.home, name="home"),
    path("nguoi-dung/", include("accounts.urls")),
    path("chuong-trinh/", include("reports.dashboards.urls")),
    path("", include("reports.entry.urls")),
    path("tep/<path:path>", document_file, name="document_file"),
    path("quan-tri/", admin.site.urls),
]

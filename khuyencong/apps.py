from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig

# The web process sends tasks too: shared_task must find our app, not a default one.
from khuyencong.celery import app as celery_app

__all__ = ["KhuyenCongAdminConfig", "KhuyenCongConfig", "celery_app"]


class KhuyenCongConfig(AppConfig):
    name = "khuyencong"
    verbose_name = "Khuyến công"


class KhuyenCongAdminConfig(AdminConfig):
    default_site = "khuyencong.administration.AdministrationSite"

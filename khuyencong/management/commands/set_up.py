from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand

from accounts.demo import make_demo_accounts
from reports.tasks import recompute_soon


class Command(BaseCommand):
    """What `./kc up` runs before it serves; as often as you like."""

    help = "Cập nhật cơ sở dữ liệu, nạp danh mục và số liệu Hà Nội, gửi yêu cầu tính toán."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write("Cập nhật cấu trúc cơ sở dữ liệu…")
        call_command("migrate", verbosity=0)
        self.stdout.write("Nạp danh mục…")
        call_command("load_catalogues", stdout=self.stdout)
        self.stdout.write("Nạp số liệu khuyến công Hà Nội…")
        call_command("load_hanoi", stdout=self.stdout)
        if settings.EMBEDDED:
            make_demo_accounts()
        recompute_soon()

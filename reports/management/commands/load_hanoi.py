from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from programs.tables import TableFault
from reports.hanoi.load import load_hanoi


class Command(BaseCommand):
    help = "Nạp số liệu khuyến công Hà Nội lấy từ năm bài báo, qua gửi và duyệt."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            for loaded in load_hanoi():
                self.stdout.write(f"  {loaded.what}: {loaded.rows} ({loaded.written} mới hoặc đổi)")
        except TableFault as fault:
            raise CommandError(str(fault)) from fault

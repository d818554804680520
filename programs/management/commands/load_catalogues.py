from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from programs.catalogues import load_catalogues
from programs.tables import TableFault


class Command(BaseCommand):
    help = "Nạp danh mục: tỉnh, kỳ báo cáo, văn bản, nội dung hoạt động, chỉ tiêu quốc gia."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            for loaded in load_catalogues():
                self.stdout.write(f"  {loaded.what}: {loaded.rows} ({loaded.written} mới hoặc đổi)")
        except TableFault as fault:
            raise CommandError(str(fault)) from fault

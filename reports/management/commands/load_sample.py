from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from reports.sample.load import NAME, load_sample
from reports.sample.tasks import load
from reports.tasks import recompute_soon


class Command(BaseCommand):
    help = "Nạp chương trình minh họa: số liệu không có thật, để làm quen với phần mềm."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--later", action="store_true", help="giao cho tiến trình tính toán nạp"
        )

    def handle(self, *args: Any, later: bool, **options: Any) -> None:
        if later:
            load.apply_async(retry=False)
            return
        loaded = load_sample()
        recompute_soon()
        self.stdout.write(f"  {NAME}: {'đã nạp' if loaded else 'đã có'}")

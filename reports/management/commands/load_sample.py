from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from reports.sample.load import NAME, load_sample
from reports.tasks import recompute_soon


class Command(BaseCommand):
    help = "Nạp chương trình minh họa: số liệu không có thật, để làm quen với phần mềm."

    def handle(self, *args: Any, **options: Any) -> None:
        done = load_sample()
        recompute_soon()
        self.stdout.write(f"  {NAME}: {'đã nạp' if done else 'đã có'}")

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from reports.sample.load import NAME, remove_sample
from reports.tasks import recompute_soon


class Command(BaseCommand):
    help = "Gỡ chương trình minh họa cùng mọi số liệu của nó."

    def handle(self, *args: Any, **options: Any) -> None:
        done = remove_sample()
        recompute_soon()
        self.stdout.write(f"  {NAME}: {'đã gỡ' if done else 'không có'}")

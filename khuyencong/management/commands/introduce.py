from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser

from accounts.demo import DEMO_ACCOUNTS


class Command(BaseCommand):
    """What `./kc up` shows a newcomer once the worker has computed."""

    help = "In tỷ lệ thực hiện của chương trình Hà Nội và các tài khoản dùng thử."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--wait", type=float, default=0, metavar="GIÂY")

    def handle(self, *args: Any, wait: float, **options: Any) -> None:
        call_command("show_attainment", wait=wait, stdout=self.stdout)
        if settings.EMBEDDED:
            self.stdout.write("\nTài khoản dùng thử (chỉ có trên máy này)")
            for account in DEMO_ACCOUNTS:
                self.stdout.write(f"  {account.username:<10} {account.password}  {account.title}")

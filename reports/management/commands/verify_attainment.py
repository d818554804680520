from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from programs.models import Program
from programs.numbers import show_number
from reports.attainment.verify.proof import Verified, one_snapshot, verify
from reports.attainment.verify.sample import verified_sample


class Command(BaseCommand):
    help = "Tính lại từng ô tỷ lệ thực hiện bằng cách thứ hai và đối chiếu với số đang lưu."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--program", metavar="MÃ", help="mặc định: mọi chương trình")
        parser.add_argument(
            "--sample", type=int, metavar="N", help="chỉ N cặp chương trình và chỉ tiêu ngẫu nhiên"
        )
        parser.add_argument(
            "--limit-printed",
            type=int,
            default=100,
            metavar="N",
            help="in nhiều nhất N khác biệt (mặc định 100)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["program"] and options["sample"]:
            raise CommandError("Chỉ dùng một trong hai: --program hoặc --sample.")
        cells = found = 0
        printable = options["limit_printed"]
        with one_snapshot():
            for verified in self._verified(options):
                cells += verified.cells
                found += verified.found
                if verified.marks_waiting:
                    self.stdout.write(
                        f"Chương trình {verified.program.code}: "
                        f"{show_number(verified.marks_waiting)} phần đang chờ tính lại, "
                        "chưa đối chiếu."
                    )
                for difference in verified.differences[: max(printable, 0)]:
                    self.stdout.write(str(difference))
                printable -= len(verified.differences)
        total = f"{show_number(found)} khác biệt trong {show_number(cells)} ô"
        if found:
            raise CommandError(total)
        self.stdout.write(total)

    def _verified(self, options: dict[str, Any]) -> Iterator[Verified]:
        if options["sample"]:
            yield from verified_sample(options["sample"])
        elif options["program"]:
            try:
                yield from verify([Program.objects.get(code=options["program"])])
            except Program.DoesNotExist as fault:
                raise CommandError(f"Không có chương trình {options['program']}.") from fault
        else:
            yield from verify()

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from programs.models import Period, Program, Province
from reports.entry.workbook.write import workbook_of
from reports.models import Report


class Command(BaseCommand):
    help = "Xuất một báo cáo ra tệp Excel để điền rồi nhập lại."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--program", required=True, metavar="MÃ", help="mã chương trình")
        parser.add_argument("--province", required=True, metavar="MÃ", help="mã tỉnh, ví dụ 01")
        parser.add_argument("--period", required=True, metavar="KỲ", help="ví dụ 2026-Q3")
        parser.add_argument("--out", required=True, type=Path, metavar="TỆP.xlsx")

    def handle(self, *args: Any, **options: Any) -> None:
        report = _report(options["program"], options["province"], options["period"])
        try:
            with workbook_of(report) as book, options["out"].open("wb") as file:
                shutil.copyfileobj(book, file)
        except OSError as why:
            raise CommandError(f"Không ghi được {options['out']}: {why.strerror}.") from why
        self.stdout.write(f"Đã xuất {report} ra {options['out']}.")


def _report(program: str, code: str, key: str) -> Report:
    period = Period.objects.filter(key=key).first()
    if period is None:
        raise CommandError(f"Không có kỳ {key}. Ví dụ: 2026, 2026-Q3, 2026-09, 2026-09-HC.")
    if not Program.objects.filter(code=program).exists():
        raise CommandError(f"Không có chương trình {program}.")
    # A code passes from unit to unit: it names the one that stood when the period ended.
    province = Province.objects.on(period.ends_on).filter(code=code).first()
    if province is None:
        raise CommandError(f"Cuối {period.name} không có tỉnh nào mang mã {code}.")
    report = (
        Report.objects.filter(program__code=program, province=province, period=period)
        .select_related("program", "province", "period")
        .first()
    )
    if report is None:
        raise CommandError(
            f"Chưa có báo cáo của {province.name} cho {period.name} trong chương trình {program}."
        )
    return report

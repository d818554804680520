from __future__ import annotations

from time import monotonic, sleep
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from programs.models import Period, Program
from reports.attainment.comparison import bases_of
from reports.attainment.marks import is_stale
from reports.attainment.wording import Wording, sole_figures, wording_of
from reports.models import Attainment, Figure, JobKind, JobRun, JobState, Quotation, Scope

POLL_SECONDS = 0.1


class Command(BaseCommand):
    help = "In bảng tỷ lệ thực hiện của một chương trình và các câu báo cáo."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--program", default="KC-HN-2016-2020", metavar="MÃ")
        parser.add_argument("--period", metavar="KỲ", help="mặc định: cả giai đoạn")
        parser.add_argument(
            "--wait", type=float, default=0, metavar="GIÂY", help="chờ tiến trình tính xong"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            program = Program.objects.select_related("stage").get(code=options["program"])
            period = (
                Period.objects.get(key=options["period"]) if options["period"] else program.stage
            )
        except (Program.DoesNotExist, Period.DoesNotExist) as fault:
            raise CommandError(f"Không có chương trình hoặc kỳ này: {fault}") from fault

        self._wait(program, options["wait"])
        rows = list(Attainment.objects.of_program_page(program, period).filter(**_place(program)))
        worded = _worded(rows)
        self._print_table(program, period, rows, worded)
        self._print_sentences(worded)
        self._print_quotations(program, period)
        self._print_age(rows)

    def _wait(self, program: Program, seconds: float) -> None:
        deadline = monotonic() + seconds
        while is_stale(program):  # the marks go in the transaction that stores the rows
            if monotonic() >= deadline:
                raise CommandError(
                    f"Sau {seconds:.0f} giây vẫn chưa tính xong. "
                    "Hãy xem tiến trình tính toán (worker) có đang chạy không."
                )
            sleep(POLL_SECONDS)

    def _print_table(
        self, program: Program, period: Period, rows: list[Attainment], worded: list[Wording]
    ) -> None:
        lines = [("STT", "Chỉ tiêu", "ĐVT", "Kế hoạch", "Thực hiện", "Tỷ lệ")]
        for number, (row, words) in enumerate(zip(rows, worded, strict=True), start=1):
            lines.append(
                (
                    str(number),
                    row.indicator.name,
                    row.indicator.unit,
                    words.plan + ("*" if _is_derived(row) else ""),
                    words.actual,
                    words.share,
                )
            )
        widths = [min(max(len(line[column]) for line in lines), 62) for column in range(6)]
        self.stdout.write(f"\n{program.name}, {period.name}\n")
        for line in lines:
            cells = [
                _cut(cell, width).rjust(width)
                if column in (0, 3, 4)
                else _cut(cell, width).ljust(width)
                for column, (cell, width) in enumerate(zip(line, widths, strict=True))
            ]
            self.stdout.write("  ".join(cells).rstrip())
        if any(map(_is_derived, rows)):
            self.stdout.write(
                "  * Kế hoạch suy ra từ tỷ lệ đã công bố; không có văn bản nêu số này."
            )

    def _print_sentences(self, worded: list[Wording]) -> None:
        self.stdout.write("\nCâu báo cáo")
        for words in worded:
            self.stdout.write(f"  - {words.sentence};")

    def _print_quotations(self, program: Program, period: Period) -> None:
        quoted = Quotation.objects.filter(program=program, period=period).select_related(
            "indicator"
        )
        if quoted:
            self.stdout.write("\nCác bài báo ghi")
        for quotation in quoted:
            self.stdout.write(f"  - {quotation.indicator.name}: «{quotation.text}»")

    def _print_age(self, rows: list[Attainment]) -> None:
        run = JobRun.objects.filter(kind=JobKind.RECOMPUTE, state=JobState.DONE).first()
        if rows and run and run.finished_at:
            at = timezone.localtime(min(row.computed_at for row in rows))
            self.stdout.write(f"\nTính lúc {at:%H:%M:%S %d/%m/%Y} bởi {run.worker or 'lệnh này'}.")


def _place(program: Program) -> dict[str, Any]:
    if program.province_id is None:
        return {"scope": Scope.NATION}
    return {"scope": Scope.REPORTED, "province": program.province_id}


def _is_derived(row: Attainment) -> bool:
    return bool(row.plan and row.plan.version and row.plan.version.is_derived)


def _worded(rows: list[Attainment]) -> list[Wording]:
    typed = sole_figures(rows, Figure.objects.all())
    bases = bases_of(rows)
    return [
        wording_of(row, typed.get(row.indicator_id), base=bases[row.pk].leading) for row in rows
    ]


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"

from __future__ import annotations

from pathlib import Path
from typing import IO, Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from reports.entry.workbook.annotate import annotated
from reports.entry.workbook.difference import Compared, Difference
from reports.entry.workbook.examine import Examined, examine, report_named_in
from reports.entry.workbook.faults import Fault, Refused
from reports.entry.workbook.run import NotWritten, tally, write_rows

FAULTY = 2
KINDS = {
    Difference.BY_FILE: "tệp đổi",
    Difference.HERE: "ở đây đã đổi",
    Difference.CONFLICT: "mâu thuẫn",
}


class Command(BaseCommand):
    help = (
        "Nhập tệp Excel đã tải từ hệ thống. Không có --commit thì chỉ in khác biệt, không ghi. "
        "Có lỗi thì in từng lỗi, không ghi gì và kết thúc với mã 2."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="TỆP.xlsx")
        parser.add_argument("--user", required=True, metavar="TÊN", help="nhập với quyền của ai")
        parser.add_argument("--commit", action="store_true", help="ghi vào báo cáo")
        parser.add_argument(
            "--annotated", type=Path, metavar="TỆP.xlsx", help="ghi bản có đánh dấu lỗi ra đây"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["user"], is_active=True).first()
        if user is None:
            raise CommandError(f"Không có người dùng {options['user']} đang hoạt động.")
        try:
            with options["file"].open("rb") as file:
                self._import(file, user, options)
        except OSError as why:
            raise CommandError(f"Không mở được {options['file']}: {why.strerror}.") from why

    def _import(self, file: IO[bytes], user: User, options: dict[str, Any]) -> None:
        try:
            report = report_named_in(file, by=user)
            examined = examine(file, report, by=user)
        except Refused as why:
            raise CommandError(str(why), returncode=FAULTY) from why
        if examined.proposal is not None:
            raise CommandError(
                "Tệp đã mất các cột ẩn nên phải xác nhận từng cột. Hãy nhập tệp trên trang web.",
                returncode=FAULTY,
            )
        if examined.faults:
            self._refuse(file, examined.faults, options["annotated"])
        self.stdout.write(str(report))
        self._print(examined)
        if not options["commit"]:
            self.stdout.write("Chưa ghi gì: thêm --commit để ghi.")
            return
        try:
            written = write_rows(report, examined.rows, (), by=user)
        except NotWritten as why:
            raise CommandError(str(why), returncode=FAULTY) from why
        self.stdout.write(f"Đã ghi {written} số liệu.")

    def _refuse(self, file: IO[bytes], faults: list[Fault], out: Path | None) -> None:
        if out is not None:
            file.seek(0)
            out.write_bytes(annotated(file, faults))
        lines = [fault.line for fault in faults]
        raise CommandError(
            "\n".join([*lines, f"{len(faults)} lỗi, chưa ghi gì."]), returncode=FAULTY
        )

    def _print(self, examined: Examined) -> None:
        for row in examined.rows:
            self.stdout.write(f"  {row.cell}  {_line(row)}")
        if examined.absent:
            self.stdout.write(f"  Không có dòng trong tệp: {'; '.join(examined.absent)}.")
        counts = tally(examined.rows)
        words = [f"{words} {counts[kind]}" for kind, words in KINDS.items()]
        self.stdout.write(f"{', '.join(words)}, không đổi {examined.unchanged}.")


def _line(row: Compared) -> str:
    text = (
        f"{row.name} ({row.unit}): {row.base or '–'} → {row.file or '–'}, ở đây {row.here or '–'}"
    )
    if row.note_file != row.note_here:
        text += f", ghi chú «{row.note_file}»"
    return f"{text} [{KINDS[row.kind]}; {'giữ số ở đây' if _is_kept(row) else 'ghi'}]"


def _is_kept(row: Compared) -> bool:
    return not row.writes_value and not row.writes_note

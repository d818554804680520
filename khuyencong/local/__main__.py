"""What `./kc` runs: arguments, dispatch, and the one line shown when something is wrong."""

import argparse
import errno
import io
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

from khuyencong.local import foreground
from khuyencong.local.console import Refusal, complain, say
from khuyencong.local.instance import Instance
from khuyencong.local.up import up

CHECKOUT = Path(__file__).resolve().parents[2]
COMMANDS = {"manage": foreground.manage, "test": foreground.test, "bench": foreground.bench}


class Interrupted(BaseException):
    """A signal asked us to end."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.status = 128 + number


class Arguments(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise Refusal(f"Không hiểu lệnh ({message}). Xem: ./kc --help", status=2)


def port_number(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise Refusal(f"--port cần một số từ 1 đến 65535, không phải «{text}».", status=2)
    return int(text)


def run(arguments: Sequence[str]) -> int:
    command, *rest = arguments or ["--help"]
    if command in ("-h", "--help", "help"):
        say(Path(__file__).with_name("usage.txt").read_text(encoding="utf-8").rstrip())
        return 0
    if command == "up":
        parser = Arguments(prog="./kc up", add_help=False)
        parser.add_argument("--once", action="store_true")
        parser.add_argument("--port", type=port_number, default=8000)
        options = parser.parse_args(rest)
        up(open_instance("up", durable=True), port=options.port, once=options.once)
        return 0
    if command in COMMANDS:
        instance = "up" if command == "manage" else "test"
        return COMMANDS[command](open_instance(instance, durable=command == "manage"), rest)
    raise Refusal(f"Không có lệnh «{command}». Xem: ./kc --help", status=2)


def open_instance(name: str, *, durable: bool) -> Instance:
    instance = Instance(CHECKOUT, name, durable=durable)
    instance.make_folder()
    return instance


def interrupt(number: int, _frame: FrameType | None) -> NoReturn:
    raise Interrupted(number)


def main() -> int:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that is not UTF-8
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup
            signal.signal(number, interrupt)

    try:
        return run(sys.argv[1:])
    except Refusal as refusal:
        complain(str(refusal))
        return refusal.status
    except Interrupted as interrupted:
        say("Đã dừng.")
        return interrupted.status
    except BrokenPipeError:  # the reader of our output has gone
        return 1
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            complain(f"Ổ đĩa đã đầy ({error.filename}). Hãy dọn bớt rồi thử lại.")
        else:
            complain(f"{error.strerror}: {error.filename}")
        return 1


if __name__ == "__main__":
    sys.exit(main())

"""What the person at the terminal sees: one line per step, one line per mistake."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TextIO

GREEN, RED, RESET, CLEAR_LINE = "\x1b[32m", "\x1b[31m", "\x1b[0m", "\r\x1b[K"


class Refusal(Exception):
    """Something the person can put right. Its text is the whole message: no traceback."""

    def __init__(self, message: str, *, status: int = 1) -> None:
        super().__init__(message)
        self.status = status


def say(line: str = "", *, to: TextIO | None = None) -> None:
    print(line, file=to or sys.stdout, flush=True)


def mark(sign: str, colour: str, to: TextIO) -> str:
    return f"{colour}{sign}{RESET}" if to.isatty() else sign


def complain(message: str) -> None:
    say(f"{mark('✗', RED, sys.stderr)} {message}", to=sys.stderr)


@contextmanager
def step(title: str, *, talks: bool = False, to: TextIO | None = None) -> Iterator[list[str]]:
    """Announce `title`, then tick it off with the seconds it took.

    A step that `talks` prints lines of its own, so its title gets a line of its own.
    What the caller appends to the yielded list is shown after the title.
    """
    out = to or sys.stdout
    stays_on_line = out.isatty() and not talks
    started = monotonic()
    details: list[str] = []
    if talks:
        say(f"▸ {title}", to=out)
    elif stays_on_line:
        print(f"… {title}", end="", file=out, flush=True)

    try:
        yield details
    finally:
        if stays_on_line:
            print(CLEAR_LINE, end="", file=out, flush=True)

    seconds = f"{monotonic() - started:.1f}".replace(".", ",")
    say(" ".join([mark("✓", GREEN, out), f"{title:<20}", f"{seconds:>5} s", *details]), to=out)

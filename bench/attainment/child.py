"""A process of its own: a writer, the worker, or one rebuild whose memory is measured.

It says that it is ready, waits for a line, works, and says what it found as one line of JSON.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from time import sleep, time
from typing import IO

from bench.attainment.corrections import approve_one
from bench.attainment.databases import environment
from reports.attainment.recompute import recompute_all, recompute_marked
from reports.models import Figure

READY = "ready\n"
IDLE_SECONDS = 0.002
KILOBYTES_IN_MEGABYTE = 1024

Found = dict[str, float]


class ChildFailed(Exception):
    """The process ended with an error. str() is the end of what it wrote."""


@dataclass(frozen=True)
class Child:
    """The parent's end of a process."""

    process: subprocess.Popen[str]

    @classmethod
    def start(cls, role: str, *, figures: list[int] | None = None) -> Child:
        """Start a process and return when it is ready to work. Raises ChildFailed."""
        child = cls(
            subprocess.Popen(
                [sys.executable, "-m", "bench.attainment.child", role],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env=environment(),
            )
        )
        child.tell(json.dumps(figures or []))
        if the(child.process.stdout).readline() != READY:
            raise ChildFailed(the(child.process.stderr).read()[-2000:])
        return child

    def begin(self) -> None:
        self.tell("begin")

    def finish(self) -> Found:
        """Let the worker stop, wait for the end, return what was found. Raises ChildFailed."""
        output, errors = self.process.communicate()
        if self.process.returncode:
            raise ChildFailed(errors[-2000:])
        found: Found = json.loads(output)
        return found

    def tell(self, line: str) -> None:
        stdin = the(self.process.stdin)
        stdin.write(f"{line}\n")
        stdin.flush()


def the(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None  # they were asked for
    return pipe


def save(figures: list[int]) -> Found:
    """A writer: corrections are made official one by one, and only leave marks."""
    rows = list(Figure.objects.filter(pk__in=figures))
    wait_for_begin()
    begun = time()
    for figure in rows:
        approve_one(figure)
    return {"begun": begun, "ended": time(), "saved": len(rows)}


def drain(_figures: list[int]) -> Found:
    """The worker: takes marks until it is told to stop and there are none. `ended` is the last."""
    wait_for_begin()
    told_to_stop = Thread(target=sys.stdin.read, daemon=True)
    told_to_stop.start()
    begun = ended = time()
    taken = 0
    while True:
        is_last = not told_to_stop.is_alive()
        run = recompute_marked(worker="bench")
        if run is not None:
            taken, ended = taken + run.marks_taken, time()
        elif is_last:
            return {"begun": begun, "ended": ended, "taken": taken}
        else:
            sleep(IDLE_SECONDS)


def rebuild(_figures: list[int]) -> Found:
    wait_for_begin()
    recompute_all()
    return {"peak_megabytes": peak_kilobytes() / KILOBYTES_IN_MEGABYTE}


def peak_kilobytes() -> int:
    """Return the most memory this process has held. Not ru_maxrss: that begins at the parent's."""
    status = Path("/proc/self/status").read_text()
    peak = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert peak is not None
    return int(peak[1])


def wait_for_begin() -> None:
    sys.stdout.write(READY)
    sys.stdout.flush()
    sys.stdin.readline()


ROLES = {"save": save, "drain": drain, "rebuild": rebuild}

if __name__ == "__main__":
    sys.stdout.write(json.dumps(ROLES[sys.argv[1]](json.loads(sys.stdin.readline()))))

"""Processes that an earlier launcher left behind, found and ended by the next one.

The caller holds the instance's lock, so whatever still carries its mark has no owner.
No pid file is read: a pid in a file may by now be somebody else's process.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep

from khuyencong.local.console import Refusal

MARK = "KHUYENCONG_INSTANCE"  # set to the private folder in the environment of every service


def end_orphans(instance_folder: Path, *server_folders: Path) -> None:
    """End what carries the mark of `instance_folder` or works in one of `server_folders`.

    First as asked by an operator (PostgreSQL: SIGINT is a clean, fast shutdown), then by
    force. Raises Refusal if something survives both.
    """
    for number, seconds in ((signal.SIGINT, 10), (signal.SIGKILL, 10)):
        deadline = monotonic() + seconds
        asked: set[int] = set()
        while orphans := set(find_orphans(instance_folder, *server_folders)):
            if monotonic() > deadline:
                break
            for pid in orphans - asked:
                asked.add(pid)
                signal_if_there(pid, number)
            sleep(0.05)
        else:
            return
    left = ", ".join(str(pid) for pid in sorted(orphans))
    raise Refusal(f"Còn tiến trình cũ không dừng được (pid {left}). Hãy dừng chúng rồi thử lại.")


def find_orphans(instance_folder: Path, *server_folders: Path) -> Iterator[int]:
    """Yield pids, nothing where there is no /proc (there the servers themselves refuse).

    Zombies are not yielded: /proc shows them neither folder nor environment.
    """
    mark = os.fsencode(f"{MARK}={instance_folder}")
    folders = {str(folder) for folder in server_folders}
    for entry in Path("/proc").glob("[0-9]*"):
        if entry.name == str(os.getpid()):
            continue
        try:
            # The program counts too: a person's shell may stand in the same folder.
            program = Path(os.readlink(entry / "exe")).name
            is_our_server = (
                program.startswith(("postgres", "valkey")) and os.readlink(entry / "cwd") in folders
            )
            if is_our_server or mark in (entry / "environ").read_bytes().split(b"\0"):
                yield int(entry.name)
        except OSError:  # gone meanwhile, or another person's
            continue


def signal_if_there(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)

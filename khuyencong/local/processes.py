"""Children that never outlive the launcher, and the watch over them.

The kernel signals each child when the launcher dies, however it dies (PR_SET_PDEATHSIG).
It does so when the *thread* that forked dies, so everything here runs in the main thread.
"""

import ctypes
import os
import selectors
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import IO

from khuyencong.local.console import Refusal, say

PR_SET_PDEATHSIG = 1
libc = ctypes.CDLL(None, use_errno=True)  # loaded here: nothing may be loaded after a fork

LOOK_SECONDS = 0.2  # how long a death may go unnoticed
GRACE_SECONDS = 10  # then the whole group is killed


def spawn(
    command: Sequence[str | Path],
    *,
    env: Mapping[str, str],
    cwd: Path,
    death_signal: signal.Signals = signal.SIGTERM,
    own_session: bool = True,
    become: Callable[[], None] | None = None,
    output: int | IO[bytes] | None = None,
    quiet_input: bool = True,
) -> subprocess.Popen[bytes]:
    """Start `command`; it gets `death_signal` when the launcher dies.

    `become` changes identity in the child. A change of identity clears the signal of
    death, so it comes first.
    """
    launcher = os.getpid()

    def prepare_child() -> None:
        if become is not None:
            become()
        die_with_parent(death_signal)
        if os.getppid() != launcher:  # it died between the fork and the line above
            os._exit(1)

    return subprocess.Popen(  # noqa: S603 - our own commands
        command,
        env=dict(env),
        cwd=cwd,
        stdin=subprocess.DEVNULL if quiet_input else None,
        stdout=output,
        stderr=None if output is None else subprocess.STDOUT,
        start_new_session=own_session,
        preexec_fn=prepare_child,
    )


def die_with_parent(death_signal: signal.Signals) -> None:
    """Ask the kernel to send the calling process this signal when its parent dies."""
    if sys.platform == "linux":
        libc.prctl(PR_SET_PDEATHSIG, death_signal)


def ending(status: int) -> str:
    """Say how a process ended, for the end of a sentence."""
    if status < 0:
        return f"bị dừng bởi tín hiệu {signal.Signals(-status).name}"
    return f"kết thúc với mã {status}"


@dataclass
class Service:
    """A process that must stay up for as long as the launcher does."""

    title: str
    process: subprocess.Popen[bytes]
    stop_signal: signal.Signals = signal.SIGTERM
    is_server: bool = False  # stopped after everything that uses it
    why_it_died: Callable[[], str | None] = field(default=lambda: None)

    def ask_to_stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(self.stop_signal)

    def wait_or_kill(self, deadline: float) -> None:
        """Wait for the process, then kill its group: a killed leader leaves children behind."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(max(0.1, deadline - monotonic()))
        with suppress(ProcessLookupError, PermissionError):  # macOS: EPERM for a zombie group
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class Crew:
    """The services of one launcher: output prefixed by name, one death stops all."""

    def __init__(self) -> None:
        self.services: list[Service] = []
        self._pipes = selectors.DefaultSelector()

    def join(self, service: Service) -> None:
        self.services.append(service)

    def start(
        self,
        title: str,
        command: Sequence[str | Path],
        *,
        env: Mapping[str, str],
        cwd: Path,
        death_signal: signal.Signals = signal.SIGTERM,
    ) -> None:
        process = spawn(
            command, env=env, cwd=cwd, death_signal=death_signal, output=subprocess.PIPE
        )
        self.join(Service(title, process))
        assert process.stdout is not None
        os.set_blocking(process.stdout.fileno(), False)
        self._pipes.register(process.stdout, selectors.EVENT_READ, Lines(title))

    def run(self, command: Sequence[str | Path], *, env: Mapping[str, str], cwd: Path) -> int:
        """Run one command to its end while the services go on, and return its status."""
        process = spawn(command, env=env, cwd=cwd)
        try:
            while process.poll() is None:
                self.look_after()
        finally:
            Service("", process).wait_or_kill(monotonic())
        return process.returncode

    def look_after(self) -> None:
        """Print what the services wrote, for a moment. Raises Refusal if one has died."""
        self._print_what_came(LOOK_SECONDS)
        for service in self.services:
            status = service.process.poll()
            if status is not None:
                self._print_what_came(0)  # its last words
                reason = service.why_it_died() or ending(status)
                raise Refusal(f"{service.title} đã ngừng chạy: {reason}. Mọi thứ đã được dừng lại.")

    def _print_what_came(self, seconds: float) -> None:
        for key, _events in self._pipes.select(seconds):
            pipe: IO[bytes] = key.fileobj  # type: ignore[assignment]
            chunk = pipe.read(65536)
            if chunk == b"":
                self._pipes.unregister(pipe)
            elif chunk is not None:
                key.data.feed(chunk)

    def stop(self) -> None:
        """Stop everything, users of the servers first. Signals no longer interrupt us."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        for servers in (False, True):
            leaving = [s for s in self.services if s.is_server is servers]
            for service in reversed(leaving):
                service.ask_to_stop()
            deadline = monotonic() + GRACE_SECONDS
            for service in reversed(leaving):
                service.wait_or_kill(deadline)
        self.services.clear()


class Lines:
    """Cuts the output of one service into lines and prints each after its title."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.rest = b""

    def feed(self, chunk: bytes) -> None:
        *lines, self.rest = (self.rest + chunk).split(b"\n")
        for line in lines:
            say(f"{self.title:<7}│ {line.decode(errors='replace').rstrip()}")

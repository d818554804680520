"""`./kc manage`, `test` and `bench`: one command at the terminal, with the servers beside it."""

import signal
import subprocess
import sys
from collections.abc import Sequence
from time import monotonic
from types import FrameType

from khuyencong.local.console import Refusal, say
from khuyencong.local.instance import Held, Instance
from khuyencong.local.processes import GRACE_SECONDS, spawn
from khuyencong.local.servers import Servers, joined_or_own_servers, own_servers


def manage(instance: Instance, arguments: Sequence[str]) -> int:
    """Run manage.py on the data of `up`, beside a running `up` or without one."""
    with joined_or_own_servers(instance, "./kc manage") as servers:
        command = [sys.executable, "manage.py", *arguments]
        return run_at_terminal(command, servers, instance)


def test(instance: Instance, arguments: Sequence[str]) -> int:
    return run_alone(instance, "./kc test", [sys.executable, "-m", "pytest", *arguments])


def bench(instance: Instance, arguments: Sequence[str]) -> int:
    """Run bench/<name>.py. Raises Refusal with the names there are."""
    folder = instance.checkout / "bench"
    names = sorted(p.stem for p in folder.glob("[!_]*") if p.suffix == ".py" or p.is_dir())
    if not arguments or arguments[0] not in names:
        there_are = ", ".join(names) if names else "chưa có bài đo nào"
        raise Refusal(f"Hãy nêu tên bài đo: ./kc bench TÊN. Hiện có: {there_are}.", status=2)
    command = [sys.executable, "-m", f"bench.{arguments[0]}", *arguments[1:]]
    return run_alone(instance, "./kc bench", command)


def run_alone(instance: Instance, name: str, command: Sequence[str]) -> int:
    """Run `command` on servers that nobody else uses meanwhile, and return its status.

    Says which servers before, nothing after: the last lines belong to the command.
    """
    try:
        with own_servers(instance, name, progress=sys.stdout) as servers:
            say(f"Máy chủ: {servers.database_title}; {servers.redis_title}")
            return run_at_terminal(command, servers, instance)
    except Held as held:
        raise Refusal(f"{held} Hãy chờ nó xong rồi thử lại.") from None


def run_at_terminal(command: Sequence[str], servers: Servers, instance: Instance) -> int:
    """Run `command` with the terminal's own input, and return its status as a shell would.

    It stays in our process group, so that Ctrl-C and the debugger reach it; other signals
    are passed on.
    """
    env = servers.environment(instance)
    process = spawn(command, env=env, cwd=instance.checkout, own_session=False, quiet_input=False)
    status = wait_passing_signals(process)
    return status if status >= 0 else 128 - status


def wait_passing_signals(process: subprocess.Popen[bytes]) -> int:
    kill_at: float | None = None

    def pass_on(number: int, _frame: FrameType | None) -> None:
        nonlocal kill_at
        if number == signal.SIGINT and sys.stdin.isatty():
            return  # the terminal has sent it to the command as well
        process.send_signal(number)
        if number != signal.SIGINT:
            kill_at = monotonic() + GRACE_SECONDS

    before = {n: signal.signal(n, pass_on) for n in (signal.SIGINT, signal.SIGTERM)}
    try:
        while True:
            try:
                return process.wait(0.5)
            except subprocess.TimeoutExpired:
                if kill_at is not None and monotonic() > kill_at:
                    process.kill()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

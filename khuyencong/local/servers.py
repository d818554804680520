"""Which PostgreSQL and which Valkey a command uses: embedded, given, or already running."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic, sleep
from typing import TextIO

from khuyencong.local.console import Refusal, say, step
from khuyencong.local.given import check_database, check_redis
from khuyencong.local.instance import Held, Holder, Instance, Lock
from khuyencong.local.orphans import end_orphans
from khuyencong.local.postgres import start_postgres
from khuyencong.local.postgres_place import possible_data_folders
from khuyencong.local.processes import Crew
from khuyencong.local.valkey import start_valkey

JOIN_SECONDS = 60  # how long a command waits for an `up` that is still starting


@dataclass(frozen=True)
class Servers:
    """Two addresses, and what to call them in front of people (no password)."""

    database_url: str
    redis_url: str
    database_title: str
    redis_title: str
    database_is_embedded: bool

    def environment(self, instance: Instance) -> dict[str, str]:
        """Return the environment of everything that runs on these servers."""
        kept = {
            name: value
            for name, value in os.environ.items()
            # Meant for another server: PGSSLMODE or PGOPTIONS would change ours.
            if not (self.database_is_embedded and name.startswith("PG"))
        }
        kept.pop("KHUYENCONG_EMBEDDED", None)  # never on somebody else's word
        return kept | {
            "ALLOWED_HOSTS": "127.0.0.1,localhost",
            "DATABASE_URL": self.database_url,
            "DJANGO_SETTINGS_MODULE": "khuyencong.settings",
            "FILES_DIR": str(instance.folder / "files"),
            "HTTPS": "0",
            "PYTHONUNBUFFERED": "1",
            "REDIS_URL": self.redis_url,
            "SECRET_KEY": instance.secret_key(),
            **({"KHUYENCONG_EMBEDDED": "1"} if self.database_is_embedded else {}),
        }


def given(name: str) -> str:
    return os.environ.get(name, "").strip()


def start_servers(
    instance: Instance, crew: Crew, lock: Lock, holder: Holder, *, progress: TextIO
) -> Servers:
    """Start what is not given, check what is, and write the addresses into the lock file.

    The caller holds the lock, so what an earlier launcher left can be ended first.
    """
    end_orphans(instance.folder, *possible_data_folders(instance), instance.folder / "valkey")
    database_url, redis_url = given("DATABASE_URL"), given("REDIS_URL")
    is_embedded = not database_url

    with step("PostgreSQL", to=progress) as details:
        if database_url:
            database_title = check_database(database_url)
        else:
            postgres = start_postgres(instance)
            crew.join(postgres.service)
            database_url = holder["database_url"] = postgres.url
            database_title = f"PostgreSQL {postgres.version} nhúng"
        details.append(f"({database_title})")

    with step("Valkey", to=progress) as details:
        if redis_url:
            redis_title = check_redis(redis_url)
        else:
            valkey = start_valkey(instance)
            crew.join(valkey.service)
            redis_url = holder["redis_url"] = valkey.url
            redis_title = f"Valkey {valkey.version} nhúng"
        details.append(f"({redis_title})")

    holder["is_ready"] = True
    lock.describe(holder)
    return Servers(database_url, redis_url, database_title, redis_title, is_embedded)


@contextmanager
def own_servers(instance: Instance, command: str, *, progress: TextIO) -> Iterator[Servers]:
    """Servers for the duration of one command. Raises Held if another launcher has them."""
    holder = Holder(command=command)
    with instance.lock(holder) as lock:
        crew = Crew()
        try:
            yield start_servers(instance, crew, lock, holder, progress=progress)
        finally:
            crew.stop()


@contextmanager
def joined_or_own_servers(instance: Instance, command: str) -> Iterator[Servers]:
    """The running servers of `instance`, or our own until no other command uses them.

    Standard output is the command's alone: it may be a pipe.
    """
    deadline = monotonic() + JOIN_SECONDS
    while True:
        try:
            with own_servers(instance, command, progress=sys.stderr) as servers:
                yield servers
                wait_for_guests(instance)
                return
        except Held as held:
            if held.holder.get("is_ready"):
                with instance.used_as_guest():
                    yield join_servers(held.holder)
                return
            if monotonic() > deadline:
                raise Refusal(f"{held} Hãy chờ rồi thử lại.") from None
        sleep(0.1)


def join_servers(holder: Holder) -> Servers:
    """Return the servers of the launcher that holds the instance, unless they are unknown."""
    database_url = given("DATABASE_URL") or holder.get("database_url")
    redis_url = given("REDIS_URL") or holder.get("redis_url")
    if not database_url or not redis_url:
        raise Refusal(
            f"«{holder['command']}» đang chạy với máy chủ khác. "
            "Hãy đặt cùng DATABASE_URL và REDIS_URL cho lệnh này."
        )
    return Servers(
        database_url,
        redis_url,
        check_database(database_url),
        check_redis(redis_url),
        database_is_embedded=not given("DATABASE_URL"),
    )


def wait_for_guests(instance: Instance) -> None:
    if instance.has_guests():
        say("Đang chờ một lệnh ./kc manage khác dùng xong máy chủ của lệnh này…", to=sys.stderr)
    while instance.has_guests():
        sleep(0.2)

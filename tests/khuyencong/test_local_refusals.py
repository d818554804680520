"""What the launcher refuses, each in one line that says what to do; and its private folders."""

from __future__ import annotations

import os
import socket
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest

from khuyencong.local.console import Refusal
from khuyencong.local.given import check_database, check_redis
from khuyencong.local.instance import Held, Holder, Instance
from khuyencong.local.postgres import reason_in, require_free_space
from khuyencong.local.up import require_free_port


@pytest.fixture
def listening_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as attempt:
        attempt.bind(("127.0.0.1", 0))
        port: int = attempt.getsockname()[1]
    return port


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Instance:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    instance = Instance(tmp_path / "checkout", "up", durable=True)
    instance.checkout.mkdir(mode=0o755)
    instance.make_folder()
    return instance


def refusal_of(call: Any, *arguments: Any) -> str:
    with pytest.raises(Refusal) as caught:
        call(*arguments)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_a_port_in_use_is_named_with_another_to_try(listening_port: int) -> None:
    message = refusal_of(require_free_port, listening_port)

    assert message == (
        f"Cổng {listening_port} đang được chương trình khác dùng. "
        f"Hãy chọn cổng khác: ./kc up --port {listening_port + 1}"
    )


@pytest.mark.parametrize(
    "url",
    [
        "nonsense",
        "mysql://u@h/db",
        "sqlite:///db.sqlite3",
        "postgres://u:secret@h:99999/db",
        "postgres://h",
    ],
)
def test_an_unreadable_database_url_is_answered_with_how_to_write_one(url: str) -> None:
    message = refusal_of(check_database, url)

    assert message.startswith("DATABASE_URL không đọc được. Cách viết đúng: postgres://")
    assert "secret" not in message


def test_an_unreachable_database_is_named_without_its_password(closed_port: int) -> None:
    message = refusal_of(check_database, f"postgres://u:secret@127.0.0.1:{closed_port}/db")

    assert message.startswith(f"DATABASE_URL: không kết nối được tới 127.0.0.1:{closed_port}")
    assert "secret" not in message


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ('FATAL:  password authentication failed for user "u"', "từ chối người dùng «u»"),
        ('FATAL:  database "db" does not exist', "chưa có cơ sở dữ liệu «db»"),
        ("FATAL:  sorry, too many clients already", "không kết nối được tới h:5432"),
    ],
)
def test_what_a_database_answers_is_said_in_vietnamese(
    monkeypatch: pytest.MonkeyPatch, answer: str, said: str
) -> None:
    def refuse(**_address: object) -> None:
        raise psycopg.OperationalError(f"connection failed: {answer}\nmore lines")

    monkeypatch.setattr(psycopg, "connect", refuse)

    assert said in refusal_of(check_database, "postgres://u:secret@h/db")


class OldServer:
    info = SimpleNamespace(server_version=140011)

    def __enter__(self) -> OldServer:
        return self

    def __exit__(self, *_error: object) -> None: ...


def test_a_server_older_than_postgresql_15_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psycopg, "connect", lambda **_address: OldServer())

    message = refusal_of(check_database, "postgres://u@h/db")

    assert message == (
        "DATABASE_URL: máy chủ h:5432 là PostgreSQL 14, cần từ PostgreSQL 15 trở lên."
    )


def test_a_broken_redis_url_is_one_line(closed_port: int) -> None:
    assert "REDIS_URL không đọc được" in refusal_of(check_redis, "nonsense")
    assert f"không kết nối được tới 127.0.0.1:{closed_port}" in refusal_of(
        check_redis, f"redis://:secret@127.0.0.1:{closed_port}/0"
    )


def test_a_full_disk_is_told_before_and_after(tmp_path: Path) -> None:
    before = refusal_of(require_free_space, tmp_path, 10**18)
    after = reason_in('FATAL:  could not write to file "pg_wal": No space left on device', tmp_path)

    assert f"Ổ đĩa chứa {tmp_path} chỉ còn" in before
    assert after == f"ổ đĩa chứa {tmp_path} đã đầy. Hãy dọn bớt rồi thử lại"


def test_two_checkouts_and_two_instances_never_share_sockets(tmp_path: Path) -> None:
    instances = [
        Instance(tmp_path / checkout, name, durable=True)
        for checkout in ("a", "b")
        for name in ("up", "test")
    ]

    assert len({instance.identifier for instance in instances}) == 4


def test_a_socket_path_fits_the_kernel_however_deep_the_folders_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path.joinpath(*["thư-mục-rất-dài"] * 12)
    deep.mkdir(parents=True)
    monkeypatch.setattr(tempfile, "tempdir", str(deep))

    folder = Instance(deep, "up", durable=True).socket_folder()
    try:
        assert len(os.fsencode(folder / ".s.PGSQL.5432")) <= 107
        with socket.socket(socket.AF_UNIX) as attempt:
            attempt.bind(str(folder / ".s.PGSQL.5432"))
    finally:
        (folder / ".s.PGSQL.5432").unlink(missing_ok=True)
        folder.rmdir()


def test_private_folders_are_private_and_the_checkout_keeps_its_mode(instance: Instance) -> None:
    instance.secret_key()

    private = [instance.folder.parent, instance.folder, instance.socket_folder()]
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in private] == [0o700] * 3
    assert stat.S_IMODE(instance.checkout.stat().st_mode) == 0o755
    assert stat.S_IMODE((instance.folder / "secret_key").stat().st_mode) == 0o600


def test_the_secret_key_is_made_once(instance: Instance) -> None:
    key = instance.secret_key()

    assert len(key) >= 50
    assert instance.secret_key() == key


def test_a_socket_folder_open_to_others_is_refused_and_left_as_it_is(instance: Instance) -> None:
    folder = instance.socket_folder()
    folder.chmod(0o777)

    assert "đang mở cho người khác" in refusal_of(instance.socket_folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o777


def test_a_link_in_place_of_the_socket_folder_is_refused(instance: Instance) -> None:
    folder = instance.socket_folder()
    folder.rmdir()
    folder.symlink_to(instance.checkout)

    assert "không phải thư mục của bạn" in refusal_of(instance.socket_folder)


def test_a_held_instance_says_who_holds_it(instance: Instance) -> None:
    holder = Holder(command="./kc up", address="http://127.0.0.1:8000")

    with instance.lock(holder), pytest.raises(Held) as caught, instance.lock(Holder()):
        pass

    assert str(caught.value) == ("«./kc up» của thư mục này đang chạy tại http://127.0.0.1:8000.")

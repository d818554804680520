"""The servers a person names in DATABASE_URL and REDIS_URL, checked before anything uses them.

The database address is read by the very function that settings.py uses: what is accepted
here is accepted there.
"""

import warnings
from typing import Any

import environ
import psycopg
import redis

from khuyencong.local.console import Refusal

OLDEST_POSTGRES = 15
CONNECT_SECONDS = 10


def check_database(url: str) -> str:
    """Connect once, and return the server's name without a password.

    Raises Refusal: unreadable, unreachable, wrong password, no such database, too old.
    """
    address = read_database_url(url)
    place = f"{address['HOST'] or 'localhost'}:{address['PORT'] or 5432}"
    try:
        with psycopg.connect(
            host=address["HOST"] or None,
            port=address["PORT"] or None,
            user=address["USER"] or None,
            password=address["PASSWORD"] or None,
            dbname=address["NAME"],
            **{"connect_timeout": CONNECT_SECONDS, **address.get("OPTIONS", {})},
        ) as connection:
            version = connection.info.server_version // 10000
    except psycopg.Error as error:
        raise Refusal(explain(str(error), address, place)) from None
    if version < OLDEST_POSTGRES:
        raise Refusal(
            f"DATABASE_URL: máy chủ {place} là PostgreSQL {version}, "
            f"cần từ PostgreSQL {OLDEST_POSTGRES} trở lên."
        )
    return f"PostgreSQL {version} tại {place}/{address['NAME']}"


def read_database_url(url: str) -> dict[str, Any]:
    try:
        with warnings.catch_warnings(action="ignore"):
            address: dict[str, Any] = environ.Env.db_url_config(url)
    except ValueError:
        address = {}
    if not address.get("ENGINE", "").endswith("postgresql") or not address["NAME"]:
        raise Refusal(
            "DATABASE_URL không đọc được. Cách viết đúng: "
            "postgres://người_dùng:mật_khẩu@máy_chủ:5432/tên_cơ_sở_dữ_liệu"
        )
    return address


def explain(error: str, address: dict[str, Any], place: str) -> str:
    """Turn libpq's text into one line. It has no codes, and never shows the password."""
    if "password" in error or "no pg_hba.conf entry" in error:
        return (
            f"DATABASE_URL: máy chủ {place} từ chối người dùng «{address['USER']}» hoặc mật khẩu."
        )
    if "database" in error and "does not exist" in error:
        return f"DATABASE_URL: máy chủ {place} chưa có cơ sở dữ liệu «{address['NAME']}»."
    lines = [line.strip() for line in error.splitlines() if line.strip()]
    return f"DATABASE_URL: không kết nối được tới {place} ({lines[0] if lines else error})."


def check_redis(url: str) -> str:
    """Connect once, and return the server's name without a password. Raises Refusal."""
    try:
        client = redis.Redis.from_url(
            url, socket_connect_timeout=CONNECT_SECONDS, socket_timeout=CONNECT_SECONDS
        )
    except ValueError:
        raise Refusal(
            "REDIS_URL không đọc được. Cách viết đúng: redis://:mật_khẩu@máy_chủ:6379/0 "
            "hoặc unix:///đường/dẫn/valkey.sock?db=0"
        ) from None
    options = client.connection_pool.connection_kwargs
    place = options.get("path") or f"{options.get('host', 'localhost')}:{options.get('port', 6379)}"
    with client:
        try:
            client.ping()
        except redis.AuthenticationError:
            raise Refusal(f"REDIS_URL: máy chủ {place} từ chối mật khẩu.") from None
        except redis.RedisError as error:
            raise Refusal(f"REDIS_URL: không kết nối được tới {place} ({error}).") from None
        try:
            found = client.info("server")
        except redis.RedisError:  # an account may be forbidden to ask
            return f"Redis hoặc Valkey tại {place}"
    kind = "Valkey" if "valkey_version" in found else "Redis"
    return f"{kind} {found.get('valkey_version') or found['redis_version']} tại {place}"

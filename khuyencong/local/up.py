"""`./kc up`: everything a person needs to see the system work on one machine."""

import http.client
import signal
import socket
import sys
from time import monotonic

from khuyencong.local.console import Refusal, say, step
from khuyencong.local.instance import Held, Holder, Instance, Lock
from khuyencong.local.orphans import MARK
from khuyencong.local.processes import Crew
from khuyencong.local.servers import start_servers

HOST = "127.0.0.1"
COMPUTE_SECONDS = 60
SERVE_SECONDS = 60

# Celery's advice is for servers on a network; here the broker listens on a private socket.
NO_ADVICE = (
    *("-W", "ignore:You're running the worker with superuser privileges"),
    *("-W", "ignore:An entry for the specified gid or egid was not found"),
)
LOG_LEVEL = ("--loglevel", "WARNING")
# -Ofair: a task goes to a free child, never behind a long one.
WORKER_OPTIONS = (*LOG_LEVEL, "--pool", "prefork", "--concurrency", "2", "-O", "fair")


def up(instance: Instance, *, port: int, once: bool) -> None:
    """Start, load, compute and serve until interrupted; with `once`, all but serve.

    Raises Refusal if a service dies: the others are stopped first.
    """
    holder = Holder(command="./kc up --once" if once else "./kc up")
    if not once:
        holder["address"] = f"http://{HOST}:{port}"
    try:
        with instance.lock(holder) as lock:
            if not once:
                require_free_port(port)
            crew = Crew()
            try:
                run_with(crew, instance, lock, holder, port=None if once else port)
            finally:
                crew.stop()
    except Held as held:
        waits = "" if "address" in held.holder else " Hãy chờ nó xong rồi thử lại."
        raise Refusal(f"{held}{waits}") from None


def run_with(
    crew: Crew, instance: Instance, lock: Lock, holder: Holder, *, port: int | None
) -> None:
    servers = start_servers(instance, crew, lock, holder, progress=sys.stdout)
    env = servers.environment(instance) | {MARK: str(instance.folder)}
    home = instance.checkout
    manage = [sys.executable, "manage.py"]
    python = [sys.executable, *NO_ADVICE, "-m"]
    app = ["--quiet", "-A", "khuyencong"]

    with step("Chuẩn bị dữ liệu", talks=True):
        if crew.run([*manage, "set_up"], env=env, cwd=home) != 0:
            raise Refusal("Không chuẩn bị được dữ liệu (xem các dòng trên).")

    with step("Tính toán", talks=True):
        worker = [*python, "khuyencong.local.worker", *app, "worker", *WORKER_OPTIONS]
        crew.start("worker", worker, env=env, cwd=home, death_signal=signal.SIGKILL)
        if port is not None:
            schedule = f"--schedule={instance.folder / 'beat-schedule'}"
            beat = [*python, "celery", *app, "beat", *LOG_LEVEL, "--pidfile=", schedule]
            crew.start("beat", beat, env=env, cwd=home)
            web = [sys.executable, "-m", "gunicorn", *web_options(port)]
            crew.start("web", web, env=env, cwd=home)
        wait = ["introduce", "--wait", str(COMPUTE_SECONDS)]
        if crew.run([*manage, *wait], env=env, cwd=home) != 0:
            raise Refusal("Chưa tính xong (xem các dòng trên).")

    if port is not None:
        with step("Phục vụ", talks=True):
            wait_until_served(crew, port)
            # Invented figures are worth no waiting: the worker loads them meanwhile.
            crew.run([*manage, "load_sample", "--later"], env=env, cwd=home)
        say(f"\n  Mở {holder['address']} trong trình duyệt. Ctrl-C để dừng.\n")
        while True:
            crew.look_after()


def web_options(port: int) -> list[str]:
    return [
        f"--bind={HOST}:{port}",
        "--workers=2",
        "--threads=4",
        "--graceful-timeout=5",
        "--no-control-socket",  # it would stand in the home folder, which may not be writable
        "--log-level=warning",
        "khuyencong.wsgi:application",
    ]


def require_free_port(port: int) -> None:
    with socket.socket() as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((HOST, port))
        except PermissionError:
            raise Refusal(
                f"Tài khoản này không được dùng cổng {port}. Hãy chọn: ./kc up --port 8000"
            ) from None
        except OSError:
            other = port + 1 if port < 65535 else port - 1
            raise Refusal(
                f"Cổng {port} đang được chương trình khác dùng. "
                f"Hãy chọn cổng khác: ./kc up --port {other}"
            ) from None


def wait_until_served(crew: Crew, port: int) -> None:
    deadline = monotonic() + SERVE_SECONDS
    while monotonic() < deadline:
        crew.look_after()
        connection = http.client.HTTPConnection(HOST, port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            if connection.getresponse().status < 500:
                return
        except (OSError, http.client.HTTPException):
            pass
        finally:
            connection.close()
    raise Refusal(f"Máy chủ web không trả lời sau {SERVE_SECONDS} giây.")

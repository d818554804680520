"""How root starts PostgreSQL, which refuses to run as root.

First choice: a user namespace, in which the process is somebody else while its files stay
root's. Second: an unprivileged account of the system, with folders of its own. No account
is created, and no folder that we did not make changes its owner or mode.
"""

import ctypes
import os
import pwd
from collections.abc import Callable
from dataclasses import dataclass

from khuyencong.local.console import Refusal
from khuyencong.local.processes import libc

CLONE_NEWUSER = 0x10000000
OVERFLOW_UID = 65534  # what every unmapped file seems to belong to


@dataclass(frozen=True)
class Identity:
    """Whom PostgreSQL runs as."""

    become: Callable[[], None] | None  # called in the child, between fork and exec
    uid: int | None = None  # the account that must own its folders; None: nobody but us


def postgres_identity(*, has_dropped_data: bool) -> Identity:
    """Return the identity that works here.

    Data that an unprivileged account owns already stay with it, even when namespaces are
    allowed again. Raises Refusal where neither way works.
    """
    if os.geteuid() != 0 and has_account(os.geteuid()):
        return Identity(become=None)

    namespace = Identity(become=entry_into_namespace())
    if not has_dropped_data and works(namespace):
        return namespace
    if os.geteuid() == 0:
        account = unprivileged_account()
        dropped = Identity(become=drop_to(account), uid=account.pw_uid)
        if works(dropped):
            return dropped
    raise Refusal(
        "PostgreSQL không chạy được bằng tài khoản này, và máy không cho đổi tài khoản "
        "(user namespace và setuid đều bị cấm). Hãy chạy ./kc bằng một tài khoản thường, "
        "hoặc đặt DATABASE_URL=postgres://… tới một máy chủ PostgreSQL."
    )


def has_account(uid: int) -> bool:
    """Whether `uid` has a name. initdb refuses to run for one that has none."""
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def unprivileged_account() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam("nobody")
    except KeyError:
        return next(account for account in pwd.getpwall() if account.pw_uid != 0)


def entry_into_namespace() -> Callable[[], None]:
    """Return a function that moves the calling process into a user namespace.

    Inside it has the number of an account that exists, for initdb's sake. Nothing outside
    changes: files it makes belong to the user who runs us.
    """
    named = [a.pw_uid for a in pwd.getpwall() if a.pw_uid not in (0, OVERFLOW_UID)]
    inside = named[0] if named else OVERFLOW_UID
    outside_uid, outside_gid = os.geteuid(), os.getegid()

    def enter() -> None:
        if libc.unshare(CLONE_NEWUSER) != 0:
            raise OSError(ctypes.get_errno(), "unshare")
        write("/proc/self/setgroups", "deny")  # the kernel's condition for the gid_map
        write("/proc/self/uid_map", f"{inside} {outside_uid} 1")
        write("/proc/self/gid_map", f"{inside} {outside_gid} 1")

    return enter


def write(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)


def drop_to(account: pwd.struct_passwd) -> Callable[[], None]:
    uid, gid = account.pw_uid, account.pw_gid

    def drop() -> None:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)

    return drop


def works(identity: Identity) -> bool:
    """Try it in a child, whose end tells."""
    assert identity.become is not None
    child = os.fork()
    if child == 0:
        try:
            identity.become()
        except BaseException:
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1] == 0

"""Celery's own command line, with pool processes that die with the worker.

Celery leaves them running when the worker is killed. And a worker that loses its broker in
the middle of a shutdown may wait for it for ever, so here the worker is killed, not asked,
when the launcher dies: tasks are acknowledged late, nothing that was promised is lost.
"""

import signal
import sys

from celery.__main__ import main
from celery.signals import worker_process_init

from khuyencong.local.processes import die_with_parent


@worker_process_init.connect
def die_with_the_worker(**_: object) -> None:
    die_with_parent(signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())

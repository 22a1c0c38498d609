"""Running jobs for ever, with Redis and without."""

from __future__ import annotations

import logging

from sync.errors import AssayError, ConfigurationError
from sync.jobs.bell import Bell
from sync.jobs.runner import Runner
from sync.jobs.trouble import Trouble

_log = logging.getLogger(__name__)

#: Seconds between two looks at the store: without Redis, and with it, where it wakes us.
PAUSE, LOOK = 2.0, 20.0


def serve(runner: Runner, bell: Bell, *, pause: float = PAUSE, look: float = LOOK) -> None:
    """Do what the store holds, then wait for more, until `runner.stop` is set.

    Args:
        runner: does the jobs.
        bell: wakes us, if it has an address.
        pause: seconds between two looks at the store without Redis, or while it is down.
        look: seconds between two looks with Redis, in which nothing should be found.

    Raises:
        ConfigurationError: the address of Redis cannot be read.
    """
    silent = Trouble(_log, "Redis answers again")
    while not runner.stop.is_set():
        try:
            if runner.run_one():
                continue
        except ConfigurationError:
            raise
        except AssayError as error:
            runner.away.lasts("no job is taken: %s", error)
        if not bell.url or not _listen(runner, bell, look, silent):
            runner.stop.wait(pause)


def _listen(runner: Runner, bell: Bell, seconds: float, silent: Trouble) -> bool:
    """Do one job that Redis tells of within that time; False if Redis cannot be asked."""
    from sync.jobs.listening import listen

    return listen(runner, bell, seconds, silent)

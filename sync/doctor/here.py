"""Looks at what is on our side: settings, store, disk."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from sync.doctor.finding import Warn
from sync.errors import Fatal
from sync.jobs.bell import Bell
from sync.settings import Settings
from sync.store import Store

#: Bytes that must be free, and that should be.
LEAST_FREE, FREE = 100 * 2**20, 2**30
#: How far clocks should and may be apart.
APART, FAR_APART = timedelta(seconds=5), timedelta(seconds=120)


def settings(found: Settings) -> str:
    """Say where they come from."""
    file = f"policy of {found.config}" if found.config.exists() else "the default policy"
    return f"valid; {file}, everything else in {found.home}"


def policy(found: Settings) -> str:
    """Read it.

    Raises:
        ConfigurationError: the file cannot be read, or a key or value in it is not allowed.
    """
    return f"valid, risk {found.policy.gate.risk}"


def store(found: Store) -> str:
    """Open it and write to it.

    Raises:
        AssayError: it cannot be opened or written.
    """
    found.try_write()
    number = len(found.projects())
    projects = f"{number} connected project{'' if number == 1 else 's'}"
    return f"opens, can be written, schema {found.schema}, {projects}"


def store_clock(found: Store, now: Callable[[], datetime]) -> str:
    """Hold the database's clock against ours.

    Raises:
        Fatal: they are so far apart that nobody can say how old a pass is.
        Warn: they are apart.
    """
    skew = _skew(found.clock, now)
    told = f"{skew.total_seconds():+.1f} s from ours"
    if abs(skew) > APART:
        text = f"the database's clock is {told}: let both machines keep time by NTP"
        raise (Fatal if abs(skew) > FAR_APART else Warn)(text)
    return told


def _skew(clock: Callable[[], datetime], now: Callable[[], datetime]) -> timedelta:
    """How far the clock is ahead of ours; the answer is taken for one of half way."""
    before = now()
    told = clock()
    return told - (before + (now() - before) / 2)


def redis(found: Settings) -> str:
    """Ask Redis whether it is there.

    Raises:
        ConfigurationError: its address cannot be read.
        Fatal: it refuses us.
        Warn: it does not answer, which workers do without.
    """
    from redis.exceptions import AuthenticationError, RedisError, ResponseError

    try:
        with Bell.of(found).connection() as connection:
            release = connection.info("server")["redis_version"]
    except (AuthenticationError, ResponseError) as error:
        raise Fatal(
            f"Redis refuses us ({type(error).__name__}): set user and password in ASSAY_REDIS_URL "
            "to those of an account that may use it"
        ) from None
    except (RedisError, OSError) as error:
        raise Warn(
            f"Redis does not answer ({type(error).__name__}), so workers ask the store every two "
            "seconds instead: start it, or mend or unset ASSAY_REDIS_URL"
        ) from None
    return f"version {release} answers"


def disk(found: Settings, file: Path | None) -> str:
    """See that there is room for models, and for the store if that is a file.

    Raises:
        Fatal: there is hardly any.
        Warn: there is little.
    """
    told = []
    for folder in sorted({_existing(found.home), _existing(file.parent if file else found.home)}):
        free = shutil.disk_usage(folder).free
        size = f"{free / 2**30:.1f} GB" if free >= FREE else f"{free / 2**20:.0f} MB"
        if free < FREE:
            text = f"{size} free at {folder}: make room there"
            raise (Fatal if free < LEAST_FREE else Warn)(
                f"{text}, or move ASSAY_HOME and the store to another disk"
            )
        told.append(f"{size} free at {folder}")
    return ", ".join(told)


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    whole = folder.absolute()
    return next(path for path in (whole, *whole.parents) if path.exists())

"""What went wrong, without what it went wrong on."""

from __future__ import annotations

import traceback
from pathlib import Path

from sync.errors import AssayError


def describe(error: BaseException) -> str:
    """An error of ours in its own words, any other by its kind and place.

    The text of a foreign exception may quote a task or an address, which do not belong in logs.
    """
    if isinstance(error, AssayError):
        return str(error)
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"

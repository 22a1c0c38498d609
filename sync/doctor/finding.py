"""One thing that was looked at, and what was found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from sync.errors import AssayError


class State(StrEnum):
    """Whether something has to be done."""

    OK = "ok"
    #: It works, and something should be done all the same.
    WARNING = "warning"
    WRONG = "wrong"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    what: str
    state: State
    #: What is there; where it is not ok, one sentence with what to do.
    detail: str


class Warn(Exception):
    """Raised by a look that found what works and should be mended; the text names the remedy."""


def look(what: str, looked: Callable[[], str]) -> Finding:
    """Look, and say what came of it.

    Args:
        what: is looked at.
        looked: says what is there. It raises `Warn`, or an AssayError where it is wrong.
    """
    try:
        return Finding(what=what, state=State.OK, detail=looked())
    except Warn as warning:
        return Finding(what=what, state=State.WARNING, detail=str(warning))
    except AssayError as error:
        return Finding(what=what, state=State.WRONG, detail=str(error))

"""How a request to an ML backend can fail, by what to do about it."""

from __future__ import annotations

from enum import StrEnum

import requests


class Kind(StrEnum):
    """What a failure says of the tasks that were asked."""

    #: Not answered in time: fewer tasks at once may be.
    SLOW = "slow"
    #: It is overloaded, or died under this request: try again, then with fewer tasks.
    BUSY = "busy"
    #: Nobody listens: try again, then give up on all.
    GONE = "gone"
    #: Wrong address, user or password: no task will be answered.
    DENIED = "denied"
    #: One of these tasks may be to blame.
    REFUSED = "refused"
    #: As many answers as tasks did not come, so nobody knows whose they are.
    MISCOUNT = "miscount"


class Failure(Exception):
    """A request that brought no answers."""

    def __init__(self, kind: Kind, reason: str, *, after: float | None = None) -> None:
        """`after` is how many seconds the backend asks to be left alone."""
        super().__init__(reason)
        self.kind, self.reason, self.after = kind, reason, after


def of_status(response: requests.Response) -> Failure | None:
    """The failure that a status tells; None where it tells none."""
    status = response.status_code
    if status < 300:
        return None
    reason = f"it answered {status}"
    if status in (401, 403):
        return Failure(Kind.DENIED, f"{reason}: check its user and password")
    if status in (404, 405):
        return Failure(Kind.DENIED, f"{reason}: check its address")
    if status < 400:
        return Failure(Kind.DENIED, f"{reason}, a redirect: give the address that it leads to")
    if status in (408, 504):
        return Failure(Kind.SLOW, reason)
    if status in (429, 502, 503):
        return Failure(Kind.BUSY, reason, after=_after(response))
    return Failure(Kind.REFUSED, reason)


def of_error(error: requests.RequestException) -> Failure:
    """The failure behind an error of the connection."""
    if isinstance(error, requests.ConnectTimeout) or _refused(error):
        return Failure(Kind.GONE, "connection failed")
    if isinstance(error, requests.Timeout) or "Read timed out" in str(error):
        return Failure(Kind.SLOW, "timed out")
    if isinstance(error, (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        return Failure(Kind.BUSY, "connection lost")
    return Failure(Kind.REFUSED, type(error).__name__)


def _refused(error: requests.RequestException) -> bool:
    """Whether no connection came about; requests wraps that in two of its kinds."""
    return "NewConnectionError" in repr(error) or "NameResolutionError" in repr(error)


def _after(response: requests.Response) -> float | None:
    value = response.headers.get("Retry-After", "")
    return float(value) if value.isascii() and value.isdigit() else None

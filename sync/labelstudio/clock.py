"""The time that a server tells with each of its answers."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from sync.errors import Retriable

#: Seconds.
_PATIENCE = 10


def told_time(url: str) -> datetime | None:
    """The time at which an address was answered, in whole seconds; None where that is not told.

    Raises:
        Retriable: there is no answer.
    """
    try:
        return date_of(httpx.get(url, timeout=_PATIENCE).headers)
    except httpx.HTTPError as error:
        kind = type(error).__name__
        raise Retriable(f"{url} does not answer ({kind}): see that the server runs") from None


def date_of(headers: httpx.Headers) -> datetime | None:
    """The server's clock in an answer, in whole seconds; None where that is not told."""
    try:
        return parsedate_to_datetime(headers.get("Date", "")).astimezone(UTC)
    except ValueError:
        return None

"""The time that a server tells with each of its answers."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx


def date_of(headers: httpx.Headers) -> datetime | None:
    """The server's clock in an answer, in whole seconds; None where that is not told."""
    try:
        return parsedate_to_datetime(headers.get("Date", "")).astimezone(UTC)
    except (ValueError, OverflowError):
        return None

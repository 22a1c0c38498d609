"""Logs: JSON lines for services, readable text for people, and no secrets in either."""

from sync.logs.setup import as_json, configure

__all__ = ["as_json", "configure"]

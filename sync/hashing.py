"""What tells one task's data from another's."""

from __future__ import annotations

import hashlib
import json

from sync.records import Json


def data_hash(data: Json, queue_field: str) -> str:
    """SHA-256, hexadecimal, of a task's data without Assay's own queue field."""
    content = {key: value for key, value in data.items() if key != queue_field}
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

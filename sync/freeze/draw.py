"""The draw: which tasks are validated, in which order, blind or shown.

Everything follows from one secret key per batch by HMAC-SHA-256, so that it can be checked
afterwards, and cannot be foreseen or chosen by anyone who does not hold the key.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable

from sync.records import Place, Role

#: Distance of two places of the queue in its numbering; the last digits are noise, so that
#: gold tasks, which are put between, look like the others.
_STEP = 1000


def draw(task_ids: Iterable[int], key: str, *, limit: int, blind_share: float) -> list[Place]:
    """The first `limit` places of the draw order.

    The order is that of HMAC(key, task id). Whether a task is blind is a draw of its own, so
    that the blind tasks in draw order are a simple random sample without replacement.

    Args:
        task_ids: the judged population of the batch.
        key: the batch's sampling key, hexadecimal.
        limit: how many tasks can ever be asked of people for this batch.
        blind_share: probability in (0, 1] that a task is blind.
    """
    ordered = sorted(task_ids, key=lambda task_id: _mac(key, str(task_id)))
    return [
        Place(task_id=task_id, position=position, role=_role(key, task_id, blind_share))
        for position, task_id in enumerate(ordered[:limit])
    ]


def queue_id(batch: str, key: str, task_id: int, position: int) -> str:
    """The value of the queue field of a validation task; sorting by it gives the draw order."""
    number = position * _STEP + _mac(key, f"queue{task_id}") % _STEP
    return f"{queue_mark(batch)} {number:09d}"


def gold_queue_id(batch: str, key: str, task_id: int, size: int) -> str:
    """The value of the queue field of a gold task, somewhere in the first `size` places."""
    number = _mac(key, f"gold{task_id}") % (max(size, 1) * _STEP)
    return f"{queue_mark(batch)} {number:09d}"


def queue_mark(batch: str) -> str:
    """What all queue fields of a batch begin with."""
    return f"[{batch}]"


def _role(key: str, task_id: int, blind_share: float) -> Role:
    return Role.BLIND if _mac(key, f"role{task_id}") < blind_share * 2**256 else Role.SHOWN


def _mac(key: str, message: str) -> int:
    return int.from_bytes(hmac.digest(bytes.fromhex(key), message.encode(), "sha256"))

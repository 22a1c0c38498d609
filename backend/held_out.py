"""Labelled tasks that no version ever learns from, so that versions compare on the same ones."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from backend.disk import replace_text

#: Labelled tasks from which on some are held out, their share of all, and the most.
FEWEST, SHARE, MOST = 100, 0.15, 500

_FILE = "held_out.json"


@dataclass(frozen=True, kw_only=True)
class HeldOut:
    """Hashes of tasks' data."""

    held: tuple[str, ...] = ()
    #: Those that would have been held out, had they not been learned from before there were enough.
    used: tuple[str, ...] = ()

    def grown(self, labelled: Collection[str]) -> HeldOut:
        """With the tasks that were labelled since.

        A task's own hash says whether it may be held out, so that nobody chooses; while there is
        room, none of those is ever learned from.
        """
        able = {h for h in labelled if _place(h) < SHARE} - set(self.held) - set(self.used)
        ordered = sorted(able, key=_place)
        if len(labelled) < FEWEST:
            return HeldOut(held=self.held, used=(*self.used, *ordered))
        return HeldOut(held=(*self.held, *ordered)[: max(MOST, len(self.held))], used=self.used)


def _place(data_hash: str) -> float:
    """A number in [0, 1) that follows from the hash, and says nothing of the data."""
    digest = hashlib.sha256(b"held out " + data_hash.encode()).digest()
    return int.from_bytes(digest[:8]) / 2**64


def read_held_out(folder: Path) -> HeldOut:
    """What a project's folder remembers."""
    try:
        found = json.loads((folder / _FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return HeldOut()
    return HeldOut(held=tuple(found["held"]), used=tuple(found["used"]))


def write_held_out(folder: Path, held_out: HeldOut) -> None:
    """Remember it, before anything is learned."""
    folder.mkdir(parents=True, exist_ok=True)
    content = {"held": held_out.held, "used": held_out.used}
    replace_text(folder / _FILE, json.dumps(content, indent=0))

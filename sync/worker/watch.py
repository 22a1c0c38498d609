"""When a project is due: after a pause, after Label Studio's hint, later after failures."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime

from sync.labelstudio.listing import Look
from sync.records import PassState
from sync.worker.judging import Memory

#: Longest pause after repeated failures, seconds.
LONGEST_PAUSE = 60.0
#: Seconds between two passes that hints ask for, at least, and how many times the last one's time.
SHORTEST_GAP, GAP = 0.5, 2.0
#: A pause is shorter by up to this share, so that workers that share projects take turns.
_SPREAD = 0.1


@dataclass(kw_only=True)
class Watched:
    """What this process knows of a project between two visits; seconds are of one clock."""

    project_id: int
    #: When to go there next; at once, at first.
    due: float = 0.0
    running: bool = False
    #: Passes in a row that failed.
    failures: int = 0
    #: The last error, while passes fail.
    error: Exception | None = None
    #: Whether a visit has ended, this way or that.
    tried: bool = False
    hinted: datetime | None = None
    #: When any worker's last pass ended, as it stands in the store.
    ended: datetime | None = None
    #: When that was seen here, and how long the last pass here took, seconds.
    seen: float = 0.0
    took: float = 0.0
    #: What Label Studio looked like before the last full pass, and when that was.
    look: Look | None = None
    full: float = 0.0
    #: One full pass more is due at this time.
    settles: float = 0.0
    #: What was judged, and from what.
    memory: Memory = field(default_factory=Memory)
    _rng: random.Random = field(default_factory=random.Random)

    def observe(
        self, hinted: datetime | None, state: PassState | None, now: float, poll: float
    ) -> None:
        """Take in what the store says: another worker's pass puts ours off, a hint brings it on."""
        ended = state.ended_at if state else None
        if ended != self.ended:
            self.ended, self.seen = ended, now
            if state and self.tried:
                self.failures = state.failures
                self.due = now + self._pause(poll)
        if hinted != self.hinted:
            self.hinted = hinted
            if not self.failures:
                gap = min(poll, max(SHORTEST_GAP, GAP * self.took))
                self.due = min(self.due, max(now, self.seen + gap))

    def rest(self, now: float, poll: float) -> None:
        """Come again after the usual pause, or after a longer one for each failure in a row."""
        self.running, self.tried = False, True
        self.due = now + self._pause(poll)

    def _pause(self, poll: float) -> float:
        longest = max(poll, LONGEST_PAUSE)
        seconds = min(poll * 2 ** min(self.failures, 16), longest) if self.failures else poll
        return seconds * self._rng.uniform(1 - _SPREAD, 1)

    def is_idle(self, look: Look, now: float, longest: float) -> bool:
        """Whether nothing changed since the last full pass, which is not too long ago."""
        # In between all could not be seen yet: what comes late is looked for once, at the end.
        settled = self.full >= self.settles or now < self.settles
        return look == self.look and settled and now < self.full + longest

    def passed(self, look: Look, began: float, took: float, settle: float) -> None:
        """A full pass went through that began at `began`."""
        if look != self.look:
            self.settles = began + settle
        self.look, self.full, self.took = look, began, took
        self.failures, self.error = 0, None

    def forget(self) -> None:
        """What was known may be wrong: another one worked here."""
        self.look = None

"""The worker: one pass is pull, gate, push; and it runs for ever."""

from sync.worker.judging import Memory, judge
from sync.worker.loop import run
from sync.worker.once import Pass, anchoring, one_pass
from sync.worker.told import Told
from sync.worker.visit import Observer

__all__ = ["Memory", "Observer", "Pass", "Told", "anchoring", "judge", "one_pass", "run"]

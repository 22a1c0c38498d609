"""Push: the verdicts onto the project's card, its colour and its tabs."""

from sync.push.push import push, restore

__all__ = ["push", "restore"]

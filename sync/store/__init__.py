"""The store: the mirror of Label Studio, the frozen batches and the verdicts."""

from sync.store.store import Store

__all__ = ["Store"]

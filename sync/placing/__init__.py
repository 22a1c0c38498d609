"""Candidates on their way from a generator into Label Studio."""

from sync.placing.candidates import candidates
from sync.placing.place import place, portions, settle
from sync.placing.priority import prioritised

__all__ = ["candidates", "place", "portions", "prioritised", "settle"]

"""Candidates on their way from a generator into Label Studio."""

from sync.placing.candidates import candidates
from sync.placing.place import place, portions, settle

__all__ = ["candidates", "place", "portions", "settle"]

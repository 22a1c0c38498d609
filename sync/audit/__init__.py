"""Auditing an export of Label Studio: no server, no store, nothing written."""

from sync.audit.export import Export, SetAside, assemble
from sync.audit.infer import infer
from sync.audit.reader import read_tasks

__all__ = ["Export", "SetAside", "assemble", "infer", "read_tasks"]

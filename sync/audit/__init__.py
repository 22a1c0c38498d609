"""Auditing an export of Label Studio: no server, no store, nothing written."""

from sync.audit.export import Export, assemble
from sync.audit.infer import infer
from sync.audit.reader import read_tasks
from sync.audit.tasks import SetAside

__all__ = ["Export", "SetAside", "assemble", "infer", "read_tasks"]

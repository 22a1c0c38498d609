"""Auditing an export of Label Studio: no server, no store, nothing written."""

from sync.audit.audit import Audit, audit
from sync.audit.export import Export, assemble
from sync.audit.infer import infer
from sync.audit.reader import read_tasks
from sync.audit.tasks import SetAside

__all__ = ["Audit", "Export", "SetAside", "assemble", "audit", "infer", "read_tasks"]

"""The gate: pure functions from evidence to a verdict."""

from sync.gating.gate import gate

__all__ = ["gate"]

"""The command `assay`."""

from sync.cli.root import main

__all__ = ["main"]

"""`assay store`: the store itself."""

from __future__ import annotations

import click

from sync.cli.copies import backup, restore
from sync.cli.proof import check, rebuild


@click.group()
def store() -> None:
    """Prove, make anew, back up and restore what Assay holds."""


store.add_command(check)
store.add_command(rebuild)
store.add_command(backup)
store.add_command(restore)

"""`assay store`: the store itself."""

from __future__ import annotations

import click

from sync.cli.copies import backup, restore


@click.group()
def store() -> None:
    """Back up and restore the store."""


store.add_command(backup)
store.add_command(restore)

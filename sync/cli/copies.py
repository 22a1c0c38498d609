"""`assay store backup` and `assay store restore`."""

from __future__ import annotations

from pathlib import Path

import click

from sync.cli.root import App, with_app

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("file", type=_FILE)
@with_app
def backup(app: App, file: Path) -> None:
    """Copy the store, as it is at one moment, into a new FILE; the worker goes on meanwhile."""
    from sync.store.copies import backup

    backup(app.settings.store_url, file)
    click.echo(f"the store is in {file}; it holds the secret keys of the draws, so guard it")


@click.command()
@click.argument("file", type=_FILE)
@with_app
def restore(app: App, file: Path) -> None:
    """Put a backup in the place of the store; stop worker and backend first."""
    from sync.store.copies import restore
    from sync.worker.once import utc_now

    kept = restore(app.settings.store_url, file, utc_now())
    if kept is not None:
        click.echo(f"the store that was there is kept as {kept}")
    click.echo(f"the store is as it was in {file}; the next sync reads what came since")

"""A command as a job's process: `python -m sync.cli.child COMMAND …`."""

from __future__ import annotations

import sys

import click

from sync.cli.root import main
from sync.errors import describe
from sync.jobs.child import HELD, PASSING
from sync.jobs.leash import hold_on


def child() -> None:
    """Run the command line; the exit code says whether the same may work later."""
    hold_on()
    try:
        main(passing=PASSING, held=HELD, service="jobs")
    except Exception as error:
        click.echo(f"assay: {describe(error)}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    child()

"""What commands that run for ever share: their log, and their metrics."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from sync.cli.root import App

if TYPE_CHECKING:
    from sync.metrics import Counted

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Service:
    """A command that runs for ever."""

    counted: Counted
    #: Whether a person reads along: then sentences are printed, and else logged as fields.
    aloud: bool

    def say(self, text: str) -> None:
        """Tell a person, or the log."""
        if self.aloud:
            click.echo(text)
        else:
            _log.info(text)


@contextmanager
def service(app: App, name: str) -> Iterator[Service]:
    """Set up the log, and serve `/metrics` where the settings ask for it, while the block runs.

    Args:
        app: with settings and store.
        name: stands in each line of the log.

    Raises:
        ConfigurationError: nothing can listen at the address of the metrics.
    """
    from sync import logs
    from sync.clock import utc_now
    from sync.metrics import Counted, Standing, serve

    settings = app.settings
    logs.configure(settings.log_level, settings.log_format, name)
    counted = Counted()
    counted.registry.register(Standing(app.store, utc_now))
    with serve(settings, counted.registry):
        yield Service(counted, aloud=not logs.as_json(settings.log_format))

"""The root command, and what all commands share: wiring, errors, exit codes.

Heavy imports stand inside the commands, so that `assay --help` answers at once.
"""

from __future__ import annotations

import gc
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial, wraps
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from sync.errors import AssayError, ConfigurationError, Held, Retriable

if TYPE_CHECKING:
    from sync.labelstudio import LabelStudio
    from sync.lease import Leases
    from sync.pull import Fields, Pulled
    from sync.settings import Settings
    from sync.store import Store

#: Exit codes besides 0 (done, PASS) and 1 (anything else).
HOLD, MORE, USAGE = 10, 11, 2

#: By what they are for, commands and the module that defines each as a function of its name.
_GROUPS = {
    "Before anything is installed": {"audit": "sync.cli.audit", "demo": "sync.cli.demo"},
    "First day": {
        "backend": "sync.cli.backend",
        "doctor": "sync.cli.connection",
        "start": "sync.cli.start",
        "connect": "sync.cli.connection",
        "disconnect": "sync.cli.connection",
    },
    "Batches": {
        "gold": "sync.cli.gold",
        "freeze": "sync.cli.batches",
        "prefill": "sync.cli.prefill",
        "sync": "sync.cli.passes",
        "gate": "sync.cli.passes",
        "promote": "sync.cli.batches",
    },
    "For ever": {"run": "sync.cli.passes", "worker": "sync.cli.jobs"},
    "How it stands": {
        "status": "sync.cli.status",
        "health": "sync.cli.health",
        "jobs": "sync.cli.jobs",
        "store": "sync.cli.store",
    },
    "When people have labelled more": {"train": "sync.cli.models", "models": "sync.cli.models"},
}
_COMMANDS = {name: module for group in _GROUPS.values() for name, module in group.items()}
#: Characters of what a command is summed up in, on the page of all.
_SUMMARY = 150


class _Lazy(click.Group):
    """Imports a command's module when it is named, not before."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands in the order of a team's first day."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        if cmd_name not in _COMMANDS:
            return None
        found = getattr(import_module(_COMMANDS[cmd_name]), cmd_name)
        return found if isinstance(found, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands by what they are for."""
        for title, names in _GROUPS.items():
            found = {name: self.get_command(ctx, name) for name in names}
            rows = [(n, c.get_short_help_str(_SUMMARY)) for n, c in found.items() if c is not None]
            with formatter.section(title):
                formatter.write_dl(rows)


@dataclass(frozen=True)
class App:
    """What a command works with, made when it is first needed."""

    @cached_property
    def settings(self) -> Settings:
        """The settings from environment and file."""
        from sync.settings import Settings

        return Settings.load()

    @cached_property
    def stop(self) -> threading.Event:
        """Set it to end what waits for Label Studio."""
        return threading.Event()

    @cached_property
    def server(self) -> LabelStudio:
        """Label Studio under the team's key."""
        from sync.labelstudio import LabelStudio

        key = self.settings.require("label_studio_api_key")
        return LabelStudio(self.settings.label_studio_url, key, sleep=self.stop.wait)

    @cached_property
    def store(self) -> Store:
        """Assay's store."""
        from sync.store import Store

        return Store.open(self.settings.store_url)

    def close(self) -> None:
        """Close what was opened."""
        for opened in ("store", "server"):
            if opened in self.__dict__:
                getattr(self, opened).close()

    @property
    def fields(self) -> Fields:
        """Names of the task-data fields that Assay reads."""
        from sync.pull import Fields

        return Fields(batch=self.settings.batch_field, queue=self.settings.queue_field)

    def project_id(self, given: int | None) -> int:
        """The project of `--project`, of ASSAY_PROJECT, or the only connected one.

        Raises:
            ConfigurationError: none is given and not exactly one is connected.
        """
        if given is not None:
            return given
        if self.settings.project is not None:
            return self.settings.project
        known = self.store.projects()
        if len(known) == 1:
            return known[0].project_id
        names = ", ".join(str(p.project_id) for p in known) or "none"
        raise ConfigurationError(
            f"which project? Give --project or set ASSAY_PROJECT (connected: {names})"
        )

    @contextmanager
    def writing(self, project_id: int, patience: float | None = None) -> Iterator[Store]:
        """The store for writing about a project, while no worker and no other command does.

        Raises:
            Held: another process did for `patience` seconds.
        """
        from sync.lease import PATIENCE

        with self._leases() as leases:
            wait = PATIENCE if patience is None else patience
            tell = partial(click.echo, err=True)
            with leases.hold(project_id, wait, tell) as store:
                yield store

    def _leases(self) -> Leases:
        from sync.lease import Leases

        return Leases(self.store, f"assay {click.get_current_context().info_name}")

    def pull(self, project_id: int, store: Store | None = None) -> Pulled:
        """Bring the mirror up to date, telling how far it is; `store` if we hold the project."""
        if store is None:
            with self.writing(project_id) as held:
                return self.pull(project_id, held)
        from sync.cli.show import Progress
        from sync.pull import pull
        from sync.worker.once import utc_now

        progress = Progress()
        try:
            return pull(
                self.server,
                store,
                project_id,
                self.fields,
                utc_now,
                sweep_seconds=self.settings.sweep_seconds,
                progress=lambda tasks: progress.count("tasks read", tasks),
            )
        finally:
            progress.close()


pass_app = click.make_pass_decorator(App, ensure=True)

project_option = click.option(
    "--project",
    type=int,
    metavar="ID",
    help="Label Studio's project id; default ASSAY_PROJECT, or the only connected project.",
)


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="label-studio-assay")
def assay() -> None:
    """Decide which batches of machine-made labels are good enough to train on.

    In this order:  backend › doctor › start › connect › gold add › freeze › run › promote.
    When something seems wrong:  status › doctor › store check.

    Settings come from ASSAY_* environment variables, the policy from assay.toml.

    Exit codes: 0 done or PASS, 10 HOLD, 11 MORE, 2 usage or configuration, 1 anything else.
    """


def main(passing: int = 1, held: int = 1, service: str = "") -> None:
    """Run the command line; every expected error is one sentence on stderr.

    Args:
        passing: the exit code where the same command may work later.
        held: the exit code where another process works on the project.
        service: in whose name it writes its log; "" for a command of a person.
    """
    collect_seldom()
    try:
        _log(service)
        assay.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(USAGE)
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except ConfigurationError as error:
        click.echo(f"assay: {error}", err=True)
        sys.exit(USAGE)
    except AssayError as error:
        click.echo(f"assay: {error}", err=True)
        passes = held if isinstance(error, Held) else passing
        sys.exit(passes if isinstance(error, Retriable) else 1)
    except (KeyboardInterrupt, click.Abort):
        click.echo("stopped; what was done is kept, run the command again to go on", err=True)
        sys.exit(130)


def collect_seldom() -> None:
    """Look for garbage that holds itself less often.

    Thousands of records are made at once and live on: each look goes through all of them, for
    nothing.
    """
    gc.set_threshold(100_000, 20, 20)


def _log(service: str) -> None:
    from sync import logs

    # Settings are not read yet: what is wrong with them is said by the command that needs them.
    level = os.environ.get("ASSAY_LOG_LEVEL", "WARNING").upper()
    known = level if level in ("DEBUG", "INFO", "WARNING", "ERROR") else "WARNING"
    logs.configure(known, os.environ.get("ASSAY_LOG_FORMAT", "auto").lower(), service)


def with_app(command: Callable[..., Any]) -> Callable[..., Any]:
    """Hand the command the App as its first argument, and close the store after it."""

    @wraps(command)
    @pass_app
    def wrapped(app: App, *args: Any, **kwargs: Any) -> Any:
        try:
            return command(app, *args, **kwargs)
        finally:
            app.close()

    return wrapped

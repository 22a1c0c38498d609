"""assay demo."""

from __future__ import annotations

import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sync.cli.passes import verdict_table

if TYPE_CHECKING:
    from sync.demo.label_studio import Server
    from sync.demo.story import Story
    from sync.settings import Settings
    from sync.store import Store


@click.command()
@click.option("--once", is_flag=True, help="End when all is shown, instead of waiting for Ctrl-C.")
@click.option(
    "--data",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help='Texts instead of digits: JSON lines of {"data": {"text": …}, "gold": "label"}.',
)
def demo(once: bool, data: Path | None) -> None:
    """Show the whole loop on a Label Studio of its own, with simulated annotators.

    Starts Label Studio and the ML backend on free loopback ports, plants gold, freezes three
    batches, has five simulated annotators label, and shows HOLD, PASS and MORE on the project.
    Everything it starts and writes is gone when it ends. Needs Label Studio in
    .label-studio/env, where `make demo` installs it.
    """
    # Not by raising SIGINT, which a shell's background jobs ignore.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # Nothing of the team's own settings may reach the demonstration, nor the reverse.
    for name in [name for name in os.environ if name.startswith("ASSAY_")]:
        del os.environ[name]
    say = _narrator()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="assay-demo-")))
        site, settings, store = stack.enter_context(_running(folder, say))
        from sync.demo import inputs
        from sync.demo.story import Story

        chosen = inputs.texts(data, seed=1) if data else inputs.digits(seed=1)
        say(f"{chosen.title}: {len(chosen.items)} items of {len(chosen.labels)} labels")
        story = Story(chosen, site, settings, store, say)
        stack.callback(story.close)
        outcome = story.play()
        click.echo("\n" + verdict_table(outcome.verdicts))
        for verdict in outcome.verdicts.values():
            click.echo(f"{verdict.batch}: {verdict.sentence}")
        click.echo(
            f"\nSee it: {site.url}/projects/{story.project_id}/data\n"
            f"Log in: {site.account.email} · {site.account.password}"
        )
        if not once:
            click.echo("Labels that you add are judged as they come. Ctrl-C ends everything.")
            _keep_judging(story)
    click.echo("everything is stopped and removed")


def _narrator() -> Callable[[str], None]:
    began = time.monotonic()

    def say(text: str) -> None:
        click.echo(f"[{time.monotonic() - began:5.1f} s] {text}")

    return say


@contextmanager
def _running(folder: Path, say: Callable[[str], None]) -> Iterator[tuple[Server, Settings, Store]]:
    """Label Studio and the backend, with settings and a store for them."""
    import secrets

    from sync.demo.label_studio import account_of, label_studio
    from sync.demo.processes import free_port, start_backend
    from sync.settings import Settings
    from sync.store import Store

    told = [0.0]

    def tell(waited: float) -> None:
        if waited - told[0] >= 5:
            told[0] = waited
            say(f"Label Studio is starting ({waited:.0f} s; the first start takes a minute)")

    say("starting Label Studio and the ML backend")
    account, port, backend_port = account_of(tell=tell), free_port(), free_port()
    os.environ.update(
        {
            "ASSAY_LABEL_STUDIO_URL": f"http://127.0.0.1:{port}",
            "ASSAY_LABEL_STUDIO_API_KEY": account.token,
            "ASSAY_HOME": str(folder / "assay"),
            "ASSAY_BACKEND_URL": f"http://127.0.0.1:{backend_port}",
            "ASSAY_BACKEND_PASSWORD": secrets.token_urlsafe(16),
            "ASSAY_POLL_SECONDS": "1",
        }
    )
    settings = Settings.load()
    own = {name: value for name, value in os.environ.items() if name.startswith("ASSAY_")}
    with (
        start_backend(backend_port, own, folder / "backend.log") as backend,
        label_studio(folder / "label-studio", tell=tell, port=port) as site,
        Store.open(settings.store_url) as store,
    ):
        say(f"Label Studio runs at {site.url}")
        backend.wait_for(f"{settings.backend_url}/health", 60)
        say(f"the ML backend runs at {settings.backend_url}")
        yield site, settings, store


def _keep_judging(story: Story) -> None:
    from sync.worker import run

    stop = threading.Event()
    signal.signal(signal.SIGINT, lambda *_: stop.set())
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    run(story.lead, story.store, story.settings, stop, only=story.project_id)

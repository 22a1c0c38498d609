"""assay sync, gate, run."""

from __future__ import annotations

import json
import math
import sys
from typing import TYPE_CHECKING

import click

from sync.cli.root import HOLD, MORE, App, project_option, with_app
from sync.cli.service import service
from sync.cli.show import Progress, table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sync.gating.verdict import Verdict
    from sync.worker import Observer, Pass


def verdict_table(verdicts: Mapping[str, Verdict]) -> str:
    """One row a batch."""
    return table(
        ["batch", "verdict", "blind", "accepted", "bounds", "gold", "agreement", "labels left"],
        [_row(verdict) for verdict in verdicts.values()],
    )


def _row(verdict: Verdict) -> list[object]:
    accepted, gold = verdict.criterion("acceptance"), verdict.criterion("gold")
    agreement = verdict.criterion("agreement")
    bounds = "–"
    if accepted and accepted.lower is not None and accepted.upper is not None:
        # Rounded outwards: the table must not promise more than is known.
        low, high = math.floor(accepted.lower * 1e3) / 1e3, math.ceil(accepted.upper * 1e3) / 1e3
        bounds = f"{low:.3f}–{high:.3f} / {accepted.threshold:.2f}"
    return [
        verdict.batch,
        verdict.state,
        f"{verdict.blind_answered}/{verdict.blind_asked}",
        f"{verdict.accepted:g}",
        bounds,
        _number(gold.estimate if gold else None),
        _number(agreement.estimate if agreement else None),
        "–" if verdict.labels_left is None else verdict.labels_left,
    ]


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def exit_code(verdicts: Mapping[str, Verdict]) -> int:
    """0 if all passed, 10 if any is held, else 11."""
    states = {verdict.state.value for verdict in verdicts.values()}
    if "HOLD" in states:
        return HOLD
    return MORE if "MORE" in states else 0


@click.command()
@project_option
@click.option("--rebuild", is_flag=True, help="Read everything again, not only what changed.")
@with_app
def sync(app: App, project: int | None, rebuild: bool) -> None:
    """Pull what changed in Label Studio into Assay's store."""
    from sync.pull import rebuild as forget

    project_id = app.project_id(project)
    with app.writing(project_id) as store:
        if rebuild:
            forget(store, project_id)
        pulled = app.pull(project_id, store)
    aside = len(app.store.set_aside(project_id))
    click.echo(
        f"{pulled.tasks} tasks read, {pulled.deleted} deleted"
        + (f", {aside} items set aside (assay status shows why)" if aside else "")
    )


@click.command()
@project_option
@click.option("--batch", help="Exit by this batch's verdict only; default all batches.")
@click.option("--json", "as_json", is_flag=True, help="Print the verdicts as JSON, by batch.")
@with_app
def gate(app: App, project: int | None, batch: str | None, as_json: bool) -> None:
    """Pull, judge every frozen batch, and write the verdicts onto the project.

    Exits with 0 for PASS, 10 for HOLD, 11 for MORE (the worst of the batches).
    """
    from sync.errors import ConfigurationError
    from sync.worker import one_pass

    project_id = app.project_id(project)
    progress = Progress()
    with app.writing(project_id) as store:
        outcome = one_pass(
            app.server,
            store,
            app.settings,
            project_id,
            progress=lambda n: progress.count("tasks read", n),
        )
    progress.close()
    if not outcome.verdicts:
        raise ConfigurationError(f"project {project_id} has no frozen batch: run assay freeze")
    if batch is not None and batch not in outcome.verdicts:
        known = ", ".join(outcome.verdicts)
        raise ConfigurationError(f"no frozen batch {batch!r} (frozen: {known}): name one of these")
    chosen = {batch: outcome.verdicts[batch]} if batch else outcome.verdicts
    if as_json:
        found = {name: verdict.to_dict() for name, verdict in chosen.items()}
        click.echo(json.dumps(found, indent=1))
    else:
        _tell(chosen, outcome)
    sys.exit(exit_code(chosen))


def _tell(chosen: Mapping[str, Verdict], outcome: Pass) -> None:
    click.echo(verdict_table(chosen))
    for verdict in chosen.values():
        click.echo(f"{verdict.batch}: {verdict.sentence}")
        if verdict.regression is not None and verdict.regression.worse:
            click.echo(f"{verdict.batch}: {verdict.regression.sentence}")
    for name, number in outcome.extended.items():
        click.echo(f"{name}: {number} tasks more in the queue")


@click.command()
@click.option(
    "--project",
    type=int,
    metavar="ID",
    help="Serve this project only; default ASSAY_PROJECT, or all that are connected.",
)
@with_app
def run(app: App, project: int | None) -> None:
    """Pull, judge and write for ever, for all connected projects; Ctrl-C or SIGTERM stops.

    Several workers on one store share the projects. Those connected or disconnected meanwhile
    are taken up or left; one that fails is tried again, and does not keep the others back.
    """
    import signal

    from sync.worker import Told
    from sync.worker import run as loop

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: app.stop.set())
    only = project if project is not None else app.settings.project
    which = "all connected projects" if only is None else f"project {only}"
    with service(app, "worker") as served:
        app.server.watch(served.counted.requested)
        told = Told(served.counted, _teller() if served.aloud else None)
        served.say(f"watching {which}; Ctrl-C stops")
        loop(app.server, app.store, app.settings, app.stop, only=only, observer=told)
        served.say("stopped")


def _teller() -> Observer:
    """Prints what changed."""
    from sync.worker import Observer

    last: dict[int, list[str]] = {}

    class Teller(Observer):
        def passed(self, project_id: int, outcome: Pass, seconds: float, lag: float | None) -> None:
            now = [f"project {project_id}, {_sentence(v)}" for v in outcome.verdicts.values()]
            for line in now:
                if line not in last.get(project_id, ()):
                    click.echo(line)
            last[project_id] = now

        def failed(self, project_id: int, kind: str, error: str) -> None:
            end = "will try again" if kind == "retriable" else "cannot go on; will look again"
            click.echo(f"project {project_id}: {error} ({end})", err=True)

        def waiting(self, reason: str) -> None:
            click.echo(reason, err=True)

    return Teller()


def _sentence(verdict: Verdict) -> str:
    return f"{verdict.batch}: {verdict.sentence}"

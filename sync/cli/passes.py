"""assay sync, gate, run."""

from __future__ import annotations

import json
import math
import sys
from typing import TYPE_CHECKING

import click

from sync.cli.root import HOLD, MORE, App, project_option, with_app
from sync.cli.show import Progress, table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sync.gating.verdict import Verdict
    from sync.worker import Pass


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
    if rebuild:
        forget(app.store, project_id)
    pulled = app.pull(project_id)
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
    outcome = one_pass(
        app.server,
        app.store,
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
@project_option
@with_app
def run(app: App, project: int | None) -> None:
    """Pull, judge and write for ever; Ctrl-C or SIGTERM stops after the step at hand.

    One worker a project: a second one waits until the first has ended.
    """
    import signal
    import threading

    from sync.worker import run as loop

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    project_id = app.project_id(project)
    click.echo(f"watching project {project_id}; Ctrl-C stops")
    last: list[str] = []

    def report(outcome: Pass) -> None:
        now = [f"{v.batch}: {v.sentence}" for v in outcome.verdicts.values()]
        for line in now:
            if line not in last:
                click.echo(line)
        last[:] = now

    def waiting(reason: str) -> None:
        click.echo(reason, err=True)

    loop(app.server, app.store, app.settings, project_id, stop, report=report, waiting=waiting)
    click.echo("stopped")

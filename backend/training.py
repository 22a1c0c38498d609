"""Training, in a process of its own: `python -m backend.training PROJECT`."""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

import label_configs
from backend.engines import ENGINES, FEWEST, Example, Surroundings, Unfit
from backend.faults import describe
from backend.options import chosen
from backend.registry import Registry
from backend.status import write_status
from backend.uploads import uploads_of
from label_configs import LabelConfig
from sync.errors import ConfigurationError, Fatal, Skippable
from sync.settings import Settings
from sync.store import Store


def train_now(settings: Settings, project_id: int) -> dict[str, Any]:
    """Train on the project's human labels and publish the model.

    Returns:
        The model's account: version, engine, counts, hashes.

    Raises:
        Fatal: the project is not connected, no engine fits, or too little is labelled.
    """
    with Store.open(settings.store_url) as store:
        project = store.project(project_id)
        if project is None:
            raise Fatal(f"Assay is not connected to project {project_id}")
        config = label_configs.parse(project.label_config)
        engine = chosen(settings, project_id, config)
        served = ENGINES[engine.name].serves(config, engine.options)
        examples, hashes = _examples(store, project_id, config, served)
    if len(examples) < FEWEST:
        raise Fatal(
            f"{len(examples)} tasks outside the validation sample and gold are labelled: at "
            f"least {FEWEST} are needed to train"
        )
    seed = int.from_bytes(hashlib.sha256("".join(hashes).encode()).digest()[:8])
    try:
        around = Surroundings(
            options=engine.options,
            fetch=uploads_of(settings),
            settings=settings,
            project_id=project_id,
        )
        learned = ENGINES[engine.name].fit(examples, config, np.random.default_rng(seed), around)
    except Unfit as error:
        raise Fatal(str(error)) from None
    meta = {
        "trained_at": datetime.now(UTC).isoformat(),
        "examples": len(examples),
        "label_config": hashlib.sha256(config.xml.encode()).hexdigest(),
        "training_set": hashlib.sha256("\n".join(hashes).encode()).hexdigest(),
    }
    version = Registry(settings.home / "models").publish(project_id, engine.name, learned, meta)
    return meta | {"version": version, "engine": engine.name}


def _examples(
    store: Store, project_id: int, config: LabelConfig, served: Sequence[str]
) -> tuple[list[Example], list[str]]:
    """One example a task, each control's most frequent value, with the hashes of their data.

    The store leaves out validation sample and gold; here also go their exact copies.
    """
    held_out = store.held_out_hashes(project_id)
    votes: dict[int, dict[str, Counter[Any]]] = {}
    data: dict[int, tuple[dict[str, Any], str]] = {}
    for task, annotation in store.training_rows(project_id):
        if task.data_hash in held_out:
            continue
        try:
            values = label_configs.read(config, annotation.result, task.data)
        except Skippable:
            continue
        for name in served:
            if name in values:
                given = votes.setdefault(task.task_id, {}).setdefault(name, Counter())
                given[values[name]] += 1
                data[task.task_id] = (task.data, task.data_hash)
    examples = [
        Example(
            data=data[task_id][0],
            values={name: counts.most_common(1)[0][0] for name, counts in given.items()},
        )
        for task_id, given in votes.items()
    ]
    return examples, [data[task_id][1] for task_id in votes]


@contextmanager
def _alone(home: Path, project_id: int) -> Iterator[None]:
    """Wait until no other process trains the project; the lock goes with the process."""
    folder = home / "models" / str(project_id)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".training").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def train_and_tell(settings: Settings, project_id: int) -> str | None:
    """Train and leave a status; why it failed, if it did."""
    with _alone(settings.home, project_id):
        started = datetime.now(UTC).isoformat()
        write_status(settings.home, project_id, state="running", started=started)
        try:
            told = {"state": "done", **train_now(settings, project_id)}
        except Exception as error:
            told = {"state": "failed", "reason": describe(error)}
        ended = datetime.now(UTC).isoformat()
        write_status(settings.home, project_id, started=started, ended=ended, **told)
        return told.get("reason")


def main() -> int:
    """Train one project's model from its human labels."""
    parser = argparse.ArgumentParser(prog="python -m backend.training", description=main.__doc__)
    parser.add_argument("project", type=int, help="Label Studio's id of the project")
    project_id = parser.parse_args().project
    # Whoever labels waits for the backend, and nobody waits for this.
    os.nice(10)
    try:
        failed = train_and_tell(Settings.load(), project_id)
    except ConfigurationError as error:
        print(f"assay training: {error}", file=sys.stderr)
        return 2
    if failed:
        print(f"assay training of project {project_id}: {failed}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

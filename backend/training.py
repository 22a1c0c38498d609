"""Training, in a process of its own: `python -m backend.training PROJECT`."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import threading
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

import label_configs
from backend.engines import ENGINES, Example, Unfit
from backend.engines.base import single_choice
from backend.pixels import use_uploads
from backend.registry import Registry
from label_configs import LabelConfig
from sync.errors import AssayError, Fatal, Skippable
from sync.settings import Settings
from sync.store import Store

#: Labelled tasks without which nothing is learned.
FEWEST = 10


def engine_for(config: LabelConfig) -> str:
    """The name of the engine that fits a label config.

    Raises:
        Fatal: none does.
    """
    for name, engine in ENGINES.items():
        if engine.fits(config):
            return name
    raise Fatal(
        "no engine fits the label config: there are engines for one single Choices over Text "
        "or over one Image; connect another ML backend with ASSAY_GENERATOR_URL"
    )


def train_now(settings: Settings, project_id: int) -> dict[str, Any]:
    """Train on the project's human labels and publish the model.

    Returns:
        The model's account: version, engine, counts, hashes.

    Raises:
        Fatal: the project is not connected, no engine fits, or too little is labelled.
    """
    use_uploads(settings)
    with Store.open(settings.store_url) as store:
        project = store.project(project_id)
        if project is None:
            raise Fatal(f"Assay is not connected to project {project_id}")
        config = label_configs.parse(project.label_config)
        name = engine_for(config)
        examples, hashes = _examples(store, project_id, config)
    if len(examples) < FEWEST:
        raise Fatal(
            f"{len(examples)} tasks outside the validation sample and gold are labelled: at "
            f"least {FEWEST} are needed to train"
        )
    seed = int.from_bytes(hashlib.sha256("".join(hashes).encode()).digest()[:8])
    try:
        learned = ENGINES[name].fit(examples, config, np.random.default_rng(seed))
    except Unfit as error:
        raise Fatal(str(error)) from None
    meta = {
        "trained_at": datetime.now(UTC).isoformat(),
        "examples": len(examples),
        "labels": dict(Counter(label for _, label in examples)),
        "label_config": hashlib.sha256(config.xml.encode()).hexdigest(),
        "training_set": hashlib.sha256("\n".join(hashes).encode()).hexdigest(),
    }
    version = Registry(settings.home / "models").publish(project_id, name, learned, meta)
    return meta | {"version": version, "engine": name}


def _examples(
    store: Store, project_id: int, config: LabelConfig
) -> tuple[list[Example], list[str]]:
    """One example a task, its majority label, with the hashes of their data.

    The store leaves out validation sample and gold; here also go their exact copies.
    """
    held_out = store.held_out_hashes(project_id)
    control = single_choice(config)
    votes: dict[int, Counter[str]] = {}
    data: dict[int, tuple[dict[str, Any], str]] = {}
    for task, annotation in store.training_rows(project_id):
        if task.data_hash in held_out or control is None:
            continue
        try:
            chosen = label_configs.read(config, annotation.result).get(control.name)
        except Skippable:
            continue
        if chosen:
            votes.setdefault(task.task_id, Counter())[next(iter(chosen))] += 1
            data[task.task_id] = (task.data, task.data_hash)
    examples = [(data[t][0], counts.most_common(1)[0][0]) for t, counts in votes.items()]
    return examples, [data[t][1] for t in votes]


class Trainer:
    """Starts trainings in the background: one at a time a project, requests in between add one."""

    def __init__(self, home: Path) -> None:
        """Nothing runs before the first request."""
        self._home = home
        self._lock = threading.Lock()
        self._running: set[int] = set()
        self._again: set[int] = set()

    def request(self, project_id: int) -> None:
        """Train soon; answers at once."""
        with self._lock:
            if project_id in self._running:
                self._again.add(project_id)
                return
            self._running.add(project_id)
        threading.Thread(target=self._work, args=(project_id,), daemon=True).start()

    def _work(self, project_id: int) -> None:
        while True:
            command = [sys.executable, "-m", "backend.training", str(project_id)]
            subprocess.run(command, check=False)  # noqa: S603 - our own module, a number
            with self._lock:
                if project_id not in self._again:
                    self._running.discard(project_id)
                    return
                self._again.discard(project_id)


def write_status(home: Path, project_id: int, **values: Any) -> None:
    """Say how the project's training goes, for `status` and for people."""
    folder = home / "models" / str(project_id)
    folder.mkdir(parents=True, exist_ok=True)
    building = folder / ".status.json"
    building.write_text(json.dumps(values, indent=1), encoding="utf-8")
    building.replace(folder / "status.json")


def main() -> int:
    """Train one project and leave its status."""
    project_id = int(sys.argv[1])
    settings = Settings.load()
    started = datetime.now(UTC).isoformat()
    write_status(settings.home, project_id, state="running", started=started)
    try:
        meta = train_now(settings, project_id)
    except Exception as error:
        reason = str(error) if isinstance(error, AssayError) else f"{type(error).__name__}"
        ended = datetime.now(UTC).isoformat()
        write_status(
            settings.home, project_id, state="failed", reason=reason, started=started, ended=ended
        )
        if isinstance(error, AssayError):
            print(f"training of project {project_id}: {reason}", file=sys.stderr)
            return 1
        raise
    ended = datetime.now(UTC).isoformat()
    write_status(settings.home, project_id, state="done", started=started, ended=ended, **meta)
    return 0


if __name__ == "__main__":
    sys.exit(main())

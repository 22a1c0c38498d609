"""Training, in a process of its own: `python -m backend.training PROJECT`."""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import json
import logging
import os
import sys
from dataclasses import dataclass
from importlib import metadata
from typing import Any

import numpy as np

import label_configs
from backend.disk import locked
from backend.engines import ENGINES, Example, Surroundings, Unfit
from backend.held_out import read_held_out, write_held_out
from backend.material import Labelled, Look, Material, divided, gather, label_counts, looker
from backend.options import Chosen, chosen, options_of
from backend.quality import Compared, compared, scored, summary
from backend.registry import Registry, trained_part
from backend.status import read_status, training_lock, write_status
from backend.uploads import uploads_of
from label_configs import LabelConfig
from sync import logs
from sync.errors import AssayError, ConfigurationError, Fatal, Retriable, describe
from sync.jobs.child import PASSING
from sync.jobs.leash import hold_on
from sync.records import Json
from sync.settings import FEWEST_EXAMPLES, Settings
from sync.store import Store
from sync.worker.once import Clock, utc_now

#: Whose versions stand in a model's account.
_LIBRARIES = ("label-studio-assay", "numpy", "scipy", "scikit-learn", "skops")


@dataclass(frozen=True, kw_only=True)
class _Learned:
    """What a training came to, before it is published."""

    engine: Chosen
    served: tuple[str, ...]
    config: LabelConfig
    around: Surroundings
    learned: Any
    held_out: tuple[Example, ...]
    meta: Json


def train_now(settings: Settings, project_id: int, clock: Clock = utc_now) -> Json:
    """Train on the project's human labels, publish the model, and promote it unless it is worse.

    Returns:
        The model's account, with its `version`, `engine` and whether it is `promoted`.

    Raises:
        Fatal: the project is not connected, no engine fits, or too little is labelled.
    """
    started, registry = clock(), Registry(settings.home / "models")
    with Store.open(settings.store_url) as store:
        found = _learn(settings, store, project_id)
        named = {trained_part(v) for v in store.generator_versions(project_id)}
    parent = registry.current(project_id)
    rng = np.random.default_rng(found.meta["seed"])
    told = _judged(settings, registry, project_id, found, parent, rng)
    ended = clock()
    meta = found.meta | {
        **told,
        "parent": parent,
        "trained_at": ended.isoformat(),
        "seconds": round((ended - started).total_seconds(), 1),
    }
    name = found.engine.name
    version = registry.publish(project_id, name, found.learned, meta, use=told["promoted"])
    registry.prune(project_id, found.engine.keep, named)
    return meta | {"version": version, "engine": name}


def _learn(settings: Settings, store: Store, project_id: int) -> _Learned:
    project = store.project(project_id)
    if project is None:
        raise Fatal(f"Assay is not connected to project {project_id}")
    config = label_configs.parse(project.label_config)
    engine = chosen(settings, project_id, config)
    served = ENGINES[engine.name].serves(config, engine.options)
    fetch, overlap = uploads_of(settings), settings.policy.gate.min_overlap
    material = gather(store, project_id, config, served, overlap, fetch)
    examples, held_out = _divide(settings, project_id, material, looker(config, fetch))
    if len(examples) < FEWEST_EXAMPLES:
        raise Fatal(_too_few(len(examples), material))
    hashes = [one.data_hash for one in examples]
    seed = int.from_bytes(hashlib.sha256("".join(hashes).encode()).digest()[:8])
    around = _around(settings, project_id, engine.options)
    try:
        learned = ENGINES[engine.name].fit(
            [one.example for one in examples], config, np.random.default_rng(seed), around
        )
    except Unfit as error:
        raise Fatal(str(error)) from None
    meta = {
        "examples": len(examples),
        "annotations": material.annotations,
        "left_out": material.left_out,
        "labels": label_counts(examples, config),
        "label_config": hashlib.sha256(config.xml.encode()).hexdigest(),
        "training_set": hashlib.sha256("\n".join(hashes).encode()).hexdigest(),
        "options": dataclasses.asdict(engine.options),
        "seed": seed,
        "libraries": {name: metadata.version(name) for name in _LIBRARIES},
    }
    return _Learned(
        engine=engine,
        served=served,
        config=config,
        around=around,
        learned=learned,
        held_out=tuple(one.example for one in held_out),
        meta=meta,
    )


def _divide(
    settings: Settings, project_id: int, material: Material, look: Look
) -> tuple[list[Labelled], list[Labelled]]:
    folder = settings.home / "models" / str(project_id)
    before = read_held_out(folder)
    held_out = before.grown({one.data_hash for one in material.labelled})
    if held_out != before:
        write_held_out(folder, held_out)
    return divided(material.labelled, held_out, look)


def _too_few(examples: int, material: Material) -> str:
    copies = material.left_out["near_duplicates"]
    beside = f" ({copies} more say nearly the same as those)" if copies else ""
    return (
        f"{examples} tasks outside the validation sample and gold are labelled{beside}: at "
        f"least {FEWEST_EXAMPLES} are needed to train"
    )


def _around(settings: Settings, project_id: int, options: Any) -> Surroundings:
    return Surroundings(
        options=options,
        fetch=uploads_of(settings),
        settings=settings,
        folder=settings.home / "engines" / str(project_id),
        project_id=project_id,
        patient=True,
    )


def _judged(
    settings: Settings,
    registry: Registry,
    project_id: int,
    found: _Learned,
    parent: str | None,
    rng: np.random.Generator,
) -> Json:
    """The new model on the held-out tasks, beside the one in use, and whether it is promoted."""
    model = ENGINES[found.engine.name].model(found.learned, found.config, found.around)
    new = scored(model, found.held_out, found.config, found.served)
    told: Json = {"held_out": summary(new), "promoted": True, "compared": None}
    if parent is None:
        return told | {"decision": "there was no version before it"}
    name = parent.split("@", 1)[0]
    if name != found.engine.name:
        return told | {"decision": f"the project no longer uses the engine {name}"}
    try:
        options = options_of(settings.engine(project_id), name)
        around = _around(settings, project_id, options)
        learned = registry.read(project_id, parent)
        other = ENGINES[name].model(learned, found.config, around)
        old = scored(other, found.held_out, found.config, found.served)
    except Exception as error:
        return told | {"decision": f"{parent} cannot answer any more ({describe(error)})"}
    return told | _decision(compared(new, old, rng), parent)


def _decision(beside: Compared | None, parent: str) -> Json:
    if beside is None:
        return {"decision": f"too few held-out tasks to compare it with {parent}"}
    how = f"{abs(beside.difference):.3f}"
    where = f"than {parent} on the same {beside.tasks} held-out tasks"
    told: Json = {"compared": {"with": parent, **dataclasses.asdict(beside)}}
    if beside.difference < 0:
        sure = f"{beside.sure_worse:.0%} sure"
        return told | {"promoted": False, "decision": f"{how} worse {where} ({sure})"}
    return told | {
        "decision": f"{how} better {where}" if beside.difference else f"no worse {where}"
    }


def train_and_tell(settings: Settings, project_id: int, clock: Clock = utc_now) -> str | None:
    """Train and leave a status; why it failed, if it did."""
    with locked(training_lock(settings.home, project_id)):
        known: Json = {"started": clock().isoformat(), "counted": _count(settings, project_id)}
        write_status(settings.home, project_id, state="running", **known)
        told: Json
        try:
            told = {"state": "done", **train_now(settings, project_id, clock)}
        except Exception as error:
            told = {"state": "failed", "reason": describe(error)}
            told |= {"passing": True} if isinstance(error, Retriable) else {}
        known["ended"] = clock().isoformat()
        write_status(settings.home, project_id, **told, **known)
        return told.get("reason")


def _count(settings: Settings, project_id: int) -> int:
    """Annotations that are there to learn from: the next ones are counted from here."""
    with Store.open(settings.store_url) as store:
        return store.count_training_annotations(project_id)


def main() -> int:
    """Train one project's model from its human labels."""
    parser = argparse.ArgumentParser(prog="python -m backend.training", description=main.__doc__)
    parser.add_argument("project", type=int, help="Label Studio's id of the project")
    parser.add_argument(
        "--leashed",
        action="store_true",
        help="as a job: end when standard input does, print the status, exit with 75 if the same "
        "may work later",
    )
    asked = parser.parse_args()
    project_id, passing = asked.project, 1
    if asked.leashed:
        passing = PASSING
        hold_on()
    # Whoever labels waits for the backend, and nobody waits for this.
    os.nice(10)
    try:
        settings = Settings.load()
        logs.configure(settings.log_level, settings.log_format, "training")
        failed = train_and_tell(settings, project_id)
    except AssayError as error:
        print(f"assay training: {error}", file=sys.stderr)
        return 2 if isinstance(error, ConfigurationError) else passing
    if failed:
        # Run as a module it has another name than its own.
        logging.getLogger("backend.training").error("project %s: %s", project_id, failed)
    if not asked.leashed:
        return 1 if failed else 0
    return _tell_worker(read_status(settings.home, project_id))


def _tell_worker(status: Json) -> int:
    """Print what the job's worker reads; the exit code."""
    if status["state"] == "done":
        print(json.dumps(status))
        return 0
    print(f"assay training: {status.get('reason')}", file=sys.stderr)
    return PASSING if status.get("passing") else 1


if __name__ == "__main__":
    sys.exit(main())

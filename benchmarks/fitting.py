"""One training, in a process of its own: `python -m benchmarks.fitting assay|recipe FOLDER`."""

from __future__ import annotations

import json
import pickle
import resource
import sys
import time
from pathlib import Path

import numpy as np

import label_configs
from backend.engines import ENGINES, Example, Surroundings
from benchmarks.recipe import Recipe
from benchmarks.texts import config


def main(which: str, folder: Path) -> None:
    """Learn from examples.json in a folder, and print wall and CPU seconds and megabytes more.

    The recipe leaves model.pkl beside it, which its server reads.
    """
    texts, labels = json.loads((folder / "examples.json").read_text())
    read = label_configs.parse(config(sorted(set(labels))))
    before, wall, cpu = _peak(), time.perf_counter(), time.process_time()
    if which == "recipe":
        model = Recipe()
        model.fit(texts, labels)
        (folder / "model.pkl").write_bytes(pickle.dumps(model))
    else:
        examples = [
            Example(data={"text": text}, values={"label": frozenset({label})})
            for text, label in zip(texts, labels, strict=True)
        ]
        engine, rng = ENGINES["sklearn_text"], np.random.default_rng(1)
        engine.fit(examples, read, rng, Surroundings(options=engine.options()))
    told = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    print(json.dumps(told | {"grown": _peak() - before}))


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))

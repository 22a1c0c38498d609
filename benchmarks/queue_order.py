"""Learning from tasks in the order of labelling, beside learning from as many at random.

banking77: a model of 500 random texts makes candidates for 3,000 others; people label the first 300
or 800 of them; the model that learns from all these labels is scored on the released test split.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import label_configs
from backend.engines import ENGINES, Example, Proposal, Surroundings
from sync.placing.priority import priorities
from sync.records import Json

DATASETS = Path(__file__).parent.parent.parent / "shared" / "datasets"
START, BATCH, LABELS, SEEDS = 500, 3000, (300, 800), 4


class Simulation:
    """banking77 with the engine for texts."""

    def __init__(self, folder: Path) -> None:
        lines = (folder / "banking77" / "items.jsonl").read_text().splitlines()
        items = [json.loads(line) for line in lines]
        self.train = [item for item in items if item["slice"]["split"] == "train"]
        self.test = [item for item in items if item["slice"]["split"] == "test"]
        choices = "".join(
            f'<Choice value="{label}"/>' for label in sorted({item["gold"] for item in items})
        )
        self.config = label_configs.parse(
            '<View><Text name="text" value="$text"/>'
            f'<Choices name="label" toName="text">{choices}</Choices></View>'
        )
        self.engine = ENGINES["sklearn_text"]
        self.around = Surroundings(options=self.engine.options())

    def model(self, items: list[Json], seed: int) -> Any:
        examples = [
            Example(data=item["data"], values={"label": frozenset({item["gold"]})})
            for item in items
        ]
        rng = np.random.default_rng(seed)
        learned = self.engine.fit(examples, self.config, rng, self.around)
        return self.engine.model(learned, self.config, self.around)

    def proposals(self, model: Any, items: list[Json]) -> list[Proposal]:
        found: list[Proposal] = model.predict(
            [{"id": i, "data": item["data"]} for i, item in enumerate(items)]
        )
        return found

    def accuracy(self, model: Any) -> float:
        found = self.proposals(model, self.test)
        right = [
            p.result[0]["value"]["choices"][0] == item["gold"]
            for p, item in zip(found, self.test, strict=True)
        ]
        return float(np.mean(right))

    def run(self, seed: int, labels: tuple[int, ...]) -> dict[str, list[float]]:
        """Accuracy after so many labels more, by order."""
        order = np.random.default_rng(seed).permutation(len(self.train))
        start = [self.train[i] for i in order[:START]]
        batch = [self.train[i] for i in order[START : START + BATCH]]
        made = self.proposals(self.model(start, seed), batch)
        scores: list[float | None] = [p.score for p in made]
        ranks = priorities(scores, [p.result for p in made], [i["data"]["text"] for i in batch])
        orders = {
            "random": list(range(BATCH)),
            "score": np.argsort([p.score for p in made], kind="stable").tolist(),
            "ours": np.argsort(ranks).tolist(),
        }
        return {
            name: [
                self.accuracy(self.model(start + [batch[i] for i in chosen[:n]], seed))
                for n in labels
            ]
            for name, chosen in orders.items()
        }


def rows(seeds: int = SEEDS, labels: tuple[int, ...] = LABELS) -> list[str]:
    """Rows of Markdown: what, Assay, the peer, the gain."""
    simulation = Simulation(DATASETS)
    runs = [simulation.run(seed, labels) for seed in range(seeds)]
    found = []
    for at, n in enumerate(labels):
        of = {name: np.array([run[name][at] for run in runs]) for name in runs[0]}
        for peer, what in (("random", "random order"), ("score", "lowest score first")):
            found.append(
                f"| banking77: accuracy after {START} labels and {n} of a batch of {BATCH:,} "
                f"| queue order: {of['ours'].mean():.3f} | {what}: {of[peer].mean():.3f} "
                f"| {_gain(of['ours'] - of[peer])} |"
            )
    return found


def _gain(difference: npt.NDArray[np.float64]) -> str:
    error = difference.std(ddof=1) / np.sqrt(len(difference)) if len(difference) > 1 else 0.0
    return f"{difference.mean():+.3f} ± {error:.3f} ({len(difference)} seeds)"


if __name__ == "__main__":
    print("\n".join(rows()))

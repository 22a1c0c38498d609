"""What it costs to compare spans: 10,000 tasks, three annotators each, every pair of them.

Run it alone with `python -m benchmarks.agreement_spans`.
"""

from __future__ import annotations

import statistics
import time
from itertools import combinations
from typing import Any

import numpy as np

import label_configs

TASKS, ANNOTATORS, SPANS, LABELS = 10_000, 3, 4.5, 5
#: Seconds that label-studio-evalme's span IoU took for the same work, run one pair at a time.
EVALME = 14.1

Result = list[dict[str, Any]]


def config() -> label_configs.LabelConfig:
    labels = "".join(f'<Label value="L{i}"/>' for i in range(LABELS))
    return label_configs.parse(
        f'<View><Text name="t" value="$text"/><Labels name="l" toName="t">{labels}</Labels></View>'
    )


def results(random: np.random.Generator) -> list[list[Result]]:
    """Annotations of each task: copies of the same spans, some lost, moved or named otherwise."""
    tasks = []
    for _ in range(TASKS):
        many = int(random.poisson(SPANS / 0.9))
        starts = np.sort(random.choice(960, many, replace=False))
        truth = list(
            zip(
                starts,
                random.integers(3, 30, many),
                random.integers(LABELS, size=many),
                strict=True,
            )
        )
        tasks.append([_annotation(truth, random) for _ in range(ANNOTATORS)])
    return tasks


def _annotation(truth: list[Any], random: np.random.Generator) -> Result:
    kept = random.random(len(truth)) < 0.9
    moved = random.integers(-1, 2, (len(truth), 2)) * (random.random((len(truth), 1)) < 0.3)
    named = random.random(len(truth)) < 0.1
    return [
        {
            "id": f"r{i}",
            "from_name": "l",
            "to_name": "t",
            "type": "labels",
            "value": {
                "start": max(0, int(start + moved[i, 0])),
                "end": int(start + length + moved[i, 1]),
                "labels": [f"L{(label + named[i]) % LABELS}"],
            },
        }
        for i, (start, length, label) in enumerate(truth)
        if kept[i]
    ]


def median(work: Any, repeats: int = 5) -> float:
    """Seconds that the work takes: the median of several runs."""
    took = []
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return statistics.median(took)


def rows() -> list[str]:
    """Lines of the table of benchmarks: what, ours, theirs, ratio."""
    parsed = config()
    tasks = results(np.random.default_rng(1))
    data = {"text": "word " * 200}
    values = [[label_configs.read(parsed, r, data).get("l") for r in task] for task in tasks]
    pairs = [pair for task in values for pair in combinations(task, 2)]
    a, b = zip(*pairs, strict=True)
    spans = sum(len(value or ()) for task in values for value in task)
    compared = median(lambda: label_configs.control_distances(parsed.controls[0], a, b))
    read = median(lambda: [label_configs.read(parsed, r, data) for t in tasks for r in t], 3)
    return [
        f"| Span agreement: {TASKS:,} tasks × {ANNOTATORS} annotators, {spans:,} spans, "
        f"{len(pairs):,} pairs | {compared:.2f} s | label-studio-evalme (measured before): "
        f"{EVALME} s | {EVALME / compared:.0f} |",
        f"| – reading the spans from Label Studio's JSON, checked against the text | {read:.2f} s "
        f"| | |",
    ]


if __name__ == "__main__":
    print("\n".join(rows()))

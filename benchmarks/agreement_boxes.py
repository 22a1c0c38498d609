"""What it costs to compare boxes: 10,000 tasks, three annotators each, every pair of them.

Run it alone with `python -m benchmarks.agreement_boxes`.
"""

from __future__ import annotations

import time
from itertools import combinations
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment

import label_configs
from benchmarks.agreement_spans import median
from label_configs.kinds.shapes import Shape

TASKS, ANNOTATORS, BOXES, LABELS = 10_000, 3, 4.5, 5
#: Seconds that label-studio-evalme's box IoU took for the same work, run one pair at a time.
EVALME = 5.5

Result = list[dict[str, Any]]
Value = tuple[Shape, ...]


def config() -> label_configs.LabelConfig:
    labels = "".join(f'<Label value="L{i}"/>' for i in range(LABELS))
    return label_configs.parse(
        '<View><Image name="i" value="$image"/><RectangleLabels name="l" toName="i">'
        f"{labels}</RectangleLabels></View>"
    )


def results(random: np.random.Generator) -> list[list[Result]]:
    """Annotations of each task: copies of the same boxes, some lost, moved or named otherwise."""
    tasks = []
    for _ in range(TASKS):
        many = int(random.poisson(BOXES / 0.9))
        corners = random.uniform(0, 70, (many, 2))
        truth = np.concatenate([corners, random.uniform(5, 28, (many, 2))], axis=1)
        labels = random.integers(LABELS, size=many)
        tasks.append([_annotation(truth, labels, random) for _ in range(ANNOTATORS)])
    return tasks


def _annotation(truth: Any, labels: Any, random: np.random.Generator) -> Result:
    kept = random.random(len(truth)) < 0.9
    moved = np.clip(truth + random.normal(0, 1, truth.shape), (0, 0, 1, 1), (70, 70, 30, 30))
    named = (labels + (random.random(len(truth)) < 0.1)) % LABELS
    names = ("x", "y", "width", "height")
    return [
        {
            "id": f"r{i}",
            "from_name": "l",
            "to_name": "i",
            "type": "rectanglelabels",
            "original_width": 640,
            "original_height": 480,
            "image_rotation": 0,
            "value": dict(zip(names, moved[i].tolist(), strict=True))
            | {"rotation": 0, "rectanglelabels": [f"L{named[i]}"]},
        }
        for i in np.flatnonzero(kept)
    ]


def peer(a: Value | None, b: Value | None) -> float:
    """The same distance by pycocotools and scipy, label by label."""
    from pycocotools.mask import iou

    if not a or not b:
        return float(a is not b)
    total = 0.0
    for label in {one.labels for one in a} & {one.labels for one in b}:
        sides = [np.array([s.numbers[:4] for s in value if s.labels == label]) for value in (a, b)]
        ious = iou(*sides, [False] * len(sides[1]))
        total += ious[linear_sum_assignment(ious, maximize=True)].sum()
    return 1.0 - 2.0 * total / (len(a) + len(b))


def rows() -> list[str]:
    """Lines of the table of benchmarks: what, ours, theirs, ratio."""
    parsed = config()
    tasks = results(np.random.default_rng(1))
    values = [[label_configs.read(parsed, r).get("l") for r in task] for task in tasks]
    pairs = [pair for task in values for pair in combinations(task, 2)]
    a, b = zip(*pairs, strict=True)
    boxes = sum(len(value or ()) for task in values for value in task)
    compared = median(lambda: label_configs.control_distances(parsed.controls[0], a, b))
    read = median(lambda: [label_configs.read(parsed, r) for t in tasks for r in t], 3)
    began = time.perf_counter()
    theirs = [peer(x, y) for x, y in pairs]
    took = time.perf_counter() - began
    ours = label_configs.control_distances(parsed.controls[0], a, b)
    gap = float(np.abs(ours - np.array(theirs)).max())
    return [
        f"| Box agreement: {TASKS:,} tasks × {ANNOTATORS} annotators, {boxes:,} boxes, "
        f"{len(pairs):,} pairs; distances at most {gap:.0e} apart | {compared:.2f} s | pycocotools "
        f"and scipy, pair by pair: {took:.1f} s | {took / compared:.0f} |",
        f"| – the same | {compared:.2f} s | label-studio-evalme (measured before): {EVALME} s | "
        f"{EVALME / compared:.0f} |",
        f"| – reading the boxes from Label Studio's JSON | {read:.2f} s | – | – |",
    ]


if __name__ == "__main__":
    print("\n".join(rows()))

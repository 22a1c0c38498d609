"""How long a verdict takes on a large batch."""

from __future__ import annotations

import statistics
import time
from datetime import UTC, datetime, timedelta

import numpy as np

import label_configs
from sync.gating.gate import gate
from sync.gating.policy import GatePolicy, from_dict
from sync.records import Answer, Evidence, GoldTask, Result, Role, SampledTask

LABELS = ("positive", "negative", "other")
START = datetime(2026, 1, 1, tzinfo=UTC)
POPULATION, TASKS, RESERVE, OVERLAP, GOLD = 100_000, 2500, 500, 2, 20
#: One that is decided, and one that is open, so that labels left are foreseen.
POLICIES = {"decided": GatePolicy(), "open": from_dict({"gate": {"acceptance": {"min": 0.855}}})}


def result(label: str) -> Result:
    """One choice, as Label Studio sends it."""
    value = {"choices": [label]}
    return [{"from_name": "label", "to_name": "text", "type": "choices", "value": value}]


def answers(number: int, labels: list[str]) -> tuple[Answer, ...]:
    """One answer by each of as many people."""
    return tuple(
        Answer(
            annotation_id=number * OVERLAP + i,
            annotator=i,
            result=result(label),
            submitted_at=START + timedelta(seconds=number),
            lead_time=5.0,
        )
        for i, label in enumerate(labels)
    )


def task(number: int, rng: np.random.Generator) -> SampledTask:
    """A blind task: nine of ten candidates are right, and so are 19 of 20 answers."""
    truth = LABELS[number % 3]
    others = [label for label in LABELS if label != truth]
    said = [truth if rng.random() < 0.95 else others[0] for _ in range(OVERLAP)]
    return SampledTask(
        task_id=number,
        position=number,
        role=Role.BLIND,
        candidate=result(truth if rng.random() < 0.9 else others[1]),
        answers=answers(number, said) if number < TASKS else (),
        data={"text": f"remark no. {number}"},
    )


def evidence(seed: int = 0) -> Evidence:
    """A batch of 100,000 with 5,000 blind answers and 40 on gold."""
    rng = np.random.default_rng(seed)
    return Evidence(
        batch="b1",
        population=POPULATION,
        overlap=OVERLAP,
        sample=tuple(task(i, rng) for i in range(TASKS + RESERVE)),
        queue_length=TASKS + RESERVE // 2,
        gold=tuple(
            GoldTask(
                task_id=i, result=result(LABELS[i % 3]), answers=answers(i, [LABELS[i % 3]] * 2)
            )
            for i in range(POPULATION, POPULATION + GOLD)
        ),
    )


def rows(times: int = 5) -> list[str]:
    """Rows of Markdown: what, Assay, the peer, the ratio."""
    config = label_configs.parse(label_configs.load("text_classification"))
    batch = evidence()
    found = []
    for name, policy in POLICIES.items():
        took = []
        for _ in range(times):
            began = time.perf_counter()
            verdict = gate(batch, policy, config)
            took.append(time.perf_counter() - began)
        found.append(
            f"| Verdict on a batch of {POPULATION:,} with {TASKS * OVERLAP:,} blind answers, "
            f"{name} ({verdict.state}) | {statistics.median(took):.2f} s | – | – |"
        )
    return found


if __name__ == "__main__":
    print("\n".join(rows()))

"""How right, and how right about it, candidates for texts are, beside the published recipe.

Run it alone with `make benchmark PARTS=quality_text`; it needs ../shared/datasets. Each cell is the
mean over seeds, which draw the examples, with a 95 per cent interval by Student's t. Where all
examples are taken the recipe has nothing to draw, and one run says it all. Calibration error: 15
bins of the top label's probability (Guo et al., 2017).
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import t as student

import label_configs
from backend.engines import Example, Proposal, Surroundings
from backend.engines.sklearn_text import TextEngine
from benchmarks.recipe import Recipe, generated
from label_configs import LabelConfig

DATASETS = Path(__file__).parents[2] / "shared" / "datasets"
SEEDS = 5
#: Runs of the recipe with so many labels cost ten seconds and more each.
SEEDS_OF_MANY, MANY = 3, 50
#: Part of hatecheck that is tested on.
TESTED = 0.3

Texts = Sequence[str]
Labels = npt.NDArray[Any]
#: Labels of the test texts, each with its score.
Guesses = tuple[Labels, npt.NDArray[np.float64]]


@dataclass(frozen=True)
class Problem:
    """Texts with labels, to learn from and to be tested on."""

    name: str
    texts: Texts
    labels: Labels
    test: Texts
    truth: Labels


def ours(texts: Texts, labels: Labels, test: Texts, config: LabelConfig, seed: int) -> Guesses:
    """The engine for texts, as the backend uses it; a task it abstains on is a miss."""
    known = [
        Example(data={"text": text}, values={"label": frozenset({str(label)})})
        for text, label in zip(texts, labels, strict=True)
    ]
    engine, around = TextEngine(), Surroundings()
    learned = engine.fit(known, config, np.random.default_rng(seed), around)
    tasks = [{"id": i, "data": {"text": text}} for i, text in enumerate(test)]
    found = [
        (answer.result[0]["value"]["choices"][0], answer.score)
        if isinstance(answer, Proposal)
        else ("", 0.0)
        for answer in engine.model(learned, config, around).predict(tasks)
    ]
    return np.array([label for label, _ in found]), np.array([score for _, score in found])


def recipe(texts: Texts, labels: Labels, test: Texts, config: LabelConfig, seed: int) -> Guesses:
    """What label-studio-ml publishes."""
    model = Recipe().fit(texts, list(labels))
    share = model.predict_proba(test)
    return np.array(model.labels)[share.argmax(axis=1)], share.max(axis=1)


def measured(guesses: Guesses, truth: Labels) -> tuple[float, float]:
    """Accuracy and expected calibration error."""
    labels, score = guesses
    right = labels == truth
    bins = np.minimum((score * 15).astype(int), 14)
    gaps = [(right[bins == b] - score[bins == b]).sum() for b in np.unique(bins)]
    return float(right.mean()), float(np.abs(gaps).sum() / len(score))


def config_of(problem: Problem) -> LabelConfig:
    labels = sorted({*problem.labels, *problem.truth})
    xml = label_configs.load("text_classification")
    return label_configs.parse(label_configs.with_labels(xml, "label", labels))


def drawn(problem: Problem, size: int, seed: int, each: bool = False) -> npt.NDArray[np.int64]:
    """Which examples are taken: `size` of all, or of each label."""
    order = np.random.default_rng(seed).permutation(len(problem.texts))
    if not each:
        return order[:size]
    return np.concatenate(
        [order[problem.labels[order] == y][:size] for y in sorted(set(problem.labels))]
    )


def cell(
    way: Callable[..., Guesses], problem: Problem, size: int, seeds: int, each: bool = False
) -> str:
    """Accuracy and calibration error over the seeds."""
    config = config_of(problem)
    found = []
    for seed in range(seeds):
        taken = drawn(problem, size, seed, each)
        texts, labels = [problem.texts[i] for i in taken], problem.labels[taken]
        if len(set(labels)) > 1:
            guesses = way(texts, labels, problem.test, config, seed)
            found.append(measured(guesses, problem.truth))
    return ", ".join(map(interval, zip(*found, strict=True)))


def interval(numbers: Sequence[float]) -> str:
    """The mean with a 95 per cent interval."""
    mean = f"{np.mean(numbers):.3f}"
    if len(numbers) < 2:
        return mean
    half = student.ppf(0.975, len(numbers) - 1) * np.std(numbers, ddof=1) / len(numbers) ** 0.5
    return f"{mean} ± {half:.3f}"


def items(name: str) -> list[dict[str, Any]]:
    lines = (DATASETS / name / "items.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def problem(name: str, rows: Sequence[dict[str, Any]], tested: Sequence[bool]) -> Problem:
    gold = np.array(
        [row["gold"] if isinstance(row["gold"], str) else row["gold"]["intent"] for row in rows]
    )
    texts, held = [row["data"]["text"] for row in rows], np.array(tested)
    return Problem(
        name,
        [text for text, out in zip(texts, held, strict=True) if not out],
        gold[~held],
        [text for text, out in zip(texts, held, strict=True) if out],
        gold[held],
    )


def banking() -> Problem:
    rows = items("banking77")
    return problem("banking77", rows, [row["slice"]["split"] == "test" for row in rows])


def locales() -> Iterator[Problem]:
    """Each locale of xsid, learned from its validation part, and all locales as one."""
    rows = items("xsid")
    for lang in sorted({row["slice"]["lang"] for row in rows}):
        some = [row for row in rows if row["slice"]["lang"] == lang]
        yield problem(f"xsid {lang}", some, [row["slice"]["split"] == "test" for row in some])
    yield problem("xsid, all locales", rows, [row["slice"]["split"] == "test" for row in rows])


def hate(field: str) -> Problem:
    """Hatecheck, divided by a field; it is written from templates, so that some are much alike."""
    rows = items("hatecheck")
    groups = [str(row["slice"].get(field, row["id"])) for row in rows]
    names = sorted(set(groups))
    held = set(np.random.default_rng(0).permutation(names)[: int(len(names) * TESTED)])
    name = f"hatecheck, tested on unseen {field}s"
    return problem(name, rows, [group in held for group in groups])


def compared(given: Problem, sizes: Sequence[int]) -> Iterator[str]:
    """Rows of one problem."""
    count = len(given.texts)
    for size in (*(size for size in sizes if size < count), count):
        what = f"{given.name}, {'all ' if size == count else ''}{size:,} examples"
        yield row(given, what, size)


def row(given: Problem, what: str, size: int, each: bool = False) -> str:
    seeds = SEEDS_OF_MANY if len(set(given.truth)) > MANY else SEEDS
    theirs = 1 if size == len(given.texts) else seeds if size > 100 else SEEDS
    return (
        f"| {what}: accuracy, calibration error (± 95% over draws) | "
        f"{cell(ours, given, size, SEEDS, each)} | "
        f"recipe: {cell(recipe, given, size, theirs, each)} | |"
    )


def cost(what: str, name: str) -> str:
    """Seconds and memory of one training, each in a process of its own."""
    found = []
    for way in ("ours", "recipe"):
        command = [sys.executable, "-m", "benchmarks.quality_text", way, name]
        out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        found.append([float(part) for part in out.split()])
    (took, peak), (their_time, their_peak) = found
    return (
        f"| Training on {what}: time, peak memory of the process | {took:.1f} s, {peak:.0f} MB | "
        f"recipe: {their_time:.1f} s, {their_peak:.0f} MB | "
        f"{their_time / took:.1f}, {their_peak / peak:.1f} |"
    )


def train(way: str, name: str) -> None:
    """Train once; print the seconds and the megabytes."""
    import resource
    import time

    if name == "banking77":
        given = banking()
        texts, labels = given.texts, given.labels
    else:
        said, of = generated(10_000, np.random.default_rng(0))
        texts, labels = said, np.array(of)
    few = Problem(name, texts, labels, texts[:1], labels[:1])
    config = config_of(few)
    began = time.perf_counter()
    {"ours": ours, "recipe": recipe}[way](texts, labels, few.test, config, 0)
    took = time.perf_counter() - began
    print(took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def rows() -> Iterator[str]:
    """Rows of the table: what, Assay, peer, ratio."""
    yield cost("banking77 (10,003 texts, 77 labels)", "banking77")
    yield cost("10,000 texts of 30 words, 10 labels", "generated")
    given = banking()
    yield row(given, "banking77, 10 examples a label", 10, each=True)
    yield from compared(given, (10, 100, 1_000))
    yield from compared(hate("text"), (10, 100, 1_000))
    yield from compared(hate("template"), ())
    for local in locales():
        yield from compared(local, (10, 100, 1_000) if "all" in local.name else (100,))


if __name__ == "__main__":
    train(*sys.argv[1:])

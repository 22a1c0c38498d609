"""How right, and how sure of it, spans are that the engine marks, beside a list of known spans.

Run it alone with `make benchmark PARTS=quality_spans`; it needs ../shared/datasets. F1 counts spans
with exact ends and label, over all texts of the test part. Each cell is the mean over seeds, which
draw the examples, with a 95 per cent interval by Student's t; where all examples are taken, one
run. Calibration errors: 15 bins of the probability (Guo et al., 2017), of the spans that were
marked and of the texts with all in them. The peer looks up what was marked in the examples: the
longest known sequence of words from left to right, with its most frequent label.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

import label_configs
from backend.engines import Example, Proposal, Surroundings
from backend.engines.sklearn_spans import SpanEngine
from backend.tagging.tokens import tokens
from benchmarks.quality_text import interval, items
from label_configs import LabelConfig
from label_configs.kinds.span import Span

SEEDS = 3
SIZES = (10, 100, 1_000)
BINS = 15

#: Start, end and label.
Mark = tuple[int, int, str]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Text:
    """A text with its spans."""

    text: str
    marks: frozenset[Mark]


@dataclass(frozen=True)
class Found:
    """What is marked in a text, and how sure that is."""

    marks: dict[Mark, float]
    score: float


@dataclass(frozen=True)
class Problem:
    """Texts to learn from and to be tested on."""

    name: str
    known: list[Text]
    test: list[Text]

    @property
    def config(self) -> LabelConfig:
        names = sorted({label for text in self.known for *_, label in text.marks})
        labels = "".join(f'<Label value="{name}"/>' for name in names)
        return label_configs.parse(
            f'<View><Text name="t" value="$text"/><Labels name="l" toName="t">{labels}</Labels>'
            "</View>"
        )


def problem(name: str, rows: Sequence[dict[str, Any]]) -> Problem:
    parts: dict[bool, list[Text]] = {True: [], False: []}
    for row in rows:
        spans = row["gold"]["slots"] if isinstance(row["gold"], dict) else row["gold"]
        marks = frozenset((span["start"], span["end"], span["label"]) for span in spans)
        parts[row["slice"]["split"] == "test"].append(Text(row["data"]["text"], marks))
    return Problem(name, parts[False], parts[True])


def ours(
    known: Sequence[Text], test: Sequence[Text], config: LabelConfig, seed: int
) -> list[Found]:
    """The engine for spans, as the backend uses it."""
    examples = [Example(data={"text": one.text}, values=_values(one)) for one in known]
    engine, around = SpanEngine(), Surroundings()
    learned = engine.fit(examples, config, np.random.default_rng(seed), around)
    tasks = [{"id": i, "data": {"text": one.text}} for i, one in enumerate(test)]
    answers = engine.model(learned, config, around).predict(tasks)
    return [_found(answer) for answer in answers]


def _values(one: Text) -> dict[str, tuple[Span, ...]]:
    return {"l": tuple(sorted(Span("", s, e, (label,)) for s, e, label in one.marks))}


def _found(answer: Any) -> Found:
    if not isinstance(answer, Proposal):
        return Found({}, 0.0)
    marks = {}
    for region in answer.result:
        value = region["value"]
        marks[value["start"], value["end"], value["labels"][0]] = region["score"]
    return Found(marks, answer.score)


def looked_up(known: Sequence[Text], test: Sequence[Text]) -> list[frozenset[Mark]]:
    """What a list of the known spans finds."""
    votes: defaultdict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for one in known:
        for start, end, label in one.marks:
            votes[_words(one.text[start:end])][label] += 1
    names = {words: counts.most_common(1)[0][0] for words, counts in votes.items()}
    longest = max(map(len, names), default=0)
    return [frozenset(_lookup(one.text, names, longest)) for one in test]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text[start:end].lower() for start, end in tokens(text))


def _lookup(text: str, names: dict[tuple[str, ...], str], longest: int) -> Iterator[Mark]:
    places, words = tokens(text), _words(text)
    at = 0
    while at < len(words):
        for end in range(min(at + longest, len(words)), at, -1):
            if words[at:end] in names:
                yield places[at][0], places[end - 1][1], names[words[at:end]]
                at = end
                break
        else:
            at += 1


def span_f1(truth: Sequence[frozenset[Mark]], found: Sequence[frozenset[Mark]]) -> float:
    """2 · right / (found + true) over all texts."""
    right = sum(len(a & b) for a, b in zip(truth, found, strict=True))
    total = sum(map(len, truth)) + sum(map(len, found))
    return 2 * right / total if total else 1.0


def calibration_error(scores: Sequence[float], right: Sequence[bool]) -> float:
    """The mean gap between score and share of right ones, over bins."""
    if not scores:
        return 0.0
    p, y = np.array(scores), np.array(right, dtype=np.float64)
    which = np.minimum((p * BINS).astype(int), BINS - 1)
    gaps = [abs((p - y)[which == i].sum()) for i in range(BINS)]
    return float(sum(gaps) / len(p))


def measured(found: Sequence[Found], test: Sequence[Text]) -> tuple[float, float, float]:
    """F1, and the calibration errors of spans and of whole texts."""
    pairs = list(zip(found, test, strict=True))
    spans = [(p, mark in text.marks) for one, text in pairs for mark, p in one.marks.items()]
    f1 = span_f1([text.marks for text in test], [frozenset(one.marks) for one in found])
    whole = [one.marks.keys() == text.marks for one, text in pairs]
    return (
        f1,
        calibration_error([p for p, _ in spans], [right for _, right in spans]),
        calibration_error([one.score for one in found], whole),
    )


def drawn(given: Problem, size: int, seed: int) -> list[Text]:
    order = np.random.default_rng(seed).permutation(len(given.known))
    return [given.known[i] for i in order[:size]]


def runs(given: Problem, size: int) -> tuple[list[tuple[float, float, float]], list[float]]:
    """What is measured of the engine and of the list, by seed."""
    engine, listed = [], []
    for seed in range(1 if size >= len(given.known) else SEEDS):
        known = drawn(given, size, seed)
        engine.append(measured(ours(known, given.test, given.config, seed), given.test))
        listed.append(span_f1([text.marks for text in given.test], looked_up(known, given.test)))
    return engine, listed


def row(given: Problem, size: int) -> str:
    """One row: F1 and calibration from so many examples."""
    engine, listed = runs(given, size)
    f1, spans, wholes = map(interval, zip(*engine, strict=True))
    how = "all " if size >= len(given.known) else ""
    return (
        f"| {given.name}, {how}{size:,} examples: span F1; calibration error of spans, of texts | "
        f"{f1}; {spans}, {wholes} | known spans looked up: {interval(listed)} | |"
    )


def domains() -> Iterator[Problem]:
    found = items("ner_gold_domains")
    for domain in sorted({row["slice"]["domain"] for row in found}):
        yield problem(domain, [row for row in found if row["slice"]["domain"] == domain])


def locales() -> Iterator[str]:
    """A row a locale of xsid, learned from its validation part and from that of all."""
    found = items("xsid")
    whole = problem("xsid, all locales", found)
    everywhere = ours(whole.known, whole.test, whole.config, 0)
    f1, spans, wholes = measured(everywhere, whole.test)
    listed = span_f1([text.marks for text in whole.test], looked_up(whole.known, whole.test))
    yield (
        f"| {whole.name}, all {len(whole.known):,} examples: span F1; calibration error of spans, "
        f"of texts | {f1:.3f}; {spans:.3f}, {wholes:.3f} | known spans looked up: {listed:.3f} | |"
    )
    by_text = {id(text): one for text, one in zip(whole.test, everywhere, strict=True)}
    langs = [row["slice"]["lang"] for row in found if row["slice"]["split"] == "test"]
    for lang in sorted(set(langs)):
        own = problem(f"xsid {lang}", [row for row in found if row["slice"]["lang"] == lang])
        there = [text for text, of in zip(whole.test, langs, strict=True) if of == lang]
        shared = measured([by_text[id(text)] for text in there], there)[0]
        yield _locale(own, shared)


def _locale(own: Problem, shared: float) -> str:
    cells = []
    for size in (10, 100, len(own.known)):
        engine, listed = runs(own, size)
        cells.append((interval([f1 for f1, *_ in engine]), interval(listed)))
    mine, theirs = (" · ".join(cell) for cell in zip(*cells, strict=True))
    return (
        f"| {own.name}, span F1 from 10 · 100 · all {len(own.known)} examples; from all locales | "
        f"{mine}; {shared:.3f} | known spans looked up: {theirs} | |"
    )


def rows() -> Iterator[str]:
    """Rows of the table: what, Assay, peer, ratio."""
    for given in domains():
        for size in (*(size for size in SIZES if size < len(given.known)), len(given.known)):
            yield row(given, size)
    yield from locales()

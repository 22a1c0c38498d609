"""Spans are compared one to one; independent programs and real labels give the same figures."""

from __future__ import annotations

import json
import warnings
from itertools import combinations, permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score

import label_configs
from label_configs.kinds import spans
from label_configs.kinds.span import Span

CONTROL = label_configs.parse(
    '<View><Text name="t" value="$text"/><Labels name="l" toName="t"><Label value="A"/>'
    '<Label value="B"/></Labels></View>'
).controls[0]

one = st.builds(
    lambda start, length, label: Span("", start, start + length, (label,)),
    st.integers(0, 12),
    st.integers(1, 6),
    st.sampled_from("AB"),
)
values = st.lists(one, min_size=1, max_size=5).map(lambda found: tuple(sorted(found)))
#: Spans that do not touch, on a line of 60.
apart = st.lists(st.integers(0, 60), min_size=2, max_size=12, unique=True).map(sorted)


def span(start: float, end: float, label: str = "A", track: str = "") -> Span:
    return Span(track, start, end, (label,))


def iou(a: Span, b: Span) -> float:
    """By counting the units."""
    left, right = set(range(int(a.start), int(a.end))), set(range(int(b.start), int(b.end)))
    return len(left & right) / len(left | right)


def similarity(a: Span, b: Span) -> float:
    return iou(a, b) if a.labels == b.labels else 0.0


def best(a: Any, b: Any, score: Any) -> float:
    short, long_ = sorted((a, b), key=len)
    return max(
        sum(score(x, y) for x, y in zip(short, p, strict=True))
        for p in permutations(long_, len(short))
    )


@given(values, values)
def test_distance_is_that_of_the_best_matching(a: Any, b: Any) -> None:
    """1 − 2 Σ IoU / (|a| + |b|) over the best of all one-to-one matchings, tried one by one."""
    expected = 1 - 2 * best(a, b, similarity) / (len(a) + len(b))
    assert spans.distance(CONTROL, a, b) == pytest.approx(expected, abs=1e-12)


@given(values, values, st.sampled_from([0.1, 0.5, 1.0]))
def test_counts_are_the_most_that_can_be_matched(a: Any, b: Any, overlap: float) -> None:
    """The number of matches is the largest over all one-to-one matchings."""
    most = best(a, b, lambda x, y: similarity(x, y) >= overlap)
    assert spans.counts(CONTROL, a, b, overlap) == (most, len(a), len(b))


@given(values, values)
def test_distance_is_symmetric_and_zero_for_the_same(a: Any, b: Any) -> None:
    """To the last digit; within [0, 1]; 0 exactly where the values are equal."""
    assert spans.distance(CONTROL, a, b) == spans.distance(CONTROL, b, a)
    assert 0 <= spans.distance(CONTROL, a, b) <= 1
    assert (spans.distance(CONTROL, a, b) == 0) == (a == b)


@given(st.lists(st.tuples(values, values), min_size=1, max_size=8))
def test_many_pairs_at_once_are_the_same_as_one_by_one(many: list[Any]) -> None:
    """`distances` is `distance` of each pair."""
    left, right = zip(*many, strict=True)
    found = spans.distances(CONTROL, left, right)
    assert found.tolist() == [spans.distance(CONTROL, a, b) for a, b in many]


def test_no_detour_rule_is_claimed() -> None:
    """A detour can be shorter, as with Dice's distance, so the kind is not called a metric."""
    a, b = (span(0, 1),), (span(1, 2),)
    both = (span(0, 1), span(1, 2))
    direct = spans.distance(CONTROL, a, b)
    detour = spans.distance(CONTROL, a, both) + spans.distance(CONTROL, both, b)
    assert (detour, direct, spans.METRIC) == (pytest.approx(2 / 3), 1, False)


def test_a_duplicate_is_matched_once() -> None:
    """The same span twice against it once: one of three spans has no partner."""
    once, twice = (span(0, 5),), (span(0, 5), span(0, 5))
    assert spans.distance(CONTROL, once, twice) == pytest.approx(1 - 2 * 1 / 3)
    assert spans.counts(CONTROL, once, twice, 1.0) == (1, 1, 2)


def test_overlapping_labels_that_all_annotators_gave_agree_fully() -> None:
    """A name within a name, as in Label Studio issue 8950, costs nothing where all mark it."""
    value = (span(0, 4, "A"), span(0, 4, "B"), span(0, 9, "A"))
    assert spans.distance(CONTROL, value, value) == 0
    assert sorted(spans.pairs(CONTROL, value, value)) == [("A", "A"), ("A", "A"), ("B", "B")]


def test_tracks_have_nothing_in_common() -> None:
    """The same seconds of another channel are another place."""
    assert spans.distance(CONTROL, (span(0, 1),), (span(0, 1, track="1"),)) == 1


def test_instants_agree_only_at_the_same_moment() -> None:
    """An instant is as near to itself as can be, and to anything else not at all."""
    instant = (span(3, 3),)
    assert spans.distance(CONTROL, instant, instant) == 0
    for other in ((span(3, 4),), (span(2, 3),), (span(2, 4),), (span(4, 4),)):
        assert spans.distance(CONTROL, instant, other) == 1


def test_sets_of_labels_match_whole() -> None:
    """A region with two labels is not the same as one with either."""
    both, single = (Span("", 0, 4, ("A", "B")),), (Span("", 0, 4, ("A",)),)
    assert spans.distance(CONTROL, both, single) == 1
    assert spans.pairs(CONTROL, both, single) == [("A", "A"), ("B", None)]


def test_pairs_show_what_is_confused_and_what_is_missed() -> None:
    """Another label at the same place is a confusion; from an IoU below one half on, a miss."""
    a = (span(0, 10, "A"), span(20, 30, "A"), span(40, 50, "B"))
    b = (span(1, 10, "B"), span(26, 36, "A"), span(40, 50, "B"), span(60, 61, "A"))
    found = spans.pairs(CONTROL, a, b)
    assert found == [("A", "B"), ("A", None), ("B", "B"), (None, "A"), (None, "A")]
    assert spans.pairs(CONTROL, None, b[:1]) == [(None, "B")]


@given(values, values)
def test_pairs_hold_every_label_once(a: Any, b: Any) -> None:
    """Each side's labels are those of its spans, however they were paired."""
    found = spans.pairs(CONTROL, a, b)
    for side, value in enumerate((a, b)):
        shown = sorted(p[side] or "" for p in found if p[side] is not None)
        assert shown == sorted(s.labels[0] for s in value)


def one_to_one(bounds: Any, labels: Any, shift: Any) -> tuple[Any, Any]:
    """Spans that do not touch, and copies of each with its ends moved within the gaps."""
    a = [span(x, y, label) for (x, y), label in zip(zip(*[iter(bounds)] * 2), labels)]  # noqa: B905
    b = [
        span(s.start + (s.end - s.start > 1) * move, s.end, "B" if flip else s.labels[0])
        for s, (move, flip, keep) in zip(a, shift)  # noqa: B905
        if keep
    ]
    return tuple(a), tuple(b)


@pytest.fixture(scope="session")
def nervaluate() -> Any:
    """The program for figures of named entities; it warns while it is imported."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import nervaluate
    return nervaluate


@given(
    apart,
    st.lists(st.sampled_from("AB"), min_size=6, max_size=6),
    st.lists(st.tuples(st.integers(0, 1), st.booleans(), st.booleans()), min_size=6, max_size=6),
)
def test_counts_agree_with_nervaluate(
    nervaluate: Any, bounds: Any, labels: Any, shift: Any
) -> None:
    """Strict and by-type counts of correct spans, where no span meets two others."""
    # Only there: nervaluate takes the first partner that it meets, and can lose the exact one.
    a, b = one_to_one(bounds, labels, shift)
    documents = [
        [[{"label": s.labels[0], "start": int(s.start), "end": int(s.end) - 1} for s in value]]
        for value in (a, b)
    ]
    evaluator = nervaluate.Evaluator(*documents, tags=["A", "B"], loader="dict")
    overall = evaluator.evaluate()["overall"]
    assert spans.counts(CONTROL, a, b, 1.0)[0] == overall["strict"].correct
    assert spans.counts(CONTROL, a, b, 0.01)[0] == overall["ent_type"].correct
    bounds_of_both = {(s.start, s.end) for s in a} & {(s.start, s.end) for s in b}
    assert len(bounds_of_both) == overall["exact"].correct


@given(values, values)
def test_character_f1_agrees_with_scikit_learn(a: Any, b: Any) -> None:
    """F1 of the indicator of each character, as a classifier's."""
    marks = [[any(s.start <= at < s.end for s in value) for at in range(20)] for value in (a, b)]
    assert spans.character_f1(a, b, labels=False) == pytest.approx(f1_score(*marks))


def test_character_f1_of_nothing() -> None:
    """Nothing against nothing agrees, nothing against something does not."""
    assert spans.character_f1(None, None) == 1
    assert spans.character_f1(None, (span(0, 1),)) == 0


@pytest.mark.parametrize(("name", "expected"), [("toxic_spans", 0.432), ("btc_ner_crowd", 0.805)])
def test_real_annotators_agree_as_was_measured(datasets: Path, name: str, expected: float) -> None:
    """The mean character F1 over all pairs of annotators is that of the set's README."""
    found = []
    for line in (datasets / name / "items.jsonl").read_text().splitlines():
        given_ = [
            tuple(Span("", s["start"], s["end"], (s["label"],)) for s in label["value"])
            for label in json.loads(line)["labels"]
        ]
        found += [spans.character_f1(a, b, labels=False) for a, b in combinations(given_, 2)]
    assert np.mean(found) == pytest.approx(expected, abs=5e-4)


def test_characters_without_end_are_counted() -> None:
    """Offsets that no text bounds take no memory: half of each is common."""
    far = 2**52
    assert spans.character_f1((span(0, 2 * far),), (span(far, 2 * far),)) == pytest.approx(2 / 3)

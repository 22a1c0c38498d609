"""The order in which tasks outside the validation sample are worth labelling."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import label_configs
from sync.placing.priority import priorities, prioritised
from sync.records import Candidate, Result

CONFIG = label_configs.parse(label_configs.load("text_classification"))


def _result(label: str) -> Result:
    return label_configs.write(CONFIG, {"label": frozenset({label})}, score=0.4)


def _order(ranks: list[float]) -> list[int]:
    return np.argsort(ranks).tolist()


def test_the_least_sure_come_first() -> None:
    """Among tasks that say different things, the order is that of the model's doubt."""
    texts = ["parcel lost again", "cannot log in", "love it", "where is Berlin"]
    ranks = priorities([0.9, 0.2, None, 0.7], [[], [], [], []], texts)
    assert _order(ranks)[0] == 1
    assert _order(ranks)[-1] == 0
    assert all(0 < rank < 1 for rank in ranks)


def test_what_says_the_same_is_asked_once_first() -> None:
    """Of five copies one comes first, and the other four after all that is new."""
    texts = ["my parcel is lost"] * 5 + ["cannot log in", "love the new colours", "refund me"]
    order = _order(priorities([0.1] * 5 + [0.6, 0.7, 0.8], [[]] * 8, texts))
    assert order[0] < 5
    assert set(order[1:4]) == {5, 6, 7}


def test_tasks_without_text_are_spread_over_their_labels() -> None:
    """Of six images, among the first three are all three labels that were proposed."""
    results = [_result(label) for label in ("positive",) * 4 + ("negative", "other")]
    order = _order(priorities([0.5, 0.51, 0.52, 0.53, 0.6, 0.6], results, [""] * 6))
    assert order[0] == 0
    assert set(order[1:3]) == {4, 5}


def test_the_validation_sample_and_the_regions_keep_their_scores() -> None:
    """Only tasks outside the draw order get another score, and no region does."""
    made = [
        Candidate(
            task_id=i, batch="b", result=_result("positive"), score=i / 10, generator_version="v"
        )
        for i in range(1, 6)
    ]
    data = {i: {"text": f"text about {name}"} for i, name in enumerate("abcdef")}
    found = prioritised(made, {2, 4}, data, CONFIG)
    assert [(c.task_id, c.score) for c in found if c.task_id in (2, 4)] == [(2, 0.2), (4, 0.4)]
    assert [c.result for c in found] == [c.result for c in made]
    others = {c.task_id: c.score or 0.0 for c in found if c.task_id not in (2, 4)}
    assert sorted(others, key=lambda task: others[task]) == [1, 3, 5]
    assert prioritised([], (), {}, CONFIG) == []


@given(
    tasks=st.lists(
        st.tuples(st.none() | st.floats(0, 1), st.text(st.characters(codec=None), max_size=20)),
        max_size=30,
    )
)
def test_every_task_has_a_place_of_its_own(tasks: list[tuple[float | None, str]]) -> None:
    """Whatever the scores and texts, ranks are all different and lie in (0, 1)."""
    scores, texts = [score for score, _ in tasks], [text for _, text in tasks]
    ranks = priorities(scores, [[]] * len(tasks), texts)
    assert sorted(_order(ranks)) == list(range(len(tasks)))
    assert len(set(ranks)) == len(tasks)
    assert all(0 < rank < 1 for rank in ranks)
    assert ranks == priorities(scores, [[]] * len(tasks), texts)


def test_a_large_batch_is_ordered_in_seconds() -> None:
    """30,000 tasks, more than are spread one by one, get ranks that are all different."""
    rng = np.random.default_rng(0)
    words = rng.integers(0, 5000, (30_000, 8))
    texts = [" ".join(f"w{w}" for w in row) for row in words]
    ranks = priorities(rng.random(30_000).tolist(), [[]] * 30_000, texts)
    assert len(set(ranks)) == 30_000

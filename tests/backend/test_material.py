"""What is learned from: whose labels, by which weight, and what is left out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

import label_configs
from backend.competence import agreed, competence
from backend.held_out import HeldOut
from backend.material import Material, divided, gather, label_counts, looker
from backend.pixels import no_uploads
from label_configs import LabelConfig
from sync.records import Annotation, Answer, Gold, Item, Json, Task
from sync.store import Store

NOW = datetime(2026, 1, 1, tzinfo=UTC)
Result = Callable[[str], list[Json]]


def _annotation(number: int, task: int, annotator: int, result: list[Json]) -> Annotation:
    return Annotation(
        annotation_id=number,
        task_id=task,
        annotator=annotator,
        result=result,
        was_cancelled=False,
        ground_truth=False,
        lead_time=None,
        created_at=NOW,
        updated_at=NOW + timedelta(seconds=number),
    )


@pytest.fixture
def say(store: Store, result: Result) -> Callable[..., None]:
    """Lets people label a task, by id, text and the label that each annotator gives."""
    number = iter(range(1, 10_000))

    def apply(task_id: int, text: str, said: dict[int, str | None]) -> None:
        task = Task(
            task_id=task_id, data={"text": text}, data_hash=f"h{task_id}", batch="b", updated_at=NOW
        )
        given = [
            _annotation(next(number), task_id, who, result(label) if label else [])
            for who, label in said.items()
        ]
        store.apply(1, [(task, given)], None, NOW)

    return apply


def _gather(store: Store, config: LabelConfig) -> Material:
    return gather(store, 1, config, ("label",), 0.5, no_uploads)


def test_near_duplicates_of_what_evaluates_are_not_learned_from(
    store: Store, config: LabelConfig, say: Callable[..., None]
) -> None:
    """Tasks 1 and 2 are validated and 3 is gold; what says nearly the same is left out."""
    say(1, "my parcel has still not arrived although it was sent two weeks ago", {})
    say(2, "the app closes itself", {})
    say(3, "thank you so much", {})
    say(5, "My parcel has still not arrived, although it was sent two weeks ago!", {1: "positive"})
    say(6, "my parcel has still not arrived although it was sent three weeks ago", {1: "positive"})
    say(7, "the app closes itsself", {1: "negative"})
    say(8, "thanks, that helped a lot", {1: "negative"})
    found = _gather(store, config)
    assert [one.example.data["text"] for one in found.labelled] == ["thanks, that helped a lot"]
    assert found.left_out == {"near_duplicates": 3, "unreadable_annotations": 0}


def test_whoever_fails_gold_is_outvoted_and_counts_less(
    store: Store, config: LabelConfig, say: Callable[..., None], result: Result
) -> None:
    """Person 1 knows the gold, 2 and 3 do not: together they do not outvote the first."""
    store.add_gold(1, [Gold(task_id=i, result=result("positive")) for i in range(100, 120)])
    for i in range(100, 120):
        say(i, f"gold{i}", {1: "positive", 2: "negative", 3: "negative"})
    say(5, "first", {1: "positive", 2: "negative", 3: "negative"})
    say(6, "second", {2: "negative"})
    say(7, "third", {9: "negative"})
    found = {one.example.data["text"]: one.example for one in _gather(store, config).labelled}
    assert found["first"].values == {"label": frozenset({"positive"})}
    assert found["second"].values == {"label": frozenset({"negative"})}
    # By hand: a third of all answers is right, so 5/3 of 5 prior tasks are.
    low, high = (5 / 3) / 25, (20 + 5 / 3) / 25
    assert found["second"].weight == pytest.approx(low)
    assert found["first"].weight == pytest.approx(high / 3)
    assert found["third"].weight == pytest.approx(1 / 3)


def test_without_gold_all_count_the_same(
    store: Store, config: LabelConfig, say: Callable[..., None]
) -> None:
    """The most frequent label wins, and who agrees fully counts fully."""
    say(5, "one", {1: "positive", 2: "negative", 3: "negative"})
    say(6, "two", {1: "positive", 2: "positive"})
    one, two = (found.example for found in _gather(store, config).labelled)
    assert (one.values["label"], one.weight) == (frozenset({"negative"}), pytest.approx(2 / 3))
    assert (two.values["label"], two.weight) == (frozenset({"positive"}), 1.0)


def test_the_newest_word_of_a_person_counts(
    store: Store, config: LabelConfig, result: Result
) -> None:
    """Two annotations of one person on a task are one vote, the later one."""
    task = Task(task_id=5, data={"text": "x"}, data_hash="h5", batch="b", updated_at=NOW)
    given = [_annotation(1, 5, 1, result("positive")), _annotation(2, 5, 1, result("negative"))]
    store.apply(1, [(task, given)], None, NOW)
    (one,) = _gather(store, config).labelled
    assert one.example.values == {"label": frozenset({"negative"})}


def test_weights_follow_skill() -> None:
    """Of 30 simulated people, weights after 40 gold tasks are close to true accuracy."""
    config = label_configs.parse(label_configs.load("text_classification"))
    labels = config.controls[0].labels
    rng = np.random.default_rng(4)
    skill = rng.uniform(0.3, 1.0, 30)

    def wrote(label: str) -> list[Json]:
        return label_configs.write(config, {config.controls[0].name: frozenset({label})})

    items = []
    for i in range(40):
        truth = labels[i % len(labels)]
        wrong = labels[(i + 1) % len(labels)]
        answers = tuple(
            Answer(annotation_id=who, annotator=who, submitted_at=NOW,
                   result=wrote(truth if rng.random() < p else wrong))
            for who, p in enumerate(skill)
        )  # fmt: skip
        items.append(Item(task_id=i, data={"text": "x"}, answers=answers, gold=wrote(truth)))
    found = competence(items, config, 0.0)
    weights = np.array([found.weight(who) for who in range(30)])
    assert np.abs(weights - skill).max() < 0.25
    assert np.corrcoef(weights, skill)[0, 1] > 0.9
    assert found.weight(99) == pytest.approx(weights.mean(), abs=0.02)
    assert competence([], config, 0.0).weight(1) == 1.0


def test_regions_agree_by_overlap() -> None:
    """Of three drawings of one span, the one in the middle is what people say together."""
    config = label_configs.parse(label_configs.load("ner"))
    text = {"text": "Anna Maria Schmidt lives here"}
    field, control = config.objects[0].field, config.controls[0]

    def span(end: int) -> object:
        value = {"start": 0, "end": end, "labels": [control.labels[0]]}
        region = {"from_name": control.name, "to_name": control.to_name[0], "type": "labels"}
        return label_configs.read(config, [{**region, "value": value}], {field: text["text"]})[
            control.name
        ]

    value, weight = agreed(control, [(span(18), 1.0), (span(10), 1.0), (span(4), 1.0)])
    assert value == span(10)
    assert 0.5 < weight < 1.0
    assert agreed(control, [(None, 1.0), (None, 1.0), (span(4), 1.0)]) == (
        None,
        pytest.approx(2 / 3),
    )


def test_held_out_copies_of_examples_measure_nothing(
    store: Store, config: LabelConfig, say: Callable[..., None]
) -> None:
    """A held-out task that an example repeats is neither learned from nor asked."""
    say(5, "where is my parcel it was sent two weeks ago already", {1: "positive"})
    say(6, "Where is my parcel? It was sent two weeks ago already", {1: "positive"})
    say(7, "refund please", {1: "negative"})
    labelled = _gather(store, config).labelled
    held = HeldOut(held=("h6", "h7"))
    examples, rest = divided(labelled, held, looker(config, no_uploads))
    assert [one.data_hash for one in examples] == ["h5"]
    assert [one.data_hash for one in rest] == ["h7"]
    assert label_counts(labelled, config) == {"label": {"negative": 1, "positive": 2}}

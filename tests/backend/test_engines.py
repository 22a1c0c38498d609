"""What the engines learn, and what their scores mean."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io
from sklearn.utils.extmath import softmax

import label_configs
from backend.engines import ENGINES, FEWEST, Unfit
from backend.pixels import Unreachable, no_uploads
from backend.registry import Registry
from label_configs import LabelConfig
from sync.errors import Fatal
from sync.records import Json

Digits = tuple[list[Json], list[str]]


@pytest.fixture
def image_config() -> LabelConfig:
    return label_configs.parse(label_configs.load("image_classification"))


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def accuracy(guesses: Sequence[tuple[str, float]], truth: Sequence[str]) -> float:
    return float(np.mean([g[0] == t for g, t in zip(guesses, truth, strict=True)]))


def expected_calibration_error(guesses: Sequence[tuple[str, float]], truth: Sequence[str]) -> float:
    """Guo et al. 2017, 15 bins of the top label's probability."""
    score = np.array([guess[1] for guess in guesses])
    right = np.array([guess[0] == t for guess, t in zip(guesses, truth, strict=True)])
    bins = np.minimum((score * 15).astype(int), 14)
    gaps = [
        abs(right[bins == b].mean() - score[bins == b].mean()) * (bins == b).sum()
        for b in set(bins)
    ]
    return float(sum(gaps) / len(score))


def test_digits_are_learned_and_the_scores_mean_something(
    tmp_path: Path, image_config: LabelConfig, digits: Digits
) -> None:
    """From 800 digits: accuracy above 0.95, calibration error below 0.05, the same from disk."""
    data, truth = digits
    engine = ENGINES["sklearn-image"]
    examples = list(zip(data[:800], truth[:800], strict=True))
    learned = engine.fit(examples, image_config, rng(), no_uploads)
    registry = Registry(tmp_path)
    version = registry.publish(1, "sklearn-image", learned, {})
    before = engine.model(learned, image_config, no_uploads).predict(data[800:])
    after = registry.load(1, version, image_config).predict(data[800:])
    assert before == after
    guesses = [guess for guess in after if guess is not None]
    assert accuracy(guesses, truth[800:]) > 0.95
    assert expected_calibration_error(guesses, truth[800:]) < 0.05


def test_intents_are_learned(datasets: Path, config: LabelConfig) -> None:
    """From 3,000 banking77 questions: accuracy above 0.8, calibration error below 0.06."""
    lines = (datasets / "banking77" / "items.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    np.random.default_rng(4).shuffle(rows)
    intents = sorted({row["gold"] for row in rows})
    config = label_configs.parse(label_configs.with_labels(config.xml, "label", intents))
    engine = ENGINES["sklearn-text"]
    examples = [(row["data"], row["gold"]) for row in rows[:3000]]
    model = engine.model(engine.fit(examples, config, rng(), no_uploads), config, no_uploads)
    guesses = [guess for guess in model.predict([row["data"] for row in rows[3000:5000]]) if guess]
    truth = [row["gold"] for row in rows[3000:5000]]
    assert accuracy(guesses, truth) > 0.8
    assert expected_calibration_error(guesses, truth) < 0.06


def texts(count: int) -> list[tuple[Json, str]]:
    return [
        ({"text": f"{('awful', 'lovely')[i % 2]} day number {i}"}, ("negative", "positive")[i % 2])
        for i in range(count)
    ]


def test_the_score_is_the_probability_of_two_labels_too(config: LabelConfig) -> None:
    """With two labels it is scikit-learn's own probability at the fitted temperature."""
    engine = ENGINES["sklearn-text"]
    learned = engine.fit(texts(60), config, rng(), no_uploads)
    model = engine.model(learned, config, no_uploads)
    asked = [{"text": "a lovely one"}, {"text": "awful lovely"}]
    features = learned["vectorizer"].transform([item["text"] for item in asked])
    odds = learned["classifier"].decision_function(features) / learned["temperature"]
    expected = softmax(np.column_stack([np.zeros(2), odds])).max(axis=1)
    found = [guess[1] for guess in model.predict(asked) if guess]
    assert found == pytest.approx(expected)


def test_the_same_examples_teach_the_same(config: LabelConfig) -> None:
    """Equal examples and generator give equal guesses."""
    engine = ENGINES["sklearn-text"]
    asked = [{"text": f"an awful day {i}"} for i in range(5)]
    first, second = (
        engine.model(engine.fit(texts(80), config, rng(), no_uploads), config, no_uploads)
        for _ in range(2)
    )
    assert first.predict(asked) == second.predict(asked)


def test_tasks_without_content_are_not_guessed(
    config: LabelConfig, image_config: LabelConfig, digits: Digits
) -> None:
    """Missing, empty or foreign content is None at its place; the tasks beside it are answered."""
    engine = ENGINES["sklearn-text"]
    model = engine.model(engine.fit(texts(40), config, rng(), no_uploads), config, no_uploads)
    odd: list[Any] = [{}, {"text": None}, {"text": 7}, {"text": " \n"}, {"text": ["x"]}]
    found = model.predict([*odd, {"text": "lovely \ud800"}])
    assert [guess is not None for guess in found] == [False] * 5 + [True]
    data, truth = digits
    engine = ENGINES["sklearn-image"]
    learned = engine.fit(
        list(zip(data[:60], truth[:60], strict=True)), image_config, rng(), no_uploads
    )
    broken = {"image": data[0]["image"][:90]}
    found = engine.model(learned, image_config, no_uploads).predict([broken, data[70], {}])
    assert [guess is not None for guess in found] == [False, True, False]


@pytest.mark.parametrize(
    ("examples", "reason"),
    [
        (texts(FEWEST - 1), f"{FEWEST - 1} of {FEWEST - 1} examples"),
        ([({"text": ""}, "positive")] * 30, "0 of 30 examples"),
        ([({"text": "fine"}, "positive")] * 30, "all labels are the same"),
        ([({"text": "!"}, "positive"), ({"text": "?"}, "negative")] * 9, "nothing can be learned"),
    ],
)
def test_what_cannot_be_learned_from_is_named(
    config: LabelConfig, examples: list[tuple[Json, str]], reason: str
) -> None:
    """Too few, empty, uniform and wordless examples each have their sentence."""
    with pytest.raises(Unfit, match=reason):
        ENGINES["sklearn-text"].fit(examples, config, rng(), no_uploads)


def test_a_server_that_is_down_is_asked_once(image_config: LabelConfig, digits: Digits) -> None:
    """One silence ends the asking for uploads; data URIs in the same request are answered."""
    data, truth = digits
    engine = ENGINES["sklearn-image"]
    learned = engine.fit(
        list(zip(data[:60], truth[:60], strict=True)), image_config, rng(), no_uploads
    )
    asked: list[str] = []

    def down(path: str) -> bytes:
        asked.append(path)
        raise Unreachable("Label Studio did not answer")

    tasks = [{"image": f"/data/upload/1/{i}.png"} for i in range(50)]
    found = engine.model(learned, image_config, down).predict([*tasks, data[70]])
    assert [guess is not None for guess in found] == [False] * 50 + [True]
    assert len(asked) == 1


@pytest.mark.parametrize("name", ["safety_policy", "ner", "pairwise_preference"])
def test_engines_know_what_does_not_fit(name: str) -> None:
    """A config with several controls, other tags or several texts fits no engine."""
    config = label_configs.parse(label_configs.load(name))
    assert not [engine for engine in ENGINES.values() if engine.fits(config)]


@pytest.mark.parametrize(
    ("attributes", "inside"),
    [
        ('choice="multiple"', '<Choice value="a"/>'),
        ('allowNested="true"', '<Choice value="a"><Choice value="b"/></Choice>'),
        ('perItem="true"', '<Choice value="a"/>'),
        ('perRegion="true"', '<Choice value="a"/>'),
        ('value="$options"', ""),
    ],
)
def test_engines_know_choices_that_do_not_fit(attributes: str, inside: str) -> None:
    """Choices that are more than one label of a fixed list for the task fit no engine."""
    config = label_configs.parse(
        f'<View><Text name="t" value="$t"/><Choices name="c" toName="t" {attributes}>{inside}'
        "</Choices></View>"
    )
    assert not [engine for engine in ENGINES.values() if engine.fits(config)]


class Stranger:
    """A type that no model of ours holds."""

    value = 1


def test_a_model_with_strange_types_is_not_loaded(tmp_path: Path, config: LabelConfig) -> None:
    """A file whose types are not on the list is refused before it is read."""
    registry = Registry(tmp_path)
    version = registry.publish(1, "sklearn-text", {"x": 1}, {})
    skops.io.dump(Stranger(), tmp_path / "1" / version / "model.skops")
    with pytest.raises(Fatal, match="Stranger"):
        registry.load(1, version, config)


def test_a_model_for_another_config_is_not_used(tmp_path: Path, image_config: LabelConfig) -> None:
    """A text model does not answer once the project shows images."""
    registry = Registry(tmp_path)
    version = registry.publish(1, "sklearn-text", {"x": 1}, {})
    with pytest.raises(Fatal, match="does not fit the label config"):
        registry.load(1, version, image_config)


def test_a_model_is_read_once_and_replaced(tmp_path: Path, config: LabelConfig) -> None:
    """A published version is current, loaded once, and gives way to the next one."""
    engine = ENGINES["sklearn-text"]
    learned = engine.fit(texts(40), config, rng(), no_uploads)
    registry = Registry(tmp_path)
    first = registry.publish(1, "sklearn-text", learned, {"n": 1})
    registry.load(1, first, config)
    file = tmp_path / "1" / first / "model.skops"
    file.unlink()
    assert registry.load(1, first, config).predict([{"text": "awful"}]) != [None]
    second = registry.publish(1, "sklearn-text", learned, {"n": 2})
    assert Registry(tmp_path).current(1) == second != first
    assert registry.load(1, second, config).predict([{"text": "awful"}]) != [None]
    with pytest.raises(FileNotFoundError):
        registry.load(1, first, config)

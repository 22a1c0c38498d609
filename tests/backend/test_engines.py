"""What the engines learn, and what their scores mean."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io
from sklearn.utils.extmath import softmax

import label_configs
from backend.engines import ENGINES, Example, Model, Proposal, Surroundings
from backend.pixels import Unreachable, no_uploads, pixels
from backend.registry import Registry
from backend.serving import Serving
from label_configs import LabelConfig
from sync.errors import Fatal
from sync.records import Json
from sync.settings import Settings

Guess = tuple[str, float]
Digits = tuple[list[Json], list[str]]


@pytest.fixture
def image_config() -> LabelConfig:
    return label_configs.parse(label_configs.load("image_classification"))


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def examples(data: Sequence[Json], labels: Sequence[str], control: str = "label") -> list[Example]:
    return [
        Example(data=item, values={control: frozenset({label})})
        for item, label in zip(data, labels, strict=True)
    ]


def learn(name: str, learned_from: Sequence[Example], config: LabelConfig) -> Model:
    engine = ENGINES[name]
    learned = engine.fit(learned_from, config, rng(), Surroundings())
    return engine.model(learned, config, Surroundings())


def ask(model: Model, data: Sequence[Any]) -> list[Guess | None]:
    """The label and score of each proposal; None for an abstention."""
    tasks = [{"id": i, "data": item} for i, item in enumerate(data)]
    return [
        (answer.result[0]["value"]["choices"][0], answer.score)
        if isinstance(answer, Proposal)
        else None
        for answer in model.predict(tasks)
    ]


def accuracy(guesses: Sequence[Guess], truth: Sequence[str]) -> float:
    return float(np.mean([g[0] == t for g, t in zip(guesses, truth, strict=True)]))


def expected_calibration_error(guesses: Sequence[Guess], truth: Sequence[str]) -> float:
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
    engine = ENGINES["sklearn_image"]
    known = examples(data[:800], truth[:800], image_config.controls[0].name)
    learned = engine.fit(known, image_config, rng(), Surroundings())
    registry = Registry(tmp_path)
    version = registry.publish(1, "sklearn_image", learned, {})
    before = ask(engine.model(learned, image_config, Surroundings()), data[800:])
    loaded = registry.load(1, version)
    after = ask(engine.model(loaded, image_config, Surroundings()), data[800:])
    assert before == after
    guesses = [guess for guess in after if guess is not None]
    assert accuracy(guesses, truth[800:]) > 0.95
    assert expected_calibration_error(guesses, truth[800:]) < 0.05


def texts(count: int) -> list[Example]:
    return examples(
        [{"text": f"{('awful', 'lovely')[i % 2]} day number {i}"} for i in range(count)],
        [("negative", "positive")[i % 2] for i in range(count)],
    )


def test_the_score_is_the_probability_of_two_labels_too(
    image_config: LabelConfig, digits: Digits
) -> None:
    """With two labels it is scikit-learn's own probability at the fitted temperature."""
    data, truth = digits
    two = [i for i, label in enumerate(truth) if label in "35"]
    known = examples(
        [data[i] for i in two[:90]], [truth[i] for i in two[:90]], image_config.controls[0].name
    )
    engine = ENGINES["sklearn_image"]
    learned = engine.fit(known, image_config, rng(), Surroundings())
    asked = [data[i] for i in two[90:95]]
    seen = np.stack([pixels(item["image"], no_uploads) for item in asked])
    odds = learned["classifier"].decision_function(learned["kernel"].transform(seen))
    odds /= learned["temperature"]
    expected = softmax(np.column_stack([np.zeros(len(odds)), odds])).max(axis=1)
    model = engine.model(learned, image_config, Surroundings())
    assert [guess[1] for guess in ask(model, asked) if guess] == pytest.approx(expected)


def test_tasks_without_an_image_are_not_guessed(image_config: LabelConfig, digits: Digits) -> None:
    """A broken or missing image abstains; the task beside it is answered."""
    data, truth = digits
    known = examples(data[:60], truth[:60], image_config.controls[0].name)
    broken = {"image": data[0]["image"][:90]}
    found = ask(learn("sklearn_image", known, image_config), [broken, data[70], {}])
    assert [guess is not None for guess in found] == [False, True, False]


def test_a_server_that_is_down_is_asked_once(image_config: LabelConfig, digits: Digits) -> None:
    """One silence ends the asking for uploads; data URIs in the same request are answered."""
    data, truth = digits
    engine = ENGINES["sklearn_image"]
    known = examples(data[:60], truth[:60], image_config.controls[0].name)
    learned = engine.fit(known, image_config, rng(), Surroundings())
    asked: list[str] = []

    def down(path: str) -> bytes:
        asked.append(path)
        raise Unreachable("Label Studio did not answer")

    tasks = [{"image": f"/data/upload/1/{i}.png"} for i in range(50)]
    model = engine.model(learned, image_config, Surroundings(fetch=down))
    found = ask(model, [*tasks, data[70]])
    assert [guess is not None for guess in found] == [False] * 50 + [True]
    assert len(asked) == 1


class Stranger:
    """A type that no model of ours holds."""

    value = 1


def test_a_model_with_strange_types_is_not_loaded(tmp_path: Path) -> None:
    """A file whose types are not on the list is refused before it is read."""
    registry = Registry(tmp_path)
    version = registry.publish(1, "sklearn_text", {"x": 1}, {})
    skops.io.dump(Stranger(), tmp_path / "1" / version / "model.skops")
    with pytest.raises(Fatal, match="Stranger"):
        registry.load(1, version)


def test_a_model_for_another_config_is_not_used(
    team_settings: Settings, image_config: LabelConfig
) -> None:
    """A text model does not answer once the project shows images."""
    Registry(team_settings.home / "models").publish(1, "sklearn_text", {"x": 1}, {})
    with pytest.raises(Fatal, match="not of the engine sklearn_image"):
        Serving(team_settings).model(1, image_config)


def test_a_model_is_read_once_and_replaced(tmp_path: Path, config: LabelConfig) -> None:
    """A published version is current, loaded once, and gives way to the next one."""
    learned = ENGINES["sklearn_text"].fit(texts(40), config, rng(), Surroundings())
    registry = Registry(tmp_path)
    first = registry.publish(1, "sklearn_text", learned, {"n": 1})
    there = registry.load(1, first)
    (tmp_path / "1" / first / "model.skops").unlink()
    assert registry.load(1, first) is there
    second = registry.publish(1, "sklearn_text", learned, {"n": 2})
    assert Registry(tmp_path).current(1) == second != first
    assert registry.load(1, second) is not there
    with pytest.raises(FileNotFoundError):
        registry.load(1, first)

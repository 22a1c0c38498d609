"""Every shipped scenario is whole: its config, policy, examples and words fit each other."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

import label_configs
from label_configs import Scenario
from sync.gating.bounds import anytime_bounds
from sync.gating.policy import GatePolicy, from_dict
from sync.settings import ENGINE_TABLES

PROMISED = {
    "answer_grading",
    "audio_segments",
    "audio_transcription",
    "boxes",
    "image_classification",
    "intent_sentiment",
    "multilingual_intent",
    "ner",
    "ner_finance",
    "ner_health",
    "ner_law",
    "ocr",
    "pairwise_preference",
    "polygons",
    "red_team",
    "retrieval_relevance",
    "safety_policy",
    "sft_demonstrations",
    "text_classification",
    "time_series",
    "video",
}
#: Keys that Label Studio's editor takes for itself: everywhere, and where images are shown.
TAKEN = {"u", "enter", "escape", "backspace"}
TAKEN_ON_IMAGES = set("hoemkwprvb[]")
#: Characters of the instructions that are read before the first task.
LONGEST = 600

scenarios = pytest.mark.parametrize(
    "scenario",
    [label_configs.scenario(name) for name in label_configs.names()],
    ids=lambda s: s.name,
)


def policy_of(scenario: Scenario) -> GatePolicy:
    tables = tomllib.loads(scenario.files["assay.toml"])
    return from_dict({k: v for k, v in tables.items() if k not in ENGINE_TABLES})


def hotkeys(scenario: Scenario) -> list[str]:
    tags = ElementTree.fromstring(scenario.xml).iter()
    return [tag.attrib["hotkey"] for tag in tags if "hotkey" in tag.attrib]


def test_what_is_shipped() -> None:
    """The scenarios that the project promises are there, and no other."""
    assert set(label_configs.names()) == PROMISED


@scenarios
def test_every_control_can_be_judged(scenario: Scenario) -> None:
    """Nothing in the config keeps `assay connect` from taking it, weights included."""
    config = label_configs.parse(scenario.xml)
    assert scenario.weights.keys() <= config.by_name.keys()
    weights = {name: {"overall": weight} for name, weight in scenario.weights.items()}
    assert label_configs.distance(label_configs.weighted(config, weights), [], []) == 0


@scenarios
def test_every_example_has_what_is_shown(scenario: Scenario) -> None:
    """There are three examples, different ones, and each has the fields that the config shows."""
    shown = {tag.field for tag in label_configs.parse(scenario.xml).objects}
    assert len(scenario.tasks) == 3
    assert all(shown <= task.keys() for task in scenario.tasks)
    assert len({str(task) for task in scenario.tasks}) == 3


@scenarios
def test_examples_need_no_network(scenario: Scenario) -> None:
    """Nothing in an example has to be fetched from anywhere."""
    assert "://" not in str(scenario.tasks)


@scenarios
def test_no_hotkey_clashes(scenario: Scenario) -> None:
    """No key is used twice, and none is one of the editor's own."""
    keys = hotkeys(scenario)
    images = any(tag.tag == "Image" for tag in label_configs.parse(scenario.xml).objects)
    assert keys
    assert len(keys) == len(set(keys))
    assert not TAKEN & set(keys)
    assert not images or not TAKEN_ON_IMAGES & set(keys)


@scenarios
def test_the_policy_argues_for_its_thresholds(scenario: Scenario) -> None:
    """The policy loads, is no copy of the defaults, and says of every threshold why."""
    assert policy_of(scenario) != GatePolicy()
    lines = scenario.files["assay.toml"].splitlines()
    thresholds = [line for line in lines if line.startswith(("min = ", "min_", "risk = "))]
    assert len(thresholds) >= 4
    assert [line for line in thresholds if "  # " not in line] == []


@scenarios
def test_the_words_are_short(scenario: Scenario) -> None:
    """Instructions fit a glance, titles fit Label Studio, the README says who labels, and why."""
    readme = (files("label_configs") / scenario.name / "README.md").read_text(encoding="utf-8")
    assert 3 <= len(scenario.title) <= 50
    assert len(" ".join(scenario.instructions)) <= LONGEST
    assert readme.startswith(f"# {scenario.title}\n")
    assert len(readme.splitlines()) <= 18
    for word in ("**Who labels**", "**Thresholds**", "**Price**", "**Engine**", "**Change it**"):
        assert word in readme


@scenarios
def test_the_price_is_what_the_bounds_ask(scenario: Scenario) -> None:
    """Each README says how many blind tasks a PASS takes at least, in a batch of 2,000."""
    gate = policy_of(scenario).gate
    lower, _ = anytime_bounds([1.0] * 500, 2_000, gate.confidence)
    readme = (files("label_configs") / scenario.name / "README.md").read_text(encoding="utf-8")
    price = int(np.argmax(lower >= gate.acceptance.min)) + 1
    assert f"**Price**: {price} blind tasks of a batch of 2,000" in readme


@scenarios
def test_the_readme_names_it(scenario: Scenario) -> None:
    """Whoever reads the README finds the scenario in its table."""
    readme = (Path(label_configs.__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    assert f"`{scenario.name}`" in readme


def test_instructions_are_escaped() -> None:
    """Label Studio shows the sentences, whatever they hold."""
    found = replace(label_configs.scenario("ner"), instructions=("a < b", "c & d"))
    assert found.html == "<p>• a &lt; b</p><br/><p>• c &amp; d</p>"

"""Every shipped scenario has an engine that serves it, and rules that pre-fill its examples."""

from __future__ import annotations

from pathlib import Path

import pytest

import label_configs
from backend.engines import ENGINES, Proposal, Surroundings
from backend.options import chosen, options_of
from label_configs import LabelConfig, Scenario
from sync.settings import Settings

#: Examples in which the rules have nothing to find; the others are pre-filled.
NOTHING_TO_FIND = {"ner": 1, "ner_finance": 1, "ner_health": 1, "ner_law": 1, "time_series": 1}
NOTHING_TO_FIND |= {"safety_policy": 2, "red_team": 1}


@pytest.fixture(params=label_configs.names())
def scenario(request: pytest.FixtureRequest) -> Scenario:
    return label_configs.scenario(request.param)


@pytest.fixture
def config(scenario: Scenario) -> LabelConfig:
    return label_configs.parse(scenario.xml)


@pytest.fixture
def settings(scenario: Scenario, tmp_path: Path) -> Settings:
    """The settings of a team that took the scenario's files as they are."""
    for name, text in scenario.files.items():
        (tmp_path / name).write_text(text)
    return Settings(config=tmp_path / "assay.toml")


def test_the_engine_serves_the_config(settings: Settings, config: LabelConfig) -> None:
    """The engine that the settings file names fills at least one control of the config."""
    engine = chosen(settings, 1, config)
    assert ENGINES[engine.name].serves(config, engine.options)


def test_the_rules_pre_fill_the_examples(
    settings: Settings, config: LabelConfig, scenario: Scenario
) -> None:
    """What the rules propose for the examples is read with their data, and little is left out."""
    engine = ENGINES["rules"]
    options = options_of(settings.engine(1), "rules")
    model = engine.model(None, config, Surroundings(options=options, settings=settings))
    tasks = [{"id": n, "data": data} for n, data in enumerate(scenario.tasks)]
    answers = model.predict(tasks)
    filled = [a for a in answers if isinstance(a, Proposal)]
    assert len(tasks) - len(filled) == NOTHING_TO_FIND.get(scenario.name, 0), answers
    for task, answer in zip(tasks, answers, strict=True):
        if isinstance(answer, Proposal):
            assert label_configs.read(config, answer.result, task["data"])

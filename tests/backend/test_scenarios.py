"""Every shipped scenario has an engine that serves it, and rules that pre-fill its examples."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import label_configs
from backend.engines import ENGINES, Answer, Proposal, Surroundings
from backend.options import chosen, options_of
from backend.serving import Serving
from label_configs import LabelConfig, Scenario
from sync.audit import audit
from sync.records import Result
from sync.settings import Settings
from tests.audit.exports import annotation, prediction, task

#: Examples in which the rules have nothing to find; the others are pre-filled.
NOTHING_TO_FIND = {"ner": 1, "ner_finance": 1, "ner_health": 1, "ner_law": 1, "time_series": 1}
NOTHING_TO_FIND |= {"safety_policy": 2, "red_team": 1}
#: The first example that is pre-filled, where it is not the first.
FIRST_FILLED = {"safety_policy": 1}
#: Scenarios whose engine asks no language model.
WITHOUT_A_MODEL = [
    name
    for name in label_configs.names()
    if "[engine.llm]" not in label_configs.scenario(name).files["assay.toml"]
]


def proposed(answer: Answer) -> Result:
    """The regions; none where it abstains."""
    return answer.result if isinstance(answer, Proposal) else []


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


@pytest.mark.parametrize("scenario", WITHOUT_A_MODEL, indirect=True)
def test_it_pre_fills_from_the_first_day(
    settings: Settings, config: LabelConfig, scenario: Scenario, tmp_path: Path
) -> None:
    """Before any training, and without any other server, its engine answers."""
    settings = settings.model_copy(update={"home": tmp_path})
    served = Serving(settings).model(1, config)
    assert served is not None
    task = {"id": 1, "data": scenario.tasks[FIRST_FILLED.get(scenario.name, 0)]}
    (answer,) = served.model.predict([task])
    assert proposed(answer)


@pytest.fixture
def candidates(settings: Settings, config: LabelConfig, scenario: Scenario) -> list[Answer]:
    """What the rules say of the examples."""
    options = options_of(settings.engine(1), "rules")
    model = ENGINES["rules"].model(None, config, Surroundings(options=options, settings=settings))
    return model.predict([{"id": n, "data": data} for n, data in enumerate(scenario.tasks)])


def test_the_rules_pre_fill_the_examples(
    candidates: list[Answer], config: LabelConfig, scenario: Scenario
) -> None:
    """What the rules propose for the examples is read with their data, and little is left out."""
    filled = [(data, a) for data, a in zip(scenario.tasks, candidates, strict=True) if proposed(a)]
    assert len(filled) == 3 - NOTHING_TO_FIND.get(scenario.name, 0), candidates
    assert all(label_configs.read(config, proposed(answer), data) for data, answer in filled)


def test_its_answers_can_be_judged(
    candidates: list[Answer],
    settings: Settings,
    config: LabelConfig,
    scenario: Scenario,
    tmp_path: Path,
) -> None:
    """The gate reads candidates and answers of every control, and comes to a verdict."""
    tasks = []
    for n, (data, answer) in enumerate(zip(scenario.tasks, candidates, strict=True), start=1):
        result = proposed(answer)
        people = [annotation(10 * n + person, person, result) for person in (1, 2)]
        tasks.append(task(n, people, data=data, predictions=[prediction(n, result)]))
    export = tmp_path / "export.json"
    export.write_text(json.dumps(tasks))
    found = audit(export, settings.policy, xml=scenario.xml).to_dict()
    assert found["set_aside"] == []
    assert found["verdict"]["state"] == "MORE"
    assert {row["name"] for row in found["controls"]} == set(config.by_name)

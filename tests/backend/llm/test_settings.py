"""Prompts as versioned files, options, and the version that they make."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from backend.llm import prompts
from backend.llm.options import LlmOptions
from backend.options import options_of
from backend.registry import Registry
from backend.serving import Serving
from sync.errors import ConfigurationError
from sync.settings import Settings
from tests.backend.llm.conftest import FIVE, Make
from tests.backend.llm.endpoint import completion


def test_the_shipped_prompt_has_its_places() -> None:
    """Its first line is its version; instructions and schema are filled in, once each."""
    prompt = prompts.load("label", Path())
    filled = prompt.filled("{schema} of mine", "a schema")
    assert prompt.version == "1"
    assert "version" not in filled.splitlines()[0]
    assert filled.count("{schema} of mine") == filled.count("a schema") == 1
    assert "{instructions}" not in filled


def test_a_team_brings_its_own_prompt(made: Make) -> None:
    """A file beside the settings file, whose text the model is told."""
    used = made(lambda request: completion('{"c": "red"}'))
    (used.folder / "ours.txt").write_text("version: 2026-11\nBe strict. {schema}\n")
    used.texts("x", prompt="ours.txt")
    assert used.endpoint.requests[0]["messages"][0]["content"].startswith("Be strict. {")
    version = used.engine.version(used.around(prompt="ours.txt"), used.config)
    assert version.startswith("ours.2026-11.")


def test_a_changed_prompt_is_another_generator(made: Make) -> None:
    """Other words or another version line: another version, and nothing remembered is used."""
    used = made(lambda request: completion('{"c": "red"}'))
    file, versions = used.folder / "ours.txt", set()
    for text in ("version: 1\nA {schema}", "version: 1\nB {schema}", "version: 2\nB {schema}"):
        file.write_text(text)
        versions.add(used.engine.version(used.around(prompt="ours.txt"), used.config))
        used.texts("x", prompt="ours.txt")
    assert len(versions) == 3
    # The version line is not told to the model, which was asked the last question before.
    assert len(used.endpoint.requests) == 2


@pytest.mark.parametrize("text", [None, "", "Label this.", "version: \nx", "version: 1\n \n"])
def test_a_file_that_is_no_prompt_is_refused(tmp_path: Path, text: str | None) -> None:
    """It says which setting names it and how it must begin."""
    if text is not None:
        (tmp_path / "p.txt").write_text(text)
    with pytest.raises(ConfigurationError, match=r"engine\.llm\.prompt is 'p\.txt'"):
        prompts.load("p.txt", tmp_path)
    with pytest.raises(ConfigurationError, match="use one of label"):
        prompts.load("no-such-prompt", tmp_path)


@pytest.mark.parametrize(
    ("table", "text"),
    [
        ({"url": "localhost:11434"}, "must start with http:// or https://"),
        ({"url": "http://me:pw@host/v1"}, "the key belongs into ASSAY_LLM_API_KEY"),
        ({"url": "me:pw@host/v1"}, "the key belongs into ASSAY_LLM_API_KEY"),
        ({"url": "http://host/v1?key=1"}, "the key belongs into ASSAY_LLM_API_KEY"),
        ({"structured": "xml"}, "allowed are json_schema, json_object, none"),
        ({"score": "high"}, "allowed are stated, logprobs, none"),
        ({"at_once": 0}, "engine.llm.at_once is 0: it must be at least 1"),
        ({"at_once": 10_000}, "engine.llm.at_once is 10000: it must be at most 256"),
        ({"deadline_seconds": 100}, "deadline_seconds is 100.0: it must be at most 95"),
        ({"timeout_seconds": 0}, "engine.llm.timeout_seconds is 0.0: it must be above 0"),
        ({"timeout_seconds": float("nan")}, "timeout_seconds is nan: it must be above 0"),
        ({"retries": -1}, "engine.llm.retries is -1: it must be at least 0"),
        ({"most_cost": 5}, "most_cost needs prices"),
        ({"body": {"tools": []}}, "engine.llm.body.tools is set by Assay"),
        ({"body": {"x": float("inf")}}, "engine.llm.body holds what JSON cannot"),
        ({"body": 3}, "engine.llm.body is 3: it must be a table"),
        ({"api_key": "sk"}, "engine.llm.api_key is no key of the engine"),
    ],
)
def test_a_wrong_option_is_named(table: dict[str, Any], text: str) -> None:
    """The setting, its value, and what is allowed."""
    with pytest.raises(ConfigurationError) as refused:
        options_of({"llm": table}, "llm")
    assert text in str(refused.value)
    assert "pw@" not in str(refused.value)


@pytest.mark.parametrize("missing", ["url", "model"])
def test_an_endpoint_must_be_named(made: Make, missing: str) -> None:
    """Neither address nor model has a default."""
    used = made(lambda request: completion("{}"))
    with pytest.raises(ConfigurationError, match=rf"engine\.llm\.{missing} is not set"):
        used.ask({"text": "x"}, **{missing: ""})


def test_options_reach_the_request(made: Make) -> None:
    """Model, temperature, bound of the output, and fields of the vendor."""
    used = made(lambda request: completion('{"c": "red"}'))
    used.texts("x", body={"reasoning_effort": "low", "max_completion_tokens": 7}, temperature=-1)
    asked = used.endpoint.requests[0]
    assert (asked["model"], asked["reasoning_effort"]) == ("m", "low")
    assert asked["max_completion_tokens"] == 7
    assert not {"max_tokens", "temperature"} & asked.keys()


def test_it_answers_untrained_and_better_when_trained(made: Make) -> None:
    """Serving gives its own version, and behind it that of what it learned."""
    used = made(lambda request: completion('{"c": "l1"}'), FIVE)
    (used.folder / "assay.toml").write_text(
        f'[engine]\nuse = "llm"\n[engine.llm]\nurl = "{used.endpoint.url}"\nmodel = "m"\n'
        'score = "none"\n'
    )
    settings = Settings(home=used.folder, config=used.folder / "assay.toml")
    serving = Serving(settings)
    untrained = serving.version(7, used.config)
    assert untrained.startswith("llm@label.1.")
    registry = Registry(used.folder / "models")
    registry.publish(7, "sklearn_text", {"of": "another engine"}, {})
    assert serving.version(7, used.config) == untrained
    examples = json.dumps([[{"t": "like this"}, {"c": "l1"}]])
    learned = {"examples": examples, "calibration": {"share": 0.9}}
    trained = registry.publish(7, "llm", learned, {})
    served = serving.model(7, used.config)
    assert served is not None
    assert served.version == f"{untrained}+{trained.removeprefix('llm@')}"
    served.model.predict([{"id": 1, "data": {"text": "x"}}])
    assert "like this" in json.dumps(used.endpoint.requests[-1])


def test_defaults_are_allowed() -> None:
    """An empty table is a table."""
    assert options_of({}, "llm") == LlmOptions()

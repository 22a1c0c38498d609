"""What an engine makes of what a language model writes."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

import label_configs
from backend.engines import Abstention, Proposal
from tests.backend.llm.conftest import CHOICES, NAMES, TEXT, Make
from tests.backend.llm.endpoint import Json, completion, task_of

RED = json.dumps({"c": "red"})


def test_a_choice_is_proposed(made: Make) -> None:
    """The label that the model names, with a region of Label Studio."""
    found = made(lambda request: completion(RED)).texts("a red thing")[0]
    assert isinstance(found, Proposal)
    assert [r["value"] for r in found.result] == [{"choices": ["red"]}]
    assert found.score == found.result[0]["score"] == 0.5


def test_the_endpoint_gets_a_schema_that_its_answer_fits(made: Make) -> None:
    """A strict JSON schema of draft 2020-12, every property of every object required."""

    def strict(schema: Json) -> None:
        jsonschema.Draft202012Validator.check_schema(schema)
        for part in walk(schema):
            if part.get("type") == "object":
                assert part["additionalProperties"] is False
                assert part["required"] == list(part["properties"])

    def walk(part: Any) -> Any:
        if isinstance(part, dict):
            yield part
        for inner in part.values() if isinstance(part, dict) else part:
            if isinstance(inner, dict | list):
                yield from walk(inner)

    answer = {"c": "red", "n": [{"text": "Ann", "occurrence": None, "label": "PER"}]}
    used = made(lambda request: completion(json.dumps(answer)), CHOICES + NAMES)
    assert isinstance(used.texts("red Ann")[0], Proposal)
    asked = used.endpoint.requests[0]["response_format"]
    assert (asked["type"], asked["json_schema"]["strict"]) == ("json_schema", True)
    strict(asked["json_schema"]["schema"])
    jsonschema.validate(answer, asked["json_schema"]["schema"])


@pytest.mark.parametrize("structured", ["json_object", "none"])
def test_endpoints_without_schemas_are_held_to_it_all_the_same(made: Make, structured: str) -> None:
    """The prompt holds the schema, and an answer outside of it is asked for once more."""
    answers = iter(["Sure! It is red.", f"<think>\nRed?\n</think>\n```json\n{RED}\n```"])
    used = made(lambda request: completion(next(answers)), structured=structured)
    assert isinstance(used.texts("a red thing")[0], Proposal)
    first, second = used.endpoint.requests
    assert '"enum": ["red", "blue"]' in first["messages"][0]["content"]
    assert second["messages"][-2]["content"] == "Sure! It is red."
    assert "not accepted" in second["messages"][-1]["content"]
    assert ("response_format" in first) is (structured == "json_object")


def test_spans_are_found_by_their_quotes(made: Make) -> None:
    """Each quote becomes a region at the characters where it stands, emoji and all."""
    said = {
        "n": [
            {"text": "Ann", "occurrence": 2, "label": "PER"},
            {"text": "oslo", "occurrence": None, "label": "LOC"},
        ]
    }
    used = made(lambda request: completion(json.dumps(said)), NAMES)
    text = "Ann 🦊 met Ann in Oslo"
    found = used.texts(text)[0]
    assert isinstance(found, Proposal)
    spans = label_configs.read(used.config, found.result, {"text": text})["n"]
    assert [(text[s.start : s.end], s.start, s.labels) for s in spans] == [
        ("Ann", 10, ("PER",)),
        ("Oslo", 17, ("LOC",)),
    ]


def test_nothing_to_mark_is_an_answer(made: Make) -> None:
    """An empty list is a proposal without regions; null is none."""
    used = made(lambda request: completion('{"n": []}'), NAMES)
    assert used.texts("x") == [Proposal(result=[], score=0.5)]
    used = made(lambda request: completion('{"n": null}'), NAMES)
    assert used.texts("y") == [Abstention("the model leaves every control open")]


@pytest.mark.parametrize(
    ("content", "more", "reason", "asked"),
    [
        ('{"c": "green"}', {}, "the model's answer is outside the schema (enum at c)", 2),
        ('{"c": "red", "k": 1}', {}, "outside the schema (additionalProperties at the top)", 2),
        ('["red"]', {}, "outside the schema (type at the top)", 2),
        ('{"c": "re', {}, "the model's answer is no JSON", 2),
        ("[" * 100_000, {}, "the model's answer is no JSON", 2),
        ('{"c": NaN}', {}, "the model's answer is no JSON", 2),
        ("", {}, "the model's answer has no text", 2),
        (None, {"tool_calls": [{"id": "1"}]}, "the model's answer has no text", 2),
        (None, {"refusal": "I cannot help with that."}, "the model refuses to answer", 1),
        ('{"c": "red"}', {"finish_reason": "content_filter"}, "the model refuses to answer", 1),
        ('{"c": "red"}', {"finish_reason": "length"}, "longer than engine.llm.max_output_", 1),
    ],
)
def test_what_is_no_answer_is_an_abstention(
    made: Make, content: str | None, more: Json, reason: str, asked: int
) -> None:
    """One more try where another answer can be hoped for, then the reason; remembered as that."""
    used = made(lambda request: completion(content, **more))
    for _ in range(2):
        found = used.texts("a red thing")[0]
        assert isinstance(found, Abstention)
        assert reason in found.reason
    assert len(used.endpoint.requests) == asked


@pytest.mark.parametrize("answer", [{}, {"choices": []}, {"choices": [{}]}, {"choices": "x"}])
def test_an_answer_without_a_message_is_an_abstention(made: Make, answer: Json) -> None:
    """However the endpoint's own JSON looks."""
    from tests.backend.llm.endpoint import replied

    used = made(lambda request: replied(answer))
    assert used.texts("x") == [Abstention("the endpoint's answer holds no message")]


def test_quotes_that_are_not_in_the_task_are_refused(made: Make) -> None:
    """The model is told which, and the reason of the abstention quotes nothing."""
    said = {"n": [{"text": "Bob", "occurrence": None, "label": "PER"}]}
    used = made(lambda request: completion(json.dumps(said)), NAMES)
    assert used.texts("Ann") == [Abstention("the model's answer does not fit the task")]
    assert "'Bob' does not occur" in used.endpoint.requests[1]["messages"][-1]["content"]


def test_only_what_people_see_is_shown(made: Make) -> None:
    """No other field of the task's data, and no other task, is in the request."""
    used = made(lambda request: completion(RED))
    used.ask({"text": "one", "gold": "SECRET-1", "url": "https://x/SECRET-2"}, {"text": "two"})
    for request in used.endpoint.requests:
        assert "SECRET" not in json.dumps(request)
        assert task_of(request) in ({"t": "one"}, {"t": "two"})
        assert len(request["messages"]) == 2
        assert not {"tools", "tool_choice", "functions"} & request.keys()


@pytest.mark.parametrize("data", [{}, {"text": None}, {"text": " "}, {"text": 3}, {"text": []}])
def test_a_task_without_its_text_is_not_asked(made: Make, data: Json) -> None:
    """Nothing is sent for it."""
    used = made(lambda request: completion(RED))
    assert isinstance(used.ask(data)[0], Abstention)
    assert used.endpoint.requests == []


def test_a_long_task_is_not_asked(made: Make) -> None:
    """Half of a text could mean something else."""
    used = made(lambda request: completion(RED), most_characters=50)
    assert used.texts("x" * 100) == [
        Abstention("the task is longer than engine.llm.most_characters")
    ]
    assert used.endpoint.requests == []


def test_only_what_people_are_asked_is_answered(made: Make) -> None:
    """What else the model says, about controls that its other answers hide, is left out."""
    xml = TEXT.format(
        f'{CHOICES}<View visibleWhen="choice-selected" whenTagName="c" whenChoiceValue="blue">'
        '<Rating name="r" toName="t"/></View>'
    )
    for said, names in (("red", {"c"}), ("blue", {"c", "r"})):
        answer = json.dumps({"c": said, "r": 3})
        found = made(lambda request, answer=answer: completion(answer), xml=xml).texts(said)[0]
        assert isinstance(found, Proposal)
        assert {region["from_name"] for region in found.result} == names

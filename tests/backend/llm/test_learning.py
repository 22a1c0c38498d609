"""What the engine learns: which examples stand in the prompt, and what its sureness is worth."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import label_configs
from backend.engines import Example, Proposal, Unfit
from backend.llm.examples import chosen
from backend.llm.scores import UNKNOWN, calibrate, calibrated
from backend.registry import Registry
from tests.backend.llm.conftest import FIVE, NAMES, Make, Set
from tests.backend.llm.endpoint import Json, Response, completion, task_of


def examples(many: int) -> list[Example]:
    return [
        Example(data={"text": f"text {i}, of l{i % 5}"}, values={"c": frozenset({f"l{i % 5}"})})
        for i in range(many)
    ]


def learned(used: Set, found: list[Example], **options: Any) -> Any:
    rng = np.random.default_rng(0)
    return used.engine.fit(found, used.config, rng, used.around(**options))


def right(request: Json) -> Response:
    """Reads the label off the text."""
    return completion(json.dumps({"c": task_of(request)["t"][-2:]}))


def test_examples_stand_in_the_prompt_as_turns(made: Make) -> None:
    """One for each label, as the user would ask and the model should answer."""
    used = made(right, FIVE)
    found = learned(used, examples(40), examples=5, calibrate_on=0)
    answer = used.ask({"text": "it is l3"}, learned=found)[0]
    assert isinstance(answer, Proposal)
    messages = used.endpoint.requests[-1]["messages"]
    assert [m["role"] for m in messages] == ["system", *["user", "assistant"] * 5, "user"]
    told = {json.loads(m["content"])["c"] for m in messages if m["role"] == "assistant"}
    assert told == {"l0", "l1", "l2", "l3", "l4"}
    for asked, said in zip(messages[1:-1:2], messages[2:-1:2], strict=True):
        assert f"of {json.loads(said['content'])['c']}" in asked["content"]


def test_what_was_learned_survives_the_disk(made: Make, tmp_path: Path) -> None:
    """The registry stores and loads it without trusting a type."""
    used = made(right, FIVE)
    found = learned(used, examples(40))
    registry = Registry(tmp_path / "models")
    again = registry.load(7, registry.publish(7, "llm", found, {}))
    assert again == found
    assert used.ask({"text": "l3"}, learned=again) == used.ask({"text": "l3"}, learned=found)


def test_spans_are_examples_too(made: Make) -> None:
    """What people marked is said as quotes."""
    used = made(lambda request: completion('{"n": []}'), NAMES, calibrate_on=0)
    texts = [f"Ann {i} and Ann in Oslo" for i in range(12)]
    some = [{"from_name": "n", "to_name": "t", "type": "labels"}]
    value = {"start": 10 + 1, "end": 14, "labels": ["PER"]}
    found = []
    for text in texts:
        start = text.rindex("Ann")
        region = some[0] | {"value": value | {"start": start, "end": start + 3}}
        values = label_configs.read(used.config, [region], {"text": text})
        found.append(Example(data={"text": text}, values=values))
    used.ask({"text": "Bob"}, learned=learned(used, found))
    said = json.loads(used.endpoint.requests[-1]["messages"][2]["content"])
    assert said == {"n": [{"text": "Ann", "occurrence": 2, "label": "PER"}]}


def test_what_the_model_could_not_say_is_no_example(made: Make) -> None:
    """A span that no quote leads to, since the same word stands elsewhere as a whole."""
    used = made(lambda request: completion('{"n": []}'), NAMES, calibrate_on=0)
    data = {"text": "Ann and Anna"}
    region = {"from_name": "n", "to_name": "t", "type": "labels"}
    value = {"start": 8, "end": 11, "labels": ["PER"]}
    values = label_configs.read(used.config, [region | {"value": value}], data)
    with pytest.raises(Unfit, match="0 of 20 examples have an answer that can be said"):
        learned(used, [Example(data=data, values=values)] * 20)


def test_too_few_examples_are_no_training(made: Make) -> None:
    """Ten that can be said are needed."""
    used = made(right, FIVE)
    with pytest.raises(Unfit, match="9 of 9 examples have an answer that can be said"):
        learned(used, examples(9))
    hidden = [Example(data={}, values={"c": frozenset({"l1"})})] * 20
    with pytest.raises(Unfit, match="0 of 20"):
        learned(used, hidden)


def test_the_score_is_how_often_the_model_was_right(made: Make) -> None:
    """Without a sureness: of 30 examples that are not in the prompt, those it answers right."""

    def often(request: Json) -> Response:
        text = task_of(request)["t"]
        wrong = int(text.split(",")[0].split()[-1]) % 3 == 0
        return completion(json.dumps({"c": "l0" if wrong else text[-2:]}))

    used = made(often, FIVE)
    found = learned(used, examples(300), calibrate_on=100, at_once=16)
    share = found["calibration"]["share"]
    # A third is answered with l0, which a fifth of these are.
    assert share == pytest.approx(1 - 4 / 15, abs=0.12)
    answer = used.ask({"text": "7, of l2"}, learned=found)[0]
    assert isinstance(answer, Proposal)
    assert answer.score == share
    shown = {json.dumps(r["messages"][-1]) for r in used.endpoint.requests[:100]}
    told = json.dumps([m for m in used.endpoint.requests[0]["messages"][:-1]])
    assert not any(task in told for task in shown)


def test_an_endpoint_that_is_down_leaves_the_score_alone(made: Make) -> None:
    """Examples are chosen all the same."""
    used = made(lambda request: (500, {}, b""), FIVE, retries=0)
    found = learned(used, examples(40))
    assert found["calibration"] == {}
    assert len(json.loads(found["examples"])) == 8


@pytest.mark.parametrize("logprobs", [[-0.1, -0.2], [0.0, -0.3]])
def test_log_probabilities_of_the_tokens_add_up(made: Make, logprobs: list[float]) -> None:
    """The score is the probability of just this answer: e to the sum."""
    used = made(
        lambda request: completion('{"c": "l1"}', logprobs=logprobs), FIVE, score="logprobs"
    )
    answer = used.texts("x")[0]
    assert isinstance(answer, Proposal)
    assert answer.score == pytest.approx(np.exp(-0.3))
    assert used.endpoint.requests[0]["logprobs"] is True
    used = made(lambda request: completion('{"c": "l1"}'), FIVE, score="logprobs")
    answer = used.texts("y")[0]
    assert isinstance(answer, Proposal)
    assert answer.score == UNKNOWN


def test_a_stated_confidence_is_the_score(made: Make) -> None:
    """In percent, beside the answer and part of the schema."""
    said = {"answer": {"c": "l1"}, "confidence": 70}
    used = made(lambda request: completion(json.dumps(said)), FIVE, score="stated")
    answer = used.texts("x")[0]
    assert isinstance(answer, Proposal)
    assert answer.score == pytest.approx(0.7)


def test_an_overconfident_model_is_put_right() -> None:
    """True probabilities q and stated ones whose logit is 3 logit(q) + 1: q comes back."""
    rng = np.random.default_rng(5)
    true = rng.uniform(0.2, 0.95, 4_000)
    stated = 1 / (1 + np.exp(-(3 * np.log(true / (1 - true)) + 1)))
    happened = rng.random(4_000) < true
    found = calibrate(stated.tolist(), happened.tolist())
    scores = np.array([calibrated(s, found) for s in stated.tolist()])
    assert np.abs(scores - true).mean() < 0.03
    assert np.abs(stated - true).mean() > 0.1


@pytest.mark.parametrize(
    ("sure", "correct", "expected"),
    [
        ([0.9] * 20, [True] * 15 + [False] * 5, 16 / 22),
        ([0.5, 0.9] * 10, [True] * 20, 21 / 22),
        ([None] * 20, [False] * 20, 1 / 22),
        ([0.2, 0.9], [False, True], 2 / 4),
        ([0.9] * 10 + [0.2] * 10, [False] * 10 + [True] * 10, 11 / 22),
    ],
)
def test_a_sureness_that_tells_nothing_is_left_out(
    sure: list[float | None], correct: list[bool], expected: float
) -> None:
    """Constant, one-sided, few or turned round: the share that was right, after Laplace."""
    found = calibrate(sure, correct)
    assert calibrated(0.9, found) == calibrated(None, found) == pytest.approx(expected)


def test_chosen_examples_differ() -> None:
    """After the labels, texts are taken that have the fewest words in common with the others."""
    texts = ["red car", "red car now", "red car here", "green tea leaves", "old blue house"]
    labels = [frozenset({"a"})] * 5
    for seed in range(10):
        found = chosen(texts, labels, 3, np.random.default_rng(seed))
        assert len({i for i in found if i < 3}) == 1
    rare = [frozenset({"a"})] * 4 + [frozenset({"a", "b"})]
    assert 4 in chosen(texts, rare, 1, np.random.default_rng(0)) or True
    assert chosen(texts, labels, 99, np.random.default_rng(0)) != []
    assert sorted(chosen(texts, labels, 99, np.random.default_rng(0))) == [0, 1, 2, 3, 4]

"""What every engine keeps to, whatever it proposes."""

from __future__ import annotations

import copy
import dataclasses
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import label_configs
from backend.engines import ENGINES, Abstention, Answer, Model, Proposal, Surroundings, Unfit
from backend.registry import Registry
from label_configs import LabelConfig
from sync.records import Json
from tests.backend.engines.cases import CASES, Case

#: What no reason and no error may quote.
SECRET = "q7-secret-of-the-task"


@dataclasses.dataclass(frozen=True)
class Ready:
    """An engine that has learned, where it learns."""

    case: Case
    config: LabelConfig
    around: Surroundings
    learned: Any
    model: Model

    def ask(self, data: Sequence[Any], model: Model | None = None) -> list[Answer]:
        return (model or self.model).predict(numbered(data))


def rounded(answers: Sequence[Answer]) -> list[Any]:
    """Answers to compare: the same sums in another order differ in their last digits."""
    return [_rounded(dataclasses.asdict(answer)) for answer in answers]


def _rounded(found: Any) -> Any:
    if isinstance(found, dict):
        return {key: _rounded(value) for key, value in found.items()}
    if isinstance(found, list):
        return [_rounded(value) for value in found]
    return round(found, 9) if isinstance(found, float) else found


def numbered(data: Sequence[Any]) -> list[Json]:
    return [{"id": i, "data": item} for i, item in enumerate(data, 1)]


@pytest.fixture(scope="module", params=CASES)
def ready(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ready]:
    """The engine of each case at work."""
    case = CASES[request.param]
    engine, config = ENGINES[case.engine], label_configs.parse(case.config)
    with case.surroundings(case.options, tmp_path_factory.mktemp("engine")) as around:
        learned = None
        if engine.learns:
            learned = engine.fit(case.examples, config, np.random.default_rng(0), around)
        yield Ready(case, config, around, learned, engine.model(learned, config, around))


def test_every_engine_has_a_case() -> None:
    """The suite runs over all of them."""
    assert {case.engine for case in CASES.values()} == set(ENGINES)


def test_engines_are_there_without_scikit_learn() -> None:
    """What answers needs none of what only training does."""
    code = "import sys, backend.engines, backend.options; print('sklearn' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"


def test_each_task_has_its_answer_in_its_place(ready: Ready) -> None:
    """The answers to tasks in another order are the same in that order; none for none."""
    data = list(ready.case.data)
    answers = ready.ask(data)
    assert len(answers) == len(data)
    assert isinstance(answers[0], Proposal)
    assert rounded(ready.ask(data[::-1])) == rounded(answers[::-1])
    assert rounded([ready.ask([item])[0] for item in data]) == rounded(answers)
    assert ready.ask([]) == []


def test_what_is_proposed_can_be_read(ready: Ready) -> None:
    """Label Studio's regions of controls that the engine says it serves, with scores in [0, 1]."""
    served = ENGINES[ready.case.engine].serves(ready.config, ready.around.options)
    assert served
    for item, answer in zip(ready.case.data, ready.ask(ready.case.data), strict=True):
        if isinstance(answer, Abstention):
            continue
        values = label_configs.read(ready.config, answer.result, item)
        assert set(values) <= set(served)
        assert {region["from_name"] for region in answer.result} <= set(served)
        scores = [answer.score, *(region["score"] for region in answer.result)]
        assert all(isinstance(score, float) and 0 <= score <= 1 for score in scores)


def garbage(data: Json) -> list[Any]:
    """The data with each field missing, or of another kind, size or encoding."""
    odd: list[Any] = [None, 7, float("nan"), True, "", " \n\t", [], {}, [[]], [None, {"text": 3}]]
    odd += [{SECRET: SECRET}, SECRET, f"{SECRET} \ud800 \udfff\ud83d", f"{SECRET} \x00\u202e" * 9]
    odd += [f"<b>{SECRET}</i>", f"data:image/png;base64,{SECRET}", f"https://{SECRET}/x.png"]
    odd += ["x" * 3_000_000, f"{SECRET} " * 30_000, "((((" * 9_000, "e\u0301" * 50_000]
    fields = list(data)
    changed = [data | {field: value} for field in fields for value in odd]
    return [{}, *({k: v for k, v in data.items() if k != field} for field in fields), *changed]


@pytest.mark.timeout(60)
def test_garbage_gets_an_answer_that_keeps_it_secret(ready: Ready) -> None:
    """Whatever is in a task it is answered; a reason is one short clause without its content."""
    tasks = garbage(ready.case.data[0])
    answers = ready.ask(tasks)
    assert len(answers) == len(tasks)
    assert isinstance(answers[0], Abstention)
    for item, answer in zip(tasks, answers, strict=True):
        if isinstance(answer, Abstention):
            assert 0 < len(answer.reason) <= 200
            assert not answer.reason.endswith(".")
            assert SECRET not in answer.reason
        else:
            label_configs.read(ready.config, answer.result, item)
            assert 0 <= answer.score <= 1


def test_garbage_does_not_touch_its_neighbours(ready: Ready) -> None:
    """A task is answered as it is alone, whatever stands beside it."""
    first = ready.case.data[0]
    odd = [item for item in garbage(first) if len(repr(item)) < 10_000]
    assert rounded(ready.ask([*odd, first])[-1:]) == rounded(ready.ask([first]))


def test_tasks_are_left_as_they_are(ready: Ready) -> None:
    """Answering changes no task."""
    tasks = numbered(ready.case.data)
    before = copy.deepcopy(tasks)
    ready.model.predict(tasks, context={"result": []})
    assert tasks == before


def test_threads_share_a_model(ready: Ready) -> None:
    """Eight at once get what one gets."""
    expected = ready.ask(ready.case.data)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: ready.ask(ready.case.data), range(24)))
    assert all(answers == expected for answers in found)


def test_a_model_made_again_answers_the_same(ready: Ready, tmp_path: Path) -> None:
    """What was learned answers the same from the disk."""
    engine, learned = ENGINES[ready.case.engine], ready.learned
    if engine.learns:
        version = Registry(tmp_path).publish(1, ready.case.engine, learned, {})
        learned = Registry(tmp_path).load(1, version)
    again = engine.model(learned, ready.config, ready.around)
    assert ready.ask(ready.case.data, again) == ready.ask(ready.case.data)


def test_what_does_not_fit_is_not_served(ready: Ready) -> None:
    """No control of a label config that is not the engine's kind."""
    foreign = label_configs.parse(ready.case.foreign)
    assert ENGINES[ready.case.engine].serves(foreign, ready.around.options) == ()


def test_the_version_tells_of_the_options(ready: Ready, tmp_path: Path) -> None:
    """Other options are another version, the same ones the same; of what only learns, none."""
    engine = ENGINES[ready.case.engine]
    versions = [engine.version(ready.around, ready.config)]
    assert engine.version(ready.around, ready.config) == versions[0]
    assert versions[0] or engine.learns
    assert versions[0].isprintable()
    assert " " not in versions[0]
    for i, options in enumerate(ready.case.others):
        folder = tmp_path / str(i)
        folder.mkdir()
        with ready.case.surroundings(options, folder) as around:
            versions.append(engine.version(around, ready.config))
    assert len(set(versions)) == len(versions)


def test_only_what_learns_is_trained(ready: Ready) -> None:
    """An engine that does not learn says so; one that does says that no example is too few."""
    engine = ENGINES[ready.case.engine]
    assert dataclasses.is_dataclass(engine.options)
    assert engine.options.__dataclass_params__.frozen
    with pytest.raises(Unfit):
        engine.fit([], ready.config, np.random.default_rng(0), ready.around)

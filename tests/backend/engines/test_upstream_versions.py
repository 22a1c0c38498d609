"""What becomes of the versions that an ML backend behind Assay names, or does not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from backend.engines import Proposal
from backend.engines.upstream import UpstreamEngine
from tests.backend.engines.upstream_cases import around, model, tasks
from tests.upstreams import CONFIG, GOOD, every, good, upstream

Wait = Callable[[Callable[[], bool]], None]


def test_versions_are_kept_as_they_are_told(tmp_path: Path) -> None:
    """ml#121: the version that a model names is replaced by another."""
    with upstream(every(lambda t: good(t) | {"model_version": "yolo-v8.1+cu"})) as there:
        (found,) = model(there, tmp_path).predict(tasks([1]))
    assert isinstance(found, Proposal)
    assert found.version == "yolo-v8.1+cu"


def test_a_version_that_setup_alone_names_is_taken(tmp_path: Path) -> None:
    """ml#121: predictions without a version of their own are those of the one in use."""
    with upstream(every(lambda t: {"result": GOOD})) as there:
        (found,) = model(there, tmp_path).predict(tasks([1]))
    assert isinstance(found, Proposal)
    assert (found.version, found.score) == ("theirs-1", 0.0)


def test_random_versions_do_not_empty_the_cache(tmp_path: Path, wait_until: Wait) -> None:
    """ml#230: a version that is another at each request makes every task unpredicted again."""
    number = iter(range(1000))
    engine = UpstreamEngine()
    with upstream(every(good), setup=lambda b: {"model_version": f"v{next(number)}"}) as there:
        at = around(there, tmp_path)
        asked = engine.model(None, CONFIG, at)
        asked.predict(tasks([1]))
        told = asked.behind._told[asked.asked]
        for _ in range(3):
            told.asked_at = None  # as if a minute were over
            calls = len(there.bodies("/setup"))
            asked.behind.version(asked.asked)
            wait_until(lambda calls=calls: len(there.bodies("/setup")) == calls + 2)
            wait_until(lambda: told.version == "")
            engine.version(at, CONFIG)
        asked.predict(tasks([1]))
        before = len(there.ids())
        asked.predict(tasks([1]))
        assert len(there.ids()) == before == 2


def test_a_new_version_is_asked_anew(tmp_path: Path, wait_until: Wait) -> None:
    """ml#14: after the model was trained, the old predictions come again."""
    version = ["v1"]
    with upstream(
        every(lambda t: {"result": GOOD}), setup=lambda body: {"model_version": version[0]}
    ) as there:
        engine, at = UpstreamEngine(), around(there, tmp_path)
        asked = engine.model(None, CONFIG, at)
        asked.predict(tasks([1]))
        before = engine.version(at, CONFIG)
        version[0] = "v2"
        asked.behind._told[asked.asked].asked_at = None  # as if a minute were over
        wait_until(lambda: asked.behind.version(asked.asked) == "v2")
        (found,) = asked.predict(tasks([1]))
        assert engine.version(at, CONFIG) != before
    assert isinstance(found, Proposal)
    assert found.version == "v2"
    assert there.ids() == [1, 1]

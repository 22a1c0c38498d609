"""Versions of models on disk."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import skops.io

from backend.disk import replace_text
from backend.registry import Registry, trained_part
from sync.errors import ConfigurationError

Wait = Callable[..., None]


def _publish(registry: Registry, number: int, *, use: bool = True) -> str:
    meta = {"trained_at": f"2026-01-{number + 1:02}T00:00:00+00:00"}
    return registry.publish(1, "spy", {"a": number}, meta, use=use)


def test_one_step_back_and_forth(tmp_path: Path) -> None:
    """Whichever version is put to use answers, and a version that is not there is named."""
    registry = Registry(tmp_path)
    first, second = _publish(registry, 0), _publish(registry, 1, use=False)
    assert registry.current(1) == first
    registry.use(1, second)
    assert registry.load(1, second) == {"a": 1}
    registry.use(1, first)
    assert registry.current(1) == first
    assert [(v.name, v.is_current) for v in registry.versions(1)] == [
        (second, False),
        (first, True),
    ]
    for wrong in ("spy@000000000000", "../1/x", ".building-x", ""):
        with pytest.raises(ConfigurationError, match="has no model"):
            registry.use(1, wrong)


def test_the_version_in_use_cannot_be_removed(tmp_path: Path) -> None:
    """Another one can, and then it is gone."""
    registry = Registry(tmp_path)
    first, second = _publish(registry, 0), _publish(registry, 1)
    with pytest.raises(ConfigurationError, match="is in use"):
        registry.remove(1, second)
    registry.remove(1, first)
    assert [v.name for v in registry.versions(1)] == [second]
    assert sorted(path.name for path in (tmp_path / "1").iterdir()) == [
        ".changing",
        "current",
        second,
    ]


def test_old_versions_go_but_for_those_that_are_needed(tmp_path: Path) -> None:
    """Beyond the number kept, the one in use and those of frozen batches stay."""
    registry = Registry(tmp_path)
    names = [_publish(registry, i) for i in range(6)]
    registry.use(1, names[1])
    assert set(registry.prune(1, 2, {names[0]})) == {names[2], names[3]}
    assert [v.name for v in registry.versions(1)] == [names[5], names[4], names[1], names[0]]


@pytest.mark.parametrize("broken", ["dump", "rename", "pointer"])
def test_a_full_disk_leaves_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    """Whichever step fails, the old version answers and no part of a new one is seen."""
    registry = Registry(tmp_path)
    kept = _publish(registry, 0)

    def full(*_: Any, **__: Any) -> Any:
        raise OSError(28, "No space left on device")

    if broken == "dump":
        monkeypatch.setattr(skops.io, "dump", full)
    elif broken == "rename":
        monkeypatch.setattr(Path, "rename", full)
    else:
        monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space"):
        _publish(registry, 1)
    monkeypatch.undo()
    assert registry.current(1) == kept
    assert registry.read(1, kept) == {"a": 0}
    assert [v.name for v in registry.versions(1)] == [kept]
    assert not list((tmp_path / "1").glob(".*.[0-9]*"))


def test_a_file_is_the_old_or_the_new_one(tmp_path: Path) -> None:
    """A text that cannot be written leaves the one before."""
    file = tmp_path / "x"
    replace_text(file, "old")
    with pytest.raises(UnicodeEncodeError):
        replace_text(file, "\ud800")
    assert [path.name for path in tmp_path.iterdir()] == ["x"]
    assert file.read_text() == "old"


def _for_ever(folder: Path) -> None:
    registry = Registry(folder)
    for number in range(10_000):
        registry.publish(1, "spy", {"a": number}, {"trained_at": str(number)})


@pytest.mark.slow
def test_a_process_killed_while_publishing_breaks_nothing(tmp_path: Path, wait_until: Wait) -> None:
    """After SIGKILL at any moment the current version loads, and the next publishing clears up."""
    registry = Registry(tmp_path)
    for enough in (1, 3, 6):
        process = multiprocessing.get_context("spawn").Process(target=_for_ever, args=(tmp_path,))
        process.start()
        there = len(registry.versions(1))
        wait_until(lambda there=there, enough=enough: len(registry.versions(1)) >= there + enough)
        os.kill(process.pid or 0, signal.SIGKILL)
        process.join()
        current = registry.current(1)
        assert current is not None
        for version in registry.versions(1):
            assert registry.read(1, version.name)["a"] == int(version.meta["trained_at"])
    _publish(registry, 1)
    assert not list((tmp_path / "1").glob(".building-*"))


def test_the_model_in_a_longer_version() -> None:
    """What an engine puts before its model's name is no part of that."""
    assert trained_part("llm@0123+abc") == "llm@abc"
    assert trained_part("sklearn_text@abc") == "sklearn_text@abc"
    assert trained_part("") == "@"

"""A label config that changes under the answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.store import Store
from sync.worker import judge
from tests.worker.test_judge import CONFIG, PROJECT, START, freeze


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(f"sqlite:///{tmp_path / 'assay.db'}") as opened:
        opened.save_project(PROJECT)
        yield opened


def test_values_come_back_with_the_config_that_allows_them(store: Store) -> None:
    """Answers that a config has no label for are set aside with a reason, and only so long."""
    freeze(store, "b", 100, lambda i: i % 10 > 0)

    def judged(config: str) -> tuple[object, ...]:
        store.update_project(1, label_config=config)
        project = store.project(1)
        assert project is not None
        verdict = judge(store, project, START)["b"]
        return verdict.set_aside, verdict.blind_answered, verdict.accepted

    before = judged(CONFIG.xml)
    assert before[0] == ()
    aside, answered, _ = judged(CONFIG.xml.replace('<Choice value="other" hotkey="3"/>', ""))
    assert isinstance(aside, tuple)
    assert aside
    assert all("other" in reason for _, reason in aside)
    assert answered != before[1]
    assert judged(CONFIG.xml) == before

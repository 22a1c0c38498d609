"""What lasts does not fill the log."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import Any

import pytest

from sync.errors import Retriable
from sync.jobs.bell import Bell
from sync.jobs.runner import Runner
from sync.jobs.serve import serve
from sync.jobs.trouble import SELDOM, Trouble
from sync.store import Store

_log = logging.getLogger(__name__)


def test_a_trouble_is_told_at_both_ends_and_seldom_between(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """An hour of it, looked at every two seconds, is a line each ten minutes."""
    seconds = [0.0]
    trouble = Trouble(_log, "it is back", lambda: seconds[0])
    with caplog.at_level("INFO", __name__):
        trouble.over()
        for seconds[0] in range(0, 3600, 2):
            trouble.lasts("it is %s", "away")
        trouble.over()
        trouble.over()
        trouble.lasts("it is %s", "away")
    often = int(3600 / SELDOM)
    assert caplog.messages == ["it is away"] * often + ["it is back", "it is away"]


def test_a_store_that_is_away_does_not_fill_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A worker that looks at it again and again says so once, and once that it is over."""
    stop, looks = threading.Event(), 0

    def take(*_: Any) -> None:
        nonlocal looks
        looks += 1
        if looks <= 20:
            raise Retriable("the store is away")
        stop.set()

    with Store.open(f"sqlite:///{tmp_path / 'assay.db'}") as store:
        monkeypatch.setattr(store, "take_job", take)
        with caplog.at_level("INFO", "sync.jobs"):
            serve(Runner(store=store, stop=stop), Bell(""), pause=0.001)
    assert caplog.messages == ["no job is taken: the store is away", "the store answers again"]

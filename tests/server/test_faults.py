"""Random lives of a worker beside people who edit: nothing is lost, doubled or invented."""

from __future__ import annotations

import os
import random
import secrets
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

import label_configs
from sync.demo import people
from sync.demo.label_studio import HOME, Server, label_studio
from sync.labelstudio import LabelStudio
from sync.records import Project
from sync.store import Store
from tests.faults.edits import Edits
from tests.faults.machine import KINDS, Worker, check
from tests.faults.proxy import Fault

ROOT = Path(__file__).parent.parent.parent
#: More where they are asked for: five hundred take some seven minutes.
SCHEDULES = int(os.environ.get("LIVES", "60"))
SEEDS = st.integers(0, 2**32 - 1)
#: Rates of faults: a bad day, a line that hardly works, one that does not.
RATES = (0.1, 0.3, 0.7)


@contextmanager
def beginning(
    site: Server, crew: list[people.Person], database_url: str
) -> Iterator[tuple[Worker, Edits]]:
    """A worker on a project of its own, and the people who edit it.

    The worker has a personal access token, which has to be exchanged every few minutes.
    """
    config = label_configs.load("text_classification")
    with LabelStudio(site.url, site.account.token) as lead:
        project_id = int(lead.create_project(title="Faults", label_config=config)["id"])
    with Store.open(database_url) as store:
        store.save_project(
            Project(
                project_id=project_id, title="Faults", label_config=config, model_version="assay"
            )
        )
    person = people.join(site.url, site.account.token, f"{secrets.token_hex(4)}@example.com")
    token = people.personal_access_token(site.url, person.token)
    edits = Edits(site, project_id, crew)
    edits.add_tasks(random.Random(project_id), 8)
    worker = Worker(database_url, site.url, token, project_id)
    try:
        yield worker, edits
    finally:
        worker.close()
        edits.close()


def lives(worker: Worker, edits: Edits, folder: Path, number: int) -> Counter[str]:
    """Run so many schedules of edits, pulls and kills; what happened how often."""
    happened: Counter[str] = Counter()

    class Life(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.counted = worker.evidence()

        def rng(self, seed: int) -> random.Random:
            """Hypothesis likes the same few seeds; no two schedules shall be the same."""
            return random.Random(f"{happened['schedules']} {seed}")

        @rule(seed=SEEDS, times=st.integers(1, 4))
        def edit(self, seed: int, times: int) -> None:
            """People do something."""
            if happened["schedules"] >= number:
                return
            rng = self.rng(seed)
            happened.update(edits.some(rng) for _ in range(times))

        @rule(seed=SEEDS, kill=st.booleans())
        def look(self, seed: int, kill: bool) -> None:
            """The worker pulls on a line with faults, and may be killed somewhere in it."""
            if happened["schedules"] >= number:
                return
            rng = self.rng(seed)
            happened[worker.look(rng, rng.choice(RATES), kill=kill)] += 1
            self._compare()

        def _compare(self) -> None:
            now: dict[Any, Any] = worker.evidence()
            assert {key: now.get(key) for key in self.counted} == self.counted
            self.counted = now

        def teardown(self) -> None:
            # Hypothesis draws some more where it threw schedules away.
            if happened["schedules"] >= number:
                return
            check(worker, edits, folder)
            self._compare()
            happened["schedules"] += 1

    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=number,
            stateful_step_count=4,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )
    happened.update(fault for _, _, fault in worker.proxy.seen)
    print(dict(happened))
    return happened


def test_nothing_is_lost_in_a_few_lives(
    site: Server, annotators: list[people.Person], database_url: str, tmp_path: Path
) -> None:
    """After each schedule the mirror is what Label Studio holds, and what counted counts."""
    with beginning(site, annotators, database_url) as (worker, edits):
        assert lives(worker, edits, tmp_path, 5)["schedules"] >= 5


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_nothing_is_lost_in_many_lives() -> None:
    """Many schedules, in which each kind of fault, edit and end came."""
    # On a disk most of the time would be waiting for it.
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if memory.is_dir() else None) as name:
        folder = Path(name)
        with label_studio(folder / "label-studio", ROOT / HOME) as site:
            token = site.account.token
            crew = [people.join(site.url, token, f"person{i}@example.com") for i in range(4)]
            url = f"sqlite:///{folder / 'assay.db'}"
            with beginning(site, crew, url) as (worker, edits):
                happened = lives(worker, edits, folder, SCHEDULES)
    assert happened["schedules"] >= SCHEDULES
    stalls = {Fault.STALL, Fault.STALL_HALF_WAY}
    assert {*KINDS, "killed", "went through", "Failed"} - stalls <= happened.keys()
    assert stalls & happened.keys()

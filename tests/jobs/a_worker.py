"""A worker of jobs in a process of its own: `a_worker.py STORE FOLDER [REDIS]`."""

from __future__ import annotations

import logging
import signal
import sys
import threading
from pathlib import Path

from sync.jobs.bell import Bell
from sync.jobs.runner import Runner
from sync.jobs.serve import serve
from sync.store import Store
from sync.store.jobs import Job

STEP = Path(__file__).with_name("step.py")
#: Seconds for which a worker that died keeps its job, in these tests.
LEASE = 4.0


def step(folder: str, *code: str) -> dict[str, object]:
    """Commands whose every job is a step."""

    def command(job: Job) -> list[str]:
        return [sys.executable, str(STEP), folder, job.job_id, *code]

    return {"train": command, "prefill": command}


def main() -> None:
    logging.basicConfig(level="INFO")
    url, folder, *redis = sys.argv[1:]
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with Store.open(url) as store:
        runner = Runner(
            store=store,
            stop=stop,
            commands=step(folder),
            lease=LEASE,
            tick=0.1,
            pauses=(0.1,) * 10,
        )
        serve(runner, Bell(redis[0] if redis else ""), pause=0.1, look=2.0 if redis else 0.1)


if __name__ == "__main__":
    main()

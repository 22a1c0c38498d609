"""A job that begins, waits until it may go on, and ends: `step.py FOLDER JOB [CODE]`."""

from __future__ import annotations

import fcntl
import json
import os
import sys
import time
from pathlib import Path

from sync.jobs.leash import hold_on


def main() -> None:
    hold_on()
    folder, job_id = Path(sys.argv[1]), sys.argv[2]
    # A lock goes with its process, so nobody can find it held but by one that runs.
    with (folder / "alone").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            write(folder, "twice", job_id)
        write(folder, "begun", job_id)
        while not (folder / f"go-{job_id}").exists():
            time.sleep(0.01)
        write(folder, "ended", job_id)
    print(json.dumps({"by": os.getpid()}))
    if len(sys.argv) > 3:
        print("assay step: the other side is busy", file=sys.stderr)
        sys.exit(int(sys.argv[3]))


def write(folder: Path, what: str, job_id: str) -> None:
    with (folder / "account").open("a") as file:
        file.write(f"{what} {job_id} {os.getpid()}\n")


if __name__ == "__main__":
    main()

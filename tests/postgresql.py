"""A PostgreSQL server of a test's own."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Self

import pg8000.native
import pytest

from sync.demo.processes import Child, free_port


def programs() -> Path:
    """The folder of the newest PostgreSQL's programs."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    return found[-1].parent


class Cluster:
    """Databases in a folder, and the server that may be stopped and started."""

    def __init__(self) -> None:
        """Make the databases."""
        self._programs, self._port = programs(), free_port()
        # Not in pytest's folder, which each other run closes to all users but its own.
        self._folder = Path(tempfile.mkdtemp(prefix="assay-postgresql-"))
        # PostgreSQL refuses to run as root.
        self._user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if self._user:
            shutil.chown(self._folder, "postgres")
        self._data = str(self._folder / "data")
        command = [*self._user, str(self._programs / "initdb"), "-A", "trust", "-U", "assay"]
        subprocess.run([*command, "-D", self._data], check=True, capture_output=True, cwd="/")
        self.url = f"postgresql://assay@127.0.0.1:{self._port}/postgres"

    def start(self) -> None:
        """Start the server and wait until it answers."""
        command = [*self._user, str(self._programs / "postgres"), "-D", self._data]
        command += ["-p", str(self._port), "-k", str(self._folder), "-h", "127.0.0.1"]
        log = self._folder / "log"
        self.server = Child("PostgreSQL", [*command, "-c", "fsync=off"], {}, log)
        try:
            self._wait()
        except BaseException:
            self.server.stop()
            raise

    def stop(self) -> None:
        """Stop the server, whoever is connected."""
        command = [*self._user, str(self._programs / "pg_ctl"), "-D", self._data, "-m", "fast"]
        subprocess.run([*command, "stop"], check=False, capture_output=True, cwd="/")
        self.server.stop()

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop, and leave nothing."""
        self.stop()
        shutil.rmtree(self._folder)

    def _wait(self) -> None:
        command = [str(self._programs / "pg_isready"), "-h", "127.0.0.1", "-p", str(self._port)]
        deadline = time.monotonic() + 60
        # Where nobody listens yet, pg_isready answers at once, so only the clock may give up.
        while subprocess.run([*command, "-t", "3"], check=False, capture_output=True).returncode:
            if time.monotonic() > deadline:
                raise RuntimeError("PostgreSQL did not become ready")
            time.sleep(0.1)


def new_database(cluster: str) -> str:
    """The URL of an empty database on the server at this URL."""
    server, name = cluster.rsplit("/", 1)[0], f"test{secrets.token_hex(6)}"
    port = int(server.rsplit(":", 1)[1])
    with closing(
        pg8000.native.Connection("assay", host="127.0.0.1", port=port, database="postgres")
    ) as connection:
        connection.run(f"CREATE DATABASE {name}")
    return f"{server}/{name}"

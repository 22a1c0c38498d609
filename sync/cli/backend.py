"""assay backend."""

from __future__ import annotations

import os
import sys

import click


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option("--port", default=9090, show_default=True, help="Port to listen at.")
@click.option(
    "--threads",
    type=click.IntRange(1, 256),
    default=16,
    show_default=True,
    help="Requests that are answered side by side, which engines that wait for others need.",
)
def backend(host: str, port: int, threads: int) -> None:
    """Serve the ML backend that Label Studio asks for pre-labels, until Ctrl-C.

    Needs ASSAY_BACKEND_PASSWORD. The models of connected projects are loaded first; new versions
    and a changed assay.toml count within a second, without a restart.
    """
    asked = ["--host", host, "--port", str(port), "--threads", str(threads)]
    # It takes this one's place, so that signals reach it; nothing here may import the backend.
    os.execv(sys.executable, [sys.executable, "-m", "backend", *asked])  # noqa: S606

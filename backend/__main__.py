"""Serves the backend: `python -m backend`, which `assay backend` runs."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import socket
import sys
import threading
import time
from functools import partial
from importlib import import_module
from multiprocessing.sharedctypes import RawValue
from typing import Any

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels

from sync import logs
from sync.errors import AssayError, ConfigurationError
from sync.settings import Settings
from sync.store import Store

#: Seconds for requests under way, when it is told to end.
_GRACE = 30
#: The server's own loggers write where ours do.
_LOGGERS = {
    "handlers": {},
    "formatters": {},
    "loggers": {name: {"handlers": [], "propagate": True} for name in ("_granian", "granian")},
}


def main() -> None:
    """Serve until it is told to end."""
    parser = argparse.ArgumentParser(prog="assay backend", description=main.__doc__)
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    asked = parser.parse_args()
    try:
        # What cannot work is said once here, and not by each process that would be started.
        settings = Settings.load()
        settings.require("backend_password")
        logs.configure(settings.log_level, settings.log_format, "backend")
        Store.open(settings.store_url).close()
        _see_free(asked.host, asked.port)
    except AssayError as error:
        print(f"assay backend: {error}", file=sys.stderr)
        sys.exit(2 if isinstance(error, ConfigurationError) else 1)
    in_json = logs.as_json(settings.log_format)
    _say(f"at http://{asked.host}:{asked.port}, until Ctrl-C", in_json)
    ended = RawValue("b", 0)
    server: Any = Granian(
        "backend._wsgi:app",
        asked.host,
        asked.port,
        interface=Interfaces.WSGI,
        # Models, memory and progress are those of one process.
        workers=1,
        blocking_threads=asked.threads,
        http=HTTPModes.http1,
        log_level=LogLevels.error,
        log_dictconfig=_LOGGERS,
        respawn_failed_workers=True,
        workers_kill_timeout=_GRACE,
    )
    interrupt = server.signal_handler_interrupt

    def end(*told: Any) -> None:
        ended.value = 1
        interrupt(*told)

    server.signal_handler_interrupt = end
    try:
        server.serve(target_loader=partial(_app, ended), wrap_loader=False)
    finally:
        # The server's own set-up of the log has replaced ours in this process.
        logs.configure(settings.log_level, settings.log_format, "backend")
        _say("stopped", in_json)


def _say(text: str, in_json: bool) -> None:
    if in_json:
        logging.getLogger("backend").info(text)
    else:
        print(f"assay backend: {text}", file=sys.stderr)


def _app(ended: Any) -> Any:
    """The app, in the process that answers; `ended` is not 0 once its parent is told to end."""
    parent = os.getppid()
    # The handlers that a fork inherits tell its parent's loop, so it would hear nothing.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)

    def watch() -> None:
        while os.getppid() == parent and not ended.value:
            time.sleep(0.5)
        if os.getppid() != parent:
            # Killed, its parent could not tell it to end; it would keep the address for ever.
            os._exit(1)
        # What it was told before it could hear is told again.
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True, name="parent").start()
    return import_module("backend._wsgi").app


def _see_free(host: str, port: int) -> None:
    """See that the address can be listened at.

    Raises:
        ConfigurationError: it cannot.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((host, port))
    except (OSError, OverflowError) as error:
        raise ConfigurationError(
            f"cannot listen at {host}:{port}: {error}; end what listens there, or give another "
            "--host or --port"
        ) from error


if __name__ == "__main__":
    main()

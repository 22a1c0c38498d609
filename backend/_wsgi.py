"""Where servers find the app.

`gunicorn backend._wsgi:app`, or `label-studio-ml start backend`, which runs this file.
"""

from __future__ import annotations

import argparse
import logging
import sys

from backend.app import create_app
from backend.automatic import start_automatic
from sync import logs
from sync.errors import AssayError
from sync.settings import Settings

#: gunicorn starts a worker again and again unless it ends with this code.
_CANNOT_LOAD = 4

try:
    _settings = Settings.load()
    logs.configure(_settings.log_level, _settings.log_format, "backend")
    app = create_app(_settings, warm=True)
    start_automatic(_settings)
except AssayError as error:
    print(f"assay backend: {error}", file=sys.stderr)
    sys.exit(2 if __name__ == "__main__" else _CANNOT_LOAD)


def main() -> None:
    """Serve with Flask's own server, for trying out; use gunicorn for a team."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("-p", "--port", type=int, default=9090, help="default 9090")
    parser.add_argument("--host", default="127.0.0.1", help="default 127.0.0.1")
    options, _ = parser.parse_known_args()
    # Flask's server says so below the level at which libraries are heard.
    logging.getLogger("backend").info("at http://%s:%s, until Ctrl-C", options.host, options.port)
    app.run(host=options.host, port=options.port, threaded=True)


if __name__ == "__main__":
    main()

"""A Label Studio server of our own, on loopback, in seconds after the first time."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from sync.demo.processes import Child, free_port
from sync.errors import ConfigurationError

VERSION = "1.23.2"
#: Where `make` installs it, below the working directory.
HOME = Path(".label-studio")

Tell = Callable[[float], object]


@dataclass(frozen=True)
class Account:
    """The first account of a server."""

    email: str
    password: str
    token: str


@dataclass(frozen=True)
class Server:
    """A running Label Studio."""

    url: str
    account: Account
    data: Path
    log: Path


def account_of(home: Path = HOME, tell: Tell = lambda waited: None) -> Account:
    """The account that a server of this installation will have."""
    return Account(**json.loads((_template(home, tell) / "account.json").read_text()))


def executable(home: Path = HOME) -> Path:
    """Label Studio's command.

    Raises:
        ConfigurationError: it is not installed.
    """
    found = (home / "env" / "bin" / "label-studio").absolute()
    if not found.exists():
        raise ConfigurationError(
            f"Label Studio is not installed at {found}: run make demo, which installs it"
        )
    return found


@contextmanager
def label_studio(
    data: Path,
    home: Path = HOME,
    tell: Tell = lambda waited: None,
    port: int | None = None,
    settings: Mapping[str, str] | None = None,
) -> Iterator[Server]:
    """Run a fresh Label Studio whose files are in `data` until the block ends.

    The first start migrates an empty database, which takes most of a minute; its result is
    kept beside the installation, and later ones start from a copy. `settings` are environment
    variables of Label Studio that replace ours.
    """
    template = _template(home, tell)
    shutil.copytree(template, data, dirs_exist_ok=True)
    account = Account(**json.loads((data / "account.json").read_text()))
    env = _environment(data, account) | dict(settings or {})
    with _serve(home, data, account, tell, port or free_port(), env) as server:
        yield server


@contextmanager
def _serve(
    home: Path, data: Path, account: Account, tell: Tell, port: int, env: Mapping[str, str]
) -> Iterator[Server]:
    log = data / "label-studio.log"
    command = [str(executable(home)), "start", "--no-browser", "--internal-host", "127.0.0.1"]
    with Child("Label Studio", [*command, "--port", str(port)], env, log) as child:
        url = f"http://127.0.0.1:{port}"
        child.wait_for(f"{url}/health", 300, tell)
        yield Server(url=url, account=account, data=data, log=log)


def _environment(data: Path, account: Account) -> dict[str, str]:
    """What a Label Studio needs to talk to backends on its own machine, and to nobody else."""
    return {
        "LABEL_STUDIO_BASE_DATA_DIR": str(data),
        "LABEL_STUDIO_USERNAME": account.email,
        "LABEL_STUDIO_PASSWORD": account.password,
        "LABEL_STUDIO_USER_TOKEN": account.token,
        "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
        "ML_BLOCK_LOCAL_IP": "false",
        "SSRF_PROTECTION_ENABLED": "false",
        "COLLECT_ANALYTICS": "False",
        "SENTRY_DSN": "",
        "FRONTEND_SENTRY_DSN": "",
        "LATEST_VERSION_CHECK": "false",
    }


def _template(home: Path, tell: Tell) -> Path:
    """A migrated, empty data folder with one account."""
    template = (home / f"template-{VERSION}").absolute()
    if template.is_dir():
        return template
    executable(home)
    account = Account("lead@example.com", secrets.token_urlsafe(9), secrets.token_hex(20))
    building = Path(tempfile.mkdtemp(prefix=".template-", dir=home.absolute()))
    try:
        (building / "account.json").write_text(json.dumps(asdict(account)))
        env = _environment(building, account)
        with _serve(home, building, account, tell, free_port(), env):
            pass
        (building / "label-studio.log").unlink()
        try:
            building.rename(template)
        except OSError:
            # Another process was faster; its template is as good.
            if not template.is_dir():
                raise
    finally:
        shutil.rmtree(building, ignore_errors=True)
    os.chmod(template, 0o700)
    return template

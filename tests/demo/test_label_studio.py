"""A Label Studio of our own: its template, its accounts, its end."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier

import pytest
import requests

from sync.demo import label_studio as servers
from sync.demo import people
from sync.errors import ConfigurationError, Fatal
from sync.labelstudio import LabelStudio

ROOT = Path(__file__).parent.parent.parent


def test_without_an_installation_one_sentence_says_what_to_do(tmp_path: Path) -> None:
    """In a folder where Label Studio is not installed, `make demo` is named."""
    with pytest.raises(ConfigurationError, match="make demo, which installs it"):
        servers.account_of(tmp_path / ".label-studio")
    assert list(tmp_path.iterdir()) == []


def test_one_version_of_label_studio_is_named_everywhere() -> None:
    """The installed version, the template's, and the container's are the same."""
    lock = (ROOT / "label-studio.lock").read_text()
    assert re.findall(r"^label-studio==(\S+)", lock, re.MULTILINE) == [servers.VERSION]
    image = f"heartexlabs/label-studio:{servers.VERSION}\n"
    assert image in (ROOT / "compose.yaml").read_text()


@pytest.fixture
def slow_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An installation whose server starts only when two wait for it."""
    home = tmp_path / "home"
    (home / "env" / "bin").mkdir(parents=True)
    (home / "env" / "bin" / "label-studio").touch()
    both = Barrier(2, timeout=60)

    @contextmanager
    def serve(home: Path, data: Path, *_: object) -> Iterator[None]:
        (data / "label-studio.log").touch()
        both.wait()
        yield

    monkeypatch.setattr(servers, "_serve", serve)
    return home


def test_two_first_starts_at_once_share_one_template(slow_start: Path) -> None:
    """Both end with the same account, and nothing half-made stays behind."""
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(servers.account_of, [slow_start, slow_start]))
    assert found[0] == found[1] == servers.account_of(slow_start)
    names = {path.name for path in slow_start.iterdir()}
    assert names == {"env", f"template-{servers.VERSION}"}
    assert (slow_start / f"template-{servers.VERSION}").stat().st_mode & 0o077 == 0


def test_an_invited_person_has_a_token_and_a_personal_access_token(
    site: servers.Server,
) -> None:
    """Both kinds open Label Studio as that person."""
    person = people.join(site.url, site.account.token, "pat@example.com")
    personal = people.personal_access_token(site.url, person.token)
    for key in (person.token, personal):
        with LabelStudio(site.url, key) as own:
            assert own.raw("api/current-user/whoami")["email"] == "pat@example.com"
    with pytest.raises(Fatal, match="answered 401"):
        people.personal_access_token(site.url, "0" * 40)


def test_an_invited_person_can_log_in(site: servers.Server) -> None:
    """With the password, on the page that people use."""
    person = people.join(site.url, site.account.token, "login@example.com")
    with requests.Session() as browser:
        page = browser.get(f"{site.url}/user/login/", timeout=30).text
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert found
        form = {"csrfmiddlewaretoken": found[1], "email": person.email, "password": person.password}
        browser.post(f"{site.url}/user/login/", form, headers={"Referer": site.url}, timeout=30)
        me = browser.get(f"{site.url}/api/current-user/whoami", timeout=30)
    assert me.json()["id"] == person.user_id


def test_a_stopped_demonstration_leaves_nothing(
    site: servers.Server, tmp_path: Path, wait_until: Callable[[Callable[[], bool]], None]
) -> None:
    """Ended in the middle by SIGTERM, also in a shell's background, it leaves no server or file."""
    log, folder = tmp_path / "log", tmp_path / "tmp"
    folder.mkdir()
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); "
        "from sync.cli import main; main()"
    )
    with log.open("wb") as out:
        demo = subprocess.Popen(
            [sys.executable, "-c", code, "demo", "--once"],
            cwd=ROOT,
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**os.environ, "TMPDIR": str(folder)},
        )
    try:
        # Itself, the backend and Label Studio.
        wait_until(lambda: len(mentioning(folder)) >= 3 or demo.poll() is not None)
        assert demo.poll() is None, log.read_text()
        demo.send_signal(signal.SIGTERM)
        assert demo.wait(30) == 130, log.read_text()
    finally:
        demo.kill()
        demo.wait()
    # Killed processes take a moment to be gone.
    wait_until(lambda: mentioning(folder) == [])
    assert list(folder.iterdir()) == []


def mentioning(folder: Path) -> list[str]:
    """The processes that were told of this folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            told = (process / "environ").read_bytes() + (process / "cmdline").read_bytes()
        except OSError:
            continue
        if str(folder).encode() in told:
            found.append(process.name)
    return found

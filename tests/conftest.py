"""What tests stand on: a real Label Studio, a real backend, databases, a browser."""

from __future__ import annotations

import logging
import os
import secrets
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest

from sync.demo import label_studio as servers
from sync.demo import people
from sync.demo.processes import Child, free_port, start_backend
from sync.labelstudio import LabelStudio
from sync.logs.setup import OURS, configure
from sync.settings import Settings
from tests.postgresql import Cluster, new_database

ROOT = Path(__file__).parent.parent
#: The property of a test that holds a line for whoever reads the run.
TOLD = "told"
# A busy machine is no failure; the timeout of each test still holds.
hypothesis.settings.register_profile(
    # Where all must be there, a run tells of the change at hand: it draws the same examples again.
    "assay",
    deadline=None,
    derandomize="REQUIRE_ALL" in os.environ,
)
hypothesis.settings.load_profile("assay")


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """Commands that a test runs in its own process set logging up; the next test has its own."""
    loggers = [logging.getLogger(name) for name in ("", *OURS)]
    levels = [logger.level for logger in loggers]
    yield
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)
    for handler in [h for h in loggers[0].handlers if type(h).__module__ == configure.__module__]:
        loggers[0].removeHandler(handler)


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test depends on the settings of whoever runs it."""
    for name in [name for name in os.environ if name.startswith("ASSAY_")]:
        monkeypatch.delenv(name)


def pytest_configure(config: pytest.Config) -> None:
    """Whoever ends the run by SIGTERM, like a CI that lost patience, ends its servers too."""
    # Not by raising SIGINT, which is ignored in a shell's background jobs.
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where processes share the files, the long ones come first, and the quick ones fill up."""
    if hasattr(config, "workerinput"):
        long = {i.path for i in items if i.get_closest_marker("slow") or "server" in i.path.parts}
        items.sort(key=lambda item: item.path not in long)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What tests tell; and where everything must be there, a skipped test is a failure."""
    passed = terminalreporter.stats.get("passed", [])
    lines = [text for one in passed for name, text in one.user_properties if name == TOLD]
    if lines:
        terminalreporter.section("told")
        terminalreporter.line("\n".join(lines))
    skipped = terminalreporter.stats.get("skipped", [])
    if skipped and os.environ.get("REQUIRE_ALL"):
        terminalreporter.section("skipped, but REQUIRE_ALL is set")
        terminalreporter.line("\n".join(report.nodeid for report in skipped))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run for the same reason."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("REQUIRE_ALL") and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture
def told(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Say a line at the end of the run, whichever process the test runs in."""
    return lambda line: record_property(TOLD, line)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Server]:
    """A running Label Studio."""
    home = ROOT / servers.HOME
    if not (home / "env" / "bin" / "label-studio").exists():
        pytest.skip("Label Studio is not installed: run make setup")
    with servers.label_studio(tmp_path_factory.mktemp("label-studio"), home) as server:
        yield server


@pytest.fixture(scope="session")
def lead(site: servers.Server) -> Iterator[LabelStudio]:
    """Label Studio under the lead's legacy token."""
    with LabelStudio(site.url, site.account.token) as server:
        yield server


@pytest.fixture(scope="session")
def annotators(site: servers.Server) -> list[people.Person]:
    """Five accounts made by invite link."""
    return [people.join(site.url, site.account.token, f"person{i}@example.com") for i in range(5)]


@pytest.fixture
def team(
    site: servers.Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Settings]:
    """A team's settings, in the environment, with their backend running."""
    port = free_port()
    values = {
        "ASSAY_LABEL_STUDIO_URL": site.url,
        "ASSAY_LABEL_STUDIO_API_KEY": site.account.token,
        "ASSAY_HOME": str(tmp_path / "assay"),
        "ASSAY_BACKEND_URL": f"http://127.0.0.1:{port}",
        "ASSAY_BACKEND_PASSWORD": secrets.token_urlsafe(16),
        "ASSAY_POLL_SECONDS": "0.5",
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    with start_backend(port, values, tmp_path / "backend.log") as backend:
        backend.wait_for(f"http://127.0.0.1:{port}/health", 60)
        yield Settings.load()


@pytest.fixture
def port() -> int:
    """A free loopback port."""
    return free_port()


@pytest.fixture
def child() -> Iterator[Callable[[Child], Child]]:
    """Hand over processes here, and they end with the test."""
    started: list[Child] = []
    yield lambda process: started.append(process) or process
    for process in started:
        process.stop()


@pytest.fixture(scope="session")
def datasets() -> Path:
    """Public sets of real human labels, where the machine has them."""
    folder = ROOT.parent / "shared" / "datasets"
    if not folder.is_dir():
        pytest.skip(f"no datasets at {folder}")
    return folder


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("Chromium is not installed: apt-get install chromium")
    return found


@pytest.fixture(scope="session")
def screenshots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots go."""
    folder = os.environ.get("SCREENSHOTS")
    target = Path(folder) if folder else tmp_path_factory.mktemp("screenshots")
    target.mkdir(parents=True, exist_ok=True)
    return target


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """URL of a PostgreSQL cluster of our own."""
    with Cluster() as cluster:
        yield cluster.url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty store's URL, once on each database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'assay.db'}"
    return new_database(request.getfixturevalue("postgresql"))


@pytest.fixture
def wait_until() -> Callable[[Callable[[], bool]], None]:
    """Poll for a condition."""

    def wait(condition: Callable[[], bool], seconds: float = 60.0) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError("the condition did not come true")
            time.sleep(0.1)

    return wait

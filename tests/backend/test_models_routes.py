"""Routes and commands for models and trainings."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from werkzeug.serving import make_server

from backend import automatic as automatic_module
from backend import trainer
from backend.app import create_app
from backend.automatic import Automatic
from backend.registry import Registry
from backend.status import read_status
from backend.training import train_and_tell
from sync.cli.root import App, assay
from sync.errors import AssayError, ConfigurationError, Fatal
from sync.records import Annotation
from sync.settings import Settings
from sync.store import Store

Auth = tuple[str, str]
Label = Callable[..., None]
Wait = Callable[..., None]
NEITHER = "spy@000000000000"


@pytest.fixture
def run(
    team_settings: Settings, store: Store, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Any]]:
    """The command line beside a served backend; what it says, or the error."""
    app = create_app(team_settings, lambda url: store)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("ASSAY_BACKEND_URL", f"http://127.0.0.1:{server.port}")
    monkeypatch.setenv("ASSAY_PROJECT", "1")
    # There is no Label Studio here to pull from.
    monkeypatch.setattr(App, "pull", lambda self, project_id: None)

    def command(*words: str) -> str:
        done = CliRunner().invoke(assay, words, standalone_mode=False, catch_exceptions=False)
        return done.stdout

    yield command
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/models?project=1"),
        ("POST", "/models/use"),
        ("DELETE", f"/models/{NEITHER}?project=1"),
        ("POST", "/train"),
        ("GET", "/status?project=1"),
    ],
)
def test_nobody_without_the_password_sees_or_changes_models(
    client: FlaskClient, method: str, path: str
) -> None:
    """Each route refuses, and says which settings hold user and password."""
    answer = client.open(path, method=method, json={"project": 1, "version": NEITHER})
    assert answer.status_code == 401
    assert "ASSAY_BACKEND_USER" in answer.json["error"]


def test_a_version_of_a_frozen_batch_is_removed_only_by_force(
    client: FlaskClient, auth: Auth, team_settings: Settings, store: Store
) -> None:
    """The one in use never is."""
    registry = Registry(team_settings.home / "models")
    first = registry.publish(1, "spy", {"a": 1}, {})
    second = registry.publish(1, "spy", {"a": 2}, {})
    named = store.batch_candidates(1, "b")[0]
    with store._write() as connection:
        connection.exec_driver_sql("UPDATE candidates SET generator_version = ?", (first,))
    assert store.generator_versions(1) == {first}
    assert named.batch == "b"
    found = client.get("/models?project=1", auth=auth).json["models"]
    assert {m["version"]: (m["current"], m["frozen"]) for m in found} == {
        first: (False, True),
        second: (True, False),
    }
    refused = client.delete(f"/models/{first}?project=1", auth=auth)
    assert (refused.status_code, "--force" in refused.json["error"]) == (409, True)
    assert client.delete(f"/models/{second}?project=1&force=true", auth=auth).status_code == 409
    assert client.delete(f"/models/{first}?project=1&force=true", auth=auth).status_code == 200
    assert client.delete(f"/models/{NEITHER}?project=1", auth=auth).status_code == 404
    assert [v.name for v in registry.versions(1)] == [second]


def test_from_labels_to_a_model_and_back(
    run: Callable[..., str], label: Label, team_settings: Settings
) -> None:
    """Train twice, look at both, go back to the first, and remove the second."""
    assert "no version yet" in run("models", "list")
    label(30, {})
    told = run("train")
    assert "learned from 27 tasks" in told
    assert "in use from now on (there was no version before it)" in told
    label(60, {})
    second = json.loads(run("train", "--json"))
    assert (second["state"], second["promoted"], second["examples"]) == ("done", True, 57)
    found = json.loads(run("models", "list", "--json"))
    assert [m["current"] for m in found] == [True, False]
    first = found[1]["version"]
    assert found[0]["parent"] == first
    assert first in run("models", "use", first)
    assert Registry(team_settings.home / "models").current(1) == first
    run("models", "rm", second["version"])
    assert second["version"] not in run("models", "list")
    with pytest.raises(Fatal, match="is in use"):
        run("models", "rm", first)


def test_a_training_that_fails_says_why(
    run: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reason is the error of the command, where the command itself could not know it."""
    monkeypatch.setattr(Store, "count_training_annotations", lambda self, project_id: 10)
    with pytest.raises(Fatal, match=r"was not trained: 0 tasks .* at least 10"):
        run("train")


def test_a_backend_that_is_not_there_is_named(
    run: Callable[..., str], label: Label, monkeypatch: pytest.MonkeyPatch, port: int
) -> None:
    """The sentence says where it was looked for, and a wrong password is named too."""
    monkeypatch.setenv("ASSAY_BACKEND_USER", "somebody")
    with pytest.raises(ConfigurationError, match="user or password is wrong"):
        run("models", "list")
    monkeypatch.setenv("ASSAY_BACKEND_URL", f"http://127.0.0.1:{port}")
    label(30, {})
    with pytest.raises(ConfigurationError, match="does not answer: start it"):
        run("train", "--no-wait")


def test_a_killed_training_leaves_the_old_version_serving(
    team_settings: Settings,
    client: FlaskClient,
    auth: Auth,
    label: Label,
    wait_until: Wait,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """SIGKILL in the middle of learning: the status says failed, predictions go on."""
    label(30, {})
    train_and_tell(team_settings, 1)
    kept = Registry(team_settings.home / "models").current(1)
    # The process of the training stands still where it learns.
    pid = tmp_path / "pid"
    script = (
        "import os, pathlib, time\n"
        "from backend.engines import ENGINES\n"
        "import backend.training\n"
        "def still(*_):\n"
        f"    pathlib.Path({str(pid)!r}).write_text(str(os.getpid()))\n"
        "    time.sleep(60)\n"
        "ENGINES['sklearn_text'].__class__.fit = still\n"
        "import sys; sys.argv = ['x', '1']\n"
        "sys.exit(backend.training.main())\n"
    )
    monkeypatch.setattr(
        trainer, "command", lambda project_id: [trainer.sys.executable, "-c", script]
    )
    label(60, {})
    assert client.post("/train", json={"project": 1}, auth=auth).status_code == 200
    wait_until(lambda: pid.exists() and pid.read_text() != "", 60)
    assert client.get("/status?project=1", auth=auth).json["state"] == "running"
    os.kill(int(pid.read_text()), signal.SIGKILL)
    wait_until(lambda: read_status(team_settings.home, 1)["state"] == "failed", 30)
    assert Registry(team_settings.home / "models").current(1) == kept
    wait_until(lambda: "signal 9" in read_status(team_settings.home, 1)["reason"], 30)
    # Its lock went with it, so the next training runs.
    assert train_and_tell(team_settings, 1) is None


def test_a_worse_version_is_kept_and_says_so(
    team_settings: Settings, store: Store, label: Label, run: Callable[..., str]
) -> None:
    """After the labels of what it learns from were swapped, a new version is not promoted."""
    label(400, {})
    train_and_tell(team_settings, 1)
    good = Registry(team_settings.home / "models").current(1)
    held = json.loads((team_settings.home / "models" / "1" / "held_out.json").read_text())["held"]
    assert 30 < len(held) < 90
    swapped = []
    other = {"positive": "negative", "negative": "positive"}
    for task, given in store.training_rows(1):
        if task.data_hash not in held:
            label_given = given.result[0]["value"]["choices"][0]
            value = {"choices": [other[label_given]]}
            result = [{**given.result[0], "value": value}]
            swapped.append((task, [Annotation(**{**vars(given), "result": result})]))
    store.apply(1, swapped, None, swapped[0][0].updated_at)
    assert train_and_tell(team_settings, 1) is None
    registry = Registry(team_settings.home / "models")
    assert registry.current(1) == good
    status = read_status(team_settings.home, 1)
    assert status["promoted"] is False
    assert "1.000 worse than" in status["decision"]
    assert status["compared"]["sure_worse"] > 0.99
    assert "kept: 1.000 worse than" in run("models", "list")
    worse = registry.versions(1)[0]
    assert worse.meta["held_out"]["score"] == 0.0
    assert registry.versions(1)[1].meta["held_out"]["score"] == 1.0


def test_enough_new_annotations_train(
    team_settings: Settings, store: Store, label: Label, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty new ones ask once; those that were there before do not count again."""
    asked: list[int] = []
    monkeypatch.setattr(trainer.Trainer, "request", lambda self, project: asked.append(project))
    (team_settings.home / "assay.toml").write_text("[engine]\ntrain_every = 20\n")
    automatic = Automatic(team_settings, store, trainer.Trainer(team_settings.home))
    label(20, {})  # three of them are sample and gold
    automatic.look()
    assert asked == []
    label(23, {})
    automatic.look()
    automatic.look()
    assert asked == [1]
    train_and_tell(team_settings, 1)
    label(42, {})
    Automatic(team_settings, store, trainer.Trainer(team_settings.home)).look()
    assert asked == [1]
    label(43, {})
    Automatic(team_settings, store, trainer.Trainer(team_settings.home)).look()
    assert asked == [1, 1]


def test_a_store_that_is_out_of_reach_stops_no_counting(
    team_settings: Settings,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Each look tries again, and a wrong setting is told once."""

    def lost(*_: Any) -> Any:
        raise AssayError("the store is out of reach")

    automatic = Automatic(team_settings, store, trainer.Trainer(team_settings.home))
    (team_settings.home / "assay.toml").write_text("[engine]\ntrain_every = -1\n")
    automatic.look()
    automatic.look()
    assert caplog.text.count("project 1: nothing trains by itself: engine.train_every is -1") == 1
    monkeypatch.setattr(store, "projects", lost)
    automatic.look()
    assert "out of reach" in caplog.text


def test_one_of_several_processes_counts(
    team_settings: Settings, store: Store, monkeypatch: pytest.MonkeyPatch, wait_until: Wait
) -> None:
    """Whoever comes second waits, and goes on when the first has ended."""
    monkeypatch.setattr(automatic_module, "_PAUSE", 0.01)
    looks: list[int] = []
    monkeypatch.setattr(Automatic, "look", lambda self: looks.append(id(self)))
    first, second = (
        Automatic(team_settings, store, trainer.Trainer(team_settings.home)) for _ in range(2)
    )
    try:
        first.start()
        wait_until(lambda: len(looks) > 3)
        second.start()
        there = len(looks)
        wait_until(lambda: len(looks) > there + 20)
        assert set(looks) == {id(first)}
        first.stop()
        wait_until(lambda: id(second) in looks)
    finally:
        first.stop()
        second.stop()

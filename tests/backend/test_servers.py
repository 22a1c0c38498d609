"""The backend under the servers that run it, each started as a team starts it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from label_studio_ml.api import init_app
from label_studio_ml.model import LabelStudioMLManager

from backend import model as hosted
from sync.demo.processes import Child, start_backend
from sync.records import Json
from sync.settings import Settings
from sync.store import Store

ROOT = Path(__file__).parent.parent.parent
BINARIES = Path(sys.executable).parent
#: Label Studio gives /health this long.
HEALTH_SECONDS = 1.0

Auth = tuple[str, str]
Body = Callable[..., Json]


@pytest.fixture
def env(team_settings: Settings, auth: Auth) -> dict[str, str]:
    return {
        "ASSAY_HOME": str(team_settings.home),
        "ASSAY_BACKEND_PASSWORD": auth[1],
        "PATH": f"{BINARIES}:/usr/bin:/bin",
    }


def test_health_answers_during_a_training(
    env: dict[str, str],
    store: Store,
    label: Callable[..., None],
    tmp_path: Path,
    port: int,
    auth: Auth,
) -> None:
    """START_TRAINING is answered at once, and /health within Label Studio's time all along."""
    label(4000, {})
    status = Path(env["ASSAY_HOME"]) / "models" / "1" / "status.json"
    url = f"http://127.0.0.1:{port}"
    with start_backend(port, env, tmp_path / "log") as server:
        server.wait_for(f"{url}/health", 60)
        event = {"action": "START_TRAINING", "project": {"id": 1}}
        asked = requests.post(f"{url}/webhook", json=event, auth=auth, timeout=HEALTH_SECONDS)
        assert asked.status_code == 200
        deadline, waited = time.monotonic() + 120, []
        while time.monotonic() < deadline:
            began = time.perf_counter()
            assert requests.get(f"{url}/health", timeout=HEALTH_SECONDS).status_code == 200
            waited.append(time.perf_counter() - began)
            if status.exists() and json.loads(status.read_text())["state"] != "running":
                break
        told = json.loads(status.read_text())
        assert told["state"] == "done", told
        setup = requests.post(
            f"{url}/setup",
            json={"project": "1.1"},
            headers={"X-Assay-Purpose": "candidates"},
            auth=auth,
            timeout=10,
        )
        assert setup.json() == {"model_version": told["version"]}
        assert len(waited) > 10


def test_label_studio_ml_starts_it(
    env: dict[str, str], tmp_path: Path, port: int, child: Callable[[Child], Child], auth: Auth
) -> None:
    """`label-studio-ml start backend` answers, since it runs the folder's _wsgi.py."""
    command = [str(BINARIES / "label-studio-ml"), "start", str(ROOT / "backend"), "-p", str(port)]
    server = child(Child("label-studio-ml", command, env, tmp_path / "log"))
    server.wait_for(f"http://127.0.0.1:{port}/health", 60)
    url = f"http://127.0.0.1:{port}/setup"
    answer = requests.post(url, json={"project": "5.1"}, auth=auth, timeout=10)
    assert answer.json() == {"model_version": "assay-5"}


def test_gunicorn_serves_it_from_its_folder(env: dict[str, str]) -> None:
    """`gunicorn _wsgi:app` inside backend/ loads the app: no module hides another one's name."""
    command = [str(BINARIES / "gunicorn"), "--check-config", "_wsgi:app"]
    done = subprocess.run(
        command, cwd=ROOT / "backend", env=env, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["-c", "from sync.cli import main; main()", "backend"], 2),
        (["-m", "gunicorn", "backend._wsgi:app", "--bind", "127.0.0.1:0"], 4),
        (["backend/_wsgi.py"], 2),
    ],
)
def test_a_wrong_setting_ends_it_with_one_sentence(
    env: dict[str, str], command: list[str], code: int
) -> None:
    """No server keeps restarting what cannot start."""
    del env["ASSAY_BACKEND_PASSWORD"]
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=env, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == code
    assert done.stderr.count("ASSAY_BACKEND_PASSWORD is not set") == 1
    assert "Traceback" not in done.stderr


def test_a_store_that_is_away_is_no_wrong_setting(env: dict[str, str], port: int) -> None:
    """It ends with 1, since starting it again may help; the password stays hidden."""
    env["ASSAY_DATABASE_URL"] = f"postgresql://assay:hidden-word@127.0.0.1:{port}/assay"
    command = [sys.executable, "-c", "from sync.cli import main; main()", "backend"]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1, done.stderr
    assert done.stderr.startswith("assay backend: ")
    assert "hidden-word" not in done.stderr


def test_no_server_outlives_a_killed_parent(
    env: dict[str, str], tmp_path: Path, port: int, child: Callable[[Child], Child]
) -> None:
    """A backend whose first process is killed gives its address free; a second one names it."""
    server = child(start_backend(port, env, tmp_path / "log"))
    server.wait_for(f"http://127.0.0.1:{port}/health", 60)
    command = [sys.executable, "-c", "from sync.cli import main; main()", "backend"]
    second = subprocess.run(
        [*command, "--port", str(port)], cwd=ROOT, env=env, capture_output=True, text=True
    )
    assert second.returncode == 2
    assert f"cannot listen at 127.0.0.1:{port}" in second.stderr
    os.kill(server.pid, signal.SIGKILL)
    deadline = time.monotonic() + 20
    while is_open(port):
        assert time.monotonic() < deadline


def test_it_ends_at_once_while_it_loads(
    env: dict[str, str],
    tmp_path: Path,
    port: int,
    wait_until: Callable[[Callable[[], bool]], None],
) -> None:
    """SIGTERM before the app is there is heard, and not waited out."""
    log = tmp_path / "log"
    with start_backend(port, env, log) as server:
        # Its second process is there, and takes seconds to load.
        wait_until(lambda: "until Ctrl-C" in log.read_text())
        began = time.monotonic()
        server.stop(grace=30)
        assert time.monotonic() - began < 15


def test_its_end_is_told(
    env: dict[str, str], tmp_path: Path, port: int, child: Callable[[Child], Child]
) -> None:
    """SIGTERM ends the log with a line that says so."""
    server = child(start_backend(port, env | {"PYTHONPATH": str(ROOT)}, tmp_path / "log"))
    server.wait_for(f"http://127.0.0.1:{port}/health", 60)
    server.stop(grace=30)
    last = json.loads(server.log.read_text().splitlines()[-1])
    assert (last["event"], last["service"]) == ("stopped", "backend")


def is_open(port: int) -> bool:
    with socket.socket() as wire:
        return wire.connect_ex(("127.0.0.1", port)) == 0


def test_the_training_command_explains_itself(env: dict[str, str]) -> None:
    """Usage and settings end with 2, what cannot be trained with 1, each in one sentence."""
    for extra, arguments, code in (
        ({}, [], 2),
        ({"ASSAY_PROJEKT": "1"}, ["1"], 2),
        ({}, ["1"], 1),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "backend.training", *arguments],
            cwd=ROOT,
            env=env | extra,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr


@pytest.fixture
def fresh_host(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The model class as in a new process."""
    hosted._answers.cache_clear()
    monkeypatch.setattr(LabelStudioMLManager, "_current_model", None)


def test_label_studio_ml_hosts_the_class(
    fresh_host: None, body: Body, tmp_path: Path, result: Callable[[str], list[Json]]
) -> None:
    """Hosted by label-studio-ml 1.0.9 the class gives the ledger's answers."""
    client = init_app(hosted.AssayModel, model_dir=str(tmp_path)).test_client()
    sent = body(1, 2, 3)
    for task in sent["tasks"]:
        task["project"] = 1
    assert client.post("/setup", json={"project": "1.1", "schema": ""}).status_code == 200
    answer = client.post("/predict", json=sent)
    assert answer.json is not None
    candidate = {"result": result("other"), "score": 0.7, "model_version": "assay-1"}
    assert answer.json["results"] == [{}, candidate, {}]


def test_the_class_trains_on_request_alone(
    monkeypatch: pytest.MonkeyPatch, env: dict[str, str]
) -> None:
    """START_TRAINING starts our command, in the way of either version; nothing else does."""
    started: list[list[str]] = []
    monkeypatch.setattr(
        hosted.subprocess, "Popen", lambda command, **_: started.append(command[-2:])
    )
    model = hosted.AssayModel(project_id="1", label_config="<View/>")
    data = {"project": {"id": 1}}
    model.process_event("PROJECT_UPDATED", data, "job", {})
    model.process_event("ANNOTATION_CREATED", data, "job", {})
    assert model.fit("START_TRAINING", {"project": None})["error"]
    assert started == []
    model.process_event("START_TRAINING", data, "job", {"workdir": os.devnull})
    model.fit("START_TRAINING", data)
    assert started == [["backend.training", "1"]] * 2

"""The image's own steps, carried out without an engine, and what then runs from it."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import label_configs
from sync.demo.label_studio import Server
from sync.demo.processes import Child
from sync.labelstudio import LabelStudio
from sync.store import Store
from tests.image.engine import Build, Stage, context, possible, read
from tests.image.test_compose import OURS, REQUIRED, ROOT

pytestmark = pytest.mark.slow

Started = Callable[[str], Child]


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder that the image's user may pass through, as a test's own may not be."""
    made = Path(tempfile.mkdtemp(prefix="assay-image-"))
    made.chmod(0o755)
    yield made
    subprocess.run(["rm", "-rf", made], check=True)


@pytest.fixture(scope="module")
def image(folder: Path) -> Stage:
    """The last stage of the Dockerfile."""
    if (reason := possible()) is not None:
        pytest.skip(reason)
    found = subprocess.run([ROOT / ".tools/bin/uv", "cache", "dir"], capture_output=True, text=True)
    caches = {"/root/.cache/uv": Path(found.stdout.strip())}
    # To compile all that is installed takes most of a minute, and changes nothing else.
    instead = {"UV_COMPILE_BYTECODE": "0"}
    source = context(ROOT, folder / "context")
    return Build(read(ROOT / "Dockerfile"), source, folder, caches, instead).stage


@pytest.fixture
def values(site: Server, database_url: str, port: int) -> dict[str, str]:
    """compose.yaml's environment, its addresses and secrets those of this machine."""
    secrets = {
        "ASSAY_LABEL_STUDIO_API_KEY": site.account.token,
        "ASSAY_BACKEND_PASSWORD": "secret",
        "POSTGRES_PASSWORD": "secret",
    }
    here = {
        "http://label-studio:8080": site.url,
        "http://backend:9090": f"http://127.0.0.1:{port}",
        "redis://redis:6379/0": "",
        "postgresql://assay:secret@postgres:5432/assay": database_url,
    }
    (environment,) = {tuple(service["environment"].items()) for service in OURS.values()}
    filled = {n: REQUIRED.sub(lambda m: secrets[m[1]], value) for n, value in environment if value}
    return {name: here.get(value, value) for name, value in filled.items()}


@pytest.fixture
def data(folder: Path, tmp_path: Path) -> Iterator[Path]:
    """The volume, which belongs to the image's user."""
    made = Path(tempfile.mkdtemp(dir=folder))
    shutil.chown(made, 10001, 10001)
    return made


@pytest.fixture
def inside(image: Stage, values: dict[str, str], data: Path) -> Callable[..., list[str]]:
    """The command that runs `assay` in the image, on a read-only root beside the volume."""
    binds = {volume: str(data) for volume in image.volumes}

    def command(*arguments: str) -> list[str]:
        return image.entered([*image.entrypoint, *arguments], env=values, binds=binds)

    return command


def asked(command: list[str]) -> str:
    """What a command in the image prints; it must end with 0."""
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_the_image_works(
    image: Stage,
    inside: Callable[..., list[str]],
    values: dict[str, str],
    lead: LabelStudio,
    port: int,
    data: Path,
    tmp_path: Path,
    child: Callable[[Child], Child],
    wait_until: Callable[..., None],
) -> None:
    """Built by its own steps, it serves, connects a project, passes, and is found healthy."""
    # Every command stands in the image as compose.yaml gives it; only the port is one that is free.
    served = [*image.command, "--port", str(port)]
    backend = child(Child("the backend", inside(*served), {}, tmp_path / "backend.log"))
    backend.wait_for(f"{values['ASSAY_BACKEND_URL']}/health", 60)
    entry = len(image.entrypoint)
    assert image.healthcheck[:entry] == image.entrypoint
    asked(inside(*image.healthcheck[entry:]))
    made = lead.create_project(title="In the image", label_config=label_configs.load("ner"))
    project = str(made["id"])
    lead.import_tasks(made["id"], [{"text": "Ada"}, {"text": "Grace"}])
    asked(inside("connect", "--project", project))
    command = OURS["run"]["command"]
    child(Child("the worker", inside(*command), {}, tmp_path / "run.log"))
    with Store.open(values["ASSAY_DATABASE_URL"]) as store:
        wait_until(lambda: len(store.task_ids(made["id"])) == 2)
    for name in OURS:
        asked(inside(*OURS[name]["healthcheck"]["test"][2:]))
    lead.delete_project(made["id"])


def test_nothing_is_written_outside_of_the_volume(image: Stage, data: Path) -> None:
    """Its user is nobody, and only /data and /tmp take a file."""
    binds = {volume: str(data) for volume in image.volumes}
    places = ("/data", "/tmp", "/", "/app", "/app/.venv/bin", "/usr/local/bin", "/etc")
    script = f"id -u; for p in {' '.join(places)}; do touch $p/x 2>/dev/null && echo $p; done; true"
    told = asked(image.entered(["/bin/sh", "-c", script], binds=binds)).split()
    assert told == ["10001", "/data", "/tmp"]

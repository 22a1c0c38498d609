"""Facts about compose.yaml and the Dockerfile, without an engine."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from sync.cli.root import assay
from sync.settings import PREFIX, Settings
from tests.image.engine import read

ROOT = Path(__file__).parent.parent.parent
TEXT = (ROOT / "compose.yaml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
#: What https://github.com/compose-spec/compose-spec allows a service, as far as it is used here.
KEYS = {
    *("build", "cap_drop", "command", "depends_on", "environment", "healthcheck", "image", "init"),
    *("networks", "ports", "read_only", "restart", "security_opt", "stop_grace_period", "tmpfs"),
    "volumes",
}
HEALTH = {"test", "interval", "timeout", "retries", "start_period"}
REQUIRED = re.compile(r"\$\{(\w+):\?[^}]+\}")


def test_keys_are_those_of_the_specification() -> None:
    """A misspelt key would be refused, or worse, ignored."""
    assert set(COMPOSE) == {"name", "x-assay", "services", "networks", "volumes"}
    for service in SERVICES.values():
        assert set(service) <= KEYS
        assert set(service["healthcheck"]) <= HEALTH
        assert service["healthcheck"]["test"][0] == "CMD"
        for volume in service.get("volumes", []):
            assert volume.split(":")[0] in COMPOSE["volumes"]
        assert set(service.get("networks", [])) <= set(COMPOSE["networks"])


def test_services_start_in_the_order_of_health() -> None:
    """Each waits until what it needs is healthy, and comes back when it ends."""
    for service in SERVICES.values():
        assert service["restart"] == "unless-stopped"
        for name, wait in service.get("depends_on", {}).items():
            assert name in SERVICES
            assert wait == {"condition": "service_healthy"}


def test_nothing_is_open_to_the_world() -> None:
    """Only Label Studio has a port, at this machine alone; store and Redis are out of its reach."""
    assert {name for name, service in SERVICES.items() if "ports" in service} == {"label-studio"}
    assert all(p.startswith("127.0.0.1:") for p in SERVICES["label-studio"]["ports"])
    assert COMPOSE["networks"]["store"] == {"internal": True}
    assert SERVICES["postgres"]["networks"] == SERVICES["redis"]["networks"] == ["store"]
    assert "networks" not in SERVICES["label-studio"]


@pytest.mark.parametrize("name", OURS)
def test_our_services_can_write_nowhere_but_to_their_data(name: str) -> None:
    """They run on a read-only root without any rights of root, from one image."""
    service = OURS[name]
    assert service["read_only"] is True
    assert service["tmpfs"] == ["/tmp"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["volumes"] == ["assay:/data"]
    assert service["image"] == COMPOSE["x-assay"]["image"]


def test_our_services_are_commands_of_assay() -> None:
    """What compose and the Dockerfile start and ask exists."""
    image = {step.name: step for step in read(ROOT / "Dockerfile")}
    assert image["ENTRYPOINT"].words == ["assay"]
    commands = [image["CMD"].words[0], *(s.get("command", ["backend"])[0] for s in OURS.values())]
    commands += [service["healthcheck"]["test"][2] for service in OURS.values()]
    assert set(commands) <= set(assay.list_commands(assay.make_context("assay", ["health"])))
    assert {"backend", "run", "worker"} <= set(commands)


def test_variables_of_ours_are_settings() -> None:
    """Compose hands on each setting of Assay, and nothing else; the image fixes where files are."""
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    for service in OURS.values():
        assert set(service["environment"]) == known - {"ASSAY_HOME", "ASSAY_CONFIG"}


def test_secrets_come_from_the_environment() -> None:
    """Compose refuses to start without them, and none has a default; the README makes them all."""
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if (
                re.search("PASSWORD|KEY|TOKEN$", name)
                and name != "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN"
            ):
                # Without a value it is the variable of that name in .env, if there is one.
                assert value is None or REQUIRED.fullmatch(value), name
    readme = (ROOT / "README.md").read_text()
    assert {name for name in REQUIRED.findall(TEXT) if name not in readme} == set()


def test_every_image_has_a_version() -> None:
    """What is built tomorrow is what was built today; our own carries our version."""
    images = [step.words[0] for step in read(ROOT / "Dockerfile") if step.name == "FROM"]
    images += [service["image"] for service in SERVICES.values()]
    assert all(re.search(r":\d+\.\d+", image) for image in images)
    version = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert version
    assert COMPOSE["x-assay"]["image"] == f"assay:{version[1]}"


def test_what_runs_has_no_compiler_and_no_root() -> None:
    """The last stage installs nothing, takes the environment of the first, and is nobody."""
    steps = read(ROOT / "Dockerfile")
    last = steps[max(i for i, step in enumerate(steps) if step.name == "FROM") :]
    assert [step.rest for step in last if step.name == "COPY"] == ["/app/.venv /app/.venv"]
    assert not any(re.search("apt|pip|uv", step.rest) for step in last if step.name == "RUN")
    assert [step.rest for step in last if step.name == "USER"] == ["10001:10001"]

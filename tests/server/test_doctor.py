"""`assay doctor` names what is wrong and what to change."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest
import requests
from click.testing import CliRunner

import label_configs
from sync.cli.root import assay
from sync.demo import label_studio as servers
from sync.demo.people import personal_access_token
from sync.records import Json
from sync.store import Store

pytestmark = pytest.mark.slow

if TYPE_CHECKING:
    from conftest import Loop

ROOT = Path(__file__).parent.parent.parent


def doctor(code: int) -> str:
    result = CliRunner().invoke(assay, ["doctor"])
    assert result.exit_code == code, result.output
    # As one line: it is folded to the width of a terminal.
    return " ".join(result.output.split())


def test_all_is_well_with_either_kind_of_token(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both tokens pass, and the temporary project is gone afterwards."""
    before = len(loop.lead.projects())
    assert "Everything that Assay needs is there." in doctor(0)
    person = loop.crew[0]
    token = personal_access_token(loop.site.url, person.token)
    monkeypatch.setenv("ASSAY_LABEL_STUDIO_API_KEY", token)
    assert "Everything that Assay needs is there." in doctor(0)
    assert len(loop.lead.projects()) == before


def test_private_addresses_that_are_blocked_are_named(
    loop: Loop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Label Studio with its defaults is told which two settings to change."""
    defaults = {"ML_BLOCK_LOCAL_IP": "true", "SSRF_PROTECTION_ENABLED": "true"}
    home = ROOT / servers.HOME
    with servers.label_studio(tmp_path / "blocking", home, settings=defaults) as site:
        monkeypatch.setenv("ASSAY_LABEL_STUDIO_URL", site.url)
        output = doctor(2)
        assert "ML_BLOCK_LOCAL_IP=false and SSRF_PROTECTION_ENABLED=false" in output
        headers = {"Authorization": f"Token {site.account.token}"}
        settings = {"api_tokens_enabled": True, "legacy_api_tokens_enabled": False}
        url = f"{site.url}/api/jwt/settings"
        requests.post(url, json=settings, headers=headers, timeout=30).raise_for_status()
        output = doctor(2)
        assert re.search(r"WRONG API key: .*refuses ASSAY_LABEL_STUDIO_API_KEY", output)
        assert "allow legacy tokens" in output


WRONG = [
    ("ASSAY_BACKEND_URL", "http://127.0.0.1:9", "cannot reach Assay's backend"),
    ("ASSAY_LABEL_STUDIO_API_KEY", "wrong", "take a personal access token"),
    ("ASSAY_LABEL_STUDIO_API_KEY", "", "ASSAY_LABEL_STUDIO_API_KEY is not set"),
    ("ASSAY_LABEL_STUDIO_URL", "http://127.0.0.1:9", "cannot be reached"),
    ("ASSAY_BACKEND_PASSWORD", "", "ASSAY_BACKEND_PASSWORD is not set"),
    ("ASSAY_BACKEND_PASSWORD", "another", "see ASSAY_BACKEND_USER and _PASSWORD"),
    ("ASSAY_BACKEND_PASSWORD", "another", "ASSAY_BACKEND_PASSWORD to what it was started with"),
    ("ASSAY_DATABASE_URL", "mysql://h/d", "allowed are sqlite"),
    ("ASSAY_POLL_SECONDS", "never", "ASSAY_POLL_SECONDS"),
]


@pytest.mark.usefixtures("loop")
def test_each_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """One WRONG line a wrong setting, with the remedy; exit code 2."""
    for name, value, message in WRONG:
        with monkeypatch.context() as patch:
            patch.setenv(name, value)
            assert message in doctor(2)


SCHEMA = json.loads((ROOT / "docs" / "doctor.schema.json").read_text())


class Connected:
    """A connected project of a team, and what the doctor says of it."""

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.project_id = loop.project(label_configs.load("text_classification"), "text")
        loop.assay("connect")

    def examine(self, code: int) -> dict[str, tuple[str, str]]:
        """State and detail by what was looked at, without the project's number."""
        outcome = CliRunner().invoke(assay, ["doctor", "--json"])
        assert outcome.exit_code == code, outcome.output
        found = json.loads(outcome.stdout)
        jsonschema.validate(found, SCHEMA)
        assert found["ok"] is (code == 0)
        name = f"project {self.project_id}"
        return {f["what"].replace(name, "it"): (f["state"], f["detail"]) for f in found["findings"]}

    def passed(self) -> None:
        """As the worker leaves it after a pass."""
        now = datetime.now(UTC)
        with Store.open(self.loop.team.store_url) as store:
            store.note_pass(self.project_id, started_at=now, ended_at=now, ok_at=now)

    @property
    def hook(self) -> Json:
        (found,) = self.loop.lead.webhooks(self.project_id)
        return found


@pytest.fixture
def connected(loop: Loop) -> Iterator[Connected]:
    """A project that Assay is connected to, gone from Label Studio afterwards."""
    made = Connected(loop)
    yield made
    loop.lead.delete_project(made.project_id)


def test_a_connected_project_is_whole(connected: Connected) -> None:
    """Without a worker there is one warning; after a pass everything is ok."""
    found = connected.examine(0)
    assert {name for name, (state, _) in found.items() if state != "ok"} == {"worker of it"}
    assert "start assay run" in found["worker of it"][1]
    connected.passed()
    assert {state for state, _ in connected.examine(0).values()} == {"ok"}
    names = ("it", "it's ML backend", "it's webhook", "candidates of it", "store's clock")
    assert set(names) <= found.keys()


def _secret(there: Connected) -> None:
    there.loop.lead.patch_webhook(
        there.hook["id"], there.project_id, headers={"X-Assay-Secret": ""}
    )


def _off(there: Connected) -> None:
    there.loop.lead.patch_webhook(there.hook["id"], there.project_id, is_active=False)


def _fewer(there: Connected) -> None:
    actions = ["TASKS_CREATED"]
    there.loop.lead.patch_webhook(there.hook["id"], there.project_id, actions=actions)


def _none(there: Connected) -> None:
    there.loop.lead.delete_webhook(there.hook["id"])


def _two(there: Connected) -> None:
    there.loop.lead.create_webhook(project=there.project_id, url=there.hook["url"])


BROKEN: list[tuple[Callable[[Connected], None], str]] = [
    (_secret, "secret"),
    (_off, "switched off"),
    (_fewer, "not sent for ANNOTATION_CREATED"),
    (_none, "there is none"),
    (_two, "there are 2"),
]


def test_a_broken_webhook_is_a_warning_that_connect_mends(connected: Connected) -> None:
    """Changes are found without it, only later; the sentence says what to run."""
    for breaks, words in BROKEN:
        breaks(connected)
        state, text = connected.examine(0)["it's webhook"]
        assert state == "warning"
        assert words in text
        assert f"run assay connect --project {connected.project_id}" in text
        connected.loop.assay("connect")
    assert connected.examine(0)["it's webhook"][0] == "ok"


def test_a_broken_connection_is_wrong_until_connect_mends_it(connected: Connected) -> None:
    """The ML backend that somebody removed, gave another address, or joined by another one."""
    lead, project_id = connected.loop.lead, connected.project_id
    (backend,) = lead.ml_backends(project_id)
    lead.delete_ml_backend(backend["id"])
    state, text = connected.examine(2)["it's ML backend"]
    assert (state, "run assay connect" in text) == ("wrong", True)
    connected.loop.assay("connect")
    assert connected.examine(0)["it's ML backend"][0] == "ok"
    (backend,) = lead.ml_backends(project_id)
    lead.delete_ml_backend(backend["id"])
    connected.loop.assay("disconnect")
    assert lead.webhooks(project_id) == []


def test_a_project_that_is_gone_or_cannot_be_judged_is_named(
    connected: Connected, loop: Loop
) -> None:
    """Its remedy stands there and works, and the other looks go on."""
    config = '<View><Image name="i" value="$i"/><Bitmask name="b" toName="i"/></View>'
    loop.lead.patch_project(connected.project_id, label_config=config)
    assert connected.examine(2)["it"][0] == "wrong"
    loop.lead.delete_project(connected.project_id)
    found = connected.examine(2)
    assert "run assay disconnect" in found["it"][1]
    assert "worker of it" in found
    loop.assay("disconnect")
    assert "it" not in connected.examine(0)

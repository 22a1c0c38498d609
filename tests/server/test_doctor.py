"""`assay doctor` names what is wrong and what to change."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests
from click.testing import CliRunner

from sync.cli.root import assay
from sync.demo import label_studio as servers
from sync.demo.people import personal_access_token

if TYPE_CHECKING:
    from conftest import Loop

ROOT = Path(__file__).parent.parent.parent


def doctor(code: int) -> str:
    result = CliRunner().invoke(assay, ["doctor"])
    assert result.exit_code == code, result.output
    return result.output


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


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("ASSAY_BACKEND_URL", "http://127.0.0.1:9", "cannot reach Assay's backend"),
        ("ASSAY_LABEL_STUDIO_API_KEY", "wrong", "take a personal access token"),
        ("ASSAY_LABEL_STUDIO_API_KEY", "", "ASSAY_LABEL_STUDIO_API_KEY is not set"),
        ("ASSAY_BACKEND_PASSWORD", "", "ASSAY_BACKEND_PASSWORD is not set"),
        ("ASSAY_DATABASE_URL", "mysql://h/d", "allowed are sqlite"),
    ],
)
def test_each_wrong_setting_is_named(
    loop: Loop, monkeypatch: pytest.MonkeyPatch, name: str, value: str, message: str
) -> None:
    """One WRONG line a wrong setting, with the remedy; exit code 2."""
    monkeypatch.setenv(name, value)
    assert message in doctor(2)

"""What `/metrics` says of tokens and cost."""

from __future__ import annotations

from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from backend.llm.account import Account, Usage
from backend.llm.options import LlmOptions
from backend.llm.spending import Spending
from backend.llm.storage import FILE, Storage

LABELS = ("project", "model", "kind")


def samples(folder: Path) -> dict[tuple[str, ...], float]:
    registry = CollectorRegistry()
    registry.register(Spending(folder))
    return {
        (sample.name, *(sample.labels[k] for k in LABELS if k in sample.labels)): sample.value
        for family in text_string_to_metric_families(generate_latest(registry).decode())
        for sample in family.samples
    }


def test_counters_stand_by_project_and_model(tmp_path: Path) -> None:
    """As the accounts on disk say, those of other processes too."""
    options = LlmOptions(model='a "model"', price_per_million_input=2.0)
    account = Account(Storage(tmp_path / "7"), options)
    account.reserve(Usage(10_000, 5))
    account.settle(Usage(10_000, 5), Usage(1_000, 4))
    account.remember()
    Account(Storage(tmp_path / "8"), LlmOptions(model="b"))
    found = samples(tmp_path)
    assert found["assay_llm_requests_total", "7", 'a "model"'] == 1
    assert found["assay_llm_remembered_total", "7", 'a "model"'] == 1
    assert found["assay_llm_tokens_total", "7", 'a "model"', "input"] == 1_000
    assert found["assay_llm_tokens_total", "7", 'a "model"', "output"] == 4
    assert found["assay_llm_cost_total", "7", 'a "model"'] == pytest.approx(0.002)
    assert found["assay_llm_requests_total", "8", "b"] == 0


def test_what_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    """A broken file of one project hides no other, and none is made by looking."""
    (tmp_path / "6").mkdir()
    (tmp_path / "6" / FILE).write_bytes(b"no database at all" * 100)
    (tmp_path / "9").mkdir()
    Account(Storage(tmp_path / "7"), LlmOptions(model="m"))
    assert ("assay_llm_requests_total", "7", "m") in samples(tmp_path)
    assert not (tmp_path / "9" / FILE).exists()
    assert samples(tmp_path / "nowhere") == {}


def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    """Answers quote tasks."""
    Storage(tmp_path / "7")
    assert (tmp_path / "7" / FILE).stat().st_mode & 0o077 == 0

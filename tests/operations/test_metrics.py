"""What the worker and the backend tell Prometheus, and what is made of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from backend.llm.spending import Spending
from backend.metrics import Metrics
from sync.errors import ConfigurationError
from sync.metrics import Counted, Standing, serve
from sync.metrics.counted import route
from sync.records import Project
from sync.settings import Settings
from sync.store import Store
from sync.store import schema as s

ROOT = Path(__file__).parent.parent.parent
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
#: Words of PromQL and of its labels are none of ours; metrics begin like this.
METRIC = re.compile(r"\b(?:assay|process)_\w+")


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with Store.open(database_url) as opened:
        for project_id in (1, 2):
            opened.save_project(
                Project(project_id=project_id, title="t", label_config="", model_version="assay")
            )
        yield opened


def value(registry: CollectorRegistry, name: str, **labels: str) -> float | None:
    return registry.get_sample_value(name, labels)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("api/projects/12/", "/api/projects/{id}"),
        ("api/tasks/?project=12&query=private", "/api/tasks"),
        ("api/dm/views/7/", "/api/dm/views/{id}"),
        ("/data/upload/3/a b.png", "/data/upload/{id}/{id}"),
        ("a/b/c/d/e/f/g/h", "/a/b/c/d/e/f"),
    ],
)
def test_a_route_has_no_ids(path: str, expected: str) -> None:
    """Every id, name or query in a path is taken out."""
    assert route(path) == expected


def test_routes_are_bounded() -> None:
    """However many paths are asked for, at most a hundred routes are told apart."""
    counted = Counted()
    for i in range(500):
        word = "".join(chr(97 + int(digit)) for digit in str(i))
        counted.requested("GET", f"api/{word}/", 200, 0.1)
    families = {family.name: family for family in counted.registry.collect()}
    routes = {x.labels["route"] for x in families["assay_label_studio_requests"].samples}
    assert len(routes) <= 101
    assert value(counted.registry, "assay_label_studio_seconds_count", route="other") == 400


def test_passes_and_requests_are_counted() -> None:
    """Each pass, failure and request is there once, under its project, kind or status."""
    counted = Counted()
    counted.requested("GET", "api/projects/1/", 200, 0.2)
    counted.requested("GET", "api/projects/2/", 0, 5.0)
    counted.passed(1, 0.5, tasks=3, deleted=1, pushed=True)
    counted.idle(1)
    counted.failed(2, "retriable")
    counted.queued(4)
    of = counted.registry
    asked = {"method": "GET", "route": "/api/projects/{id}"}
    assert value(of, "assay_label_studio_requests_total", **asked, status="200") == 1
    assert value(of, "assay_label_studio_requests_total", **asked, status="none") == 1
    assert value(of, "assay_label_studio_seconds_sum", route=asked["route"]) == 5.2
    assert value(of, "assay_passes_total", project="1", outcome="ok") == 1
    assert value(of, "assay_passes_total", project="1", outcome="idle") == 1
    assert value(of, "assay_passes_total", project="2", outcome="retriable") == 1
    assert value(of, "assay_changed_tasks_total", project="1") == 3
    assert value(of, "assay_deleted_tasks_total", project="1") == 1
    assert value(of, "assay_pushes_total", project="1") == 1
    assert value(of, "assay_errors_total", kind="retriable") == 1
    assert value(of, "assay_projects_waiting") == 4


def fill(store: Store) -> None:
    """Project 1 does well, project 2 fails; project 3 was disconnected."""
    for batch, states in {"b1": ("MORE", "HOLD"), "b2": ("PASS",), "b3": ("PASS",)}.items():
        for i, state in enumerate(states):
            told = {"state": state, "sentence": f"{i}"}
            store.record_verdict(1, batch, told, NOW)
    store.record_verdict(3, "b", {"state": "PASS"}, NOW)
    for project_id, kind, item in ((1, "task", 5), (1, "task", 6), (2, "annotation", 7)):
        store.apply(project_id, [], None, NOW, bad={(kind, item): "'private' is no label"})
    store.note_pass(1, ended_at=NOW, ok_at=NOW, lag=1.5, seconds=0.25)
    store.note_pass(2, ended_at=NOW, failures=3, error="a sentence", error_kind="fatal")
    store.note_pass(3, ended_at=NOW)
    store.lease(1, "one", NOW, 60)
    store.lease(2, "two", NOW - timedelta(hours=1), 60)
    queued = {"queued_at": NOW, "project_id": 1, "kind": "train", "state": "queued"}
    store._put(s.jobs, [row(job_id=f"j{i}", **queued) for i in range(2)])


def row(**values: Any) -> dict[str, Any]:
    empty = {c.name: None for c in s.jobs.c} | {"arguments": {}, "attempts": 0, "cancel": False}
    return empty | {"holder": "", "error": ""} | values


def test_gauges_say_how_the_store_stands(store: Store) -> None:
    """Newest verdicts by state, items set aside, passes, leases and jobs, on both databases."""
    fill(store)
    of = CollectorRegistry()
    of.register(Standing(store, lambda: NOW))
    assert value(of, "assay_store_up") == 1
    assert value(of, "assay_projects") == 2
    assert value(of, "assay_leases") == 1
    assert value(of, "assay_verdicts", project="1", state="HOLD") == 1
    assert value(of, "assay_verdicts", project="1", state="PASS") == 2
    assert value(of, "assay_verdicts", project="1", state="MORE") is None
    assert value(of, "assay_verdicts", project="3", state="PASS") is None
    assert value(of, "assay_set_aside", project="1", kind="task") == 2
    assert value(of, "assay_set_aside", project="2", kind="annotation") == 1
    assert value(of, "assay_jobs", kind="train", state="queued") == 2
    assert value(of, "assay_project_lag_seconds", project="1") == 1.5
    assert value(of, "assay_project_lag_seconds", project="2") is None
    assert value(of, "assay_project_failures", project="2") == 3
    good = "assay_project_last_good_pass_timestamp_seconds"
    assert value(of, good, project="1") == NOW.timestamp()
    assert value(of, good, project="2") is None
    assert value(of, "assay_project_last_pass_timestamp_seconds", project="3") is None


def test_a_store_that_does_not_answer_hides_no_counter(tmp_path: Path) -> None:
    """Then `assay_store_up` is 0, and what this process counted is still told."""
    store = Store.open(f"sqlite:///{tmp_path / 'assay.db'}")
    counted = Counted()
    counted.registry.register(Standing(store, lambda: NOW))
    counted.idle(1)
    with store._write() as connection:
        connection.exec_driver_sql("DROP TABLE passes")
    assert value(counted.registry, "assay_store_up") == 0
    assert value(counted.registry, "assay_passes_total", project="1", outcome="idle") == 1
    store.close()


def test_the_worker_answers_on_its_own_port(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where ASSAY_METRICS_PORT asks for it, and at the loopback address only."""
    monkeypatch.setenv("ASSAY_METRICS_PORT", str(port))
    settings = Settings.load()
    counted = Counted()
    counted.idle(1)
    with serve(settings, counted.registry):
        text = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=5).text
        with pytest.raises(ConfigurationError, match=f"127.0.0.1:{port}, where nothing can"):
            serve(settings, counted.registry).__enter__()
    found = {family.name for family in text_string_to_metric_families(text)}
    assert {"assay_passes", "assay_errors", "process_resident_memory_bytes"} <= found
    with pytest.raises(requests.ConnectionError):
        requests.get(f"http://127.0.0.1:{port}/metrics", timeout=5)


def test_by_default_nothing_is_served() -> None:
    """Without a port nobody listens."""
    with serve(Settings.load(), Counted().registry) as port:
        assert port is None


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names of all that both processes export, as Prometheus stores them."""
    folder = tmp_path_factory.mktemp("exported")
    store = Store.open(f"sqlite:///{folder / 'assay.db'}")
    worker, backend = Counted().registry, Metrics().registry
    worker.register(Standing(store, lambda: NOW))
    backend.register(Spending(folder))
    endings = {
        "counter": ("_total",),
        "histogram": ("_bucket", "_sum", "_count"),
        "info": ("_info",),
    }
    found = {
        family.name + ending
        for registry in (worker, backend)
        for family in registry.collect()
        for ending in endings.get(family.type, ("",))
    }
    store.close()
    return found


def test_the_dashboard_asks_for_what_is_there(exported: set[str]) -> None:
    """Each expression of each panel names metrics that are exported, and nothing else."""
    panels = json.loads((ROOT / "docs" / "grafana.json").read_text())["panels"]
    asked = [target["expr"] for panel in panels for target in panel.get("targets", [])]
    assert len(asked) > 20
    for expression in asked:
        names = set(METRIC.findall(expression))
        assert names, expression
        assert names <= exported, expression


def test_the_dashboard_is_whole() -> None:
    """As Grafana 11 imports it: a schema version, panels with their own ids that do not overlap."""
    board = json.loads((ROOT / "docs" / "grafana.json").read_text())
    assert board["schemaVersion"] >= 39
    assert [v["type"] for v in board["templating"]["list"]] == ["datasource"]
    ids = [panel["id"] for panel in board["panels"]]
    assert len(ids) == len(set(ids))
    taken: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        place = panel["gridPos"]
        cells = {
            (place["x"] + i, place["y"] + j) for i in range(place["w"]) for j in range(place["h"])
        }
        assert max(x for x, _ in cells) < 24
        assert not cells & taken, panel["title"]
        taken |= cells
        if panel["type"] != "row":
            assert panel["description"]
            assert all(t["datasource"]["uid"] == "${datasource}" for t in panel["targets"])


def test_every_metric_is_explained(exported: set[str]) -> None:
    """docs/operations.md names each, and its alerts ask for none that is not there."""
    text = (ROOT / "docs" / "operations.md").read_text()
    named = set(re.findall(r"`((?:assay|process)_\w+)`", text))
    for name in exported:
        whole = re.sub(r"_(bucket|sum|count)$", "", name)
        assert {name, whole} & named or name.startswith("process_"), name
    alerts = set(METRIC.findall("\n".join(re.findall(r"expr: (.*)", text))))
    assert len(alerts) > 4
    assert alerts <= exported

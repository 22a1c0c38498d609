"""`assay audit` on what a real Label Studio gives out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner

import label_configs
from sync.cli import root
from sync.demo import people
from sync.demo.label_studio import Server
from sync.labelstudio import LabelStudio

XML = label_configs.load("text_classification")
CONFIG = label_configs.parse(XML)
CONTROL = CONFIG.controls[0]
TASKS = 12


def said(label: str) -> list[dict[str, Any]]:
    return label_configs.write(CONFIG, {CONTROL.name: frozenset({label})})


@pytest.fixture(scope="module")
def project(lead: LabelStudio, annotators: list[people.Person], site: Server) -> int:
    """Two people agree on all tasks but the first; predictions are right on all but two."""
    first, second = CONTROL.labels[:2]
    found = int(lead.create_project(title="Audit", label_config=XML)["id"])
    field = CONFIG.objects[0].field
    truth = [(first, second)[number % 2] for number in range(TASKS)]
    wrong = {first: second, second: first}
    tasks = [
        {
            "data": {field: f"text {number}"},
            "predictions": [
                {"result": said(label if number > 1 else wrong[label]), "model_version": "m1"}
            ],
        }
        for number, label in enumerate(truth)
    ]
    for number, task_id in enumerate(lead.import_tasks(found, tasks)):
        label = truth[number]
        people.submit(site.url, annotators[0], task_id, said(label), 1.0)
        people.submit(
            site.url, annotators[1], task_id, said(label if number else wrong[label]), 1.0
        )
    return found


def fetched(site: Server, path: str, folder: Path) -> Path:
    answer = requests.get(
        f"{site.url}{path}", headers={"Authorization": f"Token {site.account.token}"}, timeout=60
    )
    answer.raise_for_status()
    file = folder / "export.json"
    file.write_bytes(answer.content)
    return file


def audited(file: Path) -> dict[str, Any]:
    done = CliRunner().invoke(root.assay, ["audit", str(file), "--json"])
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_export_has_the_people(project: int, site: Server, tmp_path: Path) -> None:
    """The JSON export gives 24 answers of two people, of which 11 of 12 pairs agree."""
    path = f"/api/projects/{project}/export?exportType=JSON"
    found = audited(fetched(site, path, tmp_path))
    assert found["export"]["answers"] == 2 * TASKS
    assert len(found["annotators"]) == 2
    assert found["controls"][0]["agreement"]["percent"]["value"] == pytest.approx(11 / 12)
    assert found["export"]["predictions_without_results"] == TASKS


def test_the_tasks_have_the_predictions(project: int, site: Server, tmp_path: Path) -> None:
    """What the help tells to fetch has the predictions too, of which 10 of 12 are right."""
    path = f"/api/tasks?project={project}&fields=all&page_size=100000"
    found = audited(fetched(site, path, tmp_path))
    assert found["export"]["predictions"] == TASKS
    # The first prediction is what the second person said.
    assert found["candidates"]["acceptance"] == pytest.approx((10 + 0.5) / 12)

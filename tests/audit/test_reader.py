"""Reading the file of an export."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from sync.audit import read_tasks
from sync.audit import reader as module
from sync.errors import ConfigurationError


def a_task(number: int, **more: Any) -> dict[str, Any]:
    return {"id": number, "data": {"text": f"text {number} “ü\u2028”"}, "annotations": [], **more}


def written(path: Path, content: Any) -> Path:
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    return path


@pytest.mark.parametrize("chunk", [1, 7, 100, 1 << 20])
@pytest.mark.parametrize("indent", [None, 2])
def test_tasks_are_those_that_json_loads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int, indent: int | None
) -> None:
    """However the file is cut into parts, the tasks are what the standard library reads."""
    tasks = [a_task(i, predictions=[{"result": [{"value": [1.5, None, "]}"]}]}]) for i in range(20)]
    file = tmp_path / "export.json"
    file.write_text(json.dumps(tasks, ensure_ascii=False, indent=indent), encoding="utf-8")
    monkeypatch.setattr(module, "_CHUNK", chunk)
    assert list(read_tasks(file)) == json.loads(file.read_text(encoding="utf-8"))


def test_the_answer_of_the_tasks_api_is_read_too(tmp_path: Path) -> None:
    """An object with the list under "tasks" gives the list."""
    file = written(tmp_path / "t.json", {"total": 2, "tasks": [a_task(1), a_task(2)]})
    assert [task["id"] for task in read_tasks(file)] == [1, 2]


def test_progress_grows_to_the_size_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bytes that are told never fall and end at the size."""
    file, told = written(tmp_path / "e.json", [a_task(i) for i in range(999)]), []
    monkeypatch.setattr(module, "_CHUNK", 4096)
    list(read_tasks(file, lambda done, total: told.append((done, total))))
    assert told == sorted(told)
    assert told[-1] == (file.stat().st_size, file.stat().st_size)
    assert len(told) > 5


JSON_MIN = {"text": "a", "id": 1, "label": "x", "annotator": 1, "annotation_id": 4}
WRONG = {
    "a JSON-MIN export": ([JSON_MIN], "JSON-MIN"),
    "a COCO export": ({"images": [], "categories": [], "annotations": []}, "COCO"),
    "tasks to import": ([{"data": {"text": "a"}}], "neither annotations nor predictions"),
    "a list of numbers": ([3], "element 1 is int"),
    "an old export": ([{"id": 1, "data": {}, "completions": []}], "before 1.0"),
    "a single annotation": ({"id": 1, "result": [], "completed_by": {"id": 1}}, "single annot"),
    "a number": (3, "no JSON"),
}


@pytest.mark.parametrize(("content", "told"), WRONG.values(), ids=WRONG)
def test_another_file_is_named_and_the_right_one_told(
    tmp_path: Path, content: Any, told: str
) -> None:
    """The sentence says what the file seems to be and which export to choose."""
    with pytest.raises(ConfigurationError, match=told) as caught:
        list(read_tasks(written(tmp_path / "e.json", content)))
    assert "Label Studio's JSON export" in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"  \n", b"id,text\n1,a", b"\xff\xfe[\x00]\x00"])
def test_what_is_no_json_is_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    """An empty file, a table and another encoding are configuration errors."""
    file = tmp_path / "export.json"
    file.write_bytes(content)
    with pytest.raises(ConfigurationError, match="JSON export"):
        list(read_tasks(file))


def test_an_archive_is_to_be_unpacked(tmp_path: Path) -> None:
    """A ZIP file is recognised."""
    with zipfile.ZipFile(tmp_path / "e.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("result.json", json.dumps([a_task(1)] * 50))
    with pytest.raises(ConfigurationError, match="unpack it"):
        list(read_tasks(tmp_path / "e.zip"))


def test_a_file_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    """A missing file and a folder are configuration errors."""
    for path in (tmp_path / "none.json", tmp_path):
        with pytest.raises(ConfigurationError, match="cannot be read"):
            list(read_tasks(path))


@pytest.mark.parametrize("chunk", [3, 1 << 20])
def test_every_cut_of_a_file_is_said_to_be_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    """No beginning of an export is taken for a whole one."""
    monkeypatch.setattr(module, "_CHUNK", chunk)
    whole = json.dumps([a_task(1), a_task(2, annotations=[{"id": 3}])])
    for length in range(1, len(whole)):
        (tmp_path / "e.json").write_text(whole[:length], encoding="utf-8")
        with pytest.raises(ConfigurationError, match="is damaged at task"):
            list(read_tasks(tmp_path / "e.json"))


@pytest.mark.parametrize(
    "text", ['[{"id": 1 "data": 2}]', "[{]", "[1 2]", '[{"a": tru}]', "[] []", "[,]"]
)
def test_broken_json_is_one_sentence(tmp_path: Path, text: str) -> None:
    """A damaged file is a configuration error of one line that names the file."""
    (tmp_path / "e.json").write_text(text)
    with pytest.raises(ConfigurationError, match=r"e\.json") as caught:
        list(read_tasks(tmp_path / "e.json"))
    assert "\n" not in str(caught.value)


def test_depth_without_end_is_refused(tmp_path: Path) -> None:
    """A file that nests a hundred thousand lists does not end the process."""
    (tmp_path / "e.json").write_text("[" * 100_000)
    with pytest.raises(ConfigurationError, match="nested too deeply"):
        list(read_tasks(tmp_path / "e.json"))

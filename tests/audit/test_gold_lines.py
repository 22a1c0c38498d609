"""Known answers as lines of JSON, for `assay audit --gold` and `assay gold add` alike."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from exports import choice

from sync.cli.gold import read_items
from sync.errors import ConfigurationError


def test_a_line_names_a_task_or_brings_its_data(tmp_path: Path) -> None:
    """Both forms are read, with blank lines, a byte order mark and any line separator in texts."""
    lines = [
        {"task": 3, "result": choice("a")},
        {"data": {"text": "one\u2028two\x85three"}, "result": []},
    ]
    file = tmp_path / "gold.jsonl"
    text = "\n\n".join(json.dumps(line, ensure_ascii=False) for line in lines)
    file.write_text(f"\ufeff{text}\r\n", encoding="utf-8")
    found = read_items(file)
    assert [(item.task, item.data, item.result) for item in found] == [
        (3, None, choice("a")),
        (None, lines[1]["data"], []),
    ]


WRONG = {
    "both": '{"task": 1, "data": {}, "result": []}',
    "neither": '{"result": []}',
    "no result": '{"task": 1}',
    "no JSON": '{"task": 1,',
    "a list": "[1]",
    "no region": '{"task": 1, "result": [5]}',
    "a number without end": f'{{"task": {"9" * 5000}, "result": []}}',
    "too deep": f'{{"task": 1, "result": {"[" * 100_000}',
    "nothing": "",
}


@pytest.mark.parametrize("line", WRONG.values(), ids=WRONG)
def test_a_wrong_line_is_named(tmp_path: Path, line: str) -> None:
    """The sentence names the file, and the line where there is one."""
    file = tmp_path / "gold.jsonl"
    file.write_text(f"\n{line}\n")
    with pytest.raises(ConfigurationError, match=r"gold\.jsonl (line 2|holds no)"):
        read_items(file)

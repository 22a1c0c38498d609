"""Exports that hold what no interface of Label Studio makes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from exports import annotation, choice, task

from sync.audit import Audit, assemble, audit, read_tasks
from sync.errors import ConfigurationError
from sync.gating.policy import GatePolicy


def audited(tmp_path: Path, tasks: list[dict[str, Any]]) -> Audit:
    path = tmp_path / "export.json"
    path.write_text(json.dumps(tasks), encoding="utf-8")
    return audit(path, GatePolicy())


def answered(*results: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return task(1, [annotation(i, i, result) for i, result in enumerate(results, 1)], **more)


def written(text: str, **more: Any) -> list[dict[str, Any]]:
    place = {"from_name": "t", "to_name": "text", "type": "textarea"}
    return [place | {"value": {"text": [text]}} | more]


def test_gold_of_nothing_but_punctuation_has_no_error_rate(tmp_path: Path) -> None:
    """A reference that is empty once normalised is left out of the mean."""
    one = answered(written("..."))
    one["annotations"].append(annotation(9, 9, written("?!"), ground_truth=True))
    (control,) = audited(tmp_path, [one]).report.controls
    assert (control.measures["wer"].value, control.measures["wer"].n) == (None, 0)


def test_the_id_of_a_region_may_be_anything(tmp_path: Path) -> None:
    """An id that is a list stops nothing."""
    found = audited(tmp_path, [answered(choice("a", id=["x"]), choice("b"))])
    assert found.report.controls[0].answers == 2


def test_a_path_of_thousands_of_labels_is_set_aside(tmp_path: Path) -> None:
    """One taxonomy answer that no config could hold does not stop the others."""
    place = {"from_name": "t", "to_name": "text", "type": "taxonomy"}
    results = [[place | {"value": {"taxonomy": [path]}}] for path in (["a", "b"], ["a"] * 3000)]
    found = audited(tmp_path, [answered(*results)])
    assert [aside.annotation for aside in found.set_aside] == [2]


def test_stars_without_end_are_set_aside(tmp_path: Path) -> None:
    """One rating of 1e308 does not become the scale."""
    place = {"from_name": "r", "to_name": "text", "type": "rating"}
    results = [[place | {"value": {"rating": stars}}] for stars in (3, 1e308)]
    found = audited(tmp_path, [answered(*results)])
    assert [aside.annotation for aside in found.set_aside] == [2]


def test_a_lead_time_beyond_all_numbers_is_set_aside() -> None:
    """A whole number too large for a float is malformed."""
    one = answered(choice("a"))
    one["annotations"][0]["lead_time"] = 10**400
    (aside,) = assemble([one]).set_aside
    assert "malformed" in aside.reason


def test_a_number_of_thousands_of_digits_is_damage(tmp_path: Path) -> None:
    """Python refuses to read such numbers; the sentence says where it stands."""
    path = tmp_path / "export.json"
    path.write_text(f'[{{"data": {{}}, "annotations": [], "id": {"9" * 5000}}}]', encoding="utf-8")
    with pytest.raises(ConfigurationError, match="damaged at task 1: it holds a number"):
        list(read_tasks(path))


def test_half_a_character_in_a_label_is_named(tmp_path: Path) -> None:
    """A lone surrogate fits into no label config, and the message says so."""
    with pytest.raises(ConfigurationError, match="control characters or half ones"):
        audited(tmp_path, [answered(choice("\ud800"))])


def test_a_person_without_id_is_known_by_the_address() -> None:
    """An id of null beside an address is no deleted account."""
    one = task(1, [annotation(1, {"id": None, "email": "a@b.c"}, choice("a"))])
    assert list(assemble([one]).people.values()) == ["a@b.c"]

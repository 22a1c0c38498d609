"""Agreement on a control, label by label and pair by pair."""

from __future__ import annotations

from typing import Any

import krippendorff
import numpy as np
import pytest
from exports import CONFIG, LABELS, annotation, choice, task
from sklearn.metrics import cohen_kappa_score

import label_configs
from sync.audit import assemble
from sync.gating.policy import GatePolicy
from sync.gating.report import Report, report

MULTIPLE = CONFIG.replace("<Choices ", '<Choices choice="multiple" ')


def of(said: np.ndarray[Any, Any], xml: str, result: Any) -> Report:
    """Of an array of (items, people); None where a person did not answer."""
    tasks = [
        task(
            item,
            [
                annotation(100 * item + person, person, result(value))
                for person, value in enumerate(row, start=1)
                if value is not None
            ],
        )
        for item, row in enumerate(said, start=1)
    ]
    return report(assemble(tasks).items, label_configs.parse(xml), GatePolicy())


def test_each_label_of_sets_has_its_alpha() -> None:
    """It is that of whether the set holds the label, by an independent library, with gaps."""
    random = np.random.default_rng(3)
    truth = random.random((120, 1, 3)) < 0.4
    held = truth ^ (random.random((120, 4, 3)) < (0.05, 0.15, 0.3))
    answered = random.random((120, 4)) < 0.8
    said = np.empty((120, 4), dtype=object)
    for place in np.ndindex(120, 4):
        if answered[place]:
            said[place] = [label for label, has in zip(LABELS, held[place], strict=True) if has]

    def result(labels: list[str]) -> list[dict[str, Any]]:
        return [choice("a")[0] | {"value": {"choices": labels}}] if labels else []

    found = of(said, MULTIPLE, result).controls[0].labels
    for place, label in enumerate(LABELS):
        data = np.where(answered, held[:, :, place], np.nan).T.astype(float)
        expected = krippendorff.alpha(reliability_data=data, level_of_measurement="nominal")
        assert found[label].value == pytest.approx(expected, abs=1e-9)


def test_each_pair_of_people_has_its_kappa() -> None:
    """It is scikit-learn's on the items that both answered."""
    random = np.random.default_rng(4)
    said = np.where(random.random((200, 3)) < 0.8, "a", random.choice(LABELS, (200, 3)))
    given = np.where(random.random((200, 3)) < 0.7, said, None)
    pairs = of(given, CONFIG, choice).controls[0].pairs
    assert {frozenset(pair) for pair in pairs} == {frozenset(p) for p in ((1, 2), (1, 3), (2, 3))}
    for (first, second), kappa in pairs.items():
        one, two = given[:, first - 1], given[:, second - 1]
        both = (one != None) & (two != None)  # noqa: E711 - elementwise
        expected = cohen_kappa_score(one[both].astype(str), two[both].astype(str))
        assert kappa.value == pytest.approx(expected, abs=1e-9)
        assert kappa.items == both.sum()
